//! What of a source is sealed: its verify token, which is shown, and its app secrets, which never are.

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, SourceId};
use domain::source::{AppSecret, AppSecrets, VerifyToken};
use zeroize::{Zeroize, Zeroizing};

use crate::entity::source;
use crate::time::{from_micros, micros};
use crate::{Error, Store};

const TABLE: &str = "sources";
const COLUMN: &str = "sealed_secrets";

/// What a source knows and nobody else should.
pub(crate) struct SourceSecrets {
    pub(crate) verify_token: VerifyToken,
    pub(crate) app: Option<AppSecrets>,
}

/// The same as it is sealed, as JSON.
#[derive(serde::Serialize, serde::Deserialize)]
struct Stored {
    verify_token: String,
    app: Option<StoredApp>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct StoredApp {
    current: String,
    previous: Vec<StoredPrevious>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct StoredPrevious {
    secret: String,
    until: i64,
}

impl Drop for StoredApp {
    fn drop(&mut self) {
        self.current.zeroize();
        for old in &mut self.previous {
            old.secret.zeroize();
        }
    }
}

impl Store {
    pub(crate) fn seal_source(
        &self,
        company: CompanyId,
        id: SourceId,
        secrets: &SourceSecrets,
    ) -> Vec<u8> {
        let previous = |(secret, until): &(AppSecret, DateTime<Utc>)| StoredPrevious {
            secret: secret.as_str().to_owned(),
            until: micros(*until),
        };
        let stored = Stored {
            verify_token: secrets.verify_token.as_str().to_owned(),
            app: secrets.app.as_ref().map(|app| StoredApp {
                current: app.current.as_str().to_owned(),
                previous: app.previous.iter().map(previous).collect(),
            }),
        };
        let plain = serde_json::to_vec(&stored).expect("texts and numbers are always JSON");
        self.sealer().seal(company, TABLE, id.raw(), COLUMN, &Zeroizing::new(plain))
    }

    pub(crate) fn open_source_secrets(&self, row: &source::Model) -> Result<SourceSecrets, Error> {
        let company = CompanyId::from_raw(row.company_id);
        let plain = self.sealer().open(company, TABLE, row.id, COLUMN, &row.sealed_secrets)?;
        let corrupt = || Error::Corrupt {
            table: TABLE,
            id: row.id,
            what: "what is sealed in sealed_secrets is not a verify token with app secrets".into(),
        };
        let stored: Stored = serde_json::from_slice(&plain).map_err(|_| corrupt())?;
        let secret = |text: &str| AppSecret::parse(text).map_err(|_| corrupt());
        let app = |stored: &StoredApp| {
            let previous = stored.previous.iter();
            let previous = previous.map(|old| Ok((secret(&old.secret)?, from_micros(old.until))));
            let previous = previous.collect::<Result<_, Error>>()?;
            Ok::<_, Error>(AppSecrets { current: secret(&stored.current)?, previous })
        };
        Ok(SourceSecrets {
            verify_token: VerifyToken::parse(&stored.verify_token).map_err(|_| corrupt())?,
            app: stored.app.as_ref().map(app).transpose()?,
        })
    }
}
