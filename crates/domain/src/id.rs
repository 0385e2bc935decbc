//! Ids: 64-bit integers inside, TypeIDs of a UUIDv7 outside, one type per kind of thing.
//!
//! Layout of the 63 bits: milliseconds since 2025-01-01 (41), slot of the making node (8), sequence
//! (14). The UUIDv7 carries the same 63 bits in its time field, `rand_a` and the head of `rand_b`;
//! the other 52 bits are a fixed mix of them, so that the two forms are a bijection and an id that
//! was made up does not parse. Both forms sort by time.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

/// 2025-01-01T00:00:00Z in Unix milliseconds: the beginning of the id's time.
const EPOCH_MS: i64 = 1_735_689_600_000;
const SLOT_BITS: u32 = 8;
const SEQUENCE_BITS: u32 = 14;
const TIME_SHIFT: u32 = SLOT_BITS + SEQUENCE_BITS;
/// How many ids one node can make in one millisecond; a block (an event and its deliveries) fits.
pub const BLOCK_MAX: u32 = (1 << SEQUENCE_BITS) - 1;
/// How many nodes can make ids at the same time.
pub const SLOTS: i64 = 1 << SLOT_BITS;
/// The slots that nodes share out among themselves; those above are for whoever is no node, such as
/// a command line, which makes few ids.
pub const NODE_SLOTS: i64 = SLOTS - 16;

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Another kind of thing, or no kind at all.
    #[error("expected an id that begins with `{expected}_`")]
    Prefix {
        /// The prefix of the wanted kind.
        expected: &'static str,
    },
    /// Not 26 characters of Crockford's base 32, or not a UUIDv7 of ours.
    #[error("not an id that this service made")]
    Malformed,
}

/// The smallest id that can be made at or after `at`; ids below it are older.
pub fn floor_at(at: DateTime<Utc>) -> i64 {
    (at.timestamp_millis() - EPOCH_MS).clamp(0, (1 << 41) - 1) << TIME_SHIFT
}

/// When an id was made, to the millisecond.
pub fn made_at(raw: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis((raw >> TIME_SHIFT) + EPOCH_MS).unwrap_or_default()
}

/// Makes ids that grow, for one node. Its slot keeps them apart from every other live node's.
#[derive(Debug)]
pub struct IdSource {
    slot: AtomicI64,
    last: AtomicI64,
}

impl IdSource {
    /// A source for the node in `slot`, never making an id at or below `floor` (the highest id known).
    pub fn new(slot: i64, floor: i64) -> Self {
        let slot = AtomicI64::new(slot.rem_euclid(SLOTS));
        Self { slot, last: AtomicI64::new(floor) }
    }

    /// The slot it makes ids in.
    pub fn slot(&self) -> i64 {
        self.slot.load(Ordering::Acquire)
    }

    /// Makes ids in another slot from now on.
    pub fn take_slot(&self, slot: i64) {
        self.slot.store(slot.rem_euclid(SLOTS), Ordering::Release);
    }

    /// One id, of the caller's time or just after the last one made, whichever is later.
    pub fn next(&self, now: DateTime<Utc>) -> i64 {
        self.block(now, 1)
    }

    /// The first of `count` consecutive ids (at most [`BLOCK_MAX`]; more is cut to it).
    pub fn block(&self, now: DateTime<Utc>, count: u32) -> i64 {
        let count = i64::from(count.clamp(1, BLOCK_MAX));
        let slot = self.slot.load(Ordering::Acquire);
        let wanted = floor_at(now) | (slot << SEQUENCE_BITS);
        let mut first = 0;
        self.last
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| {
                first = first_after(slot, last, wanted, count);
                Some(first + count - 1)
            })
            .map_or(first, |_| first)
    }
}

