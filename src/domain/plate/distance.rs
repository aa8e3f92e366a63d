//! How far a read is from a plate.

use super::fold::Folded;
use super::glyph::{confusions, symbol};

/// The price of what turns one plate into the other. Whole numbers, so that ties are ties everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cost(u16);

impl Cost {
    /// The same text.
    pub const NONE: Self = Self(0);
    /// One character read as another of its confusion class (domain §2).
    pub const CONFUSED: Self = Self(1);
    /// One character read as any other.
    pub const OTHER: Self = Self(2);
    /// One character too many or too few.
    pub const GAP: Self = Self(2);

    /// A sum of prices.
    #[must_use]
    pub const fn new(units: u16) -> Self {
        Self(units)
    }

    /// In units of one confusion.
    #[must_use]
    pub const fn units(self) -> u16 {
        self.0
    }

    const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

// Two confusions may lead to any character (6 to G to C), two gaps replace one by another: with these the cheapest
// way is never longer than a detour.
const _: () = assert!(Cost::CONFUSED.0 > 0 && Cost::CONFUSED.0 < Cost::OTHER.0);
const _: () = assert!(Cost::OTHER.0 <= 2 * Cost::CONFUSED.0 && Cost::OTHER.0 <= 2 * Cost::GAP.0);

/// A longer text is no plate.
pub const LONGEST: usize = 24;

const COLUMNS: usize = LONGEST + 1;

/// The weighted edit distance, or `None` when it is more than `at_most` (it then stops early) or when one of two
/// different texts has more than [`LONGEST`] characters.
///
/// A metric on what it measures: nothing only between equal texts, the same both ways, and never more than by way of
/// a third text.
#[must_use]
pub fn distance(a: &Folded, b: &Folded, at_most: Cost) -> Option<Cost> {
    if a == b {
        return Some(Cost::NONE);
    }
    let (a, b) = (Letters::of(a)?, Letters::of(b)?);
    let gaps = u16::try_from(a.len.abs_diff(b.len)).ok()?;
    if gaps.saturating_mul(Cost::GAP.0) > at_most.0 {
        return None;
    }
    let mut row = [Cost::NONE; COLUMNS];
    let mut edge = Cost::NONE;
    for place in row.iter_mut().take(b.len + 1) {
        *place = edge;
        edge = edge.plus(Cost::GAP);
    }
    let mut first = Cost::NONE;
    for (from, _) in a.iter() {
        let confusions = confusions(from);
        // `diagonal` is the price before both characters, `left` the one of this row so far.
        let mut diagonal = first;
        first = first.plus(Cost::GAP);
        let mut left = first;
        let mut least = first;
        let [head, tail @ ..] = &mut row;
        *head = first;
        for (place, (to, bit)) in tail.iter_mut().zip(b.iter()) {
            let price = match () {
                () if from == to => Cost::NONE,
                () if confusions & bit != 0 => Cost::CONFUSED,
                () => Cost::OTHER,
            };
            let best = diagonal.plus(price).min(left.plus(Cost::GAP)).min(place.plus(Cost::GAP));
            diagonal = *place;
            *place = best;
            left = best;
            least = least.min(best);
        }
        if least > at_most {
            return None;
        }
    }
    row.get(b.len).copied().filter(|cost| *cost <= at_most)
}

/// Characters, each with the bit of its symbol.
struct Letters {
    chars: [(char, u64); LONGEST],
    len: usize,
}

impl Letters {
    fn of(text: &Folded) -> Option<Self> {
        let mut letters = Self { chars: [('\0', 0); LONGEST], len: 0 };
        for c in text.as_str().chars() {
            *letters.chars.get_mut(letters.len)? = (c, symbol(c).map_or(0, |number| 1 << number));
            letters.len += 1;
        }
        Some(letters)
    }

