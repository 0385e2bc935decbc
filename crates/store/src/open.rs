//! Opening a database: pools, migrations under a lock, the master key's check, the incarnation.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, EndpointId, IdSource, NODE_SLOTS, SLOTS};
use migrations::Migrator;
use parking_lot::Mutex;
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tokio::sync::{Semaphore, broadcast};

use crate::choosing::JUDGED_AT_A_TIME;
use crate::compiled::CompiledCompany;
use crate::fresh_keys::FreshKeys;
use crate::gates::Gates;
use crate::inbox_arrivals::InboxSenderCache;
use crate::ingest::{HandOver, INGEST_BYTES_MAX};
use crate::ingest_queue::IngestQueue;
use crate::kept_connection::{Keeper, kept_of};
use crate::live::Live;
use crate::own_type_cache::OwnTypeCache;
use crate::pools::{self, Pools};
use crate::rows::page::{Patience, QUERY_TIME_MAX};
use crate::seal::Sealer;
use crate::short_way::ShortWay;
use crate::source_cache::SourceCache;
use crate::source_counts::SourceCounts;
use crate::tokens::TokenCache;
use crate::{Error, Held, Hint, MasterKey, Metrics};

/// How many hints may wait for a dispatcher; one that lags reads the rows instead.
const HINTS_MAX: usize = 1_024;

/// What the store needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// `sqlite:path` or `postgres://…`.
    pub database_url: String,
    /// What secrets are sealed with.
    pub master_key: MasterKey,
    /// What the deployment has decided about streaks and giving up.
    pub policy: domain::settle::Policy,
    /// The deployment's standard retry schedule.
    pub standard_schedule: domain::schedule::RetrySchedule,
    /// What companies may, those with limits of their own apart.
    pub limits: domain::limits::Limits,
    /// How many connections a node may have on PostgreSQL, and readers on SQLite.
    pub connections_max: u32,
}

/// What the deployment has decided.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) policy: domain::settle::Policy,
    pub(crate) standard_schedule: domain::schedule::RetrySchedule,
    pub(crate) limits: domain::limits::Limits,
}

/// The database, shared by everything in a node. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
    /// From where what is done with this handle was asked for, for the audit log.
    pub(crate) origin: Option<IpAddr>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) pools: Pools,
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) url: String,
    pub(crate) ids: IdSource,
    pub(crate) incarnation: AtomicI64,
    pub(crate) rules: Rules,
    pub(crate) sealer: Sealer,
    pub(crate) tokens: TokenCache,
    pub(crate) inbox_senders: InboxSenderCache,
    pub(crate) sources: SourceCache,
    pub(crate) source_counts: SourceCounts,
    pub(crate) own_types: OwnTypeCache,
    pub(crate) gates: Gates,
    /// Of ingest and of settlement, on PostgreSQL.
    pub(crate) ingest_way: ShortWay,
    /// The same of batches that say something of contacts.
    pub(crate) said_way: ShortWay,
    pub(crate) settle_way: ShortWay,
    /// That of deliveries that stand in line.
    pub(crate) line_way: ShortWay,
    /// Endpoints that were not healthy when something was settled.
    pub(crate) unwell: Mutex<HashSet<EndpointId>>,
    pub(crate) compiled: Mutex<HashMap<CompanyId, Arc<CompiledCompany>>>,
    pub(crate) fresh_keys: FreshKeys,
    pub(crate) doubtful: Mutex<Vec<(Held, i64, u32)>>,
    /// Held while rows are claimed, and while what is doubtful is given back.
    pub(crate) claiming: tokio::sync::Mutex<()>,
    pub(crate) hints: broadcast::Sender<Hint>,
    pub(crate) metrics: Metrics,
    pub(crate) live: Live,
    /// How long a list may look for rows, in milliseconds.
    pub(crate) query_time_ms: AtomicU64,
    /// For lists that take long: the other half of the readers stays free.
    pub(crate) long_lists: Semaphore,
    /// Turns of those whose events are judged by filters.
    pub(crate) judging: Semaphore,
    pub(crate) ingest: IngestQueue,
    pub(crate) ingest_room: Arc<Semaphore>,
    /// Who is handed what it has written.
    pub(crate) hands: Mutex<Option<Weak<dyn HandOver>>>,
    /// Held by the one writer.
    pub(crate) ingest_writer: tokio::sync::Mutex<()>,
    /// Held while a batch is written.
    pub(crate) ingest_batch: tokio::sync::Mutex<()>,
}

