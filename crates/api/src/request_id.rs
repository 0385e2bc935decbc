//! What every request passes: it gets a name, is counted, and is logged in one line; other lines that are
//! written on its way are told whose they are. Never a path, a query, a header or a body: what a caller
//! sends stays out of logs, but for ids of things that are ours.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use domain::id::CompanyId;
use domain::inbox_url::PATH_PREFIX;
use ipnet::IpNet;

use crate::body::BODY_TIME_MAX;
use crate::error::{ApiError, Weight};
use crate::metrics::Spot;
use crate::on_main::on_main;
use crate::origin;
use crate::serve::Shared;

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How long a name may be that a trusted proxy has given.
const GIVEN_ID_BYTES_MAX: usize = 128;
/// How long an answer may take, with the body's way in; then the caller is told to come back. Longer than a body may
/// take, which has an answer of its own.
const ANSWER_WITHIN: Duration = Duration::from_secs(40);
const _: () = assert!(BODY_TIME_MAX.as_secs() < ANSWER_WITHIN.as_secs());
/// The same for a sample, which waits for a receiver up to 30 s, and for an inbox, which is told to
/// wait so long.
pub const SLOW_WITHIN: Duration = Duration::from_secs(45);
/// An answer that takes longer is worth a line at `info`.
const SLOW_AFTER: Duration = Duration::from_secs(1);
/// What stands in a log line for what has no name in the table of routes.
const UNKNOWN: &str = "other";
/// Keeps the requests of one process apart from those of all others.
static PROCESS: LazyLock<u64> = LazyLock::new(|| getrandom::u64().unwrap_or_default());
static COUNT: AtomicU64 = AtomicU64::new(0);

tokio::task_local! {
    /// The request that this task answers.
    static CURRENT: Rc<CurrentRequest>;
}

/// What is known of a request while it is answered. No span of `tracing`: hardly any request has a
/// line of its own, and making, formatting and entering one costs microseconds at each.
#[derive(Debug)]
pub struct CurrentRequest {
    id: String,
    method: &'static str,
    route: Cell<Option<&'static str>>,
    company: Cell<Option<CompanyId>>,
}

impl CurrentRequest {
    /// A request of which no more is known yet. `id` and `method` are plain: letters, digits, `-_.:`.
    pub fn new(id: String, method: &'static str) -> Rc<Self> {
        Rc::new(Self { id, method, route: Cell::default(), company: Cell::default() })
    }

    /// Answers it: what is logged on the way is told whose it is.
    pub async fn scope<F: Future>(self: &Rc<Self>, answering: F) -> F::Output {
        CURRENT.scope(Rc::clone(self), answering).await
    }

    /// Its fields for a log line, each with its name. None of them has anything to escape: names are
    /// ours, or plain ones that a trusted proxy gave.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, String)> {
        let company = self.company.get().map(|company| company.to_string());
        [
            ("request.id", Some(self.id.clone())),
            ("method", Some(self.method.to_owned())),
            ("route", self.route.get().map(str::to_owned)),
            ("company.id", company),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

/// Gives the request that the calling task answers, if it answers one.
pub fn with_current_request<T>(tell: impl FnOnce(&CurrentRequest) -> T) -> Option<T> {
    CURRENT.try_with(|current| tell(current)).ok()
}

/// Names the request, answers it, counts and logs it.
pub async fn name_and_log<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let begun = Instant::now();
    let shared = req.app_data::<web::Data<Shared>>().cloned();
    let trusted = shared.as_ref().map_or(&[][..], |shared| &shared.config.trusted_proxies);
    let id = given_id(&req, trusted).unwrap_or_else(new_id);
    let method = method_name(req.method());
    let current = CurrentRequest::new(id, method);
    let answering = current.scope(next.call(req));
    let mut res = match &shared {
        Some(shared) => on_main(&shared.main, answering).await?,
        None => answering.await?,
    };
    let took = begun.elapsed();
    let spot = res.request().app_data::<Spot>().copied();
    if let Some(shared) = &shared {
        let metrics = shared.state.metrics.route(spot, res.request().method());
        metrics.count(res.status(), took);
    }
    let answered = Answered {
        id: &current.id,
        method,
        route: spot.map_or(UNKNOWN, Spot::path),
        status: res.status(),
        took,
        company: current.company.get(),
    };
    answered.log(res.response().error().and_then(|error| error.as_error()));
    if let Ok(value) = HeaderValue::from_str(&current.id) {
        res.headers_mut().insert(X_REQUEST_ID.clone(), value);
    }
    Ok(res)
}

/// Answers within a time. Stands around each resource, where the route is known.
pub async fn in_time<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let kept = req.request().clone();
    let route = kept.app_data::<Spot>().map_or(UNKNOWN, |spot| spot.path());
    with_current_request(|current| current.route.set(Some(route)));
    let limit = if may_wait(route) { SLOW_WITHIN } else { ANSWER_WITHIN };
    match tokio::time::timeout(limit, next.call(req)).await {
        Ok(answered) => Ok(answered?.map_into_boxed_body()),
        // What a request waits for is the database; its own deadlines are shorter than this one.
        Err(_) => {
            let error = ApiError::DatabaseUnavailable(store::Error::no_answer());
            Ok(ServiceResponse::from_err(error, kept))
        }
    }
}

