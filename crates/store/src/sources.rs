//! Sources as people see them: made, named, rotated, deleted. How the callback finds them is in
//! `source_cache`, what comes in is counted in `source_counts`.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::id::{CompanyId, SourceId};
use domain::source::{
    AppSecret, AppSecrets, PREVIOUS_SECRETS_MAX, SOURCES_MAX, SourceKind, TooManySecrets,
    VerifyToken,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::entity::source;
use crate::rows::page::{before_of, cut, limit_of};
use crate::source_secrets::SourceSecrets;
use crate::time::{from_micros, micros};
use crate::tokens::bump_config_version;
use crate::{Actor, Error, Page, PageRequest, Store};

/// What a new source is to be; every part has been checked.
#[derive(Debug)]
pub struct NewSource {
    /// What it takes in.
    pub kind: SourceKind,
    /// What people call it.
    pub name: String,
    /// Meta's app secret; every notification is refused until there is one.
    pub app_secret: Option<AppSecret>,
    /// What is pasted into the App Dashboard.
    pub verify_token: VerifyToken,
}

/// A source as it is shown: never its app secret.
#[derive(Debug, Clone)]
pub struct SourceRecord {
    /// Its id.
    pub id: SourceId,
    /// Its company.
    pub company: CompanyId,
    /// What it takes in.
    pub kind: SourceKind,
    /// What people call it.
    pub name: String,
    /// What is pasted into the App Dashboard.
    pub verify_token: VerifyToken,
    /// Whether it has an app secret.
    pub has_app_secret: bool,
    /// Until when an older app secret is accepted, where one was at the last rotation.
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// When Meta last asked for the callback URL and had the verify token.
    pub handshake_at: Option<DateTime<Utc>>,
    /// When a notification was last taken in.
    pub last_notification_at: Option<DateTime<Utc>>,
    /// How many notifications were taken in.
    pub accepted: u64,
    /// How many notifications and questions were refused.
    pub refused: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When a person last changed it.
    pub updated_at: DateTime<Utc>,
}

impl Store {
    /// Makes a source; the conflict `too_many_sources` where the company has as many as it may.
    pub async fn create_source(
        &self,
        company: CompanyId,
        new: NewSource,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<SourceRecord, Error> {
        let NewSource { kind, name, app_secret, verify_token } = new;
        let id = SourceId::from_raw(self.new_id(now));
        let app = app_secret.map(|current| AppSecrets { current, previous: Vec::new() });
        let facts = serde_json::json!({
            "kind": kind.as_str(), "name": name, "app_secret": app.is_some(),
        });
        let secrets = SourceSecrets { verify_token, app };
        let row = source::Model {
            id: id.raw(),
            company_id: company.raw(),
            kind: kind.as_str().to_owned(),
            name,
            sealed_secrets: self.seal_source(company, id, &secrets),
            handshake_at: None,
            last_notification_at: None,
            accepted: 0,
            refused: 0,
            created_at: micros(now),
            updated_at: micros(now),
        };
        let tx = self.begin().await?;
        // Puts those who make one in a row, so that none is made too many.
        bump_config_version(&tx, company).await?;
        let there = source::Entity::find().filter(source::Column::CompanyId.eq(company.raw()));
        if there.count(&tx).await? >= SOURCES_MAX as u64 {
            return Err(too_many());
        }
        let inserted: source::ActiveModel = row.clone().into();
        source::Entity::insert(inserted).exec_without_returning(&tx).await?;
        self.audit(&tx, company, actor, "source.created", id, facts, now).await?;
        tx.commit().await?;
        // Somebody may have asked for it before it was there.
        self.forget_sources(company);
        self.source_record(row)
    }

    /// The company's sources.
    pub async fn sources(
        &self,
        company: CompanyId,
        page: PageRequest,
    ) -> Result<Page<SourceRecord>, Error> {
        let limit = limit_of(page);
        let rows = source::Entity::find()
            .filter(source::Column::CompanyId.eq(company.raw()))
            .filter(source::Column::Id.lt(before_of(page)))
            .order_by_desc(source::Column::Id)
            .limit(limit + 1)
            .all(self.reader())
            .await?;
        let records = rows.into_iter().map(|row| self.source_record(row));
        let records = records.collect::<Result<_, _>>()?;
        Ok(cut(records, limit, None, |record: &SourceRecord| record.id.raw()))
    }

    /// One source.
    pub async fn source(&self, company: CompanyId, id: SourceId) -> Result<SourceRecord, Error> {
        self.source_record(source_row(self.reader(), company, id).await?)
    }

    /// Gives a source another name.
    pub async fn rename_source(
        &self,
        company: CompanyId,
        id: SourceId,
        name: String,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<SourceRecord, Error> {
        let tx = self.begin().await?;
        let before = locked(&tx, company, id).await?;
        let changed = serde_json::json!({ "name": [before.name, name] });
        let row = source::Model { name, updated_at: micros(now), ..before };
        let values = source::ActiveModel {
            name: Set(row.name.clone()),
            updated_at: Set(row.updated_at),
            ..Default::default()
        };
        update(&tx, id, values).await?;
        let facts = serde_json::json!({ "changed": changed });
        self.audit(&tx, company, actor, "source.updated", id, facts, now).await?;
        tx.commit().await?;
        self.source_record(row)
    }

    /// Gives a source another app secret, or its first one; what was accepted before is accepted beside
    /// it for `overlap`. The conflict `too_many_secrets` where as many older ones as there may be are
    /// still accepted.
    pub async fn rotate_app_secret(
        &self,
        company: CompanyId,
        id: SourceId,
        secret: AppSecret,
        overlap: TimeDelta,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<SourceRecord, Error> {
        let tx = self.begin().await?;
        bump_config_version(&tx, company).await?;
        let row = locked(&tx, company, id).await?;
        let SourceSecrets { verify_token, app } = self.open_source_secrets(&row)?;
        let facts = serde_json::json!({
            "first": app.is_none(), "overlap_seconds": overlap.num_seconds(),
        });
        let app = AppSecrets::rotated(app, secret, overlap, now).map_err(too_many_secrets)?;
        let secrets = SourceSecrets { verify_token, app: Some(app) };
        let row = self.write_secrets(&tx, row, &secrets, now).await?;
        self.audit(&tx, company, actor, "source.app_secret_rotated", id, facts, now).await?;
        tx.commit().await?;
        self.forget_sources(company);
        self.source_record(row)
    }

    /// Gives a source another verify token. The one before it ends at once: it is only ever asked for
    /// while a person saves the callback URL in the App Dashboard.
    pub async fn rotate_verify_token(
        &self,
        company: CompanyId,
        id: SourceId,
        token: VerifyToken,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<SourceRecord, Error> {
        let tx = self.begin().await?;
        bump_config_version(&tx, company).await?;
        let row = locked(&tx, company, id).await?;
        let SourceSecrets { verify_token: _, app } = self.open_source_secrets(&row)?;
        let secrets = SourceSecrets { verify_token: token, app };
        let row = self.write_secrets(&tx, row, &secrets, now).await?;
        let facts = serde_json::json!({});
        self.audit(&tx, company, actor, "source.verify_token_rotated", id, facts, now).await?;
        tx.commit().await?;
        self.forget_sources(company);
        self.source_record(row)
    }

    /// Deletes a source with what it shows of refused notifications. Its events stay, and so do the
    /// keys by which they are deduplicated.
    pub async fn delete_source(
        &self,
        company: CompanyId,
        id: SourceId,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        // What is on its way into the database is checked against this.
        bump_config_version(&tx, company).await?;
        let row = locked(&tx, company, id).await?;
        source::Entity::delete_by_id(id.raw()).exec(&tx).await?;
        let sql = "DELETE FROM refused_notifications WHERE source_id = $1";
        tx.execute_raw(self.statement(sql, [id.raw().into()])).await?;
        let facts = serde_json::json!({ "name": row.name });
        self.audit(&tx, company, actor, "source.deleted", id, facts, now).await?;
        tx.commit().await?;
        self.forget_sources(company);
        Ok(())
    }

    async fn write_secrets(
        &self,
        tx: &DatabaseTransaction,
        row: source::Model,
        secrets: &SourceSecrets,
        now: DateTime<Utc>,
    ) -> Result<source::Model, Error> {
        let (company, id) = (CompanyId::from_raw(row.company_id), SourceId::from_raw(row.id));
        let sealed_secrets = self.seal_source(company, id, secrets);
        let row = source::Model { sealed_secrets, updated_at: micros(now), ..row };
        let values = source::ActiveModel {
            sealed_secrets: Set(row.sealed_secrets.clone()),
            updated_at: Set(row.updated_at),
            ..Default::default()
        };
        update(tx, id, values).await?;
        Ok(row)
    }

    fn source_record(&self, row: source::Model) -> Result<SourceRecord, Error> {
        let SourceSecrets { verify_token, app } = self.open_source_secrets(&row)?;
        let source::Model {
            id,
            company_id,
            kind,
            name,
            sealed_secrets: _,
            handshake_at,
            last_notification_at,
            accepted,
            refused,
            created_at,
            updated_at,
        } = row;
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        let until = app.as_ref().and_then(|app| app.previous.iter().map(|(_, until)| *until).max());
        Ok(SourceRecord {
            id: SourceId::from_raw(id),
            company: CompanyId::from_raw(company_id),
            kind: kind.parse().map_err(|_| Error::Corrupt {
                table: "sources",
                id,
                what: format!("kind is {kind}"),
            })?,
            name,
            verify_token,
            has_app_secret: app.is_some(),
            previous_secret_until: until,
            handshake_at: handshake_at.map(from_micros),
            last_notification_at: last_notification_at.map(from_micros),
            accepted: count(accepted),
            refused: count(refused),
            created_at: from_micros(created_at),
            updated_at: from_micros(updated_at),
        })
    }
}

fn too_many() -> Error {
    let detail = format!(
        "a company has at most {SOURCES_MAX} sources, and one takes any number of phone numbers and \
         accounts; delete one"
    );
    Error::Conflict { code: "too_many_sources", detail }
}

fn too_many_secrets(TooManySecrets { until }: TooManySecrets) -> Error {
    let until = until.to_rfc3339_opts(SecondsFormat::Micros, true);
    Error::Conflict {
        code: "too_many_secrets",
        detail: format!(
            "{PREVIOUS_SECRETS_MAX} older app secrets are still accepted beside the current one; wait \
             until {until}, or rotate with `overlap_seconds` 0, which ends them all"
        ),
    }
}

/// The company's source.
pub(crate) async fn source_row(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    id: SourceId,
) -> Result<source::Model, Error> {
    let found = source::Entity::find_by_id(id.raw())
        .filter(source::Column::CompanyId.eq(company.raw()))
        .one(connection)
        .await?;
    found.ok_or(Error::NotFound)
}

/// The same, kept from others until the transaction ends.
async fn locked(
    tx: &DatabaseTransaction,
    company: CompanyId,
    id: SourceId,
) -> Result<source::Model, Error> {
    let found = source::Entity::find_by_id(id.raw())
        .filter(source::Column::CompanyId.eq(company.raw()))
        .lock_exclusive();
    found.one(tx).await?.ok_or(Error::NotFound)
}

async fn update(
    tx: &DatabaseTransaction,
    id: SourceId,
    values: source::ActiveModel,
) -> Result<(), Error> {
    source::Entity::update_many()
        .set(values)
        .filter(source::Column::Id.eq(id.raw()))
        .exec(tx)
        .await?;
    Ok(())
}
