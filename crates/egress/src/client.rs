//! The client: one request, one answer, one deadline.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::address::AddressPolicy;
use domain::headers::{Field, Headers};
use domain::outcome::{ErrorKind, Failure, Outcome};
use reqwest::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Method, Response};
use tokio::time::Instant;
use url::{Host, Url};

use crate::answer::Answer;
use crate::dial::{self, Dial, NoteDials};
use crate::failure::{self, Want, failure};
use crate::guard::Guard;
use crate::names::SystemNames;
use crate::own;
use crate::{BuildError, Config, Exchange, Names, Request};

/// Many servers close connections that were idle for 5 s; reusing one at that moment looks like a
/// failure.
const POOL_IDLE_MAX: Duration = Duration::from_secs(4);
/// What a receiver may send ahead over HTTP/2, for each answer and for each connection.
const HTTP2_STREAM_WINDOW_BYTES: u32 = 128 * 1024;
const HTTP2_CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;

/// The client: one for the whole process, with pooled connections. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    policy: Arc<AddressPolicy>,
    names: Arc<dyn Names>,
    own_listener: Option<SocketAddr>,
    pooled: reqwest::Client,
    /// Makes a connection for each request: for the second try of a request that met a pooled
    /// connection as it was being closed, and where none are kept.
    fresh: reqwest::Client,
    keeps: Arc<AtomicBool>,
}

impl Client {
    /// Builds the client.
    pub fn new(config: Config) -> Result<Self, BuildError> {
        let policy = Arc::new(config.policy);
        let names: Arc<dyn Names> =
            config.names.unwrap_or_else(|| Arc::new(SystemNames::read()) as Arc<dyn Names>);
        let guard = Guard { policy: Arc::clone(&policy), names: Arc::clone(&names) };
        let tls = tls_config();
        let build = |idle_per_host_max: usize| {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .dns_resolver(guard.clone())
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                // It would keep a copy of each request; what may be sent again is sent by `execute`.
                .retry(reqwest::retry::never().max_retries_per_request(0))
                .referer(false)
                .pool_max_idle_per_host(idle_per_host_max)
                .pool_idle_timeout(POOL_IDLE_MAX)
                .connect_timeout(config.dial_max)
                .tcp_nodelay(true)
                .http1_ignore_invalid_headers_in_responses(true)
                .http2_initial_stream_window_size(HTTP2_STREAM_WINDOW_BYTES)
                .http2_initial_connection_window_size(HTTP2_CONNECTION_WINDOW_BYTES)
                .connector_layer(NoteDials)
                .build()
                .map_err(BuildError)
        };
        let (pooled, fresh) = (build(config.idle_per_host_max)?, build(0)?);
        let keeps = Arc::new(AtomicBool::new(true));
        Ok(Self { policy, names, own_listener: config.own_listener, pooled, fresh, keeps })
    }

    /// Whether a connection is kept for the next request, as it is at first. Those that are kept already are closed
    /// when they have been idle for four seconds.
    pub fn keep_connections(&self, keeps: bool) {
        self.keeps.store(keeps, Ordering::Relaxed);
    }

    /// Sends one request and reads the answer, within its time.
    pub async fn send(&self, request: Request<'_>) -> Exchange {
        dial::noting(self.send_noted(request)).await
    }

    async fn send_noted(&self, request: Request<'_>) -> Exchange {
        let started = Instant::now();
        let Request { url, headers, body, at, timeout, acknowledge } = request;
        let mut answer = Answer::sent(at);
        let exchange = self.exchange(url, Parts::of(headers, body), &mut answer);
        let failure = match tokio::time::timeout(timeout, exchange).await {
            Ok(Ok(())) => None,
            Ok(Err(failure)) => Some(failure),
            Err(_) => Some(failure::timed_out(&answer, dial::noted(), url, timeout)),
        };
        let outcome = match failure {
            Some(Failure { kind, message }) => Outcome::of_error(kind, message, answer.status_code),
            None => answer.outcome(acknowledge).expect("an answer that was taken has a status"),
        };
        let Answer { headers, body, truncated, peer, not_sent, .. } = answer;
        Exchange { outcome, headers, body, truncated, duration: started.elapsed(), peer, not_sent }
    }

    async fn exchange(&self, url: &Url, parts: Parts, answer: &mut Answer) -> Result<(), Failure> {
        let to = self.destination(url)?;
        let response = match self.execute(&to, &parts).await? {
            Ok(response) => response,
            Err(error) => {
                answer.peer = failure::peer(&error);
                answer.not_sent = self.is_not_sent(&error, url).await;
                return Err(failure::without_answer(error, url));
            }
        };
        answer.take_head(&response);
        match answer.take_body(response).await {
            Ok(()) => Ok(()),
            Err(_) => Err(failure::broken_off(answer, url)),
        }
    }

