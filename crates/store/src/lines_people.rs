//! What people and jobs put into lines: new deliveries of old events, and finished ones that are tried
//! again, go where their events were accepted.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, EndpointId};
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use crate::Error;
use crate::entity::pending;
use crate::lines::{Advanced, By, Line, Locked, WAITS};
use crate::lines_work::line_of;
use crate::rows::lane::wake;
use crate::rows::sql::Sql;
use crate::time::micros;

/// Lets rows that are to be inserted stand in the lines of their endpoints. Gives those lines, for
/// [`crate::lines::rearrange`] once they are inserted.
pub(crate) async fn stand(
    tx: &DatabaseTransaction,
    company: CompanyId,
    rows: &mut [pending::Model],
    locked: &Locked,
) -> Result<BTreeSet<Line>, Error> {
    let is_ordered = |row: &&mut pending::Model| {
        locked.get(&row.endpoint_id).is_some_and(|lines| lines.state.keeps_lines())
    };
    let mut ordered: Vec<&mut pending::Model> = rows.iter_mut().filter(is_ordered).collect();
    let events: BTreeSet<i64> = ordered.iter().map(|row| row.event_id).collect();
    let contacts = contacts(tx, company, &events).await?;
    let mut lines = BTreeSet::new();
    for row in &mut ordered {
        row.line_place = Some(row.event_id);
        row.line_key = contacts.get(&row.event_id).copied().flatten();
        if let Some(line) = row.line_key {
            row.due_at = WAITS;
            lines.insert((row.endpoint_id, line));
        }
    }
    Ok(lines)
}

/// In which lines deliveries of these events stand.
async fn contacts(
    tx: &DatabaseTransaction,
    company: CompanyId,
    events: &BTreeSet<i64>,
) -> Result<HashMap<i64, Option<i64>>, Error> {
    if events.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sql = Sql::new("SELECT id, subject, event_type FROM events WHERE company_id = ");
    sql.bind(company.raw()).text(" AND id IN (").list(events.iter().copied()).text(")");
    let rows = tx.query_all_raw(sql.build(tx.get_database_backend())).await?;
    let read = |row: &sea_orm::QueryResult| -> Result<(i64, Option<i64>), Error> {
        let subject: Option<String> = row.try_get("", "subject")?;
        let event_type: String = row.try_get("", "event_type")?;
        Ok((row.try_get("", "id")?, line_of(subject.as_deref(), Some(&event_type))))
    };
    rows.iter().map(read).collect()
}

/// The line of a row.
pub(crate) fn line(row: &pending::Model) -> Option<Line> {
    row.line_key.map(|key| (row.endpoint_id, key))
}

/// Locks the lines of one endpoint, if it is ordered.
pub(crate) async fn lock_one(tx: &DatabaseTransaction, endpoint: i64) -> Result<Locked, Error> {
    crate::lines::lock(&mut By(tx), &BTreeSet::from([endpoint])).await
}

/// Makes the lanes due of what moved up.
pub(crate) async fn wake_all(
    tx: &DatabaseTransaction,
    advanced: &Advanced,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    for (endpoint, company) in &advanced.lanes {
        let (endpoint, company) = (EndpointId::from_raw(*endpoint), CompanyId::from_raw(*company));
        wake(tx, company, endpoint, micros(now)).await?;
    }
    Ok(())
}
