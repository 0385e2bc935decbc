//! The one place where errors meet HTTP: RFC 9457 problems with codes from a closed list.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use domain::scope::Scope;
use serde::Serialize;

use crate::code::Code;
use utoipa::ToSchema;

/// Where in a request a mistake is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A place in the JSON body, as a JSON pointer.
    Pointer(String),
    /// A query parameter.
    Parameter(String),
    /// A header.
    Header(&'static str),
}

/// One mistake in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// Which kind.
    pub code: Code,
    /// What is wrong and what would be right.
    pub detail: String,
}

/// Everything a client can be told.
#[derive(Debug)]
pub enum ApiError {
    /// The body is not JSON.
    InvalidJson {
        /// What is wrong, with line and column.
        detail: String,
    },
    /// Mistakes in fields, parameters or headers; at least one.
    Invalid(Vec<Mistake>),
    /// No token, or none that works.
    Unauthorized,
    /// The token may not do this.
    MissingScope(Scope),
    /// No such thing, or another company's.
    NotFound,
    /// The address exists, the method does not.
    MethodNotAllowed {
        /// The methods there are.
        allow: String,
    },
    /// The body did not arrive in time.
    RequestTimeout,
    /// What is asked does not fit the state of the thing.
    Conflict {
        /// Which conflict.
        code: Code,
        /// A sentence.
        detail: String,
    },
    /// The caller may not do this, or not so.
    Refused {
        /// Why.
        code: Code,
        /// A sentence.
        detail: String,
    },
    /// Too many tries in a row.
    TooManyTries {
        /// How long to wait.
        seconds: i64,
    },
    /// More was asked for in a time than the company may.
    RateLimited {
        /// Which limit, and how to come back.
        detail: String,
        /// How long to wait.
        seconds: i64,
    },
    /// Something is larger than allowed.
    TooLarge {
        /// What.
        what: &'static str,
        /// The limit.
        bytes_max: usize,
    },
    /// More work is waiting than this node takes on.
    Overloaded,
    /// The database cannot be reached or written.
    DatabaseUnavailable(store::Error),
    /// The source does not take notifications now; whoever sends one sends it again.
    SourceNotReady {
        /// Why, and what to do.
        reason: &'static str,
    },
    /// The node does not take requests now.
    NotReady {
        /// Why.
        reason: &'static str,
    },
    /// A mistake of ours; the cause is logged and never sent.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl ApiError {
    /// The answer, for handlers that can only fail.
    pub fn into_answer(self) -> Result<HttpResponse, Self> {
        Err(self)
    }

