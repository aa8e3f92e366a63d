//! Which kind of number a scan is.
//!
//! ```text
//!  three parts office/date/serial ─▶ EAEU declaration
//!  digits alone ──────────────────▶ BIN or IIN, INN, TIR carnet: by length, then by the check that passes
//!  letters and digits ────────────▶ container, MRN, GRN, VIN, TIR carnet: by places, GRN and VIN by check
//!  anything else without spaces ──▶ a notification's number
//! ```
//!
//! A slip of one character, a look-alike glyph or a letter that can't be there doesn't make a number another kind: it
//! stays that kind and is invalid. Other separators than spaces are dropped only where people write them, lest two
//! notifications become one number.

use super::{Check, DocumentNumber, Kind, judge};
use crate::domain::country::is_common_transit;
use crate::domain::declaration::{self, EaeuNumber};
use crate::domain::form::{self, Class, NUMBER_MAX_CHARS, compact, fits, is_separator, unframed};
use crate::domain::kernel::LOOKALIKES;
use crate::domain::verdict::{Repair, Verdict};
use crate::domain::{Bin, Container, Grn, Iin, Mrn, TirCarnet, Vin, container, transit, vin};

/// How container numbers are written on boxes and forms: lengths of their parts.
const CONTAINER_GROUPS: [&[usize]; 6] = [&[11], &[4, 7], &[4, 6, 1], &[10, 1], &[3, 1, 6, 1], &[3, 1, 7]];
const TIR_SERIES_CHARS: usize = 2;
/// Numbers that are written with spaces at most.
const SOLID: [form::Shape; 4] = [transit::MRN_SHAPE, transit::GRN_SHAPE, transit::GRN_VOUCHER_SHAPE, vin::SHAPE];

/// How a text is parted.
struct Spelling {
    /// By spaces at most.
    solid: bool,
    /// Lengths of its parts.
    groups: Vec<usize>,
}

impl Spelling {
    fn of(text: &str) -> Self {
        let solid = text.chars().filter(|c| is_separator(*c)).all(char::is_whitespace);
        let groups = text.split(is_separator).map(|part| part.chars().count()).filter(|count| *count > 0);
        Self { solid, groups: groups.collect() }
    }

    fn is_box(&self) -> bool {
        self.solid || CONTAINER_GROUPS.contains(&self.groups.as_slice())
    }

    fn is_carnet(&self) -> bool {
        self.solid || (self.groups.len() == 2 && self.groups.first() == Some(&TIR_SERIES_CHARS))
    }
}

pub(super) fn recognise(text: &str) -> DocumentNumber {
    let text = unframed(text);
    let found = text.chars().count();
    if found == 0 {
        return DocumentNumber::unknown(text, "nothing was read");
    }
    if found > NUMBER_MAX_CHARS {
        return DocumentNumber::unknown(
            text,
            format!("{found} characters: no number has more than {NUMBER_MAX_CHARS}"),
        );
    }
    if text.chars().any(char::is_control) {
        return DocumentNumber::unknown(text, "control characters inside: more than one scan, or none");
    }
    if looks_like_declaration(text) {
        return judge(Kind::EaeuDeclaration, text);
    }
    if let Some(number) = compact(text).ok().and_then(|bare| by_form(text, &bare)) {
        return number;
    }
    if text.chars().any(char::is_whitespace) || !text.chars().any(char::is_alphanumeric) {
        return DocumentNumber::unknown(text, "no known number has this form");
    }
    judge(Kind::Notification, text)
}

/// The canonical print of a text that has the form of a known kind, whether its check holds or not.
#[must_use]
pub(in crate::domain) fn written_form(text: &str) -> Option<String> {
    if let Ok(declaration) = EaeuNumber::parse(text) {
        return Some(declaration.to_string());
    }
    let bare = compact(text).ok()?;
    let spelling = Spelling::of(text);
    let digits = || bare.bytes().all(|byte| byte.is_ascii_digit());
    let known = (spelling.is_box() && fits(&bare, container::SHAPE))
        || (spelling.is_carnet() && TirCarnet::parse(&bare).is_ok_and(|carnet| carnet.series().is_some()))
        || (spelling.solid && (SOLID.iter().any(|shape| fits(&bare, shape)) || digits()));
    known.then_some(bare)
}

