//! What an indicator speaks: a protocol with everything that varies within it. A value that exists fits together.

use super::parts::{DialectError, DialectParts, Reader};
use super::pattern::WeightPattern;
use super::protocol::{Checksum, Protocol, RinstrumLayout, StGsLayout, ToledoLayout, Xk3190Layout};
use crate::model::mass::Unit;

/// The addresses that indicators are delivered with.
pub const XK3190_ADDRESS: u8 = b'A';
/// The same for Tenso-M.
pub const TENSO_M_ADDRESS: u8 = 1;
/// Frames in a row that must agree where a check of seven bits or more guards each.
const FRAMES_CHECKED: u8 = 2;
/// The same where no check, or a weak one, guards them.
const FRAMES_UNCHECKED: u8 = 3;

/// A protocol with everything that varies within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialect {
    /// Yaohua and Keli, continuous.
    Xk3190 {
        /// Which frame.
        layout: Xk3190Layout,
        /// Of the "A12" line; the twelve-byte frame has its own always, the "=" lines never.
        checksum: Checksum,
        /// What the indicator is set to; the frame doesn't tell.
        unit: Unit,
    },
    /// Yaohua and Keli, addressed requests.
    Xk3190Command {
        /// 'A' to 'Z'; none takes any, and asks 'A'.
        address: Option<u8>,
        /// What the indicator is set to; the frame doesn't tell.
        unit: Unit,
    },
    /// Toledo continuous.
    ToledoContinuous {
        /// Which frame.
        layout: ToledoLayout,
        /// On or off.
        checksum: Checksum,
    },
    /// Tenso-M.
    TensoM {
        /// 1 to 159; none takes any, and asks 1.
        address: Option<u8>,
        /// CRC-8, a setting of the indicator.
        checksum: Checksum,
        /// What the indicator is set to; the frame doesn't tell.
        unit: Unit,
    },
    /// MT-SICS.
    MtSics,
    /// "ST,GS" lines.
    StGs {
        /// Which lines.
        layout: StGsLayout,
        /// What asks for a line; none for indicators that send by themselves.
        request: Option<Vec<u8>>,
    },
    /// SMA.
    Sma,
    /// Rinstrum.
    Rinstrum {
        /// Which format.
        layout: RinstrumLayout,
        /// What the indicator is set to, for formats that don't tell.
        unit: Unit,
    },
    /// A declared line.
    Pattern {
        /// The line.
        pattern: WeightPattern,
        /// What the indicator is set to, unless the line tells.
        unit: Unit,
        /// What asks for a line; none for indicators that send by themselves.
        request: Option<Vec<u8>>,
    },
}

impl Dialect {
    /// Holds the parts against the protocol.
    ///
    /// # Errors
    /// Everything that is wrong, by key.
    pub fn new(parts: &DialectParts<'_>) -> Result<Self, Vec<DialectError>> {
        let protocol = Protocol::from_name(parts.protocol)
            .map_err(|error| vec![DialectError { key: "protocol", message: error.to_string() }])?;
        let mut reader = Reader::new(parts, protocol);
        let dialect = Self::read(protocol, &mut reader);
        reader.finish(dialect)
    }

    fn read(protocol: Protocol, reader: &mut Reader<'_>) -> Option<Self> {
        Some(match protocol {
            Protocol::Xk3190 => {
                let layout = reader.layout(Xk3190Layout::Manual, &Xk3190Layout::NAMES);
                let checksum = match layout {
                    Xk3190Layout::A12 => reader.checksum(&[Checksum::Auto, Checksum::On, Checksum::Off]),
                    Xk3190Layout::Manual | Xk3190Layout::SevenDigitsTenths => reader.checksum(&[Checksum::On]),
                    Xk3190Layout::EqualsReversed | Xk3190Layout::Equals | Xk3190Layout::EqualsPrice => {
                        reader.checksum(&[Checksum::Off])
                    }
                };
                Self::Xk3190 { layout, checksum, unit: reader.unit() }
            }
            Protocol::Xk3190Command => Self::Xk3190Command { address: reader.letter(), unit: reader.unit() },
            Protocol::ToledoContinuous => {
                let layout = reader.layout(ToledoLayout::Standard, &ToledoLayout::NAMES);
                Self::ToledoContinuous { layout, checksum: reader.checksum(&[Checksum::Off, Checksum::On]) }
            }
            Protocol::TensoM => {
                let checksum = reader.checksum(&[Checksum::Auto, Checksum::On, Checksum::Off]);
                Self::TensoM { address: reader.number(), checksum, unit: reader.unit() }
            }
            Protocol::MtSics => Self::MtSics,
            Protocol::StGs => Self::StGs {
                layout: reader.layout(StGsLayout::Standard, &StGsLayout::NAMES),
                request: reader.request(),
            },
            Protocol::Sma => Self::Sma,
            Protocol::Rinstrum => Self::Rinstrum {
                layout: reader.layout(RinstrumLayout::Fmt1, &RinstrumLayout::NAMES),
                unit: reader.unit(),
            },
            Protocol::Pattern => {
                let (unit, request) = (reader.unit(), reader.request());
                Self::Pattern { pattern: reader.pattern()?, unit, request }
            }
        })
    }

