//! One way of writing a plate, made for speed: a set of bits for each place.

use super::file::{REGION_MAX, Reach};
use super::templates::{COUNTRIES_MAX, SLOTS_MAX};

/// One way of writing a plate.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) country: usize,
    pub(super) template: usize,
    pub(super) reach: Reach,
    /// Which symbols may stand in each place: a bit each.
    pub(super) places: Vec<u128>,
    /// Regions by place and length, packed and sorted.
    pub(super) regions: Vec<(usize, usize, Vec<u32>)>,
    /// Numbers by place and length that are not all zeros.
    pub(super) numbers: Vec<(usize, usize)>,
    pub(super) implied: Option<Implied>,
}

/// What is put back, and before which place.
pub(super) type Implied = (usize, String);

/// A plate by symbols.
pub(super) struct Read<'a> {
    pub(super) text: &'a str,
    pub(super) len: usize,
    pub(super) own: Symbols,
    pub(super) twins: Symbols,
    /// The bits of both.
    pub(super) either: [u128; SLOTS_MAX],
}

pub(super) type Symbols = [u8; SLOTS_MAX];

/// No symbol of any template.
pub(super) const UNKNOWN: u8 = u8::MAX;
const ZERO: u8 = 0;

impl Shape {
    /// The symbols with every slot settled, if the plate fits.
    pub(super) fn fit(&self, read: &Read<'_>) -> Option<Symbols> {
        if self.places.iter().zip(&read.either).any(|(allowed, either)| allowed & either == 0) {
            return None;
        }
        let mut settled = read.own;
        for ((allowed, place), twin) in self.places.iter().zip(&mut settled).zip(&read.twins) {
            if allowed & bit(*place) == 0 {
                *place = *twin;
            }
        }
        let fits = self.has_region(&settled) && self.has_number(&settled);
        (fits && (self.reach == Reach::Own || read.is_mixed())).then_some(settled)
    }

    /// Every slot takes the symbol that was read.
    pub(super) fn takes(&self, read: &Read<'_>) -> bool {
        self.places.iter().zip(&read.own).all(|(allowed, symbol)| allowed & bit(*symbol) != 0)
    }

    pub(super) fn has_region(&self, symbols: &Symbols) -> bool {
        let known = |(start, length, known): &(usize, usize, Vec<u32>)| {
            known.binary_search(&pack(symbols.iter().skip(*start).take(*length).copied())).is_ok()
        };
        self.regions.iter().all(known)
    }

    pub(super) fn has_number(&self, symbols: &Symbols) -> bool {
        let counts =
            |(start, length): &(usize, usize)| symbols.iter().skip(*start).take(*length).any(|symbol| *symbol != ZERO);
        self.numbers.iter().all(counts)
    }
}

impl Read<'_> {
    /// A letter and a digit: what a generic template asks for.
    pub(super) fn is_mixed(&self) -> bool {
        let has = |kind: fn(char) -> bool| self.text.chars().any(kind);
        has(|c| c.is_ascii_digit()) && has(char::is_alphabetic)
    }
}

const _: () = assert!(REGION_MAX * 8 <= 32, "a region's code is packed into 32 bits");

pub(super) fn pack(symbols: impl Iterator<Item = u8>) -> u32 {
    // One more than the symbol, so that a shorter code is another number.
    symbols.fold(0, |packed, symbol| packed << 8 | (u32::from(symbol) + 1))
}

/// No bit for an unknown symbol.
pub(super) const fn bit(symbol: u8) -> u128 {
    if symbol == UNKNOWN { 0 } else { 1 << (symbol & 127) }
}

/// Countries that would take the text as it is, did they issue a number of zeros: such a text isn't repaired into
/// another plate of theirs (A000BC77 is no AO008C77 of Russia).
pub(super) fn refused<'a>(shapes: impl Iterator<Item = &'a Shape> + Clone, read: &Read<'_>) -> u128 {
    let countries =
        |shapes: &mut dyn Iterator<Item = &'a Shape>| shapes.fold(0, |all, shape| all | mark(shape.country));
    let as_read = |shape: &&Shape| shape.takes(read) && shape.has_region(&read.own);
    let counted = shapes.clone().filter(|shape| !shape.numbers.is_empty());
    let zeros = countries(&mut counted.filter(as_read).filter(|shape| !shape.has_number(&read.own)));
    if zeros == 0 {
        return 0;
    }
    zeros & !countries(&mut shapes.filter(as_read).filter(|shape| shape.has_number(&read.own)))
}

/// A bit for a country.
pub(super) const fn mark(country: usize) -> u128 {
    1 << (country % COUNTRIES_MAX)
}
