//! The list of settings: flags, environment, file and help are made from it.

/// How a setting's value is shown to an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// As it is.
    Plain,
    /// A URL whose password is hidden.
    UrlPassword,
    /// Not at all.
    Hidden,
}

/// Which commands have a flag for a setting; the environment and the file always count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// Every command that opens the database.
    Database,
    /// Only `serve` and `check-config`.
    Serve,
}

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// The key in the file; in upper case after `HOOKFERRY_` the name in the environment.
    pub key: &'static str,
    /// The flag, without its dashes.
    pub flag: &'static str,
    /// The value where nobody gives one.
    pub default: Option<&'static str>,
    /// What stands for the value in the help.
    pub value: &'static str,
    /// What it does, in a sentence.
    pub help: &'static str,
    /// How it is shown.
    pub show: Show,
    /// Which commands have a flag for it.
    pub used: Used,
}

impl Setting {
    /// The name in the environment, by which refusals call it.
    pub fn env(&self) -> String {
        format!("{PREFIX}{}", self.key.to_ascii_uppercase())
    }
}

/// What the names in the environment begin with.
pub const PREFIX: &str = "HOOKFERRY_";
/// The API token of `hookferry send`, no setting of the server's.
pub const TOKEN_ENV: &str = "HOOKFERRY_TOKEN";
/// The same of an app secret.
pub const APP_SECRET_ENV: &str = "HOOKFERRY_APP_SECRET";
/// The file of settings, itself not a key of the file.
pub const CONFIG_ENV: &str = "HOOKFERRY_CONFIG";

macro_rules! settings {
    ($($name:ident = $key:literal, $flag:literal, $value:literal, $default:expr, $show:ident,
       $used:ident, $help:literal;)*) => {
        $(
            #[doc = $help]
            pub static $name: Setting = Setting {
                key: $key, flag: $flag, value: $value, default: $default, show: Show::$show,
                used: Used::$used, help: $help,
            };
        )*
        /// Every setting, in the order of the help.
        pub static ALL: &[&Setting] = &[$(&$name),*];
    };
}

