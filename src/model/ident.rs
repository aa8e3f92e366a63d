//! Identifiers of sites, lanes, devices and passages.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Longest identifier that a topic may carry (contract, Topics).
pub const NAME_MAX_CHARS: usize = 32;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a name: 1 to 32 characters of a-z, 0-9 and `-` are expected")]
pub struct NameError(String);

fn is_name(text: &str) -> bool {
    (1..=NAME_MAX_CHARS).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Checks and takes a name.
            ///
            /// # Errors
            /// When the text is not `[a-z0-9-]{1,32}` (contract, Topics).
            pub fn new(text: &str) -> Result<Self, NameError> {
                if is_name(text) { Ok(Self(text.into())) } else { Err(NameError(text.to_owned())) }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name!(
    /// A border crossing point, as topics name it.
    SiteId
);
name!(
    /// A lane of a site.
    LaneId
);
name!(
    /// A device of a lane: camera, loop, scale, barrier, reader.
    DeviceName
);

impl LaneId {
    /// Stands for the whole site in records that belong to no lane; no lane may be called so.
    #[must_use]
    pub fn whole_site() -> Self {
        Self("site".into())
    }
}

/// One vehicle's way through one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PassageId(pub Uuid);

impl fmt::Display for PassageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_topic_safe_names_exist() {
        for good in ["a", "nur-zholy", "in-01", &"x".repeat(32)] {
            assert!(LaneId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "In-01", "a/b", "#", "+", "полоса", &"x".repeat(33)] {
            assert!(LaneId::new(bad).is_err(), "{bad}");
        }
    }
}
