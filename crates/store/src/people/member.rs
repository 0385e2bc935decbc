//! Who is in a company, and as what.

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, UserId};
use domain::role::Role;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::invite::revoke_invitations_by;
use crate::addresses::undo_mails;
use crate::entity::{mail, member, user};
use crate::rows::page::{before_of, cut, limit_of};
use crate::rows::person;
use crate::time::from_micros;
use crate::tokens::bump_config_version;
use crate::{Actor, Error, MemberRecord, Page, PageRequest, Store};

impl Store {
    /// The people of a company.
    pub async fn members(
        &self,
        company: CompanyId,
        page: PageRequest,
    ) -> Result<Page<MemberRecord>, Error> {
        let limit = limit_of(page);
        let rows = member::Entity::find()
            .filter(member::Column::CompanyId.eq(company.raw()))
            .filter(member::Column::UserId.lt(before_of(page)))
            .order_by_desc(member::Column::UserId)
            .limit(limit + 1)
            .all(self.reader())
            .await?;
        let users = user::Entity::find()
            .filter(user::Column::Id.is_in(rows.iter().map(|row| row.user_id)))
            .order_by_asc(user::Column::Id)
            .all(self.reader())
            .await?;
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            if let Ok(place) = users.binary_search_by_key(&row.user_id, |user| user.id) {
                records.push(member_record(row, &users[place])?);
            }
        }
        Ok(cut(records, limit, None, |record| record.user.raw()))
    }

    /// One of the people of a company.
    pub async fn member(&self, company: CompanyId, user: UserId) -> Result<MemberRecord, Error> {
        member_of(self.reader(), company, user).await
    }

    /// Makes a member something else. Nobody gives or takes more than they are themselves (the
    /// conflict `role_too_low`), and the last owner stays one (`last_owner`).
    pub async fn set_role(
        &self,
        company: CompanyId,
        user: UserId,
        role: Role,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<MemberRecord, Error> {
        let tx = self.begin().await?;
        bump_config_version(&tx, company).await?;
        let rank = rank_of(&tx, company, actor).await?;
        let before = role_of(&tx, company, user).await?;
        if rank < Role::Admin || before > rank || role > rank {
            return Err(role_too_low(rank));
        }
        if before != role {
            if before == Role::Owner {
                check_other_owner(&tx, company, user).await?;
            }
            write_role(&tx, company, user, role).await?;
            revoke_invitations_by(&tx, (company, user), Some(role), now).await?;
            let facts = serde_json::json!({
                "before": { "role": before.as_str() }, "after": { "role": role.as_str() },
            });
            self.audit(&tx, company, actor, "member.updated", user, facts, now).await?;
        }
        let record = member_of(&tx, company, user).await?;
        tx.commit().await?;
        Ok(record)
    }

    /// Takes a person out of a company; everybody may leave by themselves. The conflicts
    /// `role_too_low` and `last_owner`. The invitations they made no longer work,
    /// and mails that wait for them are not sent.
    pub async fn remove_member(
        &self,
        company: CompanyId,
        user: UserId,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        bump_config_version(&tx, company).await?;
        let rank = rank_of(&tx, company, actor).await?;
        let before = role_of(&tx, company, user).await?;
        let leaves = matches!(actor, Actor::User(own) if own == user);
        if !leaves && (rank < Role::Admin || before > rank) {
            return Err(role_too_low(rank));
        }
        if before == Role::Owner {
            check_other_owner(&tx, company, user).await?;
        }
        member::Entity::delete_by_id((company.raw(), user.raw())).exec(&tx).await?;
        revoke_invitations_by(&tx, (company, user), None, now).await?;
        undo_mails(&tx, company, mail::Column::UserId.eq(user.raw())).await?;
        let action = if leaves { "member.left" } else { "member.removed" };
        let facts = serde_json::json!({ "before": { "role": before.as_str() } });
        self.audit(&tx, company, actor, action, user, facts, now).await?;
        Ok(tx.commit().await?)
    }

    /// Makes another member the owner; `from`, who must be one, is an admin from now on.
    pub async fn hand_over_ownership(
        &self,
        company: CompanyId,
        from: UserId,
        to: UserId,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        bump_config_version(&tx, company).await?;
        let (rank, before) = (role_of(&tx, company, from).await?, role_of(&tx, company, to).await?);
        if rank != Role::Owner {
            return Err(role_too_low(rank));
        }
        if from == to {
            return Ok(());
        }
        write_role(&tx, company, to, Role::Owner).await?;
        write_role(&tx, company, from, Role::Admin).await?;
        revoke_invitations_by(&tx, (company, from), Some(Role::Admin), now).await?;
        let facts = serde_json::json!({
            "before": { "owner": from, "role": before.as_str() }, "after": { "owner": to },
        });
        let actor = Actor::User(from);
        self.audit(&tx, company, actor, "company.ownership_handed_over", to, facts, now).await?;
        Ok(tx.commit().await?)
    }
}

/// What somebody who acts is in the company: a token with the scope for it is as an admin, the
/// operator as an owner. A person who is not in the company does not find it.
pub(super) async fn rank_of(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    actor: Actor,
) -> Result<Role, Error> {
    match actor {
        Actor::User(user) => role_of(tx, company, user).await,
        Actor::Token(_) => Ok(Role::Admin),
        Actor::Cli | Actor::Operator => Ok(Role::Owner),
        Actor::Address(_) | Actor::Source(_) => Ok(Role::Viewer),
    }
}

/// Somebody asks for more than they are themselves.
pub(super) fn role_too_low(rank: Role) -> Error {
    Error::Conflict {
        code: "role_too_low",
        detail: format!("your role, {}, is not enough for this", rank.as_str()),
    }
}

async fn role_of(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    user: UserId,
) -> Result<Role, Error> {
    let row = member::Entity::find_by_id((company.raw(), user.raw())).one(tx).await?;
    person::member_role(&row.ok_or(Error::NotFound)?)
}

async fn check_other_owner(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    user: UserId,
) -> Result<(), Error> {
    let others = member::Entity::find()
        .filter(member::Column::CompanyId.eq(company.raw()))
        .filter(member::Column::UserId.ne(user.raw()))
        .filter(member::Column::Role.eq(Role::Owner.as_str()))
        .count(tx)
        .await?;
    if others > 0 {
        return Ok(());
    }
    Err(Error::Conflict {
        code: "last_owner",
        detail: "a company needs an owner: hand it over first".to_owned(),
    })
}

async fn write_role(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    user: UserId,
    role: Role,
) -> Result<(), Error> {
    member::Entity::update_many()
        .col_expr(member::Column::Role, Expr::value(role.as_str()))
        .filter(member::Column::CompanyId.eq(company.raw()))
        .filter(member::Column::UserId.eq(user.raw()))
        .exec(tx)
        .await?;
    Ok(())
}

async fn member_of(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    user: UserId,
) -> Result<MemberRecord, Error> {
    let row = member::Entity::find_by_id((company.raw(), user.raw())).one(tx).await?;
    let person = user::Entity::find_by_id(user.raw()).one(tx).await?;
    member_record(&row.ok_or(Error::NotFound)?, &person.ok_or(Error::NotFound)?)
}

fn member_record(row: &member::Model, person: &user::Model) -> Result<MemberRecord, Error> {
    Ok(MemberRecord {
        user: UserId::from_raw(row.user_id),
        email: person.email.clone(),
        name: person.name.clone(),
        role: person::member_role(row)?,
        verified: person.email_verified_at.is_some(),
        since: from_micros(row.created_at),
    })
}
