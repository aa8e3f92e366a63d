//! One lane's trucks: each drives in, waits for the arm or for an officer's word, and leaves.
//!
//! ```text
//!  approach ━━┓ front read      rear read ┏━━ arm open: exit loop ─ scale loop off ─ exit loop off
//!             ┗━ scale loop ━ stands ━━━━━┫
//!                                         ┗━━ turned back: approach loop on ─ scale loop off ─ approach loop off
//! ```
//! A truck is longer than the gaps: it never vanishes between two loops. It keeps to what a driver sees: the arm,
//! the officer, the truck in front. The next one comes when the lane is shown vacant.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lane_controller::model::{LoopPlace, OrderKind, Phase, Position, View};
use tokio::sync::watch;

use crate::field::{Field, Presence};
use crate::ledger::{Departure, Ledger};
use crate::link::LinkError;
use crate::observer::LaneView;
use crate::rms::Rms;
use crate::single_window::SingleWindow;
use crate::traffic::{Traffic, Truck};

/// A truck that stands longer than that, whatever the officers do, is a fault of the lane.
const STANDS_AT_MOST: Duration = Duration::from_secs(120);
/// After a truck has left, the lane is vacant sooner.
const VACANT_WITHIN: Duration = Duration::from_secs(60);
/// So long an indicator takes to show an empty platform a few times.
const EMPTY_SHOWN: Duration = Duration::from_millis(300);
/// How often a standing driver looks up.
const LOOKS_EVERY: Duration = Duration::from_millis(50);
/// A driver who is turned back waits that long for an arm that may rise after all.
const TURNS_AFTER: Duration = Duration::from_millis(700);

/// What stops a lane's traffic.
#[derive(Debug, thiserror::Error)]
pub enum LaneError {
    /// A device is cut off.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Nobody lets the truck go.
    #[error(
        "{lane}: truck {ordinal} stood for {STANDS_AT_MOST:?} and nobody let it go (phase {phase}, holds: {holds})"
    )]
    Stands {
        /// The lane.
        lane: String,
        /// The truck.
        ordinal: u32,
        /// What the controller shows.
        phase: &'static str,
        /// Why, by the controller.
        holds: String,
    },
    /// The lane stays occupied.
    #[error("{lane}: not vacant {VACANT_WITHIN:?} after the last truck left (phase {phase}, holds: {holds})")]
    NotVacant {
        /// The lane.
        lane: String,
        /// What the controller shows.
        phase: &'static str,
        /// Why, by the controller.
        holds: String,
    },
}

/// How fast people and trucks move.
#[derive(Debug, Clone, Copy)]
pub struct Pace(f64);

impl Pace {
    /// `speed` times as fast as in life; what is no positive number is taken for 1.
    #[must_use]
    pub fn new(speed: f64) -> Self {
        Self(if speed.is_finite() && speed > 0.0 { speed } else { 1.0 })
    }

    /// How long something takes that takes `millis` in life.
    #[must_use]
    pub fn takes(self, millis: u64) -> Duration {
        Duration::from_millis(millis).div_f64(self.0)
    }

    /// Waits that long.
    pub async fn pass(self, millis: u64) {
        tokio::time::sleep(self.takes(millis)).await;
    }
}

/// Everything that one lane's trucks meet.
#[derive(Debug)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// Its devices.
    pub field: Arc<Field>,
    /// What the controller shows.
    pub view: watch::Receiver<Option<LaneView>>,
    /// The traders.
    pub window: Arc<SingleWindow>,
    /// Risk management.
    pub rms: Arc<Rms>,
    /// The book.
    pub ledger: Ledger,
    /// How fast they drive.
    pub pace: Pace,
}

impl Lane {
    /// Sends `count` trucks through, or trucks without end, until `stop` is set; returns with the lane vacant.
    ///
    /// # Errors
    /// When the traffic can't go on.
    pub async fn run(
        mut self,
        mut traffic: Traffic,
        count: Option<u32>,
        stop: watch::Receiver<bool>,
    ) -> Result<(), LaneError> {
        self.vacant().await?;
        let mut sent = 0_u32;
        while count.is_none_or(|count| sent < count) && !*stop.borrow() {
            let truck = traffic.next_truck();
            sent = sent.saturating_add(1);
            // The RMS is asked as soon as the notification is in.
            self.rms.expect(&truck);
            if let Err(error) = self.window.submit_for(&truck).await {
                self.ledger.breach(format!("{}: truck {}: {error}", self.name, truck.ordinal));
            }
            self.pace.pass(600 + u64::from(truck.ordinal * 37 % 20) * 70).await;
            self.drive_in(&truck).await?;
            match self.way_out(&truck).await? {
                Departure::Exit => self.drive_out().await?,
                Departure::Back => self.back_out().await?,
            }
            self.vacant().await?;
            self.rms.forget(&truck);
        }
        Ok(())
    }

