//! A delivery: one event on its way to one endpoint.

use chrono::{DateTime, Utc};

/// The state shown of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// On its way, or waiting for its next try.
    Pending,
    /// Waiting, because its endpoint is paused or disabled.
    Held,
    /// The receiver said yes.
    Delivered,
    /// All tries failed, or it became too old.
    Exhausted,
    /// Its event's `expires_at` passed.
    Expired,
    /// A person canceled it, or deleted its endpoint.
    Canceled,
}

impl DeliveryState {
    /// Every state, in the order of the REST API's documentation.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Delivered,
        Self::Exhausted,
        Self::Expired,
        Self::Held,
        Self::Canceled,
    ];

    /// The name in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Exhausted => "exhausted",
            Self::Expired => "expired",
            Self::Canceled => "canceled",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Finish {
    /// The receiver said yes.
    Delivered,
    /// All tries failed, or it became too old.
    Exhausted,
    /// Its event's `expires_at` passed.
    Expired,
    /// A person canceled it, or deleted its endpoint.
    Canceled,
}

impl Finish {
    /// The state shown.
    pub const fn state(self) -> DeliveryState {
        match self {
            Self::Delivered => DeliveryState::Delivered,
            Self::Exhausted => DeliveryState::Exhausted,
            Self::Expired => DeliveryState::Expired,
            Self::Canceled => DeliveryState::Canceled,
        }
    }
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Attempts whose outcome is recorded, over all its schedules.
    pub tries: u32,
    /// How many of them had been made when the present schedule began.
    pub tries_before: u32,
    /// When the present schedule began, in the endpoint's running time
    /// ([`crate::endpoint::EndpointState::running_time`]).
    pub schedule_began: DateTime<Utc>,
    /// When the event stops being worth delivering.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Progress {
    /// A delivery just made.
    pub const fn new(schedule_began: DateTime<Utc>, expires_at: Option<DateTime<Utc>>) -> Self {
        Self { tries: 0, tries_before: 0, schedule_began, expires_at }
    }

    /// The number of the next attempt, from 1.
    pub const fn next_number(&self) -> u32 {
        self.tries + 1
    }

    /// The same delivery with a fresh schedule; its attempt numbers go on.
    pub const fn restarted(self, schedule_began: DateTime<Utc>) -> Self {
        Self { tries_before: self.tries, schedule_began, ..self }
    }
}
