//! Why an event did not become a delivery to an endpoint.

use chrono::{DateTime, Utc};

use crate::endpoint::Status;

/// Why there is no delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// The endpoint was made after the event had come.
    MadeLater,
    /// Its event types, as they are now, do not pick the event's.
    TypeNotPicked,
    /// It is disabled, and was when the event came, as far as is known.
    Disabled,
    /// It would get the event now: it was disabled then, or did not pick its type.
    ChangedSince,
}

impl WhyNot {
    /// Every reason.
    pub const ALL: [Self; 4] =
        [Self::MadeLater, Self::TypeNotPicked, Self::Disabled, Self::ChangedSince];

    /// Decides by what is known of the endpoint now.
    pub fn of(
        made_at: DateTime<Utc>,
        accepted_at: DateTime<Utc>,
        picks_type: bool,
        status: Status,
    ) -> Self {
        if made_at > accepted_at {
            Self::MadeLater
        } else if !picks_type {
            Self::TypeNotPicked
        } else if status == Status::Disabled {
            Self::Disabled
        } else {
            Self::ChangedSince
        }
    }

    /// The name in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MadeLater => "made_later",
            Self::TypeNotPicked => "type_not_picked",
            Self::Disabled => "disabled",
            Self::ChangedSince => "changed_since",
        }
    }

    /// A sentence.
    pub const fn text(self) -> &'static str {
        match self {
            Self::MadeLater => "The endpoint was made after the event had come.",
            Self::TypeNotPicked => "The endpoint's event types do not pick the event's type.",
            Self::Disabled => "The endpoint is disabled.",
            Self::ChangedSince => {
                "When the event came, the endpoint was disabled or did not pick its type."
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
        let why = |later: i64, picks, status| {
            WhyNot::of(came + TimeDelta::seconds(later), came, picks, status)
        };
        assert_eq!(why(1, false, Status::Disabled), WhyNot::MadeLater);
        assert_eq!(why(0, false, Status::Disabled), WhyNot::TypeNotPicked);
        assert_eq!(why(-1, true, Status::Disabled), WhyNot::Disabled);
        for status in [Status::Enabled, Status::Paused, Status::Defective] {
            assert_eq!(why(-1, true, status), WhyNot::ChangedSince);
        }
    }
}