    fn iter(&self) -> impl Iterator<Item = (char, u64)> {
        self.chars.iter().take(self.len).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fold;
    use super::super::glyph::CLASSES;
    use super::*;
    use proptest::prelude::*;

    const FAR: Cost = Cost::new(u16::MAX);

    fn between(a: &str, b: &str) -> Option<u16> {
        distance(&fold(a), &fold(b), FAR).map(Cost::units)
    }

    #[test]
    fn a_confusion_costs_less_than_another_character_and_a_gap_as_much() {
        for (a, b, cost) in [
            ("123ABC02", "123ABC02", 0),
            ("123ABC02", "128ABC02", 2),
            ("123ABC02", "I23ABC02", 1),
            ("123ABC02", "I23A8C02", 2),
            ("123ABC02", "123ABG02", 1),
            ("123AB602", "123ABC02", 2),
            ("123ABC02", "23ABC02", 2),
            ("123ABC02", "KZ123ABC02", 4),
            ("123ABC02", "213ABC02", 4),
            ("新A1234挂", "粤A1234挂", 2),
            ("", "AB", 4),
        ] {
            assert_eq!(between(a, b), Some(cost), "{a} {b}");
        }
    }

    #[test]
    fn what_costs_more_than_is_asked_is_not_measured() {
        let (a, b) = (fold("123ABC02"), fold("128ABD02"));
        assert_eq!(distance(&a, &b, Cost::new(4)), Some(Cost::new(4)));
        assert_eq!(distance(&a, &b, Cost::new(3)), None);
        assert_eq!(distance(&a, &a, Cost::NONE), Some(Cost::NONE));
    }

    #[test]
    fn a_text_that_is_no_plate_is_far_from_all_but_itself() {
        let long = "A".repeat(LONGEST + 1);
        assert_eq!(between(&long, &long), Some(0));
        assert_eq!(between(&long, &"A".repeat(LONGEST)), None);
        assert_eq!(between(&"A".repeat(LONGEST), &"A".repeat(LONGEST - 1)), Some(2));
    }

    fn price(a: char, b: char) -> u16 {
        let together = CLASSES.iter().any(|class| class.contains(a) && class.contains(b));
        match () {
            () if a == b => 0,
            () if together => 1,
            () => 2,
        }
    }

    /// The textbook's table, to hold the one above against.
    fn by_table(a: &str, b: &str) -> u16 {
        let (a, b): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
        let mut table = vec![vec![0_u16; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                table[i][j] = match (i, j) {
                    (0, n) | (n, 0) => 2 * u16::try_from(n).expect("short"),
                    (i, j) => (table[i - 1][j - 1] + price(a[i - 1], b[j - 1]))
                        .min(table[i - 1][j] + 2)
                        .min(table[i][j - 1] + 2),
                };
            }
        }
        table[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn the_distance_is_a_metric(a in "[0-9A-Z]{0,9}", b in "[0-9A-Z]{0,9}", c in "[0-9A-Z挂]{0,9}") {
            let [ab, ba, bc, ac] = [(&a, &b), (&b, &a), (&b, &c), (&a, &c)].map(|(x, y)| between(x, y).expect("short"));
            prop_assert_eq!(ab, by_table(&a, &b));
            prop_assert_eq!(ab, ba);
            prop_assert_eq!(ab == 0, a == b);
            prop_assert!(ac <= ab + bc);
        }

        #[test]
        fn a_bound_changes_no_answer_below_it(a in "[0-9A-Z]{4,9}", b in "[0-9A-Z]{4,9}", bound in 0_u16..20) {
            let (folded, other) = (fold(&a), fold(&b));
            let full = between(&a, &b).filter(|cost| *cost <= bound);
            prop_assert_eq!(distance(&folded, &other, Cost::new(bound)).map(Cost::units), full);
        }

        #[test]
        fn nothing_panics(a in "\\PC{0,40}", b in "\\PC{0,40}", bound in any::<u16>()) {
            let found = distance(&fold(&a), &fold(&b), Cost::new(bound));
            prop_assert!(found.is_none_or(|cost| cost.units() <= bound));
        }
    }
}
