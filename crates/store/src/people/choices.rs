//! Which mails about endpoints a member wants.

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, UserId};
use domain::notice::NoticeKind;
use domain::notification::{Choices, PerKind, wants};
use domain::role::Role;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Map, Value};

use super::member::{rank_of, role_too_low};
use crate::entity::{company, member};
use crate::rows::audit::changed;
use crate::rows::notification::{choices_of, choices_text, settings_of};
use crate::rows::person;
use crate::tokens::bump_config_version;
use crate::{Actor, Error, Store};

/// What a member has chosen, and what comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailChoicesRecord {
    /// What they have chosen.
    pub choices: Choices,
    /// What they get: what they have chosen, else what their role does.
    pub gets: PerKind<bool>,
}

/// What is to change of them; the outer `None` stays as it is.
pub type MailChoicesPatch = PerKind<Option<Option<bool>>>;

impl Store {
    /// Which mails a member wants.
    pub async fn mail_choices(
        &self,
        company: CompanyId,
        user: UserId,
    ) -> Result<MailChoicesRecord, Error> {
        let member = member::Entity::find_by_id((company.raw(), user.raw()));
        let member = member.one(self.reader()).await?.ok_or(Error::NotFound)?;
        let row = company::Entity::find_by_id(company.raw()).one(self.reader()).await?;
        record(&member, &row.ok_or(Error::NotFound)?)
    }

    /// Changes which mails a member wants: they themselves may, or somebody who manages members and
    /// is no less than they are (else the conflict `role_too_low`).
    pub async fn set_mail_choices(
        &self,
        company: CompanyId,
        user: UserId,
        patch: MailChoicesPatch,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<MailChoicesRecord, Error> {
        let tx = self.begin().await?;
        bump_config_version(&tx, company).await?;
        let rank = rank_of(&tx, company, actor).await?;
        let member = member::Entity::find_by_id((company.raw(), user.raw())).one(&tx).await?;
        let mut member = member.ok_or(Error::NotFound)?;
        let own = matches!(actor, Actor::User(own) if own == user);
        if !own && (rank < Role::Admin || person::member_role(&member)? > rank) {
            return Err(role_too_low(rank));
        }
        let before = choices_of(member.user_id, &member.notices)?;
        let mut choices = before;
        for kind in NoticeKind::ALL {
            if let Some(choice) = patch.of(kind) {
                *choices.of_mut(kind) = *choice;
            }
        }
        if let Some(facts) = changed(shown(&before), shown(&choices)) {
            member.notices = choices_text(&choices);
            member::Entity::update_many()
                .col_expr(member::Column::Notices, Expr::value(member.notices.clone()))
                .filter(member::Column::CompanyId.eq(company.raw()))
                .filter(member::Column::UserId.eq(user.raw()))
                .exec(&tx)
                .await?;
            let action = "member.notifications_updated";
            self.audit(&tx, company, actor, action, user, facts, now).await?;
        }
        let row = company::Entity::find_by_id(company.raw()).one(&tx).await?;
        let record = record(&member, &row.ok_or(Error::NotFound)?)?;
        tx.commit().await?;
        Ok(record)
    }
}

fn record(member: &member::Model, company: &company::Model) -> Result<MailChoicesRecord, Error> {
    let choices = choices_of(member.user_id, &member.notices)?;
    let (settings, _) = settings_of(company.id, &company.settings)?;
    let role = person::member_role(member)?;
    let mut gets = PerKind::default();
    for kind in NoticeKind::ALL {
        *gets.of_mut(kind) = wants(&settings, kind, role, &choices);
    }
    Ok(MailChoicesRecord { choices, gets })
}

fn shown(choices: &Choices) -> Map<String, Value> {
    let kinds = NoticeKind::ALL.into_iter();
    kinds.map(|kind| (kind.as_str().to_owned(), Value::from(*choices.of(kind)))).collect()
}
