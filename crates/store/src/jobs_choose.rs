//! Which stored events an endpoint takes: jobs choose as fan-out does.

use std::collections::HashSet;

use domain::event_type::EventTypeName;
use domain::id::CompanyId;
use domain::selection::{Picks, Selection, SessionState, by_type};
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::Error;
use crate::jobs_rows::{EventLine, Known};
use crate::rows::sql::Sql;

/// How many events' data are in memory at a time.
const DATA_ROWS: usize = 16;

impl Known {
    fn picks(&self) -> Picks<'_> {
        let Self { selectors, format, narrowing, state: _ } = self;
        Picks { selectors, format: *format, narrowing }
    }

    /// Whether the endpoint takes an event with this data.
    pub(crate) fn takes(&self, event: &EventLine, data: &[u8]) -> bool {
        let Ok(event_type) = EventTypeName::parse(&event.event_type) else { return false };
        let session = event.session.as_deref().and_then(SessionState::of_json);
        let number = event.phone_number_id.as_deref();
        Selection::new(&event_type, data, number, session).mismatch(self.picks()).is_none()
    }

    /// Whether a person who names the endpoint can have the event sent there: whatever it picks, as long
    /// as its format can say it.
    pub(crate) fn can_be_told(&self, event: &EventLine) -> bool {
        EventTypeName::parse(&event.event_type).is_ok_and(|name| self.format.has_form(&name))
    }

    fn takes_type(&self, event: &EventLine) -> bool {
        EventTypeName::parse(&event.event_type)
            .is_ok_and(|name| by_type(&self.selectors, self.format, &name).is_ok())
    }
}

/// The ids of those of the events that the endpoint takes.
pub(crate) async fn taken(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    known: Option<&Known>,
    events: &[&EventLine],
) -> Result<HashSet<i64>, Error> {
    let Some(known) = known else { return Ok(HashSet::new()) };
    let picked: Vec<&EventLine> =
        events.iter().copied().filter(|event| known.takes_type(event)).collect();
    if known.narrowing.is_none() {
        return Ok(picked.iter().map(|event| event.id).collect());
    }
    if !known.narrowing.asks_for_data() {
        let taken = picked.iter().filter(|event| known.takes(event, &[]));
        return Ok(taken.map(|event| event.id).collect());
    }
    let mut taken = HashSet::new();
    for some in picked.chunks(DATA_ROWS) {
        let ids: Vec<i64> = some.iter().map(|event| event.id).collect();
        for DataLine { id, data } in data_of(connection, company, &ids).await? {
            let event = some.iter().find(|event| event.id == id);
            if event.is_some_and(|event| known.takes(event, &data)) {
                taken.insert(id);
            }
        }
    }
    Ok(taken)
}

/// Whether a replay sends an event to an endpoint: to one that is named whatever it picks.
pub(crate) fn is_wanted(known: &Known, event: &EventLine, data: &[u8], is_named: bool) -> bool {
    if is_named { known.can_be_told(event) } else { known.takes(event, data) }
}

/// The data of an event, as far as any of these endpoints asks for it.
pub(crate) async fn data_for(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    event: &EventLine,
    mut endpoints: impl Iterator<Item = &Known>,
) -> Result<Vec<u8>, Error> {
    if !endpoints.any(|known| known.narrowing.asks_for_data()) {
        return Ok(Vec::new());
    }
    let lines = data_of(connection, company, &[event.id]).await?;
    Ok(lines.into_iter().next().map(|line| line.data).unwrap_or_default())
}

/// An event's data.
#[derive(Debug, FromQueryResult)]
struct DataLine {
    id: i64,
    data: Vec<u8>,
}

/// The data of some of the company's events.
async fn data_of(
    connection: &impl ConnectionTrait,
    company: CompanyId,
    ids: &[i64],
) -> Result<Vec<DataLine>, Error> {
    let mut sql = Sql::new("SELECT id, data FROM events WHERE company_id = ");
    sql.bind(company.raw()).text(" AND id IN (").list(ids.iter().copied()).text(")");
    let statement = sql.build(connection.get_database_backend());
    Ok(DataLine::find_by_statement(statement).all(connection).await?)
}
