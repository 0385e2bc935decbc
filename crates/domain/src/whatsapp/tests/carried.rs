//! What is carried: byte for byte, with all that stands around it, and not too often.

use super::*;

#[test]
fn metas_own_objects_are_kept_byte_for_byte() {
    let inner = r#" "n" : 1689556908129832123456, "f":1.50e+03,"a":1,"a":2,"s":"\u20b9\/\ud83d\ude4f₹","e":"\ud83d" "#;
    let written = format!(r#"{{"id":"wamid.A","type":"text","from":"91",{inner}}}"#);
    let update = only(&messages(&format!(r#""messages":[ {written} ]"#)));
    assert_eq!(update.event_type.as_str(), "message.received");
    assert!(text(&update).ends_with(&format!(r#""message":{written}}}"#)));
    let value = format!("{{{inner}}}");
    let update = only(&of_field("flows", &value));
    assert!(text(&update).ends_with(&format!(r#""value":{value}}}"#)));
}

#[test]
fn escaped_names_of_members_are_read() {
    let body = message("").replace(r#""messages":["#, r#""mess\u0061ges":["#);
    assert_eq!(only(&body).event_type.as_str(), "message.received");
    let body = message("").replace(r#""messages":["#, r#""\ud83d":1,"messages":["#);
    assert_eq!(data_rest(&only(&body)), r#"{"\ud83d":1}"#);
}

/// The rest of the value, as it is written.
fn data_rest(update: &Update) -> String {
    let (_, rest) = text(update).split_once(r#""value_rest":"#).unwrap();
    rest.strip_suffix('}').unwrap().to_owned()
}

#[test]
fn nothing_around_them_is_left_out() {
    let list = r#"[{"id":"wamid.A","type":"text","from":"91"}]"#;
    let body = format!(
        r#"{{"v":1,"object":"x","object":"whatsapp_business_account","entry":[
              {{"uid":2,"id":"117","time":1789632200,"changes":[
                {{"c":3,"field":"messages","value":{{"messaging_product":"other","messages":0,
                  "metadata":{{"phone_number_id":"208","more":4}},"errors":[{{"code":5}}],"statuses":[],
                  "messages":{list}}}}}]}}]}}"#
    );
    let update = only(&body);
    assert_eq!(update.event_type.as_str(), "message.received");
    let rest = text(&update).split_once(r#","value_rest":"#).unwrap().1;
    assert_eq!(
        rest,
        concat!(
            r#"{"messaging_product":"other","messages":0,"metadata":{"phone_number_id":"208","more":4},"#,
            r#""errors":[{"code":5}],"statuses":[]},"entry_time":1789632200,"#,
            r#""change_rest":{"c":3},"entry_rest":{"uid":2},"notification_rest":{"v":1,"object":"x"}}"#
        )
    );
}

#[test]
fn what_is_long_goes_with_the_first_only() {
    let two = r#""messages":[{"id":"a","type":"text","from":"91"},{"id":"b","type":"text","from":"91"},7]"#;
    let has = |bytes: usize, more: &dyn Fn(&str) -> String| {
        let long = "x".repeat(bytes);
        let updates = read(&more(&long)).updates;
        let has: Vec<bool> = updates.iter().map(|update| text(update).contains(&long)).collect();
        <[bool; 3]>::try_from(has).unwrap()
    };
    let value = |long: &str| messages(&format!(r#""x":"{long}",{two}"#));
    let contact =
        |long: &str| messages(&format!(r#""contacts":[{{"wa_id":"91","x":"{long}"}}],{two}"#));
    let entry = |long: &str| {
        let changes = r#"{"field":"a","value":1}"#;
        whole(&format!(r#"[{{"x":"{long}","changes":[{changes},{changes},{changes}]}}]"#))
    };
    assert_eq!(has(SHARED_BYTES_MAX - 6, &value), [true; 3]);
    assert_eq!(has(SHARED_BYTES_MAX - 5, &value), [true, false, false]);
    assert_eq!(has(SHARED_BYTES_MAX - 6, &entry), [true; 3]);
    assert_eq!(has(SHARED_BYTES_MAX - 5, &entry), [true, false, false]);
    assert_eq!(has(SHARED_BYTES_MAX - 21, &contact), [true, true, false]);
    assert_eq!(has(SHARED_BYTES_MAX - 20, &contact), [true, false, false]);
}

/// A thousand updates cannot make much more of a notification than it was.
#[test]
fn data_are_not_many_times_what_came() {
    let element = r#"{"id":"a","type":"text","from":"91"}"#;
    let list = vec![element; UPDATES_MAX].join(",");
    let room = (NOTIFICATION_BYTES_MAX - list.len() - 1000) / 3;
    let long = "x".repeat(room);
    let body = format!(
        r#"{{"object":"whatsapp_business_account","n":"{long}","entry":[{{"e":"{long}","changes":[
              {{"field":"messages","value":{{{NUMBER},"v":"{long}","messages":[{list}]}}}}]}}]}}"#
    );
    let updates = read(&body).updates;
    let bytes: usize = updates.iter().map(|update| update.data.len()).sum();
    assert_eq!(updates.len(), UPDATES_MAX);
    assert!(bytes < 2 * NOTIFICATION_BYTES_MAX, "{bytes}");
}
