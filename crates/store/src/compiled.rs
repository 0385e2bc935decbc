//! A company's endpoints as ingest needs them, kept under the version of its configuration that is
//! read inside each ingest transaction: an endpoint made a moment ago is never missed.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::endpoint::EndpointState;
use domain::event_type::{EventTypeName, Selector};
use domain::id::EndpointId;
use domain::traffic::Traffic;
use parking_lot::Mutex;

/// How many event types' matches are kept for one company; own types are few, typos are refused.
const MATCHES_MAX: usize = 1_000;

/// One company's endpoints at one version of its configuration.
#[derive(Debug)]
pub(crate) struct CompiledCompany {
    pub(crate) version: i64,
    /// Whether the operator has suspended it: it takes no events.
    pub(crate) is_suspended: bool,
    endpoints: Vec<CompiledEndpoint>,
    matches: Mutex<HashMap<EventTypeName, Arc<[u32]>>>,
}

/// One endpoint, as far as fan-out needs it.
#[derive(Debug)]
pub(crate) struct CompiledEndpoint {
    pub(crate) id: EndpointId,
    pub(crate) selectors: Vec<Selector>,
    pub(crate) state: EndpointState,
    pub(crate) traffic: Traffic,
}

impl CompiledCompany {
    pub(crate) fn new(version: i64, is_suspended: bool, endpoints: Vec<CompiledEndpoint>) -> Self {
        Self { version, is_suspended, endpoints, matches: Mutex::default() }
    }

    /// Whether any endpoint picks this type, also one that is switched off.
    pub(crate) fn picks(&self, event_type: &EventTypeName) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.picks(event_type))
    }

    /// The endpoints that get an event of this type, in the order of their ids.
    pub(crate) fn matching(&self, event_type: &EventTypeName) -> Matching<'_> {
        let mut matches = self.matches.lock();
        if let Some(places) = matches.get(event_type) {
            return Matching { endpoints: &self.endpoints, places: Arc::clone(places) };
        }
        let places: Arc<[u32]> = (0u32..)
            .zip(&self.endpoints)
            .filter(|(_, endpoint)| endpoint.takes(event_type))
            .map(|(place, _)| place)
            .collect();
        if matches.len() < MATCHES_MAX {
            matches.insert(event_type.clone(), Arc::clone(&places));
        }
        Matching { endpoints: &self.endpoints, places }
    }
}

impl CompiledEndpoint {
    fn takes(&self, event_type: &EventTypeName) -> bool {
        self.state.takes_events() && self.picks(event_type)
    }

    fn picks(&self, event_type: &EventTypeName) -> bool {
        self.selectors.iter().any(|selector| selector.picks(event_type))
    }

    /// The beginning of a fresh delivery's schedule, in the endpoint's running time.
    pub(crate) fn schedule_began(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.state.running_time(now)
    }
}

/// The endpoints that match one event type.
pub(crate) struct Matching<'a> {
    endpoints: &'a [CompiledEndpoint],
    places: Arc<[u32]>,
}

impl Matching<'_> {
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &CompiledEndpoint> {
        self.places.iter().map(|place| &self.endpoints[*place as usize])
    }
}
