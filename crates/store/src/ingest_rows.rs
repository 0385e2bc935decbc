//! The rows that ingest reads and writes.

use std::collections::HashMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use domain::delivery::Progress;
use domain::event::Event;
use domain::format::Rendering;
use domain::id::{CompanyId, DeliveryId, EndpointId, EventId, SourceId};
use domain::traffic::{Traffic, contact_key};
use sea_orm::sqlx;
use sea_orm::sqlx::postgres::PgArguments;

use crate::compiled::CompiledEndpoint;
use crate::hot::{HotConnection, HotTx};
use crate::ingest::HandOver;
use crate::ingest_items::{Fate, Item};
use crate::lines::WAITS;
use crate::model::claimed_bytes;
use crate::script::{IdList, RowsInsert, Script};
use crate::time::{from_micros, micros};
use crate::{Claimed, Error, Held, Hint, Place};

/// A statement for PostgreSQL, with what is bound to it so far.
pub(crate) type PgQuery<'q> = sqlx::query::Query<'q, sqlx::Postgres, PgArguments>;

/// A lane that must be there, because something unclaimed waits for its owner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneWish {
    pub(crate) endpoint: i64,
    pub(crate) company: i64,
    /// Who owns it where it is new.
    pub(crate) owner: i64,
    pub(crate) next_due: i64,
    pub(crate) hold_until: i64,
}

impl LaneWish {
    pub(crate) fn due(endpoint: i64, company: i64, owner: i64, at: DateTime<Utc>) -> Self {
        Self { endpoint, company, owner, next_due: micros(at), hold_until: 0 }
    }

    /// What this node should look at once the lane is there.
    pub(crate) fn hint(&self) -> Hint {
        Hint::LaneDue(EndpointId::from_raw(self.endpoint))
    }

    /// Takes over what another wish for the same lane asks for.
    pub(crate) fn absorb(&mut self, other: &Self) -> bool {
        self.owner = if self.owner == 0 { other.owner } else { self.owner };
        self.next_due = self.next_due.min(other.next_due);
        self.hold_until = self.hold_until.max(other.hold_until);
        true
    }
}

/// A fresh delivery.
#[derive(Debug)]
pub(crate) struct PendingRow {
    pub(crate) id: i64,
    pub(crate) company: i64,
    pub(crate) endpoint: i64,
    pub(crate) claimed_by: i64,
    /// Whether its endpoint is paused: no lane is needed until it is enabled.
    pub(crate) held: bool,
    /// What restrains the requests to its endpoint.
    pub(crate) traffic: Traffic,
    /// How much memory it takes where it is handed over.
    pub(crate) bytes: usize,
    /// Whether it stands in line at an ordered endpoint.
    is_ordered: bool,
    /// Whose line that is; `None`: it stands by itself.
    pub(crate) contact: Option<i64>,
    pub(crate) line: Option<i64>,
    pub(crate) place: Option<i64>,
    /// How its body is written.
    pub(crate) rendering: Rendering,
    item: usize,
    pub(crate) event: i64,
    pub(crate) due_at: i64,
    pub(crate) schedule_began: i64,
    pub(crate) expires_at: Option<i64>,
}

impl PendingRow {
    pub(crate) fn fresh(
        id: i64,
        place: usize,
        item: &Item<'_>,
        endpoint: &CompiledEndpoint,
        now: DateTime<Utc>,
    ) -> Self {
        let event = &item.event;
        // Operational events tell of the engine, not of a contact.
        let is_ordered = endpoint.traffic.ordered && !event.event_type.is_operational();
        let subject = event.subject.as_deref().filter(|_| is_ordered);
        Self {
            id,
            is_ordered,
            contact: subject.map(contact_key),
            line: None,
            place: None,
            company: item.event.company.raw(),
            endpoint: endpoint.id.raw(),
            claimed_by: 0,
            held: endpoint.state.is_held(),
            rendering: Rendering::of(endpoint.format),
            traffic: endpoint.traffic,
            bytes: claimed_bytes(
                item.event.data.len(),
                item.session.as_deref().map_or(0, <[u8]>::len),
            ),
            item: place,
            event: item.id,
            due_at: micros(now),
            schedule_began: micros(endpoint.schedule_began(now)),
            expires_at: item.event.expires_at.map(micros),
        }
    }

    /// Whether it stands in line at an ordered endpoint.
    pub(crate) const fn is_ordered(&self) -> bool {
        self.is_ordered
    }

