//! Whom a message is about.

use super::*;

fn each(contacts: &str, from: &[&str]) -> Vec<Update> {
    let list: Vec<String> = from
        .iter()
        .enumerate()
        .map(|(index, from)| format!(r#"{{"id":"wamid.{index}","type":"text",{from}}}"#))
        .collect();
    let list = list.join(",");
    read(&messages(&format!(r#""contacts":{contacts},"messages":[{list}]"#))).updates
}

#[test]
fn each_message_has_its_own() {
    let a = r#"{"wa_id":"91","profile":{"name":"A"}}"#;
    let b = r#"{ "wa_id":"92","user_id":"IN.2","parent_user_id":"P.2","profile":{"name":"B","username":"@b"} }"#;
    let c = r#"{"wa_id":"93"}"#;
    let updates = each(
        &format!("[{a},{b},{c}]"),
        &[r#""from":"92""#, r#""from":"91""#, r#""from_user_id":"IN.2""#, r#""from":"99""#],
    );
    let whom = |update: &Update| data(update)["contact"].clone();
    let named = json!({ "wa_id": "92", "user_id": "IN.2", "parent_user_id": "P.2", "name": "B", "username": "@b" });
    assert_eq!(whom(&updates[0]), named);
    assert_eq!(whom(&updates[1]), json!({ "wa_id": "91", "name": "A" }));
    assert_eq!(whom(&updates[2]), named);
    assert_eq!(whom(&updates[3]), json!({ "wa_id": "99" }));
    assert!(text(&updates[0]).contains(&format!(r#""contacts":[{b},{c}]"#)), "nobody's too");
    assert!(text(&updates[1]).contains(&format!(r#""contacts":[{a}]"#)));
    assert!(text(&updates[2]).contains(&format!(r#""contacts":[{b}]"#)));
    assert_eq!(data(&updates[3])["contacts"], Value::Null);
}

#[test]
fn the_only_one_beside_the_only_message_is_its_own() {
    let mexican = r#"[{"wa_id":"5215512345678","profile":{"name":"A"}}]"#;
    let updates = each(mexican, &[r#""from":"525512345678""#]);
    assert_eq!(data(&updates[0])["contact"], json!({ "wa_id": "5215512345678", "name": "A" }));
    let updates = each(mexican, &[r#""from":"525512345678""#, r#""from":"1""#]);
    assert_eq!(data(&updates[0])["contact"], json!({ "wa_id": "525512345678" }));
    let updates = each(mexican, &["\"a\":1", "\"a\":2"]);
    assert_eq!(updates[1].subject.as_deref(), Some("5215512345678"), "who else");
    let other = r#"[{"user_id":"IN.1","profile":{"name":"A"}}]"#;
    let updates = each(other, &[r#""from":"91","from_user_id":"IN.2""#]);
    assert_eq!(data(&updates[0])["contact"], json!({ "wa_id": "91", "user_id": "IN.2" }));
}

#[test]
fn ids_come_from_both_sides() {
    let updates = each(
        r#"[{"wa_id":"91","profile":{"name":"A"}}]"#,
        &[r#""from":"91","from_user_id":"IN.1","from_parent_user_id":"P.1""#],
    );
    let expected =
        json!({ "wa_id": "91", "user_id": "IN.1", "parent_user_id": "P.1", "name": "A" });
    assert_eq!(data(&updates[0])["contact"], expected);
}

#[test]
fn a_list_that_is_none_is_kept_as_rest() {
    for contacts in ["null", "[]", "{}", r#"[1,{"wa_id":"91"}]"#, "7"] {
        let updates = each(contacts, &[r#""from":"91""#]);
        assert_eq!(updates[0].event_type.as_str(), "message.received");
        assert_eq!(data(&updates[0])["contacts"], Value::Null);
        let rest = format!(r#""value_rest":{{"contacts":{contacts}}}"#);
        assert!(text(&updates[0]).contains(&rest), "{contacts}");
    }
}

#[test]
fn names_and_ids_that_are_none_are_left_where_they_are() {
    let of = |contact: &str| {
        let updates = each(&format!("[{contact}]"), &[r#""from":"91""#]);
        data(&updates[0])["contact"].clone()
    };
    let name = |name: &str| format!(r#"{{"wa_id":"91","profile":{{"name":{name}}}}}"#);
    let bare = json!({ "wa_id": "91" });
    for wrong in ["7", "null", r#""""#, r#""a\u0000""#] {
        assert_eq!(of(&name(wrong)), bare, "{wrong}");
    }
    let half = &each(&format!("[{}]", name(r#""\ud83d""#)), &[r#""from":"91""#])[0];
    assert!(text(half).contains(r#""contact":{"wa_id":"91"},"#), "half a character is none");
    let long = "n".repeat(NAME_BYTES_MAX);
    assert_eq!(of(&name(&format!(r#""{long}""#)))["name"], long);
    assert_eq!(of(&name(&format!(r#""{long}n""#))), bare);
    assert_eq!(of(r#"{"wa_id":"91","profile":[]}"#), bare);
    let id = "9".repeat(ID_BYTES_MAX);
    assert_eq!(of(&format!(r#"{{"wa_id":"{id}"}}"#))["wa_id"], id);
    assert_eq!(of(&format!(r#"{{"wa_id":"{id}9"}}"#)), bare);
}
