use chrono::TimeZone;
use proptest::prelude::*;

use super::*;

const COMPANY: CompanyId = CompanyId::from_raw(1 << 50);
const SOURCE: SourceId = SourceId::from_raw((1 << 50) + 1);

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 28, 12, 0, 0).unwrap()
}

fn secret(number: usize) -> AppSecret {
    AppSecret::parse(&format!("{number:032x}")).unwrap()
}

fn only(number: usize) -> AppSecrets {
    AppSecrets { current: secret(number), previous: Vec::new() }
}

#[test]
fn a_callback_names_company_and_source_and_nothing_else_is_one() {
    let path = callback_path(COMPANY, SOURCE);
    assert_eq!(parse_callback(&path), Some((COMPANY, SOURCE)));
    let public = OwnOrigin::of(&"https://hooks.example.com:443/".parse().unwrap()).unwrap();
    let url = callback_url(&public, COMPANY, SOURCE);
    assert_eq!(url, format!("https://hooks.example.com/in/{COMPANY}/{SOURCE}"));
    for other in [
        "",
        "/in/",
        &path[3..],
        &format!("{path}/"),
        &format!("/x{path}"),
        &format!("/in/{SOURCE}/{COMPANY}"),
        &format!("/in/{COMPANY}"),
        &path.to_uppercase(),
    ] {
        assert_eq!(parse_callback(other), None, "{other}");
    }
}

#[test]
fn tokens_and_secrets_are_checked_to_their_edges() {
    let token = |length: usize| VerifyToken::parse(&"t".repeat(length)).is_ok();
    assert_eq!([7, 8, 128, 129].map(token), [false, true, true, false]);
    let app = |length: usize| AppSecret::parse(&"s".repeat(length)).is_ok();
    assert_eq!([15, 16, 256, 257].map(app), [false, true, true, false]);
    for bad in ["with a space", "new\nline-new", "ümlaut-ümlaut", "nul\0nul-nul"] {
        assert_eq!(VerifyToken::parse(bad), Err(TextError::Characters), "{bad}");
        let bad = bad.repeat(2);
        assert_eq!(AppSecret::parse(&bad), Err(TextError::Characters), "{bad}");
    }
    let said = VerifyToken::parse("x").unwrap_err().to_string();
    assert_eq!(said, "must have 8 to 128 characters");
    let made = VerifyToken::from_random([200; 32]);
    assert_eq!(VerifyToken::parse(made.as_str()), Ok(made.clone()));
    assert_eq!(made.as_str().len(), 32);
    assert_eq!(format!("{made:?} {:?}", secret(1)), "VerifyToken(…) AppSecret(…)");
}

/// Made with OpenSSL: `printf '{"object":"x"}' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef`.
const OPENSSL: &str = "cb0752138afb9be1905161ca902aa740540c66c7b579c4a42594c896dff3bcf3";

