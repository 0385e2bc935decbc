//! Operational events: what the engine has to tell of endpoints and deliveries, sent to whoever
//! picks it like any other event, and never a cause of further ones (product.md, delivery rule 11).

use std::sync::LazyLock;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::delivery::Finish;
use crate::endpoint::{EndpointState, Health, Transition};
use crate::event_type::EventTypeName;
use crate::id::{DeliveryId, EndpointId, EventId};
use crate::outcome::Failure;

/// The operational events there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationalEvent {
    /// An endpoint's streak reached the early warning.
    Warning,
    /// An endpoint became Defective.
    Defective,
    /// A Defective endpoint works again.
    Recovered,
    /// A delivery is given up.
    Exhausted,
}

impl OperationalEvent {
    /// Every one, in the order of the catalogue.
    pub const ALL: [Self; 4] = [Self::Warning, Self::Defective, Self::Recovered, Self::Exhausted];

    /// What tells of `transition`, where something does; `by_operational`: whether the attempt that
    /// caused it was one of an operational event's delivery. Such an attempt is never told of.
    pub const fn of_transition(transition: Transition, by_operational: bool) -> Option<Self> {
        if by_operational {
            return None;
        }
        match transition {
            Transition::Warned => Some(Self::Warning),
            Transition::FoundDefective => Some(Self::Defective),
            Transition::Recovered => Some(Self::Recovered),
            Transition::StreakEnded | Transition::DisabledByGone => None,
        }
    }

    /// What tells that a delivery of an event of that type has ended so, where something does.
    pub fn of_finish(finish: Finish, event_type: &EventTypeName) -> Option<Self> {
        match finish {
            Finish::Exhausted if !event_type.is_operational() => Some(Self::Exhausted),
            Finish::Exhausted | Finish::Delivered | Finish::Expired | Finish::Canceled => None,
        }
    }

    /// The name of its type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "endpoint.warning",
            Self::Defective => "endpoint.defective",
            Self::Recovered => "endpoint.recovered",
            Self::Exhausted => "delivery.exhausted",
        }
    }

    /// Its type; cheap to clone.
    pub fn event_type(self) -> &'static EventTypeName {
        static TYPES: LazyLock<[EventTypeName; 4]> = LazyLock::new(|| {
            OperationalEvent::ALL.map(|event| {
                EventTypeName::parse(event.as_str()).expect("the catalogue has its name")
            })
        });
        &TYPES[self as usize]
    }
}

/// What an event about an endpoint is made of.
#[derive(Debug)]
pub struct EndpointFacts<'a> {
    /// Which endpoint.
    pub endpoint: EndpointId,
    /// Its URL, without what may be secret in it.
    pub url: &'a str,
    /// What a person calls it.
    pub description: &'a str,
    /// Its state after the transition.
    pub state: EndpointState,
    /// The streak that the event is about: in a recovery the one that has ended.
    pub streak: Health,
    /// The status of the last failed attempt of that streak.
    pub last_status: Option<u16>,
    /// Why that attempt failed; not known of a streak that has ended.
    pub last_error: Option<&'a Failure>,
    /// How many deliveries wait for it.
    pub waiting: u32,
    /// When it happened.
    pub at: DateTime<Utc>,
}

#[derive(Serialize)]
struct EndpointData<'a> {
    endpoint_id: String,
    url: &'a str,
    description: &'a str,
    status: &'static str,
    streak: u32,
    streak_started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<ErrorData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    defective_since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovered_at: Option<String>,
    waiting: u32,
}

#[derive(Serialize)]
struct ErrorData<'a> {
    kind: &'static str,
    message: &'a str,
}

impl<'a> ErrorData<'a> {
    fn of(failure: &'a Failure) -> Self {
        Self { kind: failure.kind.as_str(), message: &failure.message }
    }
}

