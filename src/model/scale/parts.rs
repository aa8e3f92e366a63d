//! The words of a configuration or a command line, held against the protocol that they name.

use super::dialect::Dialect;
use super::pattern::WeightPattern;
use super::protocol::{Checksum, Protocol};
use crate::model::mass::Unit;

/// Longest request of one's own.
const REQUEST_MAX_BYTES: usize = 32;

/// The words, not yet held against each other.
#[derive(Debug, Clone, Copy, Default)]
pub struct DialectParts<'a> {
    /// Name of the protocol.
    pub protocol: &'a str,
    /// Name of one of its layouts.
    pub layout: Option<&'a str>,
    /// "auto", "on" or "off".
    pub checksum: Option<&'a str>,
    /// A letter or a number, as the protocol has it.
    pub address: Option<&'a str>,
    /// "kg", "t", "g" or "lb".
    pub unit: Option<&'a str>,
    /// An expression.
    pub pattern: Option<&'a str>,
    /// Bytes that ask for a line.
    pub request: Option<&'a str>,
}

/// Something about a dialect that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct DialectError {
    /// The key that is wrong, as the configuration names it.
    pub key: &'static str,
    /// What is wrong, and what is expected.
    pub message: String,
}

/// Reads the parts of one protocol and keeps what is wrong.
pub(super) struct Reader<'a> {
    parts: &'a DialectParts<'a>,
    protocol: Protocol,
    errors: Vec<DialectError>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(parts: &'a DialectParts<'a>, protocol: Protocol) -> Self {
        Self { parts, protocol, errors: Vec::new() }
    }

    /// The dialect, or everything that is wrong; what the protocol has no use for is a mistake, not a wish.
    pub(super) fn finish(mut self, dialect: Option<Dialect>) -> Result<Dialect, Vec<DialectError>> {
        let parts = self.parts;
        for (key, given) in [
            ("layout", parts.layout),
            ("address", parts.address),
            ("checksum", parts.checksum),
            ("unit", parts.unit),
            ("pattern", parts.pattern),
            ("request", parts.request),
        ] {
            if given.is_some() && !self.protocol.keys().contains(&key) {
                self.wrong(key, format!("{} has no use for it; leave it out", self.protocol));
            }
        }
        match dialect {
            Some(dialect) if self.errors.is_empty() => Ok(dialect),
            Some(_) | None => Err(self.errors),
        }
    }

    fn wrong(&mut self, key: &'static str, message: String) {
        self.errors.push(DialectError { key, message });
    }

    /// A layout by its name.
    pub(super) fn layout<T: Copy>(&mut self, default: T, known: &[(&'static str, T)]) -> T {
        let Some(found) = self.parts.layout else { return default };
        if let Some((_, layout)) = known.iter().find(|(name, _)| *name == found) {
            return *layout;
        }
        let names = known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        self.wrong("layout", format!("`{found}` is no layout of {}; known: {names}", self.protocol));
        default
    }

    /// One of the ways that the layout knows; the first is the default.
    pub(super) fn checksum(&mut self, known: &[Checksum]) -> Checksum {
        let default = known.first().copied().unwrap_or(Checksum::On);
        let Some(found) = self.parts.checksum else { return default };
        let mut names = Checksum::NAMES.into_iter().filter(|(_, checksum)| known.contains(checksum));
        if let Some((_, checksum)) = names.clone().find(|(name, _)| *name == found) {
            return checksum;
        }
        let names = names.by_ref().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
        self.wrong("checksum", format!("{names} is expected"));
        default
    }

    pub(super) fn unit(&mut self) -> Unit {
        let Some(found) = self.parts.unit else { return Unit::Kilogram };
        Unit::from_symbol(found).unwrap_or_else(|| {
            self.wrong("unit", "one of kg, t, g, lb is expected".to_owned());
            Unit::Kilogram
        })
    }

    pub(super) fn letter(&mut self) -> Option<u8> {
        let found = self.parts.address?;
        match found.as_bytes() {
            [letter @ b'A'..=b'Z'] => Some(*letter),
            _ => {
                let message = format!("`{found}` is no address of {}; \"A\" to \"Z\" is expected", self.protocol);
                self.wrong("address", message);
                None
            }
        }
    }

    pub(super) fn number(&mut self) -> Option<u8> {
        let found = self.parts.address?;
        let address = found.parse().ok().filter(|address| (1..=0x9F).contains(address));
        if address.is_none() {
            self.wrong("address", format!("`{found}` is no address of {}; 1 to 159 is expected", self.protocol));
        }
        address
    }

    pub(super) fn request(&mut self) -> Option<Vec<u8>> {
        let found = self.parts.request?.as_bytes();
        if found.is_empty() || found.len() > REQUEST_MAX_BYTES {
            self.wrong("request", format!("1 to {REQUEST_MAX_BYTES} bytes are expected, like \"READ\\r\\n\""));
        }
        Some(found.to_vec())
    }

    pub(super) fn pattern(&mut self) -> Option<WeightPattern> {
        let Some(source) = self.parts.pattern else {
            self.wrong("pattern", "a regular expression with a group `(?<weight>…)` is expected".to_owned());
            return None;
        };
        WeightPattern::new(source).map_err(|error| self.wrong("pattern", error.to_string())).ok()
    }
}
