//! The work behind live streams: writes down what was told, ten times a second at most, hears from
//! other nodes that there is news, and reads it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::id::CompanyId;
use sea_orm::sqlx;
use sea_orm::sqlx::postgres::PgListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::hot::Failed;
use crate::live::WATCHED_FOR;
use crate::live_rows::{CHANNEL, EVERYBODY, WATCHES_CHANGED};
use crate::pools::Pools;
use crate::{Clock, Error, Store};

/// The least time between two writes, and so between two notifications of a node.
const WRITE_EVERY: Duration = Duration::from_millis(100);
/// The least time between two reads.
const READ_EVERY: Duration = Duration::from_millis(20);
/// How often it is asked who is watched, whatever is heard.
const WATCHES_EVERY: Duration = Duration::from_secs(1);
/// How often feeds are read although nothing was heard.
const POLL_EVERY: Duration = Duration::from_secs(2);
/// How often what is old is removed.
const FORGET_EVERY: Duration = Duration::from_secs(10);
/// How many slices of that are removed in a row.
const FORGET_SLICES: u32 = 20;
/// How long to wait where the database does not answer, at first and at most.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(5);

impl Store {
    /// Keeps live streams going until `stop`, then writes down what is left. To be run once a node.
    pub async fn run_live(&self, clock: Arc<dyn Clock>, stop: CancellationToken) {
        tokio::join!(
            self.write_loop(&*clock, &stop),
            self.read_loop(&*clock, &stop),
            self.listen_loop(&stop),
        );
    }

    async fn write_loop(&self, clock: &dyn Clock, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.live().write.notified() => {}
            }
            let is_written = self.write_waiting(clock).await;
            rest(if is_written { WRITE_EVERY } else { AGAIN_AFTER_MAX }, stop).await;
        }
        self.write_waiting(clock).await;
    }

    /// Writes down what waits. Where the database takes none of it, streams are told how much is
    /// missing once it does: what is live is not kept for later.
    async fn write_waiting(&self, clock: &dyn Clock) -> bool {
        let batches = self.live().take_waiting();
        if batches.is_empty() {
            return true;
        }
        match self.write_live(&batches, clock.now()).await {
            Ok(()) => {
                self.live().has_news(batches.into_keys());
                true
            }
            Err(Failed::Unchanged(error) | Failed::Doubtful((), error)) => {
                tracing::warn!(error = %error, "Live streams miss something: {error}");
                self.live().count_as_skipped(batches);
                self.live().write.notify_one();
                false
            }
        }
    }

    async fn read_loop(&self, clock: &dyn Clock, stop: &CancellationToken) {
        let now = Instant::now();
        let (mut watches_at, mut polled_at, mut forgot_at) = (now, now, now);
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.live().read.notified() => {}
                () = tokio::time::sleep_until(watches_at + WATCHES_EVERY) => {}
            }
            let is_told = self.live().watches_changed.swap(false, Ordering::AcqRel);
            if is_told || watches_at.elapsed() >= WATCHES_EVERY {
                watches_at = Instant::now();
                log("who is watched", self.refresh_watches(clock).await);
            }
            if polled_at.elapsed() >= POLL_EVERY {
                polled_at = Instant::now();
                self.live().may_have_news();
            }
            for company in self.live().take_news() {
                log("what is new", self.read_news(company).await);
            }
            if forgot_at.elapsed() >= FORGET_EVERY {
                forgot_at = Instant::now();
                log("what is old", self.forget_old(clock).await);
            }
            rest(READ_EVERY, stop).await;
        }
    }

    /// Says again whom this node watches, in good time, and asks who else is watched.
    async fn refresh_watches(&self, clock: &dyn Clock) -> Result<(), Error> {
        let now = clock.now();
        let ours: Vec<CompanyId> = self.live().feeds.lock().by_company.keys().copied().collect();
        for company in ours {
            let until = self.live().watched_until(company);
            if until.is_none_or(|until| until - now < WATCHED_FOR * 3 / 4) {
                self.watch_company(company, now).await?;
            }
        }
        let found = self.watched_companies(now).await?;
        self.live().learn(found, now);
        Ok(())
    }

    async fn forget_old(&self, clock: &dyn Clock) -> Result<(), Error> {
        for _ in 0..FORGET_SLICES {
            if self.forget_live(clock.now()).await? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Hears on a connection of its own that there is news. While there is none, polls find it.
    async fn listen_loop(&self, stop: &CancellationToken) {
        if !matches!(self.inner.pools, Pools::Postgres { .. }) {
            return;
        }
        let mut again_after = AGAIN_AFTER;
        while !stop.is_cancelled() {
            let begun = Instant::now();
            tokio::select! {
                () = stop.cancelled() => return,
                heard = self.listen() => if let Err(error) = heard {
                    tracing::warn!(error = %error, "Live streams do not hear from other nodes: {error}");
                }
            }
            if begun.elapsed() > AGAIN_AFTER_MAX {
                again_after = AGAIN_AFTER;
            }
            rest(again_after, stop).await;
            again_after = (again_after * 2).min(AGAIN_AFTER_MAX);
        }
    }

    /// Listens until the connection ends.
    async fn listen(&self) -> Result<(), Error> {
        let mut listener = PgListener::connect(&self.inner.url).await?;
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        // What was said meanwhile was said to nobody.
        self.heard(WATCHES_CHANGED);
        self.heard(EVERYBODY);
        while let Some(heard) = listener.try_recv().await? {
            self.heard(heard.payload());
        }
        Err(sqlx::Error::PoolClosed.into())
    }

    fn heard(&self, payload: &str) {
        match payload {
            WATCHES_CHANGED => {
                self.live().watches_changed.store(true, Ordering::Release);
                self.live().read.notify_one();
            }
            EVERYBODY => self.live().may_have_news(),
            companies => {
                let ids = companies.split(',').filter_map(|id| id.parse().ok());
                let ours =
                    |company: &CompanyId| self.live().feeds.lock().by_company.contains_key(company);
                let ids: Vec<CompanyId> = ids.map(CompanyId::from_raw).filter(ours).collect();
                if !ids.is_empty() {
                    self.live().has_news(ids);
                }
            }
        }
    }
}

async fn rest(period: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(period) => {}
    }
}

fn log<T>(what: &str, step: Result<T, Error>) {
    match step {
        Ok(_) => {}
        // Nobody watches them any more.
        Err(Error::NotFound) => {}
        Err(error) => {
            tracing::warn!(error = %error, "Live streams wait for {what}: {error}");
        }
    }
}
