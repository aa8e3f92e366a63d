//! A weight line described by a regular expression, for indicators that speak none of the known protocols.
//!
//! The expression must fit the whole line. Named groups say what is where; a group that takes part says that its
//! meaning holds, so `(?:(?<stable>ST)|(?<moving>US)|(?<overload>OL))` needs no table of words.

use regex::bytes::{Regex, RegexBuilder};

/// Longest expression.
pub const PATTERN_MAX_BYTES: usize = 512;
/// Memory of a compiled expression, and of its working state.
const COMPILED_MAX_BYTES: usize = 256 * 1_024;
/// Parentheses within parentheses.
const NESTING_MAX: u32 = 32;
/// Groups that mean something.
const GROUPS: [&str; 13] = [
    "weight",
    "gross",
    "net",
    "tare",
    "sign",
    "unit",
    "status",
    "stable",
    "moving",
    "overload",
    "underload",
    "zero",
    "record",
];

/// An expression that describes one line of an indicator.
#[derive(Debug, Clone)]
pub struct WeightPattern {
    source: String,
    regex: Regex,
}

/// Why an expression can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Longer than [`PATTERN_MAX_BYTES`].
    #[error("the expression is longer than {PATTERN_MAX_BYTES} bytes")]
    TooLong,
    /// It is no expression, or a too large one.
    #[error("it is no regular expression: {0}")]
    Syntax(String),
    /// Nothing in it is a weight.
    #[error("a named group `(?<weight>…)`, or `gross` or `net`, is expected")]
    NoWeight,
    /// A group that means nothing.
    #[error("the group `{0}` means nothing; known groups: {list}", list = GROUPS.join(", "))]
    UnknownGroup(String),
}

impl WeightPattern {
    /// Compiles an expression; it is tied to both ends of the line.
    ///
    /// # Errors
    /// When it is too long, no expression, names an unknown group or no weight.
    pub fn new(source: &str) -> Result<Self, PatternError> {
        if source.len() > PATTERN_MAX_BYTES {
            return Err(PatternError::TooLong);
        }
        let compile = |text: &str| compile(text).map_err(|error| PatternError::Syntax(last_line(&error)));
        // Alone first: an unbalanced expression must not be balanced by what ties it to the line.
        compile(source)?;
        let regex = compile(&format!("^(?:{source})$"))?;
        let groups: Vec<_> = regex.capture_names().flatten().collect();
        if let Some(unknown) = groups.iter().find(|group| !GROUPS.contains(group)) {
            return Err(PatternError::UnknownGroup((*unknown).to_owned()));
        }
        if !groups.iter().any(|group| ["weight", "gross", "net"].contains(group)) {
            return Err(PatternError::NoWeight);
        }
        Ok(Self { source: source.to_owned(), regex })
    }

    /// The expression, tied to both ends of the line; it reads bytes, not characters.
    #[must_use]
    pub const fn regex(&self) -> &Regex {
        &self.regex
    }

    /// The expression as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl PartialEq for WeightPattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for WeightPattern {}

fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text)
        .unicode(false)
        .size_limit(COMPILED_MAX_BYTES)
        .dfa_size_limit(COMPILED_MAX_BYTES)
        .nest_limit(NESTING_MAX)
        .build()
}

/// The reason without the picture that precedes it.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text.lines().last().unwrap_or_default().trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_names_a_weight_and_only_known_groups() {
        for source in
            [r"(?<weight>[+-]?\d+)", r"(?P<gross>\d{6}) kg", r"N(?<net>\d+)(?<unit>kg)(?:(?<stable>S)|(?<moving>D))"]
        {
            assert!(WeightPattern::new(source).is_ok(), "{source}");
        }
        let error = |source: &str| WeightPattern::new(source).expect_err(source).to_string();
        assert!(error(r"\d+").contains("(?<weight>"));
        assert!(error(r"(?<wieght>\d+)").contains("`wieght` means nothing"));
        assert!(error(r"(?<weight>\d+").contains("unclosed group"), "{}", error(r"(?<weight>\d+"));
        assert!(error(r"(?<weight>\d+))(").contains("regular expression"));
        assert!(error(&"x".repeat(513)).contains("longer than"));
        assert!(error(r"(?<weight>(?:\d{1000}){1000})").contains("size limit"));
    }

    #[test]
    fn the_whole_line_must_fit() {
        let pattern = WeightPattern::new(r"(?<weight>\d+)|x(?<net>\d)").expect("compiles");
        assert!(pattern.regex().is_match(b"123") && pattern.regex().is_match(b"x1"));
        assert!(!pattern.regex().is_match(b"a123") && !pattern.regex().is_match(b"123 kg"));
    }
}
