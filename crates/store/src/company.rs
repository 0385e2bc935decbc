//! Companies and the people in them.

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, UserId};
use domain::role::Role;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::entity::{company, user};
use crate::people::{insert_member, vouch};
use crate::rows::notification::NO_SETTINGS;
use crate::time::{from_micros, micros};
use crate::{Actor, CompanyRecord, Error, Store};

/// How many companies the command line lists.
const COMPANIES_MAX: u64 = 1_000;

impl Store {
    /// Makes a company and its owner; a person with that address becomes its owner as well. The
    /// operator vouches for the address: whoever signed up with it unproved has to choose a new
    /// password by a link.
    pub async fn create_company(
        &self,
        name: &str,
        owner_email: &str,
        now: DateTime<Utc>,
    ) -> Result<CompanyRecord, Error> {
        self.create_company_by(Actor::Cli, name, owner_email, now).await
    }

    /// The same, by somebody else who runs the deployment.
    pub async fn create_company_by(
        &self,
        actor: Actor,
        name: &str,
        owner_email: &str,
        now: DateTime<Utc>,
    ) -> Result<CompanyRecord, Error> {
        let id = CompanyId::from_raw(self.new_id(now));
        let tx = self.begin().await?;
        insert_company(&tx, id, name, now).await?;
        let owner = self.user_by_email(&tx, owner_email, now).await?;
        vouch(&tx, owner, now).await?;
        insert_member(&tx, id, owner, Role::Owner, now).await?;
        let facts = serde_json::json!({ "name": name, "owner": owner });
        self.audit(&tx, id, actor, "company.created", id, facts, now).await?;
        tx.commit().await?;
        Ok(CompanyRecord { id, name: name.to_owned(), created_at: from_micros(micros(now)) })
    }

    /// One company.
    pub async fn company(&self, id: CompanyId) -> Result<CompanyRecord, Error> {
        let row = company::Entity::find_by_id(id.raw()).one(self.reader()).await?;
        row.map(record).ok_or(Error::NotFound)
    }

    /// Every company, newest first (at most 1,000), for the command line.
    pub async fn companies(&self) -> Result<Vec<CompanyRecord>, Error> {
        let rows = company::Entity::find()
            .order_by_desc(company::Column::Id)
            .limit(COMPANIES_MAX)
            .all(self.reader())
            .await?;
        Ok(rows.into_iter().map(record).collect())
    }

    /// The person with that address, made where there is none.
    async fn user_by_email(
        &self,
        tx: &impl ConnectionTrait,
        email: &str,
        now: DateTime<Utc>,
    ) -> Result<UserId, Error> {
        let email = email.trim();
        let key = email.to_lowercase();
        let row = user::ActiveModel {
            id: Set(self.new_id(now)),
            email: Set(email.to_owned()),
            email_key: Set(key.clone()),
            name: Set(String::new()),
            password_hash: Set(None),
            email_verified_at: Set(None),
            created_at: Set(micros(now)),
            password_changed_at: Set(None),
        };
        user::Entity::insert(row)
            .on_conflict(OnConflict::column(user::Column::EmailKey).do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
        let found = user::Entity::find().filter(user::Column::EmailKey.eq(key)).one(tx).await?;
        found.map(|row| UserId::from_raw(row.id)).ok_or(Error::NotFound)
    }
}

/// Writes a company's row.
pub(crate) async fn insert_company(
    tx: &impl ConnectionTrait,
    id: CompanyId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = company::ActiveModel {
        id: Set(id.raw()),
        name: Set(name.to_owned()),
        config_version: Set(1),
        created_at: Set(micros(now)),
        settings: Set(NO_SETTINGS.to_owned()),
        limits: Set("{}".to_owned()),
        suspended_at: Set(None),
    };
    company::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub(crate) fn record(row: company::Model) -> CompanyRecord {
    let company::Model {
        id,
        name,
        config_version: _,
        created_at,
        settings: _,
        limits: _,
        suspended_at: _,
    } = row;
    CompanyRecord { id: CompanyId::from_raw(id), name, created_at: from_micros(created_at) }
}
