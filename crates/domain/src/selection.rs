//! Which events an endpoint takes: by their type, by whether its format has a form for it, and by what it
//! narrows that down to (the company's numbers, sessions, the data).
//!
//! An event that came by no number at all (templates, accounts, what the engine tells) is no other
//! number's, and is taken. A session is asked for by name: an event without one, as all are that are not
//! of messages, is neither in an active nor in an inactive one, and only `any` takes it.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::event::PHONE_NUMBER_ID_BYTES_MAX;
use crate::event_type::{EventTypeName, Selector};
use crate::filter::{Document, Explanation, Filter};
use crate::format::Format;

/// How many of the company's numbers an endpoint may name.
pub const PHONE_NUMBER_IDS_MAX: usize = 100;
/// The member of an event's data that says by which number it came, where the event itself does not.
const NUMBER_IN_DATA: &str = "phone_number_id";

/// Numbers of the company's, as Meta calls them: 1 to [`PHONE_NUMBER_IDS_MAX`], each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneNumberIds(Arc<[String]>);

/// Why a list is not such numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhoneNumberIdsError {
    /// There are none, or too many.
    #[error("must be a list of 1 to {PHONE_NUMBER_IDS_MAX} strings")]
    Count,
    /// One cannot be a number's id.
    #[error("must have 1 to {PHONE_NUMBER_ID_BYTES_MAX} bytes and no control characters")]
    Item {
        /// Which one, from 0.
        index: usize,
    },
}

impl PhoneNumberIds {
    /// Checks a list; what stands there twice is kept once.
    pub fn parse(texts: Vec<String>) -> Result<Self, PhoneNumberIdsError> {
        if texts.is_empty() || texts.len() > PHONE_NUMBER_IDS_MAX {
            return Err(PhoneNumberIdsError::Count);
        }
        let mut ids: Vec<String> = Vec::with_capacity(texts.len());
        for (index, text) in texts.into_iter().enumerate() {
            let fits = (1..=PHONE_NUMBER_ID_BYTES_MAX).contains(&text.len());
            if !fits || text.chars().any(char::is_control) {
                return Err(PhoneNumberIdsError::Item { index });
            }
            if !ids.contains(&text) {
                ids.push(text);
            }
        }
        Ok(Self(ids.into()))
    }

    /// The ids, in the order in which they were given.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

/// Whether both sides have written in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// They have.
    Active,
    /// They have not.
    Inactive,
}

impl SessionState {
    /// The name in the REST API and in an event's session.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Inactive].into_iter().find(|state| state.as_str() == name)
    }

    /// The state in the session that an event carries, as JSON.
    pub fn of_json(session: &[u8]) -> Option<Self> {
        Self::parse(&Document::parse(session).text("state")?)
    }
}

/// Which sessions an endpoint asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionWanted {
    /// Whatever they are, and where there is none.
    #[default]
    Any,
    /// Those in this state.
    Only(SessionState),
}

impl SessionWanted {
    /// The name in the REST API and in the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Only(state) => state.as_str(),
        }
    }

    /// The choice of that name.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "any" { Some(Self::Any) } else { SessionState::parse(name).map(Self::Only) }
    }

    /// Whether an event with this session is asked for.
    pub fn takes(self, session: Option<SessionState>) -> bool {
        match self {
            Self::Any => true,
            Self::Only(state) => session == Some(state),
        }
    }
}

/// What an endpoint asks of an event beyond its type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Narrowing {
    /// By which numbers it came.
    pub phone_number_ids: Option<PhoneNumberIds>,
    /// In which session.
    pub session: SessionWanted,
    /// What stands in its data.
    pub filter: Option<Filter>,
}

impl Narrowing {
    /// Whether it asks for nothing, so that an event's type says all.
    pub fn is_none(&self) -> bool {
        self.phone_number_ids.is_none()
            && self.session == SessionWanted::Any
            && self.filter.is_none()
    }

    /// Whether only a look into the data may tell.
    pub const fn asks_for_data(&self) -> bool {
        self.phone_number_ids.is_some() || self.filter.is_some()
    }
}

/// What an endpoint has that events are chosen by.
#[derive(Debug, Clone, Copy)]
pub struct Picks<'a> {
    /// Its event types.
    pub selectors: &'a [Selector],
    /// Its format.
    pub format: Format,
    /// The rest.
    pub narrowing: &'a Narrowing,
}

