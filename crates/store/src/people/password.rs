//! Choosing a password.

use chrono::{DateTime, Utc};
use domain::id::{LoginId, UserId};
use domain::person::{AccountMailKind, LinkKind};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::account::{delete_links, delete_logins, facts_of, locked_user, write_user};
use super::link::use_link;
use crate::entity::{login, user};
use crate::rows::person;
use crate::time::micros;
use crate::{AccountMail, Actor, Error, Store, UserRecord};

impl Store {
    /// Uses a link to choose a new password, given as a PHC string. Every login ends, and so does
    /// every other link; the address is proved.
    pub async fn reset_password(
        &self,
        token: &str,
        password_hash: String,
        now: DateTime<Utc>,
    ) -> Result<UserRecord, Error> {
        let tx = self.begin().await?;
        let (mut row, email) = use_link(&tx, LinkKind::ResetPassword, token, now).await?;
        if email.to_lowercase() != row.email_key {
            return Err(Error::NotFound);
        }
        row.email_verified_at.get_or_insert(micros(now));
        let row = self.take_password(&tx, row, password_hash, None, now).await?;
        tx.commit().await?;
        Ok(person::user(row))
    }

    /// Gives a person a new password, a PHC string, after the old one was checked. Every login but
    /// `keep` ends; where `keep` has ended meanwhile, as by a reset, nothing changes and the person
    /// is not authorized.
    pub async fn change_password(
        &self,
        user: UserId,
        password_hash: String,
        keep: LoginId,
        now: DateTime<Utc>,
    ) -> Result<UserRecord, Error> {
        let tx = self.begin().await?;
        let row = locked_user(&tx, user).await?;
        let kept = login::Entity::find_by_id(keep.raw())
            .filter(login::Column::UserId.eq(user.raw()))
            .filter(login::Column::ExpiresAt.gt(micros(now)))
            .one(&tx)
            .await?;
        if kept.is_none() {
            return Err(Error::Unauthorized);
        }
        let row = self.take_password(&tx, row, password_hash, Some(keep), now).await?;
        tx.commit().await?;
        Ok(person::user(row))
    }

    async fn take_password(
        &self,
        tx: &impl ConnectionTrait,
        mut row: user::Model,
        password_hash: String,
        keep: Option<LoginId>,
        now: DateTime<Utc>,
    ) -> Result<user::Model, Error> {
        let user = UserId::from_raw(row.id);
        row.password_hash = Some(password_hash);
        row.password_changed_at = Some(micros(now));
        write_user(tx, &row).await?;
        let ended = delete_logins(tx, user, keep.map(LoginId::raw)).await?;
        delete_links(tx, user).await?;
        if row.email_verified_at.is_some() {
            let (kind, facts) = (AccountMailKind::PasswordChanged, facts_of(&row, now));
            let mail = AccountMail { kind, facts, token: None };
            self.write_account_mail(tx, &row.email, mail, now).await?;
        }
        let how = if keep.is_some() { "changed" } else { "reset" };
        let facts = serde_json::json!({ "how": how, "logins_ended": ended });
        let action = "user.password_changed";
        self.audit_person(tx, (user, Actor::User(user)), action, facts, now).await?;
        Ok(row)
    }
}
