//! What has come to sources: counted in memory and written down in bulk, about once a second, so that
//! whoever sends forged notifications writes no row each. A node that dies loses the last second of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, RefusedNotificationId, SourceId, floor_at};
use domain::source::{
    REFUSED_DETAIL_BYTES_MAX, REFUSED_KEPT_PER_REASON_MAX, REFUSED_LIFE, RefusalReason,
};
use parking_lot::Mutex;
use sea_orm::{ConnectionTrait, QueryResult};

use crate::hot::{Durability, Failed, HotTx, run, within};
use crate::rows::page::{before_of, cut, limit_of};
use crate::sources::source_row;
use crate::time::{from_micros, micros};
use crate::{Error, Page, PageRequest, Store};

/// How many sources one write is about; what has come to others waits for the next one.
const SOURCES_PER_WRITE: usize = 200;
/// Of how many sources something may wait to be written; what comes to more of them is not counted.
const SOURCES_WAITING_MAX: usize = 10_000;
/// How many refused notifications of a source and a reason may wait; the others are only counted.
const WAITING_PER_REASON_MAX: usize = 5;
/// How many may wait in all.
const WAITING_MAX: usize = 1_000;
/// How many rows one slice of forgetting removes.
const SLICE_ROWS: i64 = 500;

/// A notification, or a question of Meta's, that is refused.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Why.
    pub reason: RefusalReason,
    /// What is wrong and what to do: a sentence without anything of the body.
    pub detail: String,
    /// How large its body was, or said to be.
    pub bytes: u64,
    /// Who sent it.
    pub address: Option<IpAddr>,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// The same as it is shown.
#[derive(Debug, Clone)]
pub struct RefusedRecord {
    /// Its id.
    pub id: RefusedNotificationId,
    /// Why it was refused.
    pub reason: RefusalReason,
    /// What is wrong and what to do.
    pub detail: String,
    /// How large its body was, or said to be.
    pub bytes: u64,
    /// Who sent it.
    pub address: Option<IpAddr>,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// What has come and is not written down yet.
#[derive(Debug, Default)]
pub(crate) struct SourceCounts(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    sources: BTreeMap<SourceId, Came>,
    /// How many of their refused notifications wait.
    refused: usize,
    /// The last one of the write before: each has its turn.
    last: Option<SourceId>,
}

/// What has come to one source.
#[derive(Debug, Default)]
struct Came {
    accepted: i64,
    refused: i64,
    handshake_at: Option<DateTime<Utc>>,
    notification_at: Option<DateTime<Utc>>,
    newest: Vec<(CompanyId, Refused)>,
}

impl Came {
    fn note(&mut self, company: CompanyId, refused: Refused) -> bool {
        let is_like = |other: &&(CompanyId, Refused)| other.1.reason == refused.reason;
        let waits = self.newest.iter().filter(is_like).count() < WAITING_PER_REASON_MAX;
        if waits {
            self.newest.push((company, refused));
        }
        waits
    }

    /// What could not be written waits again, before what has come since.
    fn absorb(&mut self, earlier: Self) {
        self.accepted += earlier.accepted;
        self.refused += earlier.refused;
        self.handshake_at = self.handshake_at.max(earlier.handshake_at);
        self.notification_at = self.notification_at.max(earlier.notification_at);
        let later = std::mem::replace(&mut self.newest, earlier.newest);
        for (company, refused) in later {
            self.note(company, refused);
        }
    }
}

impl SourceCounts {
    fn of(&self, source: SourceId, count: impl FnOnce(&mut Came)) {
        let mut waiting = self.0.lock();
        let is_full = waiting.sources.len() >= SOURCES_WAITING_MAX;
        if !is_full || waiting.sources.contains_key(&source) {
            count(waiting.sources.entry(source).or_default());
        }
    }

    fn refuse(&self, company: CompanyId, source: SourceId, mut refused: Refused) {
        let end = refused.detail.floor_char_boundary(REFUSED_DETAIL_BYTES_MAX);
        refused.detail.truncate(end);
        let mut waiting = self.0.lock();
        let has_room = waiting.refused < WAITING_MAX;
        let is_full = waiting.sources.len() >= SOURCES_WAITING_MAX;
        if is_full && !waiting.sources.contains_key(&source) {
            return;
        }
        let came = waiting.sources.entry(source).or_default();
        came.refused += 1;
        let waits = has_room && came.note(company, refused);
        waiting.refused += usize::from(waits);
    }

    /// Takes what is to be written now.
    fn take(&self) -> BTreeMap<SourceId, Came> {
        let mut waiting = self.0.lock();
        let after = waiting.last.map_or(i64::MIN, |last| last.raw().saturating_add(1));
        let next = waiting.sources.range(SourceId::from_raw(after)..);
        let next: Vec<SourceId> = next.map(|(id, _)| *id).take(SOURCES_PER_WRITE).collect();
        waiting.last = (next.len() == SOURCES_PER_WRITE).then(|| next.last().copied()).flatten();
        let mut taken = BTreeMap::new();
        for id in next {
            taken.extend(waiting.sources.remove(&id).map(|came| (id, came)));
        }
        waiting.refused -= taken.values().map(|came| came.newest.len()).sum::<usize>();
        taken
    }

