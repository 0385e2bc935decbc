//! One mail over one connection, and whose fault it is when that does not work.

use std::error::Error as _;
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailParameter};

use crate::config::{Config, Server, Tls};

/// How long connecting and sending one mail may take together.
pub(crate) const SEND_SECONDS_MAX: u64 = 30;

/// How long saying goodbye may take.
const QUIT_SECONDS_MAX: u64 = 2;

const MECHANISMS: &[lettre::transport::smtp::authentication::Mechanism] =
    lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;

/// Why a mail was not taken, cut by what it means for this mail and for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SendError {
    /// The server cannot be used at all: other mails would fare no better now.
    Server(String),
    /// This mail was not taken; it may be later.
    Later(String),
    /// This mail will never be taken.
    Never(String),
}

/// A connection that is opened when it is needed and kept for the mails that follow. Not lettre's
/// pool: that one does not tell at which step a server said no, and gives a connection that was
/// cut off in the middle of a mail to the next one.
#[derive(Default)]
pub(crate) struct Line {
    connection: Option<AsyncSmtpConnection>,
}

impl Line {
    /// Sends one mail within [`SEND_SECONDS_MAX`].
    pub(crate) async fn send(
        &mut self,
        config: &Config,
        message: &Message,
    ) -> Result<(), SendError> {
        // Taken out: whatever ends this call early also ends the connection.
        let kept = self.connection.take();
        let sending = async {
            let mut connection = match kept {
                Some(connection) => connection,
                None => open(&config.server).await?,
            };
            converse(&mut connection, message).await?;
            Ok(connection)
        };
        match tokio::time::timeout(Duration::from_secs(SEND_SECONDS_MAX), sending).await {
            Ok(Ok(connection)) => {
                self.connection = Some(connection);
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(SendError::Server(format!(
                "the mail server did not finish within {SEND_SECONDS_MAX} seconds"
            ))),
        }
    }

    /// Says goodbye.
    pub(crate) async fn close(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            let limit = Duration::from_secs(QUIT_SECONDS_MAX);
            // A server that does not answer a goodbye has taken its mails all the same.
            drop(tokio::time::timeout(limit, connection.quit()).await);
        }
    }
}

async fn open(server: &Server) -> Result<AsyncSmtpConnection, SendError> {
    let failed = |error: Error| {
        SendError::Server(format!("the mail server cannot be used: {}", words(&error)))
    };
    let address = (server.host.as_str(), server.port);
    let tls_from_the_start = match &server.tls {
        Tls::FromTheStart(parameters) => Some(parameters.clone()),
        Tls::Never | Tls::IfOffered(_) | Tls::Required(_) => None,
    };
    let mut connection =
        AsyncSmtpConnection::connect_tokio1(address, None, &server.hello, tls_from_the_start, None)
            .await
            .map_err(failed)?;
    if let Some(parameters) = starttls(server, &connection) {
        connection.starttls(parameters, &server.hello).await.map_err(failed)?;
    }
    if let Some(credentials) = &server.credentials {
        if !connection.is_encrypted() && !server.is_local() {
            return Err(SendError::Server(
                "the mail server offers no TLS, and the password is not sent without".into(),
            ));
        }
        connection.auth(MECHANISMS, credentials).await.map_err(failed)?;
    }
    Ok(connection)
}

fn starttls(server: &Server, connection: &AsyncSmtpConnection) -> Option<TlsParameters> {
    match &server.tls {
        Tls::Required(parameters) => Some(parameters.clone()),
        Tls::IfOffered(parameters) => connection.can_starttls().then(|| parameters.clone()),
        Tls::Never | Tls::FromTheStart(_) => None,
    }
}

async fn converse(
    connection: &mut AsyncSmtpConnection,
    message: &Message,
) -> Result<(), SendError> {
    let envelope = message.envelope();
    let mut parameters = Vec::new();
    if envelope.to().iter().any(|to| !to.to_string().is_ascii()) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(SendError::Later(
                "the mail server takes no address with letters outside ASCII (SMTPUTF8)".into(),
            ));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    // Whoever refuses our sender refuses every mail of ours.
    let from = Mail::new(envelope.from().cloned(), parameters);
    connection.command(from).await.map_err(|error| {
        let text = format!("the mail server does not take the sender: {}", words(&error));
        if error.is_permanent() { SendError::Server(text) } else { SendError::Later(text) }
    })?;
    for to in envelope.to() {
        let step = connection.command(Rcpt::new(to.clone(), Vec::new())).await;
        step.map_err(|error| judge("the mail server does not take the recipient", &error))?;
    }
    let refused = |error: Error| judge("the mail server did not take the mail", &error);
    connection.command(Data).await.map_err(refused)?;
    connection.message(&message.formatted()).await.map_err(refused)?;
    Ok(())
}

fn judge(what: &str, error: &Error) -> SendError {
    let text = format!("{what}: {}", words(error));
    let code = error.status().map(u16::from);
    let reply = error.source().map(ToString::to_string).unwrap_or_default();
    if code.is_some_and(|code| is_final(code, &reply)) {
        SendError::Never(text)
    } else {
        SendError::Later(text)
    }
}

/// Whether a reply to a recipient or to a mail is the last word about it. One that asks for
/// authentication or names a policy (RFC 3463, X.7) is about us, and an operator can mend it.
fn is_final(code: u16, reply: &str) -> bool {
    (500..600).contains(&code)
        && !matches!(code, 530 | 534 | 535 | 538)
        && !reply.trim_start().starts_with("5.7.")
}

/// The server's own words with their code, or what broke.
fn words(error: &Error) -> String {
    let mut text = match (error.status(), error.source()) {
        (Some(code), Some(reply)) => format!("{code} {reply}"),
        (None, Some(source)) => source.to_string(),
        (_, None) => error.to_string(),
    };
    text.retain(|letter| letter == '\n' || !letter.is_control());
    text.replace('\n', " ").chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_recipient_is_final_but_our_own_faults_are_not() {
        assert!(is_final(550, "5.1.1 no such user"));
        assert!(is_final(552, "too large"));
        for (code, reply) in [
            (450, "4.2.0 greylisted"),
            (530, "authentication required"),
            (535, "bad password"),
            (554, "5.7.1 relay access denied"),
        ] {
            assert!(!is_final(code, reply), "{code} {reply}");
        }
    }

    #[tokio::test]
    async fn nobody_listening_is_the_servers_fault_not_the_mails() {
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", closed.local_addr().unwrap());
        drop(closed);
        let config = Config::parse(&url, "hookferry@localhost", None).unwrap();
        let mail = crate::text::sample(domain::notice::NoticeKind::Warning);
        let message = crate::message::compose(&mail, &config, mail.created_at).unwrap();
        let error = Line::default().send(&config, &message).await.unwrap_err();
        let SendError::Server(text) = error else { panic!("{error:?}") };
        assert!(text.contains("refused"), "{text}");
    }
}
