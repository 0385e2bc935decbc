//! How a round of claims shares out what there is room for: each of its lanes was asked alone, and all of them
//! together must not bring more than the memory takes, nor more than one transaction can do.

use std::collections::HashMap;

use domain::event::DATA_BYTES_MAX;
use domain::id::CompanyId;

/// How many rows one round brings at most.
pub(crate) const ROWS_MAX: usize = 2_048;
/// How large a row of a lane is taken to be of which none has been weighed yet: as large as an event can be.
const UNWEIGHED_BYTES: usize = DATA_BYTES_MAX;
/// What one lane leaves goes to the others in another pass.
const PASSES: usize = 2;

/// What a lane would take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) rows: usize,
    /// About how large its rows are; `None` where it has had none.
    pub(crate) row_bytes: Option<usize>,
    pub(crate) company: Option<CompanyId>,
    /// What its company may still have.
    pub(crate) company_bytes: usize,
    pub(crate) is_failing: bool,
}

/// What there is for all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
    /// What failing endpoints may still have of it.
    pub(crate) failing_bytes: usize,
}

/// Something that is shared out, and among how many.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    left: usize,
    among: usize,
}

impl Share {
    fn of(left: usize) -> Self {
        Self { left, among: 0 }
    }

    /// What is one's due: as long as anything is left, something.
    fn each(self) -> usize {
        self.left.div_ceil(self.among.max(1))
    }

    fn take(&mut self, taken: usize) {
        self.left = self.left.saturating_sub(taken);
        self.among = self.among.saturating_sub(1);
    }
}

/// How many rows each may bring, in the order of `asked`. As long as there is room nobody goes without because
/// of those before, and the last row may be larger than what is left.
pub(crate) fn share_out(asked: &[Asked], room: Room) -> Vec<usize> {
    let mut given = vec![0; asked.len()];
    let mut shares = Shares::of(room);
    for _ in 0..PASSES {
        let unmet = |place: &usize| given[*place] < asked[*place].rows;
        let unmet: Vec<usize> = (0..asked.len()).filter(unmet).collect();
        shares.count(unmet.iter().map(|place| &asked[*place]));
        for place in unmet {
            let lane = &asked[place];
            given[place] += shares.give(lane, lane.rows - given[place]);
        }
    }
    given
}

struct Shares {
    rows: Share,
    bytes: Share,
    failing: Share,
    companies: HashMap<Option<CompanyId>, Share>,
}

impl Shares {
    fn of(room: Room) -> Self {
        Self {
            rows: Share::of(room.rows),
            bytes: Share::of(room.bytes),
            failing: Share::of(room.failing_bytes),
            companies: HashMap::new(),
        }
    }