    /// Its protocol.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        match self {
            Self::Xk3190 { .. } => Protocol::Xk3190,
            Self::Xk3190Command { .. } => Protocol::Xk3190Command,
            Self::ToledoContinuous { .. } => Protocol::ToledoContinuous,
            Self::TensoM { .. } => Protocol::TensoM,
            Self::MtSics => Protocol::MtSics,
            Self::StGs { .. } => Protocol::StGs,
            Self::Sma => Protocol::Sma,
            Self::Rinstrum { .. } => Protocol::Rinstrum,
            Self::Pattern { .. } => Protocol::Pattern,
        }
    }

    /// The same, with the address that an indicator is delivered with where none is named: who asks one indicator
    /// must not take the answer of another.
    #[must_use]
    pub fn addressed(self) -> Self {
        match self {
            Self::Xk3190Command { address, unit } => {
                Self::Xk3190Command { address: address.or(Some(XK3190_ADDRESS)), unit }
            }
            Self::TensoM { address, checksum, unit } => {
                Self::TensoM { address: address.or(Some(TENSO_M_ADDRESS)), checksum, unit }
            }
            other @ (Self::Xk3190 { .. }
            | Self::ToledoContinuous { .. }
            | Self::MtSics
            | Self::StGs { .. }
            | Self::Sma
            | Self::Rinstrum { .. }
            | Self::Pattern { .. }) => other,
        }
    }

    /// How many frames in a row must agree before a weight counts, unless the configuration says otherwise.
    ///
    /// The exclusive or of a twelve-byte frame has sixteen values only, text lines have no check at all: what noise
    /// makes of one frame it hardly makes of the next.
    #[must_use]
    pub const fn equal_frames(&self) -> u8 {
        match self {
            Self::ToledoContinuous { checksum: Checksum::On, .. }
            | Self::TensoM { checksum: Checksum::On, .. }
            | Self::Xk3190 { layout: Xk3190Layout::A12, checksum: Checksum::On, .. } => FRAMES_CHECKED,
            Self::Xk3190 { .. }
            | Self::Xk3190Command { .. }
            | Self::ToledoContinuous { .. }
            | Self::TensoM { .. }
            | Self::MtSics
            | Self::StGs { .. }
            | Self::Sma
            | Self::Rinstrum { .. }
            | Self::Pattern { .. } => FRAMES_UNCHECKED,
        }
    }

    /// Whether it can tell the indicator's Max, or Max and division.
    #[must_use]
    pub const fn tells_settings(&self) -> bool {
        match self {
            Self::TensoM { .. } | Self::MtSics | Self::Sma => true,
            Self::Xk3190 { .. }
            | Self::Xk3190Command { .. }
            | Self::ToledoContinuous { .. }
            | Self::StGs { .. }
            | Self::Rinstrum { .. }
            | Self::Pattern { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_protocol_has_a_dialect_by_its_name_alone_but_the_declared_line() {
        for protocol in Protocol::ALL {
            let parts = DialectParts { protocol: protocol.as_str(), ..DialectParts::default() };
            match Dialect::new(&parts) {
                Ok(dialect) => assert_eq!(dialect.protocol(), protocol),
                Err(errors) => assert_eq!((protocol, errors[0].key), (Protocol::Pattern, "pattern")),
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_by_its_key() {
        let base = DialectParts { protocol: "xk3190", ..DialectParts::default() };
        let tenso = DialectParts { protocol: "tenso-m", ..base };
        for (parts, key, message) in [
            (DialectParts { protocol: "xk3191", ..base }, "protocol", "known: xk3190, "),
            (DialectParts { layout: Some("tenths"), ..base }, "layout", "known: manual, seven_digits_tenths"),
            (DialectParts { checksum: Some("off"), ..base }, "checksum", "on is expected"),
            (DialectParts { address: Some("A"), ..base }, "address", "no use"),
            (DialectParts { unit: Some("stone"), ..base }, "unit", "kg, t, g, lb"),
            (DialectParts { address: Some("0"), ..tenso }, "address", "1 to 159"),
            (DialectParts { address: Some("160"), ..tenso }, "address", "1 to 159"),
            (DialectParts { checksum: Some("crc"), ..tenso }, "checksum", "auto, on, off"),
            (DialectParts { protocol: "xk3190-command", address: Some("a"), ..base }, "address", "\"A\" to \"Z\""),
            (DialectParts { protocol: "mt-sics", layout: Some("x"), ..base }, "layout", "no use"),
            (DialectParts { protocol: "sma", unit: Some("kg"), ..base }, "unit", "no use"),
            (DialectParts { protocol: "st-gs", request: Some(""), ..base }, "request", "1 to 32 bytes"),
            (DialectParts { protocol: "pattern", pattern: Some("("), ..base }, "pattern", "regular expression"),
        ] {
            let errors = Dialect::new(&parts).expect_err(message);
            assert_eq!((errors.len(), errors[0].key), (1, key), "{errors:?}");
            assert!(errors[0].message.contains(message), "{}", errors[0]);
        }
    }

    #[test]
    fn every_wrong_part_is_told() {
        let parts = DialectParts {
            protocol: "rinstrum",
            layout: Some("fmt_6"),
            unit: Some("kilo"),
            address: Some("1"),
            ..DialectParts::default()
        };
        let keys: Vec<_> = Dialect::new(&parts).expect_err("wrong").into_iter().map(|error| error.key).collect();
        assert_eq!(keys, ["layout", "unit", "address"]);
    }

    #[test]
    fn fewer_frames_must_agree_where_each_is_checked_well() {
        let frames = |protocol, layout, checksum| {
            let parts = DialectParts { protocol, layout, checksum, ..DialectParts::default() };
            Dialect::new(&parts).expect("fits").equal_frames()
        };
        assert_eq!(frames("toledo-continuous", None, Some("on")), 2);
        assert_eq!(frames("toledo-continuous", None, None), 3);
        assert_eq!(frames("tenso-m", None, Some("on")), 2);
        assert_eq!(frames("tenso-m", None, None), 3, "it may turn out to have none");
        assert_eq!(frames("xk3190", None, None), 3, "sixteen values are hardly a check");
        assert_eq!(frames("xk3190", Some("a12"), Some("on")), 2);
    }
}
