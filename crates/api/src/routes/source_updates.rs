//! A notification as the events that it becomes.

use chrono::{DateTime, Utc};
use domain::event::NewEvent;
use domain::whatsapp::{self, RefusedUpdate, Update};
use store::OpenSource;

/// How many parts of one notification that cannot be read are told by themselves; beyond that they are
/// counted.
const MISFITS_TOLD_MAX: usize = 5;

/// What a notification becomes.
#[derive(Debug)]
pub struct Updates {
    /// Its events, in Meta's order.
    pub events: Vec<NewEvent>,
    /// For each part that no event can be made of, as far as they are told, a sentence.
    pub misfits: Vec<String>,
}

/// The events of a notification; where nothing can be made of it, why, in a sentence.
pub fn updates_of(
    source: &OpenSource,
    body: &[u8],
    received_at: DateTime<Utc>,
) -> Result<Updates, String> {
    let notification = whatsapp::parse(body, received_at)
        .map_err(|malformed| told(malformed.pointer(), &malformed.to_string()))?;
    let misfits = misfits(&notification.refused);
    if notification.updates.is_empty() && !misfits.is_empty() {
        return Err(misfits.join("; "));
    }
    let events = notification.updates.into_iter().map(|update| event(source, update)).collect();
    Ok(Updates { events, misfits })
}

fn misfits(refused: &[RefusedUpdate]) -> Vec<String> {
    let shown = refused.iter().take(MISFITS_TOLD_MAX);
    let mut misfits: Vec<String> =
        shown.map(|refused| told(&refused.pointer, &refused.reason)).collect();
    if let more @ 1.. = refused.len() - misfits.len() {
        misfits.push(format!("and {more} more parts like these"));
    }
    misfits
}

fn told(pointer: &str, reason: &str) -> String {
    if pointer.is_empty() { reason.to_owned() } else { format!("{pointer}: {reason}") }
}

fn event(source: &OpenSource, update: Update) -> NewEvent {
    let Update {
        event_type,
        data,
        external_id,
        subject,
        phone_number_id,
        waba_id: _,
        occurred_at,
        fact: _,
    } = update;
    NewEvent {
        company: source.company,
        event_type,
        source: Some(source.id),
        external_id: Some(external_id),
        subject,
        phone_number_id,
        occurred_at,
        expires_at: None,
        judged: None,
        data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(count: usize) -> Vec<RefusedUpdate> {
        let one =
            |n| RefusedUpdate { pointer: format!("/entry/{n}"), reason: "is a number".into() };
        (0..count).map(one).collect()
    }

    #[test]
    fn the_first_misfits_are_told_and_the_rest_is_counted() {
        assert_eq!(misfits(&refused(0)), Vec::<String>::new());
        assert_eq!(misfits(&refused(MISFITS_TOLD_MAX)).len(), MISFITS_TOLD_MAX);
        let told = misfits(&refused(MISFITS_TOLD_MAX + 2));
        assert_eq!((told[0].as_str(), told.len()), ("/entry/0: is a number", MISFITS_TOLD_MAX + 1));
        assert_eq!(told[MISFITS_TOLD_MAX], "and 2 more parts like these");
    }
}
