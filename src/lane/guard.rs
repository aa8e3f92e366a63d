//! The guards of the machine: each forbids what one invariant of the safety case forbids.
//!
//! At each guarding condition the machine asks its guards. In what is shipped the answer is the condition itself: the
//! functions are constant and the switch does not exist. Tests turn one guard off at a time, to see that the search or
//! a story finds what it kept away; the feature `guards` gives the same switch to the simulator, and to nothing else.
//!
//! What is kept by types (`OpenAuthority`), by the wire, the journal, the selection or the devices is not here: the
//! table in `tests/guards/invariants.rs` names the place and the test of each.

/// A condition of the machine without which an invariant falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// Only the receipt of the authority's own records is looked at; the type `OpenAuthority` refuses any other.
    OwnReceipt,
    /// Nothing opens, and no order is taken, once the journal has failed.
    JournalTakes,
    /// A decision that is not durable in time is void: its late receipt opens nothing.
    JournalInTime,
    /// What allowed the opening must still be so when its records are durable.
    StillReady,
    /// Nothing opens unless a sensor sees a vehicle in the lane.
    PresenceSeen,
    /// The passage, and what was decided for it, ends when the zone stays empty.
    EmptyEnds,
    /// A vehicle that drives up while the zone looks empty never inherits the passage before it.
    NewcomerEnds,
    /// A plate read while the arm comes down is the next vehicle's.
    NextOnesReads,
    /// A plate read long before the vehicle came is not its own.
    EarlyFresh,
    /// What was decided without evidence that came since is taken back before the arm is open.
    NewEvidenceVoids,
    /// A passage read back from the journal waits for an officer.
    RestoredWaits,
    /// What was commanded before a restart is never commanded again by itself.
    NotTwice,
    /// An open arm that nobody passes comes down, and its authority is over.
    PassInTime,
    /// More parts than the vehicle has, under one opening, are a second vehicle.
    PartsCounted,
    /// Whoever drives under an arm that comes down behind a vehicle is a second vehicle.
    SecondCrossing,
    /// Whoever drives under an arm without an authority raises the alarm.
    CrossingWithoutLeave,
    /// A second vehicle closes the lane.
    TailgatingCloses,
    /// The arm does not wait for a vehicle that rolled back when another one may stand there.
    NobodyBehind,
    /// A pair of exit loops that is taken again before it was left counts a further vehicle.
    PairCounted,
    /// A vehicle with another one behind it at the stop line is held.
    FollowerHolds,
    /// A closed lane begins no passage.
    ClosedTakesNone,
    /// A finding of severity hold or block holds.
    FindingsHold,
    /// Without an answer of the register the vehicle is held.
    MatchInTime,
    /// Without an answer of the risk gateway the vehicle is held.
    RiskInTime,
    /// A vehicle with a hold is not released without an order.
    HeldStays,
    /// A decision that is no longer valid releases nothing.
    DecisionValid,
    /// Only the answer to the question that is asked decides.
    OwnAnswer,
    /// Only the register's answer for this vehicle, in this round, counts, and once.
    OwnMatch,
    /// Nothing is commanded while the link to the devices is down.
    LinkUp,
    /// A vehicle is held while a device that the lane needs is away.
    LostDeviceHolds,
    /// Yellow and red hold.
    ChannelHolds,
    /// An agency that is not clear holds.
    AgencyHolds,
    /// A stricter word takes back what is not open yet.
    LateStricterVoids,
    /// A second answer that says nothing stricter changes nothing.
    LateWeakerIgnored,
    /// An officer's word drops no referral: a weaker answer afterwards releases nothing.
    StricterStays,
    /// A referral outlives a restart.
    RestoredRisk,
    /// A decision taken before arrival counts only while it is valid and nothing seen since speaks against it.
    EarlierStands,
    /// A release of the red channel, or over a blocking finding, needs two different officers.
    TwoOfficers,
    /// An order without a reason is refused.
    OrderReason,
    /// An order that is too old is refused.
    OrderInTime,
    /// An order for another passage than the one in the lane is refused.
    OrderOfPassage,
    /// An order decided on another state of the lane than the present one is refused.
    OrderSeen,
    /// An order is refused unless the vehicle stands and is held: one order, one opening.
    OrderOnce,
    /// No close unless every loop of the closing zone is known and free.
    ZoneClear,
    /// An arm stays up over a vehicle that no sensor saw leave.
    SightLost,
    /// A loop that can't be trusted holds the vehicle and takes back what is decided.
    LoopFaultHolds,
    /// No arm is opened unless every other arm of the lane is proved closed.
    OthersClosed,
    /// Only an arm that feedback proves closed, and without a fault, is opened.
    ProvedClosed,
    /// What an arm reported is void when the link or its device went away.
    ProofDies,
    /// An arm that doesn't reach its open limit in time is a fault.
    OpenSupervised,
    /// A close is tried once more, and then it is a fault.
    CloseRetriesBounded,
    /// An arm that is not closed and that no command explains raises the alarm and holds.
    ForcedTold,
    /// An arm in local mode is not commanded.
    RemoteOnly,
    /// A weight that hangs from the last vehicle is not this one's.
    OwnWeight,
    /// A weight of two vehicles is nobody's.
    SingleOnScale,
    /// A vehicle that drives off is no longer weighed.
    WeighedStanding,
    /// Green only while the arm is proved open.
    GreenProved,
    /// Only the lane's own devices give evidence.
    OwnDevices,
    /// The wait for evidence ends.
    EvidenceDeadline,
    /// Reads of vehicles that have not come yet are bounded.
    EarlyBounded,
    /// A step of the wall clock voids what is not open yet.
    ClockStepVoids,
    /// The passage of a vehicle that no sensor sees can be ended by an officer who looked.
    OfficersWay,
}

