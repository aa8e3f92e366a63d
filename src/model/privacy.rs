//! What names a vehicle or a person: masked wherever it is printed, read only for a named purpose (invariant C8).
//!
//! ```text
//! device, trader ─ serde ─▶ Plate ─ {} {:?} ─▶ ***          logs, panics, errors, metrics
//!                            ├─ reveal(Purpose) ─▶ text     the few places that need it, each with its reason
//!                            └─ serde ─▶ text               payloads, and bodies that the journal seals
//! ```
//!
//! The mask is the same for every value: neither its length nor a part of it is told, so that nothing can be put
//! together again from many lines. What it does not do: keep a plate out of a text that somebody else wrote; such
//! texts (an officer's reason, what the RMS says) are sealed in the journal and not logged.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a masked value prints as.
pub const MASK: &str = "***";

/// Why a masked value is read. Each place that does so names one, so that all of them can be found and judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Reads of one vehicle are compared with each other and with what was notified.
    Matching,
    /// The risk is judged, and a draw is remembered.
    Risk,
    /// A document is checked, stored or found by its keys.
    Register,
    /// Somebody asked for it at the command line, or is answered about what he sent.
    Answer,
    /// A test, the simulator or a benchmark looks at what it made itself.
    Test,
}

macro_rules! personal {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text itself, for a named purpose.
            #[must_use]
            pub fn reveal(&self, _: Purpose) -> &str {
                // The purpose is for who reads the code; a look by a person is in the access log (docs/privacy.md).
                &self.0
            }

            /// There is no text.
            #[must_use]
            pub const fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        /// Comparing with a text that is known tells nothing new.
        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(MASK)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(MASK)
            }
        }
    };
}

personal!(
    /// A registration plate as it was read or written.
    Plate
);
personal!(
    /// A number that names a natural or legal person: BIN, IIN, INN or a foreign one.
    PersonId
);
personal!(
    /// The name of a natural or legal person.
    PersonName
);

/// Stands for a text in a hand-written `Debug`: nothing of it is printed.
#[derive(Clone, Copy)]
pub struct Masked;

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// What a personal field of the journal is kept for, and so for how long: each class has keys of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataClass {
    /// Plates, persons and what was read of their papers.
    Personal,
    /// Who of the officers did what, and in which words: accountability, kept longer.
    Officers,
}

impl DataClass {
    /// All classes.
    pub const ALL: [Self; 2] = [Self::Personal, Self::Officers];

    /// The name that configuration, keys and records carry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Officers => "officers",
        }
    }

    /// The class of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_vehicle_or_a_person_prints_as_the_same_mask_however_it_is_printed() {
        for text in ["", "1", "123ABC02", "А 123 ВС 77", "000000000000"] {
            let (plate, person, name) = (Plate::from(text), PersonId::from(text), PersonName::from(text));
            for printed in [
                format!("{plate}{person}{name}"),
                format!("{plate:?}{person:?}{name:?}"),
                format!("{plate:#?}{person:#?}{name:#?}"),
                format!("{plate:>40}{person:<40?}{name:.2}"),
            ] {
                assert_eq!(printed, MASK.repeat(3), "{text}");
            }
        }
    }

    #[test]
    fn on_the_wire_it_is_a_plain_text() {
        let plate: Plate = serde_json::from_str("\"123ABC02\"").expect("reads");
        assert_eq!(plate.reveal(Purpose::Test), "123ABC02");
        assert_eq!(serde_json::to_string(&plate).expect("prints"), "\"123ABC02\"");
    }

    #[test]
    fn a_class_has_one_name() {
        for class in DataClass::ALL {
            assert_eq!(DataClass::from_name(class.as_str()), Some(class));
        }
        assert_eq!(DataClass::from_name("all"), None);
    }
}
