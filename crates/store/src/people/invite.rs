//! Invitations into companies.

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, InvitationId, UserId};
use domain::limits::Limit;
use domain::person::{
    AccountMailKind, EmailAddress, INVITATION_LASTS, InvitationState, PersonName,
};
use domain::role::Role;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::account::{email_taken, find_by_key, insert_member, locked_user, write_user};
use super::member::{rank_of, role_too_low};
use crate::entity::{company, invitation, member, user};
use crate::rows::audit::actor_text;
use crate::rows::page::{before_of, cut, limit_of};
use crate::rows::person::{self, new_token, token_hash};
use crate::suspend::check_active;
use crate::time::{from_micros, micros};
use crate::tokens::bump_config_version;
use crate::{
    Accepting, AccountFacts, AccountMail, Actor, Error, InvitationByToken, InvitationRecord, Page,
    PageRequest, Store, UserRecord,
};

impl Store {
    /// Invites somebody and mails them the link; one that was open before no longer works. The
    /// second part is what the link carries, to be shown only where no mail can be sent. The
    /// conflicts `role_too_low` and `already_member`.
    pub async fn invite(
        &self,
        company: CompanyId,
        email: &EmailAddress,
        role: Role,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(InvitationRecord, String), Error> {
        let (token, hash) = new_token();
        let row = invitation::Model {
            id: self.new_id(now),
            company_id: company.raw(),
            email: email.as_str().to_owned(),
            email_key: email.key().to_owned(),
            role: role.as_str().to_owned(),
            token_hash: hash,
            invited_by: actor_text(actor),
            created_at: micros(now),
            expires_at: micros(now + INVITATION_LASTS),
            accepted_at: None,
            revoked_at: None,
        };
        let tx = self.begin().await?;
        let company_row = locked_company(&tx, company).await?;
        let rank = rank_of(&tx, company, actor).await?;
        if rank < Role::Admin || role > rank {
            return Err(role_too_low(rank));
        }
        self.check_limit(&tx, company, Limit::InvitationsPerDay, now).await?;
        let known = find_by_key(&tx, email.key()).await?;
        if let Some(known) = &known {
            check_not_member(&tx, company, UserId::from_raw(known.id)).await?;
        }
        let replaced = revoke_open(&tx, (company, email.key()), now).await?;
        let inserted: invitation::ActiveModel = row.clone().into();
        invitation::Entity::insert(inserted).exec_without_returning(&tx).await?;
        let facts = AccountFacts {
            person: known.map(|known| known.name).unwrap_or_default(),
            company_name: Some(company_row.name),
            role: Some(role.as_str().to_owned()),
            invited_by: inviter(&tx, actor).await?,
            new_email: None,
            happened_at: from_micros(micros(now)),
            expires_at: Some(from_micros(row.expires_at)),
        };
        let kind = AccountMailKind::Invitation;
        let mail = AccountMail { kind, facts, token: Some(token.clone()) };
        self.write_account_mail(&tx, email.as_str(), mail, now).await?;
        let id = InvitationId::from_raw(row.id);
        let facts = serde_json::json!({
            "email": row.email, "role": role.as_str(), "replaced": replaced > 0,
        });
        self.audit(&tx, company, actor, "invitation.created", id, facts, now).await?;
        tx.commit().await?;
        Ok((person::invitation(row, now)?, token))
    }

    /// The company's invitations.
    pub async fn invitations(
        &self,
        company: CompanyId,
        page: PageRequest,
        now: DateTime<Utc>,
    ) -> Result<Page<InvitationRecord>, Error> {
        let limit = limit_of(page);
        let rows = invitation::Entity::find()
            .filter(invitation::Column::CompanyId.eq(company.raw()))
            .filter(invitation::Column::Id.lt(before_of(page)))
            .order_by_desc(invitation::Column::Id)
            .limit(limit + 1)
            .all(self.reader())
            .await?;
        let records = rows.into_iter().map(|row| person::invitation(row, now));
        let records = records.collect::<Result<Vec<_>, _>>()?;
        Ok(cut(records, limit, None, |record| record.id.raw()))
    }

    /// Takes an invitation back; twice is once. One that was accepted is the conflict
    /// `invitation_accepted`.
    pub async fn revoke_invitation(
        &self,
        company: CompanyId,
        id: InvitationId,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        locked_company(&tx, company).await?;
        let rank = rank_of(&tx, company, actor).await?;
        let row = invitation::Entity::find_by_id(id.raw())
            .filter(invitation::Column::CompanyId.eq(company.raw()))
            .one(&tx)
            .await?
            .ok_or(Error::NotFound)?;
        let role = person::role_of("invitations", row.id, &row.role)?;
        if rank < Role::Admin || role > rank {
            return Err(role_too_low(rank));
        }
        match person::invitation_state(&row, now) {
            InvitationState::Open | InvitationState::Expired => {}
            InvitationState::Revoked => return Ok(()),
            InvitationState::Accepted => {
                return Err(Error::Conflict {
                    code: "invitation_accepted",
                    detail: "the invitation was accepted; remove the member instead".to_owned(),
                });
            }
        }
        revoke_open(&tx, (company, &row.email_key), now).await?;
        let facts = serde_json::json!({ "email": row.email, "role": row.role });
        self.audit(&tx, company, actor, "invitation.revoked", id, facts, now).await?;
        Ok(tx.commit().await?)
    }

    /// What a link invites to. One that no longer works is not found.
    pub async fn invitation_by_token(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<InvitationByToken, Error> {
        let row = open_invitation(self.reader(), token, now).await?;
        let company = company::Entity::find_by_id(row.company_id).one(self.reader()).await?;
        let company_name = company.ok_or(Error::NotFound)?.name;
        let has_account = find_by_key(self.reader(), &row.email_key).await?.is_some();
        let invitation = person::invitation(row, now)?;
        Ok(InvitationByToken { invitation, company_name, has_account })
    }

    /// Accepts an invitation: somebody new comes, or a person who is logged in and has the address
    /// it was sent to, which is proved by it. The conflicts `email_taken` (somebody new with the
    /// address of an account), `invitation_for_another` and `already_member`.
    pub async fn accept_invitation(
        &self,
        token: &str,
        who: Accepting,
        now: DateTime<Utc>,
    ) -> Result<(CompanyId, UserRecord), Error> {
        let tx = self.begin().await?;
        let row = open_invitation(&tx, token, now).await?;
        let company = CompanyId::from_raw(row.company_id);
        // The company first, as everybody does; only then can it be told whether somebody was faster.
        bump_config_version(&tx, company).await?;
        check_active(&tx, company).await?;
        self.check_limit(&tx, company, Limit::Members, now).await?;
        let taken = invitation::Entity::update_many()
            .col_expr(invitation::Column::AcceptedAt, Expr::value(micros(now)))
            .filter(invitation::Column::Id.eq(row.id))
            .filter(invitation::Column::AcceptedAt.is_null())
            .filter(invitation::Column::RevokedAt.is_null())
            .exec(&tx)
            .await?;
        if taken.rows_affected == 0 {
            return Err(Error::NotFound);
        }
        let person =
            match who {
                Accepting::Person(user) => accepting_person(&tx, user, &row, now).await?,
                Accepting::New { name, password_hash } => {
                    if find_by_key(&tx, &row.email_key).await?.is_some() {
                        return Err(email_taken());
                    }
                    let email = EmailAddress::parse(&row.email).map_err(|error| {
                        Error::Corrupt { table: "invitations", id: row.id, what: error.to_string() }
                    })?;
                    let name = name.as_ref().map_or("", PersonName::as_str);
                    self.insert_user(&tx, &email, name, (password_hash, true), now).await?
                }
            };
        let user = UserId::from_raw(person.id);
        check_not_member(&tx, company, user).await?;
        let role = person::role_of("invitations", row.id, &row.role)?;
        insert_member(&tx, company, user, role, now).await?;
        let facts = serde_json::json!({
            "invitation": InvitationId::from_raw(row.id), "email": row.email, "role": row.role,
        });
        self.audit(&tx, company, Actor::User(user), "member.joined", user, facts, now).await?;
        tx.commit().await?;
        Ok((company, person::user(person)))
    }
}

/// The person who accepts; the link proves their address.
async fn accepting_person(
    tx: &impl ConnectionTrait,
    user: UserId,
    row: &invitation::Model,
    now: DateTime<Utc>,
) -> Result<user::Model, Error> {
    let mut person = locked_user(tx, user).await?;
    if person.email_key != row.email_key {
        return Err(Error::Conflict {
            code: "invitation_for_another",
            detail: "the invitation was sent to another mail address".to_owned(),
        });
    }
    if person.email_verified_at.is_none() {
        person.email_verified_at = Some(micros(now));
        write_user(tx, &person).await?;
    }
    Ok(person)
}

/// A company, whose people nobody else changes until `tx` ends.
pub(crate) async fn locked_company(
    tx: &impl ConnectionTrait,
    company: CompanyId,
) -> Result<company::Model, Error> {
    let row = company::Entity::find_by_id(company.raw()).lock_exclusive().one(tx).await?;
    row.ok_or(Error::NotFound)
}

async fn open_invitation(
    tx: &impl ConnectionTrait,
    token: &str,
    now: DateTime<Utc>,
) -> Result<invitation::Model, Error> {
    let hash = token_hash(token).ok_or(Error::NotFound)?;
    let row = invitation::Entity::find()
        .filter(invitation::Column::TokenHash.eq(hash))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)?;
    match person::invitation_state(&row, now) {
        InvitationState::Open => Ok(row),
        InvitationState::Accepted | InvitationState::Revoked | InvitationState::Expired => {
            Err(Error::NotFound)
        }
    }
}

async fn check_not_member(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    user: UserId,
) -> Result<(), Error> {
    let found = member::Entity::find_by_id((company.raw(), user.raw())).one(tx).await?;
    if found.is_none() {
        return Ok(());
    }
    Err(Error::Conflict {
        code: "already_member",
        detail: "this person is in the company".to_owned(),
    })
}

/// Takes back what of an address is neither accepted nor taken back.
async fn revoke_open(
    tx: &impl ConnectionTrait,
    (company, email_key): (CompanyId, &str),
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let revoked = invitation::Entity::update_many()
        .col_expr(invitation::Column::RevokedAt, Expr::value(micros(now)))
        .filter(invitation::Column::CompanyId.eq(company.raw()))
        .filter(invitation::Column::EmailKey.eq(email_key))
        .filter(invitation::Column::AcceptedAt.is_null())
        .filter(invitation::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(revoked.rows_affected)
}

/// Takes back a person's open invitations, those to something above `up_to` or all of them: whoever
/// may no longer invite to it has not invited.
pub(super) async fn revoke_invitations_by(
    tx: &impl ConnectionTrait,
    (company, user): (CompanyId, UserId),
    up_to: Option<Role>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    // Below an admin nobody invites.
    let kept = up_to.filter(|role| *role >= Role::Admin);
    let gone = Role::ALL.into_iter().filter(|role| kept.is_none_or(|kept| *role > kept));
    invitation::Entity::update_many()
        .col_expr(invitation::Column::RevokedAt, Expr::value(micros(now)))
        .filter(invitation::Column::CompanyId.eq(company.raw()))
        .filter(invitation::Column::InvitedBy.eq(user.to_string()))
        .filter(invitation::Column::Role.is_in(gone.map(Role::as_str)))
        .filter(invitation::Column::AcceptedAt.is_null())
        .filter(invitation::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// What the invited person is told of who invites them.
pub(crate) async fn inviter(
    tx: &impl ConnectionTrait,
    actor: Actor,
) -> Result<Option<String>, Error> {
    let Actor::User(user) = actor else { return Ok(None) };
    let row = user::Entity::find_by_id(user.raw()).one(tx).await?;
    Ok(row.map(|row| if row.name.is_empty() { row.email } else { row.name }))
}
