//! What operators see of this node: everything that its parts count, what it has in hand, and what
//! waits in the database, named and written out for Prometheus.
//!
//! Series are made of closed lists alone, never of companies, endpoints, or anything that a caller
//! sends. A value that cannot be had is left out, never shown as 0.

mod counted;
mod families;
mod process;
mod readings;

use std::sync::Arc;

use api::{Exposition, Form};
use chrono::{DateTime, Utc};
use dispatch::Dispatcher;
use futures_util::future::BoxFuture;
use store::{Clock, Store};

use families::{Family, Value};
use readings::Reader;

/// What all of ours begin with.
const PREFIX: &str = "hookferry";

/// Writes the metrics of one node.
#[derive(Debug)]
pub struct Exporter {
    store: Store,
    dispatcher: Arc<Dispatcher>,
    api: Arc<api::Metrics>,
    readiness: api::Readiness,
    clock: Arc<dyn Clock>,
    started_at: DateTime<Utc>,
    reader: Reader,
}

impl Exporter {
    /// Of these parts. `can_mail`: whether mails that wait are to be sent at all.
    pub fn new(
        store: Store,
        dispatcher: Arc<Dispatcher>,
        state: &api::State,
        can_mail: bool,
    ) -> Self {
        let clock = Arc::clone(&state.clock);
        Self {
            reader: Reader::new(store.clone(), can_mail),
            store,
            dispatcher,
            api: Arc::clone(&state.metrics),
            readiness: state.readiness.clone(),
            started_at: clock.now(),
            clock,
        }
    }

    async fn families(&self) -> Vec<Family> {
        let now = self.clock.now();
        let readings = self.reader.read(now).await;
        let in_hand = self.dispatcher.in_hand();
        let mut all = readings::oldest_due(&readings, &in_hand, now);
        all.push(self.ready());
        all.extend(counted::events(self.store.metrics(), &self.api));
        all.extend(counted::deliveries(self.store.metrics(), self.dispatcher.metrics()));
        all.extend(counted::in_hand(&in_hand, self.dispatcher.owned_lanes()));
        all.extend(counted::commits(self.store.metrics()));
        all.extend(counted::waiting(&self.store));
        all.extend(readings::others(&readings, now));
        all.extend(counted::mails(self.store.metrics()));
        all.extend(counted::http(&self.api));
        all.extend(counted::clock(self.dispatcher.metrics()));
        all.push(build());
        all
    }

    fn ready(&self) -> Family {
        let ready = Value::Gauge(f64::from(u8::from(self.readiness.is_ready())));
        Family::gauge("ready", None, "Whether this node takes requests").with(ready)
    }

    async fn write_out(&self, form: Form) -> String {
        let ours = self.families().await;
        let process = process::families(self.started_at);
        families::write(PREFIX, ours, process, form)
    }
}

impl Exposition for Exporter {
    fn write(&self, form: Form) -> BoxFuture<'_, String> {
        Box::pin(self.write_out(form))
    }
}

fn build() -> Family {
    let version = vec![("version", env!("CARGO_PKG_VERSION"))];
    Family::info("build", "Which version this is").labelled(version, Value::Info)
}
