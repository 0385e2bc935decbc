//! How the callback finds a source: through memory, so that a notification costs no trip to the database
//! beside the one that writes it. What is remembered is read again after a second and never believed after
//! two, on every node: so soon a rotation or a deletion counts. Whether the source is still there is
//! checked once more where its events are written.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, SourceId};
use domain::inbox::{Pace, Turn};
use domain::source::{AppSecretKeys, VerifyToken};
use domain::throttle::place as place_of;
use parking_lot::Mutex;
use sea_orm::EntityTrait;

use crate::entity::company;
use crate::source_secrets::SourceSecrets;
use crate::sources::source_row;
use crate::time::from_micros;
use crate::{Bearer, Caller, Error, Store};

/// After which time what is remembered is read again, by one request; the others go on with it.
const READ_AGAIN_AFTER: TimeDelta = TimeDelta::seconds(1);
/// After which time it is not believed any more.
const BELIEVED_FOR: TimeDelta = TimeDelta::seconds(2);
/// How many sources a node remembers, and how many ids that no source has.
const REMEMBERED_MAX: usize = 10_000;
/// How many looks a second the database is asked for sources that this node has never seen.
const UNKNOWN_PER_SECOND_MAX: u32 = 500;
/// How many of them one address may ask for: whoever makes ids up leaves the rest to the others.
const UNKNOWN_PER_ADDRESS_PER_SECOND_MAX: u32 = 50;
/// How many addresses' paces are remembered; beyond it one of them begins anew.
const ADDRESSES_MAX: usize = 4_096;

/// A source that notifications come to.
#[derive(Debug)]
pub struct OpenSource {
    /// Its id.
    pub id: SourceId,
    /// Its company.
    pub company: CompanyId,
    /// What Meta has to show.
    pub verify_token: VerifyToken,
    /// What notifications are signed with; `None` until it has an app secret.
    pub keys: Option<AppSecretKeys>,
    /// As whom it posts events.
    pub caller: Caller,
}

type Place = (CompanyId, SourceId);

/// The sources that a node remembers.
#[derive(Debug)]
pub(crate) struct SourceCache(Mutex<Remembered>);

#[derive(Debug)]
struct Remembered {
    known: HashMap<Place, Known>,
    /// Ids that no source has, and when that was so.
    unknown: HashMap<Place, DateTime<Utc>>,
    asking: Asking,
}

/// How fast the database is asked for what this node has never seen: whoever makes ids up waits for it, a
/// source that was seen once never does.
#[derive(Debug)]
struct Asking {
    all: Pace,
    by_address: HashMap<String, Pace>,
}

#[derive(Debug)]
struct Known {
    source: Arc<OpenSource>,
    /// When it was read; `None`: it is not believed.
    read_at: Option<DateTime<Utc>>,
    /// Whether somebody is reading it again.
    is_asked_for: bool,
}

/// What memory says of a source.
enum Look {
    Known(Arc<OpenSource>),
    Unknown,
    /// Nothing: the database is to be asked.
    Ask,
    /// Nothing, and the database is asked for enough already.
    Wait,
}

impl Default for SourceCache {
    fn default() -> Self {
        let all = Pace::new(UNKNOWN_PER_SECOND_MAX, UNKNOWN_PER_SECOND_MAX);
        let asking = Asking { all, by_address: HashMap::new() };
        let (known, unknown) = (HashMap::new(), HashMap::new());
        Self(Mutex::new(Remembered { known, unknown, asking }))
    }
}

fn is_within(read_at: DateTime<Utc>, now: DateTime<Utc>, limit: TimeDelta) -> bool {
    // A clock that was set back makes nothing believed for longer.
    read_at <= now && now - read_at < limit
}

impl Asking {
    /// Whether an address may ask now. One that may not takes nothing from the others.
    fn may_ask(&mut self, from: Option<IpAddr>, now: DateTime<Utc>) -> bool {
        let from = from.map(place_of).unwrap_or_default();
        if self.by_address.len() >= ADDRESSES_MAX && !self.by_address.contains_key(&from) {
            self.by_address.retain(|_, pace| !pace.is_quiet(now));
            if self.by_address.len() >= ADDRESSES_MAX {
                let any = self.by_address.keys().next().cloned();
                any.and_then(|address| self.by_address.remove(&address));
            }
        }
        let per_second = UNKNOWN_PER_ADDRESS_PER_SECOND_MAX;
        let own = self.by_address.entry(from).or_insert_with(|| Pace::new(per_second, per_second));
        let takes = |pace: &mut Pace| pace.take(now, TimeDelta::zero()) != Turn::Refused;
        takes(own) && takes(&mut self.all)
    }
}