    async fn drive_in(&self, truck: &Truck) -> Result<(), LinkError> {
        let country = truck.country.code();
        self.ledger.arrives(&self.name, truck.ordinal, truck.kind);
        self.field.set_loop(LoopPlace::Approach, Presence::Occupied).await?;
        self.pace.pass(600).await;
        let track = format!("{}-{}", self.name, truck.ordinal);
        self.field.read_plate(View::Front, &truck.front, country, &format!("{track}-front")).await?;
        self.pace.pass(600).await;
        self.field.set_loop(LoopPlace::Scale, Presence::Occupied).await?;
        self.field.roll_to(truck.standing_kg, self.pace.takes(1_800));
        self.pace.pass(1_200).await;
        self.field.read_plate(View::Rear, &truck.rear, country, &format!("{track}-rear")).await?;
        self.pace.pass(400).await;
        self.field.set_loop(LoopPlace::Approach, Presence::Free).await?;
        self.pace.pass(200).await;
        self.ledger.standing(&self.name, |entry| entry.stopped = Some(Instant::now()));
        Ok(())
    }

    /// Stands until the arm is up or an officer turns the truck back.
    async fn way_out(&self, truck: &Truck) -> Result<Departure, LaneError> {
        let mut arm = self.field.arm();
        let since = Instant::now();
        let mut turned: Option<Instant> = None;
        loop {
            let position = *arm.borrow_and_update();
            if position == Position::Open {
                return Ok(Departure::Exit);
            }
            let back = |orders: &[OrderKind]| orders.iter().any(|o| matches!(o, OrderKind::Refer | OrderKind::Refuse));
            if self.ledger.standing(&self.name, |entry| back(&entry.orders)) == Some(true) {
                let turned = *turned.get_or_insert_with(Instant::now);
                if turned.elapsed() >= TURNS_AFTER && position == Position::Closed {
                    return Ok(Departure::Back);
                }
            }
            if since.elapsed() >= STANDS_AT_MOST {
                let (phase, holds) = self.shown();
                return Err(LaneError::Stands { lane: self.name.clone(), ordinal: truck.ordinal, phase, holds });
            }
            // Looks up when the arm moves, or after a while.
            drop(tokio::time::timeout(LOOKS_EVERY, arm.changed()).await);
        }
    }

    async fn drive_out(&self) -> Result<(), LinkError> {
        self.pace.pass(400).await;
        self.field.set_loop(LoopPlace::Exit, Presence::Occupied).await?;
        self.field.roll_to(0, self.pace.takes(1_200));
        self.pace.pass(1_200).await;
        self.field.set_loop(LoopPlace::Scale, Presence::Free).await?;
        self.pace.pass(800).await;
        self.field.set_loop(LoopPlace::Exit, Presence::Free).await?;
        self.ledger.standing(&self.name, |entry| entry.left = Some(Departure::Exit));
        Ok(())
    }

    async fn back_out(&self) -> Result<(), LinkError> {
        self.pace.pass(400).await;
        self.field.set_loop(LoopPlace::Approach, Presence::Occupied).await?;
        self.field.roll_to(0, self.pace.takes(1_200));
        self.pace.pass(1_200).await;
        self.field.set_loop(LoopPlace::Scale, Presence::Free).await?;
        self.pace.pass(800).await;
        self.field.set_loop(LoopPlace::Approach, Presence::Free).await?;
        self.ledger.standing(&self.name, |entry| entry.left = Some(Departure::Back));
        Ok(())
    }

    /// Waits until the lane is shown vacant and the arm is down.
    async fn vacant(&mut self) -> Result<(), LaneError> {
        let mut arm = self.field.arm();
        let vacant = async {
            let shown =
                self.view.wait_for(|view| view.as_ref().is_some_and(|v| v.phase == Phase::Vacant)).await.is_ok();
            shown && arm.wait_for(|position| *position == Position::Closed).await.is_ok()
        };
        if tokio::time::timeout(VACANT_WITHIN, vacant).await == Ok(true) {
            // Whatever the pace, the indicator tells its weight in its own time, and must show the platform empty.
            tokio::time::sleep(EMPTY_SHOWN).await;
            return Ok(());
        }
        let (phase, holds) = self.shown();
        Err(LaneError::NotVacant { lane: self.name.clone(), phase, holds })
    }

    fn shown(&self) -> (&'static str, String) {
        let view = self.view.borrow();
        view.as_ref().map_or(("none shown", String::new()), |view| {
            (view.phase.as_str(), view.holds.iter().map(|hold| hold.code.as_str()).collect::<Vec<_>>().join(", "))
        })
    }
}
