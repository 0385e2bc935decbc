//! Operational events, written with their deliveries in the transaction of their cause. Where no
//! endpoint of the company picks one, none is written: nobody would ever read it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::event::NewEvent;
use domain::id::{CompanyId, EndpointId};
use domain::operational::{EndpointFacts, ExhaustedFacts, OperationalEvent};

use crate::compiled::CompiledCompany;
use crate::exhausted::{Exhausted, LastWords, last_words};
use crate::hot::HotTx;
use crate::ingest_fan_out::{choose_by_session, fan_out};
use crate::ingest_items::Item;
use crate::ingest_pending::insert_all;
use crate::ingest_rows::LaneWish;
use crate::notices::{Telling, public_url, waiting};
use crate::settle_rows::{EndpointRow, endpoints};
use crate::{Error, Store};

/// What a transaction has changed that operational events may tell of.
pub(crate) struct Causes<'a> {
    /// The transitions, in their order.
    pub(crate) told: &'a [Telling],
    /// The deliveries that are given up.
    pub(crate) exhausted: Vec<Exhausted>,
    /// Companies whose configuration this transaction changes: what it reads of them is not yet true.
    pub(crate) reconfigured: &'a [CompanyId],
    /// Who owns the lanes that are new.
    pub(crate) lane_owner: i64,
}

type Companies = HashMap<CompanyId, Arc<CompiledCompany>>;

impl Store {
    /// Writes the events that tell of these causes, and their deliveries, unclaimed. To be called
    /// once endpoints are written and before lanes are. Gives the lanes that must be there.
    pub(crate) async fn write_operational(
        &self,
        tx: &mut HotTx,
        causes: Causes<'_>,
        now: DateTime<Utc>,
    ) -> Result<Vec<LaneWish>, Error> {
        let of_endpoints = causes.told.iter().filter(|telling| telling.event.is_some());
        let concerned: BTreeSet<i64> = of_endpoints
            .map(|telling| telling.row.company.raw())
            .chain(causes.exhausted.iter().map(|ended| ended.company.raw()))
            .collect();
        if concerned.is_empty() {
            return Ok(Vec::new());
        }
        tx.flush().await?;
        let companies = self.companies_concerned(tx, &concerned, causes.reconfigured).await?;
        let mut events = endpoint_events(tx, causes.told, &companies).await?;
        events.extend(delivery_events(tx, causes.exhausted, &companies).await?);
        if events.is_empty() {
            return Ok(Vec::new());
        }
        // Ids are in the order in which things happened, and so are the deliveries.
        events.sort_by_key(|event| event.occurred_at);
        let mut items: Vec<Item<'_>> = events.iter().map(|event| Item::new(0, event)).collect();
        for item in &mut items {
            self.number(item, &companies, now);
        }
        choose_by_session(&mut items, &companies);
        let rows = insert_all(tx, &items, fan_out(&items, &companies, now), &[], now).await?;
        let wishes: BTreeMap<i64, LaneWish> = rows
            .iter()
            .filter(|row| !row.held)
            .map(|row| {
                (row.endpoint, LaneWish::due(row.endpoint, row.company, causes.lane_owner, now))
            })
            .collect();
        Ok(wishes.into_values().collect())
    }

    /// The companies' endpoints as they are in this transaction. What it has changed itself is read
    /// past the cache: were it rolled back, the cache would hold what never was.
    async fn companies_concerned(
        &self,
        tx: &mut HotTx,
        concerned: &BTreeSet<i64>,
        reconfigured: &[CompanyId],
    ) -> Result<Companies, Error> {
        let (fresh, known): (Vec<i64>, Vec<i64>) =
            concerned.iter().partition(|id| reconfigured.contains(&CompanyId::from_raw(**id)));
        let versions = crate::ingest_rows::versions(tx, &known).await?;
        let mut companies = self.compiled_companies(tx, versions).await?;
        for company in fresh {
            let endpoints = crate::compiled_rows::endpoints(tx, company, None).await?;
            let compiled = Arc::new(CompiledCompany::new(0, false, endpoints));
            companies.insert(CompanyId::from_raw(company), compiled);
        }
        Ok(companies)
    }
}

fn is_picked(companies: &Companies, company: CompanyId, event: OperationalEvent) -> bool {
    companies.get(&company).is_some_and(|company| company.picks(event.event_type()))
}

/// The events that tell of transitions.
async fn endpoint_events(
    tx: &mut HotTx,
    told: &[Telling],
    companies: &Companies,
) -> Result<Vec<NewEvent>, Error> {
    let mut events = Vec::new();
    for telling in told {
        let (row, at) = (&telling.row, telling.at);
        let Some(event) = telling.event.filter(|event| is_picked(companies, row.company, *event))
        else {
            continue;
        };
        let facts = EndpointFacts {
            endpoint: row.id,
            url: &public_url(&row.url),
            description: &row.description,
            state: telling.after,
            streak: telling.health,
            last_status: telling.last_status.and_then(|status| u16::try_from(status).ok()),
            last_error: telling.failure.as_ref(),
            waiting: waiting(tx, row.id).await?,
            at,
        };
        events.push(new_event(row.company, event, facts.data(event), row.id, at));
    }
    Ok(events)
}

/// The events that tell of deliveries that are given up.
async fn delivery_events(
    tx: &mut HotTx,
    mut exhausted: Vec<Exhausted>,
    companies: &Companies,
) -> Result<Vec<NewEvent>, Error> {
    exhausted.retain(|ended| is_picked(companies, ended.company, OperationalEvent::Exhausted));
    if exhausted.is_empty() {
        return Ok(Vec::new());
    }
    let mut read = last_words(tx, &exhausted).await?;
    let ids: BTreeSet<i64> = exhausted.iter().map(|ended| ended.endpoint.raw()).collect();
    let endpoints = endpoints(tx, &ids.into_iter().collect::<Vec<_>>()).await?;
    let mut events = Vec::with_capacity(exhausted.len());
    for mut ended in exhausted {
        let words = ended.words.take().or_else(|| read.remove(&ended.delivery));
        // An endpoint that was deleted at this moment has nothing to tell; of an event that is gone
        // nobody knows whether it was an operational one.
        let (Some(words), Some(row)) = (words, endpoints.get(&ended.endpoint)) else { continue };
        events.extend(delivery_event(&ended, &words, row));
    }
    Ok(events)
}

fn delivery_event(ended: &Exhausted, words: &LastWords, row: &EndpointRow) -> Option<NewEvent> {
    let finish = domain::delivery::Finish::Exhausted;
    let event = OperationalEvent::of_finish(finish, &words.event_type)?;
    let facts = ExhaustedFacts {
        delivery: ended.delivery,
        event: ended.event,
        event_type: &words.event_type,
        endpoint: row.id,
        endpoint_url: &public_url(&row.url),
        endpoint_description: &row.description,
        tries: ended.tries,
        finished_at: ended.finished_at,
        last_status: words.status,
        last_error: words.failure.as_ref(),
    };
    Some(new_event(ended.company, event, facts.data(), row.id, ended.finished_at))
}

fn new_event(
    company: CompanyId,
    event: OperationalEvent,
    data: Vec<u8>,
    about: EndpointId,
    at: DateTime<Utc>,
) -> NewEvent {
    NewEvent {
        company,
        event_type: event.event_type().clone(),
        data: Arc::from(data),
        source: None,
        external_id: None,
        subject: Some(Arc::from(about.to_string())),
        phone_number_id: None,
        occurred_at: Some(at),
        expires_at: None,
        judged: None,
    }
}
