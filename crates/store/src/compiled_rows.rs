//! The rows of which a company's endpoints are compiled for ingest.

use std::collections::HashMap;

use domain::event_type::Selector;
use domain::filter::Filter;
use domain::id::EndpointId;
use sea_orm::sqlx::{self, ColumnIndex, Decode, FromRow, Row, Type};

use crate::Error;
use crate::compiled::{CompiledCompany, CompiledEndpoint};
use crate::hot::{HotConnection, HotTx};
use crate::rows::choice::ChoiceColumns;
use crate::rows::endpoint::{corrupt, selectors_of};
use crate::rows::endpoint_state::StateColumns;
use crate::rows::traffic::traffic_of;

/// They are found by `endpoints_live`.
pub(crate) const ENDPOINTS: &str = "SELECT id, event_types, switch, held_since, held_total_us, failures, \
    failing_since, defective_at, epoch, rate_limit, max_in_flight, ordered, format, wati_version, \
    wati_names, filter, phone_number_ids, session FROM endpoints \
    WHERE company_id = $1 AND deleted_at IS NULL ORDER BY id";

/// The endpoints of one company, by id. Filters that stand in `before` are not compiled again: that takes
/// longer than all the rest, and a company's configuration changes with every token.
pub(crate) async fn endpoints(
    tx: &mut HotTx,
    company: i64,
    before: Option<&CompiledCompany>,
) -> Result<Vec<CompiledEndpoint>, Error> {
    let rows: Vec<EndpointRow> = match &mut tx.connection {
        HotConnection::Sqlite(connection) => {
            sqlx::query_as(ENDPOINTS).bind(company).fetch_all(&mut **connection).await?
        }
        HotConnection::Postgres(connection) => {
            sqlx::query_as(ENDPOINTS).bind(company).fetch_all(&mut **connection).await?
        }
    };
    let known = before.map(CompiledCompany::filters).unwrap_or_default();
    rows.into_iter().map(|row| compiled(row, &known)).collect()
}

struct EndpointRow {
    id: i64,
    event_types: String,
    state: StateColumns,
    rate_limit: Option<String>,
    max_in_flight: Option<i64>,
    ordered: i64,
    choice: ChoiceColumns,
}

/// By hand: there are more columns than tuples have places.
impl<'r, R: Row> FromRow<'r, R> for EndpointRow
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get(0)?,
            event_types: row.try_get(1)?,
            state: StateColumns {
                switch: row.try_get(2)?,
                held_since: row.try_get(3)?,
                held_total_us: row.try_get(4)?,
                failures: row.try_get(5)?,
                failing_since: row.try_get(6)?,
                defective_at: row.try_get(7)?,
                epoch: row.try_get(8)?,
            },
            rate_limit: row.try_get(9)?,
            max_in_flight: row.try_get(10)?,
            ordered: row.try_get(11)?,
            choice: ChoiceColumns {
                format: row.try_get(12)?,
                wati_version: row.try_get(13)?,
                wati_names: row.try_get(14)?,
                filter: row.try_get(15)?,
                phone_number_ids: row.try_get(16)?,
                session: row.try_get(17)?,
            },
        })
    }
}

fn compiled(row: EndpointRow, known: &HashMap<&str, &Filter>) -> Result<CompiledEndpoint, Error> {
    let EndpointRow { id, event_types, state, rate_limit, max_in_flight, ordered, choice } = row;
    let selectors: Vec<Selector> = selectors_of(&event_types).map_err(corrupt(id))?;
    let (format, narrowing) = choice
        .read_knowing(|text| known.get(text).map(|filter| (*filter).clone()))
        .map_err(corrupt(id))?;
    let traffic = traffic_of(rate_limit.as_deref(), max_in_flight, ordered).map_err(corrupt(id))?;
    Ok(CompiledEndpoint {
        id: EndpointId::from_raw(id),
        selectors,
        format,
        narrowing,
        state: state.read(id)?,
        traffic,
    })
}