    /// One mistake in the body.
    pub fn field(pointer: impl Into<String>, code: Code, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Mistake {
            place: Place::Pointer(pointer.into()),
            code,
            detail: detail.into(),
        }])
    }

    /// The code of the whole problem: that of its mistakes where they agree.
    pub fn code(&self) -> Code {
        match self {
            Self::InvalidJson { .. } => Code::InvalidJson,
            Self::Invalid(mistakes) => match mistakes.split_first() {
                Some((first, rest)) if rest.iter().all(|other| other.code == first.code) => {
                    first.code
                }
                Some(_) | None => Code::InvalidRequest,
            },
            Self::Unauthorized => Code::Unauthorized,
            Self::MissingScope(_) => Code::MissingScope,
            Self::NotFound => Code::NotFound,
            Self::MethodNotAllowed { .. } => Code::MethodNotAllowed,
            Self::RequestTimeout => Code::RequestTimeout,
            Self::Conflict { code, .. } | Self::Refused { code, .. } => *code,
            Self::TooManyTries { .. } => Code::TooManyTries,
            Self::RateLimited { .. } => Code::RateLimited,
            Self::TooLarge { .. } => Code::TooLarge,
            Self::Overloaded => Code::Overloaded,
            Self::DatabaseUnavailable(_) => Code::DatabaseUnavailable,
            Self::NotReady { .. } => Code::NotReady,
            Self::SourceNotReady { .. } => Code::SourceNotReady,
            Self::Internal(_) => Code::Internal,
        }
    }

    /// The sentence of the problem.
    pub fn detail(&self) -> String {
        match self {
            Self::InvalidJson { detail }
            | Self::Conflict { detail, .. }
            | Self::Refused { detail, .. }
            | Self::RateLimited { detail, .. } => detail.clone(),
            Self::TooManyTries { seconds } => format!("try again in {seconds} s"),
            Self::Invalid(mistakes) => match mistakes.as_slice() {
                [only] => only.detail.clone(),
                several => format!("{} mistakes, listed under errors", several.len()),
            },
            Self::Unauthorized => {
                "send `Authorization: Bearer <API token>` with a token that is neither expired nor revoked, or log in".into()
            }
            Self::MissingScope(scope) => {
                format!("this needs a token with the scope `{}`", scope.as_str())
            }
            Self::NotFound => "nothing is here, or it belongs to another company".into(),
            Self::MethodNotAllowed { allow } => format!("allowed here: {allow}"),
            Self::RequestTimeout => "send the whole body without long pauses".into(),
            Self::TooLarge { what, bytes_max } => {
                format!("{what} may have at most {bytes_max} bytes")
            }
            Self::Overloaded | Self::DatabaseUnavailable(_) => {
                "nothing was written down; send the same request again after Retry-After".into()
            }
            Self::NotReady { reason } | Self::SourceNotReady { reason } => (*reason).into(),
            Self::Internal(_) => "the cause is in the server's log under this request's id".into(),
        }
    }

    /// What is wrong with the request, place by place.
    fn mistakes(&self) -> &[Mistake] {
        if let Self::Invalid(mistakes) = self { mistakes } else { &[] }
    }

    /// The problem document, also as it stands in the results of a batch.
    pub fn problem(&self) -> Problem {
        let code = self.code();
        Problem {
            kind: format!("urn:hookferry:problem:{}", code.as_str()),
            title: code.title(),
            status: code.status().as_u16(),
            detail: self.detail(),
            code: code.as_str(),
            errors: self.mistakes().iter().map(ProblemError::of).collect(),
        }
    }

    /// What the operator should know of it, for the log line of the request.
    pub fn weight(&self) -> Weight {
        match self {
            Self::Internal(cause) => Weight::Fault(chain(cause.as_ref())),
            Self::DatabaseUnavailable(cause) => Weight::Trouble(cause.chain()),
            Self::Overloaded
            | Self::InvalidJson { .. }
            | Self::Invalid(_)
            | Self::Unauthorized
            | Self::MissingScope(_)
            | Self::NotFound
            | Self::MethodNotAllowed { .. }
            | Self::RequestTimeout
            | Self::Conflict { .. }
            | Self::Refused { .. }
            | Self::TooManyTries { .. }
            | Self::RateLimited { .. }
            | Self::TooLarge { .. }
            | Self::SourceNotReady { .. }
            | Self::NotReady { .. } => Weight::Expected,
        }
    }
}

