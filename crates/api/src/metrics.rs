//! What the API counts, and how metrics are written out over HTTP. Routes are counted by their place
//! in the table, so that nothing a caller sends can make a new series.

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::BoxFuture;
use meter::{Counter, EXCHANGE_TIMES_US, Histogram};

use crate::code::Code;
use crate::routes::{ROUTES, Row};

const OPENMETRICS: &str = "application/openmetrics-text";
/// What stands for every method and path that is not in the table.
const OTHER: &str = "other";

/// In which form metrics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// OpenMetrics text 1.0.
    OpenMetrics,
    /// Prometheus' own text form 0.0.4, for whoever does not ask for the other.
    Plain,
}

impl Form {
    fn wanted(headers: &HeaderMap) -> Self {
        let accepts = headers.get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
        if accepts.flat_map(|value| value.split(',')).any(|one| {
            let mut parts = one.split(';').map(str::trim);
            let is_it = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(OPENMETRICS));
            is_it && !parts.any(|part| matches!(part, "q=0" | "q=0.0"))
        }) {
            Self::OpenMetrics
        } else {
            Self::Plain
        }
    }

    const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
        })
    }
}

/// Writes down all metrics of this process as they are now.
pub trait Exposition: Send + Sync + std::fmt::Debug {
    /// The whole text.
    fn write(&self, form: Form) -> BoxFuture<'_, String>;
}

/// The answer to a scrape.
pub async fn answer(req: &HttpRequest, exposition: &dyn Exposition) -> HttpResponse {
    let form = Form::wanted(req.headers());
    let text = exposition.write(form).await;
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, form.content_type())).body(text)
}

/// What became of the requests of one route.
#[derive(Debug)]
pub struct RouteMetrics {
    /// A method of the table, or `other`.
    pub method: &'static str,
    /// A path of the table with its `{names}`, or `other`.
    pub route: &'static str,
    /// Answers by the first digit of their status, from 1 to 5.
    answers: [Counter; 5],
    /// How long an answer took up to its head.
    pub latency: Histogram,
}

impl RouteMetrics {
    fn new(method: &'static str, route: &'static str) -> Self {
        let latency = Histogram::times(EXCHANGE_TIMES_US);
        Self { method, route, answers: Default::default(), latency }
    }

    /// Answers by the class of their status: `2xx`.
    pub fn answers(&self) -> impl Iterator<Item = (&'static str, &Counter)> {
        ["1xx", "2xx", "3xx", "4xx", "5xx"].into_iter().zip(&self.answers)
    }

    pub(crate) fn count(&self, status: StatusCode, took: std::time::Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, self.answers.len());
        self.answers[class - 1].one();
        self.latency.observe(took);
    }
}

/// What the API counts.
#[derive(Debug)]
pub struct Metrics {
    /// One for each row of the table, and one for everything else.
    routes: Box<[RouteMetrics]>,
    /// Events that were refused, in the order of [`Code::ALL`].
    refused: [Counter; Code::ALL.len()],
    /// Samples that the receiver took.
    pub samples_succeeded: Counter,
    /// Samples that it did not take.
    pub samples_failed: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let routes = ROUTES.iter().map(|row| RouteMetrics::new(row.method, row.path));
        Self {
            routes: routes.chain([RouteMetrics::new(OTHER, OTHER)]).collect(),
            refused: [const { Counter::new() }; Code::ALL.len()],
            samples_succeeded: Counter::default(),
            samples_failed: Counter::default(),
        }
    }
}

impl Metrics {
    /// What became of requests, route by route.
    pub fn routes(&self) -> &[RouteMetrics] {
        &self.routes
    }

    /// Events that were refused, by the code of the problem that their sender was told.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, &Counter)> {
        Code::ALL.iter().map(|code| code.as_str()).zip(&self.refused)
    }

    pub(crate) fn refuse(&self, code: Code, events: usize) {
        if let Some(place) = Code::ALL.iter().position(|known| *known == code) {
            self.refused[place].add(events);
        }
    }

    pub(crate) fn route(&self, spot: Option<Spot>, method: &Method) -> &RouteMetrics {
        let place = spot.and_then(|spot| spot.row(method)).unwrap_or(ROUTES.len());
        &self.routes[place]
    }
}

/// Where in the table the rows of one path stand. Each resource carries its own.
#[derive(Debug, Clone, Copy)]
pub struct Spot {
    first: usize,
    rows: &'static [Row],
}

impl Spot {
    /// Of rows that share a path, of which the first is number `first` of the table.
    pub const fn new(first: usize, rows: &'static [Row]) -> Self {
        Self { first, rows }
    }

    /// The path of its rows.
    pub fn path(self) -> &'static str {
        self.rows.first().map_or(OTHER, |row| row.path)
    }

    fn row(self, method: &Method) -> Option<usize> {
        let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
        let place = self.rows.iter().position(|row| row.method == method || row.method == "ANY")?;
        Some(self.first + place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(accept: &str) -> Form {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
        Form::wanted(&headers)
    }

    #[test]
    fn openmetrics_is_for_whoever_asks_for_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        assert_eq!(form(prometheus), Form::OpenMetrics);
        for other in ["*/*", "text/plain", "application/openmetrics-text;q=0", "nonsense;;,", ""] {
            assert_eq!(form(other), Form::Plain, "{other}");
        }
    }

    #[test]
    fn every_row_has_a_count_of_its_own_and_everything_else_shares_one() {
        let metrics = Metrics::default();
        assert_eq!(metrics.routes().len(), ROUTES.len() + 1);
        let took = std::time::Duration::from_millis(1);
        metrics.route(None, &Method::GET).count(StatusCode::NOT_FOUND, took);
        let first = ROUTES.iter().position(|row| row.path == "/api/v1/events").unwrap();
        let spot = Spot::new(first, &ROUTES[first..first + 2]);
        for (method, wanted) in [("HEAD", "GET"), ("POST", "POST"), ("BREW", OTHER)] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(metrics.route(Some(spot), &method).method, wanted);
        }
        let others = metrics.routes().last().unwrap();
        let counts: Vec<u64> = others.answers().map(|(_, count)| count.get()).collect();
        assert_eq!(counts, [0, 0, 0, 1, 0]);
    }
}
