//! From texts to settings that are known to be right.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use domain::endpoint::StreakLimits;
use domain::limits::{Limit, Limits};
use domain::operator::OperatorTokens;
use domain::schedule::RetrySchedule;
use domain::settle::Policy;
use ipnet::IpNet;
use store::MasterKey;
use url::Url;

use crate::settings::database::Database;
use crate::settings::flags::Flags;
use crate::settings::parse;
use crate::settings::sources::{Environment, Refused, Sources};
use crate::settings::table::{self, ALL, Show};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// One setting as `check-config` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its name in the environment.
    pub name: String,
    /// Its value, secrets hidden; `None` where it is not set.
    pub value: Option<String>,
    /// Where the value came from.
    pub origin: &'static str,
}

/// Everything an operator can set, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the HTTP server listens.
    pub listen: SocketAddr,
    /// Under which origin it is reached; `None`: the address it listens on.
    pub public_url: Option<Url>,
    /// The database.
    pub database: Database,
    /// Where files stand.
    pub data_dir: PathBuf,
    /// The master key, where it was given.
    pub master_key: Option<MasterKey>,
    /// Connections to PostgreSQL, or readers on SQLite.
    pub connections_max: u32,
    /// Whether migrations run at start.
    pub auto_migrate: bool,
    /// What this node is called.
    pub node_name: String,
    /// The standard schedule.
    pub standard_schedule: RetrySchedule,
    /// Streaks and giving up.
    pub policy: Policy,
    /// Time for one exchange, where the endpoint sets none.
    pub timeout: Duration,
    /// Requests sent and not yet written down.
    pub in_flight_max: usize,
    /// What companies may, those with limits of their own apart.
    pub limits: Limits,
    /// Memory for deliveries on their way.
    pub queue_mib: usize,
    /// Networks that may be called although private.
    pub allow_networks: Vec<IpNet>,
    /// Whether people can sign up by themselves.
    pub sign_ups: api::SignUps,
    /// The operator's tokens.
    pub operator: OperatorTokens,
    /// Proxies whose `Forwarded` headers count.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether plain http is accepted everywhere.
    pub allow_http: bool,
    /// The mail server and the sender, where mails are sent.
    pub mail: Option<mail::Config>,
    /// How long events and their deliveries are kept once these have ended.
    pub retention: TimeDelta,
    /// How long serving goes on while readiness is off.
    pub drain_delay: Duration,
    /// How long what is under way may take to finish.
    pub shutdown_timeout: Duration,
    /// Where `/metrics` is served alone; `None`: behind the operator's token with everything else.
    pub metrics_listen: Option<SocketAddr>,
    /// What is logged.
    pub log: String,
    /// How it is written.
    pub log_format: LogFormat,
    /// Every setting as it is shown.
    pub shown: Vec<Shown>,
}

impl Settings {
    /// Reads flags, the environment and the file, and refuses everything that is wrong at once.
    pub fn load(flags: Flags, environment: Environment<'_>) -> Result<Self, Refused> {
        Self::resolve(&mut Sources::gather(flags, environment)?)
    }

