//! What a receiver asked for with Retry-After: nothing comes before a time.

use chrono::{DateTime, Utc};
use domain::id::EndpointId;

use super::Lanes;

impl Lanes {
    /// Nothing is sent to the endpoint before `until`; a receiver asked for it at `now`. An earlier wish
    /// that reaches further stays.
    pub fn hold_until(&mut self, endpoint: EndpointId, until: DateTime<Utc>, now: DateTime<Utc>) {
        self.update(endpoint, |lane, _| lane.hold(until, now));
        self.refresh(endpoint);
    }

    /// Takes over the hold that the database had at `seen_at`, unless a receiver has asked for one since.
    pub fn take_over_hold(
        &mut self,
        endpoint: EndpointId,
        hold: Option<DateTime<Utc>>,
        seen_at: DateTime<Utc>,
    ) {
        self.update(endpoint, |lane, _| lane.take_over_hold(hold, seen_at));
        self.refresh(endpoint);
    }

    /// Takes over the hold that the database has, which a person may have lifted.
    pub fn set_hold(&mut self, endpoint: EndpointId, hold: Option<DateTime<Utc>>) {
        self.update(endpoint, |lane, _| lane.hold_until = hold);
        self.refresh(endpoint);
    }

    /// The endpoints of which something is queued, or that are on hold, in no order: with that hold.
    pub fn holds(&self) -> impl Iterator<Item = (EndpointId, Option<DateTime<Utc>>)> + '_ {
        let concerned = self.lanes.iter();
        let concerned =
            concerned.filter(|(_, lane)| lane.queued() > 0 || lane.hold_until.is_some());
        concerned.map(|(endpoint, lane)| (*endpoint, lane.hold_until))
    }
}
