//! Mails about endpoints, as rows of the outbox written in the transaction of their cause.

use chrono::{DateTime, Utc};
use domain::endpoint::{EndpointState, Health, Transition};
use domain::id::{AddressId, EndpointId, UserId};
use domain::notice::{self, NoticeKind, NoticeMemory};
use domain::notification::{self, Address, Member, Notifications, Whose};
use domain::operational::OperationalEvent;
use domain::outcome::Failure;
use domain::role::Role;
use sea_orm::sqlx;

use crate::hot::{HotConnection, HotTx};
use crate::rows::notification::{choices_of, kinds_of, settings_of};
use crate::settle_rows::EndpointRow;
use crate::time::{from_micros, micros};
use crate::{Error, MailFacts, Store, WAITING_COUNT_MAX};

/// How many members one transition is mailed to at most: it is all written in one transaction.
const MEMBERS_TOLD_MAX: i64 = 200;

/// Runs a statement on either database; the text is the same.
macro_rules! on_either {
    ($tx:expr, $connection:ident => $run:expr) => {
        match &mut $tx.connection {
            HotConnection::Sqlite(held) => {
                let $connection = &mut **held;
                $run
            }
            HotConnection::Postgres(held) => {
                let $connection = &mut **held;
                $run
            }
        }
    };
}

/// A transition of an endpoint, with the streak that it is about.
pub(crate) struct Telling {
    pub(crate) row: EndpointRow,
    pub(crate) transition: Transition,
    pub(crate) health: Health,
    /// Of the last failed attempt of that streak.
    pub(crate) last_status: Option<i64>,
    pub(crate) last_error: Option<String>,
    /// Why that attempt failed; `None`: it was settled before, and only its message is known.
    pub(crate) failure: Option<Failure>,
    pub(crate) at: DateTime<Utc>,
    /// The endpoint right after the transition.
    pub(crate) after: EndpointState,
    /// The operational event that tells of it, where one does.
    pub(crate) event: Option<OperationalEvent>,
}

/// Writes the mails that transitions call for, in their order, and drops those held back that they
/// make untrue.
pub(crate) async fn write_notices(
    store: &Store,
    tx: &mut HotTx,
    told: &[Telling],
) -> Result<(), Error> {
    for telling in told {
        write_notice(store, tx, telling).await?;
    }
    Ok(())
}

async fn write_notice(store: &Store, tx: &mut HotTx, telling: &Telling) -> Result<(), Error> {
    let (row, now) = (&telling.row, telling.at);
    let mut undone_defective = false;
    for undone in notice::undone_by(telling.transition) {
        let any = undo_held_back(tx, row.id, *undone, now).await?;
        undone_defective |= any && *undone == NoticeKind::Defective;
    }
    let Some(kind) = NoticeKind::about(telling.transition) else { return Ok(()) };
    if kind == NoticeKind::Recovered && !notice::tells_recovery(undone_defective) {
        return Ok(());
    }
    let memory = NoticeMemory { last_due: last_due(tx, row.id, kind).await? };
    let company = company(tx, row).await?;
    let settings = company.notifications;
    let Some(due) = notification::due(&settings, kind, memory, now) else { return Ok(()) };
    let facts = facts(store, tx, telling, company.name).await?;
    let facts = serde_json::to_string(&facts).map_err(|error| Error::Corrupt {
        table: "mail_outbox",
        id: 0,
        what: error.to_string(),
    })?;
    let (members, addresses) = (members(tx, row).await?, addresses(tx, row).await?);
    for recipient in notification::recipients(&settings, kind, &members, &addresses) {
        let id = store.new_id(now);
        const SQL: &str = "INSERT INTO mail_outbox (id, company_id, endpoint_id, kind, recipient, facts, held_back, \
            due_at, first_due_at, created_at, user_id, address_id, wanted_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12)";
        let (user, address) = match recipient.whose {
            Whose::Member(user) => (Some(user.raw()), None),
            Whose::Address(address) => (None, Some(address.raw())),
        };
        on_either!(tx, connection => sqlx::query(SQL)
            .bind(id)
            .bind(row.company.raw())
            .bind(row.id.raw())
            .bind(kind.as_str())
            .bind(recipient.email)
            .bind(facts.clone())
            .bind(i64::from(due.at > now))
            .bind(micros(due.at))
            .bind(micros(now))
            .bind(user)
            .bind(address)
            .bind(micros(due.without_quiet_hours))
            .execute(connection)
            .await
            .map(|_| ()))?;
    }
    Ok(())
}