impl SourceCache {
    fn look(&self, place: Place, from: Option<IpAddr>, now: DateTime<Utc>) -> Look {
        let mut remembered = self.0.lock();
        if let Some(known) = remembered.known.get_mut(&place) {
            let Some(read_at) = known.read_at.filter(|at| is_within(*at, now, BELIEVED_FOR)) else {
                return Look::Ask;
            };
            if is_within(read_at, now, READ_AGAIN_AFTER) || known.is_asked_for {
                return Look::Known(Arc::clone(&known.source));
            }
            known.is_asked_for = true;
            return Look::Ask;
        }
        let unknown_since = remembered.unknown.get(&place);
        if unknown_since.is_some_and(|at| is_within(*at, now, READ_AGAIN_AFTER)) {
            return Look::Unknown;
        }
        if remembered.asking.may_ask(from, now) { Look::Ask } else { Look::Wait }
    }

    fn learn(&self, place: Place, found: Option<&Arc<OpenSource>>, now: DateTime<Utc>) {
        let mut remembered = self.0.lock();
        let Some(source) = found else {
            remembered.known.remove(&place);
            if remembered.unknown.len() >= REMEMBERED_MAX {
                remembered.unknown.clear();
            }
            remembered.unknown.insert(place, now);
            return;
        };
        remembered.unknown.remove(&place);
        if remembered.known.len() >= REMEMBERED_MAX && !remembered.known.contains_key(&place) {
            let is_live = |at: DateTime<Utc>| is_within(at, now, BELIEVED_FOR);
            remembered.known.retain(|_, known| known.read_at.is_some_and(is_live));
            if remembered.known.len() >= REMEMBERED_MAX {
                let any = remembered.known.keys().next().copied();
                any.and_then(|place| remembered.known.remove(&place));
            }
        }
        let known = Known { source: Arc::clone(source), read_at: Some(now), is_asked_for: false };
        remembered.known.insert(place, known);
    }

    /// What is remembered of a company's sources is not believed any more.
    fn forget(&self, company: CompanyId) {
        let mut remembered = self.0.lock();
        remembered.unknown.retain(|(other, _), _| *other != company);
        let of_company = remembered.known.iter_mut().filter(|((other, _), _)| *other == company);
        for (_, known) in of_company {
            known.read_at = None;
        }
    }
}

