//! `hookferry send --fixture` and `--file`: a notification to a source's callback URL, signed as Meta
//! signs it.

use anyhow::Context;
use domain::source::{AppSecret, parse_callback};
use hyper::header::HeaderName;
use url::Url;

use super::send::{sent, server_url};
use crate::cli::NotificationArgs;
use crate::notifications;
use crate::settings::sources::Refused;
use crate::settings::table::APP_SECRET_ENV;

const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");

/// Posts a notification, or lists those that are built in.
pub(super) async fn run(args: NotificationArgs) -> anyhow::Result<()> {
    if args.list {
        for (name, _) in notifications::ALL {
            println!("{name}");
        }
        return Ok(());
    }
    let url = callback(args.to.as_deref())?;
    let secret = secret(args.secret.clone().or_else(|| std::env::var(APP_SECRET_ENV).ok()))?;
    let body = body(&args)?;
    let signature = secret.sign(&body);
    let bytes = body.len();
    sent(&url, url.path(), [(SIGNATURE, signature)], body.into()).await?;
    println!("taken in: {bytes} bytes");
    Ok(())
}

fn callback(to: Option<&str>) -> Result<Url, Refused> {
    let to = to.ok_or_else(|| Refused::of("give the source's callback URL: --to"))?;
    let url = server_url("--to", to)?;
    if parse_callback(url.path()).is_none() {
        let what = "is not the callback URL of a source: http://HOST/in/cmp_…/src_…";
        return Err(Refused::of(format!("--to: {to:?} {what}")));
    }
    Ok(url)
}

fn secret(given: Option<String>) -> Result<AppSecret, Refused> {
    let given = given.filter(|text| !text.is_empty());
    let text = given.ok_or_else(|| {
        Refused::of(format!("give the source's app secret: --secret or {APP_SECRET_ENV}"))
    })?;
    AppSecret::parse(&text).map_err(|error| Refused::of(format!("--secret {error}")))
}

fn body(args: &NotificationArgs) -> anyhow::Result<Vec<u8>> {
    if let Some(path) = &args.file {
        let read = std::fs::read(path);
        return read.with_context(|| format!("--file: cannot read {}", path.display()));
    }
    let name = args.fixture.as_deref();
    let name = name.ok_or_else(|| Refused::of("give a notification: --fixture or --file"))?;
    let body = notifications::find(name).ok_or_else(|| {
        let meant = notifications::like(name);
        let meant = meant.map_or(String::new(), |like| format!("; did you mean {like}?"));
        Refused::of(format!(
            "--fixture: there is no notification {name:?}; --list names all{meant}"
        ))
    })?;
    Ok(body.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let refused = callback(None).unwrap_err().to_string();
        assert!(refused.contains("--to"), "{refused}");
        let refused = callback(Some("http://127.0.0.1:8080/api")).unwrap_err().to_string();
        assert!(refused.contains("/in/cmp_"), "{refused}");
        assert!(secret(None).unwrap_err().to_string().contains("HOOKFERRY_APP_SECRET"));
        assert!(secret(Some("short".into())).unwrap_err().to_string().contains("16 to 256"));
        let named = |name: &str| {
            body(&NotificationArgs { fixture: Some(name.into()), ..Default::default() })
        };
        let refused = named("message_txt").unwrap_err().to_string();
        assert!(refused.ends_with("did you mean message_text?"), "{refused}");
        assert!(!named("message_text").unwrap().is_empty());
    }
}
