//! The closed list of codes that errors carry; `ERRORS.md` beside this crate is made from it.

use actix_web::http::StatusCode;

/// What a client is told, for programs: `code` of a problem and of each of its `errors`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The body is not JSON.
    InvalidJson,
    /// No token, or none that works.
    Unauthorized,
    /// The token may not do this.
    MissingScope,
    /// No such thing in this company.
    NotFound,
    /// The address exists, the method does not.
    MethodNotAllowed,
    /// The body did not arrive in time.
    RequestTimeout,
    /// The id was used before for another event.
    KeyReused,
    /// Another endpoint has that `external_key`.
    ExternalKeyTaken,
    /// The company has an event type of that name.
    EventTypeExists,
    /// A built-in event type cannot be changed.
    EventTypeBuiltIn,
    /// Somebody else is changing the event type.
    EventTypeChanged,
    /// As many own event types as there may be.
    TooManyEventTypes,
    /// A custom header without a value to keep.
    HeaderHasNoValue,
    /// As many older secrets as there may be still sign.
    TooManySecrets,
    /// The delivery's endpoint is paused or disabled.
    EndpointHeld,
    /// The delivery is over.
    DeliveryFinished,
    /// The delivery was canceled while it was being sent.
    DeliveryCanceled,
    /// Another delivery of the same contact goes first.
    DeliveryWaiting,
    /// The delivery's event is past its `expires_at`.
    EventExpired,
    /// The delivery's event was removed by retention.
    EventGone,
    /// The delivery's endpoint was deleted.
    EndpointDeleted,
    /// As many jobs are running as there may be.
    TooManyJobs,
    /// The company has as many inboxes as it may.
    TooManyInboxes,
    /// The company's filters have as many regexes as they may.
    TooManyRegexes,
    /// The job is over.
    JobFinished,
    /// Somebody has that address already.
    EmailTaken,
    /// The address has been proved.
    AlreadyVerified,
    /// As many links work as there may be.
    TooManyLinks,
    /// The person is in the company.
    AlreadyMember,
    /// The last owner cannot go or be lowered.
    LastOwner,
    /// The invitation was accepted.
    InvitationAccepted,
    /// The invitation went to another address.
    InvitationForAnother,
    /// No such address with that password.
    WrongCredentials,
    /// A token asked for what only people may.
    LoginNeeded,
    /// The person may not do this.
    RoleTooLow,
    /// A company's token or a person asked for what only the operator may.
    OperatorNeeded,
    /// The operator has suspended the company.
    CompanySuspended,
    /// Sign-up is switched off.
    SignupClosed,
    /// Another site made the browser send this.
    CrossSite,
    /// The person is in several companies.
    CompanyNeeded,
    /// Too many tries in a row.
    TooManyTries,
    /// As many live streams are open as there may be.
    TooManyStreams,
    /// As many addresses as there may be.
    TooManyAddresses,
    /// No mail server is set.
    MailNotConfigured,
    /// More was asked for in a time than the company may.
    RateLimited,
    /// Any other conflict with the state of the thing.
    Conflict,
    /// A body, a batch or an event is larger than allowed.
    TooLarge,
    /// Several mistakes of different kinds.
    InvalidRequest,
    /// A field that is needed is missing.
    MissingField,
    /// A field that does not exist.
    UnknownField,
    /// A field of the wrong type or with a wrong value.
    InvalidField,
    /// A query parameter that does not exist or is wrong.
    InvalidParameter,
    /// `id` and `Idempotency-Key` at once.
    BothKeys,
    /// An event type that does not exist.
    UnknownEventType,
    /// The event type was archived.
    EventTypeArchived,
    /// The data does not fit the schema of its type.
    SchemaMismatch,
    /// As much is there as the company may have.
    LimitReached,
    /// Something that this version cannot do yet.
    NotSupported,
    /// A URL that cannot be registered.
    UrlRefused,
    /// A URL with an address that this installation does not call.
    AddressForbidden,
    /// A mistake of ours.
    Internal,
    /// Too much work is waiting.
    Overloaded,
    /// The database cannot be reached or written.
    DatabaseUnavailable,
    /// The node is starting or stopping.
    NotReady,
}

