//! Connections to PostgreSQL that stay with those who write all the time: ingest, settlement, claims.
//!
//! Given back to the pool, a connection is pinged, which is a trip to the server and back, and comes to the end
//! of the queue of those that are idle: the next transaction would be another server process's, whose memory is
//! in none of the processor's caches. Of those that are kept, the one that was used last is used next.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sea_orm::sqlx::Postgres;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::{PgConnection, PgPool};
use tokio::sync::Notify;

use crate::Error;
use crate::pools::acquire_patiently;

/// After so long another one is opened: a server process keeps what it has read of the catalog.
const KEPT_FOR: Duration = Duration::from_mins(30);
/// And after so long in which nobody needed it: what stands between may have forgotten it.
const IDLE_FOR: Duration = Duration::from_mins(1);
/// How many are kept beside the pool, of so many that the settings allow.
const KEPT: usize = 4;
/// Of fewer than this none is.
const CONNECTIONS_MIN: u32 = 10;

/// How many of so many connections are kept beside the pool.
pub(crate) const fn kept_of(connections_max: u32) -> usize {
    if connections_max >= CONNECTIONS_MIN { KEPT } else { 0 }
}

/// Where connections are kept between two transactions.
#[derive(Debug)]
pub(crate) struct Keeper {
    kept_max: usize,
    kept: Mutex<Kept>,
    came_back: Notify,
}

#[derive(Debug, Default)]
struct Kept {
    idle: Vec<Idle>,
    in_use: usize,
}

#[derive(Debug)]
struct Idle {
    connection: PgConnection,
    since: Instant,
    used_at: Instant,
}

/// A connection in use. Dropped, it is closed, unless it is [`Self::keep`]-ed.
#[derive(Debug)]
pub(crate) struct KeptConnection {
    held: Option<Held>,
    keeper: Arc<Keeper>,
    is_sound: bool,
}

#[derive(Debug)]
enum Held {
    Own(PgConnection, Instant),
    Pooled(PoolConnection<Postgres>),
}

impl Keeper {
    pub(crate) fn of(connections_max: u32) -> Arc<Self> {
        Arc::new(Self {
            kept_max: kept_of(connections_max),
            kept: Mutex::default(),
            came_back: Notify::new(),
        })
    }

    /// The one that was used last, or one of the pool's; as long as there is room it stays here after that.
    pub(crate) async fn take(self: &Arc<Self>, pool: &PgPool) -> Result<KeptConnection, Error> {
        let held = loop {
            if let Some(Idle { connection, since, .. }) = self.take_idle() {
                break Held::Own(connection, since);
            }
            tokio::select! {
                biased;
                pooled = acquire_patiently(pool) => break self.hold(pooled?),
                // The pool may have none while there is one here again.
                () = self.came_back.notified() => {}
            }
        };
        Ok(KeptConnection { held: Some(held), keeper: Arc::clone(self), is_sound: false })
    }

    fn hold(&self, pooled: PoolConnection<Postgres>) -> Held {
        if self.has_room() {
            Held::Own(pooled.detach(), Instant::now())
        } else {
            Held::Pooled(pooled)
        }
    }

    /// How many are in use, how many are not, and how many there may be.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let kept = self.kept.lock();
        (kept.in_use, kept.idle.len(), self.kept_max)
    }

    fn take_idle(&self) -> Option<Idle> {
        let mut kept = self.kept.lock();
        kept.idle
            .retain(|idle| idle.since.elapsed() < KEPT_FOR && idle.used_at.elapsed() < IDLE_FOR);
        let idle = kept.idle.pop()?;
        kept.in_use += 1;
        Some(idle)
    }

    /// Whether one more may be kept; then it counts.
    fn has_room(&self) -> bool {
        let mut kept = self.kept.lock();
        let has_room = kept.idle.len() + kept.in_use < self.kept_max;
        kept.in_use += usize::from(has_room);
        has_room
    }
}

impl KeptConnection {
    /// Lets it be used again: its transaction is over, and nothing is wrong with it.
    pub(crate) fn keep(mut self) {
        self.mark_sound();
    }

    /// The same once it is dropped.
    pub(crate) const fn mark_sound(&mut self) {
        self.is_sound = true;
    }
}