    /// Whether the columns that every fresh delivery has say all of it.
    pub(crate) fn is_plain(&self) -> bool {
        self.place.is_none() && self.rendering == Rendering::USUAL
    }

    /// Whether nothing restrains it, and it stands in no line.
    pub(crate) const fn is_free(&self) -> bool {
        !self.is_ordered && !self.traffic.is_exclusive()
    }

    /// Whether it waits behind another one of its line.
    pub(crate) const fn waits(&self) -> bool {
        self.due_at == WAITS
    }

    /// Whether the owner of the lane is to claim it now.
    pub(crate) const fn is_for_the_owner(&self) -> bool {
        self.claimed_by == 0 && !self.held && !self.waits()
    }

    /// Whether it is this node's to send, now or once it has claimed it; restrained ones may be another's.
    pub(crate) const fn is_to_be_sent_soon(&self) -> bool {
        self.claimed_by != 0 || self.is_for_the_owner() && self.is_free()
    }

    /// It is in no line, and has been looked at.
    pub(crate) const fn stand_alone(&mut self) {
        self.place = Some(self.event);
    }

    /// Stands in a line: the head as it is, every other one unclaimed. Tells whether it had been claimed.
    pub(crate) const fn stand(&mut self, line: i64, place: i64, is_head: bool) -> bool {
        (self.line, self.place) = (Some(line), Some(place));
        if is_head {
            return false;
        }
        let was_claimed = self.claimed_by != 0;
        (self.due_at, self.claimed_by) = (WAITS, 0);
        was_claimed
    }

    /// What names it when it is given back.
    pub(crate) fn held_by_us(&self) -> Held {
        (
            CompanyId::from_raw(self.company),
            DeliveryId::from_raw(self.id),
            EndpointId::from_raw(self.endpoint),
        )
    }

    /// The delivery as it is handed over in memory.
    pub(crate) fn claimed(&self, items: &[Item<'_>], now: DateTime<Utc>) -> Claimed {
        let event = &items[self.item].event;
        Claimed {
            id: DeliveryId::from_raw(self.id),
            endpoint: EndpointId::from_raw(self.endpoint),
            event: Event {
                id: EventId::from_raw(self.event),
                company: event.company,
                event_type: event.event_type.clone(),
                data: event.data.clone(),
                // As it is written down: what comes from memory is sent as what comes from there.
                occurred_at: from_micros(micros(event.occurred_at.unwrap_or(now))),
                session: items[self.item].session.clone(),
            },
            rendering: self.rendering,
            progress: Progress::new(from_micros(self.schedule_began), event.expires_at),
            generation: 0,
            due_at: now,
            claimed_by: self.claimed_by,
            place: self.place.map(|_| Place { line: self.line }),
        }
    }
}

/// Room in memory that was reserved for this batch; what is not filled is given back.
pub(crate) struct Rooms<'a> {
    hand_over: &'a dyn HandOver,
    reserved: HashMap<EndpointId, (usize, usize)>,
}

impl<'a> Rooms<'a> {
    pub(crate) fn new(hand_over: &'a dyn HandOver) -> Self {
        Self { hand_over, reserved: HashMap::new() }
    }

    pub(crate) fn reserve(
        &mut self,
        company: CompanyId,
        endpoint: EndpointId,
        sizes: &[usize],
    ) -> usize {
        let room = self.hand_over.reserve(company, endpoint, sizes).min(sizes.len());
        if room > 0 {
            let (rows, bytes) = self.reserved.entry(endpoint).or_default();
            *rows += room;
            *bytes += sizes[..room].iter().sum::<usize>();
        }
        room
    }

    /// Gives back the room of one delivery that is not handed over.
    pub(crate) fn give_back(&mut self, endpoint: EndpointId, bytes: usize) {
        if let Some((rows, held)) = self.reserved.get_mut(&endpoint) {
            *rows = rows.saturating_sub(1);
            *held = held.saturating_sub(bytes);
            self.hand_over.release(endpoint, 1, bytes);
        }
    }

    /// Whether this node has been let in to a restrained endpoint.
    pub(crate) fn is_let_in(&self, endpoint: EndpointId) -> bool {
        self.hand_over.is_let_in(endpoint)
    }

    /// Whether this node may own lanes.
    pub(crate) fn may_own_lanes(&self) -> bool {
        self.hand_over.may_own_lanes()
    }

    /// Tells how many deliveries have been written that are to be sent.
    pub(crate) fn took_in(&self, deliveries: usize) {
        self.hand_over.took_in(deliveries);
    }

