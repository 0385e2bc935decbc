//! Which endpoints this node may send to where one node alone does, and which lanes it may leave.

use domain::id::{CompanyId, EndpointId};
use domain::traffic::Traffic;
use store::Claimed;

use super::{Lanes, Mode};

impl Lanes {
    /// Lets this node in to a restrained endpoint: from now on it sends, as fast as `traffic` says.
    pub fn let_in(&mut self, endpoint: EndpointId, company: CompanyId, traffic: Traffic) {
        self.let_in.insert(endpoint, traffic);
        self.attach(endpoint, company);
        self.update(endpoint, |lane, _| {
            lane.is_closed = false;
            lane.restrain(traffic);
        });
        self.refresh(endpoint);
    }

    /// Closes a restrained endpoint to this node: nothing of it is taken in or sent. Gives what was
    /// queued, to be released in the database.
    pub fn close(&mut self, endpoint: EndpointId, company: CompanyId) -> Vec<Claimed> {
        self.let_in.remove(&endpoint);
        self.attach(endpoint, company);
        self.update(endpoint, |lane, _| lane.is_closed = true);
        self.take_queued(endpoint)
    }

    /// Closes all that this node has been let in to.
    pub fn close_all(&mut self) -> Vec<Claimed> {
        let endpoints: Vec<EndpointId> =
            self.let_in.drain().map(|(endpoint, _)| endpoint).collect();
        let mut rows = Vec::new();
        for endpoint in endpoints {
            self.update(endpoint, |lane, _| lane.is_closed = true);
            rows.extend(self.take_queued(endpoint));
        }
        rows
    }

    /// Nothing restrains the requests to the endpoint any more.
    pub fn set_free(&mut self, endpoint: EndpointId) {
        self.let_in.remove(&endpoint);
        self.update(endpoint, |lane, _| {
            lane.is_closed = false;
            lane.restrain(Traffic::default());
        });
        self.refresh(endpoint);
    }

    /// Whether the endpoint's lane may be handed over now. Where its owner alone sends, nothing may be under
    /// way. Any other is left at once: each node sends what it takes in, and of an endpoint with steady
    /// traffic there is always something under way.
    pub fn may_be_left(&self, endpoint: EndpointId) -> bool {
        let is_open = self.mode(endpoint).is_none_or(|mode| mode == Mode::Open);
        (is_open && self.restraint(endpoint).is_none()) || self.lane_idle(endpoint)
    }

    /// The endpoint's lane is handed over: this node is in no longer.
    pub fn leave(&mut self, endpoint: EndpointId) {
        if self.let_in.remove(&endpoint).is_some() {
            self.update(endpoint, |lane, _| lane.is_closed = true);
        }
        self.update(endpoint, |lane, limits| {
            if lane.mode == Mode::Slow {
                lane.set_mode(Mode::Held, limits);
            }
        });
    }

    /// What restrains the endpoint, where this node has been let in to it.
    pub fn restraint(&self, endpoint: EndpointId) -> Option<Traffic> {
        self.let_in.get(&endpoint).copied()
    }
}