impl Code {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 64] = [
        Self::InvalidJson,
        Self::Unauthorized,
        Self::MissingScope,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::KeyReused,
        Self::ExternalKeyTaken,
        Self::EventTypeExists,
        Self::EventTypeBuiltIn,
        Self::EventTypeChanged,
        Self::TooManyEventTypes,
        Self::HeaderHasNoValue,
        Self::TooManySecrets,
        Self::EndpointHeld,
        Self::DeliveryFinished,
        Self::DeliveryCanceled,
        Self::DeliveryWaiting,
        Self::EventExpired,
        Self::EventGone,
        Self::EndpointDeleted,
        Self::TooManyJobs,
        Self::TooManyInboxes,
        Self::TooManyRegexes,
        Self::JobFinished,
        Self::EmailTaken,
        Self::AlreadyVerified,
        Self::TooManyLinks,
        Self::AlreadyMember,
        Self::LastOwner,
        Self::InvitationAccepted,
        Self::InvitationForAnother,
        Self::WrongCredentials,
        Self::LoginNeeded,
        Self::RoleTooLow,
        Self::OperatorNeeded,
        Self::CompanySuspended,
        Self::SignupClosed,
        Self::CrossSite,
        Self::CompanyNeeded,
        Self::TooManyTries,
        Self::TooManyStreams,
        Self::TooManyAddresses,
        Self::MailNotConfigured,
        Self::RateLimited,
        Self::Conflict,
        Self::TooLarge,
        Self::InvalidRequest,
        Self::MissingField,
        Self::UnknownField,
        Self::InvalidField,
        Self::InvalidParameter,
        Self::BothKeys,
        Self::UnknownEventType,
        Self::EventTypeArchived,
        Self::SchemaMismatch,
        Self::LimitReached,
        Self::NotSupported,
        Self::UrlRefused,
        Self::AddressForbidden,
        Self::Internal,
        Self::Overloaded,
        Self::DatabaseUnavailable,
        Self::NotReady,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::Unauthorized => "unauthorized",
            Self::MissingScope => "missing_scope",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::KeyReused => "key_reused",
            Self::ExternalKeyTaken => "external_key_taken",
            Self::EventTypeExists => "event_type_exists",
            Self::EventTypeBuiltIn => "event_type_built_in",
            Self::EventTypeChanged => "event_type_changed",
            Self::TooManyEventTypes => "too_many_event_types",
            Self::HeaderHasNoValue => "header_has_no_value",
            Self::TooManySecrets => "too_many_secrets",
            Self::EndpointHeld => "endpoint_held",
            Self::DeliveryFinished => "delivery_finished",
            Self::DeliveryCanceled => "delivery_canceled",
            Self::DeliveryWaiting => "delivery_waiting",
            Self::EventExpired => "event_expired",
            Self::EventGone => "event_gone",
            Self::EndpointDeleted => "endpoint_deleted",
            Self::TooManyJobs => "too_many_jobs",
            Self::TooManyInboxes => "too_many_inboxes",
            Self::TooManyRegexes => "too_many_regexes",
            Self::JobFinished => "job_finished",
            Self::EmailTaken => "email_taken",
            Self::AlreadyVerified => "already_verified",
            Self::TooManyLinks => "too_many_links",
            Self::AlreadyMember => "already_member",
            Self::LastOwner => "last_owner",
            Self::InvitationAccepted => "invitation_accepted",
            Self::InvitationForAnother => "invitation_for_another",
            Self::WrongCredentials => "wrong_credentials",
            Self::LoginNeeded => "login_needed",
            Self::RoleTooLow => "role_too_low",
            Self::OperatorNeeded => "operator_needed",
            Self::CompanySuspended => "company_suspended",
            Self::SignupClosed => "signup_closed",
            Self::CrossSite => "cross_site",
            Self::CompanyNeeded => "company_needed",
            Self::TooManyTries => "too_many_tries",
            Self::TooManyStreams => "too_many_streams",
            Self::TooManyAddresses => "too_many_addresses",
            Self::MailNotConfigured => "mail_not_configured",
            Self::RateLimited => "rate_limited",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::InvalidRequest => "invalid_request",
            Self::MissingField => "missing_field",
            Self::UnknownField => "unknown_field",
            Self::InvalidField => "invalid_field",
            Self::InvalidParameter => "invalid_parameter",
            Self::BothKeys => "both_keys",
            Self::UnknownEventType => "unknown_event_type",
            Self::EventTypeArchived => "event_type_archived",
            Self::SchemaMismatch => "schema_mismatch",
            Self::LimitReached => "limit_reached",
            Self::NotSupported => "not_supported",
            Self::UrlRefused => "url_refused",
            Self::AddressForbidden => "address_forbidden",
            Self::Internal => "internal",
            Self::Overloaded => "overloaded",
            Self::DatabaseUnavailable => "database_unavailable",
            Self::NotReady => "not_ready",
        }
    }

    /// The code of that name; the store names its conflicts so.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }

    /// The status it comes with.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidJson => StatusCode::BAD_REQUEST,
            Self::Unauthorized | Self::WrongCredentials => StatusCode::UNAUTHORIZED,
            Self::MissingScope
            | Self::LoginNeeded
            | Self::RoleTooLow
            | Self::OperatorNeeded
            | Self::CompanySuspended
            | Self::SignupClosed
            | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::TooManyTries | Self::TooManyStreams | Self::RateLimited => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::KeyReused
            | Self::ExternalKeyTaken
            | Self::EventTypeExists
            | Self::EventTypeBuiltIn
            | Self::EventTypeChanged
            | Self::TooManyEventTypes
            | Self::HeaderHasNoValue
            | Self::TooManySecrets
            | Self::EndpointHeld
            | Self::DeliveryFinished
            | Self::DeliveryCanceled
            | Self::DeliveryWaiting
            | Self::EventExpired
            | Self::EventGone
            | Self::EndpointDeleted
            | Self::TooManyJobs
            | Self::TooManyInboxes
            | Self::TooManyRegexes
            | Self::JobFinished
            | Self::EmailTaken
            | Self::AlreadyVerified
            | Self::TooManyLinks
            | Self::AlreadyMember
            | Self::LastOwner
            | Self::InvitationAccepted
            | Self::InvitationForAnother
            | Self::TooManyAddresses
            | Self::MailNotConfigured
            | Self::Conflict => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::InvalidRequest
            | Self::MissingField
            | Self::UnknownField
            | Self::InvalidField
            | Self::InvalidParameter
            | Self::BothKeys
            | Self::UnknownEventType
            | Self::EventTypeArchived
            | Self::SchemaMismatch
            | Self::LimitReached
            | Self::NotSupported
            | Self::UrlRefused
            | Self::CompanyNeeded
            | Self::AddressForbidden => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Overloaded | Self::DatabaseUnavailable | Self::NotReady => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// What it means, in words that stay the same.
    pub const fn title(self) -> &'static str {
        match self {
            Self::InvalidJson => "The body is not valid JSON",
            Self::Unauthorized => "An API token that works is needed",
            Self::MissingScope => "The API token lacks a scope",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "This address does not take that method",
            Self::RequestTimeout => "The body did not arrive in time",
            Self::KeyReused => "The id was used before for another event",
            Self::ExternalKeyTaken => "Another endpoint has that external_key",
            Self::EventTypeExists => "The company has an event type of that name",
            Self::EventTypeBuiltIn => "Built-in event types cannot be changed",
            Self::EventTypeChanged => "Somebody else is changing the event type",
            Self::TooManyEventTypes => "As many event types as a company may have",
            Self::HeaderHasNoValue => "A custom header has no value that could be kept",
            Self::TooManySecrets => "Too many older secrets still sign",
            Self::EndpointHeld => "The delivery's endpoint is paused or disabled",
            Self::DeliveryFinished => "The delivery is over",
            Self::DeliveryCanceled => "The delivery was canceled while it was being sent",
            Self::DeliveryWaiting => "Another delivery of the same contact goes first",
            Self::EventExpired => "The event is past its expires_at",
            Self::EventGone => "The event was removed by retention",
            Self::EndpointDeleted => "The delivery's endpoint was deleted",
            Self::TooManyJobs => "As many jobs are running as there may be",
            Self::TooManyInboxes => "The company has as many inboxes as it may",
            Self::TooManyRegexes => "The filters of the company have as many regexes as they may",
            Self::JobFinished => "The job is over",
            Self::EmailTaken => "Somebody has that mail address",
            Self::AlreadyVerified => "The mail address has been verified",
            Self::TooManyLinks => "As many links still work as there may be",
            Self::AlreadyMember => "That person is a member already",
            Self::LastOwner => "A company keeps an owner",
            Self::InvitationAccepted => "The invitation was accepted",
            Self::InvitationForAnother => "The invitation is for another address",
            Self::WrongCredentials => "Address and password do not belong together",
            Self::LoginNeeded => "A person who is logged in is needed",
            Self::RoleTooLow => "Your role in the company does not allow that",
            Self::OperatorNeeded => "Only the operator's token may do that",
            Self::CompanySuspended => "The company is suspended",
            Self::SignupClosed => "Sign-up is switched off",
            Self::CrossSite => "The request came from another site",
            Self::CompanyNeeded => "Name one of your companies",
            Self::TooManyTries => "Too many tries; wait",
            Self::TooManyStreams => "As many live streams are open as there may be",
            Self::TooManyAddresses => "The company has as many addresses as it can have",
            Self::MailNotConfigured => "No mail server is set",
            Self::RateLimited => "More than the company may in a time; wait",
            Self::Conflict => "This does not fit the present state",
            Self::TooLarge => "The request is larger than allowed",
            Self::InvalidRequest => "The request has several mistakes",
            Self::MissingField => "A field is missing",
            Self::UnknownField => "A field does not exist",
            Self::InvalidField => "A field is not valid",
            Self::InvalidParameter => "A query parameter is not valid",
            Self::BothKeys => "Give either id or Idempotency-Key, not both",
            Self::UnknownEventType => "The event type does not exist",
            Self::EventTypeArchived => "The event type is archived",
            Self::SchemaMismatch => "The data does not fit the schema of its event type",
            Self::LimitReached => "As much is there as the company may have",
            Self::NotSupported => "This version cannot do that yet",
            Self::UrlRefused => "The URL cannot be registered",
            Self::AddressForbidden => "The address is one that this installation does not call",
            Self::Internal => "Something went wrong on our side",
            Self::Overloaded => "Too much work is waiting; try again soon",
            Self::DatabaseUnavailable => "The database cannot be reached; try again soon",
            Self::NotReady => "This node does not take requests now",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> String {
        let mut text = String::from(
            "# Error codes\n\nEvery error is `application/problem+json` (RFC 9457) with `type` \
             `urn:hookferry:problem:<code>`.\nThis list is closed; a test of this crate checks it \
             against the code.\n\n| status | code | title |\n| --- | --- | --- |\n",
        );
        for code in Code::ALL {
            let row = format!(
                "| {} | `{}` | {} |\n",
                code.status().as_u16(),
                code.as_str(),
                code.title()
            );
            text.push_str(&row);
        }
        text
    }

    #[test]
    fn the_published_list_is_the_list() {
        assert_eq!(table(), include_str!("../ERRORS.md"), "put the left side into ERRORS.md");
    }

    #[test]
    fn names_are_unique_and_read_back() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(code));
        }
        assert_eq!(Code::parse("nothing"), None);
    }
}
