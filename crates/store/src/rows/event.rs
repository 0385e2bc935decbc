//! Rows of `events`.

use domain::event_type::EventTypeName;
use domain::id::{EventId, SourceId};

use crate::entity::event;
use crate::time::from_micros;
use crate::{Error, EventRecord};

/// The event as it is shown.
pub fn record(row: event::Model) -> Result<EventRecord, Error> {
    let event::Model {
        id,
        company_id: _,
        event_type,
        source_id,
        external_id,
        subject,
        occurred_at,
        accepted_at,
        expires_at,
        session: _,
        data,
        deliveries,
        phone_number_id,
    } = row;
    let corrupt = |what: String| Error::Corrupt { table: "events", id, what };
    Ok(EventRecord {
        id: EventId::from_raw(id),
        event_type: EventTypeName::parse(&event_type)
            .map_err(|error| corrupt(format!("event_type {error}")))?,
        source: (source_id != 0).then(|| SourceId::from_raw(source_id)),
        external_id,
        subject,
        phone_number_id,
        occurred_at: from_micros(occurred_at),
        accepted_at: from_micros(accepted_at),
        expires_at: expires_at.map(from_micros),
        data: data.into(),
        deliveries: u32::try_from(deliveries)
            .map_err(|_| corrupt(format!("deliveries is {deliveries}")))?,
    })
}
