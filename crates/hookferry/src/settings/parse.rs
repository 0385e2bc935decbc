//! The kinds of values that settings have. Each failure ends the sentence that begins with the
//! value: `"10x" is not a duration; it accepts …`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use ipnet::IpNet;
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::duration;

/// A whole number between two others.
pub fn number(text: &str, min: u32, max: u32) -> Result<u32, String> {
    let number: u32 = text
        .parse()
        .map_err(|_| format!("is not a number; it accepts whole numbers from {min} to {max}"))?;
    if (min..=max).contains(&number) {
        Ok(number)
    } else {
        Err(format!("is out of range; it accepts whole numbers from {min} to {max}"))
    }
}

/// A duration from `min` to `max`, both as they are written.
pub fn duration(text: &str, min: &str, max: &str) -> Result<TimeDelta, String> {
    let span = duration::parse(text)
        .ok_or_else(|| format!("is not a duration; it accepts {}", duration::ACCEPTED))?;
    let bound = |text| duration::parse(text).expect("the bounds are written here");
    if span < bound(min) || span > bound(max) {
        return Err(format!("is out of range; it accepts {min} to {max}"));
    }
    Ok(span)
}

/// The same as the standard library has it.
pub fn span(text: &str, min: &str, max: &str) -> Result<Duration, String> {
    duration(text, min, max).map(|span| span.to_std().expect("no duration is negative"))
}

/// `true` or `false`.
pub fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("is neither true nor false; it accepts true and false".to_owned()),
    }
}

/// An address and a port.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "is not an address and a port; it accepts 127.0.0.1:8080, 0.0.0.0:8080, [::]:8080"
            .to_owned()
    })
}

/// CIDRs or single addresses, separated by commas.
pub fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let single = || part.parse::<IpAddr>().map(IpNet::from);
            let network: IpNet = part.parse().or_else(|_| single()).map_err(|_| {
                format!(
                    "has {part:?}, which is not a network; it accepts CIDRs separated by commas: \
                     10.1.0.0/16,::1/128"
                )
            })?;
            Ok(network)
        })
        .collect()
}

/// The public URL: http or https, an origin alone.
pub fn public_url(text: &str) -> Result<Url, String> {
    let accepts = "it accepts an origin such as https://hooks.example.com";
    let url = Url::parse(text).map_err(|_| format!("is not a URL; {accepts}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("is neither http nor https; {accepts}"));
    }
    let is_origin = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if is_origin { Ok(url) } else { Err(format!("is more than an origin; {accepts}")) }
}

/// A folder's path.
pub fn folder(text: &str) -> Result<PathBuf, String> {
    if text.trim().is_empty() {
        return Err("is empty; it accepts the path of a folder".to_owned());
    }
    Ok(PathBuf::from(text))
}

/// What is logged: a level, or a tracing filter. A bare word that is no level would be read as the
/// name of a module, and everything else would fall silent.
pub fn log_filter(text: &str) -> Result<String, String> {
    let accepts = "it accepts error, warn, info, debug, trace, off and filters such as \
                   info,dispatch=debug";
    let mut parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    if let Some(part) = parts.find(|part| !is_directive(part)) {
        return Err(format!("has {part:?}, which is neither a level nor MODULE=LEVEL; {accepts}"));
    }
    EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|_| format!("is not a filter; {accepts}"))
}

/// Whether one part of a filter is a level, or a module that can be with its level.
fn is_directive(part: &str) -> bool {
    let levels = ["error", "warn", "info", "debug", "trace", "off"];
    let is_level = |text: &str| levels.iter().any(|level| level.eq_ignore_ascii_case(text));
    let is_path = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte))
    };
    if part.contains(['[', ']', '{', '}']) {
        return true; // spans and their fields: the filter itself says what is wrong
    }
    match part.split_once('=') {
        Some((module, level)) => !module.is_empty() && is_path(module) && is_level(level),
        None => is_level(part) || (part.contains("::") && is_path(part)),
    }
}
