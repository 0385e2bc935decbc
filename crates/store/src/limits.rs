//! Limits of companies where something is counted: in the transaction that adds to it, once the
//! company's row is locked, so that two nodes at once never have more than there may be.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, floor_at, made_at};
use domain::limits::{Limit, Limits, OwnLimits};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::entity::{api_token, company, endpoint, invitation, member};
use crate::time::{from_micros, micros};
use crate::{Error, Gate, Store};

/// In which time invitations are counted.
const DAY: TimeDelta = TimeDelta::hours(24);

/// A limit as a company sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitUse {
    /// Which.
    pub limit: Limit,
    /// How much there may be.
    pub max: u32,
    /// Whether it is the company's own, and not the deployment's.
    pub is_own: bool,
    /// How much there is; a rate has no such number.
    pub used: Option<u64>,
}

/// What a company may, and how much of it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitsRecord {
    /// Since when the operator has suspended it.
    pub suspended_since: Option<DateTime<Utc>>,
    /// Every limit.
    pub limits: Vec<LimitUse>,
}

impl Store {
    /// What a company may, and how much of it is used.
    pub async fn limits(
        &self,
        company: CompanyId,
        now: DateTime<Utc>,
    ) -> Result<LimitsRecord, Error> {
        let row = company::Entity::find_by_id(company.raw()).one(self.reader()).await?;
        let row = row.ok_or(Error::NotFound)?;
        let own = own_limits(&row.limits);
        let all = self.rules().limits.of_company(&own);
        let mut limits = Vec::with_capacity(Limit::ALL.len());
        for limit in Limit::ALL {
            let used = used(self.reader(), company, limit, now).await?;
            let (max, is_own) = (all.get(limit), own.get(limit).is_some());
            limits.push(LimitUse { limit, max, is_own, used });
        }
        Ok(LimitsRecord { suspended_since: row.suspended_at.map(from_micros), limits })
    }

    /// Refuses one more of what is counted, where as much is there as there may be.
    pub(crate) async fn check_limit(
        &self,
        tx: &impl ConnectionTrait,
        company: CompanyId,
        limit: Limit,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let text: Option<String> = company::Entity::find_by_id(company.raw())
            .select_only()
            .column(company::Column::Limits)
            .into_tuple()
            .one(tx)
            .await?;
        let limits = self.rules().limits.of_company(&own_limits(&text.ok_or(Error::NotFound)?));
        let Some(used) = used(tx, company, limit, now).await? else { return Ok(()) };
        if limits.has_room(limit, used) {
            return Ok(());
        }
        let max = limits.get(limit);
        if limit == Limit::InvitationsPerDay {
            let over = used.saturating_sub(u64::from(max));
            let wait = invitation_wait(tx, company, over, now).await?;
            return Err(Error::RateLimited { limit, max, wait });
        }
        Err(Error::LimitReached { limit, max })
    }

    /// What a company may do in a time, as its row says.
    pub(crate) fn gate_of(&self, row: &company::Model) -> std::sync::Arc<Gate> {
        self.learn_limits(CompanyId::from_raw(row.id), &row.limits, row.config_version)
    }

    /// The same from what stands in the row.
    pub(crate) fn learn_limits(
        &self,
        company: CompanyId,
        own: &str,
        version: i64,
    ) -> std::sync::Arc<Gate> {
        let limits: Limits = self.rules().limits.of_company(&own_limits(own));
        self.inner.gates.learn(company, &limits, version)
    }
}

/// A company's own limits, as they are stored.
pub(crate) fn own_limits(text: &str) -> OwnLimits {
    serde_json::from_str(text).map(|value| OwnLimits::from_json(&value)).unwrap_or_default()
}

/// How much there is of what is counted; of what comes at a rate nothing is.
async fn used(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    limit: Limit,
    now: DateTime<Utc>,
) -> Result<Option<u64>, Error> {
    let id = company.raw();
    let count = match limit {
        Limit::Endpoints => {
            endpoint::Entity::find()
                .filter(endpoint::Column::CompanyId.eq(id))
                .filter(endpoint::Column::DeletedAt.is_null())
                .count(connection)
                .await?
        }
        Limit::Tokens => {
            let lasts = Condition::any()
                .add(api_token::Column::ExpiresAt.is_null())
                .add(api_token::Column::ExpiresAt.gt(micros(now)));
            api_token::Entity::find()
                .filter(api_token::Column::CompanyId.eq(id))
                .filter(api_token::Column::RevokedAt.is_null())
                .filter(lasts)
                .count(connection)
                .await?
        }
        Limit::Members => {
            member::Entity::find()
                .filter(member::Column::CompanyId.eq(id))
                .count(connection)
                .await?
        }
        Limit::InvitationsPerDay => {
            invitation::Entity::find()
                .filter(invitation::Column::CompanyId.eq(id))
                .filter(invitation::Column::Id.gte(floor_at(now - DAY)))
                .count(connection)
                .await?
        }
        Limit::EventsPerSecond | Limit::SamplesPerMinute | Limit::EventBytes => return Ok(None),
    };
    Ok(Some(count))
}

/// When an invitation leaves the day, so that one more fits; `over` have to leave before it.
async fn invitation_wait(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    over: u64,
    now: DateTime<Utc>,
) -> Result<TimeDelta, Error> {
    let leaves: Option<i64> = invitation::Entity::find()
        .select_only()
        .column(invitation::Column::Id)
        .filter(invitation::Column::CompanyId.eq(company.raw()))
        .filter(invitation::Column::Id.gte(floor_at(now - DAY)))
        .order_by_asc(invitation::Column::Id)
        .offset(over)
        .limit(1)
        .into_tuple()
        .one(tx)
        .await?;
    Ok(leaves.map_or(DAY, |id| made_at(id) + DAY - now))
}
