//! The one way to ask what time it is. Decisions take `now` as an argument; whoever begins a unit of
//! work asks once.

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time and waits for it. The binary's asks the system; tests turn one by hand.
#[async_trait::async_trait]
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The time now, as the database's clock has it where there are several nodes.
    fn now(&self) -> DateTime<Utc>;

    /// Waits until `span` has passed on this clock.
    async fn sleep(&self, span: TimeDelta);

    /// Told how far the database's clock is ahead of this clock (negative: behind), as a heartbeat
    /// measured it. Clocks that are turned by hand ignore it.
    fn correct(&self, _database_ahead: TimeDelta) {}

    /// Told every second by the only node of a database: it goes by this machine's own time, which may
    /// have been set, or have gone on while the machine slept. Clocks that are turned by hand ignore it.
    fn follow_system(&self) {}
}