/// Drops mails that were waiting for the end of a quiet time and are no longer true.
async fn undo_held_back(
    tx: &mut HotTx,
    endpoint: EndpointId,
    kind: NoticeKind,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    const SQL: &str = "UPDATE mail_outbox SET state = 'undone' WHERE endpoint_id = $1 AND kind = $2 \
        AND state = 'queued' AND held_back = 1 AND due_at > $3";
    let count = on_either!(tx, connection => sqlx::query(SQL)
        .bind(endpoint.raw())
        .bind(kind.as_str())
        .bind(micros(now))
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(count > 0)
}

/// When the last mail of a kind about an endpoint went out, or is to go out.
async fn last_due(
    tx: &mut HotTx,
    endpoint: EndpointId,
    kind: NoticeKind,
) -> Result<Option<DateTime<Utc>>, Error> {
    const SQL: &str = "SELECT max(first_due_at) FROM mail_outbox WHERE endpoint_id = $1 AND kind = $2 \
        AND state <> 'undone'";
    let (last,): (Option<i64>,) = on_either!(tx, connection => sqlx::query_as(SQL)
        .bind(endpoint.raw())
        .bind(kind.as_str())
        .fetch_one(connection)
        .await)?;
    Ok(last.map(from_micros))
}

/// The company as its mails need it.
struct Company {
    name: String,
    notifications: Notifications,
}

async fn company(tx: &mut HotTx, row: &EndpointRow) -> Result<Company, Error> {
    const SQL: &str = "SELECT name, settings FROM companies WHERE id = $1";
    let found: Option<(String, String)> = on_either!(tx, connection => sqlx::query_as(SQL)
        .bind(row.company.raw())
        .fetch_optional(connection)
        .await)?;
    let (name, settings) = found.unwrap_or_default();
    let read = settings_of(row.company.raw(), &settings);
    let notifications = readable(read.map(|(notifications, _)| notifications)).unwrap_or_default();
    Ok(Company { name, notifications })
}

/// What cannot be read is left out: an outcome is settled all the same.
fn readable<T>(read: Result<T, Error>) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(error) => {
            tracing::error!(error = %error, "Who gets a mail is told without what cannot be read");
            None
        }
    }
}

/// The members whose addresses are proved to be theirs, owners and admins first.
async fn members(tx: &mut HotTx, row: &EndpointRow) -> Result<Vec<Member>, Error> {
    const SQL: &str = "SELECT u.id, u.email, m.role, m.notices FROM members m \
        JOIN users u ON u.id = m.user_id \
        WHERE m.company_id = $1 AND u.email_verified_at IS NOT NULL \
        ORDER BY CASE m.role WHEN 'owner' THEN 0 WHEN 'admin' THEN 1 ELSE 2 END, u.id LIMIT $2";
    let rows: Vec<(i64, String, String, String)> = on_either!(tx, connection => sqlx::query_as(SQL)
        .bind(row.company.raw())
        .bind(MEMBERS_TOLD_MAX)
        .fetch_all(connection)
        .await)?;
    let member = |(id, email, role, notices): (i64, String, String, String)| {
        let choices = readable(choices_of(id, &notices)).unwrap_or_default();
        let role = Role::parse(&role)?;
        Some(Member { user: UserId::from_raw(id), role, email, choices })
    };
    Ok(rows.into_iter().filter_map(member).collect())
}

/// The addresses that were added and proved, and not stopped since.
async fn addresses(tx: &mut HotTx, row: &EndpointRow) -> Result<Vec<Address>, Error> {
    const SQL: &str = "SELECT id, email, kinds FROM notification_addresses \
        WHERE company_id = $1 AND proved_at IS NOT NULL AND stopped_at IS NULL ORDER BY id";
    let rows: Vec<(i64, String, String)> = on_either!(tx, connection => sqlx::query_as(SQL)
        .bind(row.company.raw())
        .fetch_all(connection)
        .await)?;
    let address = |(id, email, kinds): (i64, String, String)| {
        let kinds = readable(kinds_of(id, &kinds))?;
        Some(Address { id: AddressId::from_raw(id), email, kinds })
    };
    Ok(rows.into_iter().filter_map(address).collect())
}

async fn facts(
    store: &Store,
    tx: &mut HotTx,
    telling: &Telling,
    company_name: String,
) -> Result<MailFacts, Error> {
    let row = &telling.row;
    let waiting = waiting(tx, row.id).await?;
    let policy = store.policy();
    Ok(MailFacts {
        company_name,
        endpoint_id: row.id.to_string(),
        endpoint_url: public_url(&row.url),
        endpoint_description: row.description.clone(),
        failures: telling.health.failures(),
        failing_since: telling.health.since(),
        last_status: telling.last_status.and_then(|status| u16::try_from(status).ok()),
        last_error: telling.last_error.clone(),
        waiting,
        happened_at: telling.at,
        give_up_after_s: policy.give_up_after.num_seconds(),
        defective_after: policy.streak.defective_after,
    })
}

/// How many deliveries wait for an endpoint, counted up to one more than [`WAITING_COUNT_MAX`].
pub(crate) async fn waiting(tx: &mut HotTx, endpoint: EndpointId) -> Result<u32, Error> {
    const SQL: &str = "SELECT count(*) FROM (SELECT 1 FROM pending WHERE endpoint_id = $1 \
        AND claimed_by = 0 LIMIT $2) w";
    let (waiting,): (i64,) = on_either!(tx, connection => sqlx::query_as(SQL)
        .bind(endpoint.raw())
        .bind(i64::from(WAITING_COUNT_MAX) + 1)
        .fetch_one(connection)
        .await)?;
    Ok(u32::try_from(waiting).unwrap_or(WAITING_COUNT_MAX).min(WAITING_COUNT_MAX + 1))
}

/// A URL without what may be secret in it.
pub(crate) fn public_url(text: &str) -> String {
    match url::Url::parse(text) {
        Ok(mut url) => {
            url.set_query(None);
            url.set_fragment(None);
            url.to_string()
        }
        Err(_) => String::new(),
    }
}
