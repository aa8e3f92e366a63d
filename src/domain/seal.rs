//! Navigation seals: who reports, of which transport, and what an event calls for.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::form::{FormError, compact, parsed_identifier, unframed};

/// Characters of the transport's UUID in its printed form.
const TRANSPORT_CHARS: usize = 36;

/// A seal on a transport. The same seal serves many transports, so that it takes both to know which.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SealOnTransport {
    seal: String,
    transport: Uuid,
}

impl SealOnTransport {
    /// Reads the seal's id and the transport's UUID of 36 characters.
    ///
    /// # Errors
    /// When the seal has no id, an id with other than letters and digits, or the transport's is no UUID of that form.
    pub fn parse(seal: &str, transport: &str) -> Result<Self, FormError> {
        let transport = unframed(transport);
        let found = transport.chars().count();
        if found != TRANSPORT_CHARS {
            return Err(FormError::Length { found, wanted: "36 characters of a UUID" });
        }
        let transport = Uuid::try_parse(transport).map_err(|_| FormError::Rule("the transport's id is no UUID"))?;
        Ok(Self { seal: compact(seal)?, transport })
    }

    /// The seal's id.
    #[must_use]
    pub fn seal(&self) -> &str {
        &self.seal
    }

    /// The transport.
    #[must_use]
    pub const fn transport(&self) -> Uuid {
        self.transport
    }
}

/// What the lane does about an event (domain §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// Write it down.
    Note,
    /// Send the vehicle to an officer.
    Refer,
    /// Keep the vehicle.
    Hold,
}

/// What a navigation seal reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SealEvent {
    /// 01: the locking element is broken.
    ElementBroken,
    /// 02: the case is broken.
    CaseBroken,
    /// 03: the vehicle left its route.
    OffRoute,
    /// 04: the seal has a fault.
    Fault,
    /// 05: the battery is low.
    Battery,
    /// 06: two reports are missing.
    ReportsMissed,
    /// 07: somebody tampers with it.
    Tampering,
}
parsed_identifier!(SealEvent);

impl SealEvent {
    /// All, in order of their codes.
    pub const ALL: [Self; 7] = [
        Self::ElementBroken,
        Self::CaseBroken,
        Self::OffRoute,
        Self::Fault,
        Self::Battery,
        Self::ReportsMissed,
        Self::Tampering,
    ];

    /// Reads `01` to `07`.
    ///
    /// # Errors
    /// For any other code: an unknown event is never a known one.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = compact(text)?;
        let known = Self::ALL.into_iter().find(|event| event.code() == text);
        known.ok_or(FormError::Rule("codes of seal events are 01 to 07"))
    }

    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ElementBroken => "01",
            Self::CaseBroken => "02",
            Self::OffRoute => "03",
            Self::Fault => "04",
            Self::Battery => "05",
            Self::ReportsMissed => "06",
            Self::Tampering => "07",
        }
    }

    /// What the lane does about it.
    #[must_use]
    pub const fn reaction(self) -> Reaction {
        match self {
            Self::ElementBroken | Self::CaseBroken | Self::Tampering => Reaction::Hold,
            Self::OffRoute | Self::Fault | Self::ReportsMissed => Reaction::Refer,
            Self::Battery => Reaction::Note,
        }
    }
}

impl std::fmt::Display for SealEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_has_its_reaction() {
        for (code, reaction) in [
            ("01", Reaction::Hold),
            ("02", Reaction::Hold),
            ("03", Reaction::Refer),
            ("04", Reaction::Refer),
            ("05", Reaction::Note),
            ("06", Reaction::Refer),
            ("07", Reaction::Hold),
        ] {
            let event = SealEvent::parse(code).expect(code);
            assert_eq!((event.reaction(), event.to_string().as_str()), (reaction, code));
        }
        for bad in ["", "00", "08", "1", "001", "XX"] {
            assert!(SealEvent::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_seal_is_known_by_its_id_and_its_transport() {
        let uuid = "6b4d6e1c-6f0a-4f57-9f0e-0d4c1b8f2a10";
        let seal = SealOnTransport::parse(" kz-0001234 ", &uuid.to_uppercase()).expect("a seal");
        assert_eq!((seal.seal(), seal.transport().to_string().as_str()), ("KZ0001234", uuid));
        for bad in ["", "6b4d6e1c6f0a4f579f0e0d4c1b8f2a10", "6b4d6e1c-6f0a-4f57-9f0e-0d4c1b8f2a1g"] {
            assert!(SealOnTransport::parse("KZ0001234", bad).is_err(), "{bad}");
        }
        assert!(SealOnTransport::parse("", uuid).is_err());
    }
}