/// Remembers for the log whose request it is.
pub fn note_company(company: CompanyId) {
    with_current_request(|current| current.company.set(Some(company)));
}

fn new_id() -> String {
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{:016x}{count:08x}", *PROCESS)
}

/// The name that a trusted proxy has given the request, so that its log and ours can be laid side by
/// side. Anybody else could choose one to mislead or to be logged.
fn given_id(req: &ServiceRequest, trusted: &[IpNet]) -> Option<String> {
    let peer = req.peer_addr()?.ip();
    if !origin::is_trusted(peer, trusted) {
        return None;
    }
    let given = req.headers().get(&X_REQUEST_ID)?.to_str().ok()?;
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    let fine = (1..=GIVEN_ID_BYTES_MAX).contains(&given.len()) && given.bytes().all(is_safe);
    fine.then(|| given.to_owned())
}

/// A method that HTTP knows; whoever makes one up does not get it into the log.
fn method_name(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] =
        ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or(UNKNOWN)
}

/// Whether it is in the nature of a route to take long: a sample waits for somebody else's machine, an
/// inbox is told to wait.
fn may_wait(route: &str) -> bool {
    route.ends_with("/sample") || route.starts_with(PATH_PREFIX)
}

/// One request, as its line in the log tells it.
struct Answered<'a> {
    id: &'a str,
    method: &'static str,
    route: &'static str,
    status: StatusCode,
    took: Duration,
    company: Option<CompanyId>,
}

impl Answered<'_> {
    fn log(&self, error: Option<&ApiError>) {
        macro_rules! line {
            ($level:ident, $cause:expr, $end:expr) => {{
                let Self { id, method, route, status, took, company } = self;
                tracing::$level!(
                    request.id = id,
                    method,
                    route,
                    status = status.as_u16(),
                    duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                    company.id = company.map(tracing::field::display),
                    error = $cause,
                    "{method} {route} answered {} in {} ms{}",
                    status.as_u16(),
                    took.as_millis(),
                    $end
                )
            }};
        }
        let none: Option<&str> = None;
        match error.map(ApiError::weight) {
            Some(Weight::Fault(cause)) => line!(error, cause.as_str(), format_args!(": {cause}")),
            Some(Weight::Trouble(cause)) => line!(warn, cause.as_str(), format_args!(": {cause}")),
            // Under overload there would be a line for each request.
            Some(Weight::Expected) | None if self.is_slow() => line!(info, none, ""),
            Some(Weight::Expected) | None => line!(debug, none, ""),
        }
    }

    fn is_slow(&self) -> bool {
        self.took > SLOW_AFTER && !may_wait(self.route)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn given(peer: &str, id: &str, trusted: &[&str]) -> Option<String> {
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        let peer = peer.parse().unwrap();
        let req = TestRequest::get().peer_addr(peer).insert_header(("x-request-id", id));
        given_id(&req.to_srv_request(), &trusted)
    }

    #[test]
    fn only_a_trusted_proxy_names_a_request_and_only_plainly() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(given("10.0.0.1:1", "a-1_b.c:d", &trusted).as_deref(), Some("a-1_b.c:d"));
        assert_eq!(given("10.0.0.1:1", &"a".repeat(128), &trusted).map(|id| id.len()), Some(128));
        assert_eq!(given("10.0.0.1:1", &"a".repeat(129), &trusted), None);
        for bad in ["", "a b", "a\"b", "+49 171", "ä"] {
            assert_eq!(given("10.0.0.1:1", bad, &trusted), None, "{bad}");
        }
        assert_eq!(given("198.51.100.7:1", "abc", &trusted), None);
        assert_eq!(given("10.0.0.1:1", "abc", &[]), None);
    }

    #[test]
    fn a_method_that_nobody_knows_is_not_repeated() {
        assert_eq!(method_name(&Method::PATCH), "PATCH");
        assert_eq!(method_name(&Method::from_bytes(b"HKF_SECRET").unwrap()), UNKNOWN);
    }
}
