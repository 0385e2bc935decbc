//! What to do next, in lines that work when they are pasted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context;
use domain::address::AddressPolicy;
use domain::secret::EndpointSecret;

use crate::settings::Settings;
use crate::settings::database::Database;

/// The data of the first event, as its type's schema has them; one line, for the README too.
const FIRST_DATA: &str = r#"{"phone_number_id":"208845331907714","contact":{"wa_id":"919876543210","name":"Priya Mehta"},"message_id":"wamid.1","timestamp":"1789632001","message":{"id":"wamid.1","type":"text","from":"919876543210","text":{"body":"Hello"}}}"#;

/// The lines that lead to a first delivery.
pub fn next_steps(settings: &Settings, address: SocketAddr) -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    let secret = EndpointSecret::from_random(bytes);
    let program = std::env::args().next().unwrap_or_else(|| "hookferry".to_owned());
    let has_dashboard = api::Dashboard::embedded().is_built();
    let lines = text(settings, reachable(address), &quoted(&program), &secret);
    Ok(if has_dashboard { in_browser(settings, address) + &lines } else { lines })
}

/// The shorter way, where the dashboard was built.
fn in_browser(settings: &Settings, address: SocketAddr) -> String {
    let listening = format!("http://{}", reachable(address));
    let page = settings.public_url.as_ref().map_or(listening, ToString::to_string);
    format!("\nOpen {page} in a browser and sign up: it leads to a first delivery. Or by hand:\n")
}

fn text(
    settings: &Settings,
    address: SocketAddr,
    program: &str,
    secret: &EndpointSecret,
) -> String {
    let (place, note) = place(settings);
    let secret = secret.as_str();
    let base = format!("http://{address}");
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let allowed = AddressPolicy::new(settings.allow_networks.clone()).check(loopback).is_ok();
    let refused = if allowed {
        ""
    } else {
        "\n  (Endpoints on this machine are refused now; to try it, start again with\n  \
         HOOKFERRY_ALLOW_NETWORKS=127.0.0.0/8.)\n"
    };
    format!(
        r#"
Next, in another terminal, in the same folder{note}:

1. A company and an API token:

COMPANY=$({program} company create --name Acme --owner-email you@example.com --quiet{place})
TOKEN=$({program} token create --company "$COMPANY" --name first --scope admin --quiet{place})

2. An endpoint, with a secret of your own:
{refused}
curl -sS {base}/api/v1/endpoints -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d '{{"url":"http://127.0.0.1:9000/hooks","event_types":["*"],"secret":"{secret}"}}'; echo

3. A receiver to try, in a third terminal (it shows each request and verifies its signatures):

{program} listen --port 9000 --secret {secret}

4. A first event, back in the second terminal:

curl -sS {base}/api/v1/events -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d '{{"type":"message.received","data":{FIRST_DATA}}}'; echo

What became of it, and the mails about endpoints that fail (sent with HOOKFERRY_SMTP_URL):

curl -sS {base}/api/v1/deliveries -H "Authorization: Bearer $TOKEN"; echo
curl -sS {base}/api/v1/mails -H "Authorization: Bearer $TOKEN"; echo

To see retries, let the receiver answer --status 503 and start the server with
HOOKFERRY_RETRY_INTERVAL=5s.

Ctrl-C here stops the server in order; a second time, at once.
"#
    )
}

/// The flag that makes the command line find the same database, and a word where it cannot be one.
fn place(settings: &Settings) -> (String, &'static str) {
    match &settings.database {
        Database::Postgres { .. } => {
            (String::new(), ", with the same HOOKFERRY_DATABASE_URL and HOOKFERRY_MASTER_KEY")
        }
        Database::Sqlite { .. } => {
            let place = ["data_dir", "database_url"].into_iter().filter_map(|key| {
                let name = format!("HOOKFERRY_{}", key.to_ascii_uppercase());
                let shown = settings.shown.iter().find(|shown| shown.name == name)?;
                let value = shown.value.as_ref().filter(|_| shown.origin != "default")?;
                Some(format!(" --{} {}", key.replace('_', "-"), quoted(value)))
            });
            (place.collect(), "")
        }
    }
}

/// An address that can be asked, where the server listens on all of them.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => {
            SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port())
        }
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port())
        }
        IpAddr::V4(_) | IpAddr::V6(_) => address,
    }
}

/// A text as one word of a shell's.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Whether the required fields are there and the types fit.
    fn check(schema: &Value, value: &Value, place: &str) {
        let kind = schema["type"].as_str().unwrap_or("object");
        let fits = if kind == "string" { value.is_string() } else { value.is_object() };
        assert!(fits, "{place} is no {kind}");
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap();
            assert!(value.get(name).is_some(), "{place}.{name} is missing");
        }
        for (name, value) in value.as_object().into_iter().flatten() {
            if let Some(schema) = schema["properties"].get(name) {
                check(schema, value, &format!("{place}.{name}"));
            }
        }
    }

    #[test]
    fn the_first_event_is_one_of_its_type_and_the_same_in_the_readme() {
        let schema = domain::catalogue::find("message.received").unwrap().schema;
        check(
            &serde_json::from_str(schema).unwrap(),
            &serde_json::from_str(FIRST_DATA).unwrap(),
            "data",
        );
        let readme = include_str!("../../../README.md");
        assert_eq!(readme.matches(FIRST_DATA).count(), 2, "posted, and shown by the receiver");
    }

    #[test]
    fn the_lines_name_this_server_and_this_database() {
        let address = reachable("0.0.0.0:9999".parse().unwrap());
        let secret = EndpointSecret::from_random([1; 32]);
        let settings = Settings::from_pairs(&[("data_dir", "/tmp/it's here")]).unwrap();
        let lines = text(&settings, address, "./hookferry", &secret);
        assert!(lines.contains("curl -sS http://127.0.0.1:9999/api/v1/endpoints"), "{lines}");
        assert!(lines.contains(r"--quiet --data-dir '/tmp/it'\''s here')"), "{lines}");
        assert!(lines.contains("HOOKFERRY_ALLOW_NETWORKS"), "loopback is refused: {lines}");
        assert_eq!(lines.matches(secret.as_str()).count(), 2);
        for line in lines.lines().filter(|line| line.contains("-d '")) {
            let json = line.split('\'').nth(1).unwrap();
            serde_json::from_str::<serde_json::Value>(json).unwrap();
        }
        let browser = in_browser(&settings, "0.0.0.0:9999".parse().unwrap());
        assert!(browser.contains("Open http://127.0.0.1:9999 in a browser"), "{browser}");
        let settings = Settings::from_pairs(&[("allow_networks", "127.0.0.0/8")]).unwrap();
        let lines = text(&settings, address, "./hookferry", &secret);
        assert!(!lines.contains("HOOKFERRY_ALLOW_NETWORKS") && !lines.contains("--data-dir"));
    }
}