    /// Hands over what all the reserved room is for.
    pub(crate) fn fill(mut self, fresh: Vec<Claimed>) {
        self.reserved.clear();
        if !fresh.is_empty() {
            self.hand_over.hand_over(fresh);
        }
    }
}

impl Drop for Rooms<'_> {
    fn drop(&mut self) {
        for (endpoint, (rows, bytes)) in self.reserved.drain() {
            self.hand_over.release(endpoint, rows, bytes);
        }
    }
}

/// Reads the configuration versions of the companies that are there, as id and version.
pub(crate) fn versions_sql(companies: &[i64]) -> String {
    let mut sql = String::from("SELECT id, config_version FROM companies WHERE id IN (NULL");
    for company in companies {
        let _ = write!(sql, ",{company}");
    }
    sql.push(')');
    sql
}

static VERSIONS: IdList =
    IdList::new("SELECT id, config_version FROM companies WHERE id IN (", ")");

/// Adds the reading of the same of at most [`crate::script::ROWS_MAX`] companies to a script.
pub(crate) fn read_versions(script: &mut Script, companies: &[i64]) {
    script.list(&VERSIONS, companies.iter().copied(), |_| {});
}

/// The same, read in a transaction that has begun.
pub(crate) async fn versions(tx: &mut HotTx, companies: &[i64]) -> Result<Vec<(i64, i64)>, Error> {
    const SQL: &str = "SELECT config_version FROM companies WHERE id = $1";
    let mut found = Vec::with_capacity(companies.len());
    for company in companies {
        let version: Option<i64> = match &mut tx.connection {
            HotConnection::Sqlite(connection) => {
                sqlx::query_scalar(SQL).bind(company).fetch_optional(&mut **connection).await?
            }
            HotConnection::Postgres(connection) => {
                sqlx::query_scalar(SQL).bind(company).fetch_optional(&mut **connection).await?
            }
        };
        found.extend(version.map(|version| (*company, version)));
    }
    Ok(found)
}

/// Since when a company is suspended, and its own limits.
pub(crate) async fn rules(tx: &mut HotTx, company: i64) -> Result<(Option<i64>, String), Error> {
    const SQL: &str = "SELECT suspended_at, limits FROM companies WHERE id = $1";
    let found: Option<(Option<i64>, String)> = match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            sqlx::query_as(SQL).bind(company).fetch_optional(&mut **connection).await?
        }
        HotConnection::Postgres(connection) => {
            sqlx::query_as(SQL).bind(company).fetch_optional(&mut **connection).await?
        }
    };
    found.ok_or(Error::NotFound)
}

static INSERT_EVENTS: RowsInsert = RowsInsert::new(
    "INSERT OR FAIL INTO events (id, company_id, event_type, source_id, external_id, subject, occurred_at, \
     accepted_at, expires_at, data, deliveries, session, phone_number_id)",
    13,
    "",
);

/// What writes events on PostgreSQL, of arrays. The first array of each `unnest` stands in a subselect, so that
/// the planner does not see how long it is: for short ones it would find a plan of its own cheaper than the one
/// that it has, and plan the whole statement anew each time, which takes longer than to run it. With [`pending_insert`] `$1` to `$21`, as [`bind_fresh`]
/// binds them.
macro_rules! events_insert {
    () => {
        "INSERT INTO events (id, company_id, event_type, source_id, external_id, subject, occurred_at, \
         accepted_at, expires_at, data, deliveries, session, phone_number_id) \
         SELECT id, company, kind, source, external_id, subject, occurred_at, $10, expires_at, data, deliveries, session, number \
         FROM unnest((SELECT $1::bigint[]),$2::bigint[],$3::text[],$4::bigint[],$5::text[],$6::text[],$7::bigint[],$8::bigint[],$9::bytea[],$11::bigint[],$20::bytea[],$21::text[]) \
         AS t(id, company, kind, source, external_id, subject, occurred_at, expires_at, data, deliveries, session, number)"
    };
}
pub(crate) use events_insert;

/// What writes fresh deliveries on PostgreSQL.
macro_rules! pending_insert {
    () => {
        "INSERT INTO pending (id, company_id, endpoint_id, event_id, due_at, claimed_by, schedule_began, expires_at) \
         SELECT * FROM unnest((SELECT $12::bigint[]),$13::bigint[],$14::bigint[],$15::bigint[],$16::bigint[],$17::bigint[],$18::bigint[],$19::bigint[])"
    };
}
pub(crate) use pending_insert;

/// On PostgreSQL both in one statement.
const FRESH_POSTGRES: &str = concat!("WITH e AS (", events_insert!(), ") ", pending_insert!());

