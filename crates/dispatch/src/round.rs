//! How a round of claims shares out what there is room for: each of its lanes was asked alone, and all of them
//! together must not bring more than the memory takes, nor more than one transaction can do.

use std::collections::HashMap;

use domain::event::DATA_BYTES_MAX;
use domain::id::CompanyId;

/// How many rows one round brings at most.
pub(crate) const ROWS_MAX: usize = 2_048;
/// How large a row of a lane is taken to be of which none has been weighed yet: as large as an event can be.
const UNWEIGHED_BYTES: usize = DATA_BYTES_MAX;
/// At least so many lanes share what is spare in one round.
const SPARE_LANES: usize = 8;
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
    /// What it may still have of that.
    pub(crate) own_bytes: usize,
    /// What it may have where the others have all, because its company has little.
    pub(crate) little_bytes: usize,
    pub(crate) is_failing: bool,
}

impl Asked {
    fn row_size(&self) -> usize {
        self.row_bytes.unwrap_or(UNWEIGHED_BYTES).max(1)
    }
}

/// What there is for all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
    /// What failing endpoints may still have of it.
    pub(crate) failing_bytes: usize,
    /// What is there beside it for companies that have little.
    pub(crate) spare_bytes: usize,
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

/// What a lane may bring.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) rows: usize,
    /// How many bytes these rows may take: they may be larger than the last ones were.
    pub(crate) bytes: usize,
    /// Whether a row that takes more may come where nothing else does.
    pub(crate) may_exceed: bool,
}

/// What each may bring, in the order of `asked`. As long as there is room nobody goes without because of those
/// before, and the last row may be larger than what is left.
pub(crate) fn share_out(asked: &[Asked], room: Room) -> Vec<Given> {
    let mut given = vec![Given::default(); asked.len()];
    let mut shares = Shares::of(room);
    for _ in 0..PASSES {
        let unmet = |place: &usize| given[*place].rows < asked[*place].rows;
        let unmet: Vec<usize> = (0..asked.len()).filter(unmet).collect();
        shares.count(unmet.iter().map(|place| &asked[*place]));
        for place in unmet {
            let (lane, given) = (&asked[place], &mut given[place]);
            let rows = shares.give(lane, *given);
            given.rows += rows;
            given.bytes += rows.saturating_mul(lane.row_size());
        }
    }
    // What is left is for rows that are larger than expected.
    let brings = |place: &usize| given[*place].rows > 0;
    let bringing: Vec<usize> = (0..asked.len()).filter(brings).collect();
    shares.count(bringing.iter().map(|place| &asked[*place]));
    for place in bringing {
        let given = &mut given[place];
        given.bytes = given.bytes.saturating_add(shares.due(&asked[place], *given));
        given.may_exceed = true;
    }
    give_spare(asked, room.spare_bytes, &mut given);
    given
}

