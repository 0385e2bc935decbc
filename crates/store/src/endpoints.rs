//! Endpoints: made, read and deleted by people. How they are changed is in `endpoint_update`, what
//! is sealed of them in `secrets`, samples in `sample`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::endpoint::EndpointState;
use domain::external_key::EndpointName;
use domain::filter::{COMPANY_REGEXES_MAX, Filter};
use domain::id::{CompanyId, EndpointId};
use domain::limits::Limit;
use domain::schedule::RetrySchedule;
use domain::secret::SigningKeys;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction,
    EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::endpoint_update::without_secrets;
use crate::entity::{endpoint, mail};
use crate::live_told::DELETED;
use crate::rows::choice::ChoiceColumns;
use crate::rows::endpoint::{
    acknowledge_of, acknowledge_text, choice_of, corrupt, record, resolve_schedule, selectors_text,
    state_of, timeout_ms, timeout_of,
};
use crate::rows::endpoint_state::StateColumns;
use crate::rows::page::{before_of, cut, limit_of};
use crate::rows::schedule::{schedule_from_text, schedule_to_text};
use crate::rows::traffic::{in_flight_number, rate_text, traffic_of};
use crate::secrets::Secrets;
use crate::suspend::{Standing, check_active};
use crate::time::micros;
use crate::tokens::bump_config_version;
use crate::{
    Actor, EndpointRecord, Error, Hint, MailState, NewEndpoint, Page, PageRequest, ScheduleChoice,
    Store, SwitchWanted, Target,
};

