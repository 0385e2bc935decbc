//! Logins: made, found, rotated, listed, ended.

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, LoginId, UserId};
use domain::person::{LOGIN_LASTS, LOGIN_SEEN_EVERY};
use domain::throttle;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::account::{delete_logins, locked_user};
use crate::entity::{company, login, member, user};
use crate::rows::person::{self, new_token, token_hash};
use crate::time::{from_micros, micros};
use crate::{Actor, Bearer, Caller, Error, FoundLogin, LoginFrom, LoginRecord, Store};

/// How many logins of one person are looked at.
const LOGINS_MAX: u64 = 200;

impl Store {
    /// Logs a person in. The second part is what the browser keeps, which is nowhere else.
    /// `password_hash` is the one that the password was checked against: where it has been changed
    /// since, the person is not authorized. `None` for somebody who has just come.
    pub async fn make_login(
        &self,
        user: UserId,
        password_hash: Option<&str>,
        from: LoginFrom<'_>,
        now: DateTime<Utc>,
    ) -> Result<(LoginRecord, String), Error> {
        let (token, hash) = new_token();
        let row = login::Model {
            id: self.new_id(now),
            user_id: user.raw(),
            token_hash: hash,
            address: person::address(from.address),
            user_agent: person::user_agent(from.user_agent),
            created_at: micros(now),
            seen_at: micros(now),
            expires_at: micros(now + LOGIN_LASTS),
        };
        let tx = self.begin().await?;
        let person = locked_user(&tx, user).await?;
        if password_hash.is_some() && person.password_hash.as_deref() != password_hash {
            return Err(Error::Unauthorized);
        }
        let inserted: login::ActiveModel = row.clone().into();
        login::Entity::insert(inserted).exec_without_returning(&tx).await?;
        let record = person::login(row);
        let facts = serde_json::json!({ "login": record.id, "address": record.address });
        self.audit_person(&tx, (user, Actor::User(user)), "login.created", facts, now).await?;
        tx.commit().await?;
        Ok((record, token))
    }

    /// Who a browser's token lets in; one that has ended, expired or never was is not found. Being
    /// used keeps a login alive.
    pub async fn find_login(&self, token: &str, now: DateTime<Utc>) -> Result<FoundLogin, Error> {
        let hash = token_hash(token).ok_or(Error::NotFound)?;
        let mut row = login::Entity::find()
            .filter(login::Column::TokenHash.eq(hash))
            .filter(login::Column::ExpiresAt.gt(micros(now)))
            .one(self.reader())
            .await?
            .ok_or(Error::NotFound)?;
        let person = user::Entity::find_by_id(row.user_id).one(self.reader()).await?;
        let person = person::user(person.ok_or(Error::NotFound)?);
        if now - from_micros(row.seen_at) >= LOGIN_SEEN_EVERY {
            match self.touch_login(row.id, now).await {
                Ok(()) => {
                    (row.seen_at, row.expires_at) = (micros(now), micros(now + LOGIN_LASTS));
                }
                Err(error) => {
                    tracing::debug!(error = %error, "A login's last use was not written: {error}");
                }
            }
        }
        let memberships = self.memberships(person.id).await?;
        Ok(FoundLogin { login: person::login(row), user: person, memberships })
    }

