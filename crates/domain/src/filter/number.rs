//! Numbers of JSON compared as what they say, to the last digit: an id of 17 digits is not its
//! neighbour, and 1 is 1.0.

use std::cmp::Ordering;

/// Exponents beyond it count as it: what lies there is no amount of anything.
const EXPONENT_MAX: i64 = 1_000_000_000_000_000;

/// A number taken apart: 0.`digits` times 10 to the power of `magnitude`.
#[derive(Debug, Clone, Copy)]
pub struct Decimal<'a> {
    negative: bool,
    /// The digits before and behind the point, without leading zeros; none at all is zero.
    digits: [&'a str; 2],
    magnitude: i64,
}

impl<'a> Decimal<'a> {
    /// Takes apart a number as JSON writes it.
    pub fn of(text: &'a str) -> Self {
        let (negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let whole = whole.trim_start_matches('0');
        let rest = if whole.is_empty() { fraction.trim_start_matches('0') } else { fraction };
        if whole.is_empty() && rest.is_empty() {
            return Self { negative: false, digits: ["", ""], magnitude: 0 };
        }
        let shift = whole.len() as i64 - (fraction.len() - rest.len()) as i64;
        Self { negative, digits: [whole, rest], magnitude: exponent_of(exponent) + shift }
    }

    fn is_zero(&self) -> bool {
        self.digits == ["", ""]
    }

    /// Compares the amounts, whatever the signs.
    fn cmp_amount(&self, other: &Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        self.magnitude.cmp(&other.magnitude).then_with(|| {
            let (mut ours, mut theirs) = (self.bytes(), other.bytes());
            loop {
                match (ours.next(), theirs.next()) {
                    (None, None) => return Ordering::Equal,
                    (ours, theirs) => match ours.unwrap_or(b'0').cmp(&theirs.unwrap_or(b'0')) {
                        Ordering::Equal => {}
                        different @ (Ordering::Less | Ordering::Greater) => return different,
                    },
                }
            }
        })
    }

    fn bytes(&self) -> impl Iterator<Item = u8> + 'a {
        let [whole, fraction] = self.digits;
        whole.bytes().chain(fraction.bytes())
    }
}

fn exponent_of(text: &str) -> i64 {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.trim_start_matches('+')),
    };
    // What cannot be read has too many digits.
    sign * digits.parse().unwrap_or(EXPONENT_MAX).min(EXPONENT_MAX)
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.cmp_amount(other),
            (true, true) => other.cmp_amount(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(left: &str, order: Ordering, right: &str) {
        assert_eq!(Decimal::of(left).cmp(&Decimal::of(right)), order, "{left} {right}");
        assert_eq!(Decimal::of(right).cmp(&Decimal::of(left)), order.reverse(), "{right} {left}");
    }

    #[test]
    fn numbers_are_what_they_say() {
        for (left, right) in [
            ("1", "1.0"),
            ("1", "1.000"),
            ("100", "1e2"),
            ("100", "1E+2"),
            ("1.5", "15e-1"),
            ("0.001", "1e-3"),
            ("0.0010", "0.1e-2"),
            ("0", "-0"),
            ("0", "0.000e99"),
            ("-12.50", "-125e-1"),
            ("1e99999999999999999999", "1e99999999999999999998"),
        ] {
            check(left, Ordering::Equal, right);
        }
        for (less, more) in [
            ("9007199254740992", "9007199254740993"),
            ("-9007199254740993", "-9007199254740992"),
            ("18446744073709551615", "18446744073709551616"),
            ("0.1", "0.10000000000000000001"),
            ("99", "100"),
            ("9.9", "10"),
            ("-1", "0"),
            ("0", "0.0000000001"),
            ("-0.1", "1e-99"),
            ("-2", "-1"),
            ("2", "1e1"),
            ("1e-99999999999999999999", "1e-400"),
            ("-1e400", "-1e399"),
            ("1e400", "1e401"),
        ] {
            check(less, Ordering::Less, more);
        }
    }

    proptest! {
        #[test]
        fn fixed_point_numbers_are_ordered(left: i64, right: i64, scale in 0usize..6) {
            let written = |number: i64| format!("{number}e-{scale}");
            let moved = |number: i64| {
                let digits = format!("{:0>7}", number.unsigned_abs());
                let (whole, fraction) = digits.split_at(digits.len() - scale);
                let whole = if whole.trim_start_matches('0').is_empty() { "0" } else { whole };
                let sign = if number < 0 { "-" } else { "" };
                if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}00") }
            };
            check(&written(left), left.cmp(&right), &moved(right));
            check(&moved(left), left.cmp(&right), &written(right));
        }
    }
}