settings! {
    LISTEN = "listen", "listen", "ADDRESS", Some("127.0.0.1:8080"), Plain, Serve,
        "Address and port of the HTTP server";
    PUBLIC_URL = "public_url", "public-url", "URL", None, Plain, Serve,
        "The URL under which people and programs reach this server; by default the address it listens on";
    DATABASE_URL = "database_url", "database-url", "URL", None, UrlPassword, Database,
        "sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME; by default hookferry.db in the data directory";
    DATA_DIR = "data_dir", "data-dir", "PATH", Some("./data"), Plain, Database,
        "Where the SQLite file, the master key and the lock file stand";
    MASTER_KEY = "master_key", "master-key", "KEY", None, Hidden, Database,
        "32 bytes in base64 or hex that seal secrets at rest; on SQLite made at first start, on PostgreSQL required";
    CONNECTIONS = "connections", "connections", "NUMBER", Some("10"), Plain, Database,
        "Connections to PostgreSQL, or readers on SQLite";
    AUTO_MIGRATE = "auto_migrate", "auto-migrate", "BOOL", Some("true"), Plain, Database,
        "Bring the schema up to date at start; when false, run `hookferry migrate`";
    NODE_NAME = "node_name", "node-name", "NAME", None, Plain, Serve,
        "What this node is called in logs and in the table of nodes; by default host name and process id";
    RETRIES = "retries", "retries", "NUMBER", Some("144"), Plain, Serve,
        "Retries of the standard schedule after the first try";
    RETRY_INTERVAL = "retry_interval", "retry-interval", "DURATION", Some("10m"), Plain, Serve,
        "Wait of the standard schedule between a failed attempt and the next";
    GIVE_UP_AFTER = "give_up_after", "give-up-after", "DURATION", Some("7d"), Plain, Serve,
        "How long after the beginning of its schedule a delivery is given up";
    TIMEOUT = "timeout", "timeout", "DURATION", Some("5s"), Plain, Serve,
        "Time for one exchange with an endpoint that sets none of its own";
    DEFECTIVE_AFTER = "defective_after", "defective-after", "NUMBER", Some("100"), Plain, Serve,
        "Failed attempts in a row that make an endpoint Defective";
    WARN_AFTER = "warn_after", "warn-after", "NUMBER", Some("50"), Plain, Serve,
        "Failed attempts in a row after which the owners get an early warning; 0 is never";
    DEFECTIVE_MIN_DURATION = "defective_min_duration", "defective-min-duration", "DURATION",
        Some("0s"), Plain, Serve,
        "How long a streak must have lasted before it makes an endpoint Defective";
    MAX_IN_FLIGHT = "max_in_flight", "max-in-flight", "NUMBER", Some("1024"), Plain, Serve,
        "Requests to endpoints sent and not yet written down; a crash sends no more than these twice";
    QUEUE_MIB = "queue_mib", "queue-mib", "NUMBER", Some("32"), Plain, Serve,
        "Memory for deliveries on their way, in MiB; what is more waits in the database";
    EVENTS_PER_SECOND = "events_per_second", "events-per-second", "NUMBER", Some("100000"), Plain, Serve,
        "Events that a company may post in a second on each node, unless the operator sets it another limit";
    ALLOW_NETWORKS = "allow_networks", "allow-networks", "CIDRS", None, Plain, Serve,
        "Networks that may be called although private, separated by commas: 10.1.0.0/16,::1/128";
    ALLOW_HTTP = "allow_http", "allow-http", "BOOL", Some("false"), Plain, Serve,
        "Accept endpoints with plain http everywhere, not only in allowed networks";
    SMTP_URL = "smtp_url", "smtp-url", "URL", None, UrlPassword, Serve,
        "Mail server: smtp://, smtps:// or smtp://…?tls=required; without one mails are kept and shown";
    MAIL_FROM = "mail_from", "mail-from", "ADDRESS", None, Plain, Serve,
        "Sender of mails; required with HOOKFERRY_SMTP_URL";
    DRAIN_DELAY = "drain_delay", "drain-delay", "DURATION", Some("5s"), Plain, Serve,
        "How long serving goes on after the first signal while /readyz already says no";
    SHUTDOWN_TIMEOUT = "shutdown_timeout", "shutdown-timeout", "DURATION", Some("30s"), Plain, Serve,
        "How long requests under way may take to finish after that";
    LOG = "log", "log", "FILTER", Some("info"), Plain, Database,
        "What is logged: error, warn, info, debug, trace, or a tracing filter";
    LOG_FORMAT = "log_format", "log-format", "FORMAT", Some("text"), Plain, Database,
        "text or json";
    SIGNUP = "signup", "signup", "MODE", Some("open"), Plain, Serve,
        "Whether people may sign up: open or closed";
    RETENTION = "retention", "retention", "DURATION", Some("30d"), Plain, Serve,
        "How long events and their deliveries are kept once these have ended; PostgreSQL drops whole days";
    ADMIN_TOKEN = "admin_token", "admin-token", "TOKEN", None, Hidden, Serve,
        "The operator's token for /api/v1/admin, at least 16 characters; several, separated by commas, work at once";
    TRUSTED_PROXIES = "trusted_proxies", "trusted-proxies", "CIDRS", None, Plain, Serve,
        "Proxies whose Forwarded headers count, separated by commas";
    METRICS_LISTEN = "metrics_listen", "metrics-listen", "ADDRESS", None, Plain, Serve,
        "Address and port for /metrics alone; without it, it is behind the operator's token";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_the_flag_is_the_key_with_dashes() {
        let keys: BTreeSet<_> = ALL.iter().map(|setting| setting.key).collect();
        assert_eq!(keys.len(), ALL.len());
        for setting in ALL {
            assert_eq!(setting.flag, setting.key.replace('_', "-"));
        }
    }

    #[test]
    fn every_name_that_the_documentation_promises_is_there() {
        let names: BTreeSet<_> = ALL.iter().map(|setting| setting.env()).collect();
        for name in "LISTEN PUBLIC_URL DATABASE_URL DATA_DIR MASTER_KEY SMTP_URL TRUSTED_PROXIES \
             METRICS_LISTEN MAIL_FROM RETRIES RETRY_INTERVAL DEFECTIVE_AFTER WARN_AFTER TIMEOUT \
             ALLOW_NETWORKS ALLOW_HTTP GIVE_UP_AFTER MAX_IN_FLIGHT EVENTS_PER_SECOND SIGNUP RETENTION ADMIN_TOKEN \
             QUEUE_MIB DRAIN_DELAY SHUTDOWN_TIMEOUT DEFECTIVE_MIN_DURATION CONNECTIONS LOG LOG_FORMAT \
             AUTO_MIGRATE NODE_NAME"
            .split_whitespace()
        {
            assert!(names.contains(&format!("HOOKFERRY_{name}")), "{name}");
        }
    }
}
