//! What indicators of every protocol send, and a pseudo-terminal on which they send it.
//!
//! ```text
//!  Shown (what stands on the display) ─▶ Speech ─ bytes ─▶ Line ─▶ the controller's serial port
//! ```
//!
//! The bytes are made from the manuals' layouts and held against literal frames of manuals and captures. Nothing here is
//! shared with the controller's decoders, so that an error of theirs can't hide behind the same error here, and the
//! folder uses nothing outside itself.

mod ask;
mod lines;
mod noise;
mod plug;
mod rinstrum;
pub mod sics;
mod tenso_m;
mod toledo;
mod yaohua;

#[cfg(test)]
mod tests;

pub use ask::Talk;
pub use plug::{Line, Shows, open_tty};

/// Max of the simulated bridge, kilograms.
pub const MAX_KG: i64 = 60_000;
/// Its division, kilograms.
pub const DIVISION_KG: i64 = 20;
/// The same as the Toledo frame tells it.
const INCREMENT: toledo::Increment = toledo::Increment::TWO;

/// Whether the load rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// It rests.
    Still,
    /// It moves.
    Moving,
}

/// What the display counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// All that stands on the platform.
    Gross,
    /// Without the tare, which has the display's decimals and unit.
    Net {
        /// The tare.
        tare: i64,
    },
}

/// The display's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Kilogram.
    Kilogram,
    /// Gram.
    Gram,
    /// Pound.
    Pound,
}

impl Unit {
    const fn symbol(self) -> &'static str {
        match self {
            Self::Kilogram => "kg",
            Self::Gram => "g",
            Self::Pound => "lb",
        }
    }
}

/// Whether the load is within the bridge's range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// It is.
    Within,
    /// It is above Max.
    Over,
}

/// What stands on the display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// The digits without their point, with the sign.
    pub digits: i64,
    /// How many of them stand behind the point.
    pub decimals: u8,
    /// The unit.
    pub unit: Unit,
    /// Whether the load rests.
    pub motion: Motion,
    /// Gross or net.
    pub side: Side,
    /// Whether it can be weighed.
    pub range: Range,
}

impl Shown {
    /// Whole kilograms gross; above [`MAX_KG`] the bridge shows overload.
    #[must_use]
    pub const fn kilograms(kg: i64, motion: Motion) -> Self {
        let range = if kg > MAX_KG { Range::Over } else { Range::Within };
        Self { digits: kg, decimals: 0, unit: Unit::Kilogram, motion, side: Side::Gross, range }
    }

    const fn is_negative(self) -> bool {
        self.digits < 0
    }

    /// Digits and point without the sign; with no decimals there is no point.
    fn text(self) -> String {
        let decimals = usize::from(self.decimals);
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = decimals + 1);
        let (whole, rest) = digits.split_at(digits.len() - decimals);
        if rest.is_empty() { whole.to_owned() } else { format!("{whole}.{rest}") }
    }

    /// The same with a minus before it.
    fn signed(self) -> String {
        let minus = if self.is_negative() { "-" } else { "" };
        format!("{minus}{}", self.text())
    }
}

/// What an indicator speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// Yaohua and Keli, twelve bytes.
    Xk3190,
    /// The same bytes, seven digits in tenths.
    SevenDigitsTenths,
    /// "=" and the display from right to left.
    EqualsReversed,
    /// "=", sign, display.
    Equals,
    /// The same, and a price.
    EqualsPrice,
    /// Yaohua A12(E).
    A12,
    /// Yaohua, asked.
    Xk3190Command,
    /// Toledo, with the tare.
    Toledo,
    /// Toledo, with the tare and a checksum.
    ToledoSum,
    /// Toledo without the tare.
    ToledoShort,
    /// Tenso-M with its CRC, address 1.
    TensoM,
    /// MT-SICS.
    MtSics,
    /// A&D and kin.
    StGs,
    /// CAS with the binary lamp byte.
    Cas,
    /// SMA SCP-0499.
    Sma,
    /// Rinstrum's automatic output, formats 1 to 5.
    Rinstrum(rinstrum::Format),
}

