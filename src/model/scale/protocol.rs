//! Scale protocols and their layouts by the names that the configuration knows.

use std::fmt;

/// A scale protocol by its name in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Yaohua XK3190 and Keli, continuous.
    Xk3190,
    /// Yaohua XK3190 and Keli, addressed requests.
    Xk3190Command,
    /// Toledo continuous (8142, 8530, IND, "P03").
    ToledoContinuous,
    /// Tenso-M («Тензо-М»), addressed requests.
    TensoM,
    /// Mettler Toledo Standard Interface Command Set, level 0 and 1.
    MtSics,
    /// The text lines "ST,GS,…" of A&D, CAS, Keli and others.
    StGs,
    /// Scale Manufacturers Association, SCP-0499.
    Sma,
    /// Rinstrum's automatic output.
    Rinstrum,
    /// A line that a regular expression describes.
    Pattern,
}

/// No such protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no scale protocol; known: {}", Protocol::ALL.map(Protocol::as_str).join(", "))]
pub struct UnknownProtocol {
    found: String,
}

impl Protocol {
    /// All protocols.
    pub const ALL: [Self; 9] = [
        Self::Xk3190,
        Self::Xk3190Command,
        Self::ToledoContinuous,
        Self::TensoM,
        Self::MtSics,
        Self::StGs,
        Self::Sma,
        Self::Rinstrum,
        Self::Pattern,
    ];

    /// The protocol of that name.
    ///
    /// # Errors
    /// When there is none; the message names those there are.
    pub fn from_name(name: &str) -> Result<Self, UnknownProtocol> {
        let found = Self::ALL.into_iter().find(|protocol| protocol.as_str() == name);
        found.ok_or_else(|| UnknownProtocol { found: name.to_owned() })
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Xk3190 => "xk3190",
            Self::Xk3190Command => "xk3190-command",
            Self::ToledoContinuous => "toledo-continuous",
            Self::TensoM => "tenso-m",
            Self::MtSics => "mt-sics",
            Self::StGs => "st-gs",
            Self::Sma => "sma",
            Self::Rinstrum => "rinstrum",
            Self::Pattern => "pattern",
        }
    }

    /// The keys that vary it, besides `protocol` itself.
    #[must_use]
    pub const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Xk3190 => &["layout", "checksum", "unit"],
            Self::Xk3190Command => &["address", "unit"],
            Self::ToledoContinuous => &["layout", "checksum"],
            Self::TensoM => &["address", "checksum", "unit"],
            Self::MtSics | Self::Sma => &[],
            Self::StGs => &["layout", "request"],
            Self::Rinstrum => &["layout", "unit"],
            Self::Pattern => &["pattern", "unit", "request"],
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Layouts of the XK3190 family's continuous output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Xk3190Layout {
    /// Six digits and the number of decimals, as the manuals say.
    Manual,
    /// Seven digits in tenths, as some clones send.
    SevenDigitsTenths,
    /// "=" and the display from right to left, its sign last (A26 format 1).
    EqualsReversed,
    /// "=", the sign, the display (A26 format 2).
    Equals,
    /// The same, with ";" and a price (A26 format 3).
    EqualsPrice,
    /// "WG" or "WN", the display, the unit and a checksum (A12, A12E).
    A12,
}

impl Xk3190Layout {
    /// All by name, the default first.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("manual", Self::Manual),
        ("seven_digits_tenths", Self::SevenDigitsTenths),
        ("equals_reversed", Self::EqualsReversed),
        ("equals", Self::Equals),
        ("equals_price", Self::EqualsPrice),
        ("a12", Self::A12),
    ];
}

/// Lengths of a Toledo frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToledoLayout {
    /// With the tare.
    Standard,
    /// Without the tare.
    Short,
}

impl ToledoLayout {
    /// All by name, the default first.
    pub const NAMES: [(&'static str, Self); 2] = [("standard", Self::Standard), ("short", Self::Short)];
}

/// Lines of the "ST,GS" family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StGsLayout {
    /// One line that begins with its status; the CAS line of 22 bytes is among them.
    Standard,
    /// CAS CI-100A: a line with the weight, then one with four status bytes.
    CasCi100,
}

impl StGsLayout {
    /// All by name, the default first.
    pub const NAMES: [(&'static str, Self); 2] = [("standard", Self::Standard), ("cas_ci100", Self::CasCi100)];
}

/// Rinstrum's formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RinstrumLayout {
    /// Sign, weight, one status.
    Fmt1,
    /// Sign, weight, four statuses, unit.
    Fmt2,
    /// Weight, then gross or net, motion, range, zero.
    Fmt3,
    /// Statuses of two letters before the weight.
    Fmt4,
    /// Sign, weight, unit of one letter, statuses.
    Fmt5,
}

impl RinstrumLayout {
    /// All by name, the default first.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("fmt_1", Self::Fmt1),
        ("fmt_2", Self::Fmt2),
        ("fmt_3", Self::Fmt3),
        ("fmt_4", Self::Fmt4),
        ("fmt_5", Self::Fmt5),
    ];
}

/// Whether frames carry a checksum that must be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// Either; once one was right, each must be.
    Auto,
    /// Each frame's must be right.
    On,
    /// Frames carry none.
    Off,
}

impl Checksum {
    /// All by name.
    pub const NAMES: [(&'static str, Self); 3] = [("auto", Self::Auto), ("on", Self::On), ("off", Self::Off)];
}