/// Three parts of which the first two are an office and a date, or miss that by little; or those two and no serial,
/// or a whole number and more.
fn looks_like_declaration(text: &str) -> bool {
    let parts = form::parts(text);
    let (office, date) = match parts.as_slice() {
        [office, date] => return text.contains('/') && office.len() > 2 && is_declaration(&[office, date, "1"]),
        [office, date, _] => (office, date),
        [office, date, serial, _, ..] => return is_declaration(&[office, date, serial]),
        [] | [_] => return false,
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let almost = |text: &str| text.chars().all(|c| c.is_ascii_digit() || is_letter_like_digit(c));
    let office_fits = declaration::OFFICE_DIGITS.contains(&office.len());
    if !digits(office) || !almost(date) {
        return false;
    }
    let slashes = text.chars().filter(|c| *c == '/').count() == 2;
    if slashes && office_fits {
        return (5..=8).contains(&date.len());
    }
    // With other separators, or another office, the date must speak for it: notifications have parts too.
    let dated = is_declaration(&["00000", date, "1"]);
    dated || (date.len() == 6 && office_fits && office.len() > 2)
}

fn is_declaration(parts: &[&str]) -> bool {
    EaeuNumber::parse(&parts.join("/")).is_ok()
}

fn is_letter_like_digit(c: char) -> bool {
    LOOKALIKES.iter().any(|(letter, _)| c.eq_ignore_ascii_case(letter))
}

/// By the form of its letters and digits; `bare` is the text without separators.
fn by_form(text: &str, bare: &str) -> Option<DocumentNumber> {
    let spelling = Spelling::of(text);
    if bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return if spelling.solid { of_digits(text, bare) } else { None };
    }
    if spelling.is_box() && is_container(bare) {
        return Some(judge(Kind::Container, text));
    }
    if spelling.is_carnet() && is_carnet(bare) {
        return Some(judge(Kind::TirCarnet, text));
    }
    if !spelling.solid {
        return None;
    }
    transit_or_vehicle(bare).map(|kind| judge(kind, text))
}

fn of_digits(text: &str, digits: &str) -> Option<DocumentNumber> {
    match digits.len() {
        12 => Some(taxpayer(text)),
        10 => Some(judge(Kind::Inn, text)),
        7..=8 if TirCarnet::parse(digits).is_ok() => {
            let note = "digits alone: it may be a notification's number as well";
            Some(judge(Kind::TirCarnet, text).noting(note))
        }
        8 if digits >= "25000000" => {
            Some(judge(Kind::Notification, text).noting("a TIR carnet would have two letters from 25 000 000 on"))
        }
        _ => None,
    }
}

/// Twelve digits: a BIN or IIN of Kazakhstan, or the INN of a person of Russia. The check that passes decides; where
/// both or neither do, a possible month or day of birth speaks for Kazakhstan.
fn taxpayer(text: &str) -> DocumentNumber {
    let person = Iin::parse(text);
    let plausible = Bin::parse(text).is_ok() || person.as_ref().is_ok_and(Iin::is_plausible);
    let kind = if person.is_ok() { Kind::Iin } else { Kind::Bin };
    let (local, foreign) = (judge(kind, text), judge(Kind::Inn, text));
    let (name, one) = if person.is_ok() { ("IIN", "an IIN") } else { ("BIN", "a BIN") };
    let local_holds = matches!(local.check, Check::Valid | Check::Weak);
    let foreign_holds = foreign.check == Check::Valid;
    match (local_holds, foreign_holds, plausible) {
        (true, true, true) => {
            local.noting(format!("12 digits: the checks of {name} and INN both hold, {name} is taken"))
        }
        (true, true, false) => {
            foreign.noting(format!("12 digits: the checks of {name} and INN both hold, but as {name} it names no date"))
        }
        (true, false, _) => local.noting(format!("12 digits: the check of {one} holds, that of an INN doesn't")),
        (false, true, _) => foreign.noting(format!("12 digits: the check of an INN holds, that of {one} doesn't")),
        (false, false, true) => local.noting(format!("12 digits: neither the check of {one} nor that of an INN holds")),
        (false, false, false) => {
            foreign.noting(format!("12 digits: neither the check of an INN nor that of {one} holds"))
        }
    }
}

