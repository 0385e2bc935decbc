//! `hookferry send`: an event over HTTP to a running server. What is sent to a source is in
//! `send_notification`.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::send_notification;
use crate::cli::{DataFrom, SendArgs};
use crate::settings::sources::Refused;
use crate::settings::table::TOKEN_ENV;

/// How long everything may take.
const TIME_MAX: Duration = Duration::from_secs(30);
/// The most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Posts one event and prints the answer.
pub async fn run(args: SendArgs) -> anyhow::Result<()> {
    let (Some(event_type), Some(data)) = (&args.event_type, &args.data) else {
        return send_notification::run(args.notification).await;
    };
    let token = token(args.token.clone(), std::env::var(TOKEN_ENV).ok())?;
    let url = server_url("--url", &args.url)?;
    let body = body(&args, event_type, &read_data(source(data))?)?;
    let path = format!("{}/api/v1/events", url.path().trim_end_matches('/'));
    let headers = [(AUTHORIZATION, format!("Bearer {token}"))];
    println!("{}", sent(&url, &path, headers, body.into()).await?);
    Ok(())
}

/// Posts a body and gives the answer, which is an error unless it is a success.
pub(super) async fn sent(
    url: &Url,
    path: &str,
    header: [(HeaderName, String); 1],
    body: Bytes,
) -> anyhow::Result<String> {
    let (status, answer) = tokio::time::timeout(TIME_MAX, post(url, path, header, body))
        .await
        .with_context(|| format!("no answer within {TIME_MAX:?}"))??;
    let answer = String::from_utf8_lossy(&answer);
    ensure!(status.is_success(), "the server answered {status}: {answer}");
    Ok(answer.into_owned())
}

/// The token that was given; an empty one is none.
fn token(flag: Option<String>, variable: Option<String>) -> Result<String, Refused> {
    let given = flag.or(variable).map(|token| token.trim().to_owned());
    let token = given
        .filter(|token| !token.is_empty())
        .ok_or_else(|| Refused::of(format!("give an API token: --token or {TOKEN_ENV}")))?;
    if token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(token)
    } else {
        Err(Refused::of("--token: a token has letters and digits only"))
    }
}

/// The server's origin, perhaps with a path before ours.
pub(super) fn server_url(flag: &str, text: &str) -> Result<Url, Refused> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
    url.ok_or_else(|| {
        let meant = if text.contains("://") { "" } else { "; did you mean http:// before it?" };
        let accepts = "it accepts http://HOST:PORT and https://HOST";
        Refused::of(format!("{flag}: {text:?} is not the URL of a server; {accepts}{meant}"))
    })
}

fn source(data: &str) -> DataFrom {
    match data {
        "-" => DataFrom::Stdin,
        path if Path::new(path).is_file() => DataFrom::File(path.into()),
        text => DataFrom::Text(text.to_owned()),
    }
}

fn read_data(from: DataFrom) -> anyhow::Result<String> {
    match from {
        DataFrom::Text(text) => Ok(text),
        DataFrom::File(path) => std::fs::read_to_string(&path)
            .with_context(|| format!("--data: cannot read {}", path.display())),
        DataFrom::Stdin => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context("--data: standard input")?;
            Ok(text)
        }
    }
}

/// The request's body; the data are passed on as they were written.
fn body(args: &SendArgs, event_type: &str, data: &str) -> anyhow::Result<String> {
    let data: &RawValue = serde_json::from_str(data).map_err(|error| {
        let what = "is neither JSON nor the name of a file that exists";
        Refused::of(format!("--data: {what}: {error}"))
    })?;
    let mut fields = vec![format!("\"type\":{}", serde_json::to_string(event_type)?)];
    for (name, value) in [("id", &args.id), ("subject", &args.subject)] {
        if let Some(value) = value {
            fields.push(format!("\"{name}\":{}", serde_json::to_string(value)?));
        }
    }
    fields.push(format!("\"data\":{}", data.get()));
    Ok(format!("{{{}}}", fields.join(",")))
}

