//! What mails about accounts say: links to an account, invitations, and that something has changed.

use domain::person::AccountMailKind;
use serde::Serialize;
use store::{AccountFacts, AccountMail};
use url::Url;

use crate::text::{Rendered, clean, fill, moment, path_link};

/// The most letters of one value.
const VALUE_CHARS_MAX: usize = 300;
/// The most letters of the company's name in a subject.
const SUBJECT_NAME_CHARS_MAX: usize = 60;

/// What the frames are made of.
#[derive(Serialize)]
struct Frame<'a> {
    subject: &'a str,
    paragraphs: Vec<String>,
    link: Option<String>,
    /// What the link would carry, where it is not known where the dashboard is.
    code: Option<&'a str>,
    until: Option<String>,
    footer: &'a str,
}

/// Writes a mail's words from the facts frozen in its row.
pub(crate) fn render(mail: &AccountMail, public_url: Option<&Url>) -> Rendered {
    let AccountMail { kind, facts, token } = mail;
    let subject = subject(*kind, facts);
    let link = match (token, public_url, page(*kind)) {
        (Some(token), Some(base), Some(page)) => Some(link(base, page, token)),
        (Some(_) | None, Some(_) | None, Some(_) | None) => None,
    };
    let frame = Frame {
        subject: &subject,
        paragraphs: paragraphs(*kind, facts),
        code: if link.is_none() { token.as_deref() } else { None },
        link,
        until: facts.expires_at.map(moment),
        footer: footer(*kind),
    };
    let (text, html) = (fill("account.txt", &frame), fill("account.html", &frame));
    Rendered { subject, text, html }
}

fn subject(kind: AccountMailKind, facts: &AccountFacts) -> String {
    match kind {
        AccountMailKind::VerifyEmail => "Confirm your mail address".to_owned(),
        AccountMailKind::ResetPassword => "Choose a new password".to_owned(),
        AccountMailKind::ChangeEmail => "Confirm your new mail address".to_owned(),
        AccountMailKind::Invitation => format!("You are invited to {}", company(facts)),
        AccountMailKind::PasswordChanged => "Your password was changed".to_owned(),
        AccountMailKind::EmailChanged => "Your mail address was changed".to_owned(),
        AccountMailKind::ProveAddress => {
            format!("Shall mails of {} come here?", company(facts))
        }
    }
}

fn company(facts: &AccountFacts) -> String {
    let name = facts.company_name.as_deref().unwrap_or_default();
    let name = clean(name, SUBJECT_NAME_CHARS_MAX);
    if name.is_empty() { "a company".to_owned() } else { name }
}

fn paragraphs(kind: AccountMailKind, facts: &AccountFacts) -> Vec<String> {
    let value = |text: &Option<String>| clean(text.as_deref().unwrap_or_default(), VALUE_CHARS_MAX);
    let at = moment(facts.happened_at);
    match kind {
        AccountMailKind::VerifyEmail => {
            vec!["Somebody signed up to Hookferry with this mail address. If that was you, please confirm that it is yours.".to_owned()]
        }
        AccountMailKind::ResetPassword => vec![
            "Somebody asked for a new password for your Hookferry account. If that was you, choose one here. It ends every login.".to_owned(),
        ],
        AccountMailKind::ChangeEmail => {
            vec!["This is to be the new mail address of a Hookferry account. If that is what you want, please confirm it.".to_owned()]
        }
        AccountMailKind::Invitation => {
            let by = value(&facts.invited_by);
            let who = if by.is_empty() { "You are invited".to_owned() } else { format!("{by} invites you") };
            let role = value(&facts.role);
            vec![format!("{who} to join {} in Hookferry as {role}.", company(facts))]
        }
        AccountMailKind::PasswordChanged => vec![
            format!("The password of your Hookferry account was changed on {at}. Every other login has ended."),
            "If that was not you, ask for a new password at once, and tell whoever runs this installation.".to_owned(),
        ],
        AccountMailKind::EmailChanged => vec![
            format!("The mail address of your Hookferry account was changed to {} on {at}.", value(&facts.new_email)),
            "If that was not you, tell whoever runs this installation at once.".to_owned(),
        ],
        AccountMailKind::ProveAddress => {
            let by = value(&facts.invited_by);
            let who = if by.is_empty() { company(facts) } else { format!("{by} of {}", company(facts)) };
            vec![format!("{who} wants mails about webhooks in Hookferry to come to this address: when one fails, is Defective, works again or was disabled. If you want them, please confirm it. You can stop them at any time.")]
        }
    }
}

