//! Where mails go and who they are from.

use std::fmt;
use std::net::IpAddr;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::TlsParameters;
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use url::Url;

const ACCEPTED: &str = "smtps://user:password@host (TLS, port 465), \
    smtp://user:password@host?tls=required (STARTTLS, port 587), \
    smtp://host?tls=opportunistic (STARTTLS where the server offers it, port 587) \
    or smtp://host (no TLS, port 25), each with a port of its own if need be, \
    and user and password percent-encoded";

/// A setting of the mailer that cannot be used, in a sentence that says what can. Never holds a
/// password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The SMTP URL.
    #[error("{reason}; accepted are {ACCEPTED}")]
    SmtpUrl {
        /// What is wrong with it.
        reason: String,
    },
    /// The sender.
    #[error(
        "not a mail address; accepted are hookferry@example.com and \
         Hookferry <hookferry@example.com>"
    )]
    From,
}

impl ConfigError {
    /// The name of the setting that is wrong, as configuration files have it.
    pub const fn setting(&self) -> &'static str {
        match self {
            Self::SmtpUrl { .. } => "smtp_url",
            Self::From => "mail_from",
        }
    }
}

/// Where mails go and who they are from. Its `Debug` shows neither user nor password.
#[derive(Clone)]
pub struct Config {
    pub(crate) server: Server,
    pub(crate) from: Mailbox,
    pub(crate) public_url: Option<Url>,
}

/// The mail server and how to talk to it.
#[derive(Clone)]
pub(crate) struct Server {
    /// A name, or an IP address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: Tls,
    pub(crate) credentials: Option<Credentials>,
    /// How we introduce ourselves.
    pub(crate) hello: ClientId,
}

/// When the connection is encrypted.
#[derive(Clone)]
pub(crate) enum Tls {
    Never,
    IfOffered(TlsParameters),
    Required(TlsParameters),
    FromTheStart(TlsParameters),
}

impl Config {
    /// Reads the settings. `public_url` is where the dashboard is, for the links in mails.
    pub fn parse(url: &str, from: &str, public_url: Option<&Url>) -> Result<Self, ConfigError> {
        let server =
            Server::parse(url).map_err(|reason| ConfigError::SmtpUrl { reason: reason.into() })?;
        let from = from.trim().parse().map_err(|_| ConfigError::From)?;
        Ok(Self { server, from, public_url: public_url.cloned() })
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("host", &self.server.host)
            .field("port", &self.server.port)
            .field("tls", &self.server.tls.name())
            .field("credentials", &self.server.credentials.as_ref().map(|_| "hidden"))
            .field("from", &self.from.to_string())
            .field("public_url", &self.public_url.as_ref().map(Url::as_str))
            .finish()
    }
}

impl Server {
    // lettre reads such URLs too, but drops a user name without a password and unknown parameters
    // without a word, keeps the brackets of an IPv6 address, and sends passwords in the clear.
    fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text.trim()).map_err(|_| "not a URL")?;
        let host = host_of(&url)?;
        let (tls, default_port) = tls_of(&url, &host)?;
        let credentials = credentials_of(&url)?;
        if credentials.is_some() && matches!(tls, Tls::Never) && !is_loopback(&host) {
            return Err("user and password would be sent in the clear");
        }
        if url.fragment().is_some() {
            return Err("it has a part after #, which in a password has to be written %23");
        }
        let hello = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name if is_host_name(name) => ClientId::Domain(name.into()),
            _ => return Err("the path (the name to say hello with) is not a host name"),
        };
        let port = url.port().unwrap_or(default_port);
        Ok(Self { host, port, tls, credentials, hello })
    }

    /// Whether what is sent stays on this machine.
    pub(crate) fn is_local(&self) -> bool {
        is_loopback(&self.host)
    }
}

impl Tls {
    const fn name(&self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::IfOffered(_) => "opportunistic",
            Self::Required(_) => "required",
            Self::FromTheStart(_) => "from the start",
        }
    }
}

fn host_of(url: &Url) -> Result<String, &'static str> {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() || is_host_name(bare) {
        Ok(bare.into())
    } else if bare.is_empty() {
        Err("it names no host")
    } else {
        Err("the host is not a host name")
    }
}

