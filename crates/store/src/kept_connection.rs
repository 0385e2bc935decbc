//! Connections to PostgreSQL that stay with those who write all the time.
//!
//! Given back to the pool, a connection is pinged, which is a trip to the server and back, and comes to the end
//! of the queue of those that are idle: the next transaction would be another server process's, whose memory is
//! in none of the processor's caches.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sea_orm::sqlx::Postgres;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::{PgConnection, PgPool};

use crate::Error;
use crate::pools::acquire_patiently;

/// After so long another one is opened: a server process keeps what it has read of the catalog.
const KEPT_FOR: Duration = Duration::from_mins(30);
/// How many are kept, of those that the settings allow.
pub(crate) const KEPT: u32 = 2;
/// Of fewer than this none is.
const CONNECTIONS_MIN: u32 = 8;

/// How many of so many connections are kept beside the pool.
pub(crate) const fn kept_of(connections_max: u32) -> u32 {
    if connections_max >= CONNECTIONS_MIN { KEPT } else { 0 }
}

/// Those of a node.
#[derive(Debug)]
pub(crate) struct Keepers {
    pub(crate) ingest: Keeper,
    pub(crate) settlement: Keeper,
}

impl Keepers {
    pub(crate) fn of(connections_max: u32) -> Self {
        let keeps = kept_of(connections_max) > 0;
        let keeper = || Keeper { keeps, kept: Mutex::new(None) };
        Self { ingest: keeper(), settlement: keeper() }
    }
}

/// Where one connection is kept between two transactions.
#[derive(Debug)]
pub(crate) struct Keeper {
    keeps: bool,
    kept: Mutex<Option<(PgConnection, Instant)>>,
}

/// A connection in use. Dropped, it is closed, or goes back to the pool where none is kept.
#[derive(Debug)]
pub(crate) struct KeptConnection<'a> {
    held: Held,
    keeper: &'a Keeper,
}

#[derive(Debug)]
enum Held {
    Own(PgConnection, Instant),
    Pooled(PoolConnection<Postgres>),
}

impl Keeper {
    /// The one that is kept, or one of the pool's, which is none of it any more.
    pub(crate) async fn take(&self, pool: &PgPool) -> Result<KeptConnection<'_>, Error> {
        let kept = self.kept.lock().take().filter(|(_, since)| since.elapsed() < KEPT_FOR);
        let held = match kept {
            Some((connection, since)) => Held::Own(connection, since),
            None => {
                let pooled = acquire_patiently(pool).await?;
                if self.keeps {
                    Held::Own(pooled.detach(), Instant::now())
                } else {
                    Held::Pooled(pooled)
                }
            }
        };
        Ok(KeptConnection { held, keeper: self })
    }
}

impl KeptConnection<'_> {
    /// Keeps it for the next transaction: this one is over, and nothing is wrong with the connection.
    pub(crate) fn keep(self) {
        if let Held::Own(connection, since) = self.held {
            *self.keeper.kept.lock() = Some((connection, since));
        }
    }

    /// Closes it: an answer may come yet.
    pub(crate) fn close(self) {
        match self.held {
            Held::Own(..) => {}
            Held::Pooled(mut pooled) => pooled.close_on_drop(),
        }
    }
}

impl Deref for KeptConnection<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match &self.held {
            Held::Own(connection, _) => connection,
            Held::Pooled(pooled) => pooled,
        }
    }
}

impl DerefMut for KeptConnection<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match &mut self.held {
            Held::Own(connection, _) => connection,
            Held::Pooled(pooled) => pooled,
        }
    }
}
