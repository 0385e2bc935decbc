//! The kinds of values that settings have. Each failure ends the sentence that begins with the
//! value: `"10x" is not a duration; it accepts …`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use chrono::TimeDelta;
use ipnet::IpNet;
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
    let is_origin = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if is_origin { Ok(url) } else { Err(format!("is more than an origin; {accepts}")) }
}