    fn put_back(&self, taken: BTreeMap<SourceId, Came>) {
        let mut waiting = self.0.lock();
        for (id, earlier) in taken {
            waiting.sources.entry(id).or_default().absorb(earlier);
        }
        waiting.refused = waiting.sources.values().map(|came| came.newest.len()).sum();
    }
}

impl Store {
    /// Counts that Meta asked for the callback and had the verify token.
    pub fn count_handshake(&self, source: SourceId, at: DateTime<Utc>) {
        self.inner.source_counts.of(source, |came| came.handshake_at = Some(at));
    }

    /// Counts a notification that was taken in.
    pub fn count_notification(&self, source: SourceId, at: DateTime<Utc>) {
        self.inner.source_counts.of(source, |came| {
            came.accepted += 1;
            came.notification_at = came.notification_at.max(Some(at));
        });
    }

    /// Counts one that was refused, and remembers it among the newest.
    pub fn count_refused(&self, company: CompanyId, source: SourceId, refused: Refused) {
        self.inner.source_counts.refuse(company, source, refused);
    }

    /// Writes down what has come to sources since. Gives to how many; it need not survive a power cut.
    pub async fn write_source_counts(&self, now: DateTime<Utc>) -> Result<usize, Error> {
        let taken = self.inner.source_counts.take();
        if taken.is_empty() {
            return Ok(0);
        }
        let mut tx = match self.begin_hot(Durability::Repeatable).await {
            Ok(tx) => tx,
            Err(error) => {
                self.inner.source_counts.put_back(taken);
                return Err(error);
            }
        };
        let done = within(self.write_counts(&mut tx, &taken, now)).await;
        match tx.end(done).await {
            Ok(()) => Ok(taken.len()),
            Err(Failed::Unchanged(error)) => {
                self.inner.source_counts.put_back(taken);
                Err(error)
            }
            // Counted once or not at all.
            Err(Failed::Doubtful((), error)) => Err(error),
        }
    }

    /// In the order of their ids, so that two nodes do not lock each other out.
    async fn write_counts(
        &self,
        tx: &mut HotTx,
        taken: &BTreeMap<SourceId, Came>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let count = "UPDATE sources SET accepted = accepted + $2, refused = refused + $3, \
            handshake_at = CASE WHEN coalesce(handshake_at, 0) < $4 THEN $4 ELSE handshake_at END, \
            last_notification_at = CASE WHEN coalesce(last_notification_at, 0) < $5 THEN $5 \
            ELSE last_notification_at END WHERE id = $1";
        for (id, came) in taken {
            let (handshake_at, at) =
                (came.handshake_at.map_or(0, micros), came.notification_at.map_or(0, micros));
            let found = run!(tx, count, id.raw(), came.accepted, came.refused, handshake_at, at);
            if found > 0 {
                self.write_refused(tx, *id, &came.newest, now).await?;
            }
        }
        Ok(())
    }

    async fn write_refused(
        &self,
        tx: &mut HotTx,
        source: SourceId,
        newest: &[(CompanyId, Refused)],
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let insert = "INSERT INTO refused_notifications (id, company_id, source_id, reason, detail, bytes, \
            address, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let prune = "DELETE FROM refused_notifications WHERE source_id = $1 AND reason = $2 AND id <= \
            (SELECT id FROM refused_notifications WHERE source_id = $1 AND reason = $2 \
            ORDER BY id DESC LIMIT 1 OFFSET $3)";
        for (company, refused) in newest {
            run!(
                tx,
                insert,
                self.new_id(now),
                company.raw(),
                source.raw(),
                refused.reason.as_str(),
                refused.detail.as_str(),
                i64::try_from(refused.bytes).unwrap_or(i64::MAX),
                refused.address.map(|address| address.to_string()).unwrap_or_default(),
                micros(refused.received_at),
            );
        }
        for reason in RefusalReason::ALL {
            if newest.iter().any(|(_, refused)| refused.reason == reason) {
                let kept = i64::from(REFUSED_KEPT_PER_REASON_MAX);
                run!(tx, prune, source.raw(), reason.as_str(), kept);
            }
        }
        Ok(())
    }

