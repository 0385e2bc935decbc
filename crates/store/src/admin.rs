//! What the operator sees and changes over all companies. Nothing here walks history or counts
//! without an end.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, EndpointId};
use domain::limits::{Limits, OwnLimits};
use domain::role::Role;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryResult, QuerySelect, Value,
};

use crate::entity::company;
use crate::limits::own_limits;
use crate::rows::page::{before_of, cut, limit_of};
use crate::rows::sql::Sql;
use crate::suspend::{lock_endpoints, resume};
use crate::time::{from_micros, micros};
use crate::{Actor, Error, Hint, Page, PageRequest, Store};

/// How many rows are counted before it is said that there are more.
const COUNT_MAX: i64 = 100_000;

/// A company as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyStanding {
    /// Its id.
    pub id: CompanyId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it is suspended.
    pub suspended_since: Option<DateTime<Utc>>,
    /// The mail addresses of its owners.
    pub owners: Vec<String>,
    /// How many endpoints it has.
    pub endpoints: u64,
    /// How many of them are switched on and Defective.
    pub defective: u64,
    /// Its limits, where they differ from the deployment's.
    pub own_limits: OwnLimits,
    /// What it may.
    pub limits: Limits,
}

/// Which companies are wanted; all of them must fit.
#[derive(Debug, Clone, Default)]
pub struct CompanyFilter {
    /// Its id, a part of its name, or the whole mail address of one of its owners.
    pub text: Option<String>,
    /// Only those that are suspended, or that are not.
    pub suspended: Option<bool>,
}

/// What the operator changes about a company; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct CompanyPatch {
    /// Another name.
    pub name: Option<String>,
    /// Limits to set; `None` inside goes back to the deployment's.
    pub limits: Vec<(domain::limits::Limit, Option<u32>)>,
    /// Whether it is suspended.
    pub suspended: Option<bool>,
}

/// The delivery that has waited longest for its turn, on endpoints that are sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongestDue {
    /// Whose.
    pub company: CompanyId,
    /// To which endpoint.
    pub endpoint: EndpointId,
    /// How long it has been due.
    pub age: TimeDelta,
}

/// How everything stands, over all companies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overall {
    /// What has waited longest; `None` where nothing is due.
    pub oldest_due: Option<LongestDue>,
    /// Deliveries that are not finished, counted up to 100,000.
    pub pending: u64,
    /// Whether there are more than were counted.
    pub pending_is_more: bool,
    /// Endpoints that are switched on and Defective.
    pub defective: u64,
    /// Companies that are suspended.
    pub suspended: u64,
    /// Mails that wait to be sent.
    pub mails_queued: u64,
    /// How long the first of them has been due.
    pub mail_age: Option<TimeDelta>,
    /// Jobs that are running.
    pub jobs_running: u64,
}

impl Store {
    /// Companies, the newest first.
    pub async fn company_standings(
        &self,
        filter: CompanyFilter,
        page: PageRequest,
    ) -> Result<Page<CompanyStanding>, Error> {
        let limit = limit_of(page);
        let mut sql = Sql::new(
            "SELECT c.id, c.name, c.created_at, c.suspended_at, c.limits FROM companies c WHERE c.id < ",
        );
        sql.bind(before_of(page));
        match filter.suspended {
            Some(true) => drop(sql.text(" AND c.suspended_at IS NOT NULL")),
            Some(false) => drop(sql.text(" AND c.suspended_at IS NULL")),
            None => {}
        }
        if let Some(text) = filter.text {
            let text = text.trim().to_lowercase();
            let id = text.parse::<CompanyId>().map_or(-1, CompanyId::raw);
            sql.text(" AND (c.id = ").bind(id);
            sql.text(" OR LOWER(c.name) LIKE ").bind(contains(&text)).text(" ESCAPE '!'");
            sql.text(" OR c.id IN (SELECT m.company_id FROM users u JOIN members m ON m.user_id = u.id WHERE u.email_key = ");
            sql.bind(text).text(" AND m.role = ").bind(Role::Owner.as_str()).text("))");
        }
        sql.text(" ORDER BY c.id DESC LIMIT ").bind(limit.cast_signed() + 1);
        let rows = self.reader().query_all_raw(sql.build(self.backend())).await?;
        let rows = rows.iter().map(|row| self.standing_of(row)).collect::<Result<Vec<_>, _>>()?;
        let mut page = cut(rows, limit, None, |standing| standing.id.raw());
        self.add_counts(&mut page.data).await?;
        Ok(page)
    }

