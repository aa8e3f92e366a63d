//! What readers read, sorted by what it is.

use crate::domain::{AdrPlate, Check, DocumentNumber, Kind, NumberKey, number_key};

/// Numbers that were read in the lane.
#[derive(Debug, Clone, Default)]
pub struct SeenPapers {
    /// Numbers of documents and seals.
    pub numbers: Vec<NumberKey>,
    /// Container numbers whose check digit holds; a reader that misread one says nothing of containers.
    pub containers: Vec<NumberKey>,
    /// UN numbers of orange plates.
    pub dangerous: Vec<String>,
}

impl SeenPapers {
    /// Sorts what document and container readers read.
    #[must_use]
    pub fn sort(references: &[String]) -> Self {
        let mut seen = Self::default();
        for reference in references {
            if let Ok(plate) = AdrPlate::parse(reference) {
                seen.dangerous.push(plate.un().to_string());
                continue;
            }
            let number = DocumentNumber::recognise(reference);
            let container = number.kind == Kind::Container && matches!(number.check, Check::Valid | Check::Weak);
            let key = number_key(reference);
            if container {
                seen.containers.push(key);
            } else {
                seen.numbers.push(key);
            }
        }
        seen
    }
}
