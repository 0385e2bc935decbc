//! Terms: what rows can be found by.

use domain::delivery::DeliveryState;
use domain::event_type::Selector;

use crate::rows::delivery::{STATE_DELIVERED, history_code};
use crate::{DeliveryFilter, EventFilter};
use domain::search::Needle;

/// What a term is about; the numbers stand in hashes and never change.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Company = 1,
    Type = 2,
    TypePrefix = 3,
    Subject = 4,
    ExternalId = 5,
    Source = 6,
    Endpoint = 7,
    State = 8,
    Status = 9,
    StatusClass = 10,
    Error = 11,
    PhoneNumber = 12,
}

/// A term of a company. Two that are alike cost a look at rows in vain, nothing more: 32 bits are
/// enough inside a slice.
fn term(company: i64, kind: Kind, endpoint: i64, value: &[u8]) -> i64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let head = company.to_le_bytes().into_iter().chain([kind as u8]).chain(endpoint.to_le_bytes());
    for byte in head.chain(value.iter().copied()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    i64::from((hash >> 32) as u32 as i32)
}

/// An event, as far as it can be found.
#[derive(Debug, Clone)]
pub(crate) struct EventFacts {
    pub(crate) company: i64,
    pub(crate) event_type: String,
    pub(crate) source: i64,
    pub(crate) external_id: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) phone_number_id: Option<String>,
}

impl EventFacts {
    /// Its terms; its deliveries are found by them too.
    pub(crate) fn terms(&self) -> Vec<i64> {
        let term = |kind, value: &str| term(self.company, kind, 0, value.as_bytes());
        let mut terms = vec![term(Kind::Type, &self.event_type)];
        let ends = self.event_type.match_indices('.').map(|(end, _)| end);
        terms.extend(ends.map(|end| term(Kind::TypePrefix, &self.event_type[..=end])));
        terms.extend(self.subject.iter().map(|subject| term(Kind::Subject, subject)));
        terms.extend(self.phone_number_id.iter().map(|id| term(Kind::PhoneNumber, id)));
        terms.extend(self.external_id.iter().map(|id| term(Kind::ExternalId, id)));
        if self.source != 0 {
            terms.push(source(self.company, self.source));
        }
        terms
    }
}

fn source(company: i64, source: i64) -> i64 {
    term(company, Kind::Source, 0, &source.to_le_bytes())
}

/// Everything of a company: for tables whose keys do not begin with it.
pub(crate) fn of_company(company: i64) -> Wanted {
    Wanted::one(company_term(company))
}

pub(crate) fn company_term(company: i64) -> i64 {
    term(company, Kind::Company, 0, b"")
}

/// All deliveries to an endpoint.
pub(crate) fn of_endpoint(company: i64, endpoint: i64) -> i64 {
    term(company, Kind::Endpoint, endpoint, b"")
}

/// How a delivery ended.
#[derive(Debug, Clone)]
pub(crate) struct EndFacts {
    pub(crate) company: i64,
    pub(crate) endpoint: i64,
    pub(crate) state: i64,
    pub(crate) status: Option<i64>,
    pub(crate) error: Option<String>,
}

impl EndFacts {
    /// Whether it ended as nearly all do: then it has no terms.
    pub(crate) const fn is_plain(state: i64, status: Option<i64>) -> bool {
        state == STATE_DELIVERED && matches!(status, Some(200))
    }

    /// Its terms, each also together with the endpoint.
    pub(crate) fn terms(&self) -> Vec<i64> {
        let mut terms = Vec::new();
        let mut both = |kind, value: &[u8]| {
            terms.push(term(self.company, kind, 0, value));
            terms.push(term(self.company, kind, self.endpoint, value));
        };
        if self.state != STATE_DELIVERED {
            both(Kind::State, &self.state.to_le_bytes());
        }
        if let Some(error) = &self.error {
            both(Kind::Error, error.as_bytes());
        }
        match self.status {
            Some(status) if status / 100 != 2 => {
                both(Kind::Status, &status.to_le_bytes());
                both(Kind::StatusClass, &(status / 100).to_le_bytes());
            }
            Some(status) if !Self::is_plain(self.state, self.status) => {
                terms.push(term(self.company, Kind::Status, 0, &status.to_le_bytes()));
            }
            Some(_) | None => {}
        }
        terms
    }
}

/// A status that is wanted: one, or a class of a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusWanted {
    /// This one.
    Code(u16),
    /// 5: all of 500 to 599.
    Class(u16),
}

/// By which terms to look; what has one of them is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) terms: Vec<i64>,
    /// Whether they are about how deliveries ended, and so not only in slices.
    pub(crate) ends: bool,
}

impl Wanted {
    fn one(term: i64) -> Self {
        Self { terms: vec![term], ends: false }
    }
}

/// The parts of a filter that are about events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventParts<'a> {
    pub(crate) event_type: Option<&'a Selector>,
    pub(crate) subject: Option<&'a str>,
    pub(crate) external_id: Option<&'a str>,
    pub(crate) source: Option<i64>,
    pub(crate) phone_number_id: Option<&'a str>,
    pub(crate) needle: Option<&'a Needle>,
}

impl<'a> EventParts<'a> {
    pub(crate) fn of_events(filter: &'a EventFilter) -> Self {
        Self {
            event_type: filter.event_type.as_ref(),
            subject: filter.subject.as_deref(),
            external_id: filter.external_id.as_deref(),
            source: filter.source.map(|source| source.raw()),
            phone_number_id: filter.phone_number_id.as_deref(),
            needle: filter.needle.as_ref(),
        }
    }

