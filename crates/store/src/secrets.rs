//! What of an endpoint is sealed: its secrets and the values of its custom headers.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::id::{CompanyId, EndpointId};
use domain::secret::EndpointSecret;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use zeroize::{Zeroize, Zeroizing};

use crate::endpoints::{live_endpoint, locked_endpoint};
use crate::entity::endpoint;
use crate::time::{from_micros, micros};
use crate::tokens::bump_config_version;
use crate::{Actor, EndpointSecrets, Error, Hint, Store};

/// How many older secrets of an endpoint can sign beside the current one.
const PREVIOUS_MAX: usize = 5;

/// The secrets as they are sealed, as JSON.
#[derive(serde::Serialize, serde::Deserialize)]
struct StoredSecrets {
    current: String,
    previous: Vec<StoredPrevious>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct StoredPrevious {
    secret: String,
    until: i64,
}

impl Drop for StoredSecrets {
    fn drop(&mut self) {
        self.current.zeroize();
        for old in &mut self.previous {
            old.secret.zeroize();
        }
    }
}

/// The live secrets of an endpoint.
pub(crate) struct Secrets {
    pub(crate) current: EndpointSecret,
    pub(crate) previous: Vec<(EndpointSecret, DateTime<Utc>)>,
}

impl Secrets {
    /// The secrets of an endpoint just made.
    pub(crate) const fn new(current: EndpointSecret) -> Self {
        Self { current, previous: Vec::new() }
    }

    /// The same without what no longer signs.
    fn live(mut self, now: DateTime<Utc>) -> Self {
        self.previous.retain(|(_, until)| *until > now);
        self
    }

    /// `secret` signs from now on, and the one before it beside it for `overlap`. No overlap means
    /// that nothing else signs: whoever asks for that has lost a secret to somebody. A secret whose
    /// overlap has not ended is never dropped for want of room: then the rotation is refused.
    fn rotated(
        self,
        secret: EndpointSecret,
        overlap: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        if overlap <= TimeDelta::zero() {
            return Ok(Self::new(secret));
        }
        let Self { current, mut previous } = self.live(now);
        if previous.len() >= PREVIOUS_MAX {
            let until = previous.iter().map(|(_, until)| *until).min().unwrap_or(now);
            return Err(too_many(until));
        }
        previous.insert(0, (current, now + overlap));
        Ok(Self { current: secret, previous })
    }
}

fn too_many(until: DateTime<Utc>) -> Error {
    let until = until.to_rfc3339_opts(SecondsFormat::Micros, true);
    Error::Conflict {
        code: "too_many_secrets",
        detail: format!(
            "{PREVIOUS_MAX} older secrets still sign beside the current one; wait until {until}, or \
             rotate with `overlap_seconds` 0, which ends them all"
        ),
    }
}

impl Store {
    /// The endpoint's secrets and header values; an audit line is written.
    pub async fn endpoint_secrets(
        &self,
        company: CompanyId,
        id: EndpointId,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<EndpointSecrets, Error> {
        let tx = self.begin().await?;
        let row = live_endpoint(&tx, company, id).await?;
        let Secrets { current, previous } = self.open_secrets(&row)?.live(now);
        let headers = self.open_headers(&row)?;
        let facts = serde_json::json!({});
        self.audit(&tx, company, actor, "endpoint.secret_shown", id, facts, now).await?;
        tx.commit().await?;
        Ok(EndpointSecrets { current, previous, headers })
    }

    /// Gives the endpoint a new secret; the old one signs beside it for `overlap`. A conflict where
    /// as many older ones as there may be still sign.
    pub async fn rotate_secret(
        &self,
        company: CompanyId,
        id: EndpointId,
        secret: EndpointSecret,
        overlap: TimeDelta,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<EndpointSecrets, Error> {
        let tx = self.begin().await?;
        let row = locked_endpoint(&tx, company, id).await?;
        bump_config_version(&tx, company).await?;
        let secrets = self.open_secrets(&row)?.rotated(secret, overlap, now)?;
        let headers = self.open_headers(&row)?;
        let changed = endpoint::ActiveModel {
            sealed_secrets: Set(self.seal_secrets(company, id, &secrets)),
            updated_at: Set(micros(now)),
            ..Default::default()
        };
        endpoint::Entity::update_many()
            .set(changed)
            .filter(endpoint::Column::Id.eq(id.raw()))
            .exec(&tx)
            .await?;
        let facts = serde_json::json!({ "overlap_seconds": overlap.num_seconds() });
        self.audit(&tx, company, actor, "endpoint.secret_rotated", id, facts, now).await?;
        tx.commit().await?;
        self.hint(Hint::ConfigChanged(company));
        let Secrets { current, previous } = secrets;
        Ok(EndpointSecrets { current, previous, headers })
    }

    pub(crate) fn seal_secrets(
        &self,
        company: CompanyId,
        id: EndpointId,
        secrets: &Secrets,
    ) -> Vec<u8> {
        let previous = |(secret, until): &(EndpointSecret, DateTime<Utc>)| StoredPrevious {
            secret: secret.as_str().to_owned(),
            until: micros(*until),
        };
        let stored = StoredSecrets {
            current: secrets.current.as_str().to_owned(),
            previous: secrets.previous.iter().map(previous).collect(),
        };
        let plain = serde_json::to_vec(&stored).expect("texts and numbers are always JSON");
        self.sealer().seal(company, "endpoints", id.raw(), "sealed_secrets", &Zeroizing::new(plain))
    }

    pub(crate) fn open_secrets(&self, row: &endpoint::Model) -> Result<Secrets, Error> {
        let company = CompanyId::from_raw(row.company_id);
        let column = "sealed_secrets";
        let plain =
            self.sealer().open(company, "endpoints", row.id, column, &row.sealed_secrets)?;
        let corrupt = || Error::Corrupt {
            table: "endpoints",
            id: row.id,
            what: "what is sealed in sealed_secrets is not a list of secrets".to_owned(),
        };
        let stored: StoredSecrets = serde_json::from_slice(&plain).map_err(|_| corrupt())?;
        let secret = |text: &str| EndpointSecret::parse(text).map_err(|_| corrupt());
        let previous = stored
            .previous
            .iter()
            .map(|old| Ok((secret(&old.secret)?, from_micros(old.until))))
            .collect::<Result<_, Error>>()?;
        Ok(Secrets { current: secret(&stored.current)?, previous })
    }

    pub(crate) fn seal_headers(
        &self,
        company: CompanyId,
        id: EndpointId,
        headers: &[(String, String)],
    ) -> Option<Vec<u8>> {
        if headers.is_empty() {
            return None;
        }
        let plain = serde_json::to_vec(headers).expect("texts are always JSON");
        let plain = Zeroizing::new(plain);
        Some(self.sealer().seal(company, "endpoints", id.raw(), "sealed_headers", &plain))
    }

    pub(crate) fn open_headers(
        &self,
        row: &endpoint::Model,
    ) -> Result<Vec<(String, String)>, Error> {
        let Some(sealed) = &row.sealed_headers else { return Ok(Vec::new()) };
        let company = CompanyId::from_raw(row.company_id);
        let plain = self.sealer().open(company, "endpoints", row.id, "sealed_headers", sealed)?;
        serde_json::from_slice(&plain).map_err(|_| Error::Corrupt {
            table: "endpoints",
            id: row.id,
            what: "what is sealed in sealed_headers is not a list of headers".to_owned(),
        })
    }
}
