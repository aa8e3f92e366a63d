//! What the controller tells devices: barrier commands and the signal.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{PassageId, Timestamp};

/// What an arm is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandVerb {
    /// Raise the arm.
    Open,
    /// Lower the arm.
    Close,
}

/// Why an arm is told to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandReason {
    /// A decided release.
    Release,
    /// Into a vacant lane.
    Admit,
    /// To the inspection bay.
    Refer,
    /// Back to the safe state.
    Secure,
    /// An officer's order.
    Order,
}

/// A barrier command (`barrier/<barrier>/command`, never retained).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BarrierCommand {
    /// Open or close.
    pub command: CommandVerb,
    /// A device takes a command once by this id.
    pub command_id: Uuid,
    /// For whom.
    pub passage: Option<PassageId>,
    /// Grows with every start of the controller (invariant A11).
    pub epoch: u64,
    /// Grows with every command of this epoch.
    pub sequence: u64,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// A device ignores it from then on (invariant A10).
    pub expires_at: Timestamp,
    /// Why.
    pub reason: CommandReason,
}

/// The light at the stop line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// Stop.
    Red,
    /// Wait.
    Amber,
    /// Drive: only while an authority lives and the arm is proved open (invariant B10).
    Green,
    /// Dark.
    Off,
}

/// A text in the three languages of the lane display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// Kazakh.
    pub kk: String,
    /// Russian.
    pub ru: String,
    /// English.
    pub en: String,
}

/// Light and driver display (`signal`, retained).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// The light.
    pub light: Light,
    /// The display.
    pub text: Texts,
}
