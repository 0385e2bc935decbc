use super::*;
use chrono::TimeZone;
use domain::id::MailId;

/// A mail of a kind with the facts of a plain day.
pub(crate) fn sample(kind: NoticeKind) -> OutgoingMail {
    let since = Utc.with_ymd_and_hms(2026, 11, 19, 9, 34, 7).unwrap();
    let happened_at = Utc.with_ymd_and_hms(2026, 11, 20, 2, 14, 0).unwrap();
    let facts = MailFacts {
        company_name: "Acme".into(),
        endpoint_id: "ep_01hf000000e0080000000000c1".into(),
        endpoint_url: "https://billing.acme.example/wa".into(),
        endpoint_description: "Billing".into(),
        failures: match kind {
            NoticeKind::Warning => 50,
            NoticeKind::Defective => 100,
            NoticeKind::Recovered => 119,
            NoticeKind::DisabledByGone => 1,
        },
        failing_since: Some(since),
        last_status: Some(if kind == NoticeKind::DisabledByGone { 410 } else { 503 }),
        last_error: Some(match kind {
            NoticeKind::DisabledByGone => "the receiver answered 410".into(),
            NoticeKind::Warning | NoticeKind::Defective | NoticeKind::Recovered => {
                "the receiver answered 503".into()
            }
        }),
        waiting: 1204,
        happened_at,
        give_up_after_s: 7 * 86_400,
        defective_after: 100,
    };
    OutgoingMail {
        id: MailId::from_raw(1_234_567_890_123),
        recipient: "owner@acme.example".into(),
        tries: 0,
        created_at: happened_at,
        content: MailContent::Company(CompanyMail::Endpoint { kind, facts: Box::new(facts) }),
        stop: None,
    }
}

fn config() -> Config {
    let dashboard = Url::parse("https://hooks.example/app/").unwrap();
    Config::parse("smtp://localhost", "hookferry@localhost", Some(&dashboard)).unwrap()
}

fn rendered(kind: NoticeKind, change: impl FnOnce(&mut MailFacts)) -> Rendered {
    let mut mail = sample(kind);
    let MailContent::Company(CompanyMail::Endpoint { facts, .. }) = &mut mail.content else {
        panic!()
    };
    change(facts);
    render(&mail, &config())
}

#[test]
fn each_kind_reads_well() {
    for kind in NoticeKind::ALL {
        let mail = rendered(kind, |_| {});
        let page = format!("Subject: {}\n\n{}\n{}", mail.subject, mail.text, mail.html);
        insta::assert_snapshot!(kind.as_str(), page);
    }
}

#[test]
fn values_cannot_break_out_of_html_text_or_subject() {
    let evil = "<script>alert(1)</script>\r\nBcc: x@example.com\u{202e}\"'&";
    for kind in NoticeKind::ALL {
        let mail = rendered(kind, |facts| {
            facts.company_name = evil.into();
            facts.endpoint_description = evil.into();
            facts.last_error = Some(evil.into());
            facts.endpoint_id = evil.into();
            facts.endpoint_url = format!("https://billing.acme.example/{evil}");
        });
        assert!(!mail.html.contains("<script"), "{}", mail.html);
        assert!(mail.html.contains("&lt;script&gt;"), "{}", mail.html);
        for part in [&mail.text, &mail.html] {
            assert!(!part.lines().any(|line| line.starts_with("Bcc")), "{part}");
            assert!(!part.contains(['\r', '\u{202e}']), "{part}");
        }
        assert!(!mail.subject.contains(char::is_control), "{}", mail.subject);
    }
}

#[test]
fn queries_and_credentials_are_not_mailed() {
    for url in [
        "https://user:pass@billing.acme.example/wa?token=s3cret#s3cret",
        "not a url s3cret",
        "data:s3cret?s3cret",
    ] {
        let mail = rendered(NoticeKind::Defective, |facts| facts.endpoint_url = url.into());
        for part in [&mail.subject, &mail.text, &mail.html] {
            assert!(!part.contains("s3cret") && !part.contains("user:pass"), "{url}: {part}");
        }
    }
}

