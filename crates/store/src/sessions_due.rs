//! The ends of sessions, which need nobody to look: told in slices, by whichever node comes first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::derived::{DerivedEvent, Statement, session_data};
use domain::event::NewEvent;
use domain::id::CompanyId;
use domain::session::expire;
use sea_orm::{ConnectionTrait, Value};

use crate::hot::{Durability, Failed, HotTx, within};
use crate::ingest_fan_out::{choose_by_session, fan_out};
use crate::ingest_items::Item;
use crate::ingest_pending::insert_all;
use crate::ingest_rows::LaneWish;
use crate::lane_rows::wish_lanes;
use crate::session_rows::{self, WindowKey, WindowRow};
use crate::sessions::{Companies, Derived, Seen, SessionJson, is_picked, new_event};
use crate::time::micros;
use crate::{Error, Store};

/// How many ends one slice tells.
pub const SESSIONS_PER_SLICE: u64 = 500;

impl Store {
    /// Tells the ends of sessions whose time is over, and writes `session.expired` where any endpoint picks
    /// it. Gives how many ended: fewer than [`SESSIONS_PER_SLICE`] once all have been told that nobody else
    /// is telling.
    pub async fn expire_sessions(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        let sql = "SELECT 1 AS one FROM sessions WHERE due_at IS NOT NULL AND due_at <= $1 LIMIT 1";
        let values: [Value; 1] = [micros(now).into()];
        if self.reader().query_one_raw(self.statement(sql, values)).await?.is_none() {
            return Ok(0);
        }
        let mut tx = self.begin_hot(Durability::Acknowledged).await?;
        let done = within(self.expire_slice(&mut tx, now)).await;
        match tx.end(done).await {
            Ok((ended, lanes)) => {
                lanes.iter().for_each(|lane| self.hint(lane.hint()));
                Ok(ended)
            }
            Err(Failed::Unchanged(error) | Failed::Doubtful(_, error)) => Err(error),
        }
    }

    async fn expire_slice(
        &self,
        tx: &mut HotTx,
        now: DateTime<Utc>,
    ) -> Result<(u64, Vec<LaneWish>), Error> {
        let due = session_rows::lock_due(tx, micros(now), SESSIONS_PER_SLICE.cast_signed()).await?;
        if due.is_empty() {
            return Ok((0, Vec::new()));
        }
        let companies = due.keys().map(|key| key.0.raw()).collect::<BTreeSet<_>>();
        let companies: Vec<i64> = companies.into_iter().collect();
        let versions = crate::ingest_rows::versions(tx, &companies).await?;
        let companies = self.compiled_companies(tx, versions).await?;
        let mut closed: BTreeMap<WindowKey, WindowRow> = BTreeMap::new();
        let mut derived = Vec::new();
        for (key, row) in due {
            let Some((window, told)) = expire(&row.window, now) else { continue };
            let is_told = DerivedEvent::of_told(&told);
            let about = row.about.as_ref();
            // A suspended company takes no events, not even of its sessions; those are recorded all the same.
            let is_suspended = companies.get(&key.0).is_some_and(|company| company.is_suspended);
            let about = about
                .filter(|_| !is_suspended && is_picked(&companies, key.0, is_told.event_type()));
            if let Some((about, data)) = about.and_then(|a| Some((a, session_data(&told, a, "")?)))
            {
                let (data, subject) = (Arc::from(data), about.subject());
                let event = NewEvent {
                    phone_number_id: Some(Arc::clone(&key.1)),
                    ..new_event(key.0, is_told, data, row.source, subject, told.at())
                };
                let session = Some(SessionJson::from(told.snapshot().json()));
                derived.push(Derived { event, session });
            }
            closed.insert(key, WindowRow { window, ..row });
        }
        derived.sort_by_key(|one| one.event.occurred_at);
        session_rows::write(tx, &closed.iter().collect()).await?;
        let lanes = self.write_derived(tx, &derived, &companies, now).await?;
        Ok((closed.len() as u64, lanes))
    }

    /// Writes events with their deliveries, unclaimed and due at once. Gives the lanes that must be looked
    /// at once all is committed.
    pub(crate) async fn write_derived(
        &self,
        tx: &mut HotTx,
        derived: &[Derived],
        companies: &Companies,
        now: DateTime<Utc>,
    ) -> Result<Vec<LaneWish>, Error> {
        if derived.is_empty() {
            return Ok(Vec::new());
        }
        let mut items: Vec<Item<'_>> = derived
            .iter()
            .map(|one| {
                let mut item = Item::new(0, &one.event);
                item.carry(one.session.clone());
                item
            })
            .collect();
        for item in &mut items {
            self.number(item, companies, now);
        }
        choose_by_session(&mut items, companies);
        let mut rows = fan_out(&items, companies, now);
        let placed = crate::lines::place(tx, &mut rows).await?;
        let owner = self.incarnation();
        let wishes: BTreeMap<i64, LaneWish> = rows
            .iter()
            .filter(|row| row.is_for_the_owner())
            .map(|row| (row.endpoint, LaneWish::due(row.endpoint, row.company, owner, now)))
            .collect();
        let wishes: Vec<LaneWish> = wishes.into_values().collect();
        insert_all(tx, &items, rows, &placed.last, now).await?;
        wish_lanes(tx, &wishes).await?;
        Ok(wishes)
    }

    /// Records what events say, as ingest does it with those of a batch, and writes what they give rise to;
    /// the events themselves it does not write. For tests of this part by itself. Gives each one's session.
    #[doc(hidden)]
    pub async fn observe_alone(
        &self,
        events: &[NewEvent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Option<String>>, Error> {
        let mut tx = self.begin_hot(Durability::Acknowledged).await?;
        let done = within(self.observe_and_write(&mut tx, events, now)).await;
        tx.end(done).await.map_err(Failed::into_error)
    }

    async fn observe_and_write(
        &self,
        tx: &mut HotTx,
        events: &[NewEvent],
        now: DateTime<Utc>,
    ) -> Result<Vec<Option<String>>, Error> {
        let companies: BTreeSet<CompanyId> = events.iter().map(|event| event.company).collect();
        let companies: Vec<i64> = companies.into_iter().map(CompanyId::raw).collect();
        let versions = crate::ingest_rows::versions(tx, &companies).await?;
        let companies = self.compiled_companies(tx, versions).await?;
        let said: Vec<Option<Statement>> = events
            .iter()
            .map(|event| Statement::of_event(&event.event_type, &event.data))
            .collect();
        let seen: Vec<Seen<'_>> = (0..)
            .zip(events.iter().zip(&said))
            .filter_map(|(id, (event, said))| Some(Seen { event, id, said: said.as_ref()? }))
            .collect();
        let status_id = |message: &str, kind| format!("{message} {kind:?}");
        let observed = self.observe_batch(tx, &seen, &companies, status_id, now).await?;
        self.write_derived(tx, &observed.derived, &companies, now).await?;
        let text = |json: Option<SessionJson>| {
            json.map(|json| String::from_utf8_lossy(&json).into_owned())
        };
        Ok(observed.sessions.into_iter().map(text).collect())
    }
}