impl EndpointFacts<'_> {
    /// The event's data, as the catalogue's schema has it.
    pub fn data(&self, event: OperationalEvent) -> Vec<u8> {
        let defective_since = match self.streak {
            Health::Defective { found_at, .. } => Some(written(found_at)),
            Health::Healthy | Health::Failing { .. } => None,
        };
        let recovered_at = match event {
            OperationalEvent::Recovered => Some(written(self.at)),
            OperationalEvent::Warning
            | OperationalEvent::Defective
            | OperationalEvent::Exhausted => None,
        };
        json(&EndpointData {
            endpoint_id: self.endpoint.to_string(),
            url: self.url,
            description: self.description,
            status: self.state.status().as_str(),
            streak: self.streak.failures(),
            streak_started_at: self.streak.since().map(written),
            last_status_code: self.last_status,
            last_error: self.last_error.map(ErrorData::of),
            defective_since,
            recovered_at,
            waiting: self.waiting,
        })
    }
}

/// What an event about a delivery that was given up is made of.
#[derive(Debug)]
pub struct ExhaustedFacts<'a> {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Of which event.
    pub event: EventId,
    /// That event's type.
    pub event_type: &'a EventTypeName,
    /// To which endpoint.
    pub endpoint: EndpointId,
    /// Its URL, without what may be secret in it.
    pub endpoint_url: &'a str,
    /// What a person calls it.
    pub endpoint_description: &'a str,
    /// How many attempts were made; none where it was given up by age before its turn came.
    pub tries: u32,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// The status of the last attempt.
    pub last_status: Option<u16>,
    /// Why the last attempt failed.
    pub last_error: Option<&'a Failure>,
}

#[derive(Serialize)]
struct ExhaustedData<'a> {
    delivery_id: String,
    event_id: String,
    event_type: &'a str,
    endpoint_id: String,
    endpoint_url: &'a str,
    endpoint_description: &'a str,
    tries: u32,
    created_at: String,
    finished_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<ErrorData<'a>>,
}

