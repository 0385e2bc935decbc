//! The real program: built once, started, asked, killed.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use tempfile::TempDir;

use crate::api::Api;
use crate::files;
use crate::wait;

/// How long the program may take to say where it listens, and to be ready.
const READY_MAX: Duration = Duration::from_secs(60);
/// What it says on standard output, once.
const LISTENING: &str = "listening on ";

/// The path of `hookferry`: `HOOKFERRY_BIN`, or built once in this process.
///
/// # Panics
/// Where it cannot be built.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| std::env::var_os("HOOKFERRY_BIN").map_or_else(build, PathBuf::from))
}

fn build() -> PathBuf {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What cargo tells a test of its package is not there where a person builds: build scripts that
    // look at it would run again, and all that depends on them would be built again.
    let told = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_"];
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| told.iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(name);
        }
    }
    // `--workspace` for the features with which `cargo test --workspace` has built everything.
    let output = command
        .args(["build", "--workspace", "--bin", "hookferry", "--message-format=json"])
        .current_dir(files::root())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "the program does not compile");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .expect("cargo names the program it has built")
}

/// How a node is started; a clone starts another of the same installation.
#[derive(Debug, Clone)]
pub struct Setup {
    folder: Arc<TempDir>,
    settings: Vec<(String, String)>,
    /// What a shell does before it becomes the server.
    before: Option<String>,
}

impl Setup {
    /// On SQLite in a fresh folder.
    pub fn sqlite() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("hookferry-data-")
            .tempdir()
            .expect("a temporary folder can be made");
        let data = folder.path().to_str().expect("the folder's name is text").to_owned();
        let setup = Self { folder: Arc::new(folder), settings: Vec::new(), before: None };
        setup
            .set("HOOKFERRY_DATA_DIR", &data)
            .set("HOOKFERRY_LISTEN", "127.0.0.1:0")
            .set("HOOKFERRY_ALLOW_HTTP", "true")
            .set("HOOKFERRY_ALLOW_NETWORKS", "127.0.0.0/8")
    }

    /// On this PostgreSQL database.
    pub fn postgres(url: &str) -> Self {
        Self::sqlite()
            .set("HOOKFERRY_DATABASE_URL", url)
            .set("HOOKFERRY_MASTER_KEY", "aG9va2ZlcnJ5IHRlc3RzOiBhIGtleSBvZiAzMiBieXQ=")
    }

    /// With a setting, in place of an earlier one of the same name.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(key, _)| key != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Under limits that a line of shell sets: `ulimit -n 128`.
    #[must_use]
    pub fn under(self, line: &str) -> Self {
        Self { before: Some(line.to_owned()), ..self }
    }

    /// Where SQLite, the master key and our logs lie.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The URL of its database.
    pub fn database_url(&self) -> String {
        let named = self.settings.iter().find(|(name, _)| name == "HOOKFERRY_DATABASE_URL");
        named.map_or_else(
            || format!("sqlite://{}", self.folder().join("hookferry.db").display()),
            |(_, url)| url.clone(),
        )
    }

    /// Starts a node and waits until it is ready.
    pub async fn start(&self) -> Program {
        let program = self.launch();
        program.wait_ready().await;
        program
    }

    /// Starts a node and waits until it has said where it listens.
    pub fn launch(&self) -> Program {
        let log = self.folder().join("test.log");
        let errors = File::options().create(true).append(true).open(&log).expect("a log");
        let mut child = self
            .command_under(self.before.as_deref())
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .expect("the program can be run");
        let watchdog = Watchdog::over(child.id());
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (tell, told) = mpsc::channel();
        let said = self.folder().join("test.out");
        let mut said = File::options().create(true).append(true).open(said).expect("a file");
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // A full disk is somebody else's test.
                let _ = writeln!(said, "{line}");
                if let Some((_, base)) = line.split_once(LISTENING) {
                    // Only the first counts; nobody listens to more.
                    let _ = tell.send(base.trim().to_owned());
                }
            }
        });
        let base = told.recv_timeout(READY_MAX).unwrap_or_else(|_| {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            panic!("the program does not say where it listens:\n{log}")
        });
        let listen = base.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let setup = self.clone().set("HOOKFERRY_LISTEN", &listen);
        Program { child, base: format!("http://{listen}"), setup, _watchdog: watchdog }
    }

    /// Runs a command of the program's and gives what it printed.
    ///
    /// # Panics
    /// When it fails, with what it said.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().expect("the program can be run");
        let (said, complaint) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?} failed: {said}{complaint}");
        said.into_owned()
    }

    /// Makes a company and gives its id.
    pub fn company(&self, name: &str) -> String {
        let owner = format!("owner@{name}.example");
        let said = self.run(&["company", "create", name, "--owner-email", &owner]);
        word(&said, "cmp_")
    }

    /// Makes a token with these scopes, all where there are none, and gives it.
    pub fn token(&self, company: &str, scopes: &[&str]) -> String {
        let scopes = if scopes.is_empty() { SCOPES } else { scopes }.join(",");
        let said = self.run(&[
            "token",
            "create",
            "--company",
            company,
            "--name",
            "tests",
            "--scopes",
            &scopes,
        ]);
        word(&said, "hkf_")
    }

    fn command(&self) -> Command {
        self.command_under(None)
    }

    fn command_under(&self, before: Option<&str>) -> Command {
        let mut command = match before {
            Some(line) => {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", &format!("{line}; exec \"$0\" \"$@\"")]).arg(binary());
                shell
            }
            None => Command::new(binary()),
        };
        command.env_clear().current_dir(self.folder());
        command.envs(std::env::vars().filter(|(name, _)| !name.starts_with("HOOKFERRY_")));
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Every scope there is.
const SCOPES: &[&str] = &[
    "events:write",
    "events:read",
    "endpoints:write",
    "endpoints:read",
    "deliveries:read",
    "deliveries:write",
    "admin",
];

