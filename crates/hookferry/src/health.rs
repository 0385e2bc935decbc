//! Whether this node is ready: it serves, and none of its loops is down.

use api::Readiness;
use parking_lot::Mutex;

/// Keeps the API's readiness up to date.
#[derive(Debug)]
pub struct Health {
    readiness: Readiness,
    facts: Mutex<Facts>,
}

#[derive(Debug, Default)]
struct Facts {
    serving: bool,
    loops_down: usize,
}

impl Health {
    /// Not ready yet.
    pub fn new(readiness: Readiness) -> Self {
        Self { readiness, facts: Mutex::default() }
    }

    /// The program takes requests, or is about to stop.
    pub fn set_serving(&self, serving: bool) {
        self.change(|facts| facts.serving = serving);
    }

    /// A loop ended although nobody told it to.
    pub fn loop_down(&self) {
        self.change(|facts| facts.loops_down += 1);
    }

    /// The loop runs again.
    pub fn loop_up(&self) {
        self.change(|facts| facts.loops_down -= 1);
    }

    fn change(&self, change: impl FnOnce(&mut Facts)) {
        let mut facts = self.facts.lock();
        change(&mut facts);
        self.readiness.set_ready(facts.serving && facts.loops_down == 0);
    }
}
