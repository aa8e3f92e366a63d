//! The exit barrier of a lane: its arm, its travel time and its own safety chain, behind MQTT.

use std::time::Duration;

use chrono::Utc;
use lane_controller::model::{BarrierCommand, BarrierMode, BarrierState, CommandVerb, Position, Timestamp};
use rumqttc::v5::mqttbytes::v5::Publish;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::arm::{Arm, Delivery};
use crate::ledger::Ledger;
use crate::link::{Keep, Link, LinkError};

/// What the barrier is connected to.
#[derive(Debug)]
pub struct Wiring {
    /// The lane, for the book.
    pub lane: String,
    /// Where it says its state.
    pub state_topic: String,
    /// How long the arm travels.
    pub travel: Duration,
    /// The exit loop, wired into the barrier itself.
    pub under_arm: watch::Receiver<bool>,
    /// Where the arm is, for the driver who looks at it.
    pub shown: watch::Sender<Position>,
}

/// Runs the barrier until its commands end.
///
/// # Errors
/// When its connection has ended for good.
pub async fn run(
    wiring: Wiring,
    link: &Link,
    mut commands: mpsc::Receiver<Publish>,
    ledger: Ledger,
) -> Result<(), LinkError> {
    let mut arm = Arm::default();
    say(&wiring, link, &arm).await?;
    let mut arrives = Instant::now();
    loop {
        tokio::select! {
            command = commands.recv() => {
                let Some(command) = command else { return Ok(()) };
                if obey(&wiring, &mut arm, &command, &ledger) {
                    arrives = Instant::now() + wiring.travel;
                }
            }
            () = tokio::time::sleep_until(arrives), if arm.is_moving() => arm.arrive(),
        }
        if arm.position() == Position::Closing && *wiring.under_arm.borrow() {
            ledger.breach(format!("{}: the arm was told to close over an occupied exit loop", wiring.lane));
            arm.reverse();
            arrives = Instant::now() + wiring.travel;
        }
        say(&wiring, link, &arm).await?;
    }
}

/// Takes a message as a command; returns whether the arm was told to move.
fn obey(wiring: &Wiring, arm: &mut Arm, message: &Publish, ledger: &Ledger) -> bool {
    let command: BarrierCommand = match serde_json::from_slice(&message.payload) {
        Ok(command) => command,
        Err(error) => {
            ledger.breach(format!("{}: a barrier command that can't be read: {error}", wiring.lane));
            return false;
        }
    };
    let delivery = if message.retain { Delivery::Retained } else { Delivery::Live };
    if let Err(why) = arm.take(&command, delivery, Timestamp::new(Utc::now())) {
        tracing::warn!(lane = %wiring.lane, id = %command.command_id, %why, "a barrier command was ignored");
        let mut pages = ledger.pages();
        *pages.ignored.entry(why.to_string()).or_default() += 1;
        return false;
    }
    if command.command == CommandVerb::Open {
        ledger.opens(&wiring.lane);
        if let Some(passage) = command.passage {
            name_passage(wiring, ledger, &passage.to_string());
        }
    }
    true
}

/// A command names the passage; it must be that of the truck in the lane.
fn name_passage(wiring: &Wiring, ledger: &Ledger, passage: &str) {
    let known = ledger.standing(&wiring.lane, |entry| entry.passage.clone()).flatten();
    if known.as_deref().is_some_and(|known| known != passage) {
        ledger.breach(format!("{}: the arm was opened for another passage than the truck's", wiring.lane));
    }
}

async fn say(wiring: &Wiring, link: &Link, arm: &Arm) -> Result<(), LinkError> {
    wiring.shown.send_replace(arm.position());
    let state = BarrierState {
        position: arm.position(),
        mode: BarrierMode::Remote,
        fault: None,
        command_id: arm.last_taken(),
        at: Timestamp::new(Utc::now()),
    };
    link.publish(&wiring.state_topic, Keep::Retained, &state).await
}
