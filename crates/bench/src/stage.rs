//! Where a row is measured: a fresh database, a fresh program, fresh companies.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use testkit::api::Api;
use testkit::postgres::{Cluster, Durability};
use testkit::program::{Program, Setup};

use crate::Databases;
use crate::client::Sender;
use crate::load::{Closed, closed_loop};
use crate::receiver::Receiver;
use crate::tally::Tally;
use crate::usage::{self, Cpu};

/// What the names of databases begin with.
const DATABASE: &str = "bench";
/// Deliveries count as lost when none has arrived for so long.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Between two looks at what is still owed.
const LOOK: Duration = Duration::from_millis(25);
/// A stray failure is tried again soon, so that only what is lost counts as lost.
pub(crate) const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// One database for a run of all rows.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) database: Databases,
    pub(crate) short: bool,
    pub(crate) receiver: Receiver,
    cluster: Option<Cluster>,
    phases: AtomicU32,
    /// Deliveries that were waited for in vain since it was asked.
    in_vain: AtomicU64,
}

impl Stage {
    /// Starts PostgreSQL where it is the database.
    pub(crate) fn new(database: Databases, short: bool, receiver: Receiver) -> Self {
        let cluster = (database == Databases::Postgres).then(|| Cluster::start(Durability::On));
        Self {
            database,
            short,
            receiver,
            cluster,
            phases: AtomicU32::new(1),
            in_vain: AtomicU64::new(0),
        }
    }

