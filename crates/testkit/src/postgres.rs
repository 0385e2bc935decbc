//! A real PostgreSQL cluster in a temporary folder. It dies with the test process, however that
//! ends: a shell waits for our end of a pipe to close.

use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::files;

/// Starts PostgreSQL and stops it at once when standard input closes.
const WATCHED: &str = r#"
exec 3<&0
"$@" </dev/null >"$LOG" 2>&1 3<&- &
server=$!
( cat <&3 >/dev/null; kill -QUIT $server 2>/dev/null ) &
watch=$!
wait $server
kill $watch 2>/dev/null
rm -rf "$FOLDER"
"#;
/// How long a cluster may take to start.
const START_MAX: Duration = Duration::from_secs(60);

/// Whether commits reach the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As in production: with what `deploy/postgresql.conf` sets.
    On,
    /// No fsync: for tests in which the machine does not crash.
    Off,
}

/// A running cluster. Stopped and removed on drop.
#[derive(Debug)]
pub struct Cluster {
    watched: Child,
    port: u16,
    programs: PathBuf,
    databases: AtomicU32,
    _folder: TempDir,
}

impl Cluster {
    /// Makes and starts a cluster of its own.
    ///
    /// # Panics
    /// Where PostgreSQL is not installed or does not start.
    pub fn start(durability: Durability) -> Self {
        let programs = programs();
        let folder = tempfile::Builder::new()
            .prefix("hookferry-postgres-")
            .tempdir()
            .expect("a temporary folder can be made");
        let user = Unprivileged::find();
        user.give(folder.path());
        let data = folder.path().join("data");
        let mut initdb = user.command(&programs.join("initdb"));
        initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"]);
        initdb.arg("--no-sync").arg("-D").arg(&data).current_dir(folder.path());
        said(initdb.output().expect("initdb can be run"), "initdb");
        let port = free_port();
        let watched = serve(&user, &programs, folder.path(), port, durability);
        let mut cluster =
            Self { watched, port, programs, databases: AtomicU32::new(0), _folder: folder };
        cluster.wait_ready();
        cluster
    }

    /// The one that all tests of this process share, without fsync.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(Durability::Off))
    }

    /// Makes a fresh database, its name beginning with `name`, and gives its URL.
    pub fn database(&self, name: &str) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("{name}_{number}");
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// Drops the databases whose names begin with `name`, whoever is connected, and writes what is left of
    /// them out of memory: no vacuum of them and no checkpoint disturbs what comes next.
    pub fn drop_databases(&self, name: &str) {
        let find = format!("SELECT datname FROM pg_database WHERE datname LIKE '{name}\\_%'");
        for found in self.sql("postgres", &find).lines() {
            self.sql("postgres", &format!("DROP DATABASE {found} WITH (FORCE)"));
        }
        self.sql("postgres", "CHECKPOINT");
    }

    /// Runs SQL by psql in a database named as in its URL, and gives what it printed, unaligned.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres"]);
        psql.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-d", database, "-c", sql]);
        said(psql.output().expect("psql can be run"), "psql")
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn wait_ready(&mut self) {
        let end = Instant::now() + START_MAX;
        loop {
            let mut ready = Command::new(self.programs.join("pg_isready"));
            ready.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            if ready.status().is_ok_and(|status| status.success()) {
                return;
            }
            let gone = self.watched.try_wait().expect("the shell is our child");
            assert!(gone.is_none(), "PostgreSQL ended at once");
            assert!(Instant::now() < end, "PostgreSQL was not ready within {START_MAX:?}");
            std::thread::sleep(Duration::from_millis(25));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watched.stdin.take());
        // It has nothing left to lose; a failure here must not hide the test's own.
        let _ = self.watched.wait();
    }
}

fn serve(
    user: &Unprivileged,
    programs: &Path,
    folder: &Path,
    port: u16,
    durability: Durability,
) -> Child {
    let mut shell = user.command(Path::new("/bin/sh"));
    shell.args(["-c", WATCHED, "watched"]).arg(programs.join("postgres"));
    shell.arg("-D").arg(folder.join("data")).arg("-p").arg(port.to_string());
    shell.arg("-k").arg(folder).args(["-c", "listen_addresses=127.0.0.1"]);
    shell.args(["-c", "max_connections=200"]);
    match durability {
        Durability::On => {
            for setting in deployed() {
                shell.args(["-c", &setting]);
            }
        }
        Durability::Off => {
            shell.args(["-c", "fsync=off", "-c", "synchronous_commit=off"]);
            shell.args(["-c", "full_page_writes=off"]);
        }
    }
    shell.env("LOG", folder.join("log")).env("FOLDER", folder).current_dir(folder);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own: an interrupt ends the tests, and the pipe's end then ends PostgreSQL.
    shell.process_group(0).spawn().expect("a shell can be started")
}

/// The settings that we tell operators to make, as `name=value`.
fn deployed() -> Vec<String> {
    let file = files::root().join("deploy").join("postgresql.conf");
    let text = std::fs::read_to_string(file).expect("the repository has deploy/postgresql.conf");
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.replace(" = ", "=")).collect()
}

/// The folder with `initdb` and `postgres`: the newest of Debian's, or the one on the PATH.
fn programs() -> PathBuf {
    let mut debian: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .map(|(version, path): (u32, PathBuf)| (version, path.join("bin")))
        .filter(|(_, path)| path.join("initdb").exists() && path.join("postgres").exists())
        .collect();
    debian.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    debian
        .pop()
        .map(|(_, path)| path)
        .or_else(|| std::env::split_paths(&path).find(|folder| folder.join("initdb").exists()))
        .expect("PostgreSQL's server is not installed: `make test` installs it")
}

/// Who runs PostgreSQL, which refuses root.
struct Unprivileged(Option<(u32, u32)>);

impl Unprivileged {
    fn find() -> Self {
        let number = |arguments: &[&str]| {
            let output = Command::new("id").args(arguments).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
        };
        if number(&["-u"]) != Some(0) {
            return Self(None);
        }
        let ids = ["postgres", "nobody"]
            .iter()
            .find_map(|user| number(&["-u", user]).zip(number(&["-g", user])));
        Self(Some(ids.expect("there is a user postgres or nobody")))
    }

    fn give(&self, path: &Path) {
        if let Some((user, group)) = self.0 {
            chown(path, Some(user), Some(group)).expect("root may give a folder away");
        }
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
        command
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

fn said(output: Output, what: &str) -> String {
    let mut said = String::new();
    output.stdout.as_slice().read_to_string(&mut said).expect("it speaks UTF-8");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what} failed: {said}{complaint}");
    said
}

#[cfg(test)]
mod tests {
    use super::{Cluster, Durability};

    #[test]
    fn a_cluster_serves_fresh_databases_and_is_gone_on_drop() {
        let cluster = Cluster::start(Durability::On);
        let first = cluster.database("first");
        let second = cluster.database("first");
        assert_ne!(first, second);
        assert_eq!(cluster.sql("first_0", "SELECT 40 + 2").trim(), "42");
        assert_eq!(cluster.sql("first_0", "SHOW fsync").trim(), "on");
        assert_eq!(cluster.sql("first_0", "SHOW max_wal_size").trim(), "8GB", "as deployed");
        let port = cluster.port();
        drop(cluster);
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    }
}