/// For a lane of each company that has little, of those that get nothing, what there is for such ones.
fn give_spare(asked: &[Asked], spare: usize, given: &mut [Given]) {
    let mut had: HashMap<Option<CompanyId>, usize> = HashMap::new();
    for (lane, given) in asked.iter().zip(&*given) {
        *had.entry(lane.company).or_default() += given.bytes;
    }
    let mut left = spare;
    for (lane, given) in asked.iter().zip(given).filter(|(lane, given)| lane.rows > given.rows) {
        let had = had.entry(lane.company).or_default();
        let bytes = lane.little_bytes.min(spare / SPARE_LANES).min(left).saturating_sub(*had);
        let rows = lane.row_bytes.map_or(1, |row| (bytes / row.max(1)).min(lane.rows));
        if given.rows == 0 && bytes > 0 && rows > 0 {
            *given = Given { rows, bytes, may_exceed: false };
            *had += bytes;
            left -= bytes;
        }
    }
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

    /// How many bytes are a lane's due, beside what it has got.
    fn due(&self, lane: &Asked, got: Given) -> usize {
        let company = self.companies.get(&lane.company).copied().unwrap_or_default();
        let bytes =
            self.bytes.each().min(company.each()).min(lane.own_bytes.saturating_sub(got.bytes));
        if lane.is_failing { bytes.min(self.failing.each()) } else { bytes }
    }

    fn give(&mut self, lane: &Asked, got: Given) -> usize {
        let (row_bytes, bytes) = (lane.row_size(), self.due(lane, got));
        let by_bytes = if bytes == 0 { 0 } else { (bytes / row_bytes).max(1) };
        let given = (lane.rows - got.rows).min(self.rows.each()).min(by_bytes);
        let taken = given.saturating_mul(row_bytes);
        self.rows.take(given);
        self.bytes.take(taken);
        self.companies.entry(lane.company).or_default().take(taken);
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
    const PLENTY: Room =
        Room { rows: ROWS_MAX, bytes: 1 << 30, failing_bytes: 1 << 28, spare_bytes: 0 };

    fn lane(company: i64, rows: usize, row_bytes: usize) -> Asked {
        Asked {
            rows,
            row_bytes: Some(row_bytes),
            company: Some(CompanyId::from_raw(company)),
            company_bytes: 1 << 29,
            own_bytes: 1 << 29,
            little_bytes: 0,
            is_failing: false,
        }
    }

    fn bytes(asked: &[Asked], given: &[usize]) -> usize {
        asked.iter().zip(given).map(|(lane, rows)| lane.row_size() * rows).sum()
    }

    /// How many rows each gets.
    fn rows(asked: &[Asked], room: Room) -> Vec<usize> {
        share_out(asked, room).into_iter().map(|given| given.rows).collect()
    }

    #[test]
    fn what_fits_is_given_whole_and_what_one_leaves_goes_to_the_others() {
        assert_eq!(rows(&[lane(1, 3, KIB), lane(2, 1_024, KIB)], PLENTY), [3, 1_024]);
        assert_eq!(rows(&[lane(1, ROWS_MAX, KIB), lane(2, 1, KIB)], PLENTY), [2_047, 1]);
        assert_eq!(rows(&[], PLENTY), Vec::<usize>::new());
        assert_eq!(rows(&[lane(1, 0, KIB)], PLENTY), [0]);
    }

    #[test]
    fn a_round_brings_so_many_rows_and_everybody_has_a_part() {
        let asked = vec![lane(1, 1_024, KIB); 250];
        let given = rows(&asked, PLENTY);
        assert_eq!(given.iter().sum::<usize>(), ROWS_MAX);
        assert!(given.iter().all(|rows| (8..=9).contains(rows)), "{given:?}");
    }

    #[test]
    fn all_together_stay_in_the_memory_but_for_one_row() {
        let room = Room { bytes: 32 * KIB * KIB, failing_bytes: 8 * KIB * KIB, ..PLENTY };
        let asked = vec![lane(1, 512, 200 * KIB); 400];
        let given = rows(&asked, room);
        let brought = bytes(&asked, &given);
        assert!((room.bytes..room.bytes + 200 * KIB).contains(&brought), "{brought}");
        assert!(given.iter().all(|rows| *rows <= 1));
    }

    #[test]
    fn a_company_keeps_to_what_is_left_of_its_part() {
        let of = |rows| Asked { company_bytes: 2 * KIB * KIB, ..lane(1, rows, KIB) };
        let asked = [vec![of(1_000); 100], vec![lane(2, 10, KIB)]].concat();
        let given = rows(&asked, Room { rows: 100_000, ..PLENTY });
        assert_eq!(given[..100].iter().sum::<usize>(), 2 * KIB);
        assert_eq!(given[100], 10);
    }

    #[test]
    fn failing_ones_keep_to_theirs() {
        let room = Room { rows: 100_000, bytes: 1 << 25, failing_bytes: 100 * KIB, ..PLENTY };
        let failing = Asked { is_failing: true, ..lane(1, 4, 2 * KIB) };
        let asked = [vec![failing; 1_000], vec![lane(2, 500, 2 * KIB)]].concat();
        let given = rows(&asked, room);
        assert_eq!(given[..1_000].iter().sum::<usize>(), 50);
        assert_eq!(given[1_000], 500);
    }

    #[test]
    fn rows_that_nobody_has_weighed_come_by_few() {
        let unweighed = Asked { row_bytes: None, ..lane(1, 512, 1) };
        let room = Room { bytes: 32 * KIB * KIB, ..PLENTY };
        let given = rows(&vec![unweighed; 400], room);
        assert_eq!(given.iter().sum::<usize>(), 128);
        let own = Asked { company_bytes: 4 * UNWEIGHED_BYTES, ..unweighed };
        assert_eq!(rows(&[own, lane(2, 100, KIB)], room), [4, 100]);
    }

    #[test]
    fn rows_may_be_larger_than_expected_as_far_as_all_together_stay_in_the_memory() {
        let room = Room { bytes: 1_000 * KIB, failing_bytes: 100 * KIB, ..PLENTY };
        let failing = Asked { is_failing: true, ..lane(2, 10, KIB) };
        let own = Asked { company_bytes: 20 * KIB, ..lane(3, 10, KIB) };
        let asked = [lane(1, 10, KIB), lane(1, 0, KIB), failing, own];
        let given = share_out(&asked, room);
        let bytes: Vec<usize> = given.iter().map(|given| given.bytes / KIB).collect();
        // A third of what is left; of what failing ones may have; of the company's part.
        assert_eq!(bytes, [10 + 323, 0, 100, 20]);
        let many = share_out(&vec![lane(1, 8, KIB); 250], Room { bytes: 4_000 * KIB, ..PLENTY });
        let together: usize = many.iter().map(|given| given.bytes).sum();
        assert!((3_999 * KIB..=4_000 * KIB + 250).contains(&together), "{together}");
    }

    #[test]
    fn a_lane_leaves_something_of_its_company_s_part_to_the_others() {
        let own = Asked { own_bytes: 100 * KIB, ..lane(1, 500, KIB) };
        let given = share_out(&[own], PLENTY);
        assert_eq!(given, [Given { rows: 100, bytes: 100 * KIB, may_exceed: true }]);
        assert_eq!(rows(&[own, lane(1, 500, KIB)], PLENTY), [100, 500]);
    }

    #[test]
    fn where_nothing_is_left_companies_that_have_little_get_a_row_each() {
        let room = Room { bytes: 0, failing_bytes: 0, spare_bytes: 32 * KIB, ..PLENTY };
        let little =
            |company, row_bytes| Asked { little_bytes: 4 * KIB, ..lane(company, 5, row_bytes) };
        let unweighed = Asked { row_bytes: None, ..little(4, 1) };
        let failing = Asked { is_failing: true, ..little(5, KIB) };
        let asked = [
            little(1, KIB),
            little(1, KIB),
            little(2, 5 * KIB),
            lane(3, 5, 1),
            unweighed,
            failing,
            little(6, 1),
        ];
        let spare = |rows| Given { rows, bytes: 4 * KIB, may_exceed: false };
        let none = Given::default();
        let given = share_out(&asked, room);
        assert_eq!(given, [spare(4), none, none, none, spare(1), spare(4), spare(5)]);
        let has_had = share_out(&[little(1, KIB), failing], Room { bytes: 100 * KIB, ..room });
        assert_eq!(has_had[1], spare(4), "of another company");
        let failing = Asked { is_failing: true, ..little(1, KIB) };
        let has_had = share_out(&[little(1, KIB), failing], Room { bytes: 100 * KIB, ..room });
        assert_eq!(has_had[1], none, "its company has more than little by now");
    }

    #[test]
    fn however_large_a_row_is_one_goes_through() {
        let room = Room { bytes: 10, failing_bytes: 10, ..PLENTY };
        assert_eq!(rows(&[lane(1, 5, KIB), lane(2, 5, KIB)], room), [1, 0]);
        assert_eq!(rows(&[lane(1, 5, KIB)], Room { bytes: 0, ..room }), [0]);
    }
}
