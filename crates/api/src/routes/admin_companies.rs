//! `/admin/companies`: every company, as the operator sees and changes it.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::CompanyId;
use domain::limits::Limit;
use serde::Serialize;
use store::{Actor, CompanyFilter, CompanyPatch, CompanyStanding};
use utoipa::ToSchema;

use super::account::{COMPANY_NAME_BYTES_MAX, read_email};
use super::path_id;
use crate::auth;
use crate::body;
use crate::code::Code;
use crate::error::ApiError;
use crate::fields::{Fields, Given};
use crate::query::{PageView, Query};
use crate::respond::json;
use crate::schema::{CompanyListParams, CompanyPatchBody, NewCompanyBody, ids};
use crate::serve::Shared;

const SEARCH_BYTES_MAX: usize = 254;

/// A company, as the operator sees it.
#[derive(Debug, Serialize, ToSchema)]
struct StandingView {
    #[schema(value_type = ids::CompanyIdText)]
    id: CompanyId,
    name: String,
    created_at: DateTime<Utc>,
    /// Since when it is suspended; null where it is not.
    suspended_since: Option<DateTime<Utc>>,
    /// The mail addresses of its owners.
    owners: Vec<String>,
    endpoints: EndpointCountsView,
    /// What it may, by the name of each limit.
    #[schema(value_type = BTreeMap<String, SetLimitView>)]
    limits: BTreeMap<&'static str, SetLimitView>,
}

/// How many endpoints there are.
#[derive(Debug, Serialize, ToSchema)]
struct EndpointCountsView {
    total: u64,
    /// Switched on, and failing for long.
    defective: u64,
}

/// One limit of a company.
#[derive(Debug, Serialize, ToSchema)]
struct SetLimitView {
    max: u32,
    /// Whether it is the deployment's, and not the company's own.
    is_default: bool,
}

impl StandingView {
    fn of(standing: CompanyStanding) -> Self {
        let CompanyStanding {
            id,
            name,
            created_at,
            suspended_since,
            owners,
            endpoints,
            defective,
            own_limits,
            limits,
        } = standing;
        let limit = |limit: Limit| {
            let is_default = own_limits.get(limit).is_none();
            (limit.as_str(), SetLimitView { max: limits.get(limit), is_default })
        };
        Self {
            id,
            name,
            created_at,
            suspended_since,
            owners,
            endpoints: EndpointCountsView { total: endpoints, defective },
            limits: Limit::ALL.into_iter().map(limit).collect(),
        }
    }
}

/// Every company, with what is wrong in it at a glance.
#[utoipa::path(get, path = "/api/v1/admin/companies", tag = "Operator", params(CompanyListParams), responses((status = 200, description = "A page of companies, newest first.", body = PageView<StandingView>)))]
pub async fn list_companies(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    auth::operator(&req, &shared)?;
    let mut query = Query::of(&req);
    let page = query.page();
    let filter = CompanyFilter {
        text: query.text("q", SEARCH_BYTES_MAX),
        suspended: query.read("suspended", |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("must be true or false".to_owned()),
        }),
    };
    query.finish()?;
    let page = shared.state.store.company_standings(filter, page).await?;
    json(StatusCode::OK, &PageView::of(page, StandingView::of))
}

/// A new company and its owner; a person with that address becomes its owner as well. Whoever has no
/// password yet asks for a link to choose one.
#[utoipa::path(post, path = "/api/v1/admin/companies", tag = "Operator", request_body = NewCompanyBody, responses((status = 201, description = "The company.", body = StandingView)))]
pub async fn create_company(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let operator = auth::operator(&req, &shared)?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("name");
    fields.require("owner_email");
    let name = fields.line("name", 1..=COMPANY_NAME_BYTES_MAX).value();
    let email = read_email(&mut fields, "owner_email");
    fields.finish()?;
    let (Some(name), Some(email)) = (name, email) else {
        return Err(ApiError::Internal("a company without its fields was taken".into()));
    };
    let store = operator.store(&shared);
    let company =
        store.create_company_by(Actor::Operator, &name, email.as_str(), operator.now).await?;
    let standing = store.company_standing(company.id).await?;
    json(StatusCode::CREATED, &StandingView::of(standing))
}

