//! What an indicator says: a frame with its weights or the reason why there is none, an answer, or noise.

use std::fmt;

use crate::model::Stability;
use crate::model::mass::{Mass, Unit};

/// One frame of an indicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleFrame {
    /// The weights, or why there is none although the indicator answered.
    pub weights: Result<Weights, WhyNot>,
    /// The indicator's unit; none where it doesn't tell.
    pub unit: Option<Unit>,
    /// What the indicator says of stability.
    pub stability: Stability,
    /// Whether the indicator shows the centre of zero; none where the protocol doesn't tell.
    pub zero: Option<bool>,
    /// The number under which the indicator keeps this weighing (its alibi memory).
    pub record: Option<String>,
    /// The bytes as they came, without the end of a text line.
    pub raw: Vec<u8>,
}

impl ScaleFrame {
    /// A frame with weights; the scanner adds its bytes.
    pub(super) fn weighed(weights: Weights, stability: Stability) -> Self {
        let unit = weights.gross.or(weights.net).or(weights.tare).map(|mass| mass.unit);
        Self { weights: Ok(weights), unit, stability, zero: None, record: None, raw: Vec::new() }
    }

    /// A frame without a weight; the scanner adds its bytes.
    pub(super) const fn without(why: WhyNot, unit: Option<Unit>, stability: Stability) -> Self {
        Self { weights: Err(why), unit, stability, zero: None, record: None, raw: Vec::new() }
    }

    /// The mass of all that stands on the platform.
    ///
    /// # Errors
    /// Why it can't be used, be it that only the net weight is known.
    pub fn gross(&self) -> Result<Mass, WhyNot> {
        let weights = self.weights.as_ref().map_err(|why| *why)?;
        weights.gross.ok_or(if weights.net.is_some() { WhyNot::NetOnly } else { WhyNot::TareOnly })
    }
}

/// The weights that a frame tells; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weights {
    /// All that stands on the platform.
    pub gross: Option<Mass>,
    /// Without the tare.
    pub net: Option<Mass>,
    /// What was tared.
    pub tare: Option<Mass>,
}

impl Weights {
    /// A gross weight alone.
    pub(super) const fn gross(gross: Mass) -> Self {
        Self { gross: Some(gross), net: None, tare: None }
    }

    /// A net weight alone: the gross weight stays unknown.
    pub(super) const fn net(net: Mass) -> Self {
        Self { gross: None, net: Some(net), tare: None }
    }

    /// A tare alone.
    pub(super) const fn tare(tare: Mass) -> Self {
        Self { gross: None, net: None, tare: Some(tare) }
    }

    /// Net weight and tare, and the gross weight that they add up to.
    pub(super) fn net_and_tare(net: Mass, tare: Mass) -> Self {
        Self { gross: net.plus(tare), net: Some(net), tare: Some(tare) }
    }
}

/// Why a frame has no weight that can be used (safety case, hazard 15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhyNot {
    /// Above the range.
    Overload,
    /// Below the range.
    Underload,
    /// Zero was not set when the indicator was switched on.
    NotZeroed,
    /// The display shows a tenth of the division: no legal weight.
    Expanded,
    /// The display is held: the weight may be an earlier one.
    Held,
    /// It can't weigh at this moment.
    Busy,
    /// Zero can't be set.
    ZeroError,
    /// The tare can't be set.
    TareError,
    /// The indicator reports a fault of its own.
    DeviceError,
    /// The unit is none of kg, t, g, lb.
    UnknownUnit,
    /// There are no digits where the weight should be.
    NoDigits,
    /// Only the net weight is told.
    NetOnly,
    /// Only the tare is told.
    TareOnly,
}

impl WhyNot {
    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overload => "overload",
            Self::Underload => "underload",
            Self::NotZeroed => "not zeroed after power-up",
            Self::Expanded => "the display is expanded: no legal weight",
            Self::Held => "the display is held",
            Self::Busy => "the indicator can not weigh at this moment",
            Self::ZeroError => "zero can not be set",
            Self::TareError => "the tare can not be set",
            Self::DeviceError => "the indicator reports a fault",
            Self::UnknownUnit => "the unit is not known",
            Self::NoDigits => "no digits where the weight should be",
            Self::NetOnly => "only the net weight is told: clear the tare, or switch the indicator to gross",
            Self::TareOnly => "only the tare is told",
        }
    }
}

impl WhyNot {
    /// Whether it stays until somebody goes to the indicator, or to the configuration.
    #[must_use]
    pub const fn is_lasting(self) -> bool {
        match self {
            Self::NotZeroed
            | Self::Expanded
            | Self::Held
            | Self::ZeroError
            | Self::TareError
            | Self::DeviceError
            | Self::UnknownUnit
            | Self::NetOnly
            | Self::TareOnly => true,
            Self::Overload | Self::Underload | Self::Busy | Self::NoDigits => false,
        }
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a framer found next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// A frame with weights, or with the reason why there is none.
    Frame(ScaleFrame),
    /// What the indicator is adjusted to.
    Settings(Settings),
    /// An answer that carries no weight: to a command, or unsolicited.
    Reply(Reply),
    /// Bytes that are no frame.
    Skipped {
        /// The bytes.
        bytes: Vec<u8>,
        /// Why.
        why: NoFrame,
    },
}

/// What an indicator is adjusted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Largest weight.
    pub max: Option<Mass>,
    /// Verification division.
    pub division: Option<Mass>,
}

/// An answer without a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Carried out, or information.
    Accepted,
    /// More of the same answer can be asked for.
    More,
    /// The indicator doesn't know or can't do that.
    Refused,
    /// Not an answer: a request that the line gave back.
    Echo,
}

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFrame {
    /// No frame begins here.
    Noise,
    /// Longer than any frame.
    Overlong,
    /// The input ended within a frame.
    CutOff,
    /// A whole frame whose check doesn't hold.
    BadCheck,
    /// A whole frame with something impossible in it.
    Malformed,
    /// A whole frame that fits another layout than the configured one.
    LayoutSuspect,
    /// A line that the protocol doesn't know, or another device's.
    Foreign,
}

impl NoFrame {
    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Noise => "not part of a frame",
            Self::Overlong => "longer than any frame",
            Self::CutOff => "cut off",
            Self::BadCheck => "the checksum is wrong",
            Self::Malformed => "something impossible in a frame",
            Self::LayoutSuspect => "layout suspect: the frame fits another layout than the configured one",
            Self::Foreign => "not known, or of another device",
        }
    }

    /// Whether the bytes had the shape of a frame: rate and line are right then, protocol or layout may be wrong.
    #[must_use]
    pub const fn is_shaped(self) -> bool {
        match self {
            Self::BadCheck | Self::Malformed | Self::LayoutSuspect | Self::Foreign => true,
            Self::Noise | Self::Overlong | Self::CutOff => false,
        }
    }
}

impl fmt::Display for NoFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Lower-case hex of bytes.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