impl Store {
    /// The company's source, as it was at most two seconds ago; `None` where there is none. `from` is who
    /// asks: an address that asks for many that this node has never seen has to wait.
    pub async fn open_source(
        &self,
        company: CompanyId,
        id: SourceId,
        from: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<OpenSource>>, Error> {
        let place = (company, id);
        match self.inner.sources.look(place, from, now) {
            Look::Known(source) => return Ok(Some(source)),
            Look::Unknown => return Ok(None),
            Look::Wait => return Err(Error::Overloaded),
            Look::Ask => {}
        }
        let found = match self.read_open_source(company, id).await {
            Ok(found) => Some(Arc::new(found)),
            Err(Error::NotFound) => None,
            Err(error) => return Err(error),
        };
        self.inner.sources.learn(place, found.as_ref(), now);
        Ok(found)
    }

    /// Drops what is remembered of a company's sources, after one has changed.
    pub(crate) fn forget_sources(&self, company: CompanyId) {
        self.inner.sources.forget(company);
    }

    async fn read_open_source(
        &self,
        company: CompanyId,
        id: SourceId,
    ) -> Result<OpenSource, Error> {
        // The version first: a change between the two reads makes it old, never new.
        let company_row = company::Entity::find_by_id(company.raw())
            .one(self.reader())
            .await?
            .ok_or(Error::NotFound)?;
        let row = source_row(self.reader(), company, id).await?;
        let SourceSecrets { verify_token, app } = self.open_source_secrets(&row)?;
        Ok(OpenSource {
            id,
            company,
            verify_token,
            keys: app.as_ref().map(AppSecretKeys::new),
            caller: Caller {
                company,
                bearer: Bearer::Source(id),
                scopes: Vec::new(),
                expires_at: None,
                config_version: company_row.config_version,
                suspended_since: company_row.suspended_at.map(from_micros),
                gate: self.gate_of(&company_row),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPANY: CompanyId = CompanyId::from_raw(1);

    fn noon() -> DateTime<Utc> {
        from_micros(1_795_867_200_000_000)
    }

    fn place(number: i64) -> Place {
        (COMPANY, SourceId::from_raw(number))
    }

    fn source(number: i64) -> Arc<OpenSource> {
        let id = SourceId::from_raw(number);
        Arc::new(OpenSource {
            id,
            company: COMPANY,
            verify_token: VerifyToken::from_random([7; 32]),
            keys: None,
            caller: Caller {
                company: COMPANY,
                bearer: Bearer::Source(id),
                scopes: Vec::new(),
                expires_at: None,
                config_version: 1,
                suspended_since: None,
                gate: Default::default(),
            },
        })
    }

    fn look(cache: &SourceCache, number: i64, ms: i64) -> &'static str {
        look_from(cache, None, number, ms)
    }

    fn look_from(cache: &SourceCache, from: Option<IpAddr>, number: i64, ms: i64) -> &'static str {
        match cache.look(place(number), from, noon() + TimeDelta::milliseconds(ms)) {
            Look::Known(_) => "known",
            Look::Unknown => "unknown",
            Look::Ask => "ask",
            Look::Wait => "wait",
        }
    }

    #[test]
    fn what_is_remembered_is_read_again_by_one_and_ends_after_two_seconds() {
        let cache = SourceCache::default();
        assert_eq!(look(&cache, 1, 0), "ask");
        cache.learn(place(1), Some(&source(1)), noon());
        assert_eq!([0, 999].map(|ms| look(&cache, 1, ms)), ["known"; 2]);
        assert_eq!([1_000, 1_000, 1_999].map(|ms| look(&cache, 1, ms)), ["ask", "known", "known"]);
        assert_eq!([2_000, 2_000].map(|ms| look(&cache, 1, ms)), ["ask"; 2]);
        assert_eq!(look(&cache, 1, -1), "ask", "the clock was set back");
        cache.learn(place(1), Some(&source(1)), noon() + TimeDelta::seconds(2));
        assert_eq!(look(&cache, 1, 2_500), "known");
        cache.forget(CompanyId::from_raw(2));
        assert_eq!(look(&cache, 1, 2_500), "known");
        cache.forget(COMPANY);
        assert_eq!(look(&cache, 1, 2_500), "ask");
        cache.learn(place(1), None, noon());
        assert_eq!([0, 999, 1_000].map(|ms| look(&cache, 1, ms)), ["unknown", "unknown", "ask"]);
    }

    fn address(number: usize) -> Option<IpAddr> {
        Some(std::net::Ipv4Addr::from_bits(u32::try_from(number).unwrap()).into())
    }

    #[test]
    fn ids_that_were_made_up_reach_the_database_at_a_pace_and_sources_do_not_wait_for_them() {
        let cache = SourceCache::default();
        cache.learn(place(-1), Some(&source(-1)), noon() - TimeDelta::days(1));
        let forger = address(1);
        for number in 0..i64::from(UNKNOWN_PER_ADDRESS_PER_SECOND_MAX) {
            assert_eq!(look_from(&cache, forger, number, 0), "ask");
        }
        for number in 1_000..3_000 {
            assert_eq!(look_from(&cache, forger, number, 0), "wait");
        }
        assert_eq!(look_from(&cache, forger, -1, 0), "ask", "it was seen before");
        for number in 0..i64::from(UNKNOWN_PER_SECOND_MAX - UNKNOWN_PER_ADDRESS_PER_SECOND_MAX) {
            let other = address(2 + usize::try_from(number).unwrap());
            assert_eq!(
                look_from(&cache, other, 1_000, 0),
                "ask",
                "a source that nobody has seen yet"
            );
        }
        assert_eq!(look_from(&cache, address(9_000), 1_000, 0), "wait", "it is enough for all");
        assert_eq!(look_from(&cache, forger, 1_000, 1_000), "ask");
    }

    #[test]
    fn addresses_are_remembered_up_to_a_number() {
        let mut asking = Asking { all: Pace::new(u32::MAX, u32::MAX), by_address: HashMap::new() };
        for number in 0..ADDRESSES_MAX + 50 {
            asking.may_ask(address(number), noon());
        }
        assert_eq!(asking.by_address.len(), ADDRESSES_MAX);
        asking.may_ask(address(0), noon() + TimeDelta::seconds(1));
        asking.may_ask(address(ADDRESSES_MAX + 50), noon() + TimeDelta::seconds(1));
        assert!(asking.by_address.len() <= 2, "those that are quiet are forgotten");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let cache = SourceCache::default();
        let most = i64::try_from(REMEMBERED_MAX).unwrap();
        let one = source(0);
        for number in 0..most + 50 {
            cache.learn(place(number), Some(&one), noon());
            cache.learn(place(-1 - number), None, noon());
        }
        let remembered = cache.0.lock();
        assert!(remembered.known.len() <= REMEMBERED_MAX);
        assert!(remembered.unknown.len() <= REMEMBERED_MAX);
        assert!(remembered.known.contains_key(&place(most + 49)));
    }
}
