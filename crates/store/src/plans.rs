//! The hot statements of PostgreSQL, for the test that keeps their plans.

use crate::claim::{
    CLAIM_NEWEST_POSTGRES, CLAIM_POSTGRES, DUE_LANES, LOCK_LANES_POSTGRES, NEXT_DUE_POSTGRES,
};
use crate::exhausted::LAST_WORDS_POSTGRES;
use crate::ingest_keys::KEYS_POSTGRES;
use crate::readings::OLDEST_DUE;
use crate::search::feed::FEED_POSTGRES;
use crate::settle_history::{FINISH_POSTGRES, RETRY_POSTGRES};
use crate::settle_rows::CLAIMS_POSTGRES;
use crate::upkeep_age_rows::TAKE_POSTGRES;

/// What each statement is for, the statement, and how many parameters it has.
pub const HOT: [(&str, &str, usize); 13] = [
    ("due_lanes", DUE_LANES, 3),
    ("claim", CLAIM_POSTGRES, 4),
    ("claim_newest", CLAIM_NEWEST_POSTGRES, 4),
    ("lock_lanes", LOCK_LANES_POSTGRES, 2),
    ("next_due", NEXT_DUE_POSTGRES, 3),
    ("settle_claims", CLAIMS_POSTGRES, 3),
    ("retry", RETRY_POSTGRES, 4),
    ("keys", KEYS_POSTGRES, 9),
    ("finish", FINISH_POSTGRES, 21),
    ("give_up", TAKE_POSTGRES, 3),
    ("last_words", LAST_WORDS_POSTGRES, 4),
    ("oldest_due", OLDEST_DUE, 1),
    ("search_feed", FEED_POSTGRES, 3),
];