#[test]
fn a_signature_is_the_one_that_openssl_makes() {
    let app = AppSecret::parse("0123456789abcdef0123456789abcdef").unwrap();
    assert_eq!(app.sign(br#"{"object":"x"}"#), format!("sha256={OPENSSL}"));
}

#[test]
fn a_signature_is_checked_over_the_bytes_as_they_came() {
    let keys = AppSecretKeys::new(&only(1));
    let body = "{\"a\":\"\\u00e4 ä\"}".as_bytes();
    let right = secret(1).sign(body);
    let check = |body: &[u8], given: &str| keys.check(noon(), body, Some(given.as_bytes()));
    assert_eq!(check(body, &right), SignatureCheck::Right);
    assert_eq!(keys.check(noon(), body, None), SignatureCheck::Missing);
    for wrong in [
        "",
        "sha256=",
        &right[..70],
        &format!("{right}0"),
        &right[7..],
        &right.replace("sha256=", "sha512="),
        &right.replace("sha256=", "SHA256="),
        &secret(2).sign(body),
        &secret(1).sign(b"{}"),
        &format!("sha256={}", "é".repeat(32)),
    ] {
        assert_eq!(check(body, wrong), SignatureCheck::Wrong, "{wrong}");
    }
    assert_eq!(check(&body[1..], &right), SignatureCheck::Wrong);
}

#[test]
fn an_older_secret_is_accepted_until_its_time() {
    let hour = TimeDelta::hours(1);
    let rotated = AppSecrets::rotated(Some(only(1)), secret(2), hour, noon()).unwrap();
    assert_eq!(rotated.previous_until(noon()), Some(noon() + hour));
    assert_eq!(rotated.previous_until(noon() + hour), None);
    let keys = AppSecretKeys::new(&rotated);
    let check = |number, at| keys.check(at, b"{}", Some(secret(number).sign(b"{}").as_bytes()));
    let last = noon() + hour - TimeDelta::microseconds(1);
    assert_eq!((check(1, last), check(2, last)), (SignatureCheck::Right, SignatureCheck::Right));
    let over = noon() + hour;
    assert_eq!((check(1, over), check(2, over)), (SignatureCheck::Wrong, SignatureCheck::Right));
}

#[test]
fn a_rotation_keeps_what_it_must_and_drops_what_was_lost() {
    let day = TimeDelta::days(1);
    let first = AppSecrets::rotated(None, secret(0), day, noon()).unwrap();
    assert_eq!(first, only(0), "there was nothing before it");
    let mut all = first;
    for number in 1..=PREVIOUS_SECRETS_MAX {
        let at = noon() + TimeDelta::minutes(number as i64);
        all = AppSecrets::rotated(Some(all), secret(number), day, at).unwrap();
    }
    assert_eq!(all.previous.len(), PREVIOUS_SECRETS_MAX);
    assert_eq!(all.previous[0].0, secret(PREVIOUS_SECRETS_MAX - 1), "the newest first");
    let rotate = |overlap, at| AppSecrets::rotated(Some(all.clone()), secret(9), overlap, at);
    let room = noon() + day + TimeDelta::minutes(1);
    let at = noon() + TimeDelta::hours(1);
    assert_eq!(rotate(day, at), Err(TooManySecrets { until: room }));
    assert_eq!(rotate(day, room).unwrap().previous.len(), PREVIOUS_SECRETS_MAX);
    assert_eq!(rotate(TimeDelta::zero(), at).unwrap(), only(9), "nothing else is accepted");
    let same = AppSecrets::rotated(Some(only(1)), secret(1), day, noon()).unwrap();
    assert_eq!(same, only(1), "the same one again changes nothing");
}

#[test]
fn the_question_of_meta_is_answered_where_its_token_is_right() {
    let token = VerifyToken::parse("vibecoding-9f1c&=+%").unwrap();
    let query = |mode: &str, challenge: &str, token: &str| {
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.mode", mode)
            .append_pair("hub.challenge", challenge)
            .append_pair("hub.verify_token", token)
            .finish()
    };
    let answer = |query: &str| handshake(query, &token);
    let right = query("subscribe", "1158201444", token.as_str());
    assert_eq!(answer(&right), Handshake::Challenge("1158201444".into()));
    for wrong in ["", "vibecoding-9f1c", "vibecoding-9f1c&=+%%", "VIBECODING-9F1C&=+%"] {
        assert_eq!(answer(&query("subscribe", "1", wrong)), Handshake::WrongToken, "{wrong}");
    }
    let longest = "9".repeat(CHALLENGE_BYTES_MAX);
    let is_answered = |challenge: &str| {
        matches!(answer(&query("subscribe", challenge, token.as_str())), Handshake::Challenge(_))
    };
    assert!(is_answered(&longest) && !is_answered(&format!("{longest}9")) && !is_answered(""));
    for none in ["", "hub.mode=subscribe", "a=b", &query("unsubscribe", "1", token.as_str())] {
        assert_eq!(answer(none), Handshake::NoQuestion, "{none}");
    }
}

#[test]
fn a_state_is_what_is_missing_next() {
    use SourceState::{NeedsAppSecret, NeedsHandshake, Receiving, WaitsForNotifications};
    for (facts, state) in [
        ((false, false, false), NeedsAppSecret),
        ((false, true, true), NeedsAppSecret),
        ((true, false, false), NeedsHandshake),
        ((true, true, false), WaitsForNotifications),
        ((true, true, true), Receiving),
        ((true, false, true), Receiving),
    ] {
        assert_eq!(SourceState::of(facts.0, facts.1, facts.2), state, "{facts:?}");
    }
}

#[test]
fn reasons_read_back_and_say_what_to_do() {
    for reason in RefusalReason::ALL {
        assert_eq!(RefusalReason::parse(reason.as_str()), Some(reason));
        assert!((10..=REFUSED_DETAIL_BYTES_MAX).contains(&reason.sentence().len()));
    }
    assert_eq!(RefusalReason::parse("other"), None);
    let limit = NOTIFICATION_BYTES_MAX.to_string();
    assert!(RefusalReason::TooLarge.sentence().contains(&limit));
    assert_eq!("whatsapp".parse(), Ok(SourceKind::WhatsApp));
    assert_eq!("sms".parse::<SourceKind>(), Err(UnknownKind));
}

proptest! {
    #[test]
    fn no_query_and_no_header_panics(query in ".{0,80}", header: Vec<u8>, body: Vec<u8>) {
        let token = VerifyToken::parse("vibecoding-9f1c").unwrap();
        prop_assert!(!matches!(handshake(&query, &token), Handshake::Challenge(_)));
        let found = AppSecretKeys::new(&only(1)).check(noon(), &body, Some(&header));
        prop_assert_eq!(found, SignatureCheck::Wrong);
    }

    #[test]
    fn every_callback_reads_back(company in 0i64..i64::MAX, source in 0i64..i64::MAX) {
        let (company, source) = (CompanyId::from_raw(company), SourceId::from_raw(source));
        let path = callback_path(company, source);
        prop_assert_eq!(parse_callback(&path), Some((company, source)));
    }
}
