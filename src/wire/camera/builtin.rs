//! The presets that come with the program, and the operator's own beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::parse::PresetError;
use super::preset::Preset;

/// Name and text of each preset that comes with the program.
pub const BUILTIN: [(&str, &str); 6] = [
    ("axis", include_str!("../../../config/cameras/axis.toml")),
    ("dahua", include_str!("../../../config/cameras/dahua.toml")),
    ("frigate", include_str!("../../../config/cameras/frigate.toml")),
    ("hikvision", include_str!("../../../config/cameras/hikvision.toml")),
    ("plate-recognizer", include_str!("../../../config/cameras/plate-recognizer.toml")),
    ("rekor", include_str!("../../../config/cameras/rekor.toml")),
];

/// A name that no preset has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no camera preset `{name}`; {help}")]
pub struct NoSuchPreset {
    name: String,
    help: String,
}

/// All presets of a site, by name.
#[derive(Debug, Clone)]
pub struct Library {
    presets: BTreeMap<String, Arc<Preset>>,
}

impl Library {
    /// The presets that come with the program.
    ///
    /// # Errors
    /// Never in a released program: a test reads each of them.
    pub fn builtin() -> Result<Self, PresetError> {
        let presets = BUILTIN.into_iter().map(|(name, text)| {
            let preset = Preset::parse(name, text)?;
            Ok((name.to_owned(), Arc::new(preset)))
        });
        Ok(Self { presets: presets.collect::<Result<_, _>>()? })
    }

    /// Adds an operator's preset; one of the same name gives way to it, and is handed back.
    pub fn add(&mut self, preset: Preset) -> Option<Arc<Preset>> {
        self.presets.insert(preset.name().to_owned(), Arc::new(preset))
    }

    /// The preset of that name.
    ///
    /// # Errors
    /// When there is none; the nearest name is in the message.
    pub fn get(&self, name: &str) -> Result<Arc<Preset>, NoSuchPreset> {
        self.presets.get(name).cloned().ok_or_else(|| {
            let near = self.presets.keys().filter(|known| strsim::damerau_levenshtein(known, name) <= 3);
            let help = match near.min_by_key(|known| strsim::damerau_levenshtein(known, name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", self.presets.keys().cloned().collect::<Vec<_>>().join(", ")),
            };
            NoSuchPreset { name: name.to_owned(), help }
        })
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Preset> {
        self.presets.values().map(AsRef::as_ref)
    }
}
