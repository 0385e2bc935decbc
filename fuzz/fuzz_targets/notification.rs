//! Any bytes as one of Meta's notifications: nothing panics, no update is lost, and no two updates
//! that differ have one key.
//!
//! With `cargo install cargo-fuzz`, in the root of the project:
//!
//! ```text
//! cargo +nightly fuzz run notification fuzz/corpus/notification crates/testkit/fixtures/meta
//! ```
//!
//! The second folder is where it begins: the fixtures, of which it makes others. A stable compiler
//! does too, with `RUSTC_BOOTSTRAP=1` set and without `+nightly`.

#![no_main]

use std::collections::HashMap;

use chrono::DateTime;
use domain::whatsapp::{self, Malformed, UPDATES_MAX};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use serde_json::value::RawValue;

#[path = "../../crates/domain/src/whatsapp/counted.rs"]
mod counted;

fuzz_target!(|body: &[u8]| {
    let received_at = DateTime::from_timestamp(1_789_632_600, 0).expect("a time in 2026");
    let parsed = whatsapp::parse(body, received_at);
    if let Ok(notification) = &parsed {
        let mut keys: HashMap<&str, &str> = HashMap::new();
        for update in &notification.updates {
            assert!((1..=255).contains(&update.external_id.len()));
            assert!(update.data.len() <= whatsapp::UPDATE_DATA_BYTES_MAX);
            serde_json::from_slice::<&RawValue>(&update.data).expect("data is JSON");
            // The same type but for what is odd in one of the two, which has its field's.
            let of = update.event_type.as_str();
            if let Some(other) = keys.insert(&update.external_id, of) {
                let odd = [of, other].iter().any(|name| name.starts_with("whatsapp."));
                let edited = [of, other].iter().all(|name| name.starts_with("message."));
                assert!(odd || edited || of == other, "{of} and {other} have one key");
            }
        }
    }
    // What no tree can be made of, half a surrogate pair or great depth, is not counted.
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return };
    match (parsed, counted::updates(&document)) {
        (Ok(read), count) => {
            assert_eq!(Some(read.updates.len() + read.refused.len()), count);
        }
        (Err(Malformed::TooManyUpdates), count) => {
            assert!(count.is_some_and(|count| count > UPDATES_MAX));
        }
        (Err(Malformed::TooLarge), _) => {}
        (Err(_), count) => assert_eq!(count, None),
    }
});