impl Store {
    /// Makes an endpoint.
    pub async fn create_endpoint(
        &self,
        company: CompanyId,
        endpoint: NewEndpoint,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<EndpointRecord, Error> {
        let id = EndpointId::from_raw(self.new_id(now));
        let tx = self.begin().await?;
        bump_config_version(&tx, company).await?;
        check_active(&tx, company).await?;
        self.check_limit(&tx, company, Limit::Endpoints, now).await?;
        check_key_is_free(&tx, company, endpoint.external_key.as_deref(), None).await?;
        let row = self.insert_endpoint(&tx, (company, id), endpoint, actor, now).await?;
        tx.commit().await?;
        self.hint(Hint::ConfigChanged(company));
        let record = self.endpoint_record(row)?;
        self.tell_endpoint((company, id), "created", &record.state, now);
        Ok(record)
    }

    /// Writes a new endpoint and its line in the audit log.
    pub(crate) async fn insert_endpoint(
        &self,
        tx: &DatabaseTransaction,
        (company, id): (CompanyId, EndpointId),
        endpoint: NewEndpoint,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<endpoint::Model, Error> {
        let traffic = endpoint.traffic;
        check_regexes(tx, company, endpoint.narrowing.filter.as_ref(), None).await?;
        let row = self.new_row(company, id, endpoint, now);
        let inserted: endpoint::ActiveModel = row.clone().into();
        endpoint::Entity::insert(inserted).exec_without_returning(tx).await?;
        self.begin_traffic(tx, (company, id), None, traffic, now).await?;
        let url = without_secrets(&row.url);
        let facts = serde_json::json!({
            "url": url, "event_types": row.event_types, "format": row.format, "switch": row.switch,
        });
        self.audit(tx, company, actor, "endpoint.created", id, facts, now).await?;
        Ok(row)
    }

    /// One endpoint.
    pub async fn endpoint(
        &self,
        company: CompanyId,
        id: EndpointId,
    ) -> Result<EndpointRecord, Error> {
        self.endpoint_record(live_endpoint(self.reader(), company, id).await?)
    }

    /// One endpoint by the caller's own name for it.
    pub async fn endpoint_by_key(
        &self,
        company: CompanyId,
        external_key: &str,
    ) -> Result<EndpointRecord, Error> {
        let row = endpoint::Entity::find()
            .filter(endpoint::Column::CompanyId.eq(company.raw()))
            .filter(endpoint::Column::ExternalKey.eq(external_key))
            .filter(endpoint::Column::DeletedAt.is_null())
            .one(self.reader())
            .await?;
        self.endpoint_record(row.ok_or(Error::NotFound)?)
    }

    /// The id of the endpoint that a caller names; a key that no endpoint has is not found, and of an
    /// id nothing is asked.
    pub async fn endpoint_named(
        &self,
        company: CompanyId,
        name: EndpointName,
    ) -> Result<EndpointId, Error> {
        let key = match name {
            EndpointName::Id(id) => return Ok(id),
            EndpointName::Key(key) => key,
        };
        let id: Option<i64> = endpoint::Entity::find()
            .select_only()
            .column(endpoint::Column::Id)
            .filter(endpoint::Column::CompanyId.eq(company.raw()))
            .filter(endpoint::Column::ExternalKey.eq(key))
            .filter(endpoint::Column::DeletedAt.is_null())
            .into_tuple()
            .one(self.reader())
            .await?;
        id.map(EndpointId::from_raw).ok_or(Error::NotFound)
    }

    /// The company's endpoints.
    pub async fn endpoints(
        &self,
        company: CompanyId,
        page: PageRequest,
    ) -> Result<Page<EndpointRecord>, Error> {
        let limit = limit_of(page);
        let rows = page_of(self.backend(), company, page).all(self.reader()).await?;
        let records =
            rows.into_iter().map(|row| self.endpoint_record(row)).collect::<Result<_, _>>()?;
        Ok(cut(records, limit, None, |record: &EndpointRecord| record.id.raw()))
    }

    /// Deletes an endpoint; what was pending counts as canceled at once.
    pub async fn delete_endpoint(
        &self,
        company: CompanyId,
        id: EndpointId,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        let row = locked_endpoint(&tx, company, id).await?;
        self.end_lines(&tx, id).await?;
        bump_config_version(&tx, company).await?;
        let changed = endpoint::ActiveModel {
            deleted_at: Set(Some(micros(now))),
            updated_at: Set(micros(now)),
            ..Default::default()
        };
        write_endpoint(&tx, id, changed).await?;
        undo_held_back_mails(&tx, id).await?;
        let facts = serde_json::json!({ "url": without_secrets(&row.url) });
        self.audit(&tx, company, actor, "endpoint.deleted", id, facts, now).await?;
        tx.commit().await?;
        self.hint(Hint::ConfigChanged(company));
        self.hint(Hint::LaneDue(id));
        self.tell_endpoint((company, id), DELETED, &state_of(&row)?, now);
        Ok(())
    }

    /// Everything it takes to send to the endpoint.
    pub async fn target(
        &self,
        company: CompanyId,
        id: EndpointId,
        now: DateTime<Utc>,
    ) -> Result<Arc<Target>, Error> {
        // Read first: what is read after it is at least as new.
        let Standing { config_version, suspended_since } = self.standing(company).await?;
        let row = live_endpoint(self.reader(), company, id).await?;
        let Secrets { current, mut previous } = self.open_secrets(&row)?;
        previous.retain(|(_, until)| *until > now);
        let choice = schedule_from_text(row.id, &row.schedule)?;
        Ok(Arc::new(Target {
            endpoint: id,
            company,
            url: url::Url::parse(&row.url)
                .map_err(|error| corrupt(row.id)(format!("url: {error}")))?,
            format: choice_of(&row).read().map_err(corrupt(row.id))?.0,
            keys: SigningKeys::new(&current, &previous),
            headers: self.open_headers(&row)?,
            timeout: timeout_of(row.timeout_ms).map_err(corrupt(row.id))?,
            acknowledge: acknowledge_of(&row.acknowledge).map_err(corrupt(row.id))?,
            schedule: self.schedule_of(&choice),
            traffic: traffic_of(row.rate_limit.as_deref(), row.max_in_flight, row.ordered)
                .map_err(corrupt(row.id))?,
            state: EndpointState { suspended_since, ..state_of(&row)? },
            config_version,
        }))
    }

    /// What an endpoint's choice means in this deployment.
    pub(crate) fn schedule_of(&self, choice: &ScheduleChoice) -> RetrySchedule {
        resolve_schedule(choice, &self.rules().standard_schedule)
    }

    pub(crate) fn endpoint_record(&self, row: endpoint::Model) -> Result<EndpointRecord, Error> {
        let names = self.open_headers(&row)?.into_iter().map(|(name, _)| name).collect();
        record(row, names)
    }

    fn new_row(
        &self,
        company: CompanyId,
        id: EndpointId,
        endpoint: NewEndpoint,
        now: DateTime<Utc>,
    ) -> endpoint::Model {
        let NewEndpoint {
            url,
            description,
            event_types,
            format,
            narrowing,
            headers,
            secret,
            timeout,
            acknowledge,
            schedule,
            external_key,
            traffic,
            switch,
        } = endpoint;
        let choice = ChoiceColumns::of(format, &narrowing);
        let columns = StateColumns::of(&match switch {
            SwitchWanted::Enabled => EndpointState::new(),
            SwitchWanted::Disabled => EndpointState::new().disabled(now),
            SwitchWanted::Paused => EndpointState::new().paused(now),
        });
        endpoint::Model {
            id: id.raw(),
            company_id: company.raw(),
            external_key,
            url,
            description,
            event_types: selectors_text(&event_types),
            format: choice.format,
            wati_version: choice.wati_version,
            wati_names: choice.wati_names,
            filter: choice.filter,
            phone_number_ids: choice.phone_number_ids,
            session: choice.session,
            sealed_headers: self.seal_headers(company, id, &headers),
            sealed_secrets: self.seal_secrets(company, id, &Secrets::new(secret)),
            timeout_ms: timeout_ms(timeout),
            acknowledge: acknowledge_text(acknowledge).to_owned(),
            schedule: schedule_to_text(&schedule),
            rate_limit: rate_text(traffic.per_second),
            max_in_flight: in_flight_number(traffic.max_in_flight),
            ordered: i64::from(traffic.ordered),
            request: None,
            switch: columns.switch,
            held_since: columns.held_since,
            held_total_us: columns.held_total_us,
            failures: columns.failures,
            failing_since: columns.failing_since,
            defective_at: columns.defective_at,
            epoch: columns.epoch,
            last_status: None,
            last_error: None,
            created_at: micros(now),
            updated_at: micros(now),
            deleted_at: None,
        }
    }
}

/// The company's endpoints of one page, newest first, and one more. On PostgreSQL in the order of
/// `endpoints_live`: in that of ids alone, a planner that takes more of them for living ones than are would walk
/// down the key, past every company's endpoints.
pub(crate) fn page_of(
    backend: DatabaseBackend,
    company: CompanyId,
    page: PageRequest,
) -> Select<endpoint::Entity> {
    let is_living = endpoint::Column::DeletedAt.is_null();
    let mut rows = endpoint::Entity::find()
        .filter(endpoint::Column::CompanyId.eq(company.raw()))
        .filter(is_living.clone())
        .filter(endpoint::Column::Id.lt(before_of(page)));
    if backend == DatabaseBackend::Postgres {
        rows = rows.order_by_desc(is_living);
    }
    rows.order_by_desc(endpoint::Column::Id).limit(limit_of(page) + 1)
}

/// The company's endpoint, unless it was deleted.
pub(crate) async fn live_endpoint(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    id: EndpointId,
) -> Result<endpoint::Model, Error> {
    endpoint::Entity::find_by_id(id.raw())
        .filter(endpoint::Column::CompanyId.eq(company.raw()))
        .filter(endpoint::Column::DeletedAt.is_null())
        .one(connection)
        .await?
        .ok_or(Error::NotFound)
}

/// The same, kept from settlement until the transaction ends. Taken before the company's version,
/// as settlement does, so that the two cannot lock each other out.
pub(crate) async fn locked_endpoint(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    id: EndpointId,
) -> Result<endpoint::Model, Error> {
    endpoint::Entity::find_by_id(id.raw())
        .filter(endpoint::Column::CompanyId.eq(company.raw()))
        .filter(endpoint::Column::DeletedAt.is_null())
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

/// Writes the columns that are set, and no others.
pub(crate) async fn write_endpoint(
    tx: &impl ConnectionTrait,
    id: EndpointId,
    changed: endpoint::ActiveModel,
) -> Result<(), Error> {
    endpoint::Entity::update_many()
        .set(changed)
        .filter(endpoint::Column::Id.eq(id.raw()))
        .exec(tx)
        .await?;
    Ok(())
}

/// The columns of a new state, all others left alone.
pub(crate) fn state_change(state: &EndpointState) -> endpoint::ActiveModel {
    let columns = StateColumns::of(state);
    endpoint::ActiveModel {
        switch: Set(columns.switch),
        held_since: Set(columns.held_since),
        held_total_us: Set(columns.held_total_us),
        failures: Set(columns.failures),
        failing_since: Set(columns.failing_since),
        defective_at: Set(columns.defective_at),
        epoch: Set(columns.epoch),
        ..Default::default()
    }
}

/// Mails about the endpoint that wait for the end of a quiet time are no longer true.
pub(crate) async fn undo_held_back_mails(
    tx: &impl ConnectionTrait,
    endpoint: EndpointId,
) -> Result<(), Error> {
    let undone = mail::ActiveModel {
        state: Set(MailState::Undone.as_str().to_owned()),
        ..Default::default()
    };
    mail::Entity::update_many()
        .set(undone)
        .filter(mail::Column::EndpointId.eq(endpoint.raw()))
        .filter(mail::Column::State.eq(MailState::Queued.as_str()))
        .filter(mail::Column::HeldBack.eq(1))
        .exec(tx)
        .await?;
    Ok(())
}

/// The filters of all endpoints of a company have a bounded number of regexes: each is kept compiled.
pub(crate) async fn check_regexes(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    filter: Option<&Filter>,
    except: Option<EndpointId>,
) -> Result<(), Error> {
    let new = filter.map_or(0, |filter| Filter::regexes_in(filter.as_str()));
    if new == 0 {
        return Ok(());
    }
    let others: Vec<Option<String>> = endpoint::Entity::find()
        .select_only()
        .column(endpoint::Column::Filter)
        .filter(endpoint::Column::CompanyId.eq(company.raw()))
        .filter(endpoint::Column::DeletedAt.is_null())
        .filter(endpoint::Column::Filter.is_not_null())
        .filter(endpoint::Column::Id.ne(except.map_or(0, EndpointId::raw)))
        .into_tuple()
        .all(tx)
        .await?;
    let there: usize = others.iter().flatten().map(|text| Filter::regexes_in(text)).sum();
    if there + new <= COMPANY_REGEXES_MAX {
        return Ok(());
    }
    let detail = format!(
        "the filters of a company have {COMPANY_REGEXES_MAX} regexes at most, and those of its other \
         endpoints have {there}; write `prefix`, `contains` or `in` where they will do"
    );
    Err(Error::Conflict { code: "too_many_regexes", detail })
}

/// The caller's own name for an endpoint is unique among those that are not deleted.
pub(crate) async fn check_key_is_free(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    key: Option<&str>,
    except: Option<EndpointId>,
) -> Result<(), Error> {
    let Some(key) = key else { return Ok(()) };
    let taken = endpoint::Entity::find()
        .filter(endpoint::Column::CompanyId.eq(company.raw()))
        .filter(endpoint::Column::ExternalKey.eq(key))
        .filter(endpoint::Column::DeletedAt.is_null())
        .one(tx)
        .await?
        .map(|row| EndpointId::from_raw(row.id));
    match taken {
        Some(other) if Some(other) != except => Err(Error::Conflict {
            code: "external_key_taken",
            detail: format!("the endpoint {other} already has this external_key"),
        }),
        Some(_) | None => Ok(()),
    }
}