static INSERT_PENDING: RowsInsert = RowsInsert::new(
    "INSERT OR FAIL INTO pending (id, company_id, endpoint_id, event_id, due_at, claimed_by, \
     schedule_began, expires_at)",
    8,
    "",
);

/// Writes the new events and their deliveries.
pub(crate) async fn insert_fresh(
    tx: &mut HotTx,
    items: &[Item<'_>],
    rows: &[PendingRow],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let new: Vec<&Item<'_>> = items.iter().filter(|item| item.fate == Fate::New).collect();
    if new.is_empty() {
        return Ok(());
    }
    let accepted_at = micros(now);
    match &mut tx.connection {
        HotConnection::Sqlite(_) => {
            tx.insert_sqlite(&INSERT_EVENTS, &new, |marks, item| {
                bind_event(marks, item, accepted_at);
            })
            .await?;
            tx.insert_sqlite(&INSERT_PENDING, rows, bind_pending).await
        }
        HotConnection::Postgres(connection) => {
            let query = bind_fresh(sqlx::query(FRESH_POSTGRES), &new, rows, now);
            query.execute(&mut **connection).await?;
            Ok(())
        }
    }
}

fn bind_event(marks: &mut Script, item: &Item<'_>, accepted_at: i64) {
    let event = &item.event;
    marks
        .bind(item.id)
        .bind(event.company.raw())
        .bind(event.event_type.as_str().to_owned())
        .bind(event.source.map_or(0, SourceId::raw))
        .bind(event.external_id.as_deref().map(str::to_owned))
        .bind(event.subject.as_deref().map(str::to_owned))
        .bind(event.occurred_at.map_or(accepted_at, micros))
        .bind(accepted_at)
        .bind(event.expires_at.map(micros))
        .bind(event.data.to_vec())
        .bind(i64::from(item.deliveries))
        .bind(item.session.as_deref().map(<[u8]>::to_vec))
        .bind(event.phone_number_id.as_deref().map(str::to_owned));
}

fn bind_pending(marks: &mut Script, row: &PendingRow) {
    marks
        .bind(row.id)
        .bind(row.company)
        .bind(row.endpoint)
        .bind(row.event)
        .bind(row.due_at)
        .bind(row.claimed_by)
        .bind(row.schedule_began)
        .bind(row.expires_at);
}

/// Binds new events and their deliveries to what [`events_insert`] and [`pending_insert`] write.
pub(crate) fn bind_fresh<'q>(
    query: PgQuery<'q>,
    new: &[&'q Item<'_>],
    rows: &[PendingRow],
    now: DateTime<Utc>,
) -> PgQuery<'q> {
    let accepted_at = micros(now);
    let numbers = |pick: &dyn Fn(&Item<'_>) -> i64| new.iter().map(|i| pick(i)).collect::<Vec<_>>();
    let column = |pick: fn(&PendingRow) -> i64| rows.iter().map(pick).collect::<Vec<_>>();
    query
        .bind(numbers(&|i| i.id))
        .bind(numbers(&|i| i.event.company.raw()))
        .bind(new.iter().map(|i| i.event.event_type.as_str()).collect::<Vec<_>>())
        .bind(numbers(&|i| i.event.source.map_or(0, SourceId::raw)))
        .bind(new.iter().map(|i| i.event.external_id.as_deref()).collect::<Vec<_>>())
        .bind(new.iter().map(|i| i.event.subject.as_deref()).collect::<Vec<_>>())
        .bind(numbers(&|i| i.event.occurred_at.map_or(accepted_at, micros)))
        .bind(new.iter().map(|i| i.event.expires_at.map(micros)).collect::<Vec<_>>())
        .bind(new.iter().map(|i| &i.event.data[..]).collect::<Vec<&[u8]>>())
        .bind(accepted_at)
        .bind(numbers(&|i| i64::from(i.deliveries)))
        .bind(column(|row| row.id))
        .bind(column(|row| row.company))
        .bind(column(|row| row.endpoint))
        .bind(column(|row| row.event))
        .bind(column(|row| row.due_at))
        .bind(column(|row| row.claimed_by))
        .bind(column(|row| row.schedule_began))
        .bind(rows.iter().map(|row| row.expires_at).collect::<Vec<_>>())
        .bind(new.iter().map(|i| i.session.as_deref()).collect::<Vec<Option<&[u8]>>>())
        .bind(new.iter().map(|i| i.event.phone_number_id.as_deref()).collect::<Vec<_>>())
}
