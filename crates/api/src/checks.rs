//! Data checked against the schemas of companies' own types: schemas compiled once, and what is much
//! work done off the threads that answer, a little at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::json_schema::{JsonSchema, Misfit};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::error::ApiError;

/// How much memory compiled schemas take together, in bytes.
const COMPILED_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Up to how much work is done where it is asked for: about a millisecond.
const WORK_HERE_MAX: u64 = 200_000;
/// How many requests are checked elsewhere at a time.
const AT_A_TIME: usize = 2;
/// How many may wait beside those; more are told to come back.
const WAITING_MAX: usize = 64;
/// How long the events of one request may take together.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);

/// Data and the schema that it is to be checked against.
#[derive(Debug, Clone)]
pub struct Check {
    /// The schema's text.
    pub schema: Arc<str>,
    /// One JSON value.
    pub data: Arc<[u8]>,
}

/// What does not fit, for each of several data.
type Misfits = Vec<Vec<Misfit>>;

/// The place where data is checked.
#[derive(Debug)]
pub struct Checks {
    compiled: Arc<Mutex<Compiled>>,
    working: Semaphore,
    waiting: Semaphore,
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            compiled: Arc::default(),
            working: Semaphore::new(AT_A_TIME),
            waiting: Semaphore::new(AT_A_TIME + WAITING_MAX),
        }
    }
}

impl Checks {
    /// Checks the data of one request; gives the misfits of each.
    pub async fn check(&self, checks: Vec<Check>) -> Result<Misfits, ApiError> {
        if self.is_little(&checks) {
            return run(&self.compiled, &checks).ok_or(ApiError::Overloaded);
        }
        let compiled = Arc::clone(&self.compiled);
        self.elsewhere(move || run(&compiled, &checks)).await?.ok_or(ApiError::Overloaded)
    }

    /// Does something with schemas off the threads that answer.
    pub async fn elsewhere<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let _waiting = self.waiting.try_acquire().map_err(|_| ApiError::Overloaded)?;
        let _working =
            self.working.acquire().await.map_err(|error| ApiError::Internal(error.into()))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| ApiError::Internal(error.into()))
    }

    /// Whether every schema is compiled and all of it is done in a moment.
    fn is_little(&self, checks: &[Check]) -> bool {
        let compiled = self.compiled.lock();
        let mut work = 0_u64;
        checks.iter().all(|check| {
            let Some(schema) = compiled.schemas.get(&check.schema) else { return false };
            let more = schema.as_ref().as_ref().map_or(0, |known| known.work(check.data.len()));
            work = work.saturating_add(more);
            work <= WORK_HERE_MAX
        })
    }
}

/// Checks one after the other; nothing where it takes too long.
fn run(compiled: &Mutex<Compiled>, checks: &[Check]) -> Option<Misfits> {
    let began = Instant::now();
    let mut misfits = Vec::with_capacity(checks.len());
    for check in checks {
        if began.elapsed() > REQUEST_TIME_MAX {
            return None;
        }
        let schema = Compiled::get(compiled, &check.schema);
        misfits.push(match schema.as_ref() {
            Ok(schema) => schema.check(&check.data).err().unwrap_or_default(),
            Err(detail) => vec![Misfit { pointer: String::new(), detail: detail.clone() }],
        });
    }
    Some(misfits)
}

type Schema = Arc<Result<JsonSchema, String>>;

/// Compiled schemas by their text: what a company changes elsewhere does not make them old.
#[derive(Debug, Default)]
struct Compiled {
    schemas: HashMap<Arc<str>, Schema>,
    bytes: usize,
}

impl Compiled {
    fn get(this: &Mutex<Self>, text: &Arc<str>) -> Schema {
        if let Some(known) = this.lock().schemas.get(text) {
            return Arc::clone(known);
        }
        // It was compiled when it was taken in: what has become wrong since is another release's.
        let schema = JsonSchema::parse(text).map_err(|errors| {
            let detail = errors.first().map(|error| error.detail.as_str()).unwrap_or_default();
            format!("cannot be checked: the schema cannot be used any more: {detail}")
        });
        let schema = Arc::new(schema);
        this.lock().put(Arc::clone(text), Arc::clone(&schema));
        schema
    }

    fn put(&mut self, text: Arc<str>, schema: Schema) {
        let weight = weight(&schema);
        if self.schemas.contains_key(&text) {
            return;
        }
        while self.bytes + weight > COMPILED_BYTES_MAX {
            let Some(any) = self.schemas.keys().next().cloned() else { return };
            if let Some(gone) = self.schemas.remove(&any) {
                self.bytes -= self::weight(&gone);
            }
        }
        self.bytes += weight;
        self.schemas.insert(text, schema);
    }
}

fn weight(schema: &Schema) -> usize {
    schema.as_ref().as_ref().map_or(1024, JsonSchema::weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: &str, data: &str) -> Check {
        Check { schema: schema.into(), data: data.as_bytes().into() }
    }

    #[tokio::test]
    async fn each_data_has_its_misfits_here_and_elsewhere() {
        let checks = Checks::default();
        let schema = r#"{"properties":{"a":{"type":"string"}}}"#;
        let asked =
            vec![check(schema, r#"{"a":"x"}"#), check(schema, r#"{"a":5}"#), check("5", "{}")];
        assert!(!checks.is_little(&asked), "nothing is compiled");
        for _ in 0..2 {
            let misfits = checks.check(asked.clone()).await.unwrap();
            assert_eq!(misfits.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 1]);
            assert_eq!(misfits[1][0].pointer, "/a");
            assert!(misfits[2][0].detail.contains("any more"), "{misfits:?}");
        }
        assert!(checks.is_little(&asked));
        let large = format!(r#"{{"b":[{}0]}}"#, "0,".repeat(120_000));
        assert!(!checks.is_little(&[check(schema, &large)]));
        assert_eq!(checks.check(vec![check(schema, &large)]).await.unwrap(), [vec![]]);
    }

    #[test]
    fn what_is_compiled_is_bounded() {
        let compiled = Mutex::new(Compiled::default());
        let patterns: Vec<String> = (0..50).map(|n| format!(r#"{{"pattern":"^{n}"}}"#)).collect();
        let text = |n: usize| -> Arc<str> {
            format!(r#"{{"title":"{n}","anyOf":[{}]}}"#, patterns.join(",")).into()
        };
        let one = weight(&Compiled::get(&compiled, &text(0)));
        for n in 1..COMPILED_BYTES_MAX / one + 3 {
            Compiled::get(&compiled, &text(n));
        }
        let kept = compiled.lock();
        assert!(kept.bytes <= COMPILED_BYTES_MAX);
        assert_eq!(kept.bytes, kept.schemas.values().map(weight).sum::<usize>());
    }
}
