//! The kinds of truck in the traffic, and what a right controller makes of each.
//!
//! This table is the demo's yardstick: it says which hold a kind must meet, what the officer orders, and how its
//! passage ends. It is written from the contract, not from the controller's code.

use lane_controller::model::{FindingCode, HoldCode, OrderKind, Outcome};

/// What is special about a truck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Everything in order.
    Lawful,
    /// In order; the RMS wants an audit afterwards.
    Blue,
    /// Its plate was read with letters where its country has digits: in order all the same.
    MisreadSettled,
    /// Its plate was read with a glyph lost: found, and held until an officer has read the plate.
    Misread,
    /// Two notifications name it, for the same hour.
    Ambiguous,
    /// Nobody notified it.
    NoNotification,
    /// Its notification is no longer valid.
    NotificationExpired,
    /// It names a declaration that was never lodged.
    NoDeclaration,
    /// Its declaration is registered, not released.
    DeclarationNotReleased,
    /// It weighs more than was declared.
    Overweight,
    /// It pulls another trailer than was notified.
    TrailerSwapped,
    /// It comes again on a notification that was used.
    AlreadyUsed,
    /// Red channel: referred to inspection.
    Red,
    /// Red channel: released by two officers.
    RedCleared,
    /// Yellow channel: released once its papers were seen.
    Yellow,
    /// The RMS never answers about it.
    Silent,
    /// Another agency does not clear it.
    AgencyHold,
}

/// How many officers put their name to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Officers {
    /// One.
    One,
    /// Two different ones.
    Two,
}

/// What the officer orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The order.
    pub order: OrderKind,
    /// Who signs it.
    pub officers: Officers,
    /// The reason given with it.
    pub reason: &'static str,
}

/// What a right controller makes of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectation {
    /// The hold that it must meet, and the order that ends it; `None`: it is never held.
    pub held: Option<(HoldCode, Choice)>,
    /// How its passage ends.
    pub outcome: Outcome,
}

impl Kind {
    /// All kinds, in the order of the summary.
    pub const ALL: [Self; 17] = [
        Self::Lawful,
        Self::Blue,
        Self::MisreadSettled,
        Self::Misread,
        Self::Ambiguous,
        Self::NoNotification,
        Self::NotificationExpired,
        Self::NoDeclaration,
        Self::DeclarationNotReleased,
        Self::Overweight,
        Self::TrailerSwapped,
        Self::AlreadyUsed,
        Self::Red,
        Self::RedCleared,
        Self::Yellow,
        Self::Silent,
        Self::AgencyHold,
    ];

    /// How many of 1,000 trucks are of this kind.
    #[must_use]
    pub const fn per_mille(self) -> u32 {
        match self {
            Self::Lawful => 600,
            Self::Blue => 50,
            Self::NoNotification | Self::Overweight => 35,
            Self::NotificationExpired | Self::NoDeclaration | Self::DeclarationNotReleased => 30,
            Self::TrailerSwapped | Self::AlreadyUsed | Self::Red | Self::Yellow => 25,
            Self::MisreadSettled => 20,
            Self::Misread | Self::Ambiguous | Self::RedCleared | Self::Silent => 15,
            Self::AgencyHold => 10,
        }
    }

