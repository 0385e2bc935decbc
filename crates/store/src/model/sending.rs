//! Deliveries that a node holds, and what is asked of it meanwhile.

use chrono::{DateTime, Utc};
use domain::delivery::Progress;
use domain::format::Rendering;
use domain::id::{CompanyId, DeliveryId, EndpointId};

/// A delivery that this node has claimed, with all it takes to send it.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The delivery.
    pub id: DeliveryId,
    /// Where it goes.
    pub endpoint: EndpointId,
    /// Its event.
    pub event: domain::event::Event,
    /// How its body is written.
    pub rendering: Rendering,
    /// How far it has come.
    pub progress: Progress,
    /// The incarnation of this node that claimed it: an outcome that comes after the node has become
    /// another one counts for nothing.
    pub claimed_by: i64,
    /// How often it has been put back from history.
    pub generation: u32,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// Where it stands at an ordered endpoint; `None`: it was never looked at.
    pub place: Option<crate::Place>,
}

/// What a delivery takes of memory beside its event's data, with what is around it in the lanes.
const CLAIMED_BYTES: usize = 512;

/// How many bytes of memory a delivery of this event counts for. Deliveries of one event share its
/// data, and each counts it: the bound may be kept too well, never too badly.
pub(crate) const fn claimed_bytes(data: usize, session: usize) -> usize {
    CLAIMED_BYTES + data + session
}

impl Claimed {
    /// How many bytes of memory it counts for.
    pub fn bytes(&self) -> usize {
        claimed_bytes(self.event.data.len(), self.event.session.as_deref().map_or(0, <[u8]>::len))
    }

    /// Whether others may wait behind it.
    pub fn stands_in_line(&self) -> bool {
        self.place.is_some_and(|place| place.line.is_some())
    }
}

/// What a person wants of a delivery that this node holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Where it goes.
    pub endpoint: EndpointId,
    /// That it is not sent; else that it goes next.
    pub cancel: bool,
}

/// What another part of this node should act on at once; a lost hint costs a moment, nothing more.
#[derive(Debug, Clone, Copy)]
pub enum Hint {
    /// Endpoints of this company were changed.
    ConfigChanged(CompanyId),
    /// A delivery was canceled or asked for while a node holds it: [`crate::Store::wishes`].
    Wish,
    /// Something of this endpoint is due now.
    LaneDue(EndpointId),
}
