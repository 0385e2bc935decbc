//! One request on the wire: its headers, and the body in the `hookferry` format. The other formats are
//! in [`crate::format`].

use std::io::Write;

use chrono::{DateTime, Datelike, Timelike, Utc};

use crate::event::Event;
use crate::format::Rendering;
use crate::headers::Headers;
use crate::id::EventId;
use crate::secret::{Signatures, SigningKeys, hub_text, push_standard};

/// `User-Agent` of every request.
pub const USER_AGENT: &str = concat!("Hookferry/", env!("CARGO_PKG_VERSION"), " (webhooks)");

const CONTENT_TYPE: &str = "application/json";
/// How many headers every request has.
const OWN_HEADERS: usize = 7;
/// What its id, its time and its number take at most, in bytes.
const NUMBERS_AND_ID_BYTES: usize = 32 + 20 + 10;

/// Writes an event in the `hookferry` format: `{"id","type","timestamp","company_id","session",
/// "data"}`, with `data` the caller's own bytes.
pub fn render(event: &Event) -> Vec<u8> {
    let (id, company) = (event.id.text(), event.company.text());
    let mut buffer = [0u8; 24];
    let timestamp = timestamp(&mut buffer, event.occurred_at);
    let parts: [&[u8]; 13] = [
        b"{\"id\":\"",
        id.as_str().as_bytes(),
        b"\",\"type\":\"",
        event.event_type.as_str().as_bytes(),
        b"\",\"timestamp\":\"",
        timestamp,
        b"\",\"company_id\":\"",
        company.as_str().as_bytes(),
        b"\",\"session\":",
        event.session.as_deref().unwrap_or(b"null"),
        b",\"data\":",
        &event.data,
        b"}",
    ];
    parts.concat()
}

/// RFC 3339 in UTC with milliseconds: `2026-11-20T12:00:00.000Z`. Years outside 0000 to 9999, which
/// RFC 3339 cannot write, become the nearest that it can.
fn timestamp(buffer: &mut [u8; 24], at: DateTime<Utc>) -> &[u8] {
    const FIRST_MS: i64 = -62_167_219_200_000;
    const LAST_MS: i64 = 253_402_300_799_999;
    let at = DateTime::from_timestamp_millis(at.timestamp_millis().clamp(FIRST_MS, LAST_MS))
        .expect("chrono's range is wider");
    let (year, month, day) = (at.year(), at.month(), at.day());
    let (hour, minute, second, ms) =
        (at.hour(), at.minute(), at.second(), at.timestamp_subsec_millis());
    write!(
        &mut buffer[..],
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z"
    )
    .expect("24 characters");
    buffer
}

/// All headers of one attempt but `Host` and `Content-Length`, in the order in which they are sent:
/// Content-Type, User-Agent, webhook-id, webhook-timestamp, webhook-signature, X-Hub-Signature-256,
/// Hookferry-Attempt, then the custom ones.
pub fn headers(
    event: EventId,
    number: u32,
    at: DateTime<Utc>,
    signatures: &Signatures,
    custom: &[(String, String)],
) -> Headers {
    headers_of(event, number, at, signatures, USER_AGENT, custom)
}

fn headers_of(
    event: EventId,
    number: u32,
    at: DateTime<Utc>,
    signatures: &Signatures,
    user_agent: &str,
    custom: &[(String, String)],
) -> Headers {
    let customs: usize = custom.iter().map(|(_, value)| value.len()).sum();
    let own = CONTENT_TYPE.len() + user_agent.len() + NUMBERS_AND_ID_BYTES;
    let signed = signatures.standard.len() + signatures.hub.len();
    let mut headers = Headers::with_capacity(OWN_HEADERS + custom.len(), own + signed + customs);
    headers.push("Content-Type", CONTENT_TYPE);
    headers.push("User-Agent", user_agent);
    headers.push("webhook-id", event);
    headers.push("webhook-timestamp", at.timestamp());
    headers.push("webhook-signature", &signatures.standard);
    headers.push("X-Hub-Signature-256", &signatures.hub);
    headers.push("Hookferry-Attempt", number);
    for (name, value) in custom {
        headers.push(name.clone(), value);
    }
    headers
}

