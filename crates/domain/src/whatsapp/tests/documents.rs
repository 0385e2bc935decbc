//! Notifications as a whole: what is none, what is too much, what of one is refused.

use super::*;

fn check(body: &[u8], expected: Malformed, pointer: &str) {
    let wrong = parse(body, received_at()).unwrap_err();
    assert_eq!(wrong, expected);
    assert_eq!(wrong.pointer(), pointer);
}

#[test]
fn what_is_no_notification_is_malformed_as_a_whole() {
    check(b"", Malformed::NotJson { line: 1, column: 0 }, "");
    check(b"{}x", Malformed::NotJson { line: 1, column: 3 }, "");
    check(b"{\"a\":\xff}", Malformed::NotUtf8 { offset: 5 }, "");
    check(b"\xef\xbb\xbf{}", Malformed::NotJson { line: 1, column: 1 }, "");
    for (body, found) in [
        ("[]", Kind::Array),
        ("null", Kind::Null),
        (" 1 ", Kind::Number),
        ("\"a\"", Kind::Text),
        ("false", Kind::Boolean),
    ] {
        check(body.as_bytes(), Malformed::NotAnObject { found }, "");
    }
    for body in [
        "{}",
        r#"{"entry":[]}"#,
        r#"{"object":"page","entry":[]}"#,
        r#"{"object":["whatsapp_business_account"],"entry":[]}"#,
    ] {
        check(body.as_bytes(), Malformed::OtherProduct, "/object");
    }
    let body = r#"{"object":"whatsapp_business_account"}"#;
    check(body.as_bytes(), Malformed::NoEntries { found: Kind::Missing }, "/entry");
    let found = Kind::Object;
    check(whole("{}").as_bytes(), Malformed::NoEntries { found }, "/entry");
}

#[test]
fn the_largest_body() {
    let body = whole("[]");
    let padded = |bytes: usize| body.clone() + &" ".repeat(bytes - body.len());
    assert_eq!(read(&padded(NOTIFICATION_BYTES_MAX)), Notification::default());
    check(padded(NOTIFICATION_BYTES_MAX + 1).as_bytes(), Malformed::TooLarge, "");
}

#[test]
fn one_update_may_be_as_large_as_a_notification() {
    let empty = message(r#","text":{"body":""}"#);
    let long = "x".repeat(NOTIFICATION_BYTES_MAX - empty.len());
    let update = only(&message(&format!(r#","text":{{"body":"{long}"}}"#)));
    assert!(update.data.len() > long.len() && update.data.len() <= UPDATE_DATA_BYTES_MAX);
}

#[test]
fn the_most_updates() {
    let many = |one: &str, count: usize| vec![one; count].join(",");
    let too_many = |body: String| check(body.as_bytes(), Malformed::TooManyUpdates, "/entry");
    let of = |body: String| read(&body).updates.len() + read(&body).refused.len();
    for one in ["0", r#"{"id":"1","changes":[{"field":"calls","value":{}}]}"#] {
        assert_eq!(of(whole(&format!("[{}]", many(one, 1000)))), 1000);
        too_many(whole(&format!("[{}]", many(one, 1001))));
    }
    let changes = |count| whole(&format!(r#"[{{"changes":[{}]}}]"#, many("{}", count)));
    assert_eq!(of(changes(1000)), 1000);
    too_many(changes(1001));
    let elements = |messages, statuses| {
        let (messages, statuses) = (many("{}", messages), many("{}", statuses));
        self::messages(&format!(r#""messages":[{messages}],"statuses":[{statuses}]"#))
    };
    assert_eq!(of(elements(1000, 0)), 1000);
    assert_eq!(of(elements(999, 1)), 1000);
    too_many(elements(1001, 0));
    too_many(elements(999, 2));
    let two = whole(&format!(r#"[{},0]"#, r#"{"id":"1","changes":[{}]}"#));
    assert_eq!(of(two), 2);
}

#[test]
fn what_is_bad_is_refused_by_itself() {
    let good =
        r#"{"id":"1","changes":[{"field":"calls","value":{}},7,{"field":"flows","value":{}}]}"#;
    let entries = format!(
        r#"[null,{good},{{"id":"2"}},{{"changes":{{}}}},{{"changes":[]}},{{"messaging":[]}}]"#
    );
    let Notification { updates, refused } = read(&whole(&entries));
    let types: Vec<_> = updates.iter().map(|update| update.event_type.as_str()).collect();
    assert_eq!(types, ["whatsapp.calls", "flow.updated"]);
    let refused: Vec<_> =
        refused.iter().map(|one| (one.pointer.as_str(), one.reason.as_str())).collect();
    assert_eq!(
        refused,
        [
            ("/entry/0", "it is null where an object with `id` and `changes` is expected"),
            (
                "/entry/1/changes/1",
                "it is a number where an object with `field` and `value` is expected"
            ),
            ("/entry/2", "`changes` is missing where an array of changes is expected"),
            ("/entry/3/changes", "`changes` is an object where an array of changes is expected"),
            ("/entry/4/changes", "there is no change in it"),
            ("/entry/5", "`changes` is missing where an array of changes is expected"),
        ]
    );
}

#[test]
fn a_depth_that_no_tree_can_have_is_carried() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let update = only(&of_field("deep", &deep));
    assert!(text(&update).contains(&deep));
}
