//! The index behind the lists of events and deliveries. Indexes on history would halve the speed of
//! the hot path, so this one is fed in bulk behind it: a walk goes along the ids and writes, slice by
//! slice, which ids to look at for a term. Slices are only added to, in the order of their key, and a
//! slice is written once it is full: what lies above the last one is scanned. Slices are merged later
//! ([`merge`]).
//!
//! The index only ever says where to look; the rows say what is so. What it must not do is leave a row
//! out. What never changes (type, subject, endpoint …) is indexed for every id below the mark, whether
//! it is finished or not. How a delivery ended is indexed for what the walk finds finished; whoever
//! finishes one later, however much later, sees in the same transaction that its id lies below `next`,
//! and writes it to `search_feed`. The walk goes nowhere before `next` has been announced and
//! everybody who may not have seen it is through.

pub(crate) mod blocks;
pub(crate) mod feed;
pub(crate) mod finished;
pub(crate) mod look;
pub(crate) mod merge;
mod slice;
pub(crate) mod terms;
pub(crate) mod walk;
pub(crate) mod walk_read;

pub use walk::{SearchStep, SearchWalk};
