//! Why an event did not become a delivery to an endpoint.

use chrono::{DateTime, Utc};

use crate::endpoint::Status;
use crate::selection::Mismatch;

/// Why there is no delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// The endpoint was made after the event had come.
    MadeLater,
    /// Its event types, as they are now, do not pick the event's.
    TypeNotPicked,
    /// Its format, as it is now, has no form for the event's type.
    NoForm,
    /// The event came by a number that is not among its own.
    OtherPhoneNumber,
    /// It asks for another session than the event's.
    OtherSession,
    /// Its filter, as it is now, does not take the event's data.
    FilterDiffers,
    /// It is disabled, and was when the event came, as far as is known.
    Disabled,
    /// It would get the event now: it was disabled then, or did not pick it.
    ChangedSince,
}

impl WhyNot {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::MadeLater,
        Self::TypeNotPicked,
        Self::NoForm,
        Self::OtherPhoneNumber,
        Self::OtherSession,
        Self::FilterDiffers,
        Self::Disabled,
        Self::ChangedSince,
    ];

    /// Decides by what is known of the endpoint now.
    pub fn of(
        made_at: DateTime<Utc>,
        accepted_at: DateTime<Utc>,
        mismatch: Option<Mismatch>,
        status: Status,
    ) -> Self {
        if made_at > accepted_at {
            return Self::MadeLater;
        }
        match mismatch {
            Some(Mismatch::Type) => Self::TypeNotPicked,
            Some(Mismatch::Form) => Self::NoForm,
            Some(Mismatch::PhoneNumber) => Self::OtherPhoneNumber,
            Some(Mismatch::Session) => Self::OtherSession,
            Some(Mismatch::Filter) => Self::FilterDiffers,
            None if status == Status::Disabled => Self::Disabled,
            None => Self::ChangedSince,
        }
    }

    /// The name in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MadeLater => "made_later",
            Self::TypeNotPicked => "type_not_picked",
            Self::NoForm => "no_form",
            Self::OtherPhoneNumber => "other_phone_number",
            Self::OtherSession => "other_session",
            Self::FilterDiffers => "filter_differs",
            Self::Disabled => "disabled",
            Self::ChangedSince => "changed_since",
        }
    }

    /// A sentence.
    pub const fn text(self) -> &'static str {
        match self {
            Self::MadeLater => "The endpoint was made after the event had come.",
            Self::TypeNotPicked => "The endpoint's event types do not pick the event's type.",
            Self::NoForm => "The endpoint's format has no form for the event's type.",
            Self::OtherPhoneNumber => {
                "The event came by a number that is not among the endpoint's phone_number_ids."
            }
            Self::OtherSession => {
                "The endpoint asks for another session than the event's, or the event has none."
            }
            Self::FilterDiffers => "The endpoint's filter does not take the event.",
            Self::Disabled => "The endpoint is disabled.",
            Self::ChangedSince => {
                "When the event came, the endpoint was disabled or did not pick the event."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, TimeZone};

    #[test]
    fn the_first_reason_that_holds_is_told() {
        let came = Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap();
        let why = |later: i64, mismatch, status| {
            WhyNot::of(came + TimeDelta::seconds(later), came, mismatch, status)
        };
        assert_eq!(why(1, Some(Mismatch::Type), Status::Disabled), WhyNot::MadeLater);
        for (mismatch, expected) in [
            (Mismatch::Type, WhyNot::TypeNotPicked),
            (Mismatch::Form, WhyNot::NoForm),
            (Mismatch::PhoneNumber, WhyNot::OtherPhoneNumber),
            (Mismatch::Session, WhyNot::OtherSession),
            (Mismatch::Filter, WhyNot::FilterDiffers),
        ] {
            assert_eq!(why(0, Some(mismatch), Status::Disabled), expected);
        }
        assert_eq!(why(-1, None, Status::Disabled), WhyNot::Disabled);
        for status in [Status::Enabled, Status::Paused, Status::Defective] {
            assert_eq!(why(-1, None, status), WhyNot::ChangedSince);
        }
    }
}
