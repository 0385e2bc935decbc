//! Deliveries as they are read, retried and canceled by people. Lists of them are in
//! `delivery_list`.

use chrono::{DateTime, Utc};
use domain::delivery::{Finish, Progress};
use domain::endpoint::EndpointState;
use domain::format::Rendering;
use domain::id::{CompanyId, DeliveryId, EndpointId, EventId};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter,
    QuerySelect,
};

use crate::again::{again, one_restart_at_a_time};
use crate::delivery_list::find_one;
use crate::entity::{attempt, endpoint, event, history, pending};
use crate::lines::{By, Locked, WAITS, advance, rearrange};
use crate::lines_people::{line, lock_one, stand, wake_all};
use crate::retention::kept::Removal;
use crate::rows::delivery::STATE_CANCELED;
use crate::rows::endpoint::state_of;
use crate::rows::page::snapshot;
use crate::rows::sql::Sql;
use crate::rows::{attempt as attempt_rows, event as event_rows, lane};
use crate::search::feed;
use crate::time::{from_micros, micros};
use crate::{Actor, DeliveryDetail, DeliveryRecord, Error, Hint, Store};

impl Store {
    /// One delivery with all its attempts.
    pub async fn delivery(
        &self,
        company: CompanyId,
        id: DeliveryId,
    ) -> Result<DeliveryDetail, Error> {
        let tx = snapshot(self.reader()).await?;
        let listed = find_one(&tx, company, id.raw()).await?;
        let event_id = EventId::from_raw(listed.event_id);
        let mut attempts = attempt::Entity::find()
            .filter(attempt::Column::CompanyId.eq(company.raw()))
            .filter(attempt::Column::DeliveryId.eq(id.raw()))
            .all(&tx)
            .await?;
        let finished = history::Entity::find()
            .filter(history::Column::CompanyId.eq(company.raw()))
            .filter(history::Column::Id.eq(id.raw()))
            .all(&tx)
            .await?;
        // Every generation of a delivery is written alike.
        let rendering = match finished.first() {
            Some(row) => Some((row.format, row.render_version)),
            None => pending_rendering(&tx, company, id).await?,
        };
        attempts.extend(finished.into_iter().filter_map(attempt_rows::inline));
        attempts.sort_unstable_by_key(|row| row.number);
        let event = find_event(&tx, company, event_id.raw()).await?;
        let delivery = self.delivery_record(&tx, company, id).await?;
        Ok(DeliveryDetail {
            delivery,
            event: event.map(event_rows::record).transpose()?,
            rendering: rendering
                .and_then(|(format, version)| Rendering::from_numbers(format, version)),
            attempts: attempts
                .into_iter()
                .map(|row| attempt_rows::record(row, event_id))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Retry now: a pending one is due at once and keeps its count, a finished one becomes pending
    /// with a fresh schedule. A receiver's Retry-After ends. Held, or its endpoint deleted: a conflict.
    pub async fn retry_delivery(
        &self,
        company: CompanyId,
        id: DeliveryId,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<DeliveryRecord, Error> {
        again(async || self.try_retry(company, id, actor, now).await).await
    }

    async fn try_retry(
        &self,
        company: CompanyId,
        id: DeliveryId,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<DeliveryRecord, Error> {
        let tx = self.begin().await?;
        one_restart_at_a_time(&tx, company).await?;
        let locked = lock_one(&tx, find_one(&tx, company, id.raw()).await?.endpoint_id).await?;
        let endpoint = match locked_pending(&tx, company, id).await? {
            Some(row) => retry_pending(&tx, &row, now).await?,
            None => retry_finished(&tx, company, id, &locked, now).await?,
        };
        // A person's wish counts for more than what the receiver asked for; it may ask again.
        lane::clear_hold(&tx, endpoint).await?;
        lane::wake(&tx, company, endpoint, 0).await?;
        let facts = serde_json::json!({ "endpoint": endpoint });
        self.audit(&tx, company, actor, "delivery.retried", id, facts, now).await?;
        let record = self.delivery_record(&tx, company, id).await?;
        tx.commit().await?;
        self.hint(Hint::LaneDue(endpoint));
        self.hint(Hint::Wish);
        self.tell_delivery(company, &record, now);
        Ok(record)
    }

    /// Cancels a pending delivery; a finished one is a conflict.
    pub async fn cancel_delivery(
        &self,
        company: CompanyId,
        id: DeliveryId,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<DeliveryRecord, Error> {
        again(async || self.try_cancel(company, id, actor, now).await).await
    }

    async fn try_cancel(
        &self,
        company: CompanyId,
        id: DeliveryId,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<DeliveryRecord, Error> {
        let finished = || conflict("delivery_finished", "the delivery is finished");
        let tx = self.begin().await?;
        let locked = lock_one(&tx, find_one(&tx, company, id.raw()).await?.endpoint_id).await?;
        let Some(row) = locked_pending(&tx, company, id).await? else { return Err(finished()) };
        let (endpoint, line) = (EndpointId::from_raw(row.endpoint_id), line(&row));
        if find_one(&tx, company, id.raw()).await?.is_endpoint_gone() {
            return Err(finished());
        }
        let is_claimed = row.claimed_by != 0;
        let mut moved = false;
        if is_claimed {
            mark_canceled(&tx, &row).await?;
        } else {
            move_to_history(&tx, row, now).await?;
            let advanced = advance(&mut By(&tx), &line.into_iter().collect(), &locked, now).await?;
            wake_all(&tx, &advanced, now).await?;
            moved = !advanced.lanes.is_empty();
        }
        let facts = serde_json::json!({ "in_flight": is_claimed });
        self.audit(&tx, company, actor, "delivery.canceled", id, facts, now).await?;
        let record = self.delivery_record(&tx, company, id).await?;
        tx.commit().await?;
        if is_claimed {
            self.hint(Hint::Wish);
        } else {
            self.count_ended(Finish::Canceled, 1);
        }
        if moved {
            self.hint(Hint::LaneDue(endpoint));
        }
        self.tell_delivery(company, &record, now);
        Ok(record)
    }

    async fn delivery_record(
        &self,
        connection: &impl ConnectionTrait,
        company: CompanyId,
        id: DeliveryId,
    ) -> Result<DeliveryRecord, Error> {
        let row = find_one(connection, company, id.raw()).await?;
        let records = self.delivery_records(connection, company, vec![row]).await?;
        records.into_iter().next().ok_or(Error::NotFound)
    }
}

fn conflict(code: &'static str, detail: &str) -> Error {
    Error::Conflict { code, detail: detail.to_owned() }
}

/// The numbers of how a pending delivery is written.
async fn pending_rendering(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    id: DeliveryId,
) -> Result<Option<(i64, i64)>, Error> {
    let row = pending::Entity::find_by_id(id.raw())
        .filter(pending::Column::CompanyId.eq(company.raw()))
        .one(connection)
        .await?;
    Ok(row.map(|row| (row.format, row.render_version)))
}

/// The delivery while it is pending, kept from claims and settlement until the transaction ends.
async fn locked_pending(
    tx: &DatabaseTransaction,
    company: CompanyId,
    id: DeliveryId,
) -> Result<Option<pending::Model>, Error> {
    let row = pending::Entity::find_by_id(id.raw())
        .filter(pending::Column::CompanyId.eq(company.raw()))
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(row)
}

/// The delivery's endpoint, if requests can go there.
async fn sending_endpoint(tx: &DatabaseTransaction, id: i64) -> Result<EndpointState, Error> {
    let row = endpoint::Entity::find_by_id(id)
        .filter(endpoint::Column::DeletedAt.is_null())
        .one(tx)
        .await?
        .ok_or_else(|| conflict("endpoint_deleted", "the delivery's endpoint was deleted"))?;
    let state = state_of(&row)?;
    if state.is_held() {
        let detail = "the delivery's endpoint is paused or disabled; enable it first";
        return Err(conflict("endpoint_held", detail));
    }
    Ok(state)
}

fn check_expiry(expires_at: Option<i64>, now: DateTime<Utc>) -> Result<(), Error> {
    if expires_at.is_some_and(|at| at <= micros(now)) {
        return Err(conflict("event_expired", "the event's expires_at has passed"));
    }
    Ok(())
}

/// One whose request is under way goes on; one that waits, here or in a node's memory, goes first.
async fn retry_pending(
    tx: &DatabaseTransaction,
    row: &pending::Model,
    now: DateTime<Utc>,
) -> Result<EndpointId, Error> {
    sending_endpoint(tx, row.endpoint_id).await?;
    check_expiry(row.expires_at, now)?;
    if row.canceled != 0 {
        let detail = "the delivery was canceled while a request was under way; retry it afterwards";
        return Err(conflict("delivery_canceled", detail));
    }
    if row.line_key.is_some() && row.due_at == WAITS {
        let waits_for =
            find_one(tx, CompanyId::from_raw(row.company_id), row.id).await?.waiting_for;
        let first = waits_for.map(DeliveryId::from_raw);
        let first = first.map_or_else(|| "an earlier one".to_owned(), |first| first.to_string());
        let detail = format!(
            "the endpoint is ordered, and {first} of the same contact goes first; retry or cancel that one"
        );
        return Err(conflict("delivery_waiting", &detail));
    }
    pending::Entity::update_many()
        .col_expr(pending::Column::DueAt, Expr::value(0_i64))
        .filter(pending::Column::CompanyId.eq(row.company_id))
        .filter(pending::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(EndpointId::from_raw(row.endpoint_id))
}

/// Back from history with the next generation; its attempt numbers go on.
async fn retry_finished(
    tx: &DatabaseTransaction,
    company: CompanyId,
    id: DeliveryId,
    locked: &Locked,
    now: DateTime<Utc>,
) -> Result<EndpointId, Error> {
    let removal = Removal::look(tx).await?;
    let mut sql = Sql::new("SELECT ");
    sql.text(Past::COLUMNS).text(" FROM deliveries d WHERE d.company_id = ").bind(company.raw());
    sql.text(" AND d.id = ").bind(id.raw()).text(" ORDER BY d.generation DESC LIMIT 1");
    let past = Past::find_by_statement(sql.build(tx.get_database_backend()));
    let past = past.one(tx).await?.ok_or(Error::NotFound)?;
    let endpoint = sending_endpoint(tx, past.endpoint_id).await?;
    let event = find_event(tx, company, past.event_id)
        .await?
        .ok_or_else(|| conflict("event_gone", "retention has removed the delivery's event"))?;
    check_expiry(event.expires_at, now)?;
    let mut rows = [past.restarted(event.expires_at, &endpoint, 0, now)];
    let lines = stand(tx, company, &mut rows, locked).await?;
    let [row] = rows;
    let row: pending::ActiveModel = row.into();
    // Two people may ask at the same moment: once is enough.
    pending::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    removal.keep(tx, company, [(past.event_id, id.raw())]).await?;
    rearrange(&mut By(tx), &lines, locked, now).await?;
    Ok(EndpointId::from_raw(past.endpoint_id))
}

/// A request is under way: settlement ends the delivery.
async fn mark_canceled(tx: &DatabaseTransaction, row: &pending::Model) -> Result<(), Error> {
    pending::Entity::update_many()
        .col_expr(pending::Column::Canceled, Expr::value(1_i64))
        .filter(pending::Column::CompanyId.eq(row.company_id))
        .filter(pending::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(())
}

async fn move_to_history(
    tx: &DatabaseTransaction,
    row: pending::Model,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    pending::Entity::delete_many()
        .filter(pending::Column::CompanyId.eq(row.company_id))
        .filter(pending::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    let fed = (row.company_id, row.id, row.generation);
    let finished: history::ActiveModel = canceled_row(row, now).into();
    history::Entity::insert(finished).exec_without_returning(tx).await?;
    feed::tell(tx, &[fed]).await
}

/// The row of history of one that is canceled before another request.
pub(crate) fn canceled_row(row: pending::Model, now: DateTime<Utc>) -> history::Model {
    let pending::Model {
        id,
        company_id,
        endpoint_id,
        event_id,
        due_at: _,
        claimed_by: _,
        tries,
        tries_before,
        schedule_began: _,
        expires_at: _,
        generation,
        canceled: _,
        format,
        render_version,
        line_key: _,
        line_place: _,
    } = row;
    history::Model {
        id,
        company_id,
        generation,
        endpoint_id,
        event_id,
        state: STATE_CANCELED,
        tries,
        tries_before,
        finished_at: micros(now),
        format,
        render_version,
        started_at: None,
        duration_us: None,
        status_code: None,
        error_kind: None,
        error_message: None,
        request: None,
        response_head: None,
        response_body: None,
        truncated: 0,
    }
}

/// A finished delivery as it takes to put it back.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Past {
    pub(crate) id: i64,
    pub(crate) company_id: i64,
    pub(crate) generation: i64,
    pub(crate) endpoint_id: i64,
    pub(crate) event_id: i64,
    pub(crate) state: i64,
    pub(crate) tries: i64,
    pub(crate) finished_at: i64,
    pub(crate) format: i64,
    pub(crate) render_version: i64,
}

impl Past {
    /// Its columns, for `d`.
    pub(crate) const COLUMNS: &str = "d.id, d.company_id, d.generation, d.endpoint_id, d.event_id, \
        d.state, d.tries, d.finished_at, d.format, d.render_version";

    /// The same delivery with its next generation and a fresh schedule.
    pub(crate) fn restarted(
        &self,
        expires_at: Option<i64>,
        endpoint: &EndpointState,
        due_at: i64,
        now: DateTime<Utc>,
    ) -> pending::Model {
        let tries = u32::try_from(self.tries).unwrap_or(u32::MAX);
        let progress = Progress { tries, ..Progress::new(now, expires_at.map(from_micros)) };
        let progress = progress.restarted(endpoint.running_time(now));
        pending::Model {
            id: self.id,
            company_id: self.company_id,
            endpoint_id: self.endpoint_id,
            event_id: self.event_id,
            due_at,
            claimed_by: 0,
            tries: i64::from(progress.tries),
            tries_before: i64::from(progress.tries_before),
            schedule_began: micros(progress.schedule_began),
            expires_at,
            generation: self.generation + 1,
            canceled: 0,
            format: self.format,
            render_version: self.render_version,
            line_key: None,
            line_place: None,
        }
    }
}

async fn find_event(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    id: i64,
) -> Result<Option<event::Model>, Error> {
    let row = event::Entity::find_by_id(id)
        .filter(event::Column::CompanyId.eq(company.raw()))
        .one(connection)
        .await?;
    Ok(row)
}