    /// Sends the request, and once more where the pool's connection turned out to be closed, or the
    /// receiver's server says that it has not looked at it: that says nothing about the receiver. The
    /// second try has a connection of its own.
    async fn execute(
        &self,
        to: &Destination<'_>,
        parts: &Parts,
    ) -> Result<Result<Response, reqwest::Error>, Failure> {
        let keeps = self.keeps.load(Ordering::Relaxed);
        let client = if keeps { &self.pooled } else { &self.fresh };
        match client.execute(parts.assemble(to)?).await {
            Err(error)
                if failure::is_unprocessed(&error)
                    || dial::noted() != Dial::Made && failure::is_closed(&error) =>
            {
                dial::note(Dial::NotBegun);
                Ok(self.fresh.execute(parts.assemble(to)?).await)
            }
            first => Ok(first),
        }
    }

    /// Whether nothing was sent because of this machine.
    async fn is_not_sent(&self, error: &reqwest::Error, url: &Url) -> bool {
        match failure::want(error) {
            Want::None => false,
            Want::Something => true,
            Want::Port => match url.host() {
                Some(Host::Ipv4(_)) => true,
                Some(Host::Domain(name)) => {
                    let found = self.names.resolve(name.to_owned()).await;
                    found.is_ok_and(|addresses| addresses.iter().any(IpAddr::is_ipv4))
                }
                Some(Host::Ipv6(_)) | None => false,
            },
        }
    }

    /// What is dialled for `url`, if it may be dialled.
    fn destination<'url>(&self, url: &'url Url) -> Result<Destination<'url>, Failure> {
        if let Some(listener) = self.own_listener
            && self.policy.is_own_inbox(url)
            && let Some(dialled) = own::dialled(url, listener)
        {
            return Ok(Destination { url: Cow::Owned(dialled), host: Some(own::host(url)) });
        }
        self.check_url(url)?;
        Ok(Destination { url: Cow::Borrowed(url), host: None })
    }

    /// Checks what the resolver never sees: a host that is an address is dialled as it stands.
    fn check_url(&self, url: &Url) -> Result<(), Failure> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(failure(ErrorKind::Other, "the URL is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(failure(ErrorKind::Other, "the URL carries a user name or a password"));
        }
        let literal: IpAddr = match url.host() {
            Some(Host::Domain(_)) => return Ok(()),
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            None => return Err(failure(ErrorKind::Other, "the URL has no host")),
        };
        self.policy
            .check(literal)
            .map_err(|forbidden| failure(ErrorKind::AddressForbidden, forbidden.to_string()))
    }
}

/// What is dialled, and what stands in `Host` where that is another.
struct Destination<'url> {
    url: Cow<'url, Url>,
    host: Option<String>,
}

/// What goes into a request, kept for its second try.
struct Parts {
    /// The text of all headers' values, of which each takes its piece without a copy.
    values: Bytes,
    fields: Vec<Field>,
    body: Bytes,
}

impl Parts {
    fn of(headers: Headers, body: Vec<u8>) -> Self {
        let (values, fields) = headers.into_parts();
        Self { values: values.into(), fields, body: body.into() }
    }

    fn assemble(&self, to: &Destination<'_>) -> Result<reqwest::Request, Failure> {
        let mut request = reqwest::Request::new(Method::POST, to.url.clone().into_owned());
        request.headers_mut().reserve(self.fields.len() + 3);
        if let Some(host) = &to.host {
            let host = HeaderValue::from_str(host)
                .map_err(|_| failure(ErrorKind::Other, "the URL's host cannot be sent"))?;
            request.headers_mut().insert(HOST, host);
        }
        for (name, place) in &self.fields {
            let malformed =
                || failure(ErrorKind::Other, format!("the header {name:?} cannot be sent"));
            let field = field_name(name).ok_or_else(malformed)?;
            let value = self.values.slice(place.clone());
            if !value.is_ascii() {
                return Err(malformed());
            }
            let value = HeaderValue::from_maybe_shared(value).map_err(|_| malformed())?;
            request.headers_mut().append(field, value);
        }
        *request.body_mut() = Some(self.body.clone().into());
        Ok(request)
    }
}

/// The name as the client wants it, without making anything of those that every request has.
fn field_name(name: &str) -> Option<HeaderName> {
    static OWN: [(&str, HeaderName); 7] = [
        ("Content-Type", CONTENT_TYPE),
        ("User-Agent", USER_AGENT),
        ("webhook-id", HeaderName::from_static("webhook-id")),
        ("webhook-timestamp", HeaderName::from_static("webhook-timestamp")),
        ("webhook-signature", HeaderName::from_static("webhook-signature")),
        ("X-Hub-Signature-256", HeaderName::from_static("x-hub-signature-256")),
        ("Hookferry-Attempt", HeaderName::from_static("hookferry-attempt")),
    ];
    let own = OWN.iter().find(|(own, _)| *own == name).map(|(_, field)| field.clone());
    own.or_else(|| HeaderName::from_bytes(name.as_bytes()).ok())
}

fn tls_config() -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<rustls::RootCertStore>();
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the cipher suites of the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    // With a configuration of one's own the client offers no protocol by itself.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}