/// Four letters and seven digits, that but for look-alikes, or a box's number with a digit too many or too few.
fn is_container(bare: &str) -> bool {
    let digits = bare.trim_start_matches(|c: char| Class::Letter.holds(c));
    let letters = bare.len() - digits.len();
    let boxed = bare.chars().nth(3).is_some_and(|category| "UJZR".contains(category));
    let slipped = letters == 4 && boxed && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits(bare, container::SHAPE)
        || (slipped && matches!(digits.len(), 6 | 8))
        || matches!(Container::repair(bare), Repair::One(_))
}

/// Two letters and 8 or 9 digits; or letters with the X that carnets have, and a letter or a digit missing.
fn is_carnet(bare: &str) -> bool {
    let digits = bare.trim_start_matches(|c: char| Class::Letter.holds(c));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let (series, _) = bare.split_at_checked(bare.len() - digits.len()).unwrap_or_default();
    let slipped = matches!(series.len(), 1 | 2) && series.contains('X') && (7..=10).contains(&digits.len());
    TirCarnet::parse(bare).is_ok() || slipped
}

fn transit_or_vehicle(bare: &str) -> Option<Kind> {
    match bare.len() {
        18 if fits(bare, transit::MRN_SHAPE) || issued(bare) || repaired(&Mrn::repair(bare)) => Some(Kind::Mrn),
        24 if fits(bare, transit::GRN_VOUCHER_SHAPE) => Some(Kind::Grn),
        23..=25 if issued(bare) => Some(Kind::Grn),
        17 => seventeen(bare),
        16 | 19 if issued(bare) => Some(Kind::Mrn),
        _ => None,
    }
}

/// A guarantee or a vehicle, by the check that passes; else a guarantee where a country of common transit stands.
fn seventeen(bare: &str) -> Option<Kind> {
    let vehicle = Vin::parse(bare);
    let vehicle_holds = vehicle.as_ref().is_ok_and(|number| number.verdict().holds());
    let guarantee = fits(bare, transit::GRN_SHAPE);
    let guarantee_holds = Grn::parse(bare).is_ok_and(|number| number.verdict().holds());
    if guarantee_holds {
        return Some(Kind::Grn);
    }
    if vehicle_holds {
        return Some(Kind::Vin);
    }
    if issued(bare) {
        // Without a digit at the end it is rather a movement that lost its own.
        return Some(if guarantee { Kind::Grn } else { Kind::Mrn });
    }
    if vehicle.is_ok() || is_vehicle_with_slip(bare) {
        return Some(Kind::Vin);
    }
    (guarantee || repaired(&Grn::repair(bare))).then_some(Kind::Grn)
}

/// With the digits that I, O and Q are mistaken for, its check would hold.
fn is_vehicle_with_slip(bare: &str) -> bool {
    let mended: String = bare
        .chars()
        .map(|c| match c {
            'I' => '1',
            'O' | 'Q' => '0',
            _ => c,
        })
        .collect();
    fits(bare, vin::SHAPE) && Vin::parse(&mended).is_ok_and(|number| number.verdict() == Verdict::Valid)
}

/// Starts with a year and an administration of common transit.
fn issued(bare: &str) -> bool {
    let year = bare.get(..2).is_some_and(|year| fits(year, &[(Class::Digit, 2)]));
    year && bare.get(2..4).is_some_and(is_common_transit)
}

const fn repaired<T>(repair: &Repair<T>) -> bool {
    match repair {
        Repair::One(_) | Repair::Several => true,
        Repair::Holds(_) | Repair::None => false,
    }
}