    pub(crate) fn database_name(&self) -> &'static str {
        match self.cluster {
            Some(_) => "PostgreSQL",
            None => "SQLite",
        }
    }

    /// This long, or less where it shall be short.
    pub(crate) fn lasts(&self, seconds: u64, short_seconds: u64) -> Duration {
        Duration::from_secs(if self.short { short_seconds } else { seconds })
    }

    /// A fresh installation that runs with the defaults.
    pub(crate) async fn program(&self) -> Program {
        self.setup().start().await
    }

    /// The same, with failures tried again soon.
    pub(crate) async fn program_that_retries_soon(&self) -> Program {
        let interval = format!("{}s", RETRY_INTERVAL.as_secs());
        self.setup().set("HOOKFERRY_RETRY_INTERVAL", &interval).start().await
    }

    fn setup(&self) -> Setup {
        match &self.cluster {
            Some(cluster) => Setup::postgres(&cluster.database(DATABASE)),
            None => Setup::sqlite(),
        }
    }

    /// Takes away what the rows before have left, so that the next one is alone.
    pub(crate) fn clear(&self) {
        if let Some(cluster) = &self.cluster {
            cluster.drop_databases(DATABASE);
        }
    }

    /// A fresh company whose events, at most `events`, go to all of its endpoints. The receiver
    /// counts for those that `sender` names only after [`Receiver::count_for`].
    pub(crate) async fn company(
        &self,
        program: &Program,
        events: usize,
        endpoints: usize,
    ) -> anyhow::Result<Sender> {
        self.company_of(program, Tally::new(self.next_phase(), events, endpoints)).await
    }

    /// A fresh company with the endpoints that a tally counts for.
    pub(crate) async fn company_of(
        &self,
        program: &Program,
        tally: Tally,
    ) -> anyhow::Result<Sender> {
        let url = |endpoint| self.receiver.url(tally.phase, endpoint);
        let urls = (0..tally.endpoints).map(url).collect();
        self.company_with(program, urls, tally).await
    }

    /// A number that no phase has had.
    pub(crate) fn next_phase(&self) -> u32 {
        self.phases.fetch_add(1, Ordering::Relaxed)
    }

    /// A fresh company with these endpoints.
    pub(crate) async fn company_with(
        &self,
        program: &Program,
        urls: Vec<String>,
        tally: Tally,
    ) -> anyhow::Result<Sender> {
        Ok(self.parties(program, urls, tally).await?.0)
    }

    /// A fresh company as [`Stage::company`] makes it, and its API.
    pub(crate) async fn company_and_api(
        &self,
        program: &Program,
        events: usize,
        endpoints: usize,
    ) -> anyhow::Result<(Sender, Api)> {
        let tally = Tally::new(self.next_phase(), events, endpoints);
        let urls = (0..endpoints).map(|endpoint| self.receiver.url(tally.phase, endpoint));
        self.parties(program, urls.collect(), tally).await
    }

    async fn parties(
        &self,
        program: &Program,
        urls: Vec<String>,
        tally: Tally,
    ) -> anyhow::Result<(Sender, Api)> {
        let api = program.tenant(&format!("bench{}", tally.phase));
        for url in urls {
            let wanted = serde_json::json!({ "url": url, "event_types": ["message.received"] });
            api.create_endpoint(wanted).await;
        }
        Ok((self.sender(program, api.token(), tally)?, api))
    }

    /// Where a program listens.
    pub(crate) fn address(&self, program: &Program) -> anyhow::Result<SocketAddr> {
        let address = program.base().trim_start_matches("http://");
        address.parse().with_context(|| format!("{address} is an address"))
    }

    /// Who posts with this token.
    pub(crate) fn sender(
        &self,
        program: &Program,
        token: &str,
        tally: Tally,
    ) -> anyhow::Result<Sender> {
        Ok(Sender {
            addresses: [self.address(program)?].into(),
            token: token.into(),
            tally: Arc::new(tally),
            contacts: 1,
            callback: None,
        })
    }

    /// Lets caches fill, pools open and the first pages be written before it counts.
    pub(crate) async fn warm_up(&self, program: &Program) -> anyhow::Result<()> {
        let sender = self.company(program, 100_000, 1).await?;
        self.receiver.count_for(vec![sender.tally.clone()]);
        let until = Instant::now() + Duration::from_secs(1);
        closed_loop(&sender, Closed { connections: 32, batch: 1, until }).await?;
        self.arrived(&[&sender.tally]).await;
        Ok(())
    }

    /// Waits until nothing is owed any more, or nothing has arrived for long: then what is still owed is lost.
    pub(crate) async fn arrived(&self, tallies: &[&Arc<Tally>]) {
        let arrivals = || tallies.iter().map(|tally| tally.arrivals()).sum::<u64>();
        let (mut seen, mut since) = (arrivals(), Instant::now());
        while tallies.iter().any(|tally| tally.is_owed()) && since.elapsed() < SILENCE_MAX {
            tokio::time::sleep(LOOK).await;
            if arrivals() > seen {
                (seen, since) = (arrivals(), Instant::now());
            }
        }
        let owed = tallies.iter().map(|tally| tally.owed()).sum();
        self.in_vain.fetch_add(owed, Ordering::Relaxed);
    }

    /// What was lost since this was last asked, also where it only stands beside what a row measures.
    pub(crate) fn take_lost(&self) -> u64 {
        self.in_vain.swap(0, Ordering::Relaxed)
    }

    /// CPU time so far.
    pub(crate) fn cpu(&self, programs: &[&Program]) -> Cpu {
        let processes: Vec<u32> = programs.iter().map(|program| program.id()).collect();
        usage::cpu(&processes, self.cluster.as_ref().map(Cluster::port))
    }

    /// Memory of the database, where it is a process of its own.
    pub(crate) fn database_mib(&self) -> Option<f64> {
        usage::postgres_mib(self.cluster.as_ref()?.port())
    }

    /// Gives the disk of a large database back.
    pub(crate) fn drop_database(&self, setup: Setup) {
        if let (Some(cluster), url) = (&self.cluster, setup.database_url())
            && let Some((_, name)) = url.rsplit_once('/')
        {
            cluster.sql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }

    /// The database's version, and what it was set up with.
    pub(crate) async fn version(&self) -> anyhow::Result<String> {
        let (url, query) = match &self.cluster {
            Some(cluster) => (
                cluster.database("version"),
                "SELECT split_part(version(), ' ', 2) || ' with deploy/postgresql.conf'",
            ),
            None => ("sqlite::memory:".to_owned(), "SELECT sqlite_version()"),
        };
        let version = testkit::sql::text(&url, query).await?;
        Ok(format!("{} {version}", self.database_name()))
    }
}
