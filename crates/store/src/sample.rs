//! What a sample changes about its endpoint: settlement of an attempt that belongs to no delivery.

use chrono::{DateTime, Utc};
use domain::endpoint::Transition;
use domain::id::{CompanyId, EndpointId};
use domain::operational::OperationalEvent;
use sea_orm::sqlx;

use crate::hot::{Durability, Failed, HotConnection, HotTx};
use crate::lane_rows::{LaneWish, wish_lanes};
use crate::notices::{Telling, write_notices};
use crate::operational::Causes;
use crate::rows::audit::actor_text;
use crate::settle_rows::{EndpointRow, endpoints, lock_endpoints, update_endpoints};
use crate::time::micros;
use crate::{Actor, Error, Hint, Store};

/// The owner of a lane that is free: a node that may own one takes it.
const NOBODY: i64 = 0;

impl Store {
    /// Records a sample: a success heals, an audit line is written either way.
    pub async fn record_sample(
        &self,
        company: CompanyId,
        id: EndpointId,
        delivered: bool,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut tx = self.begin_hot(Durability::Acknowledged).await?;
        let row = match find(&mut tx, company, id).await {
            Ok(row) => row,
            Err(error) => {
                tx.roll_back().await?;
                return Err(error);
            }
        };
        let (after, transition) = row.state.after_sample(delivered);
        if after != row.state {
            update_endpoints(&mut tx, &[(row.clone(), after, None)]).await?;
        }
        let recovered = transition == Some(Transition::Recovered);
        let told: Vec<Telling> = transition
            .map(|transition| Telling {
                transition,
                health: row.state.health,
                last_status: row.last_status,
                last_error: row.last_error.clone(),
                failure: None,
                at: now,
                after,
                // A person's sample is no event: what it heals is told.
                event: OperationalEvent::of_transition(transition, false),
                row,
            })
            .into_iter()
            .collect();
        write_notices(self, &mut tx, &told).await?;
        let causes =
            Causes { told: &told, exhausted: Vec::new(), reconfigured: &[], lane_owner: NOBODY };
        let lanes = self.write_operational(&mut tx, causes, now).await?;
        // Lanes are written in the order of their endpoints, so that two nodes cannot lock each
        // other out.
        let (before, after): (Vec<LaneWish>, Vec<LaneWish>) =
            lanes.iter().partition(|lane| lane.endpoint < id.raw());
        wish_lanes(&mut tx, &before).await?;
        if recovered {
            reopen_lane(&mut tx, id, now).await?;
        }
        wish_lanes(&mut tx, &after).await?;
        self.write_audit(&mut tx, company, id, delivered, actor, now).await?;
        tx.end(Ok(())).await.map_err(Failed::into_error)?;
        if recovered {
            self.hint(Hint::ConfigChanged(company));
            self.hint(Hint::LaneDue(id));
        }
        lanes.iter().for_each(|lane| self.hint(lane.hint()));
        Ok(())
    }

    async fn write_audit(
        &self,
        tx: &mut HotTx,
        company: CompanyId,
        endpoint: EndpointId,
        delivered: bool,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        const SQL: &str = "INSERT INTO audit_log \
            (id, company_id, actor, action, subject, facts, created_at, address) \
            VALUES ($1, $2, $3, 'endpoint.sample_sent', $4, $5, $6, $7)";
        let facts = serde_json::json!({ "delivered": delivered }).to_string();
        let address = self.origin.map(|address| address.to_string()).unwrap_or_default();
        macro_rules! insert {
            ($connection:expr) => {
                sqlx::query(SQL)
                    .bind(self.new_id(now))
                    .bind(company.raw())
                    .bind(actor_text(actor))
                    .bind(endpoint.to_string())
                    .bind(facts)
                    .bind(micros(now))
                    .bind(address)
                    .execute(&mut **$connection)
                    .await
                    .map(|_| ())
            };
        }
        match &mut tx.connection {
            HotConnection::Sqlite(connection) => insert!(connection)?,
            HotConnection::Postgres(connection) => insert!(connection)?,
        }
        Ok(())
    }
}

async fn find(tx: &mut HotTx, company: CompanyId, id: EndpointId) -> Result<EndpointRow, Error> {
    lock_endpoints(tx, &[id.raw()]).await?;
    let row = endpoints(tx, &[id.raw()]).await?.remove(&id);
    row.filter(|row| row.company == company).ok_or(Error::NotFound)
}

/// A Defective endpoint has a lane: its hold is over, and what waits may go.
async fn reopen_lane(
    tx: &mut HotTx,
    endpoint: EndpointId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    const SQL: &str = "UPDATE lanes SET hold_until = 0, version = version + 1, \
        next_due = CASE WHEN next_due < $2 THEN next_due ELSE $2 END WHERE endpoint_id = $1";
    macro_rules! update {
        ($connection:expr) => {
            sqlx::query(SQL)
                .bind(endpoint.raw())
                .bind(micros(now))
                .execute(&mut **$connection)
                .await
                .map(|_| ())
        };
    }
    match &mut tx.connection {
        HotConnection::Sqlite(connection) => update!(connection)?,
        HotConnection::Postgres(connection) => update!(connection)?,
    }
    Ok(())
}
