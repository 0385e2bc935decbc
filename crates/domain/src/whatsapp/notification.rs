//! A notification from its outside: entries, their changes, and what of them is refused.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use crate::source::NOTIFICATION_BYTES_MAX;
use crate::whatsapp::change::{Account, Around, Change};
use crate::whatsapp::raw::{self, Elements, Members};
use crate::whatsapp::write::Rest;
use crate::whatsapp::{Kind, Malformed, Notification, RefusedUpdate, UPDATES_MAX, change, time};

const OBJECT: &str = "whatsapp_business_account";

/// Reads a notification.
pub(super) fn read(body: &[u8], received_at: DateTime<Utc>) -> Result<Notification, Malformed> {
    if body.len() > NOTIFICATION_BYTES_MAX {
        return Err(Malformed::TooLarge);
    }
    let text = std::str::from_utf8(body)
        .map_err(|error| Malformed::NotUtf8 { offset: error.valid_up_to() })?;
    let members: Members<'_> = match serde_json::from_str(text) {
        Ok(members) => members,
        Err(_) => return Err(no_object(text)),
    };
    if members.text("object").as_deref() != Some(OBJECT) {
        return Err(Malformed::OtherProduct);
    }
    let entries = members.get("entry");
    let entries = entries
        .and_then(Elements::read)
        .ok_or_else(|| Malformed::NoEntries { found: raw::kind(entries) })?;
    if entries.more {
        return Err(Malformed::TooManyUpdates);
    }
    let mut reader = Reader {
        received_at,
        rest: Rest::new(members.rest(&["object", "entry"])),
        read: Notification::default(),
    };
    for (place, entry) in entries.first.into_iter().enumerate() {
        reader.entry(place, entry)?;
    }
    Ok(reader.read)
}

/// Why a text is no JSON object, which is looked for only once it is none.
fn no_object(text: &str) -> Malformed {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(other) => Malformed::NotAnObject { found: raw::kind(Some(other)) },
        Err(error) => Malformed::NotJson { line: error.line(), column: error.column() },
    }
}

struct Reader {
    received_at: DateTime<Utc>,
    rest: Rest,
    read: Notification,
}

impl Reader {
    fn entry(&mut self, place: usize, entry: &RawValue) -> Result<(), Malformed> {
        let Some(members) = Members::read(entry) else {
            let found = raw::kind(Some(entry));
            return self.refuse(
                format!("/entry/{place}"),
                format!("it is {found} where an object with `id` and `changes` is expected"),
            );
        };
        let changes = members.get("changes");
        let found = raw::kind(changes);
        let Some(changes) = changes.and_then(Elements::read) else {
            let pointer = match found {
                Kind::Missing => format!("/entry/{place}"),
                Kind::Null
                | Kind::Boolean
                | Kind::Number
                | Kind::Text
                | Kind::Array
                | Kind::Object => format!("/entry/{place}/changes"),
            };
            return self.refuse(
                pointer,
                format!("`changes` is {found} where an array of changes is expected"),
            );
        };
        if changes.more {
            return Err(Malformed::TooManyUpdates);
        }
        if changes.first.is_empty() {
            return self
                .refuse(format!("/entry/{place}/changes"), "there is no change in it".to_owned());
        }
        let (account, mut rest) = account(&members);
        for (index, change) in changes.first.into_iter().enumerate() {
            self.change((place, index), &account, &mut rest, change)?;
        }
        Ok(())
    }

    fn change(
        &mut self,
        (entry, place): (usize, usize),
        account: &Account<'_>,
        entry_rest: &mut Rest,
        change: &RawValue,
    ) -> Result<(), Malformed> {
        let Some(members) = Members::read(change) else {
            let found = raw::kind(Some(change));
            return self.refuse(
                format!("/entry/{entry}/changes/{place}"),
                format!("it is {found} where an object with `field` and `value` is expected"),
            );
        };
        let field = members.text("field");
        let said: &[&str] = if field.is_some() { &["field", "value"] } else { &["value"] };
        let change = Change {
            account,
            value: members.get("value"),
            around: Around {
                change: Rest::new(members.rest(said)),
                entry: entry_rest,
                notification: &mut self.rest,
            },
            field,
            received_at: self.received_at,
        };
        let room = UPDATES_MAX - self.read.updates.len() - self.read.refused.len();
        self.read.updates.extend(change::read(change, room)?);
        Ok(())
    }

    fn refuse(&mut self, pointer: String, reason: String) -> Result<(), Malformed> {
        if self.read.updates.len() + self.read.refused.len() == UPDATES_MAX {
            return Err(Malformed::TooManyUpdates);
        }
        self.read.refused.push(RefusedUpdate { pointer, reason });
        Ok(())
    }
}

/// What an entry says about its changes, and the members that are not said by that exactly.
fn account<'a>(members: &Members<'a>) -> (Account<'a>, Rest) {
    let (id, time) = (members.get("id"), members.get("time"));
    let account = Account {
        waba_id: id.and_then(raw::id),
        time: time.and_then(time::digits),
        time_as_written: time.map(RawValue::get).unwrap_or_default(),
    };
    let mut said = vec!["changes"];
    if matches!(raw::kind(id), Kind::Text) && account.waba_id.is_some() {
        said.push("id");
    }
    if account.has_plain_time() {
        said.push("time");
    }
    let rest = Rest::new(members.rest(&said));
    (account, rest)
}

impl Account<'_> {
    /// Whether its time is an integer, as Meta writes it, so that the digits say all of it.
    pub(super) fn has_plain_time(&self) -> bool {
        matches!(&self.time, Some(Cow::Borrowed(digits)) if *digits == self.time_as_written)
    }
}
