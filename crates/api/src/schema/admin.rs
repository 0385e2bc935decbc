//! What the operator looks for, makes and changes.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Which companies the operator looks at.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CompanyListParams {
    /// Only the company with this id, those with this in their name, and those that somebody with this
    /// mail address owns.
    #[param(min_length = 1, max_length = 254)]
    q: Option<String>,
    /// Only those that are suspended, or that are not.
    suspended: Option<bool>,
}

/// A new company.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCompanyBody {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[schema(format = Email, max_length = 254)]
    owner_email: String,
}

/// What changes of a company.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompanyPatchBody {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Whether it is suspended.
    suspended: Option<bool>,
    /// Limits of its own; null goes back to the deployment's.
    limits: Option<OwnLimitsBody>,
}

/// Limits that a company has of its own; what is null is the deployment's.
#[derive(Deserialize, ToSchema)]
#[schema(as = OwnLimits)]
#[serde(deny_unknown_fields)]
pub struct OwnLimitsBody {
    #[schema(minimum = 0, maximum = 100_000)]
    endpoints: Option<u32>,
    #[schema(minimum = 1, maximum = 10_000_000)]
    events_per_second: Option<u32>,
    #[schema(minimum = 1, maximum = 100_000)]
    samples_per_minute: Option<u32>,
    #[schema(minimum = 1, maximum = 262_144)]
    event_bytes: Option<u32>,
    #[schema(minimum = 0, maximum = 100_000)]
    invitations_per_day: Option<u32>,
    #[schema(minimum = 0, maximum = 100_000)]
    tokens: Option<u32>,
    #[schema(minimum = 1, maximum = 100_000)]
    members: Option<u32>,
}
