//! Accounts: signing up, who somebody is, their name and address.

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, UserId};
use domain::person::{AccountMailKind, EmailAddress, LinkKind, PersonName};
use domain::role::Role;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, SqlErr,
};

use super::account_mail::NO_COMPANY;
use crate::company::insert_company;
use crate::entity::{account_link, company, login, member, user};
use crate::rows::notification::NO_CHOICES;
use crate::rows::person;
use crate::time::{from_micros, micros};
use crate::{
    AccountFacts, AccountMail, Actor, CompanyRecord, Error, MembershipRecord, PersonForLogin,
    SignUp, SignedUp, Store, UserRecord,
};

/// How many companies of one person are told of at once.
const MEMBERSHIPS_MAX: u64 = 1_000;

impl Store {
    /// Makes a company and the person who owns it, and mails a link where the address is still to be
    /// proved. An address that is somebody's already is the conflict `email_taken`.
    pub async fn sign_up(&self, new: SignUp, now: DateTime<Utc>) -> Result<SignedUp, Error> {
        let SignUp { company_name, email, name, password_hash, verified } = new;
        let id = CompanyId::from_raw(self.new_id(now));
        let name = name.as_ref().map_or("", PersonName::as_str);
        let tx = self.begin().await?;
        let row = self.insert_user(&tx, &email, name, (password_hash, verified), now).await?;
        let owner = UserId::from_raw(row.id);
        insert_company(&tx, id, &company_name, now).await?;
        insert_member(&tx, id, owner, Role::Owner, now).await?;
        if !verified {
            self.write_link(&tx, LinkKind::VerifyEmail, &row, &row.email, now).await?;
        }
        let facts = serde_json::json!({ "name": company_name, "owner": owner, "email": row.email });
        self.audit(&tx, id, Actor::User(owner), "company.created", id, facts, now).await?;
        tx.commit().await?;
        let company =
            CompanyRecord { id, name: company_name, created_at: from_micros(micros(now)) };
        Ok(SignedUp { company, user: person::user(row) })
    }

