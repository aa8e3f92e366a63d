//! The directory of the local profiles: read whole, and looked at again for changes.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::config::line_column;
use crate::risk::profile::{FILE_MAX_BYTES, PROFILES_MAX, ProfileFault, ProfileSet};

/// Why the profiles of a directory can't be taken.
#[derive(Debug, thiserror::Error)]
pub enum ProfilesError {
    /// The directory or a file can't be read.
    #[error("{path}: {source}; check [risk] profiles_directory")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something in them is wrong.
    #[error("{}", told(.directory, .faults))]
    Wrong {
        /// Where they are.
        directory: PathBuf,
        /// Everything that is wrong.
        faults: Vec<ProfileFault>,
    },
}

fn told(directory: &Path, faults: &[ProfileFault]) -> String {
    let lines: Vec<_> = faults.iter().map(|fault| format!("{}/{fault}", directory.display())).collect();
    lines.join("\n")
}

/// What a directory looked like: changes show in names, times and lengths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Look(Vec<(String, Option<SystemTime>, u64)>);

/// Profile files of a directory: names that end in `.toml` and don't begin with a dot.
fn list(directory: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut files = vec![];
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".toml") && !name.starts_with('.') && entry.path().is_file() {
            files.push((name, entry.path()));
        }
        // One more than allowed is enough to refuse them.
        if files.len() > PROFILES_MAX {
            break;
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Looks at a directory without reading its files.
pub(super) fn look(directory: &Path) -> io::Result<Look> {
    let looked = list(directory)?.into_iter().map(|(name, path)| {
        let metadata = std::fs::metadata(path)?;
        Ok((name, metadata.modified().ok(), metadata.len()))
    });
    looked.collect::<io::Result<_>>().map(Look)
}

/// Reads and checks all profiles of a directory.
///
/// # Errors
/// When it can't be read, or anything in it is wrong.
pub fn load_profiles(directory: &Path) -> Result<ProfileSet, ProfilesError> {
    let fail = |path: &Path, source| ProfilesError::Read { path: path.to_owned(), source };
    let mut files = vec![];
    let mut faults = vec![];
    for (name, path) in list(directory).map_err(|source| fail(directory, source))? {
        let mut bytes = vec![];
        // One byte more than allowed is enough to refuse it.
        let most = u64::try_from(FILE_MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        let read = File::open(&path).and_then(|file| file.take(most).read_to_end(&mut bytes));
        read.map_err(|source| fail(&path, source))?;
        match String::from_utf8(bytes) {
            Ok(text) => files.push((name, text)),
            Err(error) => faults.push(not_utf8(name, &error)),
        }
    }
    match ProfileSet::load(&files) {
        Ok(set) if faults.is_empty() => Ok(set),
        Ok(_) => Err(ProfilesError::Wrong { directory: directory.to_owned(), faults }),
        Err(found) => {
            faults.extend(found);
            Err(ProfilesError::Wrong { directory: directory.to_owned(), faults })
        }
    }
}

fn not_utf8(file: String, error: &std::string::FromUtf8Error) -> ProfileFault {
    let at = error.utf8_error().valid_up_to();
    let good = String::from_utf8_lossy(error.as_bytes().get(..at).unwrap_or_default());
    let (line, column) = line_column(&good, good.len());
    ProfileFault { file, line, column, span: at..at, message: "this is no UTF-8 text".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ends_in_toml_and_is_not_hidden_is_a_profile() {
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["a.toml", ".a.toml", "a.toml~", "readme.md"] {
            std::fs::write(directory.path().join(name), "wrong").expect("written");
        }
        std::fs::create_dir(directory.path().join("old.toml")).expect("a directory");
        let error = load_profiles(directory.path()).expect_err("refused");
        let ProfilesError::Wrong { faults, .. } = &error else { panic!("{error}") };
        assert_eq!(faults.len(), 1, "{error}");
        assert!(error.to_string().starts_with(&format!("{}/a.toml:1:", directory.path().display())), "{error}");
    }

    #[test]
    fn a_file_that_is_no_text_is_refused_at_its_place() {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("a.toml"), b"id = \"a\"\nnote = \"\xff\"").expect("written");
        let told = load_profiles(directory.path()).expect_err("refused").to_string();
        assert!(told.ends_with("/a.toml:2:9: this is no UTF-8 text"), "{told}");
    }

    #[test]
    fn a_change_shows_without_reading() {
        let directory = tempfile::tempdir().expect("a directory");
        let before = look(directory.path()).expect("looked");
        std::fs::write(directory.path().join("a.toml"), "x").expect("written");
        let after = look(directory.path()).expect("looked");
        assert_ne!(before, after);
        assert_eq!(look(directory.path()).expect("looked"), after);
        std::fs::write(directory.path().join("a.toml"), "xy").expect("written");
        assert_ne!(look(directory.path()).expect("looked"), after);
    }
}
