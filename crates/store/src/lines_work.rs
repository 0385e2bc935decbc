//! An endpoint that becomes ordered, or is ordered no longer, while deliveries wait: they are brought into
//! line, or out of it, in slices, by whichever node comes to it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::event_type::EventTypeName;
use domain::id::{CompanyId, EndpointId};
use domain::traffic::contact_key;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, QueryResult, Value};

use crate::lines::{Ask, By, Line, Lines, State, advance, lock};
use crate::lines_sql::{DISSOLVE, KEYS, Numbers, PLACE, SLICE_ROWS, UNPLACED, UNPLACED_LEFT};
use crate::rows::lane::wake;
use crate::rows::sql::Sql;
use crate::time::micros;
use crate::{Error, Hint, Store};

/// How many endpoints are looked at in one round.
const AT_WORK_MAX: i64 = 100;

/// Where the work on the lines of one endpoint stands; a node that begins in the middle begins again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineWalk {
    due_at: i64,
    id: i64,
    key: Option<i64>,
    /// Line, place and delivery that was taken out of its line last.
    taken_out: Option<Numbers>,
    /// Whether this pass has placed anything.
    placed: bool,
}

/// What a slice of the work brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineStep {
    /// There is more to do.
    More(LineWalk),
    /// Requests that began before are under way; they are waited for.
    Waits,
    /// The endpoint is as it should be.
    Done,
}

impl Store {
    /// Endpoints whose lines are not as they should be yet.
    pub async fn lines_at_work(&self) -> Result<Vec<EndpointId>, Error> {
        let sql = "SELECT endpoint_id FROM order_lines WHERE state <> 2 LIMIT $1";
        let values: [Value; 1] = [AT_WORK_MAX.into()];
        let rows = self.reader().query_all_raw(self.statement(sql, values)).await?;
        rows.iter().map(|row| Ok(EndpointId::from_raw(row.try_get("", "endpoint_id")?))).collect()
    }

    /// Has every line looked at once whether it has a head: a node of a release that knows no lines may
    /// have ended one. It costs one probe a line, and nothing waits for it.
    pub(crate) async fn look_through_lines(&self) -> Result<(), Error> {
        let sql = if self.backend() == DatabaseBackend::Postgres {
            "UPDATE order_lines SET state = 1 WHERE endpoint_id IN (SELECT endpoint_id FROM order_lines \
                 WHERE state = 2 ORDER BY endpoint_id FOR UPDATE)"
        } else {
            "UPDATE order_lines SET state = 1 WHERE state = 2"
        };
        self.inner.pools.write().execute_raw(self.statement(sql, [])).await?;
        Ok(())
    }

    /// Looks through an endpoint again of which a delivery came up that stands in no line: a node that did
    /// not know yet that the endpoint is ordered has written it.
    pub async fn arrange_again(&self, endpoint: EndpointId) -> Result<(), Error> {
        let sql = "UPDATE order_lines SET state = 0 WHERE endpoint_id = $1 AND state IN (1, 2)";
        let values: [Value; 1] = [endpoint.raw().into()];
        self.inner.pools.write().execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }

    /// A slice of the work on an endpoint's lines. `is_idle` says whether this node has nothing of it in
    /// memory, which counts where it is the only one.
    pub async fn work_on_lines(
        &self,
        endpoint: EndpointId,
        walk: LineWalk,
        is_idle: bool,
        now: DateTime<Utc>,
    ) -> Result<LineStep, Error> {
        let tx = self.begin().await?;
        let locked = lock(&mut By(&tx), &BTreeSet::from([endpoint.raw()])).await?;
        let Some(lines) = locked.get(&endpoint.raw()).copied() else { return Ok(LineStep::Done) };
        let company = endpoint_company(self, &tx, endpoint).await?;
        let (step, is_due) = match (lines.state, company) {
            (State::InOrder, _) => return Ok(LineStep::Done),
            (_, None) => (remove(self, &tx, endpoint).await?, false),
            (State::Arranging, Some(_)) => {
                (self.arrange(&tx, endpoint, lines, walk, is_idle).await?, false)
            }
            (State::Heading, Some(_)) => {
                let key = walk
                    .key
                    .map_or_else(|| "[-9223372036854775808]".to_owned(), |key| format!("[{key}]"));
                let keys = By(&tx).ask(&KEYS, key, endpoint.raw()).await?;
                let found: BTreeSet<Line> = keys.iter().map(|(at, key, _)| (*at, *key)).collect();
                advance(&mut By(&tx), &found, &locked, now).await?;
                let step = match keys.last() {
                    Some((_, key, _)) if keys.len() == SLICE_ROWS => {
                        LineStep::More(LineWalk { key: Some(*key), ..walk })
                    }
                    Some(_) | None => {
                        set_state(self, &tx, endpoint, State::InOrder).await?;
                        LineStep::Done
                    }
                };
                (step, true)
            }
            (State::Dissolving, Some(_)) => (self.dissolve(&tx, endpoint, walk, now).await?, true),
        };
        if let Some(company) = company.filter(|_| is_due) {
            wake(&tx, company, endpoint, micros(now)).await?;
        }
        tx.commit().await?;
        if is_due {
            self.hint(Hint::LaneDue(endpoint));
        }
        Ok(step)
    }