impl ExhaustedFacts<'_> {
    /// The event's data, as the catalogue's schema has it.
    pub fn data(&self) -> Vec<u8> {
        json(&ExhaustedData {
            delivery_id: self.delivery.to_string(),
            event_id: self.event.to_string(),
            event_type: self.event_type.as_str(),
            endpoint_id: self.endpoint.to_string(),
            endpoint_url: self.endpoint_url,
            endpoint_description: self.endpoint_description,
            tries: self.tries,
            created_at: written(self.delivery.made_at()),
            finished_at: written(self.finished_at),
            last_status_code: self.last_status,
            last_error: self.last_error.map(ErrorData::of),
        })
    }
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn json(data: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(data).expect("numbers and texts under fixed names are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use crate::outcome::ErrorKind;
    use chrono::TimeZone;
    use serde_json::Value;

    fn at(minute: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 20, 12, minute, 0).unwrap()
    }

    /// The data as JSON, once it is known to fit its schema.
    fn checked(event: OperationalEvent, data: &[u8]) -> Value {
        let data = serde_json::from_slice(data).unwrap();
        let known = catalogue::find(event.as_str()).unwrap();
        let schema = serde_json::from_str(known.schema).unwrap();
        assert_eq!(catalogue::tests::fits(&schema, &data), Ok(()));
        for member in data.as_object().unwrap().keys() {
            assert!(schema["properties"].get(member).is_some(), "{event:?} tells {member}");
        }
        data
    }

    #[test]
    fn each_has_its_place_in_the_catalogue_and_is_never_picked_by_a_star() {
        for event in OperationalEvent::ALL {
            assert!(catalogue::find(event.as_str()).is_some());
            assert_eq!(event.event_type().as_str(), event.as_str());
            assert!(event.event_type().is_operational());
        }
        let built_in = catalogue::built_in().iter();
        let operational = built_in
            .filter(|known| EventTypeName::parse(known.name).unwrap().is_operational())
            .map(|known| known.name);
        assert!(operational.eq(OperationalEvent::ALL.map(OperationalEvent::as_str)));
    }

    #[test]
    fn what_tells_of_what() {
        use OperationalEvent::{Defective, Recovered, Warning};
        for (transition, told) in [
            (Transition::Warned, Some(Warning)),
            (Transition::FoundDefective, Some(Defective)),
            (Transition::StreakEnded, None),
            (Transition::Recovered, Some(Recovered)),
            (Transition::DisabledByGone, None),
        ] {
            assert_eq!(OperationalEvent::of_transition(transition, false), told);
            assert_eq!(OperationalEvent::of_transition(transition, true), None);
        }
        let of = |finish, name: &str| {
            OperationalEvent::of_finish(finish, &EventTypeName::parse(name).unwrap())
        };
        assert_eq!(of(Finish::Exhausted, "message.read"), Some(OperationalEvent::Exhausted));
        assert_eq!(of(Finish::Exhausted, "delivery.exhausted"), None);
        assert_eq!(of(Finish::Exhausted, "endpoint.recovered"), None);
        for finish in [Finish::Delivered, Finish::Expired, Finish::Canceled] {
            assert_eq!(of(finish, "message.read"), None);
        }
    }

    #[test]
    fn data_about_endpoints_fits_the_schemas() {
        let failure = Failure { kind: ErrorKind::Redirect, message: "a \"no\"\n".into() };
        let failing = Health::Failing { failures: 50, since: at(1) };
        let defective = Health::Defective { failures: 100, since: at(1), found_at: at(2) };
        let paused = EndpointState::new().paused(at(1));
        let facts = |streak, state: EndpointState| EndpointFacts {
            endpoint: EndpointId::from_raw(7),
            url: "https://example.com/hooks",
            description: "the shop",
            state,
            streak,
            last_status: Some(302),
            last_error: Some(&failure),
            waiting: 10_001,
            at: at(3),
        };
        let with = |health, state: EndpointState| EndpointState { health, ..state };
        for state in [EndpointState::new(), paused] {
            let warning = OperationalEvent::Warning;
            let data = checked(warning, &facts(failing, with(failing, state)).data(warning));
            assert_eq!(data["status"], state.status().as_str());
            assert_eq!((&data["streak"], &data["waiting"]), (&50.into(), &10_001.into()));
            assert_eq!(data["last_error"]["kind"], "redirect");
            assert!(data.get("defective_since").is_none());
            let found = OperationalEvent::Defective;
            let data = checked(found, &facts(defective, with(defective, state)).data(found));
            assert_eq!(data["defective_since"], "2026-11-20T12:02:00.000Z");
            assert_eq!(data["streak_started_at"], "2026-11-20T12:01:00.000Z");
            let healed = OperationalEvent::Recovered;
            let nothing = EndpointFacts {
                last_status: None,
                last_error: None,
                ..facts(defective, with(Health::Healthy, state))
            };
            let data = checked(healed, &nothing.data(healed));
            assert_eq!(data["recovered_at"], "2026-11-20T12:03:00.000Z");
            assert_eq!((&data["streak"], data.get("last_error")), (&100.into(), None));
        }
        for event in OperationalEvent::ALL {
            let sample = catalogue::find(event.as_str()).unwrap().sample;
            checked(event, sample.as_bytes());
        }
    }

    #[test]
    fn data_about_deliveries_fits_the_schema() {
        let failure = Failure { kind: ErrorKind::Dns, message: "no such name".into() };
        let event_type = EventTypeName::parse("message.read").unwrap();
        let floor = crate::id::floor_at(at(0));
        let facts = |tries, last_status, last_error| ExhaustedFacts {
            delivery: DeliveryId::from_raw(floor + 2),
            event: EventId::from_raw(floor + 1),
            event_type: &event_type,
            endpoint: EndpointId::from_raw(7),
            endpoint_url: "https://example.com/",
            endpoint_description: "",
            tries,
            finished_at: at(9),
            last_status,
            last_error,
        };
        let exhausted = OperationalEvent::Exhausted;
        let data = checked(exhausted, &facts(145, None, Some(&failure)).data());
        assert_eq!(data["created_at"], "2026-11-20T12:00:00.000Z");
        assert_eq!(data["last_error"]["message"], "no such name");
        let data = checked(exhausted, &facts(0, None, None).data());
        assert_eq!((&data["tries"], data.get("last_error")), (&0.into(), None));
        let data = checked(exhausted, &facts(3, Some(503), None).data());
        assert_eq!(data["last_status_code"], 503);
    }
}
