//! Which of the deliveries that are due a claim takes. How many rows each endpoint's lane may bring was decided by
//! how large its last ones were; now that the next ones are weighed, they may be larger.

use chrono::{DateTime, Utc};

/// A delivery that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Since when.
    pub due_at: DateTime<Utc>,
    /// What it takes of memory.
    pub bytes: usize,
}

/// What is due of one lane, in the order in which it is sent, and how many bytes of it may come.
#[derive(Debug, Clone, Copy)]
pub struct DueLane<'a> {
    /// The rows.
    pub rows: &'a [Due],
    /// How many bytes they may have together.
    pub bytes_max: usize,
    /// Whether a row that has more comes where others have less, or where nothing else comes.
    pub may_exceed: bool,
}

/// How many of each lane's rows are taken, the first ones. A row that is larger than what its lane may bring comes
/// alone, where the lane may exceed that; all of them together have no more bytes than all lanes may bring, the
/// longest waiting first. Where that is a single row that has more, it comes and nothing else.
pub fn taken(lanes: &[DueLane<'_>]) -> Vec<usize> {
    let mut room = lanes.iter().fold(0_usize, |sum, lane| sum.saturating_add(lane.bytes_max));
    let mut counts = vec![0; lanes.len()];
    let mut in_turn: Vec<(usize, &Due)> = lanes
        .iter()
        .enumerate()
        .filter_map(|(place, lane)| Some((place, lane.rows.first()?)))
        .collect();
    in_turn.sort_by_key(|(_, first)| first.due_at);
    let mut is_first = true;
    for (place, first) in &in_turn {
        let lane = &lanes[*place];
        let may_exceed = lane.may_exceed && std::mem::replace(&mut is_first, false);
        let fits = first.bytes <= if lane.may_exceed { room } else { room.min(lane.bytes_max) };
        if fits || may_exceed {
            counts[*place] = 1;
            room = room.saturating_sub(first.bytes);
        }
    }
    for (place, first) in in_turn {
        if counts[place] == 0 {
            continue;
        }
        let mut own = lanes[place].bytes_max.saturating_sub(first.bytes);
        for row in &lanes[place].rows[1..] {
            if row.bytes > own || row.bytes > room {
                break;
            }
            counts[place] += 1;
            own -= row.bytes;
            room -= row.bytes;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    type Lane<'a> = (i64, &'a [usize], usize);

    fn rows(since: i64, bytes: &[usize]) -> Vec<Due> {
        let due_at = DateTime::from_timestamp(since, 0).unwrap();
        bytes.iter().map(|bytes| Due { due_at, bytes: *bytes }).collect()
    }

    /// Of lanes, each with since when its rows are due, their bytes, and how many it may bring.
    fn take(lanes: &[Lane<'_>]) -> Vec<usize> {
        let due: Vec<Vec<Due>> =
            lanes.iter().map(|(since, bytes, _)| rows(*since, bytes)).collect();
        let bytes_max = lanes.iter().map(|lane| lane.2);
        let lanes = due.iter().zip(bytes_max);
        let lanes = lanes.map(|(rows, bytes_max)| DueLane { rows, bytes_max, may_exceed: true });
        taken(&lanes.collect::<Vec<_>>())
    }

    #[test]
    fn rows_come_as_far_as_their_lane_has_room() {
        assert_eq!(take(&[(1, &[10, 10, 10], 30), (2, &[10, 10, 10], 29), (3, &[], 9)]), [3, 2, 0]);
        assert_eq!(take(&[(1, &[10; 1_000], usize::MAX), (1, &[5], usize::MAX)]), [1_000, 1]);
        assert_eq!(take(&[(1, &[5, 20, 1], 10)]), [1], "what stands behind does not overtake");
        assert_eq!(take(&[]), Vec::<usize>::new());
    }

    #[test]
    fn a_row_larger_than_its_lane_s_room_comes_where_all_together_have_it() {
        assert_eq!(take(&[(1, &[100, 1], 10), (2, &[5, 5], 95)]), [1, 1]);
        assert_eq!(
            take(&[(1, &[100, 1], 10), (2, &[5, 5], 90)]),
            [1, 0],
            "the longest waiting first"
        );
        assert_eq!(take(&[(2, &[100, 1], 10), (1, &[5, 5], 90)]), [0, 2]);
    }

    #[test]
    fn together_they_stay_in_the_room_but_for_one() {
        let lanes: Vec<Lane<'_>> = (0..250).map(|n| (n, &[256][..], 100)).collect();
        let counts = take(&lanes);
        assert_eq!(counts.iter().sum::<usize>(), 25_000 / 256);
        assert!(counts[..97].iter().all(|count| *count == 1), "the longest waiting");
        assert_eq!(take(&[(1, &[100], 10), (2, &[1], 10)]), [1, 0], "however large, one comes");
        assert_eq!(take(&[(1, &[100], 0)]), [1]);
    }

    #[test]
    fn the_one_that_exceeds_is_the_longest_waiting_of_those_that_may() {
        let (old, new) = (rows(1, &[100]), rows(2, &[100]));
        let lane = |rows, may_exceed| DueLane { rows, bytes_max: 10, may_exceed };
        assert_eq!(taken(&[lane(&old, false), lane(&new, true)]), [0, 1]);
        assert_eq!(taken(&[lane(&old, false), lane(&new, false)]), [0, 0]);
        assert_eq!(taken(&[lane(&new, true), lane(&old, true)]), [0, 1]);
        let others = DueLane { rows: &rows(3, &[1]), bytes_max: 1_000, may_exceed: true };
        assert_eq!(taken(&[lane(&old, false), others]), [0, 1], "what others leave is not for it");
        assert_eq!(taken(&[lane(&old, true), others]), [1, 1]);
    }
}
