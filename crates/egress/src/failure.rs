//! Turns the client's errors into the closed list of kinds, each with a sentence. Errors are told
//! apart by their types, never by their texts.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use chrono::DateTime;
use domain::outcome::{ErrorKind, Failure};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpInfo;
use rustls::{AlertDescription, CertificateError};
use url::Url;

use crate::answer::Answer;
use crate::dial::Dial;
use crate::guard::{Refused, Unresolved};

const CONNECT_CAUSES: [(io::ErrorKind, &str); 5] = [
    (io::ErrorKind::ConnectionRefused, "the connection was refused"),
    (io::ErrorKind::ConnectionReset, "the connection was reset"),
    (io::ErrorKind::TimedOut, "the connection timed out"),
    (io::ErrorKind::HostUnreachable, "the host is unreachable"),
    (io::ErrorKind::NetworkUnreachable, "the network is unreachable"),
];

/// What the system says when a process or the machine has run out of something: Linux' ENOMEM, ENFILE,
/// EMFILE and ENOBUFS.
const WANTS: [i32; 4] = [12, 23, 24, 105];
/// Linux' EADDRNOTAVAIL: no port is free for this destination, or its family has no address here.
const NO_PORT: i32 = 99;

/// A failure of `kind`.
pub fn failure(kind: ErrorKind, message: impl Into<String>) -> Failure {
    Failure { kind, message: message.into() }
}

/// `host:port`, without the rest of the URL, which may hold secrets.
pub fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whether an error says that this machine has run out of something, whomever it calls.
pub fn is_want(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| WANTS.contains(&code))
}

/// What stood in the way of a connection on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Nothing.
    None,
    /// A file descriptor, memory, or somebody to ask for the name.
    Something,
    /// A port of its own, if the receiver has an IPv4 address: where IPv6 is switched off, its addresses
    /// end in the same error.
    Port,
}

/// Whether an error is this machine's and not the receiver's.
pub fn want(error: &reqwest::Error) -> Want {
    if !error.is_connect() {
        return Want::None;
    }
    if find::<Unresolved>(error).is_some_and(|unresolved| unresolved.not_asked) {
        return Want::Something;
    }
    match innermost_io(error) {
        Some(io) if is_want(io) => Want::Something,
        Some(io) if io.raw_os_error() == Some(NO_PORT) => Want::Port,
        Some(_) | None => Want::None,
    }
}

/// Why no answer began.
pub fn without_answer(error: reqwest::Error, url: &Url) -> Failure {
    let error = error.without_url();
    if let Some(refused) = find::<Refused>(&error) {
        return failure(ErrorKind::AddressForbidden, refused.to_string());
    }
    if let Some(unresolved) = find::<Unresolved>(&error) {
        return failure(ErrorKind::Dns, unresolved.to_string());
    }
    let place = place(url);
    if let Some(tls) = find::<rustls::Error>(&error) {
        return failure(ErrorKind::Tls, tls_message(tls, &place));
    }
    if error.is_connect() {
        return unconnected(&error, &place);
    }
    if is_closed(&error) {
        let message = format!("{place} closed the connection without an answer");
        return failure(ErrorKind::Connect, message);
    }
    match find::<hyper::Error>(&error) {
        Some(http) if http.is_parse() => {
            failure(ErrorKind::Body, format!("the answer of {place} is not HTTP: {http}"))
        }
        Some(http) if !http.is_user() => {
            let cause = root(http);
            failure(ErrorKind::Body, format!("the answer of {place} cannot be read: {cause}"))
        }
        Some(_) | None => {
            let cause = root(&error);
            failure(ErrorKind::Other, format!("nothing could be sent to {place}: {cause}"))
        }
    }
}

/// Why the answer broke off.
pub fn broken_off(answer: &Answer, url: &Url) -> Failure {
    let (place, got) = (place(url), answer.body_bytes);
    failure(ErrorKind::Body, format!("the answer of {place} broke off after {got} bytes"))
}

/// What the time was too short for.
pub fn timed_out(answer: &Answer, dial: Dial, url: &Url, timeout: Duration) -> Failure {
    let (place, limit) = (place(url), timeout.as_secs_f64());
    let message = match (answer.status_code, dial) {
        (Some(status), _) => {
            let got = answer.body_bytes;
            format!(
                "{place} did not finish its answer within {limit} s; \
                 it had sent status {status} and {got} bytes"
            )
        }
        (None, Dial::Begun) => format!("no connection to {place} within {limit} s"),
        (None, Dial::Made | Dial::NotBegun) => {
            format!("{place} did not answer within {limit} s")
        }
    };
    failure(ErrorKind::Timeout, message)
}

/// Whether the connection was closed before anything of an answer arrived.
pub fn is_closed(error: &reqwest::Error) -> bool {
    if error.is_connect() {
        return false;
    }
    let by_http = find::<hyper::Error>(error)
        .is_some_and(|http| http.is_incomplete_message() || http.is_canceled() || http.is_closed());
    by_http
        || innermost_io(error).is_some_and(|io| {
            [
                io::ErrorKind::ConnectionReset,
                io::ErrorKind::ConnectionAborted,
                io::ErrorKind::BrokenPipe,
                io::ErrorKind::NotConnected,
                io::ErrorKind::UnexpectedEof,
            ]
            .contains(&io.kind())
        })
}