impl Store {
    /// Opens the database and checks that the schema is there and the master key fits; migrations
    /// are not run. Takes a new incarnation, so that ids and claims are never another node's.
    pub async fn open(config: Config) -> Result<Self, Error> {
        let pools = pools::open(&config.database_url, config.connections_max).await?;
        check_schema(&pools).await?;
        let sealer = Sealer::new(&config.master_key);
        let (incarnation, floor) = take_incarnation(&pools).await?;
        let (hints, _) = broadcast::channel(HINTS_MAX);
        let Config {
            database_url,
            master_key: _,
            policy,
            standard_schedule,
            limits,
            connections_max,
        } = config;
        let kept = match &pools {
            Pools::Sqlite { .. } => 0,
            Pools::Postgres { .. } => kept_of(connections_max),
        };
        let long_lists = ((connections_max as usize - kept) / 2).max(1);
        let store = Self {
            origin: None,
            inner: Arc::new(Inner {
                pools,
                keeper: Keeper::of(connections_max),
                url: database_url,
                ids: IdSource::new(NODE_SLOTS + incarnation.rem_euclid(SLOTS - NODE_SLOTS), floor),
                incarnation: AtomicI64::new(incarnation),
                rules: Rules { policy, standard_schedule, limits },
                sealer,
                tokens: TokenCache::default(),
                inbox_senders: InboxSenderCache::default(),
                sources: SourceCache::default(),
                source_counts: SourceCounts::default(),
                own_types: OwnTypeCache::default(),
                gates: Gates::default(),
                ingest_way: ShortWay::default(),
                said_way: ShortWay::default(),
                settle_way: ShortWay::default(),
                line_way: ShortWay::default(),
                unwell: Mutex::default(),
                compiled: Mutex::default(),
                fresh_keys: FreshKeys::default(),
                doubtful: Mutex::default(),
                claiming: tokio::sync::Mutex::default(),
                hints,
                metrics: Metrics::default(),
                live: Live::default(),
                query_time_ms: AtomicU64::new(QUERY_TIME_MAX.as_millis() as u64),
                long_lists: Semaphore::new(long_lists),
                judging: Semaphore::new(JUDGED_AT_A_TIME),
                ingest: IngestQueue::default(),
                ingest_room: Arc::new(Semaphore::new(INGEST_BYTES_MAX as usize)),
                hands: Mutex::default(),
                ingest_writer: tokio::sync::Mutex::default(),
                ingest_batch: tokio::sync::Mutex::default(),
            }),
        };
        store.check_master_key().await?;
        Ok(store)
    }

    /// Brings the schema up to date, under a lock. Gives the names of the migrations it applied.
    pub async fn migrate(config: &Config) -> Result<Vec<String>, Error> {
        // Before the file is opened: two who open a fresh one at once find it locked.
        let _file = match pools::sqlite_path(&config.database_url)? {
            Some(path) => Some(lock_file(path).await?),
            None => None,
        };
        let pools = pools::open(&config.database_url, config.connections_max).await?;
        let session = lock_session(&pools).await?;
        let applied = migrate_locked(&pools).await;
        drop(session);
        pools.close().await;
        applied
    }

    /// Whether the database answers and can be written, without side effects.
    pub async fn ping(&self) -> Result<(), Error> {
        match &self.inner.pools {
            Pools::Sqlite { write, .. } => {
                let row = write
                    .query_one_raw(Statement::from_string(
                        DatabaseBackend::Sqlite,
                        "SELECT 1 FROM counters LIMIT 1",
                    ))
                    .await?;
                row.map(|_| ()).ok_or(Error::NotFound)
            }
            Pools::Postgres { pool } => {
                let row = pool
                    .query_one_raw(Statement::from_string(
                        DatabaseBackend::Postgres,
                        "SELECT CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END AS standby",
                    ))
                    .await?
                    .ok_or(Error::NotFound)?;
                match row.try_get::<i32>("", "standby")? {
                    0 => Ok(()),
                    _ => Err(Error::Unavailable(sea_orm::DbErr::Custom(
                        "the database is a standby and cannot be written".into(),
                    ))),
                }
            }
        }
    }

    /// What other parts of this node should act on at once.
    pub fn hints(&self) -> broadcast::Receiver<Hint> {
        self.inner.hints.subscribe()
    }

    /// The number that this node's claims carry.
    pub fn incarnation(&self) -> i64 {
        self.inner.incarnation.load(Ordering::Acquire)
    }

    /// The deployment's decisions about streaks and giving up.
    pub fn policy(&self) -> &domain::settle::Policy {
        &self.inner.rules.policy
    }

    /// Lets lists look for rows so long instead of [`QUERY_TIME_MAX`].
    pub fn set_query_time_max(&self, time_max: Duration) {
        let milliseconds = u64::try_from(time_max.as_millis()).unwrap_or(u64::MAX);
        self.inner.query_time_ms.store(milliseconds, Ordering::Release);
    }

