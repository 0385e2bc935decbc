//! Whether a caller who was let in a moment ago may still post events.

use chrono::{DateTime, Utc};
use domain::id::CompanyId;
use domain::role::Role;
use domain::scope::Scope;
use sea_orm::sqlx;

use crate::hot::{HotConnection, HotTx};
use crate::time::micros;
use crate::{Bearer, Caller, Error};

/// Whether a caller's token or login still lets it post events, or its source is still there.
pub(crate) async fn is_live(
    tx: &mut HotTx,
    caller: &Caller,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    match caller.bearer {
        Bearer::Token(token) => {
            const SQL: &str = "SELECT id FROM api_tokens WHERE id = $1 AND revoked_at IS NULL \
                AND (expires_at IS NULL OR expires_at > $2)";
            let found: Option<(i64,)> = match &mut tx.connection {
                HotConnection::Sqlite(connection) => {
                    let query = sqlx::query_as(SQL).bind(token.raw()).bind(micros(now));
                    query.fetch_optional(&mut **connection).await?
                }
                HotConnection::Postgres(connection) => {
                    let query = sqlx::query_as(SQL).bind(token.raw()).bind(micros(now));
                    query.fetch_optional(&mut **connection).await?
                }
            };
            Ok(found.is_some())
        }
        Bearer::Source(source) => {
            const SQL: &str = "SELECT id FROM sources WHERE id = $1 AND company_id = $2";
            let (source, company) = (source.raw(), caller.company.raw());
            let found: Option<(i64,)> = match &mut tx.connection {
                HotConnection::Sqlite(connection) => {
                    let query = sqlx::query_as(SQL).bind(source).bind(company);
                    query.fetch_optional(&mut **connection).await?
                }
                HotConnection::Postgres(connection) => {
                    let query = sqlx::query_as(SQL).bind(source).bind(company);
                    query.fetch_optional(&mut **connection).await?
                }
            };
            Ok(found.is_some())
        }
        Bearer::Login { login, user, role: _ } => {
            let role = role_of_login(tx, caller.company, (login.raw(), user.raw()), now).await?;
            Ok(role.is_some_and(|role| Scope::allows(role.scopes(), Scope::EventsWrite)))
        }
    }
}

/// What the person of a login that still works is in the company, where anything.
async fn role_of_login(
    tx: &mut HotTx,
    company: CompanyId,
    (login, user): (i64, i64),
    now: DateTime<Utc>,
) -> Result<Option<Role>, Error> {
    const SQL: &str = "SELECT m.role FROM logins l JOIN members m ON m.user_id = l.user_id \
        WHERE l.id = $1 AND l.user_id = $2 AND l.expires_at > $3 AND m.company_id = $4";
    let found: Option<(String,)> = match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            let query = sqlx::query_as(SQL).bind(login).bind(user).bind(micros(now));
            query.bind(company.raw()).fetch_optional(&mut **connection).await?
        }
        HotConnection::Postgres(connection) => {
            let query = sqlx::query_as(SQL).bind(login).bind(user).bind(micros(now));
            query.bind(company.raw()).fetch_optional(&mut **connection).await?
        }
    };
    Ok(found.and_then(|(role,)| Role::parse(&role)))
}