async fn post(
    url: &Url,
    path: &str,
    header: [(HeaderName, String); 1],
    body: Bytes,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let host = url.host_str().context("the URL names no host")?;
    let port = url.port_or_known_default().context("the URL names no port")?;
    let dialled = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((dialled, port))
        .await
        .with_context(|| format!("cannot reach {host}:{port}; does the server run?"))?;
    let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let [(name, value)] = header;
    let request = Request::post(path)
        .header(HOST, &authority)
        .header(name, value)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(body))
        .context("the token cannot stand in a header")?;
    match url.scheme() {
        "http" => exchange(stream, request).await,
        "https" => {
            let name = ServerName::try_from(dialled.to_owned())?;
            let stream = tls().connect(name, stream).await.with_context(|| {
                format!(
                    "{host}:{port} does not answer in TLS; where it speaks plain HTTP, write \
                     http://{authority}"
                )
            })?;
            exchange(stream, request).await
        }
        other => bail!("{other} is neither http nor https"),
    }
}

fn tls() -> TlsConnector {
    let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<rustls::RootCertStore>();
    let config = rustls::ClientConfig::builder().with_root_certificates(roots);
    TlsConnector::from(Arc::new(config.with_no_client_auth()))
}

async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<(StatusCode, Bytes)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let asking = async {
        let answer = sender.send_request(request).await.context("no answer")?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("the answer broke off: {error}"))?;
        Ok((status, body.to_bytes()))
    };
    tokio::pin!(asking, connection);
    tokio::select! {
        answer = &mut asking => answer,
        // The connection may end before the answer was taken from it.
        _ = &mut connection => asking.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_are_passed_on_as_they_were_written() {
        let args = SendArgs {
            url: String::new(),
            token: None,
            event_type: None,
            data: None,
            notification: Default::default(),
            id: Some("a\"b".to_owned()),
            subject: None,
        };
        let text = r#"{"n": 12345678901234567890.10, "é": "\ud83d\ude4f"}"#;
        let expected = format!(r#"{{"type":"message.received","id":"a\"b","data":{text}}}"#);
        assert_eq!(body(&args, "message.received", text).unwrap(), expected);
        assert!(
            body(&args, "x", "no/such/file.json").unwrap_err().to_string().contains("neither JSON")
        );
    }
    #[test]
    fn an_empty_token_is_none_and_a_flag_wins() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(token(text("hkf_a"), text("hkf_b")).unwrap(), "hkf_a");
        assert_eq!(token(None, text(" hkf_b\n")).unwrap(), "hkf_b");
        for (flag, variable) in [(None, None), (None, text("")), (text(""), text("hkf_b"))] {
            let refused = token(flag, variable).unwrap_err().to_string();
            assert_eq!(refused, "give an API token: --token or HOOKFERRY_TOKEN");
        }
        assert!(token(text("a\nb"), None).is_err());
    }

    #[test]
    fn a_url_without_its_scheme_is_told_so() {
        for fine in ["http://127.0.0.1:8080", "https://h.example/hooks/"] {
            server_url("--url", fine).unwrap();
        }
        for bare in ["127.0.0.1:8080", "localhost:8080", "foo"] {
            let refused = server_url("--url", bare).unwrap_err().to_string();
            assert!(
                refused.contains("is not the URL of a server; it accepts http://"),
                "{refused}"
            );
            assert!(refused.ends_with("did you mean http:// before it?"), "{refused}");
        }
        assert!(
            server_url("--url", "ftp://h.example").is_err()
                && server_url("--to", "http://").is_err()
        );
    }

    #[tokio::test]
    async fn tls_to_a_plain_server_names_the_way_out() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let plain = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
            tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.unwrap();
            std::future::pending::<()>().await;
        };
        let url = server_url("--url", &format!("https://{address}")).unwrap();
        let refused = tokio::select! {
            answer = post(&url, "/", [(AUTHORIZATION, "Bearer hkf_a".into())], "{}".into()) => answer.unwrap_err(),
            () = plain => unreachable!(),
        };
        let text = format!("{refused:#}");
        assert!(text.contains(&format!("write http://{address}")), "{text}");
    }
}
