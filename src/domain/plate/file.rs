//! The file of plate templates: from text to checked templates, every fault with its line.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::fold::fold;
use super::pattern::{Alphabet, Set, Slot, Variant, set, variants};

/// Letters of a country that names none.
const LETTERS: &str = "A-Z";
/// Characters of a region's code.
pub(super) const REGION_MAX: usize = 4;
/// Templates of one file.
const TEMPLATES_MAX: usize = 1_000;

/// What is wrong with a file of templates, and what is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct TemplateError {
    /// From 1.
    pub line: usize,
    /// What is wrong, and what is expected.
    pub message: String,
}

/// A country's templates.
#[derive(Debug, Clone)]
pub(super) struct Country {
    pub(super) code: String,
    /// Countries that have no templates of their own and share these.
    pub(super) covers: Vec<String>,
    /// Codes of regions; those of one length belong to one place.
    pub(super) regions: BTreeSet<String>,
    pub(super) templates: Vec<Template>,
}

/// One template.
#[derive(Debug, Clone)]
pub(super) struct Template {
    pub(super) id: String,
    pub(super) reach: Reach,
    pub(super) standing: Standing,
    pub(super) zeros: Zeros,
    pub(super) variants: Vec<Variant>,
}

/// When a template has a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Always.
    Own,
    /// Only where no other fits, and only for texts with a letter and a digit.
    Generic,
}

/// Whether a template stands on a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The file names a source.
    Confirmed,
    /// It was seen or remembered, no more.
    Unconfirmed,
}

