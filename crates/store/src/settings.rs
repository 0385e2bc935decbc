//! What a company has set: its name, who gets which mail and when, what its new endpoints begin with.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::id::CompanyId;
use domain::notice::NoticeKind;
use domain::notification::{Notifications, PerKind, Roles};
use domain::quiet::{QuietHours, TimeZone};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Map, Value};

use crate::addresses::addresses_of;
use crate::company::record;
use crate::entity::{company, mail};
use crate::people::locked_company;
use crate::rows::audit::changed;
use crate::rows::notification::{settings_of, settings_shown, settings_text};
use crate::time::{from_micros, micros};
use crate::tokens::bump_config_version;
use crate::{Actor, AddressRecord, CompanyRecord, Error, Hint, MailState, ScheduleChoice, Store};

/// The most waiting mails that a change of quiet hours is applied to; later ones wait as they did.
const REPLANNED_MAILS_MAX: u64 = 1_000;

/// What endpoints of a company begin with where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EndpointDefaults {
    /// The time limit; the installation's where it is `None`.
    pub timeout: Option<Duration>,
    /// The retry schedule; the installation's where it is `None`.
    pub schedule: Option<ScheduleChoice>,
}

/// What a company has set.
#[derive(Debug, Clone)]
pub struct CompanySettings {
    /// The company.
    pub company: CompanyRecord,
    /// Who gets which mail, and when.
    pub notifications: Notifications,
    /// Addresses that get mails beside the members', the oldest first.
    pub addresses: Vec<AddressRecord>,
    /// What new endpoints begin with.
    pub endpoint_defaults: EndpointDefaults,
}

/// What is to change of the settings; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct SettingsPatch {
    /// Another name.
    pub name: Option<String>,
    /// Another time zone.
    pub time_zone: Option<TimeZone>,
    /// Other quiet hours and whether Defective mails break through them, or none.
    pub quiet_hours: Option<Option<(QuietHours, bool)>>,
    /// Other roles of each kind.
    pub roles: PerKind<Option<Roles>>,
    /// Another time limit of new endpoints, or the installation's.
    pub timeout: Option<Option<Duration>>,
    /// Another schedule of new endpoints, or the installation's.
    pub schedule: Option<Option<ScheduleChoice>>,
}

impl Store {
    /// What the company has set.
    pub async fn settings(&self, company: CompanyId) -> Result<CompanySettings, Error> {
        let row = company::Entity::find_by_id(company.raw()).one(self.reader()).await?;
        let row = row.ok_or(Error::NotFound)?;
        let addresses = addresses_of(self.reader(), company).await?;
        shown(row, addresses)
    }

    /// Changes what the company has set, one audit line for all of it. Mails that wait are planned
    /// anew where quiet hours have changed.
    pub async fn update_settings(
        &self,
        company: CompanyId,
        patch: SettingsPatch,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<CompanySettings, Error> {
        let tx = self.begin().await?;
        let mut row = locked_company(&tx, company).await?;
        let (notifications, defaults) = settings_of(row.id, &row.settings)?;
        let before = facts(&row.name, &notifications, &defaults);
        let (wanted, wanted_defaults) = patched(&notifications, &defaults, &patch);
        if let Some(name) = patch.name {
            row.name = name;
        }
        let facts = changed(before, facts(&row.name, &wanted, &wanted_defaults));
        if let Some(facts) = facts {
            row.settings = settings_text(row.id, &row.settings, &wanted, &wanted_defaults)?;
            company::Entity::update_many()
                .col_expr(company::Column::Name, Expr::value(row.name.clone()))
                .col_expr(company::Column::Settings, Expr::value(row.settings.clone()))
                .filter(company::Column::Id.eq(row.id))
                .exec(&tx)
                .await?;
            bump_config_version(&tx, company).await?;
            replan(&tx, company, &wanted, now).await?;
            self.audit(&tx, company, actor, "settings.updated", company, facts, now).await?;
        }
        let settings = shown(row, addresses_of(&tx, company).await?)?;
        tx.commit().await?;
        self.hint(Hint::ConfigChanged(company));
        Ok(settings)
    }
}

fn shown(row: company::Model, addresses: Vec<AddressRecord>) -> Result<CompanySettings, Error> {
    let (notifications, endpoint_defaults) = settings_of(row.id, &row.settings)?;
    Ok(CompanySettings { company: record(row), notifications, addresses, endpoint_defaults })
}

fn facts(
    name: &str,
    notifications: &Notifications,
    defaults: &EndpointDefaults,
) -> Map<String, Value> {
    let mut facts = settings_shown(notifications, defaults);
    facts.insert("name".into(), name.into());
    facts
}

fn patched(
    notifications: &Notifications,
    defaults: &EndpointDefaults,
    patch: &SettingsPatch,
) -> (Notifications, EndpointDefaults) {
    let (mut notifications, mut defaults) = (*notifications, defaults.clone());
    if let Some(zone) = patch.time_zone {
        notifications.time_zone = zone;
    }
    if let Some(hours) = patch.quiet_hours {
        notifications.quiet_hours = hours.map(|(hours, _)| hours);
        notifications.defective_breaks_through = hours.is_none_or(|(_, breaks)| breaks);
    }
    for kind in NoticeKind::ALL {
        if let Some(roles) = patch.roles.of(kind) {
            *notifications.roles.of_mut(kind) = *roles;
        }
    }
    if let Some(timeout) = patch.timeout {
        defaults.timeout = timeout;
    }
    if let Some(schedule) = &patch.schedule {
        defaults.schedule.clone_from(schedule);
    }
    (notifications, defaults)
}

/// Mails that wait go out when they would have under these settings, or now where that is over.
async fn replan(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    settings: &Notifications,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let waiting = mail::Entity::find()
        .filter(mail::Column::CompanyId.eq(company.raw()))
        .filter(mail::Column::State.eq(MailState::Queued.as_str()))
        .filter(mail::Column::HeldBack.eq(1))
        .filter(mail::Column::Tries.eq(0))
        .filter(mail::Column::DueAt.gt(micros(now)))
        .filter(mail::Column::WantedAt.is_not_null())
        .order_by_asc(mail::Column::Id)
        .limit(REPLANNED_MAILS_MAX)
        .all(tx)
        .await?;
    for row in waiting {
        let (Some(wanted), Some(kind)) = (row.wanted_at, NoticeKind::parse(&row.kind)) else {
            continue;
        };
        let due = micros(settings.after_quiet_hours(kind, from_micros(wanted).max(now)));
        if due == row.due_at {
            continue;
        }
        mail::Entity::update_many()
            .col_expr(mail::Column::DueAt, Expr::value(due))
            .col_expr(mail::Column::FirstDueAt, Expr::value(due))
            .col_expr(mail::Column::HeldBack, Expr::value(i64::from(due > micros(now))))
            .filter(mail::Column::Id.eq(row.id))
            .filter(mail::Column::State.eq(MailState::Queued.as_str()))
            .filter(mail::Column::ClaimedBy.eq(0))
            .exec(tx)
            .await?;
    }
    Ok(())
}
