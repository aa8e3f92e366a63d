//! The small syntax of a plate template (docs/plates.md).
//!
//! ```text
//!  #        a digit                        [A-HJ-NP-Z0-9]   one of these
//!  L        a letter of the country        (…)              may be missing, and is then no part of the plate
//!  r        a place of the region's code   <…>              printed but often not read: put back when missing
//!  a to z   a set that the country names   else             this very letter, digit or glyph
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::fold::fold;
use super::templates::SLOTS_MAX;

/// Characters that may stand in one place.
pub(super) type Set = BTreeSet<char>;

/// How many ways of writing one template may have.
const VARIANTS_MAX: usize = 16;
/// Characters of a template's text.
const PATTERN_MAX: usize = 200;

/// One place of a plate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Slot {
    /// A digit of a number.
    Digit,
    /// A character of the region's code.
    Region,
    /// One of these.
    Of(Set),
}

/// One way to write a template: with and without its optional parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Variant {
    pub(super) slots: Vec<Slot>,
    /// What is put back, and before which slot.
    pub(super) implied: Option<(usize, String)>,
}

/// The letters and sets of a country.
pub(super) struct Alphabet<'a> {
    pub(super) letters: &'a Set,
    pub(super) sets: &'a BTreeMap<char, Set>,
}

enum Part {
    One(Slot),
    Optional(Vec<Slot>),
    Implied(String),
}

/// All variants of a template.
///
/// # Errors
/// What is wrong at which character, and what is expected.
pub(super) fn variants(pattern: &str, alphabet: &Alphabet<'_>) -> Result<Vec<Variant>, String> {
    if pattern.chars().count() > PATTERN_MAX {
        return Err(format!("a template has at most {PATTERN_MAX} characters"));
    }
    let mut found = vec![Variant::default()];
    for part in parts(pattern, alphabet)? {
        found = match part {
            Part::One(slot) => found.into_iter().map(|variant| variant.with(std::slice::from_ref(&slot))).collect(),
            Part::Optional(slots) => {
                found.into_iter().flat_map(|variant| [variant.clone(), variant.with(&slots)]).collect()
            }
            Part::Implied(text) => {
                if found.iter().any(|variant| variant.implied.is_some()) {
                    return Err("a template puts back one part only: keep one <…>".to_owned());
                }
                let slots: Vec<_> = text.chars().map(|c| Slot::Of(Set::from([c]))).collect();
                found.into_iter().flat_map(|variant| [variant.clone().with(&slots), variant.without(&text)]).collect()
            }
        };
        if found.len() > VARIANTS_MAX {
            return Err(format!("more than {VARIANTS_MAX} ways to write it: make several templates of it"));
        }
    }
    let longest = found.iter().map(|variant| variant.slots.len()).max().unwrap_or(0);
    let shortest = found.iter().map(|variant| variant.slots.len()).min().unwrap_or(0);
    if shortest == 0 || longest > SLOTS_MAX {
        return Err(format!("a plate has 1 to {SLOTS_MAX} characters, this one {shortest} to {longest}"));
    }
    Ok(found)
}

impl Variant {
    fn with(mut self, slots: &[Slot]) -> Self {
        self.slots.extend_from_slice(slots);
        self
    }

    fn without(mut self, text: &str) -> Self {
        self.implied = Some((self.slots.len(), text.to_owned()));
        self
    }
}

fn parts(pattern: &str, alphabet: &Alphabet<'_>) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut optional: Option<Vec<Slot>> = None;
    let mut rest = pattern.chars().enumerate();
    while let Some((at, c)) = rest.next() {
        let slot = match c {
            '(' if optional.is_none() => {
                optional = Some(Vec::new());
                continue;
            }
            ')' => {
                let Some(slots) = optional.take() else { return Err(wrong(at, c, "there is no ( before it")) };
                parts.push(Part::Optional(slots));
                continue;
            }
            '<' if optional.is_none() => {
                let text = until('>', &mut rest).ok_or_else(|| wrong(at, c, "its > is missing"))?;
                if text.is_empty() {
                    return Err(wrong(at, c, "nothing stands between < and >"));
                }
                if let Some(odd) = text.chars().find(|c| !is_folded(*c)) {
                    return Err(wrong(at, odd, "expected letters and digits as they are printed"));
                }
                parts.push(Part::Implied(text));
                continue;
            }
            '(' | '<' => return Err(wrong(at, c, "brackets don't stand within each other")),
            '[' => {
                let text = until(']', &mut rest).ok_or_else(|| wrong(at, c, "its ] is missing"))?;
                Slot::Of(set(&text).map_err(|why| wrong(at, c, &why))?)
            }
            '#' => Slot::Digit,
            'L' => Slot::Of(alphabet.letters.clone()),
            'r' => Slot::Region,
            'a'..='z' => match alphabet.sets.get(&c) {
                Some(set) => Slot::Of(set.clone()),
                None => return Err(wrong(at, c, "the country's sets don't name it")),
            },
            c if is_folded(c) => Slot::Of(Set::from([c])),
            c => return Err(wrong(at, c, "expected #, L, r, a set, […], (…), <…>, or a letter as it is printed")),
        };
        match &mut optional {
            Some(slots) => slots.push(slot),
            None => parts.push(Part::One(slot)),
        }
    }
    match optional {
        Some(_) => Err("a ( has no )".to_owned()),
        None => Ok(parts),
    }
}

