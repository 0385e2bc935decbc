//! Short ways: one statement that checks what a transaction would have read first, and changes nothing
//! where it is not so. Then the long way is gone, which reads.

use parking_lot::Mutex;
use sea_orm::sqlx;
use sea_orm::sqlx::postgres::{PgDatabaseError, PgSeverity};

/// What a statement ends with where something is not as it was thought to be: an error that says so in
/// PostgreSQL's own log. The number is there so that it is not said when the statement is planned.
macro_rules! not_so {
    ($number:literal) => {
        concat!("('hookferry goes the long way, this is no fault: ' || ", $number, ")::bigint")
    };
}
pub(crate) use not_so;

/// After a miss so many batches go the long way, twice as many after each further one, up to this: where
/// nearly every batch is special, one statement in so many is in vain.
const REST_BATCHES_MAX: u32 = 63;

/// How a short way has gone of late.
#[derive(Debug, Default)]
pub(crate) struct ShortWay(Mutex<Luck>);

#[derive(Debug, Default)]
struct Luck {
    /// How many batches more go the long way.
    resting: u32,
    /// How many they were after the last miss.
    rested: u32,
}

impl ShortWay {
    /// Whether the next batch tries it.
    pub(crate) fn is_tried(&self) -> bool {
        let mut luck = self.0.lock();
        if luck.resting == 0 {
            return true;
        }
        luck.resting -= 1;
        false
    }

    /// It went well.
    pub(crate) fn hit(&self) {
        self.0.lock().rested /= 2;
    }

    /// Something was not so.
    pub(crate) fn missed(&self) {
        let mut luck = self.0.lock();
        luck.rested = (luck.rested * 2 + 1).min(REST_BATCHES_MAX);
        luck.resting = luck.rested;
    }
}

/// Whether the database has said no, and all is as it was. What ends a connection (a severity above
/// `ERROR`, class 57, or class 08 of a pooler whose own connection broke) may come after all was written.
pub(crate) fn has_changed_nothing(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(cause) = error else { return false };
    let Some(cause) = cause.try_downcast_ref::<PgDatabaseError>() else { return false };
    cause.severity() == PgSeverity::Error && !["57", "08"].contains(&&cause.code()[..2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misses_are_followed_by_ever_more_batches_that_go_the_long_way() {
        let way = ShortWay::default();
        let rests = || {
            let mut rests = 0;
            while !way.is_tried() {
                rests += 1;
            }
            rests
        };
        let after_miss = || {
            way.missed();
            rests()
        };
        assert_eq!([(); 7].map(|()| after_miss()), [1, 3, 7, 15, 31, 63, 63]);
        way.hit();
        assert_eq!(rests(), 0, "it is tried again at once");
        assert_eq!(after_miss(), REST_BATCHES_MAX, "one hit among misses changes little");
        (0..6).for_each(|_| way.hit());
        assert_eq!(after_miss(), 1);
    }
}