    /// Settings from keys of the file and their texts alone, for programs inside tests.
    pub fn from_pairs(pairs: &[(&'static str, &str)]) -> Result<Self, Refused> {
        let values = pairs.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        if let Some((key, _)) =
            pairs.iter().find(|(key, _)| !ALL.iter().any(|setting| setting.key == *key))
        {
            return Err(Refused(vec![format!("`{key}` is not a setting")]));
        }
        Self::load(Flags { config: None, values }, &|_| None)
    }

    fn resolve(from: &mut Sources) -> Result<Self, Refused> {
        let listen = from.read(&table::LISTEN, parse::address);
        let public_url = from.read(&table::PUBLIC_URL, parse::public_url);
        let data_dir = from.read(&table::DATA_DIR, parse::folder);
        let database = from.read(&table::DATABASE_URL, Database::parse);
        let master_key = from.read(&table::MASTER_KEY, |text| {
            MasterKey::parse(text)
                .ok_or_else(|| "is not a key; it accepts 32 bytes in base64 or hex".to_owned())
        });
        let connections = from.read(&table::CONNECTIONS, |text| parse::number(text, 2, 500));
        let auto_migrate = from.read(&table::AUTO_MIGRATE, parse::boolean);
        let node_name = from.read(&table::NODE_NAME, node_name);
        let (standard_schedule, policy) = resolve_policy(from);
        let timeout = from.read(&table::TIMEOUT, |text| parse::span(text, "1s", "30s"));
        let in_flight = from.read(&table::MAX_IN_FLIGHT, |text| parse::number(text, 1, 65_536));
        let queue_mib = from.read(&table::QUEUE_MIB, |text| parse::number(text, 1, 65_536));
        let events = from.read(&table::EVENTS_PER_SECOND, |text| {
            let (low, high) = Limit::EventsPerSecond.range();
            parse::number(text, low, high)
        });
        let allow_networks = from.read(&table::ALLOW_NETWORKS, parse::networks);
        let sign_ups = from.read(&table::SIGNUP, |text| match text {
            "open" => Ok(api::SignUps::Open),
            "closed" => Ok(api::SignUps::Closed),
            _ => Err("is no mode; it accepts open and closed".to_owned()),
        });
        let trusted_proxies = from.read(&table::TRUSTED_PROXIES, parse::networks);
        let operator = from.read(&table::ADMIN_TOKEN, |text| {
            OperatorTokens::parse(text).map_err(|error| error.to_string())
        });
        let allow_http = from.read(&table::ALLOW_HTTP, parse::boolean);
        let mail = resolve_mail(from, public_url.as_ref());
        let drain_delay = from.read(&table::DRAIN_DELAY, |text| parse::span(text, "0s", "10m"));
        let shutdown = from.read(&table::SHUTDOWN_TIMEOUT, |text| parse::span(text, "1s", "10m"));
        let log = from.read(&table::LOG, parse::log_filter);
        let log_format = from.read(&table::LOG_FORMAT, log_format);
        let metrics_listen = from.read(&table::METRICS_LISTEN, parse::address);
        let retention = from.read(&table::RETENTION, |text| parse::duration(text, "1h", "3650d"));
        from.finish()?;
        let data_dir = data_dir.expect(CHECKED);
        Ok(Self {
            listen: listen.expect(CHECKED),
            public_url,
            database: database.unwrap_or_else(|| Database::in_data_dir(&data_dir)),
            data_dir,
            master_key,
            connections_max: connections.expect(CHECKED),
            auto_migrate: auto_migrate.expect(CHECKED),
            node_name: node_name.unwrap_or_else(default_node_name),
            standard_schedule: standard_schedule.expect(CHECKED),
            policy: policy.expect(CHECKED),
            retention: retention.expect(CHECKED),
            timeout: timeout.expect(CHECKED),
            in_flight_max: in_flight.expect(CHECKED) as usize,
            queue_mib: queue_mib.expect(CHECKED) as usize,
            limits: Limits::default().with_events_per_second(events.expect(CHECKED)),
            operator: operator.unwrap_or_default(),
            allow_networks: allow_networks.unwrap_or_default(),
            sign_ups: sign_ups.expect(CHECKED),
            trusted_proxies: trusted_proxies.unwrap_or_default(),
            allow_http: allow_http.expect(CHECKED),
            mail,
            drain_delay: drain_delay.expect(CHECKED),
            shutdown_timeout: shutdown.expect(CHECKED),
            metrics_listen,
            log: log.expect(CHECKED),
            log_format: log_format.expect(CHECKED),
            shown: show(from),
        })
    }
}

const CHECKED: &str = "it has a default, and finish() refuses what is wrong";

fn resolve_policy(from: &mut Sources) -> (Option<RetrySchedule>, Option<Policy>) {
    let retries = from.read(&table::RETRIES, |text| parse::number(text, 0, 10_000));
    let interval = from.read(&table::RETRY_INTERVAL, |text| parse::duration(text, "1ms", "30d"));
    let give_up = from.read(&table::GIVE_UP_AFTER, |text| parse::duration(text, "1s", "365d"));
    let defective = from.read(&table::DEFECTIVE_AFTER, |text| parse::number(text, 1, 1_000_000));
    let warn = from.read(&table::WARN_AFTER, |text| parse::number(text, 0, 1_000_000));
    let lasted =
        from.read(&table::DEFECTIVE_MIN_DURATION, |text| parse::duration(text, "0s", "365d"));
    if let (Some(warn), Some(defective)) = (warn, defective)
        && warn > defective
    {
        let what = format!(
            "{warn} is more than HOOKFERRY_DEFECTIVE_AFTER ({defective}); it accepts 0 (never) to \
             {defective}"
        );
        from.refuse(&table::WARN_AFTER, &what);
    }
    let schedule = retries.zip(interval).and_then(|(retries, interval)| {
        RetrySchedule::even(retries, interval)
            .map_err(|error| from.refuse(&table::RETRY_INTERVAL, &error.to_string()))
            .ok()
    });
    let limits = |warn_after, defective_after, defective_min_duration: TimeDelta| StreakLimits {
        warn_after,
        defective_after,
        defective_min_duration,
    };
    let policy = warn.zip(defective).zip(lasted).zip(give_up).map(
        |(((warn, defective), lasted), give_up_after)| Policy {
            streak: limits(warn, defective, lasted),
            give_up_after,
        },
    );
    (schedule, policy)
}

fn resolve_mail(from: &mut Sources, public_url: Option<&Url>) -> Option<mail::Config> {
    let url = from.read(&table::SMTP_URL, |text| Ok(text.to_owned()));
    let sender = from.read(&table::MAIL_FROM, |text| Ok(text.to_owned()));
    let url = url?;
    let Some(sender) = sender else {
        let what = "is required with HOOKFERRY_SMTP_URL; it accepts hooks@example.com and \
             Hookferry <hooks@example.com>";
        from.refuse(&table::MAIL_FROM, what);
        return None;
    };
    mail::Config::parse(&url, &sender, public_url)
        .map_err(|error| {
            let wrong = ALL.iter().find(|setting| setting.key == error.setting());
            from.refuse(wrong.copied().unwrap_or(&table::SMTP_URL), &error.to_string());
        })
        .ok()
}

fn node_name(text: &str) -> Result<String, String> {
    let fine = (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fine {
        Ok(text.to_owned())
    } else {
        Err("is not a name; it accepts 1 to 100 printable ASCII characters without spaces"
            .to_owned())
    }
}

fn default_node_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let host = if host.is_empty() { "node" } else { host };
    format!("{host}-{}", std::process::id())
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("is no format; it accepts text and json".to_owned()),
    }
}

fn show(from: &Sources) -> Vec<Shown> {
    let line = |setting: &&'static table::Setting| {
        let raw = from.raw(setting);
        let value = raw.map(|(text, _)| match setting.show {
            Show::Plain => text.to_owned(),
            Show::UrlPassword => without_password(text),
            Show::Hidden => "(hidden)".to_owned(),
        });
        let origin = raw.map_or("not set", |(_, origin)| origin.as_str());
        Shown { name: setting.env(), value, origin }
    };
    ALL.iter().map(line).collect()
}

/// A URL with its password hidden, and the password parameters of its query too.
fn without_password(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return "(hidden)".to_owned() };
    if url.cannot_be_a_base() || url.scheme() == "sqlite" {
        return text.to_owned();
    }
    if url.password().is_some() && url.set_password(Some("hidden")).is_err() {
        return "(hidden)".to_owned();
    }
    if url.query_pairs().any(|(name, _)| name.contains("password")) {
        url.set_query(Some("hidden"));
    }
    url.to_string()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
