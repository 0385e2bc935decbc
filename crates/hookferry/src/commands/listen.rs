//! `hookferry listen`: a receiver to try.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::secret::EndpointSecret;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use store::Clock;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use crate::cli::ListenArgs;
use crate::clock::SystemClock;
use crate::settings::sources::Refused;
use crate::signature::{Signed, verify};

/// The largest body that is read.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How many bytes of a body are printed.
const PRINTED_BYTES_MAX: usize = 64 * 1024;
/// How long the wait after a failed `accept` is: there may be no more file descriptors.
const ACCEPT_WAIT: Duration = Duration::from_millis(100);
/// The headers that are printed.
const PRINTED_HEADERS: [&str; 7] = [
    "content-type",
    "user-agent",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "x-hub-signature-256",
    "hookferry-attempt",
];

/// What every request is answered and checked with.
#[derive(Debug)]
struct Receiver {
    secret: Option<EndpointSecret>,
    status: StatusCode,
    clock: SystemClock,
}

/// Receives until it is killed.
pub async fn run(args: ListenArgs) -> anyhow::Result<()> {
    let secret = args.secret.as_deref().map(EndpointSecret::parse).transpose();
    let secret = secret.map_err(|error| Refused::of(format!("--secret {error}")))?;
    let receiver = Arc::new(Receiver {
        secret,
        status: StatusCode::from_u16(args.status)?,
        clock: SystemClock::start(),
    });
    let address = SocketAddr::new(args.address, args.port);
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} (--port takes another one)"))?;
    println!("listening on http://{}", listener.local_addr()?);
    accept(listener, receiver).await;
    Ok(())
}

async fn accept(listener: TcpListener, receiver: Arc<Receiver>) {
    let connections = TaskTracker::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve(stream, Arc::clone(&receiver)));
            }
            Err(error) => {
                eprintln!("cannot accept a connection: {error}");
                tokio::time::sleep(ACCEPT_WAIT).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, receiver: Arc<Receiver>) {
    let service = service_fn(|request| answer(Arc::clone(&receiver), request));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        eprintln!("a connection broke: {error}");
    }
}

async fn answer(
    receiver: Arc<Receiver>,
    request: Request<Incoming>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let text = match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(body) => {
            let line = format!("{} {}", head.method, head.uri);
            describe(&receiver, &line, &head.headers, &body.to_bytes(), receiver.clock.now())
        }
        Err(error) => format!("\n{} {}\nthe body broke off: {error}\n", head.method, head.uri),
    };
    // Nobody reading is no reason to say no to the sender.
    let _ = std::io::stdout().write_all(text.as_bytes());
    let mut response = Response::new(Empty::new());
    *response.status_mut() = receiver.status;
    Ok(response)
}

fn describe(
    receiver: &Receiver,
    line: &str,
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> String {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let mut text = format!("\n{} {line}\n", now.format("%H:%M:%S%.3fZ"));
    for name in PRINTED_HEADERS {
        if let Some(value) = headers.get(name) {
            text.push_str(&format!("{name}: {}\n", printable(value.as_bytes())));
        }
    }
    text.push('\n');
    text.push_str(&printable(&body[..body.len().min(PRINTED_BYTES_MAX)]));
    text.push_str(if body.len() > PRINTED_BYTES_MAX { "…\n" } else { "\n" });
    if let Some(secret) = &receiver.secret {
        let signed = Signed {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            standard: header("webhook-signature"),
            hub: header("x-hub-signature-256"),
        };
        let verdict = verify(secret, signed, body, now);
        text.push_str(&format!(
            "webhook-signature {}; X-Hub-Signature-256 {}\n",
            verdict.standard, verdict.hub
        ));
    } else {
        text.push_str("signatures not checked: give the endpoint's secret as --secret\n");
    }
    text.push_str(&format!("answered {}\n", receiver.status.as_u16()));
    text
}

/// Any bytes as text that does nothing to a terminal.
fn printable(bytes: &[u8]) -> String {
    let keep = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t');
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|letter| if keep(letter) { letter } else { '\u{fffd}' }).collect()
}

#[cfg(test)]
mod tests {
    use domain::secret::SigningKeys;

    use super::*;

    #[tokio::test]
    async fn a_signed_request_is_described_verified_and_answered() {
        let secret = EndpointSecret::from_random([3; 32]);
        let clock = SystemClock::start();
        let now = clock.now();
        let (body, at) = ("{\"é\":\"\u{1b}[2J\"}", now.timestamp().to_string());
        let made = SigningKeys::new(&secret, &[]).sign("evt_1", now, body.as_bytes());
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("webhook-id", "evt_1"),
            ("webhook-timestamp", &at),
            ("webhook-signature", &made.standard),
            ("x-hub-signature-256", &made.hub),
            ("authorization", "hush"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let receiver =
            Receiver { secret: Some(secret), status: StatusCode::SERVICE_UNAVAILABLE, clock };
        let text = describe(&receiver, "POST /hooks", &headers, body.as_bytes(), now);
        assert!(
            text.contains("webhook-signature verifies; X-Hub-Signature-256 verifies"),
            "{text}"
        );
        assert!(text.contains("POST /hooks") && text.contains("answered 503"), "{text}");
        assert!(!text.contains("hush") && !text.contains('\u{1b}'), "{text}");
        let changed = describe(&receiver, "POST /", &headers, b"{}", now);
        assert!(changed.contains("DOES NOT VERIFY"), "{changed}");
    }
}