fn wrong(at: usize, c: char, why: &str) -> String {
    format!("`{c}` at character {}: {why}", at + 1)
}

fn until(end: char, rest: &mut impl Iterator<Item = (usize, char)>) -> Option<String> {
    let mut text = String::new();
    for (_, c) in rest {
        if c == end {
            return Some(text);
        }
        text.push(c);
    }
    None
}

/// A set as `A-HJ-NP-Z0-9` or `京津冀`.
///
/// # Errors
/// What is wrong, and what is expected.
pub(super) fn set(text: &str) -> Result<Set, String> {
    let mut found = Set::new();
    let mut rest = text.chars().peekable();
    while let Some(from) = rest.next() {
        if !is_folded(from) {
            return Err(format!("`{from}` is on no folded plate: expected capital letters, digits and ranges (A-Z)"));
        }
        if rest.next_if_eq(&'-').is_none() {
            found.insert(from);
            continue;
        }
        match rest.next() {
            Some(to) if from <= to && (is_in(from, to, '0', '9') || is_in(from, to, 'A', 'Z')) => {
                found.extend(from..=to);
            }
            Some(to) => return Err(format!("{from}-{to} is no range: expected one like A-H or 0-9")),
            None => return Err(format!("{from}- has no end: expected a range like A-H")),
        }
    }
    if found.is_empty() { Err("nothing is in it: expected letters or digits".to_owned()) } else { Ok(found) }
}

fn is_in(from: char, to: char, low: char, high: char) -> bool {
    low <= from && to <= high
}

/// Whether folding leaves a character as it is; others are on no plate.
pub(super) fn is_folded(c: char) -> bool {
    let mut bytes = [0; 4];
    let text: &str = c.encode_utf8(&mut bytes);
    fold(text).as_str() == text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(pattern: &str) -> Result<Vec<String>, String> {
        let (letters, province) = (set("A-C")?, set("京津")?);
        let sets = BTreeMap::from([('p', province)]);
        let found = variants(pattern, &Alphabet { letters: &letters, sets: &sets })?;
        Ok(found.iter().map(shown).collect())
    }

    fn shown(variant: &Variant) -> String {
        let slots = variant.slots.iter().map(|slot| match slot {
            Slot::Digit => "#".to_owned(),
            Slot::Region => "r".to_owned(),
            Slot::Of(set) => set.iter().collect(),
        });
        let text = slots.collect::<Vec<_>>().join("|");
        match &variant.implied {
            Some((at, back)) => format!("{text} {back} before {at}"),
            None => text,
        }
    }

    #[test]
    fn a_template_is_written_in_every_way_that_its_brackets_allow() {
        for (pattern, variants) in [
            ("#Lr", vec!["#|ABC|r"]),
            ("[L]K7挂", vec!["L|K|7|挂"]),
            ("p[A-C0-1]", vec!["京津|01ABC"]),
            ("#(L)r(r)", vec!["#|r", "#|r|r", "#|ABC|r", "#|ABC|r|r"]),
            ("##<KG>#", vec!["#|#|K|G|#", "#|#|# KG before 2"]),
        ] {
            assert_eq!(written(pattern).expect(pattern), variants, "{pattern}");
        }
    }

    #[test]
    fn a_fault_names_its_character_and_what_is_expected() {
        for (pattern, message) in [
            ("## #", "` ` at character 3: expected #, L, r"),
            ("#q", "`q` at character 2: the country's sets don't name it"),
            ("#)", "`)` at character 2: there is no ("),
            ("#(L", "a ( has no )"),
            ("#((L))", "`(` at character 3: brackets don't stand within each other"),
            ("[A-", "its ] is missing"),
            ("[]", "nothing is in it"),
            ("[9-A]", "9-A is no range"),
            ("[Z-A]", "Z-A is no range"),
            ("[A-]", "A- has no end"),
            ("[a]", "`a` is on no folded plate"),
            ("<KG", "its > is missing"),
            ("#<>", "nothing stands between"),
            ("<k>", "expected letters and digits as they are printed"),
            ("#<A>#<B>", "keep one <…>"),
            ("", "1 to 16 characters"),
            ("(#)", "1 to 16 characters"),
            ("#################", "1 to 16 characters"),
            ("(#)(#)(#)(#)(#)", "more than 16 ways"),
        ] {
            match written(pattern) {
                Ok(variants) => panic!("{pattern} is {variants:?}"),
                Err(error) => assert!(error.contains(message), "{pattern}: {error}"),
            }
        }
    }

    #[test]
    fn a_letter_that_folding_changes_is_no_letter_of_a_template() {
        assert!(is_folded('Ж') && is_folded('挂') && is_folded('Q') && is_folded('0'));
        for c in ['К', 'к', 'q', 'Ａ', ' ', '-', '\u{301}', 'ß'] {
            assert!(!is_folded(c), "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_template_or_a_fault(pattern in "[#Lrp()<>\\[\\]A-F0-9挂 -]{0,30}|\\PC{0,30}") {
            if let Ok(found) = written(&pattern) {
                prop_assert!((1..=VARIANTS_MAX).contains(&found.len()));
            }
        }
    }
}
