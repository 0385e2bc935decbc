//! Several endpoints made at once, as a script made for Wati asks for them: all of them or none.

use chrono::{DateTime, Utc};
use domain::format::Format;
use domain::id::{CompanyId, EndpointId};
use domain::limits::Limit;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::entity::endpoint;
use crate::rows::choice::filter_text;
use crate::suspend::check_active;
use crate::tokens::bump_config_version;
use crate::{Actor, EndpointRecord, Error, Hint, NewEndpoint, Store};

/// The code of the conflict that another webhook has the same URL.
pub const WEBHOOK_EXISTS: &str = "webhook_exists";

impl Store {
    /// Makes endpoints of Wati's format, all or none of them: where one with the same URL and filter was
    /// there before, the conflict [`WEBHOOK_EXISTS`]. Gives them in their order.
    pub async fn create_wati_endpoints(
        &self,
        company: CompanyId,
        endpoints: Vec<NewEndpoint>,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<Vec<EndpointRecord>, Error> {
        let tx = self.begin().await?;
        bump_config_version(&tx, company).await?;
        check_active(&tx, company).await?;
        for endpoint in &endpoints {
            check_is_new(&tx, company, endpoint).await?;
        }
        let mut rows = Vec::with_capacity(endpoints.len());
        for endpoint in endpoints {
            self.check_limit(&tx, company, Limit::Endpoints, now).await?;
            let id = EndpointId::from_raw(self.new_id(now));
            rows.push(self.insert_endpoint(&tx, (company, id), endpoint, actor, now).await?);
        }
        tx.commit().await?;
        self.hint(Hint::ConfigChanged(company));
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            let record = self.endpoint_record(row)?;
            self.tell_endpoint((company, record.id), "created", &record.state, now);
            records.push(record);
        }
        Ok(records)
    }
}

async fn check_is_new(
    tx: &impl ConnectionTrait,
    company: CompanyId,
    wanted: &NewEndpoint,
) -> Result<(), Error> {
    let filter = match filter_text(wanted.narrowing.filter.as_ref()) {
        Some(text) => endpoint::Column::Filter.eq(text),
        None => endpoint::Column::Filter.is_null(),
    };
    let same = endpoint::Entity::find()
        .filter(endpoint::Column::CompanyId.eq(company.raw()))
        .filter(endpoint::Column::DeletedAt.is_null())
        .filter(endpoint::Column::Format.eq(Format::WATI_V2.name()))
        .filter(endpoint::Column::Url.eq(wanted.url.as_str()))
        .filter(filter)
        .count(tx)
        .await?;
    if same == 0 {
        return Ok(());
    }
    let detail = "an endpoint of the format wati has this URL already".to_owned();
    Err(Error::Conflict { code: WEBHOOK_EXISTS, detail })
}