    pub(crate) fn of_deliveries(filter: &'a DeliveryFilter) -> Self {
        Self {
            event_type: filter.event_type.as_ref(),
            subject: filter.subject.as_deref(),
            external_id: filter.external_id.as_deref(),
            source: None,
            phone_number_id: None,
            needle: filter.needle.as_ref(),
        }
    }

    /// Those that few events share.
    fn rare(self, company: i64) -> Option<Wanted> {
        if let Some(id) = self.external_id {
            return Some(Wanted::one(term(company, Kind::ExternalId, 0, id.as_bytes())));
        }
        if let Some(subject) = self.subject {
            return Some(Wanted::one(term(company, Kind::Subject, 0, subject.as_bytes())));
        }
        let Some(Needle::Text { subjects, external_id, event_type }) = self.needle else {
            return None;
        };
        let mut terms = vec![term(company, Kind::ExternalId, 0, external_id.as_bytes())];
        terms.extend(subjects.iter().map(|text| term(company, Kind::Subject, 0, text.as_bytes())));
        terms.extend(event_type.as_ref().and_then(|selector| of_type(company, selector)));
        Some(Wanted { terms, ends: false })
    }

    fn frequent(self, company: i64) -> Option<Wanted> {
        let number = |id: &str| term(company, Kind::PhoneNumber, 0, id.as_bytes());
        let number = self.phone_number_id.map(number);
        let source = || self.source.map(|id| source(company, id));
        let of_type = || self.event_type.and_then(|selector| of_type(company, selector));
        number.or_else(source).or_else(of_type).map(Wanted::one)
    }

    /// The terms that say most about events.
    pub(crate) fn wanted(self, company: i64) -> Option<Wanted> {
        self.rare(company).or_else(|| self.frequent(company))
    }
}

fn of_type(company: i64, selector: &Selector) -> Option<i64> {
    match selector {
        Selector::All => None,
        Selector::Prefix(prefix) => Some(term(company, Kind::TypePrefix, 0, prefix.as_bytes())),
        Selector::Exact(name) => Some(term(company, Kind::Type, 0, name.as_str().as_bytes())),
    }
}

/// The endpoint that a filter names.
pub(crate) fn endpoint_of(filter: &DeliveryFilter) -> Option<i64> {
    let typed = match &filter.needle {
        Some(Needle::Endpoint(endpoint)) => Some(*endpoint),
        Some(Needle::Event(_) | Needle::Delivery(_) | Needle::Text { .. }) | None => None,
    };
    filter.endpoint.or(typed).map(|endpoint| endpoint.raw())
}

/// The terms that say most about deliveries, of any that never change.
pub(crate) fn lasting(company: i64, filter: &DeliveryFilter) -> Option<Wanted> {
    let parts = EventParts::of_deliveries(filter);
    let endpoint = || endpoint_of(filter).map(|id| Wanted::one(of_endpoint(company, id)));
    parts.rare(company).or_else(endpoint).or_else(|| parts.frequent(company))
}

/// The terms that say most about finished deliveries.
pub(crate) fn finished(company: i64, filter: &DeliveryFilter) -> Option<Wanted> {
    let rare = EventParts::of_deliveries(filter).rare(company);
    rare.or_else(|| of_end(company, filter)).or_else(|| lasting(company, filter))
}

fn of_end(company: i64, filter: &DeliveryFilter) -> Option<Wanted> {
    let endpoint = endpoint_of(filter).unwrap_or(0);
    let ended = |kind, endpoint, value: &[u8]| {
        Some(Wanted { terms: vec![term(company, kind, endpoint, value)], ends: true })
    };
    match filter.status {
        Some(StatusWanted::Code(code)) if code / 100 != 2 => {
            return ended(Kind::Status, endpoint, &i64::from(code).to_le_bytes());
        }
        Some(StatusWanted::Class(class)) if class != 2 => {
            return ended(Kind::StatusClass, endpoint, &i64::from(class).to_le_bytes());
        }
        Some(StatusWanted::Code(code)) if code != 200 => {
            return ended(Kind::Status, 0, &i64::from(code).to_le_bytes());
        }
        Some(StatusWanted::Code(_) | StatusWanted::Class(_)) | None => {}
    }
    if let Some(kind) = filter.error {
        return ended(Kind::Error, endpoint, kind.as_str().as_bytes());
    }
    match filter.state {
        Some(DeliveryState::Delivered | DeliveryState::Pending | DeliveryState::Held) | None => {
            None
        }
        Some(
            state @ (DeliveryState::Exhausted | DeliveryState::Expired | DeliveryState::Canceled),
        ) => {
            let code = history_code(state)?;
            ended(Kind::State, endpoint, &code.to_le_bytes())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_stay_what_they_are() {
        // They stand in the database.
        assert_eq!(term(1, Kind::Subject, 0, b"491701234567"), PINNED);
        assert_ne!(term(2, Kind::Subject, 0, b"491701234567"), PINNED);
        assert_ne!(term(1, Kind::ExternalId, 0, b"491701234567"), PINNED);
        assert_ne!(term(1, Kind::Subject, 5, b"491701234567"), PINNED);
    }
    const PINNED: i64 = 1_939_638_109;

    #[test]
    fn what_is_plain_has_no_terms() {
        let end = |state, status| EndFacts { company: 1, endpoint: 2, state, status, error: None };
        assert!(end(STATE_DELIVERED, Some(200)).terms().is_empty());
        assert_eq!(end(STATE_DELIVERED, Some(204)).terms().len(), 1);
        assert_eq!(end(2, Some(503)).terms().len(), 6);
        assert_eq!(end(2, Some(200)).terms().len(), 3);
        assert_eq!(end(4, None).terms().len(), 2);
    }
}
