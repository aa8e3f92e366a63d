//! Where a key stands in the text.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One step of a key's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// `lane[0].scale.port`.
pub(super) fn shown(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// The steps of a printed path.
pub(super) fn steps(path: &str) -> Vec<Step> {
    let parts = path.split(['.', '[', ']']).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().map_or_else(|_| Step::Key(part.to_owned()), Step::Index)).collect()
}

/// The bytes of the value at a path, or of the last part of the path that exists.
pub(super) fn find(root: &DeTable<'_>, path: &[Step]) -> Range<usize> {
    let mut best = 0..0;
    let mut here: Option<&Spanned<DeValue<'_>>> = None;
    for step in path {
        let next = match (step, here) {
            (Step::Key(key), None) => root.get(key.as_str()),
            (Step::Key(key), Some(value)) => value.get_ref().as_table().and_then(|table| table.get(key.as_str())),
            (Step::Index(index), Some(value)) => value.get_ref().as_array().and_then(|array| array.get(*index)),
            (Step::Index(_), None) => None,
        };
        let Some(found) = next else { break };
        best = found.span();
        here = next;
    }
    best
}

/// Line and column, both from 1, of a byte.
#[must_use]
pub fn line_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
