//! Camera presets from disk: those that come with the program, and the operator's directory over them.

use std::path::{Path, PathBuf};

use crate::wire::camera::{Library, Preset, PresetError};

/// Files of one directory that are looked at.
const FILES_MAX: usize = 256;
/// Largest preset, bytes.
const FILE_MAX_BYTES: u64 = 256 * 1024;

/// Why presets can't be read.
#[derive(Debug, thiserror::Error)]
pub enum PresetFault {
    /// A preset is wrong.
    #[error("{path}: {error}")]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// Where and what.
        error: PresetError,
    },
    /// A file or the directory.
    #[error("{path} can not be read: {source}; check [cameras] presets_directory")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The name of a file.
    #[error("{path}: a preset's file is named [a-z0-9-]{{1,32}}.toml, after what a camera's `format` says")]
    Name {
        /// Which.
        path: PathBuf,
    },
    /// Too much.
    #[error("{path} has more than {FILES_MAX} files, or one of more than {FILE_MAX_BYTES} bytes")]
    TooMuch {
        /// Which.
        path: PathBuf,
    },
}

/// The program's presets, and every `*.toml` of `directory` over them.
///
/// # Errors
/// The first file that can't be used.
pub fn presets(directory: Option<&Path>) -> Result<Library, PresetFault> {
    let mut library = Library::builtin().map_err(|error| PresetFault::Wrong { path: "the program".into(), error })?;
    let Some(directory) = directory else { return Ok(library) };
    let fail = |source| PresetFault::Unreadable { path: directory.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
        if files.len() > FILES_MAX {
            return Err(PresetFault::TooMuch { path: directory.to_owned() });
        }
    }
    files.sort();
    for path in files {
        library.add(preset(&path)?);
    }
    Ok(library)
}

/// One preset from its file; the file's name is the preset's.
///
/// # Errors
/// When it can't be read, or isn't one.
pub fn preset(path: &Path) -> Result<Preset, PresetFault> {
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name == "native" || !(1..=32).contains(&name.len()) || !name.bytes().all(is_name) {
        return Err(PresetFault::Name { path: path.to_owned() });
    }
    let fail = |source| PresetFault::Unreadable { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(fail)?.len() > FILE_MAX_BYTES {
        return Err(PresetFault::TooMuch { path: path.to_owned() });
    }
    let text = std::fs::read_to_string(path).map_err(fail)?;
    Preset::parse(name, &text).map_err(|error| PresetFault::Wrong { path: path.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const PRESET: &str = r#"vendor = "Ours"
[[message]]
name = "read"
[message.read]
plate = ["/p"]
id = ["/id"]
times = []
"#;

    #[test]
    fn an_operator_s_preset_stands_beside_the_program_s_or_takes_the_place_of_one() {
        let dir = TempDir::new().expect("a directory");
        for name in ["ours.toml", "axis.toml", "notes.txt"] {
            std::fs::write(dir.path().join(name), PRESET).expect("written");
        }
        let library = presets(Some(dir.path())).expect("read");
        for (name, vendor) in [("ours", "Ours"), ("axis", "Ours"), ("frigate", "Frigate")] {
            assert_eq!(library.get(name).expect(name).vendor(), vendor);
        }
        let error = library.get("hikvison").expect_err("a typo").to_string();
        assert!(error.contains("did you mean `hikvision`?"), "{error}");
    }

    #[test]
    fn a_wrong_file_is_named_with_its_line() {
        let dir = TempDir::new().expect("a directory");
        for (name, text, expected) in [
            ("bad.toml", PRESET.replace("\"/p\"", "\"p\""), "bad.toml: line 5, column 10: `p` is no path"),
            ("Our Camera.toml", PRESET.to_owned(), "is named [a-z0-9-]{1,32}.toml"),
            ("native.toml", PRESET.to_owned(), "is named"),
        ] {
            let path = dir.path().join(name);
            std::fs::write(&path, text).expect("written");
            let error = presets(Some(dir.path())).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
            std::fs::remove_file(path).expect("removed");
        }
        let missing = presets(Some(Path::new("/nowhere/at/all"))).expect_err("missing").to_string();
        assert!(missing.contains("presets_directory"), "{missing}");
    }
}