fn word(said: &str, prefix: &str) -> String {
    said.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        .find(|word| word.starts_with(prefix))
        .unwrap_or_else(|| panic!("no {prefix}… in {said:?}"))
        .to_owned()
}

/// A node that runs. Killed on drop, and when the test process dies.
#[derive(Debug)]
pub struct Program {
    child: Child,
    base: String,
    setup: Setup,
    _watchdog: Watchdog,
}

impl Program {
    /// `http://127.0.0.1:PORT`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it was started, with the port it got: what it takes to start it again.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Its API without a token.
    pub fn anonymous(&self) -> Api {
        Api::new(&self.base, None)
    }

    /// Makes a company with a token for everything and gives the API with it.
    pub fn tenant(&self, name: &str) -> Api {
        let token = self.setup.token(&self.setup.company(name), &[]);
        Api::new(&self.base, Some(&token))
    }

    /// Waits until `/readyz` says yes.
    pub async fn wait_ready(&self) {
        let api = self.anonymous();
        let api = &api;
        wait::until("the program is ready", READY_MAX, async || {
            let answer = api.send("GET", "/readyz", &[], None).await.ok()?;
            (answer.status == 200).then_some(())
        })
        .await;
    }

    /// SIGKILL, and waits until it is dead.
    pub fn kill9(mut self) -> Setup {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it is our child");
        self.setup.clone()
    }

    /// Sends a signal by name: `TERM`.
    pub fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id());
        let status = Command::new("/bin/sh").args(["-c", &line]).status();
        assert!(status.is_ok_and(|status| status.success()), "no {name} to the program");
    }

    /// Sets limits of the running process, as `prlimit` has them: `--nofile=3:`.
    pub fn limit(&self, limit: &str) {
        let mut prlimit = Command::new("prlimit");
        let status = prlimit.args(["--pid", &self.child.id().to_string(), limit]).status();
        assert!(status.is_ok_and(|status| status.success()), "no {limit} for the program");
    }

    /// The most memory it has had in use so far, in MiB.
    pub fn memory_max_mib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("the program runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.expect("Linux tells it") / 1024
    }

    /// How many files and connections it has open.
    pub fn open_files(&self) -> usize {
        let path = format!("/proc/{}/fd", self.child.id());
        std::fs::read_dir(path).expect("the program runs").count()
    }

    /// The time that it has had on all cores so far.
    pub fn cpu_time(&self) -> Duration {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = std::fs::read_to_string(path).expect("the program runs");
        let (_, fields) = stat.rsplit_once(')').expect("Linux tells its name");
        let ticks = fields.split_ascii_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        // Linux counts in hundredths.
        Duration::from_millis(ticks * 10)
    }

    /// Waits until it has ended by itself.
    pub async fn wait_exit(&mut self, within: Duration) -> ExitStatus {
        let child = &mut self.child;
        wait::until("the program ends", within, async || child.try_wait().expect("it is our child"))
            .await
    }

    /// What it has said on standard output so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.setup.folder().join("test.out")).unwrap_or_default()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.setup.folder().join("test.log")).unwrap_or_default()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let tail = log.len().saturating_sub(4000);
            let tail = log.char_indices().map(|(at, _)| at).find(|at| *at >= tail).unwrap_or(0);
            eprintln!("the end of the program's log:\n{}", &log[tail..]);
        }
        // Dead already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Kills a process when ours ends without dropping.
#[derive(Debug)]
struct Watchdog(Child);

impl Watchdog {
    fn over(process: u32) -> Self {
        let line = format!("cat >/dev/null; kill -KILL {process} 2>/dev/null");
        let shell = Command::new("/bin/sh")
            .args(["-c", &line])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(shell.expect("a shell can be started"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Before its input closes: it must not kill whoever has the number now.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