    /// Its name in the summary.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lawful => "lawful",
            Self::Blue => "blue channel",
            Self::MisreadSettled => "misread, settled",
            Self::Misread => "misread",
            Self::Ambiguous => "notified twice",
            Self::NoNotification => "no notification",
            Self::NotificationExpired => "notification expired",
            Self::NoDeclaration => "no declaration",
            Self::DeclarationNotReleased => "declaration not released",
            Self::Overweight => "overweight",
            Self::TrailerSwapped => "trailer swapped",
            Self::AlreadyUsed => "notification used",
            Self::Red => "red channel",
            Self::RedCleared => "red, cleared by two",
            Self::Yellow => "yellow channel",
            Self::Silent => "risk management silent",
            Self::AgencyHold => "held by agency",
        }
    }

    /// What a right controller makes of it.
    #[must_use]
    pub const fn expectation(self) -> Expectation {
        match self {
            Self::Lawful | Self::MisreadSettled => Expectation { held: None, outcome: Outcome::Released },
            Self::Blue => Expectation { held: None, outcome: Outcome::ReleasedConditional },
            Self::Misread => found(FindingCode::PlateMismatch, READ_BY_EYE),
            Self::Ambiguous => found(FindingCode::Ambiguous, RELEASED_ON_PAPER),
            Self::NoNotification => found(FindingCode::NoNotification, RELEASED_ON_PAPER),
            Self::NotificationExpired => found(FindingCode::NotificationExpired, RELEASED_ON_PAPER),
            Self::NoDeclaration => found(FindingCode::NoDeclaration, RELEASED_ON_PAPER),
            Self::DeclarationNotReleased => found(FindingCode::DeclarationNotReleased, REFUSED),
            Self::Overweight => found(FindingCode::WeightDiscrepancy, REFUSED),
            Self::TrailerSwapped => found(FindingCode::TrailerMismatch, REFUSED),
            Self::AlreadyUsed => found(FindingCode::AlreadyUsed, REFUSED),
            Self::Red => held(HoldCode::ReferredInspection, REFERRED),
            Self::RedCleared => held(HoldCode::ReferredInspection, CLEARED_BY_TWO),
            Self::Yellow => held(HoldCode::ReferredDocuments, RELEASED_ON_PAPER),
            Self::Silent => held(HoldCode::RiskUnavailable, RELEASED_ON_PAPER),
            Self::AgencyHold => held(HoldCode::AgencyHold, AGENCY_CLEARED),
        }
    }

    /// Whether it may only leave on an officer's word.
    #[must_use]
    pub const fn needs_officer(self) -> bool {
        self.expectation().held.is_some()
    }
}

const RELEASED_ON_PAPER: (Choice, Outcome) = (
    Choice {
        order: OrderKind::Release,
        officers: Officers::One,
        reason: "the papers were seen at the window and are in order",
    },
    Outcome::Released,
);
const READ_BY_EYE: (Choice, Outcome) = (
    Choice {
        order: OrderKind::Release,
        officers: Officers::One,
        reason: "the plate was read by eye: it is the notified one",
    },
    Outcome::Released,
);
const AGENCY_CLEARED: (Choice, Outcome) = (
    Choice {
        order: OrderKind::Release,
        officers: Officers::One,
        reason: "the agency cleared the vehicle by telephone",
    },
    Outcome::Released,
);
const CLEARED_BY_TWO: (Choice, Outcome) = (
    Choice { order: OrderKind::Release, officers: Officers::Two, reason: "inspected in the lane, satisfactory (A1)" },
    Outcome::Released,
);
const REFERRED: (Choice, Outcome) = (
    Choice { order: OrderKind::Refer, officers: Officers::One, reason: "to the inspection bay" },
    Outcome::ReferredInspection,
);
const REFUSED: (Choice, Outcome) = (
    Choice { order: OrderKind::Refuse, officers: Officers::One, reason: "turned back: not as declared" },
    Outcome::Refused,
);

const fn found(code: FindingCode, end: (Choice, Outcome)) -> Expectation {
    held(HoldCode::Finding(code), end)
}

const fn held(code: HoldCode, (choice, outcome): (Choice, Outcome)) -> Expectation {
    Expectation { held: Some((code, choice)), outcome }
}

/// What the officer orders for a hold that the truck's kind does not explain: two look at it and let it go, so that
/// the lane is free again; the summary names the hold as a fault.
pub const UNEXPLAINED: Choice =
    Choice { order: OrderKind::Release, officers: Officers::Two, reason: "looked at by two, nothing found" };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_make_up_a_thousand_and_most_are_lawful() {
        assert_eq!(Kind::ALL.iter().map(|kind| kind.per_mille()).sum::<u32>(), 1000);
        assert_eq!(Kind::Lawful.per_mille(), 600);
    }

    #[test]
    fn only_trucks_in_order_leave_without_an_officer() {
        let free: Vec<_> = Kind::ALL.into_iter().filter(|kind| !kind.needs_officer()).collect();
        assert_eq!(free, [Kind::Lawful, Kind::Blue, Kind::MisreadSettled]);
    }

    #[test]
    fn a_red_truck_is_released_only_by_two() {
        for kind in Kind::ALL {
            if let Some((HoldCode::ReferredInspection, choice)) = kind.expectation().held
                && choice.order == OrderKind::Release
            {
                assert_eq!(choice.officers, Officers::Two);
            }
        }
    }
}