impl Drop for KeptConnection {
    fn drop(&mut self) {
        match self.held.take() {
            Some(Held::Own(connection, since)) => {
                let mut kept = self.keeper.kept.lock();
                kept.in_use -= 1;
                if self.is_sound {
                    kept.idle.push(Idle { connection, since, used_at: Instant::now() });
                    self.keeper.came_back.notify_one();
                }
            }
            Some(Held::Pooled(mut pooled)) if !self.is_sound => pooled.close_on_drop(),
            Some(Held::Pooled(_)) | None => {}
        }
    }
}

impl Deref for KeptConnection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self.held.as_ref() {
            Some(Held::Own(connection, _)) => connection,
            Some(Held::Pooled(pooled)) => pooled,
            None => unreachable!("only a drop takes it"),
        }
    }
}

impl DerefMut for KeptConnection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self.held.as_mut() {
            Some(Held::Own(connection, _)) => connection,
            Some(Held::Pooled(pooled)) => pooled,
            None => unreachable!("only a drop takes it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::sqlx;
    use testkit::postgres::Cluster;

    use super::*;

    async fn pool() -> PgPool {
        PgPool::connect(&Cluster::shared().database("kept")).await.unwrap()
    }

    async fn process(connection: &mut PgConnection) -> i32 {
        sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(connection).await.unwrap()
    }

    #[tokio::test]
    async fn the_one_that_was_used_last_is_used_next() {
        let (pool, keeper) = (pool().await, Keeper::of(CONNECTIONS_MIN));
        let mut first = keeper.take(&pool).await.unwrap();
        let mut second = keeper.take(&pool).await.unwrap();
        let processes = [process(&mut first).await, process(&mut second).await];
        assert_ne!(processes[0], processes[1]);
        second.keep();
        first.keep();
        for _ in 0..3 {
            let mut next = keeper.take(&pool).await.unwrap();
            assert_eq!(process(&mut next).await, processes[0]);
            next.keep();
        }
        assert_eq!(pool.size(), 0, "none of the pool's is left");
    }

    #[tokio::test]
    async fn whatever_may_be_wrong_with_one_it_is_not_used_again() {
        let (pool, keeper) = (pool().await, Keeper::of(CONNECTIONS_MIN));
        let mut broken = keeper.take(&pool).await.unwrap();
        let process_of_broken = process(&mut broken).await;
        drop(broken);
        let mut next = keeper.take(&pool).await.unwrap();
        assert_ne!(process(&mut next).await, process_of_broken);
        next.keep();
        let kept = keeper.kept.lock();
        assert_eq!((kept.idle.len(), kept.in_use), (1, 0));
    }

    /// Whoever finds none left waits for the pool, and for those that are kept.
    #[tokio::test]
    async fn one_that_comes_back_is_taken_by_who_waits_for_the_pool() {
        let url = Cluster::shared().database("kept");
        let options = sqlx::postgres::PgPoolOptions::new().max_connections(1);
        let (pool, keeper) = (options.connect(&url).await.unwrap(), Keeper::of(CONNECTIONS_MIN));
        let kept = keeper.take(&pool).await.unwrap();
        let _last = pool.acquire().await.unwrap();
        let (waited, ()) = tokio::join!(keeper.take(&pool), async {
            tokio::task::yield_now().await;
            kept.keep();
        });
        assert!(matches!(waited.unwrap().held, Some(Held::Own(..))));
    }

    #[tokio::test]
    async fn past_those_that_are_kept_they_are_the_pools() {
        for (connections_max, kept) in [(CONNECTIONS_MIN, KEPT), (CONNECTIONS_MIN - 1, 0)] {
            let (pool, keeper) = (pool().await, Keeper::of(connections_max));
            let mut held = Vec::new();
            for _ in 0..=KEPT {
                held.push(keeper.take(&pool).await.unwrap());
            }
            assert_eq!(pool.size() as usize, KEPT + 1 - kept, "{connections_max}");
            held.into_iter().for_each(KeptConnection::keep);
            assert_eq!(keeper.kept.lock().idle.len(), kept, "{connections_max}");
        }
    }
}