fn first_after(slot: i64, last: i64, wanted: i64, count: i64) -> i64 {
    let sequence_mask = (1 << SEQUENCE_BITS) - 1;
    let same_slot = (last >> SEQUENCE_BITS) & (SLOTS - 1) == slot;
    if last < wanted {
        return wanted;
    }
    let left = sequence_mask - (last & sequence_mask);
    if same_slot && count <= left {
        return last + 1;
    }
    (((last >> TIME_SHIFT) + 1) << TIME_SHIFT) | (slot << SEQUENCE_BITS)
}

/// The UUIDv7 that stands for `raw` outside.
pub fn to_uuid(raw: i64) -> uuid::Uuid {
    let raw = raw.cast_unsigned();
    let ms = (raw >> TIME_SHIFT).wrapping_add(EPOCH_MS.cast_unsigned());
    let tail = raw & ((1 << TIME_SHIFT) - 1);
    let (rand_a, rand_b_head) = (tail >> 10, tail & 0x3ff);
    let high = (ms << 16) | 0x7000 | rand_a;
    let low = (0b10 << 62) | (rand_b_head << 52) | (mix(raw) >> 12);
    uuid::Uuid::from_u64_pair(high, low)
}

/// The inside of a UUIDv7, if it is one of ours.
pub fn from_uuid(uuid: uuid::Uuid) -> Result<i64, IdError> {
    let (high, low) = uuid.as_u64_pair();
    let ms = (high >> 16).checked_sub(EPOCH_MS.cast_unsigned()).ok_or(IdError::Malformed)?;
    if ms >= 1 << 41 {
        return Err(IdError::Malformed);
    }
    let raw = (ms << TIME_SHIFT) | ((high & 0xfff) << 10) | ((low >> 52) & 0x3ff);
    let raw = raw.cast_signed();
    if to_uuid(raw) == uuid { Ok(raw) } else { Err(IdError::Malformed) }
}

/// SplitMix64's finaliser: spreads the id over the bits that carry nothing.
fn mix(raw: u64) -> u64 {
    let mut z = raw.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How many characters an id has after its prefix and the underscore.
const TAIL: usize = 26;
/// How long the longest prefix may be.
const PREFIX_MAX: usize = 5;

/// An id as it is written outside, without anything on the heap: each delivery writes several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdText {
    bytes: [u8; PREFIX_MAX + 1 + TAIL],
    length: usize,
}

impl IdText {
    /// `prefix_` and 26 characters of base 32, as the TypeID specification 0.3 has it.
    fn of(prefix: &'static str, raw: i64) -> Self {
        let length = prefix.len() + 1 + TAIL;
        let mut bytes = [b'_'; PREFIX_MAX + 1 + TAIL];
        bytes[..prefix.len()].copy_from_slice(prefix.as_bytes());
        let mut bits = to_uuid(raw).as_u128();
        for place in bytes[length - TAIL..length].iter_mut().rev() {
            *place = ALPHABET[(bits & 31) as usize];
            bits >>= 5;
        }
        Self { bytes, length }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).expect("prefix and alphabet are ASCII")
    }
}

