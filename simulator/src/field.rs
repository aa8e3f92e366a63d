//! The devices of one lane: cameras, loops, the exit barrier and the scale, each with its own connection.
//!
//! ```text
//!  front, rear ─ plate reads ─┐
//!  approach, scale, exit ─ loops ─┼─▶ broker        bridge ─ MT-SICS ─▶ pty
//!  exit ─ barrier state ◀▶ commands ─┘
//! ```

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::Utc;
use lane_controller::model::{DeviceHealth, LoopPlace, LoopState, PlateRead, Position, Timestamp, View};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::barrier::{self, Wiring};
use crate::ledger::Ledger;
use crate::link::{Keep, Link, LinkError, Note, Plan};
use crate::scale::{Indicator, Platform, Pty, PtyError};

/// What the bridge can weigh.
const CAPACITY_KG: u32 = 60_000;

/// Why a lane's devices can't be put up.
#[derive(Debug, thiserror::Error)]
pub enum FieldError {
    /// No connection.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// No serial line.
    #[error(transparent)]
    Pty(#[from] PtyError),
}

/// Where a lane's devices speak.
#[derive(Debug, Clone)]
pub struct Place {
    /// The broker's port.
    pub port: u16,
    /// The site.
    pub site: String,
    /// The lane.
    pub lane: String,
}

impl Place {
    /// A topic of the lane.
    #[must_use]
    pub fn topic(&self, rest: &str) -> String {
        format!("bcp/{}/lane/{}/{rest}", self.site, self.lane)
    }

    /// A device's plan: its birth and its last will carry the same session, so that an old will counts for nothing.
    fn device(&self, name: &str, filters: Vec<String>) -> Plan {
        let session = Uuid::new_v4().to_string();
        let note = |online| Note {
            topic: self.topic(&format!("device/{name}/health")),
            payload: health(online, session.clone()),
        };
        Plan {
            id: format!("{}-{}-{name}", self.site, self.lane),
            port: self.port,
            filters,
            birth: Some(note(true)),
            will: Some(note(false)),
        }
    }
}

fn health(online: bool, session: String) -> String {
    let health = DeviceHealth { online, session: Some(session), detail: None, at: now() };
    serde_json::to_string(&health).unwrap_or_default()
}

/// The devices of a lane.
#[derive(Debug)]
pub struct Field {
    place: Place,
    front: Link,
    rear: Link,
    approach: Link,
    scale: Link,
    exit: Arc<Link>,
    platform: Arc<Mutex<Platform>>,
    pty: Pty,
    under_arm: watch::Sender<bool>,
    arm: watch::Receiver<Position>,
    barrier: JoinHandle<()>,
}

impl Field {
    /// Puts the devices up: connected, born, loops free, arm closed, scale empty.
    ///
    /// # Errors
    /// When the broker or the system has no place for one.
    pub async fn put_up(place: Place, travel: Duration, ledger: Ledger) -> Result<Self, FieldError> {
        let platform = Arc::new(Mutex::new(Platform::empty(Instant::now())));
        let serial = format!("LS-{}", place.lane);
        let pty = Pty::plug(Indicator::kilograms(CAPACITY_KG, serial), Arc::clone(&platform))?;
        let (front, _) = Link::open(place.device("front", Vec::new())).await?;
        let (rear, _) = Link::open(place.device("rear", Vec::new())).await?;
        let (approach, _) = Link::open(place.device("approach", Vec::new())).await?;
        let (scale, _) = Link::open(place.device("scale", Vec::new())).await?;
        let commands = vec![place.topic("barrier/exit/command")];
        let (exit, commands) = Link::open(place.device("exit", commands)).await?;
        let exit = Arc::new(exit);
        let (under_arm, is_under_arm) = watch::channel(false);
        let (shown, arm) = watch::channel(Position::Closed);
        let wiring = Wiring {
            lane: place.lane.clone(),
            state_topic: place.topic("barrier/exit/state"),
            travel,
            under_arm: is_under_arm,
            shown,
        };
        let barrier_link = Arc::clone(&exit);
        let barrier = tokio::spawn(async move {
            if let Err(error) = barrier::run(wiring, &barrier_link, commands, ledger).await {
                tracing::error!(%error, "a barrier stopped");
            }
        });
        let field = Self { place, front, rear, approach, scale, exit, platform, pty, under_arm, arm, barrier };
        for loop_place in LoopPlace::ALL {
            field.set_loop(loop_place, Presence::Free).await?;
        }
        Ok(field)
    }

    /// What the controller opens as the scale's serial port.
    #[must_use]
    pub fn serial_port(&self) -> &Path {
        self.pty.port()
    }

    /// Where the arm is.
    #[must_use]
    pub fn arm(&self) -> watch::Receiver<Position> {
        self.arm.clone()
    }

    /// A loop changes.
    ///
    /// # Errors
    /// When its connection has ended.
    pub async fn set_loop(&self, place: LoopPlace, presence: Presence) -> Result<(), LinkError> {
        let occupied = presence == Presence::Occupied;
        let link = match place {
            LoopPlace::Approach => &self.approach,
            LoopPlace::Scale => &self.scale,
            LoopPlace::Exit => {
                self.under_arm.send_replace(occupied);
                &self.exit
            }
        };
        let topic = self.place.topic(&format!("loop/{}", place.as_str()));
        link.publish(&topic, Keep::Retained, &LoopState { occupied, at: now() }).await
    }

    /// A camera reads a plate.
    ///
    /// # Errors
    /// When its connection has ended.
    pub async fn read_plate(&self, view: View, plate: &str, country: &str, track: &str) -> Result<(), LinkError> {
        let (link, camera) = match view {
            View::Front => (&self.front, "front"),
            View::Rear => (&self.rear, "rear"),
        };
        let read = PlateRead {
            read_id: Uuid::new_v4().to_string(),
            track: Some(track.to_owned()),
            at: now(),
            plate: Some(plate.into()),
            confidence: Some(0.97),
            country: Some(country.to_owned()),
            view,
            candidates: Vec::new(),
            image: None,
        };
        link.publish(&self.place.topic(&format!("plate/{camera}")), Keep::Passing, &read).await
    }

    /// The load on the scale rolls to `kg` within `rolling`.
    pub fn roll_to(&self, kg: u32, rolling: Duration) {
        self.platform.lock().unwrap_or_else(PoisonError::into_inner).roll_to(kg, rolling, Instant::now());
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        self.barrier.abort();
    }
}

/// Whether something stands on a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Something does.
    Occupied,
    /// Nothing does.
    Free,
}

fn now() -> Timestamp {
    Timestamp::new(Utc::now())
}
