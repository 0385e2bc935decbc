//! The dashboard: its page for every address that nothing else has, its files, and what stands there
//! where it was not built.

use std::borrow::Cow;

use actix_web::http::Method;
use actix_web::http::header::{
    self, Accept, AcceptEncoding, Header, HeaderName, HeaderValue, IfNoneMatch, Quality,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};

use super::table::ROUTES;
use crate::dashboard::{Form, PAGE};
use crate::error::ApiError;
use crate::serve::Shared;

/// Files whose names change with what is in them.
const ASSETS: &str = "assets/";

/// The page loads nothing but its own files. Its components and its editor write `<style>` elements.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'",
);
const NEVER_CHANGES: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");

/// The page.
pub async fn get_page(req: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    page(&req, &shared)
}

/// A file with a hashed name.
pub async fn get_asset(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    file(&req, &shared, path_of(&req)).ok_or(ApiError::NotFound)
}

/// Whatever has no route: another file of the dashboard's, or its page for somebody with a browser.
pub async fn get_other(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    if !matches!(*req.method(), Method::GET | Method::HEAD) || is_below_a_route(req.path()) {
        return Err(ApiError::NotFound);
    }
    match file(&req, &shared, path_of(&req)) {
        Some(answer) => Ok(answer),
        None if wants_page(&req) => Ok(page(&req, &shared)),
        None => Err(ApiError::NotFound),
    }
}

fn page(req: &HttpRequest, shared: &Shared) -> HttpResponse {
    file(req, shared, PAGE).unwrap_or_else(|| {
        begin(HttpResponse::Ok(), PAGE).body(include_str!("../no_dashboard.html"))
    })
}

/// A file of the dashboard's, or 304 where the caller has it.
fn file(req: &HttpRequest, shared: &Shared, path: &str) -> Option<HttpResponse> {
    let accepted = AcceptEncoding::parse(req).unwrap_or(AcceptEncoding(Vec::new()));
    let Form { bytes, coding, tag } = shared.config.dashboard.form(path, &accepted)?;
    let known = match IfNoneMatch::parse(req) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    };
    if known {
        return Some(
            begin(HttpResponse::NotModified(), path).insert_header(header::ETag(tag)).finish(),
        );
    }
    let mut answer = begin(HttpResponse::Ok(), path);
    answer.insert_header(header::ETag(tag));
    if let Some(coding) = coding {
        answer.insert_header((header::CONTENT_ENCODING, HeaderValue::from_static(coding)));
    }
    Some(answer.body(match bytes {
        Cow::Borrowed(embedded) => Bytes::from_static(embedded),
        Cow::Owned(read) => Bytes::from(read),
    }))
}

/// What every answer of the dashboard's says.
fn begin(mut answer: HttpResponseBuilder, path: &str) -> HttpResponseBuilder {
    let keep = if path.starts_with(ASSETS) { NEVER_CHANGES } else { ASK_FIRST };
    // What has no route is a page for one and a problem for another.
    let vary = if path == PAGE { "Accept, Accept-Encoding" } else { "Accept-Encoding" };
    let headers: [(HeaderName, HeaderValue); 6] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type(path))),
        (header::CACHE_CONTROL, keep),
        (header::VARY, HeaderValue::from_static(vary)),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // None at all would also take `Origin` from forms, by which we know our own pages.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    for header in headers {
        answer.insert_header(header);
    }
    answer
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The path as it came, without its slash. Nothing of it is unescaped.
fn path_of(req: &HttpRequest) -> &str {
    req.path().strip_prefix('/').unwrap_or_default()
}

/// Whether a path stands below something that has a route: `/api/v1/nothing`, `/inbox/gone`. It would be
/// a mistake to show a page there, and a program may be asking.
fn is_below_a_route(path: &str) -> bool {
    let first = |path: &'static str| path.split('/').nth(1).unwrap_or_default();
    let mut parts = path.split('/').skip(1);
    let (part, rest) = (parts.next().unwrap_or_default(), parts.next());
    rest.is_some() && ROUTES.iter().any(|row| first(row.path) == part)
}

/// Whether whoever asks has a browser and went there: scripts and tools take anything.
fn wants_page(req: &HttpRequest) -> bool {
    Accept::parse(req).is_ok_and(|accept| {
        accept
            .iter()
            .any(|item| item.item.essence_str() == "text/html" && item.quality > Quality::ZERO)
    })
}