    /// What a source refused, the newest first.
    pub async fn refused_notifications(
        &self,
        company: CompanyId,
        id: SourceId,
        page: PageRequest,
        now: DateTime<Utc>,
    ) -> Result<Page<RefusedRecord>, Error> {
        source_row(self.reader(), company, id).await?;
        let limit = limit_of(page);
        let sql = "SELECT id, reason, detail, bytes, address, received_at FROM refused_notifications \
            WHERE source_id = $1 AND id < $2 AND id >= $3 ORDER BY id DESC LIMIT $4";
        let rows_max = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let oldest = floor_at(now - REFUSED_LIFE);
        let values = [id.raw().into(), before_of(page).into(), oldest.into(), rows_max.into()];
        let rows = self.reader().query_all_raw(self.statement(sql, values)).await?;
        let records = rows.iter().map(record).collect::<Result<_, _>>()?;
        Ok(cut(records, limit, None, |record: &RefusedRecord| record.id.raw()))
    }

    /// Removes what was refused long ago: one slice. Gives how many rows.
    pub async fn forget_refused(&self, now: DateTime<Utc>) -> Result<u64, Error> {
        let sql = "DELETE FROM refused_notifications WHERE id IN \
            (SELECT id FROM refused_notifications WHERE id < $1 ORDER BY id LIMIT $2)";
        let values = [floor_at(now - REFUSED_LIFE).into(), SLICE_ROWS.into()];
        let tx = self.begin().await?;
        let gone = tx.execute_raw(self.statement(sql, values)).await?.rows_affected();
        tx.commit().await?;
        Ok(gone)
    }
}

fn record(row: &QueryResult) -> Result<RefusedRecord, Error> {
    let id: i64 = row.try_get("", "id")?;
    let (reason, bytes): (String, i64) = (row.try_get("", "reason")?, row.try_get("", "bytes")?);
    let address: String = row.try_get("", "address")?;
    let corrupt = || Error::Corrupt {
        table: "refused_notifications",
        id,
        what: format!("reason is {reason}"),
    };
    Ok(RefusedRecord {
        id: RefusedNotificationId::from_raw(id),
        reason: RefusalReason::parse(&reason).ok_or_else(corrupt)?,
        detail: row.try_get("", "detail")?,
        bytes: u64::try_from(bytes).unwrap_or(0),
        address: address.parse().ok(),
        received_at: from_micros(row.try_get("", "received_at")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPANY: CompanyId = CompanyId::from_raw(1);

    fn refused(reason: RefusalReason) -> Refused {
        let received_at = from_micros(1_795_867_200_000_000);
        Refused { reason, detail: "é".repeat(400), bytes: 5, address: None, received_at }
    }

    fn waiting(counts: &SourceCounts) -> (usize, usize, i64) {
        let waiting = counts.0.lock();
        let newest: usize = waiting.sources.values().map(|came| came.newest.len()).sum();
        assert_eq!(newest, waiting.refused);
        let refused = waiting.sources.values().map(|came| came.refused).sum();
        (waiting.sources.len(), newest, refused)
    }

    #[test]
    fn a_flood_is_counted_and_little_of_it_is_remembered() {
        let counts = SourceCounts::default();
        for _ in 0..5_000 {
            counts.refuse(COMPANY, SourceId::from_raw(1), refused(RefusalReason::SignatureWrong));
        }
        counts.refuse(COMPANY, SourceId::from_raw(1), refused(RefusalReason::Malformed));
        assert_eq!(waiting(&counts), (1, WAITING_PER_REASON_MAX + 1, 5_001));
        let taken = counts.take();
        let detail = &taken[&SourceId::from_raw(1)].newest[0].1.detail;
        assert_eq!(detail.len(), REFUSED_DETAIL_BYTES_MAX);
        assert_eq!(waiting(&counts), (0, 0, 0));
        counts.refuse(COMPANY, SourceId::from_raw(1), refused(RefusalReason::SignatureWrong));
        counts.put_back(taken);
        assert_eq!(waiting(&counts), (1, WAITING_PER_REASON_MAX + 1, 5_002));
    }

    #[test]
    fn what_waits_is_bounded_and_everybody_has_a_turn() {
        let counts = SourceCounts::default();
        let most = i64::try_from(SOURCES_WAITING_MAX).unwrap();
        for number in 0..most + 10 {
            counts.refuse(COMPANY, SourceId::from_raw(number), refused(RefusalReason::TooLarge));
        }
        assert_eq!(waiting(&counts), (SOURCES_WAITING_MAX, WAITING_MAX, most));
        let mut seen = 0;
        // The first one is asked for again and again; the last one is written all the same.
        for _ in 0..SOURCES_WAITING_MAX.div_ceil(SOURCES_PER_WRITE) {
            let taken = counts.take();
            assert!(taken.len() <= SOURCES_PER_WRITE);
            seen += taken.len();
            counts.of(SourceId::from_raw(0), |came| came.accepted += 1);
        }
        assert_eq!(seen, SOURCES_WAITING_MAX);
        assert_eq!(waiting(&counts).0, 1);
        assert_eq!(counts.take().len(), 0, "the round ended");
        assert_eq!(counts.take().len(), 1);
    }
}