    async fn touch_login(&self, id: i64, now: DateTime<Utc>) -> Result<(), Error> {
        let tx = self.begin().await?;
        login::Entity::update_many()
            .col_expr(login::Column::SeenAt, Expr::value(micros(now)))
            .col_expr(login::Column::ExpiresAt, Expr::value(micros(now + LOGIN_LASTS)))
            .filter(login::Column::Id.eq(id))
            // One that has ended meanwhile stays ended.
            .filter(login::Column::ExpiresAt.gt(micros(now)))
            .filter(login::Column::SeenAt.lt(micros(now)))
            .exec(&tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Gives a login another token, as when what it may do has changed; the old one ends.
    pub async fn rotate_login(
        &self,
        user: UserId,
        id: LoginId,
        now: DateTime<Utc>,
    ) -> Result<String, Error> {
        let (token, hash) = new_token();
        let tx = self.begin().await?;
        let changed = login::Entity::update_many()
            .col_expr(login::Column::TokenHash, Expr::value(hash))
            .filter(login::Column::Id.eq(id.raw()))
            .filter(login::Column::UserId.eq(user.raw()))
            .filter(login::Column::ExpiresAt.gt(micros(now)))
            .exec(&tx)
            .await?;
        if changed.rows_affected == 0 {
            return Err(Error::NotFound);
        }
        tx.commit().await?;
        Ok(token)
    }

    /// A person's logins that work, the newest first (at most 200).
    pub async fn logins(
        &self,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Vec<LoginRecord>, Error> {
        let rows = login::Entity::find()
            .filter(login::Column::UserId.eq(user.raw()))
            .filter(login::Column::ExpiresAt.gt(micros(now)))
            .order_by_desc(login::Column::Id)
            .limit(LOGINS_MAX)
            .all(self.reader())
            .await?;
        Ok(rows.into_iter().map(person::login).collect())
    }

    /// Whether this account has been logged in from that address (of IPv6: from its network) lately.
    pub async fn is_known_address(
        &self,
        user: UserId,
        address: std::net::IpAddr,
    ) -> Result<bool, Error> {
        let rows = login::Entity::find()
            .filter(login::Column::UserId.eq(user.raw()))
            .order_by_desc(login::Column::Id)
            .limit(LOGINS_MAX)
            .all(self.reader())
            .await?;
        let place = throttle::place(address);
        let is_there = |row: &login::Model| {
            row.address.parse().is_ok_and(|address| throttle::place(address) == place)
        };
        Ok(rows.iter().any(is_there))
    }

    /// Ends one of a person's logins, whose address is then no longer a known one.
    pub async fn revoke_login(
        &self,
        user: UserId,
        id: LoginId,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        let deleted = login::Entity::delete_many()
            .filter(login::Column::Id.eq(id.raw()))
            .filter(login::Column::UserId.eq(user.raw()))
            .filter(login::Column::ExpiresAt.gt(micros(now)))
            .exec(&tx)
            .await?;
        if deleted.rows_affected == 0 {
            return Err(Error::NotFound);
        }
        let facts = serde_json::json!({ "login": id });
        self.audit_person(&tx, (user, Actor::User(user)), "login.revoked", facts, now).await?;
        Ok(tx.commit().await?)
    }

    /// Ends all of a person's logins but one. Gives how many.
    pub async fn revoke_other_logins(
        &self,
        user: UserId,
        keep: LoginId,
        now: DateTime<Utc>,
    ) -> Result<u64, Error> {
        let tx = self.begin().await?;
        let ended = delete_logins(&tx, user, Some(keep.raw())).await?;
        if ended > 0 {
            let facts = serde_json::json!({ "logins_ended": ended });
            let action = "login.others_revoked";
            self.audit_person(&tx, (user, Actor::User(user)), action, facts, now).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends the login of a browser's token; one that has ended or never was is fine. Its address
    /// stays a known one for a while.
    pub async fn log_out(&self, token: &str, now: DateTime<Utc>) -> Result<(), Error> {
        let Some(hash) = token_hash(token) else { return Ok(()) };
        let tx = self.begin().await?;
        let found = login::Entity::find()
            .filter(login::Column::TokenHash.eq(hash))
            .filter(login::Column::ExpiresAt.gt(micros(now)))
            .one(&tx)
            .await?;
        let Some(row) = found else { return Ok(()) };
        login::Entity::update_many()
            .col_expr(login::Column::ExpiresAt, Expr::value(micros(now)))
            .filter(login::Column::Id.eq(row.id))
            .exec(&tx)
            .await?;
        let user = UserId::from_raw(row.user_id);
        let facts = serde_json::json!({ "login": LoginId::from_raw(row.id) });
        self.audit_person(&tx, (user, Actor::User(user)), "login.ended", facts, now).await?;
        Ok(tx.commit().await?)
    }

    /// Who calls, when a person names a company. One who is not in it does not find it; a login that
    /// has ended is not authorized.
    pub async fn caller_of_login(
        &self,
        id: LoginId,
        user: UserId,
        company: CompanyId,
        now: DateTime<Utc>,
    ) -> Result<Caller, Error> {
        // The version first: a change between the reads makes it old, never new.
        let company_row = company::Entity::find_by_id(company.raw())
            .one(self.reader())
            .await?
            .ok_or(Error::NotFound)?;
        let row = login::Entity::find_by_id(id.raw())
            .filter(login::Column::UserId.eq(user.raw()))
            .filter(login::Column::ExpiresAt.gt(micros(now)))
            .one(self.reader())
            .await?
            .ok_or(Error::Unauthorized)?;
        let member = member::Entity::find_by_id((company.raw(), user.raw()))
            .one(self.reader())
            .await?
            .ok_or(Error::NotFound)?;
        let role = person::member_role(&member)?;
        Ok(Caller {
            company,
            bearer: Bearer::Login { login: id, user, role },
            scopes: role.scopes().to_vec(),
            expires_at: Some(from_micros(row.expires_at)),
            config_version: company_row.config_version,
            suspended_since: company_row.suspended_at.map(from_micros),
            gate: self.gate_of(&company_row),
        })
    }
}
