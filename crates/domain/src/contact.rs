//! Contacts: who it is that a message came from or went to, by their phone number's `wa_id` and, since
//! Meta's change of 2026, by their `user_id`; either may be absent.
//!
//! A `user_id` is a person, a `wa_id` a number, which can pass from one to another: where they disagree
//! the `user_id` is right.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::id::ContactId;

/// The longest name of a contact, in bytes; what is longer names nobody.
pub const NAME_BYTES_MAX: usize = 255;

/// What a contact is known by: at least one of both.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Names {
    wa_id: Option<Arc<str>>,
    user_id: Option<Arc<str>>,
}

/// A contact of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Which one.
    pub id: ContactId,
    /// What it is known by; a number that has passed to another leaves none behind.
    pub names: Option<Names>,
    /// When its first message to the company came.
    pub wrote_at: Option<DateTime<Utc>>,
}

/// Who is meant by names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// Nobody whom we know.
    New {
        /// Who had the number before.
        number_of: Option<ContactId>,
    },
    /// One whom we know.
    Known {
        /// Which one.
        id: ContactId,
        /// What it is known by from now on.
        names: Names,
        /// Who had the number before.
        number_of: Option<ContactId>,
    },
    /// Two whom we know turn out to be one.
    One {
        /// Which one goes on.
        kept: ContactId,
        /// Which one is no longer.
        gone: ContactId,
        /// What it is known by from now on.
        names: Names,
        /// When its first message came.
        wrote_at: Option<DateTime<Utc>>,
    },
}

impl Names {
    /// Names, if there is one; one that is empty, overlong or has control characters is none.
    pub fn of(wa_id: Option<&str>, user_id: Option<&str>) -> Option<Self> {
        let fits = |name: &&str| is_plain(name, NAME_BYTES_MAX);
        let [wa_id, user_id] = [wa_id, user_id].map(|name| name.filter(fits).map(Arc::from));
        (wa_id.is_some() || user_id.is_some()).then_some(Self { wa_id, user_id })
    }

    /// The phone number's.
    pub fn wa_id(&self) -> Option<&Arc<str>> {
        self.wa_id.as_ref()
    }

    /// The person's.
    pub fn user_id(&self) -> Option<&Arc<str>> {
        self.user_id.as_ref()
    }

    /// The subject of events about them.
    pub fn subject(&self) -> Option<&Arc<str>> {
        self.wa_id.as_ref().or(self.user_id.as_ref())
    }

    /// The same without the number; `None` where nothing is left.
    pub fn without_number(&self) -> Option<Self> {
        let user_id = self.user_id.clone()?;
        Some(Self { wa_id: None, user_id: Some(user_id) })
    }

    /// What a contact is known by, once these are said of it too.
    fn joined(&self, known: Option<&Self>) -> Self {
        let known = |pick: fn(&Self) -> Option<&Arc<str>>| known.and_then(pick).cloned();
        Self {
            wa_id: self.wa_id.clone().or_else(|| known(Self::wa_id)),
            user_id: self.user_id.clone().or_else(|| known(Self::user_id)),
        }
    }
}

/// Whether a text from outside may be a name or a key: not empty, not longer than that, and without control
/// characters, of which not every database stores all.
pub(crate) fn is_plain(text: &str, bytes_max: usize) -> bool {
    !text.is_empty() && text.len() <= bytes_max && !text.chars().any(char::is_control)
}

