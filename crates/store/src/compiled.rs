//! A company's endpoints as ingest needs them, kept under the version of its configuration that is
//! read inside each ingest transaction: an endpoint made a moment ago is never missed.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::endpoint::EndpointState;
use domain::event::NewEvent;
use domain::event_type::{EventTypeName, Selector};
use domain::filter::Filter;
use domain::format::Format;
use domain::id::EndpointId;
use domain::selection::{Narrowing, Selection, SessionState, SessionWanted, by_type};
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
    matches: Mutex<HashMap<EventTypeName, Chosen>>,
}

/// One endpoint, as far as fan-out needs it.
#[derive(Debug)]
pub(crate) struct CompiledEndpoint {
    pub(crate) id: EndpointId,
    pub(crate) selectors: Vec<Selector>,
    pub(crate) format: Format,
    pub(crate) narrowing: Narrowing,
    pub(crate) state: EndpointState,
    pub(crate) traffic: Traffic,
}

/// Endpoints of a company, by their places, in the order of their ids. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chosen {
    places: Arc<[u32]>,
    /// Whether any of them asks for more than the type: for numbers or data, for a session. Where none
    /// does, which is the rule, nobody looks into the event.
    by_data: bool,
    by_session: bool,
}

impl Chosen {
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether the event's session decides about any of them.
    pub(crate) const fn asks_for_sessions(&self) -> bool {
        self.by_session
    }
}

impl CompiledCompany {
    pub(crate) fn new(version: i64, is_suspended: bool, endpoints: Vec<CompiledEndpoint>) -> Self {
        Self { version, is_suspended, endpoints, matches: Mutex::default() }
    }

    /// Whether any endpoint picks this type and can be told of it, also one that is switched off.
    pub(crate) fn picks(&self, event_type: &EventTypeName) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.picks(event_type))
    }

    /// The endpoints that may get an event of this type.
    pub(crate) fn of_type(&self, event_type: &EventTypeName) -> Chosen {
        let mut matches = self.matches.lock();
        if let Some(chosen) = matches.get(event_type) {
            return chosen.clone();
        }
        let takes = |endpoint: &&CompiledEndpoint| {
            endpoint.state.takes_events() && endpoint.picks(event_type)
        };
        let chosen = Chosen {
            places: (0u32..)
                .zip(&self.endpoints)
                .filter(|(_, endpoint)| takes(endpoint))
                .map(|(place, _)| place)
                .collect(),
            by_data: self.endpoints.iter().filter(takes).any(|e| e.narrowing.asks_for_data()),
            by_session: self
                .endpoints
                .iter()
                .filter(takes)
                .any(|e| e.narrowing.session != SessionWanted::Any),
        };
        if matches.len() < MATCHES_MAX {
            matches.insert(event_type.clone(), chosen.clone());
        }
        chosen
    }

    /// The endpoints that an event goes to, whatever its session is.
    pub(crate) fn chosen(&self, event: &NewEvent) -> Chosen {
        let of_type = self.of_type(&event.event_type);
        if !of_type.by_data {
            return of_type;
        }
        let number = event.phone_number_id.as_deref();
        let selection = Selection::new(&event.event_type, &event.data, number, None);
        self.narrowed(&of_type, |narrowing| selection.fits(narrowing))
    }

    /// Whether any of the endpoints that get events of this type asks for more than the type.
    pub(crate) fn asks_for_data(&self, event_type: &EventTypeName) -> bool {
        self.of_type(event_type).by_data
    }

    /// Those of them that take an event in this session.
    pub(crate) fn in_session(&self, chosen: &Chosen, session: Option<SessionState>) -> Chosen {
        self.narrowed(chosen, |narrowing| narrowing.session.takes(session))
    }

    fn narrowed(&self, chosen: &Chosen, takes: impl Fn(&Narrowing) -> bool) -> Chosen {
        let places = chosen.places.iter().copied();
        let takes = |place: &u32| takes(&self.endpoints[*place as usize].narrowing);
        Chosen { places: places.filter(takes).collect(), ..*chosen }
    }

    /// The endpoints themselves.
    pub(crate) fn at<'a>(
        &'a self,
        chosen: &'a Chosen,
    ) -> impl Iterator<Item = &'a CompiledEndpoint> {
        chosen.places.iter().map(|place| &self.endpoints[*place as usize])
    }

    /// The filters of all endpoints, by their texts.
    pub(crate) fn filters(&self) -> HashMap<&str, &Filter> {
        let filters = self.endpoints.iter().filter_map(|e| e.narrowing.filter.as_ref());
        filters.map(|filter| (filter.as_str(), filter)).collect()
    }
}