    /// One company.
    pub async fn company_standing(&self, id: CompanyId) -> Result<CompanyStanding, Error> {
        let sql = "SELECT id, name, created_at, suspended_at, limits FROM companies WHERE id = $1";
        let values: [Value; 1] = [id.raw().into()];
        let row = self.reader().query_one_raw(self.statement(sql, values)).await?;
        let mut found = [self.standing_of(&row.ok_or(Error::NotFound)?)?];
        self.add_counts(&mut found).await?;
        let [found] = found;
        Ok(found)
    }

    /// Changes a company. Suspended, nothing of it is sent within two seconds on every node; resumed,
    /// what waits goes out, and the time between does not count for it.
    pub async fn update_company(
        &self,
        id: CompanyId,
        patch: CompanyPatch,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<CompanyStanding, Error> {
        let tx = self.begin().await?;
        if patch.suspended == Some(false) {
            lock_endpoints(&tx, id).await?;
        }
        let row = company::Entity::find_by_id(id.raw()).lock_exclusive().one(&tx).await?;
        let row = row.ok_or(Error::NotFound)?;
        let mut own = own_limits(&row.limits);
        for (limit, max) in patch.limits {
            own = own
                .with(limit, max.map(i64::from))
                .map_err(|error| Error::Configuration(format!("{} {error}", limit.as_str())))?;
        }
        let name = patch.name.unwrap_or_else(|| row.name.clone());
        let suspended_at = match (patch.suspended, row.suspended_at) {
            (Some(true), None) => Some(micros(now)),
            (Some(false), _) => None,
            (Some(true) | None, before) => before,
        };
        company::Entity::update_many()
            .col_expr(company::Column::Name, Expr::value(name.clone()))
            .col_expr(company::Column::Limits, Expr::value(own.to_json().to_string()))
            .col_expr(company::Column::SuspendedAt, Expr::value(suspended_at))
            .col_expr(company::Column::ConfigVersion, Expr::value(row.config_version + 1))
            .filter(company::Column::Id.eq(id.raw()))
            .exec(&tx)
            .await?;
        let before = own_limits(&row.limits);
        if name != row.name || own != before {
            let facts = serde_json::json!({
                "before": { "name": row.name, "limits": before.to_json() },
                "after": { "name": name, "limits": own.to_json() },
            });
            self.audit(&tx, id, actor, "company.updated", id, facts, now).await?;
        }
        match (row.suspended_at, suspended_at) {
            (None, Some(_)) => {
                let facts = serde_json::json!({});
                self.audit(&tx, id, actor, "company.suspended", id, facts, now).await?;
            }
            (Some(since), None) => {
                resume(&tx, id, since, now).await?;
                let facts = serde_json::json!({ "suspended_since": from_micros(since) });
                self.audit(&tx, id, actor, "company.resumed", id, facts, now).await?;
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
        tx.commit().await?;
        self.forget_tokens(id);
        self.hint(Hint::ConfigChanged(id));
        self.company_standing(id).await
    }

    /// How everything stands. What it costs grows with the lanes and the endpoints that fail, never
    /// with what is finished or waits.
    pub async fn overall(&self, now: DateTime<Utc>) -> Result<Overall, Error> {
        let count = async |sql: &'static str| -> Result<u64, Error> {
            let row = self.reader().query_one_raw(self.statement(sql, [])).await?;
            let count = row.map_or(Ok(0), |row| row.try_get::<i64>("", "n"))?;
            Ok(u64::try_from(count).unwrap_or(0))
        };
        let pending =
            count("SELECT count(*) AS n FROM (SELECT 1 FROM pending LIMIT 100001) x").await?;
        // A Defective endpoint that is switched on keeps its lane.
        let defective = count(
            "SELECT count(*) AS n FROM lanes l JOIN endpoints e ON e.id = l.endpoint_id \
             WHERE e.defective_at IS NOT NULL AND e.switch = 'enabled' AND e.deleted_at IS NULL",
        )
        .await?;
        let suspended =
            count("SELECT count(*) AS n FROM companies WHERE suspended_at IS NOT NULL").await?;
        let jobs_running = count("SELECT count(*) AS n FROM jobs WHERE state = 'running'").await?;
        let mails_queued = count(
            "SELECT count(*) AS n FROM (SELECT 1 FROM mail_outbox WHERE state = 'queued' LIMIT 100000) x",
        )
        .await?;
        let sql =
            "SELECT due_at FROM mail_outbox WHERE state = 'queued' ORDER BY due_at, id LIMIT 1";
        let mail = self.reader().query_one_raw(self.statement(sql, [])).await?;
        let mail_due = mail.map(|row| row.try_get::<i64>("", "due_at")).transpose()?;
        let age = |due: i64| (now - from_micros(due)).max(TimeDelta::zero());
        Ok(Overall {
            oldest_due: self.longest_due(now).await?,
            pending: pending.min(COUNT_MAX.cast_unsigned()),
            pending_is_more: pending > COUNT_MAX.cast_unsigned(),
            defective,
            suspended,
            mails_queued,
            mail_age: mail_due.map(age),
            jobs_running,
        })
    }

    /// The first row of each lane by the index of what is due; a person's wish, due at zero, is left
    /// out: it says nothing about when it became due.
    async fn longest_due(&self, now: DateTime<Utc>) -> Result<Option<LongestDue>, Error> {
        let sql = "SELECT company_id, endpoint_id, due_at FROM (\
            SELECT l.company_id, l.endpoint_id, (SELECT p.due_at FROM pending p \
                WHERE p.endpoint_id = l.endpoint_id AND p.claimed_by = 0 AND p.due_at > 0 \
                ORDER BY p.due_at, p.id LIMIT 1) AS due_at \
            FROM lanes l JOIN endpoints e ON e.id = l.endpoint_id JOIN companies c ON c.id = l.company_id \
            WHERE e.switch = 'enabled' AND e.deleted_at IS NULL AND c.suspended_at IS NULL AND l.hold_until <= $1) x \
            WHERE due_at <= $1 ORDER BY due_at LIMIT 1";
        let values: [Value; 1] = [micros(now).into()];
        let row = self.reader().query_one_raw(self.statement(sql, values)).await?;
        row.map(|row| {
            let due: i64 = row.try_get("", "due_at")?;
            Ok(LongestDue {
                company: CompanyId::from_raw(row.try_get("", "company_id")?),
                endpoint: EndpointId::from_raw(row.try_get("", "endpoint_id")?),
                age: now - from_micros(due),
            })
        })
        .transpose()
    }

    fn standing_of(&self, row: &QueryResult) -> Result<CompanyStanding, Error> {
        let own = own_limits(&row.try_get::<String>("", "limits")?);
        Ok(CompanyStanding {
            id: CompanyId::from_raw(row.try_get("", "id")?),
            name: row.try_get("", "name")?,
            created_at: from_micros(row.try_get("", "created_at")?),
            suspended_since: row.try_get::<Option<i64>>("", "suspended_at")?.map(from_micros),
            owners: Vec::new(),
            endpoints: 0,
            defective: 0,
            own_limits: own,
            limits: self.rules().limits.of_company(&own),
        })
    }

    /// Endpoints and owners of the companies of one page.
    async fn add_counts(&self, companies: &mut [CompanyStanding]) -> Result<(), Error> {
        if companies.is_empty() {
            return Ok(());
        }
        let ids = || companies.iter().map(|company| company.id.raw());
        let mut sql = Sql::new(
            "SELECT company_id, count(*) AS endpoints, \
             count(CASE WHEN defective_at IS NOT NULL AND switch = 'enabled' THEN 1 END) AS defective \
             FROM endpoints WHERE deleted_at IS NULL AND company_id IN (",
        );
        sql.list(ids()).text(") GROUP BY company_id");
        let counts = self.reader().query_all_raw(sql.build(self.backend())).await?;
        let mut sql = Sql::new(
            "SELECT m.company_id, u.email FROM members m JOIN users u ON u.id = m.user_id WHERE m.role = ",
        );
        sql.bind(Role::Owner.as_str()).text(" AND m.company_id IN (").list(ids());
        sql.text(") ORDER BY u.id");
        let owners = self.reader().query_all_raw(sql.build(self.backend())).await?;
        let mut places: HashMap<i64, &mut CompanyStanding> =
            companies.iter_mut().map(|company| (company.id.raw(), company)).collect();
        for row in &counts {
            if let Some(company) = places.get_mut(&row.try_get("", "company_id")?) {
                company.endpoints = row.try_get::<i64>("", "endpoints")?.cast_unsigned();
                company.defective = row.try_get::<i64>("", "defective")?.cast_unsigned();
            }
        }
        for row in &owners {
            if let Some(company) = places.get_mut(&row.try_get("", "company_id")?) {
                company.owners.push(row.try_get("", "email")?);
            }
        }
        Ok(())
    }
}

/// A pattern of LIKE for whatever has this text in it.
fn contains(text: &str) -> String {
    let escaped = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}
