//! A mail as it goes over the wire.

use chrono::{DateTime, Utc};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use store::OutgoingMail;

use crate::Config;
use crate::text::{render, stop_link};

/// RFC 3834: nobody has to answer this mail, least of all a machine.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_value: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// RFC 2369 and 8058: where whoever reads it can stop such mails, by one request without a page.
#[derive(Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(value: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(value.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        // Never folded or encoded: it is ASCII, and a URL must stay in one piece.
        let value = format!("<{}>", self.0);
        HeaderValue::dangerous_new_pre_encoded(Self::name(), value.clone(), value)
    }
}

/// RFC 8058: one click is enough.
#[derive(Clone)]
struct ListUnsubscribePost;

impl Header for ListUnsubscribePost {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_value: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "List-Unsubscribe=One-Click".into())
    }
}

/// Writes the message. The Message-ID is the same on every try, so that a mail sent twice (after a
/// crash) can be recognised; the error is a sentence for the row.
pub(crate) fn compose(
    mail: &OutgoingMail,
    config: &Config,
    now: DateTime<Utc>,
) -> Result<Message, String> {
    let recipient: Address =
        mail.recipient.parse().map_err(|_| String::from("the recipient is not a mail address"))?;
    let rendered = render(mail, config);
    let mut message = Message::builder();
    let stop = mail.stop.as_deref().and_then(|token| stop_link(config.public_url.as_ref(), token));
    if let Some(stop) = stop {
        message = message.header(ListUnsubscribe(stop)).header(ListUnsubscribePost);
    }
    message
        .from(config.from.clone())
        .to(Mailbox::new(None, recipient))
        .subject(rendered.subject)
        .date(now.into())
        .message_id(Some(format!("<{}@{}>", mail.id, config.from.email.domain())))
        .header(AutoSubmitted)
        .multipart(MultiPart::alternative_plain_html(rendered.text, rendered.html))
        .map_err(|error| format!("the mail cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::sample;
    use domain::notice::NoticeKind;
    use store::{CompanyMail, MailContent};

    fn wire(mail: &OutgoingMail) -> String {
        let config =
            Config::parse("smtp://localhost", "Hookferry <hookferry@mail.example>", None).unwrap();
        let now = mail.created_at + chrono::TimeDelta::hours(1);
        String::from_utf8(compose(mail, &config, now).unwrap().formatted()).unwrap()
    }

    #[test]
    fn headers_are_whole_and_the_message_id_is_stable() {
        let mail = sample(NoticeKind::Defective);
        let first = wire(&mail);
        let id = format!("Message-ID: <{}@mail.example>\r\n", mail.id);
        assert!(first.contains(&id) && wire(&mail).contains(&id), "{first}");
        for header in [
            "Auto-Submitted: auto-generated\r\n",
            "Date: Fri, 20 Nov 2026 03:14:00 +0000\r\n",
            "To: owner@acme.example\r\n",
            "Subject: [Acme] Webhook Defective: billing.acme.example\r\n",
            "Content-Type: multipart/alternative;",
        ] {
            assert!(first.contains(header), "{header} is not in {first}");
        }
    }

    #[test]
    fn only_an_added_address_is_told_how_to_stop() {
        let url = url::Url::parse("https://hooks.example/app").unwrap();
        let config = Config::parse("smtp://localhost", "h@mail.example", Some(&url)).unwrap();
        let wire = |mail: &OutgoingMail| {
            String::from_utf8(compose(mail, &config, mail.created_at).unwrap().formatted()).unwrap()
        };
        let mut mail = sample(NoticeKind::Defective);
        assert!(!wire(&mail).contains("List-Unsubscribe"));
        mail.stop = Some("t0ken-_".repeat(6));
        let text = wire(&mail);
        let link = format!(
            "https://hooks.example/app/notification-addresses/stop/{}",
            "t0ken-_".repeat(6)
        );
        for header in [
            format!("List-Unsubscribe: <{link}>\r\n"),
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".to_owned(),
        ] {
            assert!(text.contains(&header), "{header} is not in {text}");
        }
        assert!(!self::wire(&mail).contains("List-Unsubscribe"), "nobody knows where it is");
    }

    #[test]
    fn a_company_name_cannot_add_headers() {
        let mut mail = sample(NoticeKind::Defective);
        let MailContent::Company(CompanyMail::Endpoint { facts, .. }) = &mut mail.content else {
            panic!()
        };
        facts.company_name = "Acme\r\nBcc: everybody@example.com\r\n\r\nبيت".into();
        let text = wire(&mail);
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert!(head.is_ascii() && head.contains("Subject: "), "{head}");
    }

    #[test]
    fn a_recipient_that_is_no_address_is_a_sentence() {
        let config = Config::parse("smtp://localhost", "hookferry@localhost", None).unwrap();
        let mut mail = sample(NoticeKind::Warning);
        for recipient in ["nobody", "a@b.example\r\nRCPT TO:<c@d.example>"] {
            mail.recipient = recipient.into();
            let error = compose(&mail, &config, mail.created_at).unwrap_err();
            assert_eq!(error, "the recipient is not a mail address");
        }
    }
}
