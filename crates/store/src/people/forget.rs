//! What of people need not be kept: a slice at a time.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::floor_at;
use domain::person::LOGIN_KEPT;
use domain::throttle::FORGOTTEN_AFTER;
use sea_orm::{ConnectionTrait, Value};

use crate::time::micros;
use crate::{Error, Store};

/// How many rows of each table one slice removes.
const SLICE_ROWS: i64 = 500;
/// How long a mail about an account is kept.
const ACCOUNT_MAIL_KEPT: TimeDelta = TimeDelta::days(30);

/// What is removed, and by which time (or id) it is too old.
const STATEMENTS: [&str; 4] = [
    "DELETE FROM logins WHERE id IN (SELECT id FROM logins WHERE expires_at <= $1 \
     ORDER BY expires_at LIMIT $2)",
    "DELETE FROM account_links WHERE id IN (SELECT id FROM account_links WHERE expires_at <= $1 \
     ORDER BY expires_at LIMIT $2)",
    "DELETE FROM throttles WHERE last_at <= $1 AND subject IN (SELECT subject FROM throttles \
     WHERE last_at <= $1 ORDER BY last_at LIMIT $2)",
    "DELETE FROM mail_outbox WHERE id IN (SELECT id FROM mail_outbox WHERE company_id = 0 \
     AND id < $1 AND claimed_by = 0 ORDER BY id LIMIT $2)",
];

impl Store {
    /// Forgets logins that ended long ago, links that no longer work, failures that no longer count
    /// and old mails about accounts: one slice. Gives how many rows; 0 when there is no more.
    pub async fn forget_people(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        let oldest = [
            micros(now - LOGIN_KEPT),
            micros(now),
            micros(now - FORGOTTEN_AFTER),
            floor_at(now - ACCOUNT_MAIL_KEPT),
        ];
        let mut forgotten = 0;
        for (sql, oldest) in STATEMENTS.into_iter().zip(oldest) {
            let values: [Value; 2] = [oldest.into(), SLICE_ROWS.into()];
            let tx = self.begin().await?;
            forgotten += tx.execute_raw(self.statement(sql, values)).await?.rows_affected();
            tx.commit().await?;
        }
        Ok(forgotten)
    }
}
