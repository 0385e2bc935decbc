//! The closed list of codes that errors carry; `ERRORS.md` beside this crate is made from it.

use actix_web::http::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident $status:ident $name:literal: $title:literal;)*) => {
        /// What a client is told, for programs: `code` of a problem and of each of its `errors`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $($(#[$doc])* $code,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// Name on the wire, status and title.
            const fn row(self) -> (&'static str, StatusCode, &'static str) {
                match self {
                    $(Self::$code => ($name, StatusCode::$status, $title),)*
                }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    InvalidJson BAD_REQUEST "invalid_json": "The body is not valid JSON";
    /// What a source was sent is no notification.
    MalformedNotification BAD_REQUEST "malformed_notification": "This is no notification of the WhatsApp Cloud API";
    /// No token, or none that works.
    Unauthorized UNAUTHORIZED "unauthorized": "An API token that works is needed";
    /// A notification without a signature that is right.
    BadSignature UNAUTHORIZED "bad_signature": "The notification is not signed with the app secret";
    /// The token may not do this.
    MissingScope FORBIDDEN "missing_scope": "The API token lacks a scope";
    /// No such thing in this company.
    NotFound NOT_FOUND "not_found": "There is no such thing";
    /// The address exists, the method does not.
    MethodNotAllowed METHOD_NOT_ALLOWED "method_not_allowed": "This address does not take that method";
    /// The body did not arrive in time.
    RequestTimeout REQUEST_TIMEOUT "request_timeout": "The body did not arrive in time";
    /// The id was used before for another event.
    KeyReused CONFLICT "key_reused": "The id was used before for another event";
    /// Another endpoint has that `external_key`.
    ExternalKeyTaken CONFLICT "external_key_taken": "Another endpoint has that external_key";
    /// The company has an event type of that name.
    EventTypeExists CONFLICT "event_type_exists": "The company has an event type of that name";
    /// A built-in event type cannot be changed.
    EventTypeBuiltIn CONFLICT "event_type_built_in": "Built-in event types cannot be changed";
    /// Somebody else is changing the event type.
    EventTypeChanged CONFLICT "event_type_changed": "Somebody else is changing the event type";
    /// As many own event types as there may be.
    TooManyEventTypes CONFLICT "too_many_event_types": "As many event types as a company may have";
    /// A custom header without a value to keep.
    HeaderHasNoValue CONFLICT "header_has_no_value": "A custom header has no value that could be kept";
    /// As many older secrets as there may be still sign.
    TooManySecrets CONFLICT "too_many_secrets": "Too many older secrets still sign";
    /// The delivery's endpoint is paused or disabled.
    EndpointHeld CONFLICT "endpoint_held": "The delivery's endpoint is paused or disabled";
    /// The delivery is over.
    DeliveryFinished CONFLICT "delivery_finished": "The delivery is over";
    /// The delivery was canceled while it was being sent.
    DeliveryCanceled CONFLICT "delivery_canceled": "The delivery was canceled while it was being sent";
    /// Another delivery of the same contact goes first.
    DeliveryWaiting CONFLICT "delivery_waiting": "Another delivery of the same contact goes first";
    /// The delivery's event is past its `expires_at`.
    EventExpired CONFLICT "event_expired": "The event is past its expires_at";
    /// The delivery's event was removed by retention.
    EventGone CONFLICT "event_gone": "The event was removed by retention";
    /// The delivery's endpoint was deleted.
    EndpointDeleted CONFLICT "endpoint_deleted": "The delivery's endpoint was deleted";
    /// As many jobs are running as there may be.
    TooManyJobs CONFLICT "too_many_jobs": "As many jobs are running as there may be";
    /// The company has as many inboxes as it may.
    TooManyInboxes CONFLICT "too_many_inboxes": "The company has as many inboxes as it may";
    /// The company has as many sources as it may.
    TooManySources CONFLICT "too_many_sources": "The company has as many sources as it may";
    /// The company's filters have as many regexes as they may.
    TooManyRegexes CONFLICT "too_many_regexes": "The filters of the company have as many regexes as they may";
    /// The job is over.
    JobFinished CONFLICT "job_finished": "The job is over";
    /// Somebody has that address already.
    EmailTaken CONFLICT "email_taken": "Somebody has that mail address";
    /// The address has been proved.
    AlreadyVerified CONFLICT "already_verified": "The mail address has been verified";
    /// As many links work as there may be.
    TooManyLinks CONFLICT "too_many_links": "As many links still work as there may be";
    /// The person is in the company.
    AlreadyMember CONFLICT "already_member": "That person is a member already";
    /// The last owner cannot go or be lowered.
    LastOwner CONFLICT "last_owner": "A company keeps an owner";
    /// The invitation was accepted.
    InvitationAccepted CONFLICT "invitation_accepted": "The invitation was accepted";
    /// The invitation went to another address.
    InvitationForAnother CONFLICT "invitation_for_another": "The invitation is for another address";
    /// No such address with that password.
    WrongCredentials UNAUTHORIZED "wrong_credentials": "Address and password do not belong together";
    /// A token asked for what only people may.
    LoginNeeded FORBIDDEN "login_needed": "A person who is logged in is needed";
    /// The person may not do this.
    RoleTooLow FORBIDDEN "role_too_low": "Your role in the company does not allow that";
    /// A company's token or a person asked for what only the operator may.
    OperatorNeeded FORBIDDEN "operator_needed": "Only the operator's token may do that";
    /// The operator has suspended the company.
    CompanySuspended FORBIDDEN "company_suspended": "The company is suspended";
    /// Sign-up is switched off.
    SignupClosed FORBIDDEN "signup_closed": "Sign-up is switched off";
    /// Meta's question for a callback URL without its verify token.
    WrongVerifyToken FORBIDDEN "wrong_verify_token": "The verify token is missing or wrong";
    /// Another site made the browser send this.
    CrossSite FORBIDDEN "cross_site": "The request came from another site";
    /// The person is in several companies.
    CompanyNeeded UNPROCESSABLE_ENTITY "company_needed": "Name one of your companies";
    /// Too many tries in a row.
    TooManyTries TOO_MANY_REQUESTS "too_many_tries": "Too many tries; wait";
    /// As many live streams are open as there may be.
    TooManyStreams TOO_MANY_REQUESTS "too_many_streams": "As many live streams are open as there may be";
    /// As many addresses as there may be.
    TooManyAddresses CONFLICT "too_many_addresses": "The company has as many addresses as it can have";
    /// No mail server is set.
    MailNotConfigured CONFLICT "mail_not_configured": "No mail server is set";
    /// More was asked for in a time than the company may.
    RateLimited TOO_MANY_REQUESTS "rate_limited": "More than the company may in a time; wait";
    /// Any other conflict with the state of the thing.
    Conflict CONFLICT "conflict": "This does not fit the present state";
    /// A body, a batch or an event is larger than allowed.
    TooLarge PAYLOAD_TOO_LARGE "too_large": "The request is larger than allowed";
    /// Several mistakes of different kinds.
    InvalidRequest UNPROCESSABLE_ENTITY "invalid_request": "The request has several mistakes";
    /// A field that is needed is missing.
    MissingField UNPROCESSABLE_ENTITY "missing_field": "A field is missing";
    /// A field that does not exist.
    UnknownField UNPROCESSABLE_ENTITY "unknown_field": "A field does not exist";
    /// A field of the wrong type or with a wrong value.
    InvalidField UNPROCESSABLE_ENTITY "invalid_field": "A field is not valid";
    /// A query parameter that does not exist or is wrong.
    InvalidParameter UNPROCESSABLE_ENTITY "invalid_parameter": "A query parameter is not valid";
    /// `id` and `Idempotency-Key` at once.
    BothKeys UNPROCESSABLE_ENTITY "both_keys": "Give either id or Idempotency-Key, not both";
    /// An event type that does not exist.
    UnknownEventType UNPROCESSABLE_ENTITY "unknown_event_type": "The event type does not exist";
    /// The event type was archived.
    EventTypeArchived UNPROCESSABLE_ENTITY "event_type_archived": "The event type is archived";
    /// The data does not fit the schema of its type.
    SchemaMismatch UNPROCESSABLE_ENTITY "schema_mismatch": "The data does not fit the schema of its event type";
    /// As much is there as the company may have.
    LimitReached UNPROCESSABLE_ENTITY "limit_reached": "As much is there as the company may have";
    /// Something that this version cannot do yet.
    NotSupported UNPROCESSABLE_ENTITY "not_supported": "This version cannot do that yet";
    /// A URL that cannot be registered.
    UrlRefused UNPROCESSABLE_ENTITY "url_refused": "The URL cannot be registered";
    /// A URL with an address that this installation does not call.
    AddressForbidden UNPROCESSABLE_ENTITY "address_forbidden": "The address is one that this installation does not call";
    /// A mistake of ours.
    Internal INTERNAL_SERVER_ERROR "internal": "Something went wrong on our side";
    /// Too much work is waiting.
    Overloaded SERVICE_UNAVAILABLE "overloaded": "Too much work is waiting; try again soon";
    /// The database cannot be reached or written.
    DatabaseUnavailable SERVICE_UNAVAILABLE "database_unavailable": "The database cannot be reached; try again soon";
    /// The node is starting or stopping.
    NotReady SERVICE_UNAVAILABLE "not_ready": "This node does not take requests now";
    /// The source does not take notifications now.
    SourceNotReady SERVICE_UNAVAILABLE "source_not_ready": "The source does not take notifications now";
}

impl Code {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The code of that name; the store names its conflicts so.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// The status it comes with.
    pub const fn status(self) -> StatusCode {
        self.row().1
    }

    /// What it means, in words that stay the same.
    pub const fn title(self) -> &'static str {
        self.row().2
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
            assert_eq!(Code::parse(code.as_str()), Some(*code));
        }
        assert_eq!(Code::parse("nothing"), None);
    }
}