/// Signs and writes one attempt: `(headers, body)`.
pub fn request(
    event: &Event,
    rendering: Rendering,
    number: u32,
    at: DateTime<Utc>,
    keys: &SigningKeys,
    custom: &[(String, String)],
) -> (Headers, Vec<u8>) {
    let body = rendering.render(event);
    let signatures = keys.sign(event.id.text().as_str(), at, &body);
    (headers(event.id, number, at, &signatures, custom), body)
}

/// Method, URL and headers of an attempt, as they were sent, for the log of attempts. Values of
/// custom headers are replaced by [`REDACTED`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentHead {
    /// `POST`.
    pub method: String,
    /// The URL as it was then.
    pub url: String,
    /// The headers as they were sent.
    pub headers: Vec<(String, String)>,
}

/// What stands for the value of a custom header wherever it is shown.
pub const REDACTED: &str = "••••••••";

/// The version byte of the blobs of [`SentHead::encode`].
const BLOB_VERSION: u8 = 1;
/// In the place of the count of digests: the signatures follow as texts.
const AS_TEXTS: u8 = 0;

impl SentHead {
    /// The head as a small blob: a version byte, then what cannot be computed from the row it
    /// stands in (url, signatures, names of custom headers, and the user agent, which changes with
    /// the release). Texts have their length before them, signatures are kept as bare digests.
    pub fn encode(url: &str, signatures: &Signatures, custom: &[(String, String)]) -> Vec<u8> {
        let mut blob = Vec::with_capacity(url.len() + USER_AGENT.len() + 136);
        blob.push(BLOB_VERSION);
        push_text(&mut blob, url);
        push_text(&mut blob, USER_AGENT);
        let digests = signatures.digests();
        let counted = digests.and_then(|(standard, hub)| {
            Some((u8::try_from(standard.len()).ok().filter(|n| *n != AS_TEXTS)?, standard, hub))
        });
        match counted {
            Some((count, standard, hub)) => {
                blob.push(count);
                blob.extend_from_slice(standard.as_flattened());
                blob.extend_from_slice(&hub);
            }
            None => {
                blob.push(AS_TEXTS);
                push_text(&mut blob, &signatures.standard);
                push_text(&mut blob, &signatures.hub);
            }
        }
        for (name, _) in custom {
            push_text(&mut blob, name);
        }
        blob
    }

    /// Reads a blob back, computing the rest from the row. `None`: not a blob of any known version.
    pub fn decode(
        blob: &[u8],
        event: EventId,
        number: u32,
        started_at: DateTime<Utc>,
    ) -> Option<Self> {
        let mut rest = blob.strip_prefix(&[BLOB_VERSION])?;
        let url = take_text(&mut rest)?;
        let user_agent = take_text(&mut rest)?;
        let signatures = take_signatures(&mut rest)?;
        let mut custom = Vec::new();
        while !rest.is_empty() {
            custom.push((take_text(&mut rest)?, REDACTED.to_owned()));
        }
        let headers = headers_of(event, number, started_at, &signatures, &user_agent, &custom);
        let headers = headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Some(Self { method: "POST".to_owned(), url, headers: headers.collect() })
    }
}

fn take_signatures(rest: &mut &[u8]) -> Option<Signatures> {
    let count = *rest.split_off_first()?;
    if count == AS_TEXTS {
        return Some(Signatures { standard: take_text(rest)?, hub: take_text(rest)? });
    }
    let mut standard = String::new();
    for place in 0..count {
        if place > 0 {
            standard.push(' ');
        }
        push_standard(&mut standard, take_digest(rest)?);
    }
    Some(Signatures { standard, hub: hub_text(take_digest(rest)?) })
}

fn take_digest<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8; 32]> {
    rest.split_off(..32)?.try_into().ok()
}

