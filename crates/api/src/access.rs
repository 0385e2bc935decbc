//! Who may call what: each route of [`crate::routes`] has one of these.

use actix_web::HttpRequest;
use actix_web::http::Method;
use domain::role::Role;
use domain::scope::Scope;

use crate::routes::ROUTES;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Any token that works, and any person who is logged in.
    Signed,
    /// A person who is logged in, whatever company it is about; never a token.
    Person,
    /// A token with this scope, or a member whose role has it.
    Scope(Scope),
    /// A member with at least this role; never a token.
    Role(Role),
    /// The operator's token.
    Operator,
}

/// As it stands in the OpenAPI document: `scope events:read`.
impl std::fmt::Display for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Public => f.write_str("public"),
            Self::Signed => f.write_str("signed"),
            Self::Person => f.write_str("person"),
            Self::Scope(scope) => write!(f, "scope {}", scope.as_str()),
            Self::Role(role) => write!(f, "role {}", role.as_str()),
            Self::Operator => f.write_str("operator"),
        }
    }
}

/// What the table says of the route that a request has found.
pub fn of(req: &HttpRequest) -> Option<Access> {
    let pattern = req.match_pattern()?;
    let method = if req.method() == Method::HEAD { "GET" } else { req.method().as_str() };
    ROUTES.iter().find(|row| row.method == method && row.path == pattern).map(|row| row.access)
}