fn decode(prefix: &'static str, text: &str) -> Result<i64, IdError> {
    let tail = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(IdError::Prefix { expected: prefix })?;
    if tail.len() != TAIL || tail.as_bytes()[0] > b'7' {
        return Err(IdError::Malformed);
    }
    let mut bits = 0u128;
    for byte in tail.bytes() {
        let value = ALPHABET.iter().position(|known| *known == byte).ok_or(IdError::Malformed)?;
        bits = (bits << 5) | value as u128;
    }
    from_uuid(uuid::Uuid::from_u128(bits))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// What stands before the underscore outside.
            pub const PREFIX: &'static str = $prefix;

            /// The id whose inside is `raw`, as the store reads it back.
            pub const fn from_raw(raw: i64) -> Self {
                Self(raw)
            }

            /// The inside, as the store writes it.
            pub const fn raw(self) -> i64 {
                self.0
            }

            /// The id as it is written outside.
            pub fn text(self) -> IdText {
                const { assert!($prefix.len() <= PREFIX_MAX) };
                IdText::of($prefix, self.0)
            }

            /// When the thing was made, to the millisecond.
            pub fn made_at(self) -> DateTime<Utc> {
                made_at(self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.text().as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                decode($prefix, text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

ids! {
    /// A company: a tenant.
    CompanyId = "cmp";
    /// A person.
    UserId = "usr";
    /// An API token.
    TokenId = "tok";
    /// Where events come from.
    SourceId = "src";
    /// An event.
    EventId = "evt";
    /// An endpoint (a webhook).
    EndpointId = "ep";
    /// One event on its way to one endpoint.
    DeliveryId = "dlv";
    /// One HTTP request of a delivery.
    AttemptId = "att";
    /// An address that gets mails and is nobody's account.
    AddressId = "addr";
    /// A mail.
    MailId = "mail";
    /// Long work that somebody asked for.
    JobId = "job";
    /// A person's login to the dashboard.
    LoginId = "lgn";
    /// An invitation into a company.
    InvitationId = "inv";
    /// A line of the audit log.
    AuditId = "aud";
    /// An inbox: a built-in receiver.
    InboxId = "inb";
    /// A request that came into an inbox.
    InboxRequestId = "ireq";
    /// A contact: whom a company writes with.
    ContactId = "con";
    /// A session: 24 hours of one contact and one business number.
    SessionId = "ses";
    /// A notification that a source refused.
    RefusedNotificationId = "rfn";
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use proptest::prelude::*;

    fn noon() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap()
    }

    proptest! {
        #[test]
        fn inside_and_outside_are_a_bijection(raw in 0i64..i64::MAX) {
            let id = EventId::from_raw(raw);
            let text = id.to_string();
            prop_assert_eq!(text.len(), 30);
            prop_assert_eq!(text.parse::<EventId>(), Ok(id));
            let uuid = to_uuid(raw);
            prop_assert_eq!(uuid.get_version_num(), 7);
            prop_assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
        }

        #[test]
        fn both_forms_sort_alike(a in 0i64..i64::MAX, b in 0i64..i64::MAX) {
            let text = |raw| EventId::from_raw(raw).to_string();
            prop_assert_eq!(a.cmp(&b), text(a).cmp(&text(b)));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = text.parse::<DeliveryId>();
            let _ = format!("dlv_{text}").parse::<DeliveryId>();
        }
    }

    #[test]
    fn another_kind_and_a_made_up_id_are_refused() {
        let event = EventId::from_raw(floor_at(noon()) + 5).to_string();
        assert_eq!(event.parse::<DeliveryId>(), Err(IdError::Prefix { expected: "dlv" }));
        let forged = uuid::Uuid::from_u64_pair(0x0199_aaaa_bbbb_7000, 1 << 63);
        assert_eq!(from_uuid(forged), Err(IdError::Malformed));
        assert_eq!("dlv_é".parse::<DeliveryId>(), Err(IdError::Malformed));
    }

    #[test]
    fn a_source_never_goes_back_and_blocks_stay_whole() {
        let ids = IdSource::new(300, 0);
        let mut last = 0;
        for step in 0..2_000u32 {
            let count = step % 700 + 1;
            let now = noon() - chrono::TimeDelta::milliseconds(i64::from(step % 50));
            let first = ids.block(now, count);
            assert!(first > last);
            last = first + i64::from(count) - 1;
            let slot = |raw: i64| (raw >> SEQUENCE_BITS) & (SLOTS - 1);
            assert_eq!((slot(first), slot(last)), (300 % SLOTS, 300 % SLOTS));
        }
    }

    #[test]
    fn two_slots_never_meet_even_far_past_their_clock() {
        let (a, b) = (IdSource::new(1, 0), IdSource::new(2, 0));
        let mut made = std::collections::HashSet::new();
        for _ in 0..40_000 {
            assert!(made.insert(a.next(noon())) && made.insert(b.next(noon())));
        }
    }
}
