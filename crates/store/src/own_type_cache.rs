//! A company's own event types as ingest needs them, kept under the version of its configuration:
//! the transaction that writes an event compares it, so that what is kept here is never believed when
//! it is old.

use std::collections::HashMap;
use std::sync::Arc;

use domain::event_type::EventTypeName;
use domain::id::CompanyId;
use domain::own_type::Validation;
use parking_lot::Mutex;
use sea_orm::ConnectionTrait;

use crate::own_types::{name_of, validation_of};
use crate::{Error, Store};

/// How much the kept types of all companies take, in bytes; beyond it some are forgotten.
const KEPT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// What a type takes beside its schema.
const TYPE_OVERHEAD_BYTES: usize = 256;

/// A company's own types at one version of its configuration.
#[derive(Debug)]
pub struct OwnTypes {
    /// The version.
    pub version: i64,
    types: HashMap<EventTypeName, OwnType>,
    bytes: usize,
}

/// An own type, as far as ingest needs it.
#[derive(Debug, Clone)]
pub struct OwnType {
    /// Whether events of it are refused.
    pub is_archived: bool,
    /// Whether data is checked.
    pub validation: Validation,
    /// The schema, where data is checked.
    pub schema: Option<Arc<str>>,
}

impl OwnTypes {
    fn new(version: i64, types: HashMap<EventTypeName, OwnType>) -> Self {
        let of_type = |(name, own): (&EventTypeName, &OwnType)| {
            let schema = own.schema.as_ref().map_or(0, |schema| schema.len());
            name.as_str().len() + schema + TYPE_OVERHEAD_BYTES
        };
        let bytes = TYPE_OVERHEAD_BYTES + types.iter().map(of_type).sum::<usize>();
        Self { version, types, bytes }
    }

    /// The type of that name.
    pub fn find(&self, name: &EventTypeName) -> Option<&OwnType> {
        self.types.get(name)
    }

    /// The names, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(EventTypeName::as_str)
    }
}

/// What is kept of all companies.
#[derive(Debug, Default)]
pub(crate) struct OwnTypeCache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    companies: HashMap<CompanyId, Arc<OwnTypes>>,
    bytes: usize,
}

impl OwnTypeCache {
    fn get(&self, company: CompanyId) -> Option<Arc<OwnTypes>> {
        self.0.lock().companies.get(&company).map(Arc::clone)
    }

    fn put(&self, company: CompanyId, types: Arc<OwnTypes>, bytes_max: usize) {
        let mut kept = self.0.lock();
        kept.remove(company);
        while kept.bytes + types.bytes > bytes_max {
            let Some(any) = kept.companies.keys().next().copied() else { return };
            kept.remove(any);
        }
        kept.bytes += types.bytes;
        kept.companies.insert(company, types);
    }
}

impl Kept {
    fn remove(&mut self, company: CompanyId) {
        if let Some(gone) = self.companies.remove(&company) {
            self.bytes -= gone.bytes;
        }
    }
}

impl Store {
    /// The company's own types as they were a moment ago. Good for what
    /// [`ingest`](Self::ingest) checks again, not for telling a caller that a type does not exist.
    pub async fn own_types(&self, company: CompanyId) -> Result<Arc<OwnTypes>, Error> {
        match self.inner.own_types.get(company) {
            Some(kept) => Ok(kept),
            None => self.current_own_types(company).await,
        }
    }

    /// The company's own types as they are.
    pub async fn current_own_types(&self, company: CompanyId) -> Result<Arc<OwnTypes>, Error> {
        // The version first: what is read after it is at least as new.
        let versions = self.config_versions_read(&[company]).await?;
        let version = *versions.get(&company).ok_or(Error::NotFound)?;
        if let Some(kept) = self.inner.own_types.get(company)
            && kept.version == version
        {
            return Ok(kept);
        }
        let types = Arc::new(OwnTypes::new(version, self.read_own_types(company).await?));
        self.inner.own_types.put(company, Arc::clone(&types), KEPT_BYTES_MAX);
        Ok(types)
    }

    async fn read_own_types(
        &self,
        company: CompanyId,
    ) -> Result<HashMap<EventTypeName, OwnType>, Error> {
        const SQL: &str = "SELECT name, validation, archived_at, \
            CASE WHEN validation = 'off' THEN NULL ELSE json_schema END AS json_schema \
            FROM event_types WHERE company_id = $1";
        let rows = self.reader().query_all_raw(self.statement(SQL, [company.raw().into()])).await?;
        let mut types = HashMap::with_capacity(rows.len());
        for row in rows {
            let name: String = row.try_get("", "name")?;
            let validation: String = row.try_get("", "validation")?;
            let archived_at: Option<i64> = row.try_get("", "archived_at")?;
            let schema: Option<String> = row.try_get("", "json_schema")?;
            let own = OwnType {
                is_archived: archived_at.is_some(),
                validation: validation_of(company.raw(), &validation)?,
                schema: schema.map(Arc::from),
            };
            types.insert(name_of(company.raw(), &name)?, own);
        }
        Ok(types)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(version: i64, schema_bytes: usize) -> Arc<OwnTypes> {
        let own = OwnType {
            is_archived: false,
            validation: Validation::Refuse,
            schema: Some("x".repeat(schema_bytes).into()),
        };
        let name = EventTypeName::parse("order.created").unwrap();
        Arc::new(OwnTypes::new(version, HashMap::from([(name, own)])))
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let cache = OwnTypeCache::default();
        let company = CompanyId::from_raw;
        for n in 0..100 {
            cache.put(company(n), types(n, 10_000), 100_000);
            assert_eq!(cache.get(company(n)).unwrap().version, n, "the last one is there");
        }
        cache.put(company(99), types(100, 20_000), 100_000);
        cache.put(company(7), types(1, 200_000), 100_000);
        let kept = cache.0.lock();
        let bytes: usize = kept.companies.values().map(|types| types.bytes).sum();
        assert_eq!(bytes, kept.bytes);
        assert!(kept.bytes <= 100_000 && !kept.companies.contains_key(&company(7)));
    }
}
