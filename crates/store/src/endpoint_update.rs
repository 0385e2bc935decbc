//! Endpoints changed and switched by people.

use chrono::{DateTime, Utc};
use domain::endpoint::EndpointState;
use domain::id::{CompanyId, EndpointId};
use sea_orm::{ActiveValue::Set, DatabaseTransaction};

use crate::endpoints::{
    check_key_is_free, live_endpoint, locked_endpoint, state_change, undo_held_back_mails,
    write_endpoint,
};
use crate::entity::endpoint;
use crate::rows::endpoint::{acknowledge_text, selectors_text, state_of, timeout_ms};
use crate::rows::lane;
use crate::rows::schedule::schedule_to_text;
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
        bump_config_version(&tx, company).await?;
        check_active(&tx, company).await?;
        let key = patch.external_key.as_ref().and_then(|key| key.as_deref());
        check_key_is_free(&tx, company, key, Some(id)).await?;

        let before = state_of(&row)?;
        let is_new_url = patch.url.as_ref().is_some_and(|url| *url != row.url);
        let after = switched(before, is_new_url, patch.switch, now);
        let facts = changed_names(&patch);
        let changed = self.changed_row(&row, patch, &after, now)?;
        write_endpoint(&tx, id, changed).await?;
        let starts_afresh = after.epoch != before.epoch;
        if starts_afresh {
            start_afresh(&tx, company, id, &after, now).await?;
        }
        self.audit(&tx, company, actor, "endpoint.updated", id, facts, now).await?;
        let row = live_endpoint(&tx, company, id).await?;
        tx.commit().await?;
        self.hint(Hint::ConfigChanged(company));
        if starts_afresh {
            self.hint(Hint::LaneDue(id));
        }
        self.endpoint_record(row)
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
            headers,
            timeout,
            acknowledge,
            schedule,
            external_key,
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
        Ok(changed)
    }
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

/// Which parts were changed, for the audit log: never their values.
fn changed_names(patch: &EndpointPatch) -> serde_json::Value {
    let EndpointPatch {
        url,
        description,
        event_types,
        headers,
        timeout,
        acknowledge,
        schedule,
        external_key,
        switch,
    } = patch;
    let parts = [
        ("url", url.is_some()),
        ("description", description.is_some()),
        ("event_types", event_types.is_some()),
        ("headers", headers.is_some()),
        ("timeout_ms", timeout.is_some()),
        ("acknowledge", acknowledge.is_some()),
        ("schedule", schedule.is_some()),
        ("external_key", external_key.is_some()),
    ];
    let names: Vec<&str> =
        parts.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect();
    let switch = switch.map(|switch| match switch {
        SwitchWanted::Enabled => "enabled",
        SwitchWanted::Disabled => "disabled",
        SwitchWanted::Paused => "paused",
    });
    serde_json::json!({ "changed": names, "switch": switch })
}
