//! The audit log as it is read.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{AuditId, CompanyId, floor_at};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::entity::audit;
use crate::rows::page::{before_of, cut, limit_of};
use crate::time::{from_micros, micros};
use crate::{CutPage, Error, Page, PageRequest, Store};

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRecord {
    /// Its id.
    pub id: AuditId,
    /// Who did it: `usr_…`, `tok_…`, `cli` or `operator`.
    pub actor: String,
    /// From which address; empty where it came from no request.
    pub address: String,
    /// What was done: `endpoint.updated`.
    pub action: String,
    /// To what: an id as it is shown.
    pub subject: String,
    /// More about it, never a secret: a JSON object.
    pub facts: serde_json::Value,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Which lines are wanted; all of them must fit.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// By this actor.
    pub actor: Option<String>,
    /// This action.
    pub action: Option<String>,
    /// About this.
    pub subject: Option<String>,
    /// At or after this time.
    pub since: Option<DateTime<Utc>>,
    /// Before this time.
    pub until: Option<DateTime<Utc>>,
}

impl Store {
    /// The company's audit log, newest first. A page that takes too long is short, and says where to go on.
    pub async fn audit_log(
        &self,
        company: CompanyId,
        filter: AuditFilter,
        page: PageRequest,
    ) -> Result<CutPage<AuditRecord>, Error> {
        let mut patience = self.patience();
        let limit = limit_of(page);
        // Ids sort by time.
        let from = filter.since.map_or(0, floor_at);
        let mut below = before_of(page);
        let (mut step, mut found) = (limit + 1, Vec::new());
        loop {
            let rows = step_query(company, &filter, below, step).all(self.reader()).await?;
            let is_whole = rows.len() as u64 == step;
            let last = rows.last().map(|row| row.id).filter(|last| is_whole && *last > from);
            let fitting = rows.into_iter().filter(|row| filter.fits(row));
            found.extend(fitting.map(record).collect::<Result<Vec<_>, _>>()?);
            let is_full = found.len() as u64 > limit;
            match last {
                Some(last) if !is_full && !patience.is_over() => below = last,
                Some(_) | None => {
                    let Page { data, next } = cut(found, limit, last, |record| record.id.raw());
                    return Ok(CutPage { data, next, cut: !is_full && last.is_some() });
                }
            }
            step = STEP_ROWS;
        }
    }
}

/// How many rows are looked at in one step, after the first.
const STEP_ROWS: u64 = 1_000;
/// How much later than its line an id may have been made, where a clock was set back.
const IDS_AHEAD: TimeDelta = TimeDelta::days(7);

/// The next rows, by the index of one of the wanted texts: that which fewest have.
pub(crate) fn step_query(
    company: CompanyId,
    filter: &AuditFilter,
    below: i64,
    step: u64,
) -> Select<audit::Entity> {
    let AuditFilter { actor, action, subject, since: _, until } = filter;
    let texts = [
        (audit::Column::Subject, subject),
        (audit::Column::Actor, actor),
        (audit::Column::Action, action),
    ];
    let below = until.map_or(below, |until| below.min(floor_at(until + IDS_AHEAD)));
    let mut query = audit::Entity::find()
        .filter(audit::Column::CompanyId.eq(company.raw()))
        .filter(audit::Column::Id.lt(below));
    if let Some((column, Some(wanted))) = texts.into_iter().find(|(_, wanted)| wanted.is_some()) {
        query = query.filter(column.eq(wanted.as_str()));
    }
    query.order_by_desc(audit::Column::Id).limit(step)
}

impl AuditFilter {
    /// Whether a line is wanted.
    fn fits(&self, row: &audit::Model) -> bool {
        let is =
            |wanted: &Option<String>, text: &str| wanted.as_deref().is_none_or(|it| it == text);
        is(&self.actor, &row.actor)
            && is(&self.action, &row.action)
            && is(&self.subject, &row.subject)
            && self.since.is_none_or(|since| row.created_at >= micros(since))
            && self.until.is_none_or(|until| row.created_at < micros(until))
    }
}

fn record(row: audit::Model) -> Result<AuditRecord, Error> {
    let audit::Model { id, company_id: _, actor, action, subject, facts, created_at, address } =
        row;
    let facts = serde_json::from_str(&facts).map_err(|error| Error::Corrupt {
        table: "audit_log",
        id,
        what: error.to_string(),
    })?;
    Ok(AuditRecord {
        id: AuditId::from_raw(id),
        actor,
        address,
        action,
        subject,
        facts,
        created_at: from_micros(created_at),
    })
}