    pub(crate) fn patience(&self) -> Patience<'_> {
        let time_max = Duration::from_millis(self.inner.query_time_ms.load(Ordering::Acquire));
        Patience::new(time_max, &self.inner.long_lists)
    }

    /// A durable write transaction.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, Error> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.inner.pools.write().begin_with_options(options).await?)
    }

    pub(crate) fn reader(&self) -> &DatabaseConnection {
        self.inner.pools.read()
    }

    pub(crate) fn backend(&self) -> DatabaseBackend {
        match &self.inner.pools {
            Pools::Sqlite { .. } => DatabaseBackend::Sqlite,
            Pools::Postgres { .. } => DatabaseBackend::Postgres,
        }
    }

    /// A statement whose text is the same on both databases.
    pub(crate) fn statement<V>(&self, sql: &'static str, values: V) -> Statement
    where
        V: IntoIterator<Item = sea_orm::Value>,
    {
        Statement::from_sql_and_values(self.backend(), sql, values)
    }

    /// The same database for something that was asked for from this address: the audit log says so.
    #[must_use]
    pub fn asked_from(&self, origin: Option<IpAddr>) -> Self {
        Self { inner: Arc::clone(&self.inner), origin }
    }

    pub(crate) fn new_id(&self, now: DateTime<Utc>) -> i64 {
        self.inner.ids.next(now)
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.inner.sealer
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.inner.rules
    }

    pub(crate) fn hint(&self, hint: Hint) {
        // Nobody listening is fine: a command line has no dispatcher.
        let _ = self.inner.hints.send(hint);
    }

    async fn check_master_key(&self) -> Result<(), Error> {
        let company = CompanyId::from_raw(0);
        let found = self
            .reader()
            .query_one_raw(
                self.statement("SELECT value FROM settings WHERE name = 'master_key'", []),
            )
            .await?;
        if let Some(row) = found {
            let sealed: Vec<u8> = row.try_get("", "value")?;
            return self
                .sealer()
                .open(company, "settings", 0, "master_key", &sealed)
                .map(|_| ())
                .map_err(|_| {
                    Error::MasterKey(
                        "the master key does not fit this database: its secrets were sealed with \
                         another one. Set HOOKFERRY_MASTER_KEY (or restore master.key in the data \
                         directory) to the key that this database was first started with"
                            .into(),
                    )
                });
        }
        let sealed = self.sealer().seal(company, "settings", 0, "master_key", b"hookferry");
        self.inner
            .pools
            .write()
            .execute_raw(self.statement(
                "INSERT INTO settings (name, value) VALUES ('master_key', $1) ON CONFLICT (name) DO NOTHING",
                [sealed.into()],
            ))
            .await?;
        Ok(())
    }
}

/// Holds the migration lock of a SQLite file while the answer lives.
async fn lock_file(database: PathBuf) -> Result<File, Error> {
    let path = database.with_extension("migrate.lock");
    let locked = tokio::task::spawn_blocking(move || {
        let mut options = File::options();
        // No less private than the database beside it.
        let file = options.create(true).truncate(true).write(true).mode(0o600).open(&path)?;
        file.lock()?;
        std::io::Result::Ok(file)
    });
    let locked = locked.await.map_err(|error| Error::Configuration(error.to_string()))?;
    locked.map_err(|error| {
        Error::Configuration(format!("the migration lock cannot be taken: {error}"))
    })
}

/// Holds the migration lock of a PostgreSQL database while the answer lives.
async fn lock_session(pools: &Pools) -> Result<Option<DatabaseTransaction>, Error> {
    let Pools::Postgres { pool } = pools else { return Ok(None) };
    let holder = pool.begin().await?;
    // It rests while migrations run, however long that takes.
    holder.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0").await?;
    let sql = "SELECT pg_advisory_xact_lock(7103461)";
    holder.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await?;
    Ok(Some(holder))
}

async fn migrate_locked(pools: &Pools) -> Result<Vec<String>, Error> {
    let pending: Vec<String> = Migrator::get_pending_migrations(pools.write())
        .await?
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect();
    Migrator::up(pools.write(), None).await?;
    Ok(pending)
}

async fn check_schema(pools: &Pools) -> Result<(), Error> {
    let pending = Migrator::get_pending_migrations(pools.write()).await.map_err(Error::from)?;
    if pending.is_empty() {
        return Ok(());
    }
    Err(Error::Configuration(format!(
        "the database lacks {} migration(s); run `hookferry migrate` first",
        pending.len()
    )))
}

/// A number that no node before had, and the highest id known where a single writer can tell.
async fn take_incarnation(pools: &Pools) -> Result<(i64, i64), Error> {
    let backend = match pools {
        Pools::Sqlite { .. } => DatabaseBackend::Sqlite,
        Pools::Postgres { .. } => DatabaseBackend::Postgres,
    };
    let sql =
        "UPDATE counters SET value = value + 1 WHERE name = 'incarnation' RETURNING value AS value";
    let row = pools
        .write()
        .query_one_raw(Statement::from_string(backend, sql))
        .await?
        .ok_or_else(|| Error::Configuration("the counters are missing".into()))?;
    let incarnation = row.try_get::<i64>("", "value")?;
    let highest = "SELECT max(m) AS value FROM (SELECT max(id) AS m FROM events UNION ALL SELECT max(id) FROM pending) x";
    let floor = match pools {
        Pools::Sqlite { .. } => pools
            .write()
            .query_one_raw(Statement::from_string(backend, highest))
            .await?
            .and_then(|row| row.try_get::<Option<i64>>("", "value").ok().flatten())
            .map_or(0, |id| id + i64::from(domain::id::BLOCK_MAX)),
        Pools::Postgres { .. } => 0,
    };
    Ok((incarnation, floor))
}