#[test]
fn without_a_public_url_there_is_no_link() {
    let config = Config::parse("smtp://localhost", "hookferry@localhost", None).unwrap();
    let mail = render(&sample(NoticeKind::Defective), &config);
    assert!(!mail.text.contains("dashboard") && !mail.html.contains("<a "), "{}", mail.text);
}

/// A test mail to an added address.
fn test_mail(company: &str, asked_by: &str) -> OutgoingMail {
    let facts = TestMailFacts {
        company_name: company.into(),
        asked_by: Some(asked_by.into()),
        asked_at: Utc.with_ymd_and_hms(2026, 11, 20, 2, 14, 0).unwrap(),
    };
    OutgoingMail {
        content: MailContent::Company(CompanyMail::Test(facts)),
        stop: Some("t0ken-_".into()),
        ..sample(NoticeKind::Warning)
    }
}

#[test]
fn a_test_mail_to_an_added_address_reads_well() {
    let mail = render(&test_mail("Acme", "Ann"), &config());
    let page = format!("Subject: {}\n\n{}\n{}", mail.subject, mail.text, mail.html);
    insta::assert_snapshot!("test_mail", page);
}

#[test]
fn a_test_mail_cannot_be_broken_out_of() {
    let evil = "<script>alert(1)</script>\r\nBcc: x@example.com\u{202e}\"'&";
    let mail = render(&test_mail(evil, evil), &config());
    assert!(!mail.html.contains("<script"), "{}", mail.html);
    assert!(!mail.subject.contains(char::is_control), "{}", mail.subject);
    for part in [&mail.text, &mail.html] {
        assert!(!part.lines().any(|line| line.starts_with("Bcc")), "{part}");
        assert!(!part.contains(['\r', '\u{202e}']), "{part}");
    }
}

#[test]
fn what_is_shown_is_what_is_sent_but_for_the_reader_s_own_link() {
    let mut sent = sample(NoticeKind::Defective);
    let shown = |is_to_member| {
        let MailContent::Company(content) = sample(NoticeKind::Defective).content else { panic!() };
        let record = MailRecord {
            id: sent.id,
            endpoint: None,
            recipient: sent.recipient.clone(),
            is_to_member,
            content,
            state: store::MailState::Queued,
            tries: 0,
            last_error: None,
            due_at: sent.created_at,
            created_at: sent.created_at,
            sent_at: None,
        };
        Writer::new(config().public_url).words(&record)
    };
    let (member, added) = (shown(true), shown(false));
    let real = render(&sent, &config());
    assert_eq!((member.subject, member.text), (real.subject, real.text));
    sent.stop = Some("t0ken-_".into());
    let real = render(&sent, &config());
    assert!(real.text.contains("/notification-addresses/stop/t0ken-_"), "{}", real.text);
    assert!(
        !added.text.contains("t0ken-_") && !added.text.contains("/endpoints/"),
        "{}",
        added.text
    );
}

#[test]
fn counts_and_spans_are_written_out() {
    assert_eq!(waiting(0), "no deliveries");
    assert_eq!(waiting(1), "1 delivery");
    assert_eq!(waiting(1204), "1,204 deliveries");
    assert_eq!(waiting(10_000), "10,000 deliveries");
    assert_eq!(waiting(10_001), "more than 10,000 deliveries");
    assert_eq!(span(TimeDelta::days(7)), "7 days");
    assert_eq!(span(TimeDelta::hours(36)), "36 hours");
    assert_eq!(span(TimeDelta::minutes(1)), "1 minute");
    assert_eq!(span(TimeDelta::seconds(90)), "90 seconds");
    assert_eq!(thousands(1_234_567), "1,234,567");
    assert_eq!(status_text(599), "599");
}

#[test]
fn one_failure_is_one_request() {
    let mail = rendered(NoticeKind::Warning, |facts| facts.failures = 1);
    assert!(mail.text.starts_with("The last request to this webhook failed."), "{}", mail.text);
}

#[test]
fn a_long_name_is_cut() {
    let mail = rendered(NoticeKind::Warning, |facts| facts.company_name = "é".repeat(5_000));
    assert!(mail.subject.chars().count() < 120, "{}", mail.subject);
}