    /// Writes down a person with a password; the conflict `email_taken` where the address is
    /// somebody's.
    pub(super) async fn insert_user(
        &self,
        tx: &impl ConnectionTrait,
        email: &EmailAddress,
        name: &str,
        (password_hash, verified): (String, bool),
        now: DateTime<Utc>,
    ) -> Result<user::Model, Error> {
        let row = user::Model {
            id: self.new_id(now),
            email: email.as_str().to_owned(),
            email_key: email.key().to_owned(),
            name: name.to_owned(),
            password_hash: Some(password_hash),
            email_verified_at: verified.then(|| micros(now)),
            created_at: micros(now),
            password_changed_at: Some(micros(now)),
        };
        let inserted: user::ActiveModel = row.clone().into();
        let count = user::Entity::insert(inserted)
            .on_conflict(OnConflict::column(user::Column::EmailKey).do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
        if count == 0 { Err(email_taken()) } else { Ok(row) }
    }

    /// What it takes to check the password of whoever has that address; `None` where nobody has.
    pub async fn person_for_login(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<PersonForLogin>, Error> {
        let found = find_by_key(self.reader(), email.key()).await?;
        Ok(found.map(|row| {
            let password_hash = row.password_hash.clone();
            PersonForLogin { user: person::user(row), password_hash }
        }))
    }

    /// The same for a person who is logged in, and asked for the password again.
    pub async fn person(&self, user: UserId) -> Result<PersonForLogin, Error> {
        let row = user::Entity::find_by_id(user.raw()).one(self.reader()).await?;
        let row = row.ok_or(Error::NotFound)?;
        let password_hash = row.password_hash.clone();
        Ok(PersonForLogin { user: person::user(row), password_hash })
    }

    /// A person.
    pub async fn user(&self, user: UserId) -> Result<UserRecord, Error> {
        let row = user::Entity::find_by_id(user.raw()).one(self.reader()).await?;
        row.map(person::user).ok_or(Error::NotFound)
    }

    /// The companies that a person is in, the oldest first (at most 1,000).
    pub async fn memberships(&self, user: UserId) -> Result<Vec<MembershipRecord>, Error> {
        let rows = member::Entity::find()
            .filter(member::Column::UserId.eq(user.raw()))
            .order_by_asc(member::Column::CompanyId)
            .limit(MEMBERSHIPS_MAX)
            .all(self.reader())
            .await?;
        let ids = rows.iter().map(|row| row.company_id);
        let companies = company::Entity::find()
            .filter(company::Column::Id.is_in(ids))
            .order_by_asc(company::Column::Id)
            .all(self.reader())
            .await?;
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            let found = companies.binary_search_by_key(&row.company_id, |company| company.id);
            // Deleted between the two reads.
            let Ok(place) = found else { continue };
            records.push(MembershipRecord {
                company: CompanyId::from_raw(row.company_id),
                company_name: companies[place].name.clone(),
                role: person::member_role(row)?,
                since: from_micros(row.created_at),
            });
        }
        Ok(records)
    }

    /// Gives a person another name.
    pub async fn update_person(
        &self,
        user: UserId,
        name: &PersonName,
        now: DateTime<Utc>,
    ) -> Result<UserRecord, Error> {
        let tx = self.begin().await?;
        let mut row = locked_user(&tx, user).await?;
        let facts = serde_json::json!({
            "before": { "name": row.name }, "after": { "name": name.as_str() },
        });
        name.as_str().clone_into(&mut row.name);
        write_user(&tx, &row).await?;
        self.audit_person(&tx, (user, Actor::User(user)), "user.updated", facts, now).await?;
        tx.commit().await?;
        Ok(person::user(row))
    }

    /// Gives a person another address at once: for where no mail can be sent, so that nothing has
    /// to be proved. Somebody else's is the conflict `email_taken`.
    pub async fn set_email(
        &self,
        user: UserId,
        email: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<UserRecord, Error> {
        let tx = self.begin().await?;
        let row = locked_user(&tx, user).await?;
        let row = self.take_email(&tx, row, email, now).await?;
        tx.commit().await?;
        Ok(person::user(row))
    }

    /// Makes an address a person's, proved; tells the old one, if that was proved too. No link that
    /// was made before works any more.
    pub(super) async fn take_email(
        &self,
        tx: &impl ConnectionTrait,
        mut row: user::Model,
        email: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<user::Model, Error> {
        let id = UserId::from_raw(row.id);
        let holder = find_by_key(tx, email.key()).await?;
        if holder.is_some_and(|holder| holder.id != row.id) {
            return Err(email_taken());
        }
        let moved = row.email_key != email.key();
        let facts = serde_json::json!({
            "before": { "email": row.email }, "after": { "email": email.as_str() },
        });
        if moved && row.email_verified_at.is_some() {
            let facts =
                AccountFacts { new_email: Some(email.as_str().to_owned()), ..facts_of(&row, now) };
            let mail = AccountMail { kind: AccountMailKind::EmailChanged, facts, token: None };
            self.write_account_mail(tx, &row.email, mail, now).await?;
        }
        email.as_str().clone_into(&mut row.email);
        email.key().clone_into(&mut row.email_key);
        row.email_verified_at = Some(micros(now));
        write_user(tx, &row).await.map_err(taken_meanwhile)?;
        delete_links(tx, id).await?;
        self.audit_person(tx, (id, Actor::User(id)), "user.email_changed", facts, now).await?;
        Ok(row)
    }

    /// A line in the audit log of every company that a person is in: what they change about
    /// themselves concerns all of them.
    pub(super) async fn audit_person(
        &self,
        tx: &impl ConnectionTrait,
        (user, actor): (UserId, Actor),
        action: &str,
        facts: serde_json::Value,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let rows = member::Entity::find()
            .filter(member::Column::UserId.eq(user.raw()))
            .order_by_asc(member::Column::CompanyId)
            .limit(MEMBERSHIPS_MAX)
            .all(tx)
            .await?;
        let mut companies: Vec<CompanyId> =
            rows.iter().map(|row| CompanyId::from_raw(row.company_id)).collect();
        if companies.is_empty() {
            companies.push(NO_COMPANY);
        }
        for company in companies {
            self.audit(tx, company, actor, action, user, facts.clone(), now).await?;
        }
        Ok(())
    }
}

/// An address is somebody's already.
pub(super) fn email_taken() -> Error {
    Error::Conflict {
        code: "email_taken",
        detail: "another account has this mail address".to_owned(),
    }
}

/// Somebody else took the address after we had looked.
fn taken_meanwhile(error: Error) -> Error {
    if let Error::Database(cause) = &error
        && matches!(cause.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
    {
        return email_taken();
    }
    error
}

/// What the text of every mail to a person is made of.
pub(super) fn facts_of(row: &user::Model, now: DateTime<Utc>) -> AccountFacts {
    AccountFacts {
        person: row.name.clone(),
        company_name: None,
        role: None,
        invited_by: None,
        new_email: None,
        happened_at: from_micros(micros(now)),
        expires_at: None,
    }
}

/// The person with an address.
pub(super) async fn find_by_key(
    tx: &impl ConnectionTrait,
    key: &str,
) -> Result<Option<user::Model>, Error> {
    Ok(user::Entity::find().filter(user::Column::EmailKey.eq(key)).one(tx).await?)
}

/// A person, whom nobody else changes until `tx` ends.
pub(super) async fn locked_user(
    tx: &impl ConnectionTrait,
    user: UserId,
) -> Result<user::Model, Error> {
    let row = user::Entity::find_by_id(user.raw()).lock_exclusive().one(tx).await?;
    row.ok_or(Error::NotFound)
}

/// Writes a person's row as it is now.
pub(super) async fn write_user(tx: &impl ConnectionTrait, row: &user::Model) -> Result<(), Error> {
    let changed = user::ActiveModel {
        email: Set(row.email.clone()),
        email_key: Set(row.email_key.clone()),
        name: Set(row.name.clone()),
        password_hash: Set(row.password_hash.clone()),
        email_verified_at: Set(row.email_verified_at),
        password_changed_at: Set(row.password_changed_at),
        ..Default::default()
    };
    user::Entity::update_many().set(changed).filter(user::Column::Id.eq(row.id)).exec(tx).await?;
    Ok(())
}

/// Makes a person a member.
pub(crate) async fn insert_member(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    user: UserId,
    role: Role,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = member::ActiveModel {
        company_id: Set(company.raw()),
        user_id: Set(user.raw()),
        role: Set(role.as_str().to_owned()),
        created_at: Set(micros(now)),
        notices: Set(NO_CHOICES.to_owned()),
    };
    member::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Ends every link to an account.
pub(super) async fn delete_links(tx: &impl ConnectionTrait, user: UserId) -> Result<(), Error> {
    account_link::Entity::delete_many()
        .filter(account_link::Column::UserId.eq(user.raw()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends a person's logins, but `keep`. Their addresses are no longer known ones: whoever asks for
/// this does not trust them.
pub(super) async fn delete_logins(
    tx: &impl ConnectionTrait,
    user: UserId,
    keep: Option<i64>,
) -> Result<u64, Error> {
    let deleted = login::Entity::delete_many()
        .filter(login::Column::UserId.eq(user.raw()))
        .filter(login::Column::Id.ne(keep.unwrap_or(0)))
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected)
}

/// What the operator vouches for: the address is that of its person. Whoever had signed up with it
/// without proving it does not get in by that.
pub(crate) async fn vouch(
    tx: &impl ConnectionTrait,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let unproved = user::Entity::update_many()
        .col_expr(user::Column::EmailVerifiedAt, Expr::value(micros(now)))
        .col_expr(user::Column::PasswordHash, Expr::value(Option::<String>::None))
        .filter(user::Column::Id.eq(user.raw()))
        .filter(user::Column::EmailVerifiedAt.is_null())
        .exec(tx)
        .await?;
    if unproved.rows_affected > 0 {
        delete_links(tx, user).await?;
        delete_logins(tx, user, None).await?;
    }
    Ok(())
}