impl Guard {
    /// All guards.
    pub const ALL: [Self; 62] = [
        Self::OwnReceipt,
        Self::JournalTakes,
        Self::JournalInTime,
        Self::StillReady,
        Self::PresenceSeen,
        Self::EmptyEnds,
        Self::NewcomerEnds,
        Self::NextOnesReads,
        Self::EarlyFresh,
        Self::NewEvidenceVoids,
        Self::RestoredWaits,
        Self::NotTwice,
        Self::PassInTime,
        Self::PartsCounted,
        Self::SecondCrossing,
        Self::CrossingWithoutLeave,
        Self::TailgatingCloses,
        Self::NobodyBehind,
        Self::PairCounted,
        Self::FollowerHolds,
        Self::ClosedTakesNone,
        Self::FindingsHold,
        Self::MatchInTime,
        Self::RiskInTime,
        Self::HeldStays,
        Self::DecisionValid,
        Self::OwnAnswer,
        Self::OwnMatch,
        Self::LinkUp,
        Self::LostDeviceHolds,
        Self::ChannelHolds,
        Self::AgencyHolds,
        Self::LateStricterVoids,
        Self::LateWeakerIgnored,
        Self::StricterStays,
        Self::RestoredRisk,
        Self::EarlierStands,
        Self::TwoOfficers,
        Self::OrderReason,
        Self::OrderInTime,
        Self::OrderOfPassage,
        Self::OrderSeen,
        Self::OrderOnce,
        Self::ZoneClear,
        Self::SightLost,
        Self::LoopFaultHolds,
        Self::OthersClosed,
        Self::ProvedClosed,
        Self::ProofDies,
        Self::OpenSupervised,
        Self::CloseRetriesBounded,
        Self::ForcedTold,
        Self::RemoteOnly,
        Self::OwnWeight,
        Self::SingleOnScale,
        Self::WeighedStanding,
        Self::GreenProved,
        Self::OwnDevices,
        Self::EvidenceDeadline,
        Self::EarlyBounded,
        Self::ClockStepVoids,
        Self::OfficersWay,
    ];