/// Whether the receiver's server has said over HTTP/2 that it has not begun with the request, so that it is
/// sent again without a doubt (RFC 9113, section 8.7): the stream was refused, or came after the last one of
/// a connection that is being shut down in peace.
pub fn is_unprocessed(error: &reqwest::Error) -> bool {
    find::<h2::Error>(error).filter(|error| error.is_remote()).is_some_and(|error| {
        let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        is_refused || error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR)
    })
}

/// The address of the connection on which the error came.
pub fn peer(error: &reqwest::Error) -> Option<SocketAddr> {
    let mut extras = hyper::http::Extensions::new();
    find::<legacy::Error>(error)?.connect_info()?.get_extras(&mut extras);
    extras.get::<HttpInfo>().map(HttpInfo::remote_addr)
}

fn unconnected(error: &reqwest::Error, place: &str) -> Failure {
    // The connector wraps what happens before TLS in a type of its own, and what happens in the
    // handshake in an I/O error.
    let in_handshake = find::<legacy::Error>(error)
        .and_then(Error::source)
        .is_some_and(|cause| cause.is::<io::Error>());
    if in_handshake {
        let message = format!("{place} broke the TLS handshake off");
        return failure(ErrorKind::Tls, message);
    }
    if want(error) == Want::Something {
        let cause = root(error);
        return failure(ErrorKind::Other, format!("nothing could be sent to {place}: {cause}"));
    }
    let cause = match innermost_io(error) {
        Some(io) => CONNECT_CAUSES
            .iter()
            .find(|(kind, _)| *kind == io.kind())
            .map_or_else(|| io.to_string(), |(_, text)| (*text).to_owned()),
        None => root(error).to_string(),
    };
    failure(ErrorKind::Connect, format!("nothing answers at {place}: {cause}"))
}

fn tls_message(error: &rustls::Error, place: &str) -> String {
    if let rustls::Error::InvalidCertificate(certificate) = error {
        return format!("the certificate of {place} is not valid: {}", flaw(certificate));
    }
    if let rustls::Error::AlertReceived(alert) = error {
        return alert_message(*alert, place);
    }
    if matches!(error, rustls::Error::InvalidMessage(_)) {
        return format!("{place} does not speak TLS; is the port right?");
    }
    format!("no TLS connection to {place}: {error}")
}

fn alert_message(alert: AlertDescription, place: &str) -> String {
    format!("{place} refused the TLS handshake with the alert {alert:?}")
}

fn flaw(certificate: &CertificateError) -> String {
    let day = |time: &rustls::pki_types::UnixTime| {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        DateTime::from_timestamp(seconds, 0)
            .map_or_else(|| "an unknown day".to_owned(), |time| time.format("%Y-%m-%d").to_string())
    };
    if let CertificateError::ExpiredContext { not_after, .. } = certificate {
        return format!("it expired on {}", day(not_after));
    }
    if let CertificateError::NotValidYetContext { not_before, .. } = certificate {
        return format!("it is valid only from {}", day(not_before));
    }
    if let CertificateError::NotValidForNameContext { expected, presented } = certificate {
        let (expected, presented) = (expected.to_str(), presented.join(", "));
        return format!("it is not issued for {expected} but for {presented}");
    }
    if *certificate == CertificateError::UnknownIssuer {
        return "it is not signed by a known authority".to_owned();
    }
    if *certificate == CertificateError::Expired {
        return "it has expired".to_owned();
    }
    if *certificate == CertificateError::NotValidForName {
        return "it is not issued for this name".to_owned();
    }
    certificate.to_string()
}

/// The first error of type `T` among `error` and its causes.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn innermost_io(error: &reqwest::Error) -> Option<&io::Error> {
    causes(error).filter_map(|cause| cause.downcast_ref()).last()
}

fn root<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    causes(error).last().unwrap_or(error)
}

/// `error` and its causes. `source()` of an I/O error skips the error that it wraps.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn Error + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use h2::server::SendResponse;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinSet;

    use super::*;

    /// What a request comes to whose HTTP/2 server does `answer` with its stream.
    async fn answered(
        answer: impl FnOnce(&mut h2::server::Connection<TcpStream, Bytes>, SendResponse<Bytes>)
        + Send
        + 'static,
    ) -> reqwest::Error {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let (_request, respond) = connection.accept().await.unwrap().unwrap();
            answer(&mut connection, respond);
            let _closed = connection.accept().await;
        });
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().http2_prior_knowledge().no_proxy();
        let client = client.retry(reqwest::retry::never().max_retries_per_request(0));
        client.build().unwrap().post(url).send().await.unwrap_err()
    }

    #[tokio::test]
    async fn what_a_server_has_not_looked_at_is_told_from_what_it_gave_up() {
        let reset = |reason| answered(move |_, mut respond| respond.send_reset(reason));
        assert!(is_unprocessed(&reset(h2::Reason::REFUSED_STREAM).await));
        assert!(!is_unprocessed(&reset(h2::Reason::INTERNAL_ERROR).await));
        assert!(!is_unprocessed(&reset(h2::Reason::CANCEL).await));
        let abrupt =
            answered(|connection, _| connection.abrupt_shutdown(h2::Reason::INTERNAL_ERROR));
        assert!(!is_unprocessed(&abrupt.await));
    }
}
