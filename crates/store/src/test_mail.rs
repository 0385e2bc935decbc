//! A mail that somebody asks for, to see that mails arrive.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{AddressId, CompanyId, MailId, UserId, floor_at, made_at};
use domain::notification::TEST_MAILS_PER_HOUR_MAX;
use domain::person::EmailAddress;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};

use crate::addresses::{AddressState, addresses_of};
use crate::entity::{mail, member, user};
use crate::people::{inviter, locked_company};
use crate::time::{from_micros, micros};
use crate::{Actor, Error, MailState, Store, TEST_MAIL, TestMailFacts};

/// The hour in which test mails are counted.
const COUNTED_WITHIN: TimeDelta = TimeDelta::hours(1);

/// Where a test mail is to go.
#[derive(Debug, Clone)]
pub enum TestMailTo {
    /// To the address of this member, who asks for it.
    Themselves(UserId),
    /// To this address: a member's, or one that was added.
    Address(EmailAddress),
}

/// What came of asking for a test mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestMail {
    /// It is queued.
    Queued(MailId),
    /// The company has asked for as many as it can in an hour; from then on there is room.
    TooMany(DateTime<Utc>),
    /// The address is no member's and was not added, or is not proved.
    NoSuchAddress,
}

/// An address that a test mail can go to, and whose it is.
struct Known {
    email: String,
    user: Option<i64>,
    address: Option<AddressId>,
}

impl Store {
    /// Queues a test mail. It is tried once.
    pub async fn queue_test_mail(
        &self,
        company: CompanyId,
        to: TestMailTo,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<TestMail, Error> {
        let tx = self.begin().await?;
        // One after the other, so that they are counted right.
        let company_row = locked_company(&tx, company).await?;
        let earlier = mail::Entity::find()
            .filter(mail::Column::CompanyId.eq(company.raw()))
            .filter(mail::Column::Id.gte(floor_at(now - COUNTED_WITHIN)))
            .filter(mail::Column::Kind.eq(TEST_MAIL))
            .order_by_asc(mail::Column::Id)
            .all(&tx)
            .await?;
        if let Some(over) = earlier.len().checked_sub(TEST_MAILS_PER_HOUR_MAX) {
            let oldest = earlier.get(over).map_or(now, |row| made_at(row.id));
            return Ok(TestMail::TooMany(oldest + COUNTED_WITHIN));
        }
        let Some(known) = known_address(&tx, company, to).await? else {
            return Ok(TestMail::NoSuchAddress);
        };
        let facts = TestMailFacts {
            company_name: company_row.name,
            asked_by: inviter(&tx, actor).await?,
            asked_at: from_micros(micros(now)),
        };
        let id = self.new_id(now);
        let row = mail::ActiveModel {
            id: Set(id),
            company_id: Set(company.raw()),
            endpoint_id: Set(None),
            kind: Set(TEST_MAIL.to_owned()),
            recipient: Set(known.email.clone()),
            facts: Set(serde_json::to_string(&facts).expect("texts and times are always JSON")),
            state: Set(MailState::Queued.as_str().to_owned()),
            held_back: Set(0),
            due_at: Set(micros(now)),
            first_due_at: Set(micros(now)),
            claimed_by: Set(0),
            tries: Set(0),
            last_error: Set(None),
            created_at: Set(micros(now)),
            sent_at: Set(None),
            user_id: Set(known.user),
            address_id: Set(known.address.map(AddressId::raw)),
            wanted_at: Set(None),
        };
        mail::Entity::insert(row).exec_without_returning(&tx).await?;
        let mail = MailId::from_raw(id);
        let facts = serde_json::json!({ "to": known.email });
        self.audit(&tx, company, actor, "mail.test_asked_for", mail, facts, now).await?;
        tx.commit().await?;
        Ok(TestMail::Queued(mail))
    }
}

async fn known_address(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    to: TestMailTo,
) -> Result<Option<Known>, Error> {
    let (found, key) = match to {
        TestMailTo::Themselves(user) => {
            let row = user::Entity::find_by_id(user.raw()).one(tx).await?;
            let row = row.ok_or(Error::NotFound)?;
            let key = row.email_key.clone();
            (Some(row), key)
        }
        TestMailTo::Address(email) => {
            let by_key = user::Column::EmailKey.eq(email.key());
            let row = user::Entity::find().filter(by_key).one(tx).await?;
            (row, email.key().to_owned())
        }
    };
    if let Some(row) = found.filter(|row| row.email_verified_at.is_some()) {
        let is_member = member::Entity::find_by_id((company.raw(), row.id)).one(tx).await?;
        if is_member.is_some() {
            return Ok(Some(Known { email: row.email, user: Some(row.id), address: None }));
        }
    }
    let added = addresses_of(tx, company).await?.into_iter();
    let mut fitting = added.filter(|one| one.state == AddressState::Proved);
    let found = fitting.find(|one| one.email.to_lowercase() == key);
    Ok(found.map(|one| Known { email: one.email, user: None, address: Some(one.id) }))
}
