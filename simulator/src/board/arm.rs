//! The arm behind a board: it goes up and down in its time, and its limits follow.

use std::time::{Duration, Instant};

/// Which way it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
    Still,
}

/// A traffic arm.
#[derive(Debug, Clone)]
pub(super) struct Arm {
    travel: Duration,
    /// Travel time that lies below it: none when closed.
    height: Duration,
    way: Way,
    looked: Instant,
    pub(super) stalled: bool,
}

impl Arm {
    pub(super) const fn closed(travel: Duration, now: Instant) -> Self {
        Self { travel, height: Duration::ZERO, way: Way::Still, looked: now, stalled: false }
    }

    /// Lets time pass up to `now`.
    pub(super) fn pass(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.looked);
        self.looked = now;
        if self.stalled {
            return;
        }
        match self.way {
            Way::Up => self.height = self.height.saturating_add(passed).min(self.travel),
            Way::Down => self.height = self.height.saturating_sub(passed),
            Way::Still => {}
        }
        if self.is_open() && self.way == Way::Up || self.is_closed() && self.way == Way::Down {
            self.way = Way::Still;
        }
    }

    pub(super) fn up(&mut self) {
        self.way = Way::Up;
    }

    pub(super) fn down(&mut self) {
        self.way = Way::Down;
    }

    pub(super) fn stop(&mut self) {
        self.way = Way::Still;
    }

    pub(super) fn is_open(&self) -> bool {
        self.height >= self.travel
    }

    pub(super) fn is_closed(&self) -> bool {
        self.height.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arm_leaves_one_limit_at_once_and_reaches_the_other_in_its_time() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut arm = Arm::closed(Duration::from_millis(1_000), start);
        arm.up();
        arm.pass(at(1));
        assert!(!arm.is_closed() && !arm.is_open());
        arm.pass(at(999));
        assert!(!arm.is_open());
        arm.pass(at(1_000));
        assert!(arm.is_open());
        arm.down();
        arm.pass(at(1_400));
        arm.stop();
        arm.pass(at(9_000));
        assert!(!arm.is_closed() && !arm.is_open(), "stopped on its way");
        arm.stalled = true;
        arm.down();
        arm.pass(at(20_000));
        assert!(!arm.is_closed());
    }
}
