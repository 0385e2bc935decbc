//! Deliveries that are given up, and what there is to say about them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::event_type::EventTypeName;
use domain::id::{CompanyId, DeliveryId, EndpointId, EventId};
use domain::operational::OperationalEvent;
use domain::outcome::Failure;
use sea_orm::sqlx;

use crate::Error;
use crate::hot::{HotConnection, HotTx, runs, values};
use crate::rows::attempt::{failure_of, status_of};
use crate::settle_rows::{FinishRow, storable};

/// A delivery that is given up.
pub(crate) struct Exhausted {
    pub(crate) company: CompanyId,
    pub(crate) endpoint: EndpointId,
    pub(crate) delivery: DeliveryId,
    pub(crate) event: EventId,
    pub(crate) tries: u32,
    pub(crate) finished_at: DateTime<Utc>,
    /// What it ended with; `None` where that has to be read.
    pub(crate) words: Option<LastWords>,
}

/// The type of a delivery's event, and what came of its last attempt.
pub(crate) struct LastWords {
    pub(crate) event_type: EventTypeName,
    pub(crate) status: Option<u16>,
    pub(crate) failure: Option<Failure>,
}

impl Exhausted {
    /// The delivery, if it was given up and that is told.
    pub(crate) fn of(row: &FinishRow<'_>) -> Option<Self> {
        let delivery = row.delivery;
        OperationalEvent::of_finish(row.finish, &delivery.event.event_type)?;
        let words = row.attempt.map(|attempted| LastWords {
            event_type: delivery.event.event_type.clone(),
            status: attempted.outcome.status_code,
            failure: attempted.outcome.failure.as_ref().map(storable_failure),
        });
        Some(Self {
            company: delivery.event.company,
            endpoint: delivery.endpoint,
            delivery: delivery.id,
            event: delivery.event.id,
            tries: delivery.progress.tries + u32::from(row.attempt.is_some()),
            finished_at: row.finished_at,
            words,
        })
    }
}

/// The same failure with a message that both databases can hold.
pub(crate) fn storable_failure(failure: &Failure) -> Failure {
    Failure { kind: failure.kind, message: storable(&failure.message) }
}

type WordColumns = (i64, String, Option<i64>, Option<String>, Option<String>);

/// The deliveries' events and last attempts.
pub(crate) const LAST_WORDS_POSTGRES: &str = "SELECT t.id, e.event_type, a.status_code, a.error_kind, a.error_message \
    FROM unnest((SELECT $1::bigint[]), $2::bigint[], $3::bigint[], $4::bigint[]) AS t(company_id, id, event_id, number) \
    JOIN events e ON e.company_id = t.company_id AND e.id = t.event_id \
    LEFT JOIN attempts a ON a.company_id = t.company_id AND a.delivery_id = t.id AND a.number = t.number";

/// The last words of those of which they are not known. One whose event is gone is not in the answer.
pub(crate) async fn last_words(
    tx: &mut HotTx,
    exhausted: &[Exhausted],
) -> Result<HashMap<DeliveryId, LastWords>, Error> {
    let unknown: Vec<&Exhausted> = exhausted.iter().filter(|ended| ended.words.is_none()).collect();
    let mut found: Vec<WordColumns> = Vec::with_capacity(unknown.len());
    match &mut tx.connection {
        _ if unknown.is_empty() => {}
        HotConnection::Sqlite(connection) => {
            for run in runs(&unknown) {
                let sql = values(
                    "WITH t(company_id, id, event_id, number) AS (VALUES ",
                    4,
                    run.len(),
                    ") SELECT t.id, e.event_type, a.status_code, a.error_kind, a.error_message \
                     FROM t CROSS JOIN events e ON e.id = t.event_id AND e.company_id = t.company_id \
                     LEFT JOIN attempts a ON a.company_id = t.company_id AND a.delivery_id = t.id \
                     AND a.number = t.number",
                );
                let mut query = sqlx::query_as(sql);
                for ended in run {
                    query = query
                        .bind(ended.company.raw())
                        .bind(ended.delivery.raw())
                        .bind(ended.event.raw())
                        .bind(i64::from(ended.tries));
                }
                found.extend(query.fetch_all(&mut **connection).await?);
            }
        }
        HotConnection::Postgres(connection) => {
            let column =
                |pick: fn(&Exhausted) -> i64| unknown.iter().map(|e| pick(e)).collect::<Vec<_>>();
            found = sqlx::query_as(LAST_WORDS_POSTGRES)
                .bind(column(|ended| ended.company.raw()))
                .bind(column(|ended| ended.delivery.raw()))
                .bind(column(|ended| ended.event.raw()))
                .bind(column(|ended| i64::from(ended.tries)))
                .fetch_all(&mut **connection)
                .await?;
        }
    }
    found.into_iter().map(words_of).collect()
}

fn words_of(row: WordColumns) -> Result<(DeliveryId, LastWords), Error> {
    let (id, event_type, status, kind, message) = row;
    let event_type = EventTypeName::parse(&event_type).map_err(|error| Error::Corrupt {
        table: "events",
        id,
        what: error.to_string(),
    })?;
    let words =
        LastWords { event_type, status: status_of(status), failure: failure_of(kind, message) };
    Ok((DeliveryId::from_raw(id), words))
}