impl CompiledEndpoint {
    fn picks(&self, event_type: &EventTypeName) -> bool {
        by_type(&self.selectors, self.format, event_type).is_ok()
    }

    /// The beginning of a fresh delivery's schedule, in the endpoint's running time.
    pub(crate) fn schedule_began(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.state.running_time(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::CompanyId;
    use domain::selection::PhoneNumberIds;

    fn endpoint(id: i64, format: Format, narrowing: Narrowing) -> CompiledEndpoint {
        CompiledEndpoint {
            id: EndpointId::from_raw(id),
            selectors: vec![Selector::parse("*").unwrap()],
            format,
            narrowing,
            state: EndpointState::new(),
            traffic: Traffic::default(),
        }
    }

    fn event(event_type: &str) -> NewEvent {
        NewEvent {
            company: CompanyId::from_raw(1),
            event_type: EventTypeName::parse(event_type).unwrap(),
            data: Arc::from(br#"{"message":{"type":"text"}}"#.as_slice()),
            source: None,
            external_id: None,
            subject: None,
            phone_number_id: Some("1".into()),
            occurred_at: None,
            expires_at: None,
            judged: None,
        }
    }

    fn ids(company: &CompiledCompany, chosen: &Chosen) -> Vec<i64> {
        company.at(chosen).map(|endpoint| endpoint.id.raw()).collect()
    }

    #[test]
    fn where_nobody_narrows_the_list_of_the_type_is_shared() {
        let plain = |id, format| endpoint(id, format, Narrowing::default());
        let company = CompiledCompany::new(
            1,
            false,
            vec![plain(1, Format::Hookferry), plain(2, Format::Meta), plain(3, Format::WATI_V2)],
        );
        let received = event("message.received");
        let (first, second) = (company.chosen(&received), company.chosen(&received));
        assert_eq!(ids(&company, &first), [1, 2, 3]);
        assert!(Arc::ptr_eq(&first.places, &second.places));
        assert!(!first.asks_for_sessions());
        assert_eq!(ids(&company, &company.chosen(&event("session.started"))), [1]);
        assert_eq!(ids(&company, &company.chosen(&event("contact.created"))), [1, 3]);
    }

    #[test]
    fn numbers_data_and_sessions_narrow_it_down() {
        let numbers = |id: &str| Narrowing {
            phone_number_ids: PhoneNumberIds::parse(vec![id.into()]).ok(),
            ..Narrowing::default()
        };
        let filter = |value: &str| {
            let text = format!(r#"{{"field":"message.type","eq":"{value}"}}"#);
            Narrowing { filter: Filter::parse(&text).ok(), ..Narrowing::default() }
        };
        let session =
            |state| Narrowing { session: SessionWanted::Only(state), ..Narrowing::default() };
        let narrowings = [
            numbers("1"),
            numbers("2"),
            filter("text"),
            filter("image"),
            session(SessionState::Active),
            session(SessionState::Inactive),
            Narrowing::default(),
        ];
        let endpoints = (1..).zip(narrowings);
        let endpoints = endpoints.map(|(id, narrowing)| endpoint(id, Format::Hookferry, narrowing));
        let company = CompiledCompany::new(1, false, endpoints.collect());
        let chosen = company.chosen(&event("message.received"));
        assert_eq!(ids(&company, &chosen), [1, 3, 5, 6, 7]);
        assert!(chosen.asks_for_sessions());
        let of = |session| ids(&company, &company.in_session(&chosen, session));
        assert_eq!(of(Some(SessionState::Active)), [1, 3, 5, 7]);
        assert_eq!(of(Some(SessionState::Inactive)), [1, 3, 6, 7]);
        assert_eq!(of(None), [1, 3, 7]);
        assert_eq!(company.filters().len(), 2);
    }
}
