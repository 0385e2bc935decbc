//! Endpoints changed and switched by people.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::endpoint::EndpointState;
use domain::filter::Filter;
use domain::format::Format;
use domain::id::{CompanyId, EndpointId};
use domain::selection::{PhoneNumberIds, SessionWanted};
use domain::traffic::Traffic;
use sea_orm::{ActiveValue::Set, DatabaseTransaction};
use serde_json::{Map, Value, json};

use crate::endpoints::{
    check_key_is_free, check_regexes, live_endpoint, locked_endpoint, state_change,
    undo_held_back_mails, write_endpoint,
};
use crate::entity::endpoint;
use crate::lines::{By, lock};
use crate::live_told::change_name;
use crate::rows::audit::changed;
use crate::rows::choice::{filter_text, numbers_text, wati_columns};
use crate::rows::endpoint::{acknowledge_text, corrupt, selectors_text, state_of, timeout_ms};
use crate::rows::lane;
use crate::rows::schedule::schedule_to_text;
use crate::rows::traffic::{in_flight_number, rate_text, traffic_of};
use crate::suspend::check_active;
use crate::time::micros;
use crate::tokens::bump_config_version;
use crate::{Actor, EndpointPatch, EndpointRecord, Error, Hint, Store, SwitchWanted};

impl Store {
    /// Changes an endpoint.
    pub async fn update_endpoint(
        &self,
        company: CompanyId,
        id: EndpointId,
        patch: EndpointPatch,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<EndpointRecord, Error> {
        let tx = self.begin().await?;
        let row = locked_endpoint(&tx, company, id).await?;
        lock(&mut By(&tx), &BTreeSet::from([id.raw()])).await?;
        bump_config_version(&tx, company).await?;
        check_active(&tx, company).await?;
        let key = patch.external_key.as_ref().and_then(|key| key.as_deref());
        check_key_is_free(&tx, company, key, Some(id)).await?;
        let filter = patch.filter.as_ref().and_then(Option::as_ref);
        check_regexes(&tx, company, filter, Some(id)).await?;

        let before = state_of(&row)?;
        let is_new_url = patch.url.as_ref().is_some_and(|url| *url != row.url);
        let state = switched(before, is_new_url, patch.switch, now);
        let old_headers = self.open_headers(&row)?;
        let changed = self.changed_row(&row, patch, &state, now)?;
        write_endpoint(&tx, id, changed).await?;
        let starts_afresh = state.epoch != before.epoch;
        if starts_afresh {
            start_afresh(&tx, company, id, &state, now).await?;
        }
        let after = live_endpoint(&tx, company, id).await?;
        let (old, new) = (traffic_of_row(&row)?, traffic_of_row(&after)?);
        self.begin_traffic(&tx, (company, id), Some(old), new, now).await?;
        let new_headers = self.open_headers(&after)?;
        let facts = differences((row, &old_headers), (after.clone(), &new_headers));
        self.audit(&tx, company, actor, "endpoint.updated", id, facts, now).await?;
        tx.commit().await?;
        self.hint(Hint::ConfigChanged(company));
        if starts_afresh || old != new {
            self.hint(Hint::LaneDue(id));
        }
        self.tell_endpoint((company, id), change_name(&before, &state), &state, now);
        self.endpoint_record(after)
    }

    fn changed_row(
        &self,
        row: &endpoint::Model,
        patch: EndpointPatch,
        state: &EndpointState,
        now: DateTime<Utc>,
    ) -> Result<endpoint::ActiveModel, Error> {
        let EndpointPatch {
            url,
            description,
            event_types,
            format,
            phone_number_ids,
            session,
            filter,
            headers,
            timeout,
            acknowledge,
            schedule,
            external_key,
            per_second,
            max_in_flight,
            ordered,
            switch: _,
        } = patch;
        let mut changed = state_change(state);
        changed.updated_at = Set(micros(now));
        if let Some(url) = url {
            changed.url = Set(url);
        }
        if let Some(description) = description {
            changed.description = Set(description);
        }
        if let Some(event_types) = event_types {
            changed.event_types = Set(selectors_text(&event_types));
        }
        change_choice(&mut changed, format, phone_number_ids, session, filter);
        if let Some(headers) = headers {
            let headers = merge_headers(&self.open_headers(row)?, headers)?;
            let (company, id) = (CompanyId::from_raw(row.company_id), EndpointId::from_raw(row.id));
            changed.sealed_headers = Set(self.seal_headers(company, id, &headers));
        }
        if let Some(timeout) = timeout {
            changed.timeout_ms = Set(timeout_ms(timeout));
        }
        if let Some(acknowledge) = acknowledge {
            changed.acknowledge = Set(acknowledge_text(acknowledge).to_owned());
        }
        if let Some(schedule) = schedule {
            changed.schedule = Set(schedule_to_text(&schedule));
        }
        if let Some(external_key) = external_key {
            changed.external_key = Set(external_key);
        }
        if let Some(per_second) = per_second {
            changed.rate_limit = Set(rate_text(per_second));
        }
        if let Some(max_in_flight) = max_in_flight {
            changed.max_in_flight = Set(in_flight_number(max_in_flight));
        }
        if let Some(ordered) = ordered {
            changed.ordered = Set(i64::from(ordered));
        }
        Ok(changed)
    }
}

/// What it chooses of events, and how they are written to it.
fn change_choice(
    changed: &mut endpoint::ActiveModel,
    format: Option<Format>,
    phone_number_ids: Option<Option<PhoneNumberIds>>,
    session: Option<SessionWanted>,
    filter: Option<Option<Filter>>,
) {
    if let Some(format) = format {
        let (version, names) = wati_columns(format);
        changed.format = Set(format.name().to_owned());
        changed.wati_version = Set(version);
        changed.wati_names = Set(names);
    }
    if let Some(ids) = phone_number_ids {
        changed.phone_number_ids = Set(numbers_text(ids.as_ref()));
    }
    if let Some(session) = session {
        changed.session = Set(session.as_str().to_owned());
    }
    if let Some(filter) = filter {
        changed.filter = Set(filter_text(filter.as_ref()));
    }
}

fn traffic_of_row(row: &endpoint::Model) -> Result<Traffic, Error> {
    let endpoint::Model { id, rate_limit, max_in_flight, ordered, .. } = row;
    traffic_of(rate_limit.as_deref(), *max_in_flight, *ordered).map_err(corrupt(*id))
}

fn switched(
    before: EndpointState,
    is_new_url: bool,
    switch: Option<SwitchWanted>,
    now: DateTime<Utc>,
) -> EndpointState {
    let state = if is_new_url { before.url_changed() } else { before };
    match switch {
        None => state,
        Some(SwitchWanted::Enabled) => state.enabled(now),
        Some(SwitchWanted::Paused) => state.paused(now),
        Some(SwitchWanted::Disabled) => state.disabled(now),
    }
}

/// A new epoch: a Retry-After of the past and mails that wait about it no longer count, and what
/// waits goes out unless the endpoint is held.
async fn start_afresh(
    tx: &DatabaseTransaction,
    company: CompanyId,
    id: EndpointId,
    state: &EndpointState,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    undo_held_back_mails(tx, id).await?;
    if state.is_held() {
        lane::clear_hold(tx, id).await
    } else {
        lane::reopen(tx, company, id, micros(now)).await.map(|_| ())
    }
}

/// The new headers, those without a value with the value they have.
fn merge_headers(
    old: &[(String, String)],
    new: Vec<(String, Option<String>)>,
) -> Result<Vec<(String, String)>, Error> {
    let kept = |name: &str| {
        let same = old.iter().find(|(old, _)| old.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.clone()).ok_or_else(|| Error::Conflict {
            code: "header_has_no_value",
            detail: format!("the endpoint has no header {name} whose value could be kept"),
        })
    };
    new.into_iter()
        .map(|(name, value)| {
            let value = value.map_or_else(|| kept(&name), Ok)?;
            Ok((name, value))
        })
        .collect()
}

/// What of an endpoint differs, for the audit log: old and new of what is no secret, and only that it
/// differs of what may be one, such as values of headers and the query of the URL.
fn differences(
    (before, old_headers): (endpoint::Model, &[(String, String)]),
    (after, new_headers): (endpoint::Model, &[(String, String)]),
) -> Value {
    let mut secrets = Vec::new();
    if before.url != after.url && without_secrets(&before.url) == without_secrets(&after.url) {
        secrets.push("url");
    }
    if old_headers != new_headers {
        secrets.push("headers");
    }
    if before.request != after.request {
        secrets.push("request");
    }
    let differing = changed(shown(before, old_headers), shown(after, new_headers));
    let mut facts = differing.unwrap_or_else(|| json!({ "changed": {} }));
    if !secrets.is_empty() {
        facts["changed_secrets"] = json!(secrets);
    }
    facts
}

/// The endpoint as the audit log compares it, without secrets.
fn shown(row: endpoint::Model, headers: &[(String, String)]) -> Map<String, Value> {
    let endpoint::Model {
        external_key,
        url,
        description,
        event_types,
        format,
        wati_version,
        wati_names,
        filter,
        phone_number_ids,
        session,
        timeout_ms,
        acknowledge,
        schedule,
        rate_limit,
        max_in_flight,
        ordered,
        switch,
        // Secrets, and what the engine writes.
        id: _,
        company_id: _,
        sealed_headers: _,
        sealed_secrets: _,
        request: _,
        held_since: _,
        held_total_us: _,
        failures: _,
        failing_since: _,
        defective_at: _,
        epoch: _,
        last_status: _,
        last_error: _,
        created_at: _,
        updated_at: _,
        deleted_at: _,
    } = row;
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let json_of = |text: Option<String>| {
        text.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)))
    };
    let parts = [
        ("external_key", json!(external_key)),
        ("url", json!(without_secrets(&url))),
        ("description", json!(description)),
        ("event_types", json!(json_of(Some(event_types)))),
        ("format", json!(format)),
        ("wati_version", json!(wati_version)),
        ("wati_names", json!(json_of(wati_names))),
        ("filter", json!(json_of(filter))),
        ("phone_number_ids", json!(json_of(phone_number_ids))),
        ("session", json!(session)),
        ("headers", json!(names)),
        ("timeout_ms", json!(timeout_ms)),
        ("acknowledge", json!(acknowledge)),
        ("schedule", json!(json_of(Some(schedule)))),
        ("rate_limit", json!(json_of(rate_limit))),
        ("max_in_flight", json!(max_in_flight)),
        ("ordered", json!(ordered != 0)),
        ("status", json!(switch)),
    ];
    parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A URL without query, fragment and credentials; that it has a query is told.
pub(crate) fn without_secrets(text: &str) -> String {
    let Ok(mut url) = url::Url::parse(text) else { return "(not shown)".to_owned() };
    let had_query = url.query().is_some();
    url.set_query(None);
    url.set_fragment(None);
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        return "(not shown)".to_owned();
    }
    if had_query { format!("{url}?…") } else { url.into() }
}