    /// The invariants that fall without it.
    #[must_use]
    pub const fn invariants(self) -> &'static [&'static str] {
        match self {
            Self::OwnReceipt => &["A1", "D1"],
            Self::JournalTakes | Self::JournalInTime => &["A1", "A6"],
            Self::StillReady => &["A2", "B3"],
            Self::PresenceSeen | Self::EmptyEnds | Self::NewcomerEnds | Self::NextOnesReads | Self::EarlyFresh => {
                &["A2"]
            }
            Self::NewEvidenceVoids => &["A2", "A7"],
            Self::RestoredWaits => &["A3", "A6"],
            Self::NotTwice => &["A3"],
            Self::PassInTime => &["A4"],
            Self::PartsCounted
            | Self::SecondCrossing
            | Self::TailgatingCloses
            | Self::NobodyBehind
            | Self::PairCounted
            | Self::ClosedTakesNone => &["A5"],
            Self::CrossingWithoutLeave => &["A5", "B6"],
            Self::FollowerHolds => &["A5", "B9"],
            Self::FindingsHold | Self::HeldStays | Self::DecisionValid | Self::LostDeviceHolds => &["A6"],
            Self::MatchInTime | Self::RiskInTime => &["A6", "C6"],
            Self::OwnAnswer | Self::OwnMatch => &["A6", "C3"],
            Self::LinkUp => &["A6", "B1"],
            Self::ChannelHolds | Self::EarlierStands => &["A6", "A7"],
            Self::AgencyHolds | Self::LateStricterVoids | Self::StricterStays | Self::RestoredRisk => &["A7"],
            Self::LateWeakerIgnored => &["A7", "C3"],
            Self::TwoOfficers | Self::OrderReason | Self::OrderInTime | Self::OrderOfPassage | Self::OrderSeen => {
                &["A9"]
            }
            Self::OrderOnce => &["A3", "A9"],
            Self::ZoneClear | Self::SightLost => &["B1"],
            Self::LoopFaultHolds => &["B1", "A6"],
            Self::OthersClosed => &["B2", "B3"],
            Self::ProvedClosed => &["B4"],
            Self::ProofDies => &["B3", "B4"],
            Self::OpenSupervised | Self::CloseRetriesBounded => &["B5"],
            Self::ForcedTold => &["B6"],
            Self::RemoteOnly => &["B8"],
            Self::OwnWeight | Self::SingleOnScale | Self::WeighedStanding => &["B9"],
            Self::GreenProved => &["B10"],
            Self::OwnDevices => &["C5"],
            Self::EvidenceDeadline | Self::EarlyBounded => &["C6"],
            Self::ClockStepVoids => &["C7"],
            Self::OfficersWay => &["D1"],
        }
    }
}

/// Which guards hold: all of them.
#[cfg(not(any(test, feature = "guards")))]
#[derive(Debug, Clone, Copy)]
pub(super) struct Guards;

#[cfg(not(any(test, feature = "guards")))]
#[expect(clippy::unused_self, reason = "the switch that tests have takes the place of this one")]
impl Guards {
    /// All hold.
    pub(super) const fn all() -> Self {
        Self
    }

    /// Whether the way is free: the condition itself.
    #[inline(always)]
    pub(super) const fn holds(self, _: Guard, condition: bool) -> bool {
        condition
    }

    /// Whether the guard acts: always.
    #[inline(always)]
    pub(super) const fn keeps(self, _: Guard) -> bool {
        true
    }
}

/// Which guards hold: all that a test has not turned off.
#[cfg(any(test, feature = "guards"))]
#[derive(Debug, Clone, Copy)]
pub(super) struct Guards {
    /// A bit a guard.
    off: u64,
}

#[cfg(any(test, feature = "guards"))]
const _: () = assert!(Guard::ALL.len() <= 64, "a bit a guard");

#[cfg(any(test, feature = "guards"))]
impl Guards {
    /// All hold.
    pub(super) const fn all() -> Self {
        Self { off: 0 }
    }

    /// Whether the way is free: the condition, or always where the guard is turned off.
    pub(super) const fn holds(self, guard: Guard, condition: bool) -> bool {
        condition || !self.keeps(guard)
    }

    /// Whether the guard acts.
    pub(super) const fn keeps(self, guard: Guard) -> bool {
        self.off & (1 << guard as u64) == 0
    }
}

#[cfg(any(test, feature = "guards"))]
impl super::Machine {
    /// Turns a guard off, to see what it keeps away. For tests only: what is shipped has no such switch.
    pub fn turn_off(&mut self, guard: Guard) {
        self.guards.off |= 1 << guard as u64;
    }
}
