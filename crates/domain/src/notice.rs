//! Which mail about an endpoint is sent, and when: each kind at most once in 24 hours; one held back
//! is sent when they are over, unless it has been undone by then (product.md, delivery rule 6).

use chrono::{DateTime, TimeDelta, Utc};

use crate::endpoint::Transition;

/// How long a kind of mail about one endpoint keeps quiet after it was sent.
pub const QUIET: TimeDelta = TimeDelta::hours(24);

/// The kinds of mail about an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    /// The streak reached the early warning.
    Warning,
    /// The endpoint became Defective.
    Defective,
    /// The endpoint works again.
    Recovered,
    /// A 410 disabled the endpoint.
    DisabledByGone,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [Self; 4] =
        [Self::Warning, Self::Defective, Self::Recovered, Self::DisabledByGone];

    /// The name in rows and in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "endpoint_warning",
            Self::Defective => "endpoint_defective",
            Self::Recovered => "endpoint_recovered",
            Self::DisabledByGone => "endpoint_disabled",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The kind of mail that tells about `transition`, where one does.
    pub const fn about(transition: Transition) -> Option<Self> {
        match transition {
            Transition::Warned => Some(Self::Warning),
            Transition::FoundDefective => Some(Self::Defective),
            Transition::StreakEnded => None,
            Transition::Recovered => Some(Self::Recovered),
            Transition::DisabledByGone => Some(Self::DisabledByGone),
        }
    }
}

/// The kinds whose held-back mails are no longer true after `transition`.
pub const fn undone_by(transition: Transition) -> &'static [NoticeKind] {
    match transition {
        Transition::Warned | Transition::DisabledByGone => &[],
        Transition::FoundDefective => &[NoticeKind::Recovered, NoticeKind::Warning],
        Transition::StreakEnded => &[NoticeKind::Warning],
        Transition::Recovered => &[NoticeKind::Warning, NoticeKind::Defective],
    }
}

/// What is known of earlier mails of one kind about one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NoticeMemory {
    /// When the last one was sent, or is to be sent.
    pub last_due: Option<DateTime<Utc>>,
}

/// When a mail of a kind about one endpoint may go out: at once, or when the quiet time of the
/// last one is over. `None`: one is already waiting for that moment.
pub fn due(memory: NoticeMemory, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match memory.last_due {
        Some(last) if last > now => None,
        Some(last) => Some(now.max(last + QUIET)),
        None => Some(now),
    }
}

/// Whether a recovery is told: only to those who were told that something was wrong.
pub const fn tells_recovery(defective_was_held_back: bool) -> bool {
    !defective_was_held_back
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn each_kind_once_in_24_hours_and_the_next_waits_for_the_end() {
        let noon = Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap();
        let after = |last_due| due(NoticeMemory { last_due }, noon);
        assert_eq!(after(None), Some(noon));
        assert_eq!(after(Some(noon - QUIET)), Some(noon));
        assert_eq!(after(Some(noon - TimeDelta::hours(1))), Some(noon + TimeDelta::hours(23)));
        assert_eq!(after(Some(noon + TimeDelta::hours(3))), None);
    }
}
