//! Removing history by age. An event goes with its deliveries and their attempts once it was accepted so
//! long ago, none of them waits any more, and the last of them ended so long ago: an endpoint may be paused
//! for longer than anything is kept, and what waits for it is still sent. Keys of events have an age of
//! their own (`KEYS_KEPT`).
//!
//! PostgreSQL drops whole days ([`days`]), SQLite deletes slices ([`slices`]); the index of the lists
//! follows ([`index`]).

mod days;
mod index;
pub(crate) mod kept;
mod slices;
mod strays;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sea_orm::DatabaseBackend;

use crate::{Error, Store};

pub use days::DAY_KEPT_MAX;

/// How long a day is left alone of which too much is needed, and how often what was needed of the others, old
/// events on SQLite that were needed, and the index are looked through.
const LOOK_AGAIN: TimeDelta = TimeDelta::hours(2);

/// How far one node has come; lost with it without harm.
#[derive(Debug, Clone, Default)]
pub struct RetentionWalk {
    stage: Stage,
    /// On SQLite, the event that was looked at last.
    event: i64,
    strays: strays::Walk,
    /// On PostgreSQL, days that have to wait, and until when.
    waiting: HashMap<NaiveDate, DateTime<Utc>>,
    index: index::Walk,
    /// When all of it was looked through.
    looked_at: Option<DateTime<Utc>>,
}

/// What is looked through, one after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    History,
    /// What was needed when its day was dropped.
    Strays,
    Index,
}

/// What a step brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetentionStep {
    /// A day of PostgreSQL's has been dropped; so many deliveries still need something of it.
    Dropped {
        /// Which one, in UTC.
        day: NaiveDate,
        /// For so many deliveries its rows were kept.
        kept: u64,
    },
    /// A day of PostgreSQL's stays for now: more than [`DAY_KEPT_MAX`] deliveries need something of it, or
    /// what they need is more than can be moved while everybody waits.
    Stays {
        /// Which one, in UTC.
        day: NaiveDate,
    },
    /// So many rows are gone; there may be more to do.
    Removed(u64),
    /// There is nothing to do now, or another node does it.
    Rest,
}

impl Store {
    /// Goes one step in removing what was accepted, and has ended, before `before`; `now` says when what
    /// has to wait is looked at again. A step takes milliseconds; on PostgreSQL one that drops a day takes as
    /// long as it takes to read the day, and holds everybody up for milliseconds at its end.
    pub async fn remove_history(
        &self,
        walk: &mut RetentionWalk,
        before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<RetentionStep, Error> {
        loop {
            let step = match (walk.stage, self.backend()) {
                (Stage::History, DatabaseBackend::Postgres) => {
                    self.remove_day(walk, before, now).await
                }
                (Stage::History, _) => self.remove_slice(walk, before).await,
                (Stage::Strays, DatabaseBackend::Postgres) => {
                    self.remove_strays(&mut walk.strays, before).await
                }
                (Stage::Strays, _) => Ok(RetentionStep::Rest),
                (Stage::Index, _) => self.remove_from_index(&mut walk.index, before).await,
            };
            // History comes first again: what is wrong elsewhere must not keep it.
            if step.is_err() && walk.stage != Stage::History {
                (walk.stage, walk.looked_at) = (Stage::History, Some(now));
            }
            let step = step?;
            if step != RetentionStep::Rest {
                return Ok(step);
            }
            let looked_lately = walk.looked_at.is_some_and(|at| at + LOOK_AGAIN > now);
            walk.stage = match walk.stage {
                Stage::History if looked_lately => return Ok(step),
                Stage::History => Stage::Strays,
                Stage::Strays => Stage::Index,
                Stage::Index => {
                    (walk.stage, walk.looked_at) = (Stage::History, Some(now));
                    // What was needed may be no more.
                    walk.event = 0;
                    return Ok(step);
                }
            };
        }
    }
}
