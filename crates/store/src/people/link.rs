//! Links to accounts: made, mailed, used once.

use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::person::{EmailAddress, LINKS_MAX, LinkKind};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
};

use super::account::{facts_of, find_by_key, locked_user, write_user};
use crate::entity::{account_link, user};
use crate::rows::person::{self, new_token, token_hash};
use crate::time::{from_micros, micros};
use crate::{AccountFacts, AccountMail, Actor, Error, LinkRecord, Store, UserRecord};

impl Store {
    /// Mails a person a link that proves their address, once more. The conflicts
    /// `already_verified`, and `too_many_links` where as many as there may be still work.
    pub async fn send_verification(&self, user: UserId, now: DateTime<Utc>) -> Result<(), Error> {
        let tx = self.begin().await?;
        let row = locked_user(&tx, user).await?;
        if row.email_verified_at.is_some() {
            return Err(Error::Conflict {
                code: "already_verified",
                detail: "the mail address has been verified".to_owned(),
            });
        }
        check_room(&tx, LinkKind::VerifyEmail, &row, now).await?;
        self.write_link(&tx, LinkKind::VerifyEmail, &row, &row.email, now).await?;
        Ok(tx.commit().await?)
    }

    /// Mails a link by which a new password can be chosen, if anybody has that address and not too
    /// many links that work. The answer is the same in any case.
    pub async fn request_password_reset(
        &self,
        email: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        let Some(found) = find_by_key(&tx, email.key()).await? else { return Ok(()) };
        let row = locked_user(&tx, UserId::from_raw(found.id)).await?;
        match check_room(&tx, LinkKind::ResetPassword, &row, now).await {
            Ok(()) => {}
            Err(Error::Conflict { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
        self.write_link(&tx, LinkKind::ResetPassword, &row, &row.email, now).await?;
        Ok(tx.commit().await?)
    }

    /// Mails a link to a person's new address. Where that is somebody else's nothing is mailed, and
    /// the answer is the same. The conflict `too_many_links`.
    pub async fn request_email_change(
        &self,
        user: UserId,
        email: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        let row = locked_user(&tx, user).await?;
        check_room(&tx, LinkKind::ChangeEmail, &row, now).await?;
        let holder = find_by_key(&tx, email.key()).await?;
        let free = holder.is_none_or(|holder| holder.id == row.id);
        let facts = serde_json::json!({ "email": email.as_str() });
        let action = "user.email_change_requested";
        self.audit_person(&tx, (user, Actor::User(user)), action, facts, now).await?;
        if free {
            self.write_link(&tx, LinkKind::ChangeEmail, &row, email.as_str(), now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// A link for the operator to hand over, not mailed. [`LinkKind::ChangeEmail`] has no meaning
    /// here: it is not found, as is an address that nobody has.
    pub async fn operator_link(
        &self,
        kind: LinkKind,
        email: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<String, Error> {
        let tx = self.begin().await?;
        let found = find_by_key(&tx, email.key()).await?.ok_or(Error::NotFound)?;
        match kind {
            LinkKind::VerifyEmail | LinkKind::ResetPassword => {}
            LinkKind::ChangeEmail => return Err(Error::NotFound),
        }
        let row = locked_user(&tx, UserId::from_raw(found.id)).await?;
        let (token, _) = self.insert_link(&tx, kind, &row, &row.email, now).await?;
        let facts = serde_json::json!({ "kind": kind.as_str() });
        let who = (UserId::from_raw(row.id), Actor::Cli);
        self.audit_person(&tx, who, "user.link_made", facts, now).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// What a link would do, without using it.
    pub async fn link(
        &self,
        kind: LinkKind,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<LinkRecord, Error> {
        let row = find_link(self.reader(), kind, token, now).await?;
        Ok(LinkRecord {
            kind,
            user: UserId::from_raw(row.user_id),
            email: row.email,
            expires_at: from_micros(row.expires_at),
        })
    }

    /// Uses a link that proves an address.
    pub async fn verify_email(&self, token: &str, now: DateTime<Utc>) -> Result<UserRecord, Error> {
        let tx = self.begin().await?;
        let (mut row, email) = use_link(&tx, LinkKind::VerifyEmail, token, now).await?;
        if key_of(&email) != row.email_key {
            return Err(Error::NotFound);
        }
        if row.email_verified_at.is_none() {
            row.email_verified_at = Some(micros(now));
            write_user(&tx, &row).await?;
            let user = UserId::from_raw(row.id);
            let facts = serde_json::json!({ "email": row.email });
            let action = "user.email_verified";
            self.audit_person(&tx, (user, Actor::User(user)), action, facts, now).await?;
        }
        tx.commit().await?;
        Ok(person::user(row))
    }

    /// Uses a link to a new address, which is the person's from now on. The conflict `email_taken`
    /// where it has become somebody else's meanwhile.
    pub async fn confirm_email_change(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<UserRecord, Error> {
        let tx = self.begin().await?;
        let (row, email) = use_link(&tx, LinkKind::ChangeEmail, token, now).await?;
        let email = EmailAddress::parse(&email).map_err(|error| Error::Corrupt {
            table: "account_links",
            id: row.id,
            what: error.to_string(),
        })?;
        let row = self.take_email(&tx, row, &email, now).await?;
        tx.commit().await?;
        Ok(person::user(row))
    }

    /// Makes a link and the mail that carries it.
    pub(super) async fn write_link(
        &self,
        tx: &impl ConnectionTrait,
        kind: LinkKind,
        row: &user::Model,
        email: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (token, expires_at) = self.insert_link(tx, kind, row, email, now).await?;
        let facts = AccountFacts {
            expires_at: Some(from_micros(expires_at)),
            new_email: (kind == LinkKind::ChangeEmail).then(|| email.to_owned()),
            ..facts_of(row, now)
        };
        let mail = AccountMail { kind: kind.mail(), facts, token: Some(token) };
        self.write_account_mail(tx, email, mail, now).await
    }

    async fn insert_link(
        &self,
        tx: &impl ConnectionTrait,
        kind: LinkKind,
        row: &user::Model,
        email: &str,
        now: DateTime<Utc>,
    ) -> Result<(String, i64), Error> {
        let (token, hash) = new_token();
        let expires_at = micros(now + kind.lasts());
        let link = account_link::ActiveModel {
            id: Set(self.new_id(now)),
            kind: Set(kind.as_str().to_owned()),
            user_id: Set(row.id),
            email: Set(email.to_owned()),
            token_hash: Set(hash),
            created_at: Set(micros(now)),
            expires_at: Set(expires_at),
        };
        account_link::Entity::insert(link).exec_without_returning(tx).await?;
        Ok((token, expires_at))
    }
}

/// What an address that was checked before is looked up by.
fn key_of(email: &str) -> String {
    email.to_lowercase()
}

/// Refuses where as many links of a kind as there may be still work.
async fn check_room(
    tx: &impl ConnectionTrait,
    kind: LinkKind,
    row: &user::Model,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let live = account_link::Entity::find()
        .filter(account_link::Column::UserId.eq(row.id))
        .filter(account_link::Column::Kind.eq(kind.as_str()))
        .filter(account_link::Column::ExpiresAt.gt(micros(now)))
        .count(tx)
        .await?;
    if live < LINKS_MAX {
        return Ok(());
    }
    Err(Error::Conflict {
        code: "too_many_links",
        detail: format!("{live} links that were mailed still work; use one of them, or wait"),
    })
}

async fn find_link(
    tx: &impl ConnectionTrait,
    kind: LinkKind,
    token: &str,
    now: DateTime<Utc>,
) -> Result<account_link::Model, Error> {
    let hash = token_hash(token).ok_or(Error::NotFound)?;
    let row = account_link::Entity::find()
        .filter(account_link::Column::TokenHash.eq(hash))
        .filter(account_link::Column::Kind.eq(kind.as_str()))
        .filter(account_link::Column::ExpiresAt.gt(micros(now)))
        .one(tx)
        .await?;
    row.ok_or(Error::NotFound)
}

/// Uses a link up: its person, locked, and the address it was sent to. One that was used, has
/// expired or never was is not found.
pub(super) async fn use_link(
    tx: &impl ConnectionTrait,
    kind: LinkKind,
    token: &str,
    now: DateTime<Utc>,
) -> Result<(user::Model, String), Error> {
    let link = find_link(tx, kind, token, now).await?;
    // The person first, as everybody does; only then can it be told whether somebody was faster.
    let row = locked_user(tx, UserId::from_raw(link.user_id)).await?;
    let deleted = account_link::Entity::delete_by_id(link.id).exec(tx).await?;
    if deleted.rows_affected == 0 { Err(Error::NotFound) } else { Ok((row, link.email)) }
}
