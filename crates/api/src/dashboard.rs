//! The dashboard's files: what the web build has made, compressed by it, embedded and sent as they are.

use std::borrow::Cow;
use std::io::Read;

use actix_web::http::header::{
    AcceptEncoding, ContentEncoding, Encoding, EntityTag, Preference, Quality,
};
use flate2::read::GzDecoder;
use rust_embed::{EmbeddedFile, RustEmbed};

/// All pages are this one: it finds out by itself what stands in the address.
pub const PAGE: &str = "index.html";
/// How much of a file's hash tells its versions apart.
const TAG_BYTES: usize = 16;

/// What `npm run build` has left in `web/dist`, nothing where it never ran. A debug build reads the
/// folder when it is asked, so that pages can be worked on without compiling this.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[include = "*.br"]
#[include = "*.gz"]
#[allow_missing = true]
struct Built;

/// Where the dashboard's files come from. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Dashboard {
    find: fn(&str) -> Option<EmbeddedFile>,
}

/// A file in the form in which it is sent.
#[derive(Debug)]
pub struct Form {
    /// What is sent.
    pub bytes: Cow<'static, [u8]>,
    /// How it is compressed.
    pub coding: Option<&'static str>,
    /// Another one for another version, and for each form of it.
    pub tag: EntityTag,
}

impl Dashboard {
    /// The one that was built with this program.
    pub fn embedded() -> Self {
        Self::of::<Built>()
    }

    /// Files of any folder in which each has a `.br` and a `.gz` of it.
    pub fn of<Files: RustEmbed>() -> Self {
        Self { find: Files::get }
    }

    /// Whether there is one.
    pub fn is_built(self) -> bool {
        self.form(PAGE, &AcceptEncoding(Vec::new())).is_some()
    }

    /// The file at a path of a URL, in the form that whoever asks likes best of those that there are.
    pub fn form(self, path: &str, accepted: &AcceptEncoding) -> Option<Form> {
        if !is_plain(path) {
            return None;
        }
        let packed = accepted_codings(accepted).into_iter().find_map(|coding| {
            let file = (self.find)(&format!("{path}.{}", ending(coding)))?;
            let tag = EntityTag::new_strong(tag_of(&file));
            Some(Form { bytes: file.data, coding: Some(coding.as_str()), tag })
        });
        packed.or_else(|| self.unpacked(path))
    }

    /// For whoever understands none of the forms. Nobody in a browser does that.
    fn unpacked(self, path: &str) -> Option<Form> {
        let file = (self.find)(&format!("{path}.{}", ending(ContentEncoding::Gzip)))?;
        let mut bytes = Vec::new();
        GzDecoder::new(file.data.as_ref()).read_to_end(&mut bytes).ok()?;
        let tag = EntityTag::new_strong(tag_of(&file) + "-plain");
        Some(Form { bytes: bytes.into(), coding: None, tag })
    }
}

/// Whether a path can name a file and nothing beside or above the files: no `..`, nothing escaped.
fn is_plain(path: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_graphic() && !br"%\:".contains(&byte);
    path.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && part.bytes().all(fine))
}

/// The codings that somebody takes, what they like best first, the smallest first where all are equal.
fn accepted_codings(accepted: &AcceptEncoding) -> Vec<ContentEncoding> {
    let quality = |wanted: Preference<Encoding>| {
        accepted.0.iter().find(|item| item.item == wanted).map(|item| item.quality)
    };
    let named = |coding| quality(Preference::Specific(Encoding::Known(coding)));
    let plain = named(ContentEncoding::Identity).unwrap_or(Quality::ZERO);
    let liked = |coding: ContentEncoding| {
        let quality = named(coding).or_else(|| quality(Preference::Any))?;
        (quality > Quality::ZERO && quality >= plain).then_some((quality, coding))
    };
    let mut codings: Vec<_> =
        [ContentEncoding::Brotli, ContentEncoding::Gzip].into_iter().filter_map(liked).collect();
    codings.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
    codings.into_iter().map(|(_, coding)| coding).collect()
}

fn ending(coding: ContentEncoding) -> &'static str {
    if coding == ContentEncoding::Brotli { "br" } else { "gz" }
}

fn tag_of(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    hash[..TAG_BYTES].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::Header;
    use actix_web::test::TestRequest;

    use super::*;

    fn codings(accept: &str) -> Vec<&'static str> {
        let req = TestRequest::get().insert_header(("accept-encoding", accept)).to_http_request();
        let accepted = AcceptEncoding::parse(&req).unwrap();
        accepted_codings(&accepted).into_iter().map(ContentEncoding::as_str).collect()
    }

    #[test]
    fn the_best_liked_coding_comes_first_and_the_smallest_of_equals() {
        for (accept, wanted) in [
            ("gzip, deflate, br, zstd", &["br", "gzip"][..]),
            ("br;q=0.5, gzip", &["gzip", "br"]),
            ("gzip", &["gzip"]),
            ("br;q=0, *", &["gzip"]),
            ("*", &["br", "gzip"]),
            ("*;q=0", &[]),
            ("identity", &[]),
            ("identity, br;q=0.9", &[]),
            ("identity;q=0.5, br;q=0.9", &["br"]),
            ("zstd", &[]),
            ("", &[]),
        ] {
            assert_eq!(codings(accept), wanted, "{accept}");
        }
    }

    #[test]
    fn a_path_that_could_lead_elsewhere_names_nothing() {
        for path in ["index.html", "assets/index-B3x_9-a.js", "assets/fonts/a~b.woff2"] {
            assert!(is_plain(path), "{path}");
        }
        for path in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../Cargo.toml",
            "assets/../../Cargo.toml",
            "assets//a.js",
            ".git/config",
            "assets/.env",
            "a\\..\\b",
            "%2e%2e/a",
            "assets/%2e%2e/a",
            "c:a",
            "a b",
            "é",
            "a\0b",
            "assets/",
        ] {
            assert!(!is_plain(path), "{path}");
        }
    }
}