    /// Who is to get something in this pass.
    fn count<'a>(&mut self, lanes: impl Iterator<Item = &'a Asked>) {
        let fixed = [&mut self.rows, &mut self.bytes, &mut self.failing];
        fixed.into_iter().chain(self.companies.values_mut()).for_each(|share| share.among = 0);
        for lane in lanes {
            self.rows.among += 1;
            self.bytes.among += 1;
            self.failing.among += usize::from(lane.is_failing);
            let company = self.companies.entry(lane.company);
            company.or_insert(Share::of(lane.company_bytes)).among += 1;
        }
    }

    fn give(&mut self, lane: &Asked, rows: usize) -> usize {
        let row_bytes = lane.row_bytes.unwrap_or(UNWEIGHED_BYTES).max(1);
        let company = self.companies.entry(lane.company).or_default();
        let mut bytes = self.bytes.each().min(company.each());
        if lane.is_failing {
            bytes = bytes.min(self.failing.each());
        }
        let by_bytes = if bytes == 0 { 0 } else { (bytes / row_bytes).max(1) };
        let given = rows.min(self.rows.each()).min(by_bytes);
        let taken = given.saturating_mul(row_bytes);
        self.rows.take(given);
        self.bytes.take(taken);
        company.take(taken);
        if lane.is_failing {
            self.failing.take(taken);
        }
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;
    const PLENTY: Room = Room { rows: ROWS_MAX, bytes: 1 << 30, failing_bytes: 1 << 28 };

    fn lane(company: i64, rows: usize, row_bytes: usize) -> Asked {
        Asked {
            rows,
            row_bytes: Some(row_bytes),
            company: Some(CompanyId::from_raw(company)),
            company_bytes: 1 << 29,
            is_failing: false,
        }
    }

    fn bytes(asked: &[Asked], given: &[usize]) -> usize {
        let of = |(lane, rows): (&Asked, &usize)| lane.row_bytes.unwrap_or(UNWEIGHED_BYTES) * rows;
        asked.iter().zip(given).map(of).sum()
    }

    #[test]
    fn what_fits_is_given_whole_and_what_one_leaves_goes_to_the_others() {
        assert_eq!(share_out(&[lane(1, 3, KIB), lane(2, 1_024, KIB)], PLENTY), [3, 1_024]);
        assert_eq!(share_out(&[lane(1, ROWS_MAX, KIB), lane(2, 1, KIB)], PLENTY), [2_047, 1]);
        assert_eq!(share_out(&[], PLENTY), Vec::<usize>::new());
        assert_eq!(share_out(&[lane(1, 0, KIB)], PLENTY), [0]);
    }

    #[test]
    fn a_round_brings_so_many_rows_and_everybody_has_a_part() {
        let asked = vec![lane(1, 1_024, KIB); 250];
        let given = share_out(&asked, PLENTY);
        assert_eq!(given.iter().sum::<usize>(), ROWS_MAX);
        assert!(given.iter().all(|rows| (8..=9).contains(rows)), "{given:?}");
    }

    #[test]
    fn all_together_stay_in_the_memory_but_for_one_row() {
        let room = Room { bytes: 32 * KIB * KIB, failing_bytes: 8 * KIB * KIB, ..PLENTY };
        let asked = vec![lane(1, 512, 200 * KIB); 400];
        let given = share_out(&asked, room);
        let brought = bytes(&asked, &given);
        assert!((room.bytes..room.bytes + 200 * KIB).contains(&brought), "{brought}");
        assert!(given.iter().all(|rows| *rows <= 1));
    }

    #[test]
    fn a_company_keeps_to_what_is_left_of_its_part() {
        let of = |rows| Asked { company_bytes: 2 * KIB * KIB, ..lane(1, rows, KIB) };
        let asked = [vec![of(1_000); 100], vec![lane(2, 10, KIB)]].concat();
        let given = share_out(&asked, Room { rows: 100_000, ..PLENTY });
        assert_eq!(given[..100].iter().sum::<usize>(), 2 * KIB);
        assert_eq!(given[100], 10);
    }

    #[test]
    fn failing_ones_keep_to_theirs() {
        let room = Room { rows: 100_000, bytes: 1 << 25, failing_bytes: 100 * KIB };
        let failing = Asked { is_failing: true, ..lane(1, 4, 2 * KIB) };
        let asked = [vec![failing; 1_000], vec![lane(2, 500, 2 * KIB)]].concat();
        let given = share_out(&asked, room);
        assert_eq!(given[..1_000].iter().sum::<usize>(), 50);
        assert_eq!(given[1_000], 500);
    }

    #[test]
    fn rows_that_nobody_has_weighed_come_by_few() {
        let unweighed = Asked { row_bytes: None, ..lane(1, 512, 1) };
        let room = Room { bytes: 32 * KIB * KIB, ..PLENTY };
        let given = share_out(&vec![unweighed; 400], room);
        assert_eq!(given.iter().sum::<usize>(), 128);
        let own = Asked { company_bytes: 4 * UNWEIGHED_BYTES, ..unweighed };
        assert_eq!(share_out(&[own, lane(2, 100, KIB)], room), [4, 100]);
    }

    #[test]
    fn however_large_a_row_is_one_goes_through() {
        let room = Room { bytes: 10, failing_bytes: 10, ..PLENTY };
        assert_eq!(share_out(&[lane(1, 5, KIB), lane(2, 5, KIB)], room), [1, 0]);
        assert_eq!(share_out(&[lane(1, 5, KIB)], Room { bytes: 0, ..room }), [0]);
    }
}