/// Protocol, layout (the first of a protocol is its default), speech.
const NAMES: [(&str, &str, Speech); 20] = [
    ("xk3190", "manual", Speech::Xk3190),
    ("xk3190", "seven_digits_tenths", Speech::SevenDigitsTenths),
    ("xk3190", "equals_reversed", Speech::EqualsReversed),
    ("xk3190", "equals", Speech::Equals),
    ("xk3190", "equals_price", Speech::EqualsPrice),
    ("xk3190", "a12", Speech::A12),
    ("xk3190-command", "ds3", Speech::Xk3190Command),
    ("toledo-continuous", "standard", Speech::Toledo),
    ("toledo-continuous", "standard_with_checksum", Speech::ToledoSum),
    ("toledo-continuous", "short", Speech::ToledoShort),
    ("tenso-m", "with_crc", Speech::TensoM),
    ("mt-sics", "level_1", Speech::MtSics),
    ("st-gs", "standard", Speech::StGs),
    ("st-gs", "cas", Speech::Cas),
    ("sma", "level_2", Speech::Sma),
    ("rinstrum", "fmt_1", Speech::Rinstrum(rinstrum::Format::One)),
    ("rinstrum", "fmt_2", Speech::Rinstrum(rinstrum::Format::Two)),
    ("rinstrum", "fmt_3", Speech::Rinstrum(rinstrum::Format::Three)),
    ("rinstrum", "fmt_4", Speech::Rinstrum(rinstrum::Format::Four)),
    ("rinstrum", "fmt_5", Speech::Rinstrum(rinstrum::Format::Five)),
];

impl Speech {
    /// The speech of that name.
    ///
    /// # Errors
    /// With a sentence that lists what there is.
    pub fn named(protocol: &str, layout: Option<&str>) -> Result<Self, String> {
        let of_protocol: Vec<_> = NAMES.iter().filter(|(name, ..)| *name == protocol).collect();
        let found = of_protocol.iter().find(|(_, name, _)| layout.is_none_or(|layout| layout == *name));
        let list = |mut names: Vec<&str>| {
            names.dedup();
            names.join(", ")
        };
        match (found, layout) {
            (Some((_, _, speech)), _) => Ok(*speech),
            (None, Some(layout)) if !of_protocol.is_empty() => {
                let layouts = list(of_protocol.iter().map(|(_, name, _)| *name).collect());
                Err(format!("{protocol} has no layout {layout:?}: there are {layouts}"))
            }
            (None, _) => {
                let protocols = list(NAMES.iter().map(|(name, ..)| *name).collect());
                Err(format!("no protocol {protocol:?}: there are {protocols}"))
            }
        }
    }

    /// One frame.
    #[must_use]
    pub fn frame(self, shown: Shown) -> Vec<u8> {
        match self {
            Self::Xk3190 => yaohua::manual(shown),
            Self::SevenDigitsTenths => yaohua::tenths(shown),
            Self::EqualsReversed => yaohua::equals_reversed(shown),
            Self::Equals => yaohua::equals(shown),
            Self::EqualsPrice => yaohua::equals_price(shown),
            Self::A12 => yaohua::a12(shown),
            Self::Xk3190Command => yaohua::reply(b'A', b'B', shown),
            Self::Toledo => toledo::standard(shown, INCREMENT),
            Self::ToledoSum => toledo::with_sum(toledo::standard(shown, INCREMENT)),
            Self::ToledoShort => toledo::short(shown, INCREMENT),
            Self::TensoM => tenso_m::gross(tenso_m::ADDRESS, shown),
            Self::MtSics => lines::mt_sics(shown),
            Self::StGs => lines::st_gs(shown),
            Self::Cas => lines::cas(shown),
            Self::Sma => lines::sma(shown),
            Self::Rinstrum(format) => rinstrum::frame(format, shown),
        }
    }

    /// Whether it sends without being asked.
    #[must_use]
    pub const fn streams(self) -> bool {
        !matches!(self, Self::Xk3190Command | Self::TensoM | Self::MtSics | Self::Sma)
    }
}
