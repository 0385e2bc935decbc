//! How many files and connections this process may have open, and what they are shared out to: a
//! process that has run out can neither answer nor send, and its database cannot be reached either.

use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};

/// Standard streams, timers, listeners, the lock, mails, name servers.
const OWN: u64 = 48;
/// SQLite's file, its log and its index; on PostgreSQL a connection is one.
const FILES_OF_A_DATABASE_CONNECTION: u64 = 3;
/// However little there is, so many are tried on each side.
const CONNECTIONS_MIN: u64 = 8;
/// Where nothing limits them.
const SERVER_CONNECTIONS_MAX: usize = 50_000;

/// Idle connections to receivers are in nobody's share: as many as there are hosts. Where the process has opened so
/// much of what it may, none are kept any more, so that callers still find a place.
const KEPT_UP_TO: f64 = 0.75;
/// How often that is looked at, and up to which limit: what is more is never filled by idle connections.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKED_AT_UP_TO: u64 = 16_384;

/// Who may have how many connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// Of the HTTP server; who comes later waits to be accepted.
    pub server: usize,
    /// Requests in flight to endpoints.
    pub in_flight: usize,
}

/// Allows this process as many open files as it may allow itself.
pub fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!("The limit of open files stays as it is: {error}");
    }
}

/// Shares out what this process may open, and says so where it is less than what was asked for.
pub fn share_out(database_connections: u32, in_flight_wanted: usize) -> Shares {
    let open_max = getrlimit(Resource::Nofile).current;
    let shares = shares(open_max, database_connections, in_flight_wanted);
    if shares.in_flight < in_flight_wanted {
        let (open_max, Shares { server, in_flight }) = (open_max.unwrap_or(u64::MAX), shares);
        tracing::warn!(
            "This process may open {open_max} files: it sends {in_flight} requests at a time instead of \
             {in_flight_wanted} (HOOKFERRY_MAX_IN_FLIGHT) and takes {server} connections; allow it more \
             (ulimit -n, LimitNOFILE=)"
        );
    }
    shares
}

/// Has connections to receivers kept only as long as there are files enough. Returns at once where there are many, or
/// where the system does not tell.
pub async fn watch(client: egress::Client) {
    let Some(open_max) = getrlimit(Resource::Nofile).current.filter(|max| *max <= LOOKED_AT_UP_TO)
    else {
        return;
    };
    if open_now().is_none() {
        return;
    }
    loop {
        // To look takes a file, too: where there is none for it, none are left.
        client.keep_connections(open_now().is_some_and(|open| may_keep(open, open_max)));
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn open_now() -> Option<u64> {
    let files = std::fs::read_dir("/proc/self/fd").ok()?;
    u64::try_from(files.count()).ok()
}

fn may_keep(open: u64, open_max: u64) -> bool {
    (open as f64) < open_max as f64 * KEPT_UP_TO
}

/// Half of what the database and we ourselves leave is for those who call us, half for those whom we
/// call.
fn shares(open_max: Option<u64>, database_connections: u32, in_flight_wanted: usize) -> Shares {
    let database = u64::from(database_connections) * FILES_OF_A_DATABASE_CONNECTION;
    let left = open_max.unwrap_or(u64::MAX).saturating_sub(OWN + database);
    let half = usize::try_from((left / 2).max(CONNECTIONS_MIN)).unwrap_or(usize::MAX);
    Shares { server: half.min(SERVER_CONNECTIONS_MAX), in_flight: half.min(in_flight_wanted) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_open_is_shared_between_those_who_call_and_those_who_are_called() {
        let check = |open_max, server, in_flight| {
            assert_eq!(shares(open_max, 10, 1_024), Shares { server, in_flight }, "{open_max:?}");
        };
        check(None, 50_000, 1_024);
        check(Some(1_000_000), 50_000, 1_024);
        check(Some(1_024), 473, 473);
        check(Some(2_126), 1_024, 1_024);
        check(Some(2_124), 1_023, 1_023);
        check(Some(128), 25, 25);
        check(Some(64), 8, 8);
        check(Some(0), 8, 8);
    }

    #[test]
    fn connections_are_kept_up_to_three_quarters() {
        assert!(may_keep(191, 256) && !may_keep(192, 256) && !may_keep(300, 256));
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        raise_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