    /// Places what was never looked at. Once a whole pass finds nothing and nothing is under way, lines get
    /// their heads.
    async fn arrange(
        &self,
        tx: &DatabaseTransaction,
        endpoint: EndpointId,
        lines: Lines,
        walk: LineWalk,
        is_idle: bool,
    ) -> Result<LineStep, Error> {
        let after = format!("[{}, {}]", walk.due_at, walk.id);
        let found = By(tx).ask(&UNPLACED, after, endpoint.raw()).await?;
        let ids: Vec<i64> = found.iter().map(|(_, id, _)| *id).collect();
        let placed =
            self.place_all(tx, &ids, found.first().map(|row| row.0), lines, endpoint).await?;
        if found.len() == SLICE_ROWS
            && let Some((_, id, due_at)) = found.last().copied()
        {
            let placed = walk.placed || placed;
            return Ok(LineStep::More(LineWalk { due_at, id, placed, ..walk }));
        }
        if walk.placed || placed {
            return Ok(LineStep::More(LineWalk::default()));
        }
        if self.backend() == DatabaseBackend::Postgres {
            let left = By(tx).ask(&UNPLACED_LEFT, String::new(), endpoint.raw()).await?;
            match left.first() {
                // Given back behind the walk, or locked by somebody when it came by.
                Some((1, ..)) => return Ok(LineStep::More(LineWalk::default())),
                Some(_) => return Ok(LineStep::Waits),
                None => {}
            }
        } else if !is_idle {
            return Ok(LineStep::Waits);
        }
        set_state(self, tx, endpoint, State::Heading).await?;
        Ok(LineStep::More(LineWalk::default()))
    }

    /// Takes a slice out of the lines. A walk that was carried along may have passed what was put in line
    /// since: it is over once it finds no full slice from the front.
    async fn dissolve(
        &self,
        tx: &DatabaseTransaction,
        endpoint: EndpointId,
        walk: LineWalk,
        now: DateTime<Utc>,
    ) -> Result<LineStep, Error> {
        let (line, place, id) = walk.taken_out.unwrap_or((i64::MIN, 0, 0));
        let after = serde_json::json!([micros(now), line, place, id]).to_string();
        let freed = By(tx).ask(&DISSOLVE, after, endpoint.raw()).await?;
        if freed.len() == SLICE_ROWS {
            let taken_out = freed.into_iter().max();
            return Ok(LineStep::More(LineWalk { taken_out, ..LineWalk::default() }));
        }
        match walk.taken_out {
            Some(_) => Ok(LineStep::More(LineWalk::default())),
            None => remove(self, tx, endpoint).await,
        }
    }

    /// Gives deliveries that have none their places. Tells whether there were any.
    async fn place_all(
        &self,
        tx: &DatabaseTransaction,
        ids: &[i64],
        company: Option<i64>,
        lines: Lines,
        endpoint: EndpointId,
    ) -> Result<bool, Error> {
        let Some(company) = company else { return Ok(false) };
        let mut sql = Sql::new(
            "SELECT p.id, p.event_id, e.subject, e.event_type FROM pending p LEFT JOIN events e \
             ON e.company_id = p.company_id AND e.id = p.event_id WHERE p.line_place IS NULL \
             AND p.company_id = ",
        );
        sql.bind(company).text(" AND p.id IN (").list(ids.iter().copied()).text(")");
        let rows = tx.query_all_raw(sql.build(self.backend())).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let place = |row: &QueryResult| -> Result<(i64, i64, Option<i64>, i64), Error> {
            let subject: Option<String> = row.try_get("", "subject")?;
            let event_type: Option<String> = row.try_get("", "event_type")?;
            let line = line_of(subject.as_deref(), event_type.as_deref());
            Ok((company, row.try_get("", "id")?, line, row.try_get("", "event_id")?))
        };
        let places = rows.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let last = places.iter().map(|place| place.3).max().unwrap_or(0).max(lines.last_place);
        By(tx).ask(&PLACE, serde_json::json!(places).to_string(), 0).await?;
        crate::lines::remember(&mut By(tx), &[(endpoint.raw(), last)]).await?;
        Ok(true)
    }
}

/// In which line a delivery of such an event stands. Operational events stand in none: they tell of the
/// engine, not of a contact.
pub(crate) fn line_of(subject: Option<&str>, event_type: Option<&str>) -> Option<i64> {
    let is_operational = event_type
        .and_then(|name| EventTypeName::parse(name).ok())
        .is_some_and(|name| name.is_operational());
    subject.filter(|_| !is_operational).map(contact_key)
}

/// The endpoint's company, unless the endpoint was deleted.
async fn endpoint_company(
    store: &Store,
    tx: &DatabaseTransaction,
    endpoint: EndpointId,
) -> Result<Option<CompanyId>, Error> {
    let sql = "SELECT company_id FROM endpoints WHERE id = $1 AND deleted_at IS NULL";
    let values: [Value; 1] = [endpoint.raw().into()];
    let row = tx.query_one_raw(store.statement(sql, values)).await?;
    Ok(row.map(|row| row.try_get("", "company_id")).transpose()?.map(CompanyId::from_raw))
}

async fn set_state(
    store: &Store,
    tx: &DatabaseTransaction,
    endpoint: EndpointId,
    state: State,
) -> Result<(), Error> {
    let sql = "UPDATE order_lines SET state = $2 WHERE endpoint_id = $1";
    let values: [Value; 2] = [endpoint.raw().into(), state.code().into()];
    tx.execute_raw(store.statement(sql, values)).await?;
    Ok(())
}

async fn remove(
    store: &Store,
    tx: &DatabaseTransaction,
    endpoint: EndpointId,
) -> Result<LineStep, Error> {
    let sql = "DELETE FROM order_lines WHERE endpoint_id = $1";
    let values: [Value; 1] = [endpoint.raw().into()];
    tx.execute_raw(store.statement(sql, values)).await?;
    Ok(LineStep::Done)
}
