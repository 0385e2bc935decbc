//! The names of what the crates count and hold.

use api::Metrics as Api;
use dispatch::{InHand, Metrics as Dispatch};
use domain::delivery::Finish;
use domain::outcome::ErrorKind;
use prometheus_client::registry::Unit;
use store::{Metrics as Stored, Store};

use super::families::{Family, Value};

fn number(value: usize) -> Value {
    Value::Gauge(value as f64)
}

fn gauge(name: &'static str, help: &'static str, value: usize) -> Family {
    Family::gauge(name, None, help).with(number(value))
}

fn bytes(name: &'static str, help: &'static str, value: usize) -> Family {
    Family::gauge(name, Some(Unit::Bytes), help).with(number(value))
}

fn counter(name: &'static str, help: &'static str) -> Family {
    Family::counter(name, None, help)
}

/// What became of events.
pub fn events(stored: &Stored, api: &Api) -> Vec<Family> {
    let refused = counter("events_refused", "Events refused, by the code of the problem told");
    let codes = api.refused().filter(|(_, count)| count.get() > 0);
    vec![
        counter("events_accepted", "Events written down").counted(Vec::new(), &stored.accepted),
        counter("events_duplicate", "Events that had been accepted before")
            .counted(Vec::new(), &stored.duplicates),
        codes.fold(refused, |family, (code, count)| family.counted(vec![("reason", code)], count)),
    ]
}

const fn finish_name(finish: Finish) -> &'static str {
    match finish {
        Finish::Delivered => "delivered",
        Finish::Exhausted => "exhausted",
        Finish::Expired => "expired",
        Finish::Canceled => "canceled",
    }
}

/// What became of deliveries and of their attempts.
pub fn deliveries(stored: &Stored, dispatch: &Dispatch) -> Vec<Family> {
    let finished = counter("deliveries", "Deliveries that ended, by how");
    let finished = Stored::FINISHES.into_iter().fold(finished, |family, finish| {
        family.counted(vec![("state", finish_name(finish))], stored.finished(finish))
    });
    let attempts = counter("attempts", "Attempts that ended, by what came of them")
        .counted(vec![("kind", "success")], &dispatch.succeeded);
    let attempts = ErrorKind::ALL.into_iter().fold(attempts, |family, kind| {
        family.counted(vec![("kind", kind.as_str())], dispatch.failed(kind))
    });
    vec![
        finished,
        attempts,
        Family::ranges("attempt_duration", "How long an attempt took", &dispatch.attempt),
        Family::ranges(
            "delivery_lag",
            "From a delivery's event being accepted until its first attempt began",
            &dispatch.lag,
        ),
    ]
}

/// What the lanes of this node hold.
pub fn in_hand(in_hand: &InHand, owned: usize) -> Vec<Family> {
    let lanes = Family::gauge("lanes", None, "Lanes: in memory, and rows that this node owns")
        .labelled(vec![("where", "memory")], number(in_hand.lanes))
        .labelled(vec![("where", "owned")], number(owned));
    vec![
        lanes,
        gauge("in_flight", "Requests to receivers without an answer yet", in_hand.in_flight),
        gauge(
            "unsettled",
            "Requests begun whose outcome is not written down, those in flight included",
            in_hand.unsettled,
        ),
        gauge("in_flight_max", "How many unsettled requests there may be", in_hand.in_flight_max),
        gauge("queued_deliveries", "Deliveries in memory that wait for their turn", in_hand.queued),
        bytes("queue", "Memory that deliveries on their way count for", in_hand.bytes),
        bytes("queue_max", "How much there may be", in_hand.bytes_max),
    ]
}