/// Decides who is meant, from who is known by each name.
pub fn resolve(
    names: &Names,
    by_number: Option<&Contact>,
    by_person: Option<&Contact>,
) -> Resolved {
    let known = |contact: &Contact, number_of| {
        let names = names.joined(contact.names.as_ref());
        Resolved::Known { id: contact.id, names, number_of }
    };
    // Who has the number but is another person.
    let is_another = |contact: &Contact| {
        let person = contact.names.as_ref().and_then(Names::user_id);
        names.user_id().is_some_and(|said| person.is_some_and(|known| known != said))
    };
    match (by_number, by_person) {
        (None, None) => Resolved::New { number_of: None },
        (None, Some(person)) => known(person, None),
        (Some(number), None) if is_another(number) => Resolved::New { number_of: Some(number.id) },
        (Some(number), None) => known(number, None),
        (Some(number), Some(person)) if number.id == person.id => known(person, None),
        (Some(number), Some(person)) if is_another(number) => known(person, Some(number.id)),
        (Some(number), Some(person)) => {
            let (kept, gone) =
                if number.id < person.id { (number, person) } else { (person, number) };
            let first = [kept.wrote_at, gone.wrote_at].into_iter().flatten().min();
            let names = names.joined(person.names.as_ref());
            Resolved::One { kept: kept.id, gone: gone.id, names, wrote_at: first }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn names(text: &str) -> Option<Names> {
        let (number, person) = text.split_once('/').unwrap();
        Names::of(Some(number), Some(person))
    }

    /// `number/person`, either of which may be empty.
    fn contact(id: i64, known_by: &str, wrote: Option<u32>) -> Contact {
        let wrote_at =
            wrote.map(|minute| Utc.with_ymd_and_hms(2026, 11, 20, 12, minute, 0).unwrap());
        Contact { id: ContactId::from_raw(id), names: names(known_by), wrote_at }
    }

    fn check(said: &str, by_number: Option<&str>, by_person: Option<&str>, expected: &str) {
        let by_number = by_number.map(|known| contact(1, known, None));
        let by_person = by_person.map(|known| contact(2, known, None));
        let text = |names: &Names| {
            let part =
                |part: Option<&Arc<str>>| part.map_or(String::new(), |part| part.to_string());
            format!("{}/{}", part(names.wa_id()), part(names.user_id()))
        };
        let from = |number_of: &Option<ContactId>| {
            number_of.map_or(String::new(), |id| format!(" takes the number of {}", id.raw()))
        };
        let found = resolve(&names(said).unwrap(), by_number.as_ref(), by_person.as_ref());
        let found = match &found {
            Resolved::New { number_of } => format!("new{}", from(number_of)),
            Resolved::Known { id, names, number_of } => {
                format!("{} is {}{}", id.raw(), text(names), from(number_of))
            }
            Resolved::One { kept, gone, names, .. } => {
                format!("{} is {} and was {}", kept.raw(), text(names), gone.raw())
            }
        };
        assert_eq!(found, expected, "{said}");
    }

    #[test]
    fn who_is_meant() {
        check("49/", None, None, "new");
        check("/US", None, None, "new");
        check("49/US", None, None, "new");
        check("49/", Some("49/"), None, "1 is 49/");
        check("49/", Some("49/US"), None, "1 is 49/US");
        // Known by number, and said to be a person now; and the reverse.
        check("49/US", Some("49/"), None, "1 is 49/US");
        check("49/US", None, Some("/US"), "2 is 49/US");
        check("/US", None, Some("49/US"), "2 is 49/US");
        // A person with a new number.
        check("50/US", None, Some("49/US"), "2 is 50/US");
        // A number that another person has now.
        check("49/IN", Some("49/US"), None, "new takes the number of 1");
        check("49/IN", Some("49/US"), Some("50/IN"), "2 is 49/IN takes the number of 1");
        check("49/IN", Some("49/US"), Some("/IN"), "2 is 49/IN takes the number of 1");
        // Known twice, and found to be one.
        check("49/US", Some("49/"), Some("/US"), "1 is 49/US and was 2");
        check("49/US", Some("49/"), Some("48/US"), "1 is 49/US and was 2");
    }

    #[test]
    fn the_same_row_by_both_names_is_one() {
        let both = contact(7, "49/US", Some(3));
        let found = resolve(&names("49/US").unwrap(), Some(&both), Some(&both));
        let expected =
            Resolved::Known { id: both.id, names: names("49/US").unwrap(), number_of: None };
        assert_eq!(found, expected);
    }

    #[test]
    fn the_older_of_two_goes_on_with_the_first_message_of_both() {
        for (number, person) in [(Some(5), Some(4)), (None, Some(4)), (Some(4), None)] {
            let by_number = contact(9, "49/", number);
            let by_person = contact(8, "/US", person);
            let Resolved::One { kept, gone, wrote_at, .. } =
                resolve(&names("49/US").unwrap(), Some(&by_number), Some(&by_person))
            else {
                panic!("one");
            };
            assert_eq!((kept.raw(), gone.raw()), (8, 9));
            assert_eq!(wrote_at, contact(0, "/", Some(4)).wrote_at);
        }
    }

    #[test]
    fn names_at_their_limit() {
        let longest = "9".repeat(NAME_BYTES_MAX);
        assert!(Names::of(Some(&longest), None).is_some());
        assert!(Names::of(Some(&format!("{longest}9")), None).is_none());
        assert!(Names::of(Some(""), None).is_none() && Names::of(None, None).is_none());
        for control in ["\0", "4\09", "49\n", "\u{7f}49", "\u{85}"] {
            assert_eq!(Names::of(Some(control), Some(control)), None, "{control:?}");
        }
        let left = Names::of(Some(""), Some("US")).unwrap();
        assert_eq!((left.wa_id(), left.subject().unwrap().as_ref()), (None, "US"));
        assert_eq!(names("49/US").unwrap().subject().unwrap().as_ref(), "49");
        assert_eq!(names("49/").unwrap().without_number(), None);
    }
}
