//! Restrained endpoints: one node alone sends for them, the owner of their lane, and it begins only
//! when no other one can have anything under way.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, EndpointId};
use domain::traffic::Traffic;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, Value};

use crate::lines::State;
use crate::time::micros;
use crate::{Error, Store};

/// How long after a change of an endpoint a node may still begin a request without knowing of it.
const KNOWN_AFTER: TimeDelta = TimeDelta::seconds(2);
/// How long a rate looks back.
pub(crate) const RATE_SPAN: TimeDelta = TimeDelta::seconds(1);
/// How long a node that the others take for dead may go on without knowing of it.
const SILENT_AFTER: TimeDelta = TimeDelta::seconds(2);

/// Whether other nodes than `$2` hold deliveries of an endpoint. No index of what is held has the endpoint: these
/// are the two ranges of the one by node before and behind its own rows, so that one node alone reads none.
/// `>= 1` tells the planner in which part of `pending` both are; the order is for a plain walk of the index where
/// there are rows, which marks dead ones, and not for a bitmap, which meets them again the next time.
pub(crate) const OTHERS_POSTGRES: &str = "(SELECT 1 AS one FROM pending WHERE claimed_by >= 1 AND claimed_by < $2 \
    AND endpoint_id = $1 ORDER BY claimed_by LIMIT 1) UNION ALL (SELECT 1 FROM pending WHERE claimed_by >= 1 \
    AND claimed_by > $2 AND endpoint_id = $1 ORDER BY claimed_by LIMIT 1) LIMIT 1";

/// Which endpoints are restrained, for `e`.
macro_rules! is_restrained {
    () => {
        "(e.rate_limit IS NOT NULL OR e.max_in_flight IS NOT NULL OR e.ordered <> 0)"
    };
}
pub(crate) use is_restrained;

/// How long the lanes of restrained endpoints rest after their owner is gone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rest {
    /// How long it may begin requests without knowing that it is gone.
    unknowing: TimeDelta,
    /// Whether requests of its may still be under way.
    is_under_way: bool,
}

impl Rest {
    /// Nobody knows what became of it.
    pub(crate) const LONG: Self = Self { unknowing: SILENT_AFTER, is_under_way: true };
    /// It begins nothing more, and has not waited for what it has begun.
    pub(crate) const OF_WHAT_IS_UNDER_WAY: Self =
        Self { unknowing: TimeDelta::zero(), is_under_way: true };
    /// It has nothing under way.
    pub(crate) const SHORT: Self = Self { unknowing: TimeDelta::zero(), is_under_way: false };
}

impl Store {
    /// Gives a restrained endpoint the lane that it always has. One that was there before and not
    /// restrained rests until every node knows; `old` is `None` for a new one.
    pub(crate) async fn begin_traffic(
        &self,
        tx: &DatabaseTransaction,
        (company, endpoint): (CompanyId, EndpointId),
        old: Option<Traffic>,
        new: Traffic,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        begin_lines(self, tx, (company, endpoint), old, new).await?;
        let was_restrained = old.is_some_and(|old| old.is_exclusive());
        if !new.is_exclusive() {
            if !was_restrained {
                return Ok(());
            }
            let sql =
                "UPDATE lanes SET rest_until = 0, version = version + 1 WHERE endpoint_id = $1";
            let values: [Value; 1] = [endpoint.raw().into()];
            tx.execute_raw(self.statement(sql, values)).await?;
            return Ok(());
        }
        let rest =
            if old.is_none() || was_restrained { 0 } else { micros(now + KNOWN_AFTER + RATE_SPAN) };
        let sql = "INSERT INTO lanes (endpoint_id, company_id, owner, next_due, hold_until, version, rest_until) \
            VALUES ($1, $2, 0, $3, 0, 1, $4) ON CONFLICT (endpoint_id) DO UPDATE SET \
            version = lanes.version + 1, \
            next_due = CASE WHEN lanes.next_due < excluded.next_due THEN lanes.next_due ELSE excluded.next_due END, \
            rest_until = CASE WHEN lanes.rest_until > excluded.rest_until THEN lanes.rest_until ELSE excluded.rest_until END";
        let values: [Value; 4] =
            [endpoint.raw().into(), company.raw().into(), micros(now).into(), rest.into()];
        tx.execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }

    /// Leaves the lanes of these nodes to whoever takes them. Those of restrained endpoints rest: what may be under way to
    /// one with a bound or an order ends first, and a rate looks back.
    pub(crate) async fn leave_lanes(
        &self,
        tx: &DatabaseTransaction,
        rest: Rest,
        owners: RangeInclusive<i64>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        const LEAVE: &str = concat!(
            "UPDATE lanes SET owner = 0, version = version + 1, rest_until = COALESCE((SELECT CAST($1 AS BIGINT) + \
             CASE WHEN e.max_in_flight IS NULL AND e.ordered = 0 THEN 0 ELSE e.timeout_ms * $2 END \
             FROM endpoints e WHERE e.id = lanes.endpoint_id AND ",
            is_restrained!(),
            "), rest_until) WHERE owner BETWEEN $3 AND $4"
        );
        let begins = micros(now + RATE_SPAN + rest.unknowing);
        let of_timeout = if rest.is_under_way { 1_000_i64 } else { 0 };
        let (first, last) = owners.into_inner();
        let values: [Value; 4] = [begins.into(), of_timeout.into(), first.into(), last.into()];
        tx.execute_raw(self.statement(LEAVE, values)).await?;
        Ok(())
    }

    /// Ends the lines of an endpoint that is deleted, before the company's row is locked.
    pub(crate) async fn end_lines(
        &self,
        tx: &DatabaseTransaction,
        endpoint: EndpointId,
    ) -> Result<(), Error> {
        let sql = "UPDATE order_lines SET state = $2 WHERE endpoint_id = $1";
        let values: [Value; 2] = [endpoint.raw().into(), State::Dissolving.code().into()];
        tx.execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }

    /// Whether this node, which owns the lane of a restrained endpoint, may begin: no other one has
    /// claimed anything of it, and where it is ordered its lines have heads.
    pub async fn may_begin(&self, endpoint: EndpointId, ordered: bool) -> Result<bool, Error> {
        if ordered && !self.has_heads(endpoint).await? {
            return Ok(false);
        }
        if self.backend() != DatabaseBackend::Postgres {
            return Ok(true);
        }
        let values: [Value; 2] = [endpoint.raw().into(), self.incarnation().into()];
        let others = self.statement(OTHERS_POSTGRES, values);
        Ok(self.reader().query_one_raw(others).await?.is_none())
    }

    async fn has_heads(&self, endpoint: EndpointId) -> Result<bool, Error> {
        let sql = "SELECT state FROM order_lines WHERE endpoint_id = $1";
        let values: [Value; 1] = [endpoint.raw().into()];
        let row = self.reader().query_one_raw(self.statement(sql, values)).await?;
        let state: Option<i64> = row.map(|row| row.try_get("", "state")).transpose()?;
        Ok(state.and_then(State::parse).is_some_and(State::has_heads))
    }
}

/// Begins the lines of an endpoint that is ordered from now on, or their end. A new one has nothing that
/// would have to be brought into line.
async fn begin_lines(
    store: &Store,
    tx: &DatabaseTransaction,
    (company, endpoint): (CompanyId, EndpointId),
    old: Option<Traffic>,
    new: Traffic,
) -> Result<(), Error> {
    let was_ordered = old.is_some_and(|old| old.ordered);
    let state = match (old, new.ordered) {
        (None, true) => State::InOrder,
        (Some(_), true) if !was_ordered => State::Arranging,
        (Some(_), false) if was_ordered => State::Dissolving,
        (Some(_), _) | (None, false) => return Ok(()),
    };
    let sql = "INSERT INTO order_lines (endpoint_id, company_id, last_place, state) VALUES ($1, $2, 0, $3) \
        ON CONFLICT (endpoint_id) DO UPDATE SET state = excluded.state";
    let values: [Value; 3] = [endpoint.raw().into(), company.raw().into(), state.code().into()];
    tx.execute_raw(store.statement(sql, values)).await?;
    Ok(())
}