/// Why an endpoint does not take an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// Its event types do not pick the event's.
    Type,
    /// Its format has no form for the type.
    Form,
    /// The event came by another number.
    PhoneNumber,
    /// The event's session is in another state, or there is none.
    Session,
    /// Its filter does not take the data.
    Filter,
}

/// Whether event types pick a type and a format has a form for it: what can be told of a type alone.
pub fn by_type(
    selectors: &[Selector],
    format: Format,
    event_type: &EventTypeName,
) -> Result<(), Mismatch> {
    if !selectors.iter().any(|selector| selector.picks(event_type)) {
        Err(Mismatch::Type)
    } else if !format.has_form(event_type) {
        Err(Mismatch::Form)
    } else {
        Ok(())
    }
}

/// An event, as far as endpoints choose by it. Its data is read once, and only where one asks.
#[derive(Debug)]
pub struct Selection<'a> {
    event_type: &'a EventTypeName,
    data: &'a [u8],
    phone_number_id: Option<&'a str>,
    session: Option<SessionState>,
    document: OnceCell<Document<'a>>,
    number_in_data: OnceCell<Option<String>>,
}

impl<'a> Selection<'a> {
    /// An event. Where it says no number of its own, its data may.
    pub const fn new(
        event_type: &'a EventTypeName,
        data: &'a [u8],
        phone_number_id: Option<&'a str>,
        session: Option<SessionState>,
    ) -> Self {
        Self {
            event_type,
            data,
            phone_number_id,
            session,
            document: OnceCell::new(),
            number_in_data: OnceCell::new(),
        }
    }

    /// Why the endpoint does not take it; `None`: it does. The first reason that holds.
    pub fn mismatch(&self, picks: Picks<'_>) -> Option<Mismatch> {
        let Picks { selectors, format, narrowing } = picks;
        match by_type(selectors, format, self.event_type) {
            Err(mismatch) => Some(mismatch),
            Ok(()) if !self.has_number(narrowing) => Some(Mismatch::PhoneNumber),
            Ok(()) if !narrowing.session.takes(self.session) => Some(Mismatch::Session),
            Ok(()) if !self.passes(narrowing) => Some(Mismatch::Filter),
            Ok(()) => None,
        }
    }

    /// Whether number and data are what is asked for; the type has been looked at, the session has not.
    pub fn fits(&self, narrowing: &Narrowing) -> bool {
        self.has_number(narrowing) && self.passes(narrowing)
    }

    /// Whether it came by one of the numbers that are asked for, or by none at all.
    pub fn has_number(&self, narrowing: &Narrowing) -> bool {
        let Some(wanted) = &narrowing.phone_number_ids else { return true };
        let number = self.phone_number_id.or_else(|| {
            let read = || self.document().text(NUMBER_IN_DATA);
            self.number_in_data.get_or_init(read).as_deref()
        });
        number.is_none_or(|number| wanted.0.iter().any(|id| id == number))
    }

    /// Whether the filter takes the data.
    fn passes(&self, narrowing: &Narrowing) -> bool {
        narrowing.filter.as_ref().is_none_or(|filter| filter.matches(self.document()))
    }

    /// What the filter has to do with the data.
    pub fn explain(&self, filter: &Filter) -> Explanation {
        filter.explain(self.document())
    }

