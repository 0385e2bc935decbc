//! A company's own event types: made, read and changed by people. What ingest needs of them is in
//! `own_type_cache`.

use chrono::{DateTime, Utc};
use domain::event_type::EventTypeName;
use domain::id::CompanyId;
use domain::own_type::{
    OWN_TYPES_BYTES_MAX, OWN_TYPES_MAX, OWN_TYPES_WITH_ARCHIVED_MAX, OwnTypeContent, Validation,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder,
};

use crate::entity::event_type;
use crate::time::{from_micros, micros};
use crate::tokens::bump_config_version;
use crate::{Actor, Error, Store};

/// An own event type as it is shown.
#[derive(Debug, Clone)]
pub struct OwnTypeRecord {
    /// Its name.
    pub name: EventTypeName,
    /// What it says.
    pub content: OwnTypeContent,
    /// Since when events of it are refused.
    pub archived_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When a person last changed it. Grows with every change.
    pub updated_at: DateTime<Utc>,
}

impl Store {
    /// Makes an own type; its content has been checked.
    pub async fn create_event_type(
        &self,
        company: CompanyId,
        name: &EventTypeName,
        content: OwnTypeContent,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<OwnTypeRecord, Error> {
        let row = row(company, name, content, (now, now), None);
        let tx = self.begin().await?;
        bump_config_version(&tx, company).await?;
        if let Some(there) = find(&tx, company, name).await? {
            return Err(taken(&there));
        }
        let inserted: event_type::ActiveModel = row.clone().into();
        event_type::Entity::insert(inserted).exec_without_returning(&tx).await?;
        self.check_limits(&tx, company).await?;
        let facts = serde_json::json!({
            "validation": row.validation, "has_schema": row.json_schema.is_some(),
        });
        self.audit(&tx, company, actor, "event_type.created", name, facts, now).await?;
        tx.commit().await?;
        record(row)
    }

    /// The company's own types by name, the archived ones included.
    pub async fn event_types(&self, company: CompanyId) -> Result<Vec<OwnTypeRecord>, Error> {
        let rows = event_type::Entity::find()
            .filter(event_type::Column::CompanyId.eq(company.raw()))
            .order_by_asc(event_type::Column::Name)
            .all(self.reader())
            .await?;
        rows.into_iter().map(record).collect()
    }

    /// One of the company's own types.
    pub async fn event_type(
        &self,
        company: CompanyId,
        name: &EventTypeName,
    ) -> Result<OwnTypeRecord, Error> {
        record(find(self.reader(), company, name).await?.ok_or(Error::NotFound)?)
    }

    /// Changes an own type to what `wanted` says, which was made from `seen` and checked: where it has
    /// been changed since, nothing is written and the conflict is `event_type_changed`.
    pub async fn update_event_type(
        &self,
        company: CompanyId,
        seen: &OwnTypeRecord,
        wanted: OwnTypeContent,
        archived: bool,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<OwnTypeRecord, Error> {
        let archived_at = archived.then(|| seen.archived_at.unwrap_or(now));
        let facts = changed_facts(seen, &wanted, archived);
        let seen_at = micros(seen.updated_at);
        let updated_at = from_micros(micros(now).max(seen_at + 1));
        let row = row(company, &seen.name, wanted, (seen.created_at, updated_at), archived_at);
        let tx = self.begin().await?;
        bump_config_version(&tx, company).await?;
        let changed = event_type::ActiveModel {
            description: Set(row.description.clone()),
            sample: Set(row.sample.clone()),
            json_schema: Set(row.json_schema.clone()),
            validation: Set(row.validation.clone()),
            updated_at: Set(row.updated_at),
            archived_at: Set(row.archived_at),
            ..Default::default()
        };
        let written = event_type::Entity::update_many()
            .set(changed)
            .filter(event_type::Column::CompanyId.eq(company.raw()))
            .filter(event_type::Column::Name.eq(seen.name.as_str()))
            .filter(event_type::Column::UpdatedAt.eq(seen_at))
            .exec(&tx)
            .await?;
        if written.rows_affected == 0 {
            find(&tx, company, &seen.name).await?.ok_or(Error::NotFound)?;
            let detail = "somebody else is changing this event type; try again".to_owned();
            return Err(Error::Conflict { code: "event_type_changed", detail });
        }
        self.check_limits(&tx, company).await?;
        self.audit(&tx, company, actor, "event_type.updated", &seen.name, facts, now).await?;
        tx.commit().await?;
        record(row)
    }

    /// Refuses what would be more than a company may have. Changes of one company stand in a row, so
    /// that nobody slips by.
    async fn check_limits(
        &self,
        tx: &DatabaseTransaction,
        company: CompanyId,
    ) -> Result<(), Error> {
        const SQL: &str = "SELECT count(*) AS types, count(archived_at) AS archived, \
            CAST(coalesce(sum(octet_length(description) + octet_length(sample) \
            + octet_length(coalesce(json_schema, ''))), 0) AS BIGINT) AS bytes \
            FROM event_types WHERE company_id = $1";
        let counted = tx
            .query_one_raw(self.statement(SQL, [company.raw().into()]))
            .await?
            .ok_or(Error::NotFound)?;
        let number = |column| counted.try_get::<i64>("", column);
        let (types, archived, bytes) = (number("types")?, number("archived")?, number("bytes")?);
        let detail = if types - archived > OWN_TYPES_MAX {
            format!("a company may have {OWN_TYPES_MAX} event types of its own; archive one")
        } else if types > OWN_TYPES_WITH_ARCHIVED_MAX {
            format!(
                "a company may have {OWN_TYPES_WITH_ARCHIVED_MAX} event types of its own with \
                 the archived ones"
            )
        } else if bytes > OWN_TYPES_BYTES_MAX {
            format!(
                "descriptions, samples and schemas of all event types of a company may have \
                 {OWN_TYPES_BYTES_MAX} bytes together; these would have {bytes}"
            )
        } else {
            return Ok(());
        };
        Err(Error::Conflict { code: "too_many_event_types", detail })
    }
}

async fn find(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    name: &EventTypeName,
) -> Result<Option<event_type::Model>, Error> {
    let key = (company.raw(), name.as_str().to_owned());
    Ok(event_type::Entity::find_by_id(key).one(connection).await?)
}

fn taken(there: &event_type::Model) -> Error {
    let name = &there.name;
    let detail = match there.archived_at {
        Some(_) => format!(
            "the company has an archived event type `{name}`; PATCH it with `\"archived\": false` to use it again"
        ),
        None => format!("the company has an event type `{name}` already; PATCH changes it"),
    };
    Error::Conflict { code: "event_type_exists", detail }
}

fn row(
    company: CompanyId,
    name: &EventTypeName,
    content: OwnTypeContent,
    (created_at, updated_at): (DateTime<Utc>, DateTime<Utc>),
    archived_at: Option<DateTime<Utc>>,
) -> event_type::Model {
    let OwnTypeContent { description, sample, schema, validation } = content;
    event_type::Model {
        company_id: company.raw(),
        name: name.as_str().to_owned(),
        description,
        sample,
        json_schema: schema,
        validation: validation.as_str().to_owned(),
        created_at: micros(created_at),
        updated_at: micros(updated_at),
        archived_at: archived_at.map(micros),
    }
}

fn record(row: event_type::Model) -> Result<OwnTypeRecord, Error> {
    let event_type::Model {
        company_id,
        name,
        description,
        sample,
        json_schema,
        validation,
        created_at,
        updated_at,
        archived_at,
    } = row;
    let validation = validation_of(company_id, &validation)?;
    let content = OwnTypeContent { description, sample, schema: json_schema, validation };
    Ok(OwnTypeRecord {
        name: name_of(company_id, &name)?,
        content,
        archived_at: archived_at.map(from_micros),
        created_at: from_micros(created_at),
        updated_at: from_micros(updated_at),
    })
}

/// The name in a row of that company's.
pub(crate) fn name_of(company: i64, name: &str) -> Result<EventTypeName, Error> {
    let what = |error| format!("name: {error}");
    EventTypeName::parse(name).map_err(|error| corrupt(company, what(error)))
}

/// The validation in a row of that company's.
pub(crate) fn validation_of(company: i64, text: &str) -> Result<Validation, Error> {
    Validation::parse(text).ok_or_else(|| corrupt(company, format!("validation is {text:?}")))
}

fn corrupt(id: i64, what: String) -> Error {
    Error::Corrupt { table: "event_types", id, what }
}

/// What was changed, for the audit log: never what samples and schemas say.
fn changed_facts(
    seen: &OwnTypeRecord,
    wanted: &OwnTypeContent,
    archived: bool,
) -> serde_json::Value {
    let OwnTypeContent { description, sample, schema, validation } = wanted;
    let parts = [
        ("description", *description != seen.content.description),
        ("sample", *sample != seen.content.sample),
        ("schema", *schema != seen.content.schema),
        ("validation", *validation != seen.content.validation),
        ("archived", archived != seen.archived_at.is_some()),
    ];
    let names: Vec<&str> =
        parts.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect();
    serde_json::json!({
        "changed": names, "validation": validation.as_str(), "archived": archived,
    })
}
