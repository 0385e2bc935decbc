//! What a person may do in a company.

use crate::scope::Scope;

/// A member's role; each may what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Sees events, endpoints and deliveries.
    Viewer,
    /// Changes endpoints, posts events, retries and cancels deliveries.
    Developer,
    /// Manages people, tokens and settings.
    Admin,
    /// Hands over the company, or deletes it.
    Owner,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Developer, Self::Admin, Self::Owner];

    /// The name in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Developer => "developer",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// What a token would have to be able to do to do what this role does.
    pub const fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Viewer => &[Scope::EventsRead, Scope::EndpointsRead, Scope::DeliveriesRead],
            Self::Developer => &[
                Scope::EventsWrite,
                Scope::EventsRead,
                Scope::EndpointsWrite,
                Scope::EndpointsRead,
                Scope::DeliveriesRead,
                Scope::DeliveriesWrite,
            ],
            Self::Admin | Self::Owner => &Scope::ALL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_ones_before_it_may() {
        for pair in Role::ALL.windows(2) {
            assert!(pair[0] < pair[1]);
            for scope in pair[0].scopes() {
                assert!(Scope::allows(pair[1].scopes(), *scope), "{scope:?}");
            }
        }
        assert!(!Scope::allows(Role::Viewer.scopes(), Scope::EventsWrite));
        assert!(!Scope::allows(Role::Developer.scopes(), Scope::Admin));
    }

    #[test]
    fn names_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("root"), None);
    }
}
