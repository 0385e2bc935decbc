//! Which endpoints events go to, as far as their data has to be looked into for it: decided before the
//! writer has them. A filter may be much work, and the writer is everybody's.

use std::sync::Arc;

use domain::event::NewEvent;
use domain::id::CompanyId;

use crate::compiled::{Chosen, CompiledCompany};
use crate::{Error, Store};

/// How many callers' events are judged by filters at a time; the others wait their turn.
pub(crate) const JUDGED_AT_A_TIME: usize = 2;

/// What was chosen for events of one company, by its endpoints at one version of its configuration.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    version: i64,
    /// For each event, in their order; nothing where the type alone decides.
    chosen: Vec<Option<Chosen>>,
}

impl Ahead {
    fn of(company: &CompiledCompany, events: &[NewEvent]) -> Self {
        let by_data = |event: &NewEvent| company.asks_for_data(&event.event_type);
        let chosen = events.iter().map(|event| by_data(event).then(|| company.chosen(event)));
        Self { version: company.version, chosen: chosen.collect() }
    }

    /// What was chosen for the event in that place, if the company's configuration is still the same.
    pub(crate) fn at(&self, place: usize, version: i64) -> Option<Chosen> {
        if self.version == version { self.chosen.get(place)?.clone() } else { None }
    }
}

impl Store {
    /// Chooses by what was last known of the company's endpoints, where any of them asks for the data of
    /// these events; on a thread of its own, since it may take long. The writer chooses again where the
    /// configuration has changed meanwhile.
    pub(crate) async fn choose_ahead(
        &self,
        company: CompanyId,
        events: Vec<NewEvent>,
    ) -> Result<(Vec<NewEvent>, Ahead), Error> {
        let known = self.inner.compiled.lock().get(&company).map(Arc::clone);
        let asks = |known: &Arc<CompiledCompany>| {
            events.iter().any(|event| known.asks_for_data(&event.event_type))
        };
        let Some(known) = known.filter(asks) else { return Ok((events, Ahead::default())) };
        let _turn = self.inner.judging.acquire().await.map_err(|_| Error::Overloaded)?;
        let judged = tokio::task::spawn_blocking(move || {
            let ahead = Ahead::of(&known, &events);
            (events, ahead)
        });
        judged.await.map_err(|_| Error::Overloaded)
    }
}
