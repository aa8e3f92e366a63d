//! Two loops behind one another tell the direction: A, AB, B is the way of travel, B, AB, A against it.
//!
//! As in a parking bay's counter a vehicle has passed only when it has left the far loop; one that turns round between
//! them has not.

use super::presence::Seen;

/// Which way something moved over a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    /// The way of travel.
    Forward,
    /// Against it.
    Backward,
}

/// What a pair saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    /// It stands on both loops, having come that way.
    Entering(Heading),
    /// The first loop was taken once more while the second was not left: a further part of it, or another vehicle.
    Again,
    /// It has left the far loop.
    Passed(Heading),
    /// It left the way it came.
    TurnedBack(Heading),
}

/// The state of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Quadrature {
    /// The loops as they were: A, B.
    over: (bool, bool),
    /// Which way it came; `None` while nothing is there, or where both loops rose at once.
    came: Option<Heading>,
    entered: bool,
}

impl Quadrature {
    /// Takes the loops as they are; a loop that isn't known makes the pair blind until both are clear again.
    pub(super) fn see(&mut self, a: Seen, b: Seen) -> Option<Moved> {
        let (Some(a), Some(b)) = (known(a), known(b)) else {
            *self = Self { over: (true, true), came: None, entered: false };
            return None;
        };
        let before = std::mem::replace(&mut self.over, (a, b));
        if before == (a, b) {
            return None;
        }
        match (before, (a, b)) {
            ((false, false), (true, false)) => self.begin(Some(Heading::Forward)),
            ((false, false), (false, true)) => self.begin(Some(Heading::Backward)),
            ((false, false), (true, true)) => self.begin(None),
            (_, (true, true)) if !self.entered => {
                self.entered = true;
                self.came.map(Moved::Entering)
            }
            ((false, true), (true, true)) if self.came == Some(Heading::Forward) => Some(Moved::Again),
            (last, (false, false)) => self.end(last),
            (_, (true | false, true) | (true, false)) => None,
        }
    }

    fn begin(&mut self, came: Option<Heading>) -> Option<Moved> {
        self.came = came;
        self.entered = false;
        None
    }

    fn end(&mut self, last: (bool, bool)) -> Option<Moved> {
        let came = self.came.take()?;
        let entered = std::mem::replace(&mut self.entered, false);
        let far = match came {
            Heading::Forward => (false, true),
            Heading::Backward => (true, false),
        };
        match last {
            // Both fell at once, or it was never seen on both: nothing says which way.
            (true, true) => None,
            last if last == far => entered.then_some(Moved::Passed(came)),
            _ => Some(Moved::TurnedBack(came)),
        }
    }
}

const fn known(seen: Seen) -> Option<bool> {
    match seen {
        Seen::Occupied => Some(true),
        Seen::Free => Some(false),
        Seen::Unknown => None,
    }
}

#[cfg(test)]
crate::lane::tests::search::digest::digest!(Quadrature { over, came, entered } without {});

#[cfg(test)]
mod tests {
    use super::*;
    use Heading::{Backward, Forward};
    use Moved::{Again, Entering, Passed, TurnedBack};

    /// A walk as letters: `-` none, `A`, `B`, `X` both, `?` not known.
    fn walk(steps: &str) -> Vec<Moved> {
        let mut pair = Quadrature::default();
        steps
            .chars()
            .filter_map(|step| {
                let (a, b) = match step {
                    'A' => (Seen::Occupied, Seen::Free),
                    'B' => (Seen::Free, Seen::Occupied),
                    'X' => (Seen::Occupied, Seen::Occupied),
                    '?' => (Seen::Unknown, Seen::Free),
                    _ => (Seen::Free, Seen::Free),
                };
                pair.see(a, b)
            })
            .collect()
    }

    #[test]
    fn a_pair_tells_the_direction() {
        for (steps, moved) in [
            ("-AXB-", vec![Entering(Forward), Passed(Forward)]),
            ("-BXA-", vec![Entering(Backward), Passed(Backward)]),
            ("-AXA-", vec![Entering(Forward), TurnedBack(Forward)]),
            ("-A-", vec![TurnedBack(Forward)]),
            ("-B-", vec![TurnedBack(Backward)]),
            ("-AXBXA-", vec![Entering(Forward), Again, TurnedBack(Forward)]),
            ("-AXBXB-", vec![Entering(Forward), Again, Passed(Forward)]),
            ("-AXB-AXB-", vec![Entering(Forward), Passed(Forward), Entering(Forward), Passed(Forward)]),
            ("-AB-", vec![]),
            ("-X-", vec![]),
            ("-XB-", vec![]),
        ] {
            assert_eq!(walk(steps), moved, "{steps}");
        }
    }

    #[test]
    fn a_loop_that_is_not_known_tells_nothing_until_both_were_clear() {
        assert_eq!(walk("-AX?B-"), [Entering(Forward)]);
        assert_eq!(walk("-A?X-AXB-"), [Entering(Forward), Passed(Forward)]);
    }
}
