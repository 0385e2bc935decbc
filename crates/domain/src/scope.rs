//! What an API token may do.

/// A scope of an API token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Post events.
    EventsWrite,
    /// Read events.
    EventsRead,
    /// Make, change and delete endpoints; see and rotate their secrets; trigger samples.
    EndpointsWrite,
    /// Read endpoints.
    EndpointsRead,
    /// Read deliveries and kept mails.
    DeliveriesRead,
    /// Retry and cancel deliveries.
    DeliveriesWrite,
    /// Everything, tokens included.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 7] = [
        Self::EventsWrite,
        Self::EventsRead,
        Self::EndpointsWrite,
        Self::EndpointsRead,
        Self::DeliveriesRead,
        Self::DeliveriesWrite,
        Self::Admin,
    ];

    /// The name in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventsWrite => "events:write",
            Self::EventsRead => "events:read",
            Self::EndpointsWrite => "endpoints:write",
            Self::EndpointsRead => "endpoints:read",
            Self::DeliveriesRead => "deliveries:read",
            Self::DeliveriesWrite => "deliveries:write",
            Self::Admin => "admin",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// Whether a token with `granted` may do what needs `wanted`; `admin` may everything.
    pub fn allows(granted: &[Self], wanted: Self) -> bool {
        granted.iter().any(|scope| *scope == wanted || *scope == Self::Admin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_admin_may_everything() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
            assert!(Scope::allows(&[Scope::Admin], scope));
            assert!(!Scope::allows(&[], scope));
        }
        assert_eq!(Scope::parse("events"), None);
        assert!(Scope::allows(&[Scope::EventsRead], Scope::EventsRead));
        assert!(!Scope::allows(&[Scope::EventsWrite], Scope::EventsRead));
    }
}
