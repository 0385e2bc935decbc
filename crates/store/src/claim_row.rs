//! Claimed rows as both databases' statements give them.

use std::sync::Arc;

use domain::delivery::Progress;
use domain::event::Event;
use domain::event_type::EventTypeName;
use domain::format::Rendering;
use domain::id::{CompanyId, DeliveryId, EndpointId, EventId};
use sea_orm::sqlx::{self, ColumnIndex, Decode, FromRow, Row, Type};

use crate::time::from_micros;
use crate::{Claimed, Error, Place};

/// A claimed row, with its event's columns.
#[derive(Debug)]
pub(crate) struct ClaimRow {
    id: i64,
    company_id: i64,
    endpoint_id: i64,
    event_id: i64,
    due_at: i64,
    tries: i64,
    tries_before: i64,
    schedule_began: i64,
    expires_at: Option<i64>,
    generation: i64,
    canceled: i64,
    event_type: Option<String>,
    occurred_at: Option<i64>,
    session: Option<Vec<u8>>,
    data: Option<Vec<u8>>,
    /// `None`: never looked at; 0: in no line.
    line: Option<i64>,
    format: i64,
    render_version: i64,
}

/// The columns in the order in which both databases' statements name them; by hand, because there are
/// more than tuples have places.
impl<'r, R: Row> FromRow<'r, R> for ClaimRow
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get(0)?,
            company_id: row.try_get(1)?,
            endpoint_id: row.try_get(2)?,
            event_id: row.try_get(3)?,
            due_at: row.try_get(4)?,
            tries: row.try_get(5)?,
            tries_before: row.try_get(6)?,
            schedule_began: row.try_get(7)?,
            expires_at: row.try_get(8)?,
            generation: row.try_get(9)?,
            canceled: row.try_get(10)?,
            event_type: row.try_get(11)?,
            occurred_at: row.try_get(12)?,
            session: row.try_get(13)?,
            data: row.try_get(14)?,
            line: row.try_get(15)?,
            format: row.try_get(16)?,
            render_version: row.try_get(17)?,
        })
    }
}

impl ClaimRow {
    /// The delivery, and whether it can be sent: its event is still there, and it was not canceled
    /// while a node held it that has lost or given back its claim.
    pub(crate) fn read(self, incarnation: i64) -> Result<(Claimed, bool), Error> {
        let corrupt =
            |what: &str| Error::Corrupt { table: "pending", id: self.id, what: what.into() };
        let count = |value: i64| u32::try_from(value).map_err(|_| corrupt("a count is negative"));
        let progress = Progress {
            tries: count(self.tries)?,
            tries_before: count(self.tries_before)?,
            schedule_began: from_micros(self.schedule_began),
            expires_at: self.expires_at.map(from_micros),
        };
        let generation = count(self.generation)?;
        let rendering = Rendering::from_numbers(self.format, self.render_version)
            .ok_or_else(|| corrupt("a later release has made it, in a format unknown here"))?;
        let can_be_sent = self.data.is_some() && self.canceled == 0;
        let event_type = self.event_type.as_deref().unwrap_or("unknown");
        let event_type =
            EventTypeName::parse(event_type).map_err(|_| corrupt("its event's type"))?;
        let delivery = Claimed {
            id: DeliveryId::from_raw(self.id),
            endpoint: EndpointId::from_raw(self.endpoint_id),
            event: Event {
                id: EventId::from_raw(self.event_id),
                company: CompanyId::from_raw(self.company_id),
                event_type,
                data: Arc::from(self.data.unwrap_or_default()),
                occurred_at: from_micros(self.occurred_at.unwrap_or_default()),
                session: self.session.map(Arc::from),
            },
            rendering,
            progress,
            generation,
            due_at: from_micros(self.due_at),
            place: self.line.map(|line| Place { line: Some(line).filter(|line| *line != 0) }),
            claimed_by: incarnation,
        };
        Ok((delivery, can_be_sent))
    }
}