    fn document(&self) -> &Document<'a> {
        self.document.get_or_init(|| Document::parse(self.data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &[u8] = br#"{"phone_number_id":"1","message":{"type":"text"}}"#;

    fn name(text: &str) -> EventTypeName {
        EventTypeName::parse(text).unwrap()
    }

    fn numbers(ids: &[&str]) -> Option<PhoneNumberIds> {
        PhoneNumberIds::parse(ids.iter().map(ToString::to_string).collect()).ok()
    }

    fn filter(text: &str) -> Option<Filter> {
        Some(Filter::parse(text).unwrap())
    }

    #[test]
    fn the_first_reason_is_told() {
        let check = |event_type: &str, format, narrowing: &Narrowing, expected| {
            let (event_type, selectors) = (name(event_type), [Selector::parse("*").unwrap()]);
            let session = Some(SessionState::Inactive);
            let selection = Selection::new(&event_type, DATA, None, session);
            let found = selection.mismatch(Picks { selectors: &selectors, format, narrowing });
            assert_eq!(found, expected, "{event_type} {narrowing:?}");
        };
        let mut narrowing = Narrowing::default();
        assert!(narrowing.is_none());
        check("message.received", Format::Hookferry, &narrowing, None);
        narrowing.filter = filter(r#"{"field":"message.type","eq":"image"}"#);
        check("message.received", Format::Hookferry, &narrowing, Some(Mismatch::Filter));
        narrowing.session = SessionWanted::Only(SessionState::Active);
        check("message.received", Format::WATI_V2, &narrowing, Some(Mismatch::Session));
        narrowing.phone_number_ids = numbers(&["2"]);
        assert!(!narrowing.is_none() && narrowing.asks_for_data());
        check("message.received", Format::Meta, &narrowing, Some(Mismatch::PhoneNumber));
        check("session.started", Format::Meta, &narrowing, Some(Mismatch::Form));
        check("endpoint.defective", Format::Meta, &narrowing, Some(Mismatch::Type));
        narrowing = Narrowing {
            phone_number_ids: numbers(&["2", "1"]),
            session: SessionWanted::Only(SessionState::Inactive),
            filter: filter(r#"{"field":"message.type","eq":"text"}"#),
        };
        check("message.received", Format::Meta, &narrowing, None);
    }

    #[test]
    fn the_number_is_the_events_own_else_the_datas_else_there_is_none() {
        let check = |own: Option<&str>, data: &str, expected| {
            let event_type = name("message.received");
            let selection = Selection::new(&event_type, data.as_bytes(), own, None);
            let narrowing =
                Narrowing { phone_number_ids: numbers(&["1", "7"]), ..Narrowing::default() };
            assert_eq!(selection.has_number(&narrowing), expected, "{own:?} {data}");
        };
        check(Some("7"), r#"{"phone_number_id":"2"}"#, true);
        check(Some("2"), r#"{"phone_number_id":"1"}"#, false);
        check(None, r#"{"phone_number_id":"1"}"#, true);
        check(None, r#"{"phone_number_id":"2"}"#, false);
        check(None, r#"{"phone_number_id":"1","phone_number_id":"2"}"#, false);
        check(None, r#"{"phone_number_id":1}"#, true);
        check(None, r#"{"waba_id":"2"}"#, true);
        check(None, r#"["1"]"#, true);
        check(None, "no JSON", true);
    }

    #[test]
    fn sessions_are_asked_for_by_name() {
        let active = Some(SessionState::Active);
        for session in [active, Some(SessionState::Inactive), None] {
            assert!(SessionWanted::Any.takes(session));
            assert_eq!(SessionWanted::Only(SessionState::Active).takes(session), session == active);
        }
        for text in ["any", "active", "inactive"] {
            assert_eq!(SessionWanted::parse(text).map(SessionWanted::as_str), Some(text));
        }
        assert_eq!(SessionWanted::parse("Active"), None);
        let json = br#"{"id":"ses_1","state":"active","started_at":"2026-11-20T12:00:00.000Z"}"#;
        assert_eq!(SessionState::of_json(json), active);
        assert_eq!(SessionState::of_json(b"null"), None);
    }

    #[test]
    fn numbers_are_checked_at_their_edges() {
        let check = |ids: Vec<String>, expected| {
            assert_eq!(PhoneNumberIds::parse(ids).map(|ids| ids.0.len()), expected);
        };
        let many = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
        check(many(0), Err(PhoneNumberIdsError::Count));
        check(many(PHONE_NUMBER_IDS_MAX), Ok(PHONE_NUMBER_IDS_MAX));
        check(many(PHONE_NUMBER_IDS_MAX + 1), Err(PhoneNumberIdsError::Count));
        check(vec!["1".into(), "2".into(), "1".into()], Ok(2));
        check(vec!["9".repeat(PHONE_NUMBER_ID_BYTES_MAX)], Ok(1));
        let long = "9".repeat(PHONE_NUMBER_ID_BYTES_MAX + 1);
        check(vec!["1".into(), long], Err(PhoneNumberIdsError::Item { index: 1 }));
        check(vec![String::new()], Err(PhoneNumberIdsError::Item { index: 0 }));
        check(vec!["1\n".into()], Err(PhoneNumberIdsError::Item { index: 0 }));
    }
}
