//! A preset's file: TOML, refused with line, column and what is expected.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::clock::Format;
use super::country;
use super::document::Path;
use super::preset::{
    Absence, Answer, Candidates, Codes, Condition, Country, DeviceTime, Ignored, Mapping, Message, Movement, Preset,
    Scaled, Then, Wants, Words,
};
use crate::model::View;

/// Kinds of messages in one preset.
const MESSAGES_MAX: usize = 32;
/// What readers of several makes write for no plate, unless the preset says.
const NO_PLATE: [&str; 5] = ["", "unknown", "noplate", "no plate", "not defined"];
/// Scales in use: a share, a percentage, a byte.
const SCALES: [i64; 3] = [1, 100, 255];

/// What is wrong with a preset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct PresetError {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// Its bytes in the text.
    pub span: Range<usize>,
    /// What is wrong, and what is expected.
    pub message: String,
}

type Paths = Vec<Spanned<String>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPreset {
    vendor: String,
    #[serde(default)]
    source: Paths,
    answer: Option<Answer>,
    message: Spanned<Vec<RawMessage>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMessage {
    name: Spanned<String>,
    root: Option<Paths>,
    #[serde(default)]
    when: Vec<RawCondition>,
    ignore: Option<Ignored>,
    read: Option<RawRead>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCondition {
    at: Spanned<Paths>,
    is: Option<Vec<String>>,
    present: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRead {
    #[serde(default)]
    each: Paths,
    plate: Spanned<Paths>,
    #[serde(default)]
    absent: Absence,
    no_plate: Option<Vec<String>>,
    #[serde(default)]
    id: Paths,
    #[serde(default)]
    identity: Paths,
    #[serde(default)]
    track: Paths,
    confidence: Option<RawScaled>,
    times: Vec<RawTime>,
    country: Option<RawCountry>,
    direction: Option<RawDirection>,
    view: Option<RawView>,
    candidates: Option<RawCandidates>,
    #[serde(default)]
    image: Paths,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScaled {
    at: Paths,
    scale: Spanned<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTime {
    at: Paths,
    format: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCountry {
    at: Paths,
    codes: Spanned<String>,
    #[serde(default)]
    table: BTreeMap<String, Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDirection {
    at: Paths,
    #[serde(default)]
    forward: Vec<String>,
    #[serde(default)]
    reverse: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawView {
    at: Paths,
    #[serde(default)]
    front: Vec<String>,
    #[serde(default)]
    rear: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCandidates {
    #[serde(default)]
    each: Paths,
    #[serde(default)]
    plate: Paths,
    confidence: Option<RawScaled>,
    #[serde(default)]
    also: Paths,
}

impl Preset {
    /// Parses and checks a preset's text.
    ///
    /// # Errors
    /// The first thing that is wrong, at its place.
    pub fn parse(name: &str, text: &str) -> Result<Self, PresetError> {
        let raw: RawPreset = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            located(text, span, error.message().to_owned())
        })?;
        build(name, raw).map_err(|(span, message)| located(text, span, message))
    }
}

fn located(text: &str, span: Range<usize>, message: String) -> PresetError {
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    PresetError { line, column, span, message }
}

type Fault = (Range<usize>, String);

fn build(name: &str, raw: RawPreset) -> Result<Preset, Fault> {
    let span = raw.message.span();
    let messages = raw.message.into_inner();
    if messages.is_empty() || messages.len() > MESSAGES_MAX {
        return Err((span, format!("1 to {MESSAGES_MAX} [[message]] are expected")));
    }
    let messages = messages.into_iter().map(message).collect::<Result<_, _>>()?;
    let source = paths(raw.source, Within::Message)?;
    Ok(Preset { name: name.to_owned(), vendor: raw.vendor, source, answer: raw.answer, messages })
}

fn message(raw: RawMessage) -> Result<Message, Fault> {
    let span = raw.name.span();
    let then = match (raw.ignore, raw.read) {
        (Some(why), None) => Then::Ignore(why),
        (None, Some(read)) => Then::Read(Box::new(mapping(read)?)),
        (Some(_), Some(_)) | (None, None) => {
            return Err((span, "either `ignore` or a [message.read] is expected".to_owned()));
        }
    };
    let root = match raw.root {
        Some(root) => paths(root, Within::Message)?,
        None => vec![Path::parse("").map_err(|message| (span, message))?],
    };
    let when = raw.when.into_iter().map(condition).collect::<Result<_, _>>()?;
    Ok(Message { name: raw.name.into_inner(), root, when, then })
}

fn condition(raw: RawCondition) -> Result<Condition, Fault> {
    let span = raw.at.span();
    let at = paths(raw.at.into_inner(), Within::Message)?;
    let wants = match (raw.is, raw.present) {
        (Some(words), None) => Wants::OneOf(lower(words)),
        (None, Some(true)) => Wants::Present,
        (None, Some(false)) => Wants::Absent,
        (Some(_), Some(_)) | (None, None) => {
            return Err((span, "either `is = [\"…\"]` or `present = true` is expected beside `at`".to_owned()));
        }
    };
    Ok(Condition { at, wants })
}

/// Whether paths may point into an entry of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Message,
    Item,
}

fn paths(raw: Paths, within: Within) -> Result<Vec<Path>, Fault> {
    raw.into_iter()
        .map(|text| {
            let span = text.span();
            let path = Path::parse(text.get_ref()).map_err(|message| (span.clone(), message))?;
            if path.is_of_item() && within == Within::Message {
                return Err((span, format!("`{}` points into a list, and here is none", path.as_str())));
            }
            Ok(path)
        })
        .collect()
}

fn lower(words: Vec<String>) -> Vec<String> {
    words.into_iter().map(|word| word.to_lowercase()).collect()
}

fn mapping(raw: RawRead) -> Result<Mapping, Fault> {
    let span = raw.plate.span();
    let plate = raw.plate.into_inner();
    if plate.is_empty() {
        return Err((span, "at least one path to the plate's text is expected".to_owned()));
    }
    let within = if raw.each.is_empty() { Within::Message } else { Within::Item };
    let mapping = Mapping {
        each: paths(raw.each, Within::Message)?,
        plate: paths(plate, within)?,
        absent: raw.absent,
        no_plate: raw.no_plate.map_or_else(|| NO_PLATE.map(str::to_owned).to_vec(), lower),
        id: paths(raw.id, within)?,
        identity: paths(raw.identity, within)?,
        track: paths(raw.track, within)?,
        confidence: raw.confidence.map(|raw| scaled(raw, within)).transpose()?,
        times: raw.times.into_iter().map(|raw| time(raw, within)).collect::<Result<_, _>>()?,
        country: raw.country.map(|raw| country(raw, within)).transpose()?,
        direction: match raw.direction {
            Some(raw) => {
                Some(words(raw.at, within, [(raw.forward, Movement::Forward), (raw.reverse, Movement::Reverse)])?)
            }
            None => None,
        },
        view: match raw.view {
            Some(raw) => Some(words(raw.at, within, [(raw.front, View::Front), (raw.rear, View::Rear)])?),
            None => None,
        },
        candidates: raw.candidates.map(|raw| candidates(raw, within)).transpose()?.unwrap_or_default(),
        image: paths(raw.image, within)?,
    };
    if mapping.id.is_empty() && mapping.identity.is_empty() {
        let message = "an `id` of the event, or the `identity` values that tell one from another, is expected";
        return Err((span, message.to_owned()));
    }
    Ok(mapping)
}

#[allow(clippy::cast_precision_loss, reason = "one of three small numbers")]
fn scaled(raw: RawScaled, within: Within) -> Result<Scaled, Fault> {
    let scale = *raw.scale.get_ref();
    if !SCALES.contains(&scale) {
        return Err((raw.scale.span(), format!("a scale of {SCALES:?} is expected: the number that means certainty")));
    }
    Ok(Scaled { at: paths(raw.at, within)?, scale: scale as f64 })
}

fn time(raw: RawTime, within: Within) -> Result<DeviceTime, Fault> {
    let name = raw.format.get_ref();
    let Some((_, format)) = Format::NAMES.into_iter().find(|(known, _)| known == name) else {
        let known = Format::NAMES.map(|(known, _)| known).join(", ");
        return Err((raw.format.span(), format!("there is no time format `{name}`; one of {known} is expected")));
    };
    Ok(DeviceTime { at: paths(raw.at, within)?, format })
}

fn country(raw: RawCountry, within: Within) -> Result<Country, Fault> {
    let codes = match raw.codes.get_ref().as_str() {
        "alpha-2" => Codes::Alpha2,
        "alpha-2-region" => Codes::Alpha2Region,
        "alpha-3" => Codes::Alpha3,
        "table" => {
            let mut table = BTreeMap::new();
            for (word, code) in raw.table {
                let Some(known) = country::from_alpha_2(code.get_ref()) else {
                    return Err((code.span(), format!("`{}` is no ISO alpha-2 country code", code.get_ref())));
                };
                table.insert(word.to_lowercase(), known);
            }
            Codes::Table(table)
        }
        other => {
            let message = format!("`{other}`: \"alpha-2\", \"alpha-2-region\", \"alpha-3\" or \"table\" is expected");
            return Err((raw.codes.span(), message));
        }
    };
    Ok(Country { at: paths(raw.at, within)?, codes })
}

fn words<T: Copy, const N: usize>(
    at: Paths,
    within: Within,
    meanings: [(Vec<String>, T); N],
) -> Result<Words<T>, Fault> {
    let words =
        meanings.into_iter().flat_map(|(words, meaning)| lower(words).into_iter().map(move |word| (word, meaning)));
    Ok(Words { words: words.collect(), at: paths(at, within)? })
}

/// The entries of its list are what `./` means there.
fn candidates(raw: RawCandidates, within: Within) -> Result<Candidates, Fault> {
    Ok(Candidates {
        each: paths(raw.each, within)?,
        plate: paths(raw.plate, Within::Item)?,
        confidence: raw.confidence.map(|raw| scaled(raw, Within::Item)).transpose()?,
        also: paths(raw.also, within)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"vendor = "V"
[[message]]
name = "read"
when = [{ at = ["/type"], is = ["lpr"] }]
[message.read]
plate = ["/plate"]
id = ["/id"]
confidence = { at = ["/score"], scale = 100 }
times = [{ at = ["/t"], format = "epoch-s" }]
"#;

    #[test]
    fn a_good_preset_is_taken() {
        let preset = Preset::parse("v", GOOD).expect("valid");
        assert_eq!((preset.name(), preset.vendor()), ("v", "V"));
    }

    #[test]
    fn each_fault_is_told_at_its_place_with_what_is_expected() {
        for (from, to, place, expected) in [
            ("[[message]]", "[[message]", "line 2", "expected"),
            ("vendor = \"V\"", "", "line 1", "missing field `vendor`"),
            (
                "vendor = \"V\"",
                "vendor = \"V\"\nvendr = 1",
                "line 2, column 1",
                "unknown field `vendr`, expected one of",
            ),
            ("plate = [\"/plate\"]", "plate = \"/plate\"", "line 6, column 9", "expected a sequence"),
            ("\"/plate\"", "\"plate\"", "line 6, column 10", "`plate` is no path; /name/name"),
            ("\"/plate\"", "\"./plate\"", "line 6, column 10", "points into a list, and here is none"),
            ("\"/plate\"", "", "line 6", "at least one path"),
            ("id = [\"/id\"]", "", "line 6", "an `id` of the event, or the `identity`"),
            ("scale = 100", "scale = 10", "line 8, column 41", "a scale of [1, 100, 255]"),
            ("epoch-s", "epoch", "line 9, column 34", "one of epoch-s, epoch-ms"),
            (", is = [\"lpr\"]", "", "line 4", "either `is"),
            ("name = \"read\"", "name = \"read\"\nignore = \"other\"", "line 3", "either `ignore` or"),
            ("name = \"read\"", "name = \"read\"\nignore = \"bored\"", "line 4", "unknown variant `bored`"),
            ("id = [\"/id\"]", "id = [\"/id\"]\ncountry = { at = [], codes = \"iso\" }", "line 8", "\"alpha-3\""),
            (
                "id = [\"/id\"]",
                "id = [\"/id\"]\ncountry = { at = [], codes = \"table\", table = { 1 = \"ZZ\" } }",
                "line 8",
                "no ISO alpha-2",
            ),
        ] {
            let error = Preset::parse("v", &GOOD.replacen(from, to, 1)).expect_err(expected).to_string();
            assert!(error.starts_with(place) && error.contains(expected), "{error}");
        }
    }
}
