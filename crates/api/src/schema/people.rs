//! People: who signs up, logs in and is asked into a company.

use serde::Deserialize;
use utoipa::ToSchema;

/// A new company and its owner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUpBody {
    #[schema(min_length = 1, max_length = 100)]
    company_name: String,
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// What the person is called.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Neither common nor the address.
    #[schema(format = Password, min_length = 10, max_length = 256)]
    password: String,
}

/// Who logs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginBody {
    #[schema(format = Email, max_length = 254)]
    email: String,
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    password: String,
}

/// What changes about a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonPatchBody {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// What the link that was mailed carries.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenBody {
    #[schema(min_length = 1, max_length = 128)]
    token: String,
}

/// Whose password is to be chosen anew.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailBody {
    #[schema(format = Email, max_length = 254)]
    email: String,
}

/// A new password, by the link that was mailed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    #[schema(min_length = 1, max_length = 128)]
    token: String,
    #[schema(format = Password, min_length = 10, max_length = 256)]
    password: String,
}

/// Another password of one's own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChangeBody {
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    current_password: String,
    #[schema(format = Password, min_length = 10, max_length = 256)]
    new_password: String,
}

/// Another address of one's own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailChangeBody {
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// The present password.
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    password: String,
}

/// What a member is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleBody {
    role: RoleSchema,
}

/// What a person may; each may what the ones before it may.
#[derive(Deserialize, ToSchema)]
#[schema(as = Role)]
#[serde(rename_all = "snake_case")]
pub enum RoleSchema {
    Viewer,
    Developer,
    Admin,
    Owner,
}

/// Whom to ask into the company.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationBody {
    #[schema(format = Email, max_length = 254)]
    email: String,
    role: RoleSchema,
}

/// Who accepts an invitation: somebody new with a password, or whoever is logged in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitationBody {
    #[schema(min_length = 1, max_length = 128)]
    token: String,
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[schema(format = Password, min_length = 10, max_length = 256)]
    password: Option<String>,
}
