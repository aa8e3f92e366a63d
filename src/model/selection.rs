//! Selections: why a vehicle was picked, and what the journal holds so that an auditor can draw again.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::risk::{Channel, Measure};
use super::{PassageId, Plate, Timestamp};

/// Why a vehicle was selected (domain §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A profile's expression, or the RMS.
    Criteria,
    /// The draw.
    Random,
    /// Too many hits of a profile in a row were not drawn.
    Quota,
    /// An officer.
    Manual,
}

impl Source {
    /// The label that metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Criteria => "criteria",
            Self::Random => "random",
            Self::Quota => "quota",
            Self::Manual => "manual",
        }
    }
}

/// Why a text is not 32 bytes in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("64 hexadecimal digits are expected")]
pub struct NotHex;

fn unhex(text: &str) -> Result<[u8; 32], NotHex> {
    let mut bytes = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return Err(NotHex);
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| NotHex)?;
        // `from_str_radix` would take a sign.
        if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NotHex);
        }
        *byte = u8::from_str_radix(pair, 16).map_err(|_| NotHex)?;
    }
    Ok(bytes)
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

macro_rules! hexadecimal {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name([u8; 32]);

        impl $name {
            /// From its bytes.
            #[must_use]
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// From 64 hexadecimal digits.
            ///
            /// # Errors
            /// When the text is anything else.
            pub fn from_hex(text: &str) -> Result<Self, NotHex> {
                unhex(text).map(Self)
            }

            /// Its bytes.
            #[must_use]
            pub const fn bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// As 64 hexadecimal digits.
            #[must_use]
            pub fn to_hex(self) -> String {
                hex(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.to_hex())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::from_hex(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

hexadecimal!(
    /// SHA-256 of a seed, published before the seed is used.
    Commitment
);
hexadecimal!(
    /// The secret of a shift's draws, until it is revealed.
    Seed
);

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

/// A secret is not printed by accident.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// A drawn number: the first 64 bits of the HMAC. The journal prints it as 16 hexadecimal digits, because JSON
/// readers round long integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DrawValue(pub u64);

impl Serialize for DrawValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for DrawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let plain = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let value = if plain { u64::from_str_radix(&text, 16).ok() } else { None };
        value.map(Self).ok_or_else(|| de::Error::custom("16 hexadecimal digits are expected"))
    }
}

/// What a draw is remembered under (invariant A8).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrawKey {
    /// The passage itself.
    Passage(PassageId),
    /// The declaration's number.
    Declaration(String),
    /// The notification's number.
    Notification(String),
    /// The front plate, folded.
    Tractor(Plate),
    /// The rear plate, folded.
    Trailer(Plate),
}

impl DrawKey {
    /// Whether it names a vehicle, which goes on to its next journey.
    #[must_use]
    pub const fn is_vehicle(&self) -> bool {
        match self {
            Self::Tractor(_) | Self::Trailer(_) => true,
            Self::Passage(_) | Self::Declaration(_) | Self::Notification(_) => false,
        }
    }
}

/// A profile that asks for a share of the vehicles that it matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// Its id.
    pub profile: String,
    /// Of a million vehicles that it matches, so many are selected.
    pub rate_ppm: u32,
    /// Of so many hits in a row at least one is selected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u32>,
    /// Hits in a row before this one that were not selected.
    #[serde(default)]
    pub run: u32,
    /// The channel of a selection.
    pub channel: Channel,
    /// The measures of a selection.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<Measure>,
}

/// A selection: what is to be done, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picked {
    /// By the draw or by a quota.
    pub source: Source,
    /// The profiles whose share it fell into: for journal and auditors only.
    pub profiles: Vec<String>,
    /// The strictest of their channels.
    pub channel: Channel,
    /// All of their measures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<Measure>,
}

/// A draw; the body of a `selection_drawn` record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// Grows by one with every draw of the site.
    pub number: u64,
    /// Names the seed.
    pub commitment: Commitment,
    /// The passage whose id was drawn: an earlier one where its draw is kept.
    pub drawn_for: PassageId,
    /// The number drawn.
    pub value: DrawValue,
    /// What it is remembered under.
    pub keys: Vec<DrawKey>,
    /// The profiles that asked for a draw.
    pub hits: Vec<Hit>,
    /// The selection, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picked: Option<Picked>,
}

/// Body of a `selection_committed` record: a seed was made and is kept secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectionCommitted {
    /// SHA-256 of the seed.
    pub commitment: Commitment,
    /// When its shift begins; the time of the commitment itself where the site was down before.
    pub opens: Timestamp,
    /// When its shift ends.
    pub closes: Timestamp,
}

/// Body of a `selection_revealed` record: the shift is over and everybody may draw again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectionRevealed {
    /// Which seed.
    pub commitment: Commitment,
    /// The seed.
    pub seed: Seed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_reads_back_and_is_not_printed_by_accident() {
        let seed = Seed::new([0xA5; 32]);
        let json = serde_json::to_string(&seed).expect("prints");
        assert_eq!(serde_json::from_str::<Seed>(&json).expect("reads"), seed);
        assert!(!format!("{seed:?}").contains("a5"));
        for wrong in ["", "a5", &"g".repeat(64), &"+5".repeat(32), &"é".repeat(32)] {
            assert_eq!(Seed::from_hex(wrong), Err(NotHex), "{wrong}");
        }
    }

    #[test]
    fn a_drawn_number_keeps_all_its_bits_in_json() {
        let value = DrawValue(u64::MAX - 1);
        let json = serde_json::to_string(&value).expect("prints");
        assert_eq!(json, "\"fffffffffffffffe\"");
        assert_eq!(serde_json::from_str::<DrawValue>(&json).expect("reads"), value);
        assert!(serde_json::from_str::<DrawValue>("\"+fffffffffffffff\"").is_err());
    }
}
