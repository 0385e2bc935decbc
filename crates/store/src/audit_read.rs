//! The audit log as it is read.

use chrono::{DateTime, Utc};
use domain::id::{AuditId, CompanyId, floor_at};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entity::audit;
use crate::rows::page::{before_of, cut, limit_of};
use crate::time::{from_micros, micros};
use crate::{Error, Page, PageRequest, Store};

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
    /// The company's audit log, newest first.
    pub async fn audit_log(
        &self,
        company: CompanyId,
        filter: AuditFilter,
        page: PageRequest,
    ) -> Result<Page<AuditRecord>, Error> {
        let limit = limit_of(page);
        let AuditFilter { actor, action, subject, since, until } = filter;
        let mut query = audit::Entity::find()
            .filter(audit::Column::CompanyId.eq(company.raw()))
            .filter(audit::Column::Id.lt(before_of(page)));
        for (column, wanted) in [
            (audit::Column::Actor, actor),
            (audit::Column::Action, action),
            (audit::Column::Subject, subject),
        ] {
            if let Some(wanted) = wanted {
                query = query.filter(column.eq(wanted));
            }
        }
        // Ids sort by time: the index of the ids finds them.
        if let Some(since) = since {
            query = query.filter(audit::Column::Id.gte(floor_at(since)));
            query = query.filter(audit::Column::CreatedAt.gte(micros(since)));
        }
        if let Some(until) = until {
            query = query.filter(audit::Column::CreatedAt.lt(micros(until)));
        }
        let rows =
            query.order_by_desc(audit::Column::Id).limit(limit + 1).all(self.reader()).await?;
        let records = rows.into_iter().map(record).collect::<Result<Vec<_>, _>>()?;
        Ok(cut(records, limit, None, |record| record.id.raw()))
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