/// How transactions of the hot path go.
pub fn commits(stored: &Stored) -> Vec<Family> {
    let way = |what, result| vec![("what", what), ("result", result)];
    let short = counter(
        "short_ways",
        "Batches that were written by one statement for all, or of which it found something not as it was thought to be (PostgreSQL)",
    );
    vec![
        short
            .counted(way("ingest", "written"), &stored.ingest_straight)
            .counted(way("ingest", "missed"), &stored.ingest_missed)
            .counted(way("settlement", "written"), &stored.settle_straight)
            .counted(way("settlement", "missed"), &stored.settle_missed),
        Family::ranges(
            "ingest_batch_events",
            "Events in one transaction of ingest",
            &stored.ingest_events,
        ),
        Family::ranges(
            "ingest_commit",
            "How long the commit of ingest took",
            &stored.ingest_commit,
        ),
        Family::ranges(
            "settle_batch_outcomes",
            "Outcomes in one transaction of settlement",
            &stored.settle_outcomes,
        ),
        Family::ranges(
            "settle_commit",
            "How long the commit of settlement took",
            &stored.settle_commit,
        ),
        Family::ranges(
            "connection_wait",
            "How long ingest, claims and settlement waited for a connection",
            &stored.connection_wait,
        ),
    ]
}

/// What waits for the database inside this node.
pub fn waiting(store: &Store) -> Vec<Family> {
    let queue = store.ingest_queue();
    let connections = Family::gauge("connections", None, "Connections to the database, by use");
    let limits = Family::gauge("connections_max", None, "How many connections there may be");
    let pools = store.pool_use();
    let connections = pools.iter().fold(connections, |family, pool| {
        family
            .labelled(vec![("pool", pool.name), ("state", "in_use")], number(pool.in_use))
            .labelled(vec![("pool", pool.name), ("state", "idle")], number(pool.idle))
    });
    let limits = pools
        .iter()
        .fold(limits, |family, pool| family.labelled(vec![("pool", pool.name)], number(pool.max)));
    vec![
        gauge("ingest_queue_requests", "Requests that wait to be written down", queue.requests),
        gauge("ingest_queue_requests_max", "How many may wait", queue.requests_max),
        bytes("ingest_queue", "Events that wait or are being written down", queue.bytes),
        bytes("ingest_queue_max", "How much there may be", queue.bytes_max),
        connections,
        limits,
        gauge(
            "doubtful_rows",
            "Deliveries of which this node cannot tell whether it has claimed them",
            store.doubtful_rows(),
        ),
    ]
}

/// What became of mails.
pub fn mails(stored: &Stored) -> Vec<Family> {
    let mails = counter("mail_tries", "Tries to send a mail, by what came of them")
        .counted(vec![("result", "sent")], &stored.mails_sent)
        .counted(vec![("result", "retry")], &stored.mails_retried)
        .counted(vec![("result", "given_up")], &stored.mails_given_up);
    vec![mails]
}

/// Requests to this node's API; routes that nobody has called yet are left out.
pub fn http(api: &Api) -> Vec<Family> {
    let requests = counter("http_requests", "Requests answered, by route and class of status");
    let latency = Family::many_ranges(
        "http_request_duration",
        "How long an answer took up to its head",
        meter::Unit::Time,
    );
    let (mut requests, mut latency) = (requests, latency);
    for route in api.routes() {
        let reading = route.latency.read();
        if reading.count == 0 {
            continue;
        }
        let labels = vec![("method", route.method), ("route", route.route)];
        latency = latency.labelled(labels.clone(), Value::Ranges(reading));
        for (class, count) in route.answers().filter(|(_, count)| count.get() > 0) {
            let mut labels = labels.clone();
            labels.push(("status", class));
            requests = requests.counted(labels, count);
        }
    }
    let samples = counter("samples", "Samples sent, by what came of them")
        .counted(vec![("result", "success")], &api.samples_succeeded)
        .counted(vec![("result", "failure")], &api.samples_failed);
    vec![requests, latency, samples]
}

/// How far clocks are apart, where there are two.
pub fn clock(dispatch: &Dispatch) -> Vec<Family> {
    let ahead = dispatch.database_ahead().and_then(|ahead| ahead.num_microseconds());
    let help = "How far the database's clock is ahead of this machine's; it is corrected for";
    vec![
        Family::gauge("clock_offset", Some(Unit::Seconds), help)
            .maybe(ahead.map(|microseconds| microseconds as f64 * 1e-6)),
    ]
}