fn tls_of(url: &Url, host: &str) -> Result<(Tls, u16), &'static str> {
    let mut wanted = None;
    for (key, value) in url.query_pairs() {
        if key != "tls" || wanted.is_some() {
            return Err("it has parameters other than one tls=");
        }
        wanted = Some(value.into_owned());
    }
    let parameters =
        || TlsParameters::new(host.to_owned()).map_err(|_| "the host cannot be used with TLS");
    match (url.scheme(), wanted.as_deref()) {
        ("smtps", None) => Ok((Tls::FromTheStart(parameters()?), 465)),
        ("smtps", Some(_)) => Err("tls= goes with smtp:// only"),
        ("smtp", None) => Ok((Tls::Never, 25)),
        ("smtp", Some("required")) => Ok((Tls::Required(parameters()?), 587)),
        ("smtp", Some("opportunistic")) => Ok((Tls::IfOffered(parameters()?), 587)),
        ("smtp", Some(_)) => Err("tls= is neither required nor opportunistic"),
        (_, _) => Err("it begins with neither smtp:// nor smtps://"),
    }
}

fn credentials_of(url: &Url) -> Result<Option<Credentials>, &'static str> {
    let decode = |part: &str| {
        percent_decode_str(part)
            .decode_utf8()
            .map(String::from)
            .map_err(|_| "user or password is not UTF-8 once its percent signs are decoded")
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err("it has a password without a user"),
        (_, None) => Err("it has a user without a password"),
        (user, Some(password)) => Ok(Some(Credentials::new(decode(user)?, decode(password)?))),
    }
}

fn is_host_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &str = "Hookferry <hookferry@localhost>";

    fn parse(url: &str) -> Result<Config, ConfigError> {
        Config::parse(url, FROM, None)
    }

    #[test]
    fn every_tls_mode_with_its_port() {
        for (url, tls, port) in [
            ("smtps://u:p@mail.example", "from the start", 465),
            ("smtp://u:p@mail.example?tls=required", "required", 587),
            ("smtp://u:p@mail.example:2525/?tls=required", "required", 2525),
            ("smtp://mail.example?tls=opportunistic", "opportunistic", 587),
            ("smtp://mail.example", "never", 25),
            ("smtp://127.0.0.1:1025", "never", 1025),
            ("smtp://u:p@[::1]:1025", "never", 1025),
            ("smtp://u:p@localhost:1025/me.example", "never", 1025),
        ] {
            let config = parse(url).unwrap();
            assert_eq!((config.server.tls.name(), config.server.port), (tls, port), "{url}");
        }
        assert_eq!(parse("smtp://[::1]:25").unwrap().server.host, "::1");
    }

    #[test]
    fn what_is_refused_and_why() {
        for (url, reason) in [
            ("mail.example", "not a URL"),
            ("https://mail.example", "neither smtp:// nor smtps://"),
            ("smtp:", "names no host"),
            ("smtp://u:p@mail.example", "in the clear"),
            ("smtp://u:p@10.0.0.5", "in the clear"),
            ("smtp://u:p@127.0.0.1.example", "in the clear"),
            ("smtps://u@mail.example", "user without a password"),
            ("smtps://:p@mail.example", "password without a user"),
            ("smtp://mail.example?tls=none", "neither required nor opportunistic"),
            ("smtp://mail.example?tls=required&tls=required", "parameters other than"),
            ("smtps://mail.example?pool=4", "parameters other than"),
            ("smtps://mail.example?tls=required", "smtp:// only"),
            ("smtps://u:p#x@mail.example", ""),
            ("smtps://u:p%FF@mail.example", "not UTF-8"),
            ("smtp://mail.example/hello%0d%0aname", "not a host name"),
        ] {
            let error = parse(url).unwrap_err();
            let sentence = error.to_string();
            assert!(sentence.contains(reason), "{url}: {sentence}");
            assert!(sentence.contains("smtps://user:password@host"), "{url}: {sentence}");
            assert_eq!(error.setting(), "smtp_url");
        }
    }

    #[test]
    fn the_sender_is_a_mailbox() {
        let config = parse("smtp://localhost").unwrap();
        assert_eq!(config.from.email.to_string(), "hookferry@localhost");
        for from in ["", "hookferry", "a@b@c", "a@example.com\r\nBcc: b@example.com"] {
            let error = Config::parse("smtp://localhost", from, None).unwrap_err();
            assert_eq!((error.setting(), &error), ("mail_from", &ConfigError::From), "{from:?}");
        }
    }

    #[test]
    fn neither_debug_nor_an_error_shows_the_password() {
        let config = parse("smtps://postman:s3cr%23t@mail.example").unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("s3cr") && !shown.contains("postman"), "{shown}");
        let credentials = config.server.credentials.unwrap();
        assert_eq!(credentials, Credentials::new("postman".into(), "s3cr#t".into()));
        let error = parse("smtp://postman:s3cret@mail.example").unwrap_err();
        assert!(!format!("{error:?} {error}").contains("s3cret"));
    }
}