const fn footer(kind: AccountMailKind) -> &'static str {
    match kind {
        AccountMailKind::VerifyEmail
        | AccountMailKind::ResetPassword
        | AccountMailKind::ChangeEmail
        | AccountMailKind::Invitation
        | AccountMailKind::ProveAddress => {
            "If you did not expect this mail, you can ignore it: nothing happens."
        }
        AccountMailKind::PasswordChanged | AccountMailKind::EmailChanged => {
            "You get this mail because it concerns the safety of your account in Hookferry."
        }
    }
}

/// Where a link leads.
enum Page {
    /// To a page of the dashboard.
    Dashboard(&'static str),
    /// To a page for whoever has no account.
    ProveAddress,
}

/// The page that a link leads to.
const fn page(kind: AccountMailKind) -> Option<Page> {
    match kind {
        AccountMailKind::VerifyEmail => Some(Page::Dashboard("verify-email")),
        AccountMailKind::ResetPassword => Some(Page::Dashboard("reset-password")),
        AccountMailKind::ChangeEmail => Some(Page::Dashboard("change-email")),
        AccountMailKind::Invitation => Some(Page::Dashboard("invitation")),
        AccountMailKind::ProveAddress => Some(Page::ProveAddress),
        AccountMailKind::PasswordChanged | AccountMailKind::EmailChanged => None,
    }
}

/// The token is in the fragment: no server, proxy or log on the way gets to see it. Only where the
/// page must work without the dashboard is it in the path; all that can be done with that one is to
/// say that mails may come.
fn link(public_url: &Url, page: Page, token: &str) -> String {
    let page = match page {
        Page::Dashboard(page) => page,
        Page::ProveAddress => {
            return path_link(public_url, &["notification-addresses", "confirm", token]);
        }
    };
    let mut url = public_url.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push(page);
    }
    url.set_fragment(Some(&format!("token={token}")));
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Utc};

    fn sample(kind: AccountMailKind) -> AccountMail {
        let at = Utc.with_ymd_and_hms(2026, 11, 20, 2, 14, 0).unwrap();
        let has_link = page(kind).is_some();
        let facts = AccountFacts {
            person: "Ann".into(),
            company_name: Some("Acme".into()),
            role: Some("developer".into()),
            invited_by: Some("Bob".into()),
            new_email: Some("ann@new.example".into()),
            happened_at: at,
            expires_at: has_link.then(|| at + chrono::TimeDelta::hours(1)),
        };
        AccountMail { kind, facts, token: has_link.then(|| "t0ken-_".into()) }
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn each_kind_reads_well() {
        for kind in AccountMailKind::ALL {
            let mail = render(&sample(kind), Some(&url("https://hooks.example/app/")));
            let page = format!("Subject: {}\n\n{}\n{}", mail.subject, mail.text, mail.html);
            insta::assert_snapshot!(kind.as_str(), page);
        }
    }

    #[test]
    fn without_a_public_url_there_is_a_code() {
        let mail = render(&sample(AccountMailKind::ResetPassword), None);
        assert!(mail.text.contains("t0ken-_") && !mail.text.contains("://"), "{}", mail.text);
        assert!(mail.html.contains("t0ken-_") && !mail.html.contains("<a "), "{}", mail.html);
    }

    #[test]
    fn values_cannot_break_out() {
        let evil = "<script>alert(1)</script>\r\nBcc: x@example.com\u{202e}\"'&";
        for kind in AccountMailKind::ALL {
            let mut mail = sample(kind);
            for text in [
                &mut mail.facts.company_name,
                &mut mail.facts.invited_by,
                &mut mail.facts.new_email,
                &mut mail.facts.role,
            ] {
                *text = Some(evil.into());
            }
            let mail = render(&mail, Some(&url("https://hooks.example")));
            assert!(!mail.html.contains("<script"), "{}", mail.html);
            assert!(!mail.subject.contains(char::is_control), "{}", mail.subject);
            for part in [&mail.text, &mail.html] {
                assert!(!part.lines().any(|line| line.starts_with("Bcc")), "{part}");
                assert!(!part.contains(['\r', '\u{202e}']), "{part}");
            }
        }
    }
}
