//! How devices are looked after.

use std::time::Duration;

/// What becomes of the lane while a device is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The lane holds.
    Required,
    /// The lane is degraded.
    Optional,
}

/// How one device is looked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Care {
    /// Silence after which it counts as lost; `None`: it speaks only when there is something to say.
    pub silence: Option<Duration>,
    /// What becomes of the lane then.
    pub need: Need,
}

impl Care {
    /// A device that the lane can't do without, and that speaks only when there is something to say.
    #[must_use]
    pub const fn required() -> Self {
        Self { silence: None, need: Need::Required }
    }

    /// A device that the lane can do without.
    #[must_use]
    pub const fn optional() -> Self {
        Self { silence: None, need: Need::Optional }
    }
}