/// One company.
#[utoipa::path(get, path = "/api/v1/admin/companies/{id}", tag = "Operator", responses((status = 200, description = "The company.", body = StandingView)))]
pub async fn get_company(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    auth::operator(&req, &shared)?;
    Query::of(&req).finish()?;
    let standing = shared.state.store.company_standing(path_id(&req)?).await?;
    json(StatusCode::OK, &StandingView::of(standing))
}

/// Changes what the body names. Suspended, a company takes no events, and nothing of it is sent within
/// two seconds, on every node; its people can log in and read. Resumed, what waited goes out, and the
/// time between counts for nothing.
#[utoipa::path(patch, path = "/api/v1/admin/companies/{id}", tag = "Operator", request_body = CompanyPatchBody, responses((status = 200, description = "The company as it is now.", body = StandingView)))]
pub async fn update_company(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let operator = auth::operator(&req, &shared)?;
    let id = path_id(&req)?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let patch = read_patch(body::text(&body)?)?;
    let store = operator.store(&shared);
    let standing = store.update_company(id, patch, Actor::Operator, operator.now).await?;
    json(StatusCode::OK, &StandingView::of(standing))
}

fn read_patch(text: &str) -> Result<CompanyPatch, ApiError> {
    let mut fields = Fields::parse(text)?;
    let patch = CompanyPatch {
        name: fields.line("name", 1..=COMPANY_NAME_BYTES_MAX).value(),
        limits: read_limits(&mut fields),
        suspended: fields.boolean("suspended").value(),
    };
    fields.finish()?;
    Ok(patch)
}

/// Limits by name; null is the deployment's, also for all of them.
fn read_limits(fields: &mut Fields<'_>) -> Vec<(Limit, Option<u32>)> {
    let raw = match fields.raw("limits") {
        Given::Absent => return Vec::new(),
        Given::Null => return Limit::ALL.map(|limit| (limit, None)).to_vec(),
        Given::Value(raw) => raw,
    };
    let mut inner = match Fields::parse_at(raw.get(), fields.pointer("limits")) {
        Ok(inner) => inner,
        Err(ApiError::Invalid(mistakes)) => {
            fields.add(mistakes);
            return Vec::new();
        }
        Err(other) => {
            fields.mistake("limits", Code::InvalidField, other.detail());
            return Vec::new();
        }
    };
    let mut limits = Vec::new();
    for limit in Limit::ALL {
        let (low, high) = limit.range();
        match inner.integer(limit.as_str(), i64::from(low)..=i64::from(high)) {
            Given::Absent => {}
            Given::Null => limits.push((limit, None)),
            Given::Value(max) => limits.push((limit, u32::try_from(max).ok())),
        }
    }
    if let Err(ApiError::Invalid(mistakes)) = inner.finish() {
        fields.add(mistakes);
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_names_limits_within_their_range() {
        let patch = read_patch(r#"{"limits":{"endpoints":0,"tokens":null}}"#).unwrap();
        assert_eq!(patch.limits, [(Limit::Endpoints, Some(0)), (Limit::Tokens, None)]);
        assert_eq!((patch.name, patch.suspended), (None, None));
        assert_eq!(read_patch(r#"{"limits":null}"#).unwrap().limits.len(), Limit::ALL.len());
        assert_eq!(read_patch("{}").unwrap().limits, []);
        for bad in [
            r#"{"limits":{"endpoints":-1}}"#,
            r#"{"limits":{"event_bytes":262145}}"#,
            r#"{"limits":{"events_per_second":0}}"#,
            r#"{"limits":{"endpoints":1.5}}"#,
            r#"{"limits":{"unheard_of":1}}"#,
            r#"{"limits":[]}"#,
            r#"{"suspended":"yes"}"#,
            r#"{"name":""}"#,
            r#"{"plan":"gold"}"#,
        ] {
            assert_eq!(read_patch(bad).unwrap_err().code().status(), 422, "{bad}");
        }
    }
}