/// Whether a number of zeros alone is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zeros {
    Issued,
    Never,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    country: Vec<RawCountry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCountry {
    code: Spanned<String>,
    #[serde(default)]
    covers: Vec<Spanned<String>>,
    letters: Option<Spanned<String>>,
    #[serde(default)]
    regions: Vec<Spanned<String>>,
    #[serde(default)]
    sets: BTreeMap<Spanned<String>, Spanned<String>>,
    source: Option<String>,
    #[serde(default = "yes")]
    zeros_issued: bool,
    template: Vec<RawTemplate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTemplate {
    id: Spanned<String>,
    plate: Spanned<String>,
    source: Option<String>,
    #[serde(default = "yes")]
    confirmed: bool,
    #[serde(default)]
    generic: bool,
    zeros_issued: Option<bool>,
}

const fn yes() -> bool {
    true
}

/// Reads a file.
///
/// # Errors
/// The first fault.
pub(super) fn read(text: &str) -> Result<Vec<Country>, TemplateError> {
    let raw: RawFile = toml::from_str(text)
        .map_err(|error| at(text, error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
    let fault = |(place, message): Fault| at(text, place, message);
    let mut codes = BTreeSet::new();
    let mut countries = Vec::new();
    for raw in raw.country {
        if !codes.insert(raw.code.get_ref().clone()) {
            return Err(fault((raw.code.span().start, format!("the country {} comes twice", raw.code.get_ref()))));
        }
        countries.push(country(raw).map_err(fault)?);
    }
    Ok(countries)
}

/// The byte at which it is, and what is wrong.
type Fault = (usize, String);

fn at(text: &str, place: usize, message: String) -> TemplateError {
    TemplateError { line: 1 + text.bytes().take(place).filter(|byte| *byte == b'\n').count(), message }
}

fn of<T>(spanned: &Spanned<T>, why: String) -> Fault {
    (spanned.span().start, why)
}

fn country(raw: RawCountry) -> Result<Country, Fault> {
    for code in std::iter::once(&raw.code).chain(&raw.covers) {
        if code.get_ref().len() != 2 || !code.get_ref().bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(of(code, format!("`{}` is no country: expected ISO alpha-2, as KZ", code.get_ref())));
        }
    }
    let letters = match &raw.letters {
        Some(letters) => set(letters.get_ref()).map_err(|why| of(letters, format!("letters: {why}")))?,
        None => set(LETTERS).map_err(|why| of(&raw.code, why))?,
    };
    let mut sets = BTreeMap::new();
    for (name, chars) in &raw.sets {
        sets.insert(set_name(name)?, set(chars.get_ref()).map_err(|why| of(chars, format!("sets: {why}")))?);
    }
    let mut regions = BTreeSet::new();
    for written in &raw.regions {
        regions.extend(region_codes(written.get_ref()).map_err(|why| of(written, format!("regions: {why}")))?);
    }
    let alphabet = Alphabet { letters: &letters, sets: &sets };
    let mut templates: Vec<Template> = Vec::new();
    for template in &raw.template {
        if templates.iter().any(|other| other.id == *template.id.get_ref()) {
            return Err(of(
                &template.id,
                format!("{} has two templates `{}`", raw.code.get_ref(), template.id.get_ref()),
            ));
        }
        if templates.len() == TEMPLATES_MAX {
            return Err(of(&template.id, format!("a country has at most {TEMPLATES_MAX} templates")));
        }
        templates.push(checked(&raw, template, &alphabet, &regions)?);
    }
    Ok(Country {
        code: raw.code.into_inner(),
        covers: raw.covers.into_iter().map(Spanned::into_inner).collect(),
        regions,
        templates,
    })
}

fn set_name(name: &Spanned<String>) -> Result<char, Fault> {
    let mut chars = name.get_ref().chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if c.is_ascii_lowercase() && c != 'r' => Ok(c),
        _ => Err(of(name, format!("`{}` can't name a set: expected one small letter but r", name.get_ref()))),
    }
}

/// `01-20`, or one code such as `AG`.
fn region_codes(written: &str) -> Result<Vec<String>, String> {
    if let Some((from, to)) = written.split_once('-') {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let numbers = (from.parse::<u16>(), to.parse::<u16>());
        return match numbers {
            (Ok(low), Ok(high)) if digits(from) && digits(to) && from.len() == to.len() && low <= high => {
                let width = from.len();
                if width > REGION_MAX {
                    Err(too_long())
                } else {
                    Ok((low..=high).map(|n| format!("{n:0width$}")).collect())
                }
            }
            (Ok(_) | Err(_), Ok(_) | Err(_)) => Err(format!("{written} is no range: expected one like 01-20")),
        };
    }
    match written.chars().count() {
        0 => Err("a code is empty".to_owned()),
        length if length > REGION_MAX => Err(too_long()),
        _ if fold(written).as_str() == written => Ok(vec![written.to_owned()]),
        _ => Err(format!("`{written}` is on no folded plate: expected capital letters or digits")),
    }
}

fn too_long() -> String {
    format!("a region's code has at most {REGION_MAX} characters")
}

fn checked(
    country: &RawCountry,
    raw: &RawTemplate,
    alphabet: &Alphabet<'_>,
    regions: &BTreeSet<String>,
) -> Result<Template, Fault> {
    let (code, id) = (country.code.get_ref(), raw.id.get_ref());
    let named = |place: &Spanned<String>, why: String| of(place, format!("{code} {id}: {why}"));
    if id.is_empty() {
        return Err(named(&raw.id, "a template needs an id".to_owned()));
    }
    if raw.confirmed && raw.source.as_ref().or(country.source.as_ref()).is_none() {
        return Err(named(&raw.id, "say where it is from (source = \"…\"), or confirmed = false".to_owned()));
    }
    let variants = variants(raw.plate.get_ref(), alphabet).map_err(|why| named(&raw.plate, why))?;
    for length in variants.iter().flat_map(|variant| runs(variant, &Slot::Region)).map(|(_, length)| length) {
        if !regions.iter().any(|region| region.chars().count() == length) {
            return Err(named(&raw.plate, format!("the country has no regions of {length} characters")));
        }
    }
    Ok(Template {
        id: id.clone(),
        reach: if raw.generic { Reach::Generic } else { Reach::Own },
        standing: if raw.confirmed { Standing::Confirmed } else { Standing::Unconfirmed },
        zeros: if raw.zeros_issued.unwrap_or(country.zeros_issued) { Zeros::Issued } else { Zeros::Never },
        variants,
    })
}

/// Where such slots follow one another, and how many.
pub(super) fn runs(variant: &Variant, of: &Slot) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (place, _) in variant.slots.iter().enumerate().filter(|(_, slot)| *slot == of) {
        match runs.last_mut() {
            Some((start, length)) if *start + *length == place => *length += 1,
            Some(_) | None => runs.push((place, 1)),
        }
    }
    runs
}

/// The characters that may stand in each place of a variant.
pub(super) fn places(variant: &Variant, regions: &BTreeSet<String>) -> Vec<Set> {
    let mut places: Vec<Set> = variant
        .slots
        .iter()
        .map(|slot| match slot {
            Slot::Digit => ('0'..='9').collect(),
            Slot::Region => Set::new(),
            Slot::Of(set) => set.clone(),
        })
        .collect();
    for (start, length) in runs(variant, &Slot::Region) {
        for region in regions.iter().filter(|region| region.chars().count() == length) {
            for (place, c) in places.iter_mut().skip(start).zip(region.chars()) {
                place.insert(c);
            }
        }
    }
    places
}