/// How much an error means to the operator.
#[derive(Debug, PartialEq, Eq)]
pub enum Weight {
    /// A mistake of ours, and its cause.
    Fault(String),
    /// Something we depend on fails, and how.
    Trouble(String),
    /// Part of every day.
    Expected,
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code().as_str())
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code().status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponseBuilder::new(self.status_code());
        answer.insert_header((
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        ));
        match self {
            Self::Unauthorized | Self::Refused { code: Code::Unauthorized, .. } => {
                answer.insert_header((
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Bearer realm=\"hookferry\""),
                ));
            }
            Self::MethodNotAllowed { allow } => {
                answer.insert_header((header::ALLOW, allow.as_str()));
            }
            Self::Overloaded | Self::DatabaseUnavailable(_) | Self::NotReady { .. } => {
                answer.insert_header((header::RETRY_AFTER, HeaderValue::from_static("1")));
            }
            Self::SourceNotReady { .. } => {
                answer.insert_header((header::RETRY_AFTER, HeaderValue::from_static("60")));
            }
            Self::TooManyTries { seconds } | Self::RateLimited { seconds, .. } => {
                answer.insert_header((header::RETRY_AFTER, seconds.to_string()));
            }
            Self::Conflict { code: Code::TooManyStreams, .. } => {
                answer.insert_header((header::RETRY_AFTER, HeaderValue::from_static("5")));
            }
            Self::InvalidJson { .. }
            | Self::Invalid(_)
            | Self::MissingScope(_)
            | Self::NotFound
            | Self::RequestTimeout
            | Self::Conflict { .. }
            | Self::Refused { .. }
            | Self::TooLarge { .. }
            | Self::Internal(_) => {}
        }
        answer.body(serde_json::to_vec(&self.problem()).unwrap_or_default())
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound => Self::NotFound,
            store::Error::Conflict { code, detail } => {
                Self::Conflict { code: Code::parse(code).unwrap_or(Code::Conflict), detail }
            }
            store::Error::LimitReached { limit, max } => Self::Refused {
                code: Code::LimitReached,
                detail: format!(
                    "the limit `{}` of this company is {max}, and so many are there; the operator \
                     can raise it",
                    limit.as_str()
                ),
            },
            store::Error::RateLimited { limit, max, wait } => {
                let seconds = wait.num_seconds().max(0) + 1;
                let detail = format!(
                    "the limit `{}` of this company is {max}; try again in {seconds} s",
                    limit.as_str()
                );
                Self::RateLimited { detail, seconds }
            }
            store::Error::Suspended => suspended(),
            store::Error::Unauthorized => Self::Unauthorized,
            // Whoever posts events reads the types again; here it was changed too often.
            store::Error::Overloaded | store::Error::TypesChanged => Self::Overloaded,
            store::Error::Unavailable(_) => Self::DatabaseUnavailable(error),
            store::Error::Corrupt { .. }
            | store::Error::MasterKey(_)
            | store::Error::Configuration(_)
            | store::Error::Database(_) => Self::Internal(error.into()),
        }
    }
}

/// The operator has suspended the company.
pub fn suspended() -> ApiError {
    let detail =
        "the operator has suspended this company: it can be read, and nothing is taken in, \
                  sent or changed until it is resumed"
            .to_owned();
    ApiError::Refused { code: Code::CompanySuspended, detail }
}

/// RFC 9457's document.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    errors: Vec<ProblemError>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ProblemError {
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<&'static str>,
    code: &'static str,
    detail: String,
}

impl ProblemError {
    fn of(mistake: &Mistake) -> Self {
        let (mut pointer, mut parameter, mut header) = (None, None, None);
        match &mistake.place {
            Place::Pointer(text) => pointer = Some(text.clone()),
            Place::Parameter(text) => parameter = Some(text.clone()),
            Place::Header(name) => header = Some(*name),
        }
        let (code, detail) = (mistake.code.as_str(), mistake.detail.clone());
        Self { pointer, parameter, header, code, detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_each_place_and_the_shared_code() {
        let mistake = |place, code| Mistake { place, code, detail: "x".into() };
        let one = ApiError::field("/url", Code::UrlRefused, "x");
        assert_eq!((one.code(), one.status_code().as_u16()), (Code::UrlRefused, 422));
        let mixed = ApiError::Invalid(vec![
            mistake(Place::Pointer("/a".into()), Code::UnknownField),
            mistake(Place::Parameter("limit".into()), Code::InvalidParameter),
        ]);
        let problem = serde_json::to_value(mixed.problem()).unwrap();
        assert_eq!(problem["code"], "invalid_request");
        assert_eq!(problem["type"], "urn:hookferry:problem:invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], "/a");
        assert_eq!(problem["errors"][1]["parameter"], "limit");
    }

    #[test]
    fn a_conflict_of_the_store_keeps_its_code_and_an_unpublished_one_does_not_leak() {
        let of =
            |code| ApiError::from(store::Error::Conflict { code, detail: String::new() }).code();
        assert_eq!(of("endpoint_held"), Code::EndpointHeld);
        assert_eq!(of("made_up"), Code::Conflict);
    }

    #[test]
    fn what_passes_says_when_to_come_back() {
        let answer = ApiError::from(store::Error::Overloaded).error_response();
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers().get("retry-after").unwrap(), "1");
        let answer = ApiError::Unauthorized.error_response();
        assert!(answer.headers().contains_key("www-authenticate"));
    }
}