/// The length in groups of seven bits, the lowest first, then the text.
fn push_text(blob: &mut Vec<u8>, text: &str) {
    let mut length = text.len();
    while length > 0x7f {
        blob.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    blob.push(length as u8);
    blob.extend_from_slice(text.as_bytes());
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let mut length = 0usize;
    for shift in (0..28).step_by(7) {
        let byte = *rest.split_off_first()?;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let text = std::str::from_utf8(rest.split_off(..length)?).ok()?;
            return Some(text.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_type::EventTypeName;
    use crate::id::CompanyId;
    use crate::secret::EndpointSecret;
    use chrono::{SecondsFormat, TimeDelta, TimeZone};
    use proptest::prelude::*;

    fn noon() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap()
    }

    fn event(data: &str) -> Event {
        Event {
            id: EventId::from_raw(1 << 40),
            company: CompanyId::from_raw(2 << 40),
            event_type: EventTypeName::parse("message.received").unwrap(),
            data: data.as_bytes().into(),
            occurred_at: noon() + TimeDelta::microseconds(7_999),
            session: None,
        }
    }

    fn rotated() -> SigningKeys {
        let [new, old] = [1, 2].map(|n| EndpointSecret::from_random([n; 32]));
        SigningKeys::new(&new, &[(old, noon() + TimeDelta::hours(1))])
    }

    fn custom() -> Vec<(String, String)> {
        vec![("X-Api-Key".into(), "hunter2".into()), ("authorization".into(), "Bearer b".into())]
    }

    #[test]
    fn the_envelope_keeps_the_callers_bytes() {
        let data = "{ \"b\":1.0,\"a\": \"é\\u00e9\", \"b\":2 }";
        let body = render(&event(data));
        let (id, company) = (EventId::from_raw(1 << 40), CompanyId::from_raw(2 << 40));
        let expected = format!(
            "{{\"id\":\"{id}\",\"type\":\"message.received\",\"timestamp\":\
             \"2026-11-20T12:00:00.007Z\",\"company_id\":\"{company}\",\"session\":null,\
             \"data\":{data}}}"
        );
        assert_eq!(String::from_utf8(body.clone()).unwrap(), expected);
        assert_eq!(body.capacity(), body.len());
        assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
        let session = Event { session: Some(b"{\"state\":\"active\"}"[..].into()), ..event("1") };
        let body = String::from_utf8(render(&session)).unwrap();
        assert!(body.ends_with(",\"session\":{\"state\":\"active\"},\"data\":1}"), "{body}");
    }

    #[test]
    fn headers_are_sent_in_this_order() {
        let signatures = Signatures { standard: "v1,a".into(), hub: "sha256=b".into() };
        let headers = headers(EventId::from_raw(1 << 40), 145, noon(), &signatures, &custom());
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let expected = [
            "Content-Type: application/json",
            concat!("User-Agent: Hookferry/", env!("CARGO_PKG_VERSION"), " (webhooks)"),
            &format!("webhook-id: {}", EventId::from_raw(1 << 40)),
            "webhook-timestamp: 1795176000",
            "webhook-signature: v1,a",
            "X-Hub-Signature-256: sha256=b",
            "Hookferry-Attempt: 145",
            "X-Api-Key: hunter2",
            "authorization: Bearer b",
        ];
        assert_eq!(headers, expected);
    }

    #[test]
    fn a_request_is_signed_over_what_it_carries() {
        let (event, keys) = (event("{\"text\":\"नमस्ते\"}"), rotated());
        let (sent, body) = request(&event, Rendering::USUAL, 7, noon(), &keys, &custom());
        let signatures = keys.sign(event.id.text().as_str(), noon(), &body);
        assert_eq!(sent, headers(event.id, 7, noon(), &signatures, &custom()));
        assert_eq!(body, render(&event));
        assert_eq!(signatures.standard.split(' ').count(), 2);
    }

    fn redacted(headers: &Headers) -> Vec<(String, String)> {
        let custom = custom();
        let hide = |(name, value): (&str, &str)| {
            let hidden = custom.iter().any(|(known, _)| *known == name);
            (name.to_owned(), if hidden { REDACTED.to_owned() } else { value.to_owned() })
        };
        headers.iter().map(hide).collect()
    }

    #[test]
    fn a_head_comes_back_as_it_was_sent_without_custom_values() {
        let url = format!("https://example.com/{}", "é".repeat(900));
        let event = event("{}");
        let signed = rotated().sign(&event.id.to_string(), noon(), b"{}");
        let other = Signatures { standard: "v2,?".into(), hub: "sha256=00".into() };
        let upper = Signatures { hub: signed.hub.to_uppercase(), ..signed.clone() };
        for signatures in [signed, other, upper] {
            let blob = SentHead::encode(&url, &signatures, &custom());
            let head = SentHead::decode(&blob, event.id, 3, noon()).unwrap();
            let sent = headers(event.id, 3, noon(), &signatures, &custom());
            assert_eq!((head.method.as_str(), &head.url), ("POST", &url));
            assert_eq!(head.headers, redacted(&sent));
            for secret in ["hunter2", "Bearer b"] {
                assert!(!blob.windows(secret.len()).any(|part| part == secret.as_bytes()));
            }
            for cut in 0..blob.len() - "authorization".len() - "X-Api-Key".len() - 2 {
                assert_eq!(SentHead::decode(&blob[..cut], event.id, 3, noon()), None);
            }
        }
    }

    #[test]
    fn a_blob_is_small() {
        let signed = SigningKeys::new(&EndpointSecret::from_random([1; 32]), &[]).sign(
            "evt_1",
            noon(),
            b"{}",
        );
        let url = "https://example.com/hooks";
        let blob = SentHead::encode(url, &signed, &[]);
        assert_eq!(blob.len(), 1 + 1 + url.len() + 1 + USER_AGENT.len() + 1 + 32 + 32);
    }

    #[test]
    fn another_version_is_not_read() {
        let signatures = Signatures { standard: String::new(), hub: String::new() };
        let mut blob = SentHead::encode("https://example.com", &signatures, &[]);
        blob[0] = 2;
        assert_eq!(SentHead::decode(&blob, EventId::from_raw(1), 1, noon()), None);
    }

    proptest! {
        #[test]
        fn any_head_comes_back(url in ".{0,300}", standard in ".{0,80}", hub in ".{0,80}", names: Vec<String>) {
            let custom: Vec<_> = names.into_iter().map(|name| (name, "value".to_owned())).collect();
            let signatures = Signatures { standard, hub };
            let blob = SentHead::encode(&url, &signatures, &custom);
            let head = SentHead::decode(&blob, EventId::from_raw(5), 9, noon()).unwrap();
            let hidden: Vec<_> =
                custom.into_iter().map(|(name, _)| (name, REDACTED.to_owned())).collect();
            prop_assert_eq!(head.url, url);
            let sent = headers(EventId::from_raw(5), 9, noon(), &signatures, &hidden);
            prop_assert_eq!(head.headers.into_iter().collect::<Headers>(), sent);
        }

        #[test]
        fn no_blob_panics(mut blob: Vec<u8>, version: bool) {
            if version {
                blob.insert(0, BLOB_VERSION);
            }
            let _ = SentHead::decode(&blob, EventId::from_raw(1), 1, noon());
        }

        #[test]
        fn timestamps_are_written_as_chrono_does(ms in -62_167_219_200_000i64..253_402_300_800_000) {
            let at = DateTime::from_timestamp_millis(ms).unwrap();
            let mut buffer = [0; 24];
            let expected = at.to_rfc3339_opts(SecondsFormat::Millis, true);
            prop_assert_eq!(timestamp(&mut buffer, at), expected.as_bytes());
        }
    }

    #[test]
    fn times_that_rfc_3339_cannot_write_become_the_nearest() {
        let written = |at| String::from_utf8(timestamp(&mut [0; 24], at).to_vec()).unwrap();
        assert_eq!(written(DateTime::<Utc>::MAX_UTC), "9999-12-31T23:59:59.999Z");
        assert_eq!(written(DateTime::<Utc>::MIN_UTC), "0000-01-01T00:00:00.000Z");
    }
}
