//! What a check says of a number that has the right form.

/// What a number's own check says. It raises confidence or shows a slip of the pen; it never identifies alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The check holds.
    Valid,
    /// The check holds and proves less than usual.
    Weak,
    /// The check character is another.
    Wrong {
        /// What it would be.
        expected: String,
    },
    /// No check character belongs to these digits: no such number is issued.
    NeverIssued,
    /// The kind has no check, or none that every issuer keeps.
    Unchecked,
}

impl Verdict {
    /// The check holds.
    #[must_use]
    pub const fn holds(&self) -> bool {
        match self {
            Self::Valid | Self::Weak => true,
            Self::Wrong { .. } | Self::NeverIssued | Self::Unchecked => false,
        }
    }
}

/// What swapping look-alike characters makes of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair<T> {
    /// As read, its check holds: nothing to repair.
    Holds(T),
    /// Exactly one reading holds.
    One(T),
    /// Several readings hold: none is taken.
    Several,
    /// No reading holds.
    None,
}
