//! Plate templates at work: a slot settles what a reader can't tell.
//!
//! ```text
//!  O12ABC02 ─▶ which templates fit, twins (0/O 1/I 8/B 5/S 2/Z) taken for each other ─▶ 012ABC02 by KZ person-2012
//! ```
//!
//! Whether a template fits doesn't change when twins are swapped, so all readings of one plate that differ by twins
//! alone meet the same templates. One exception: a text that would be a plate as it stands, did its country issue a
//! number of zeros, isn't repaired into another plate of that country.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{self, Country, Reach, Standing, TemplateError, Zeros, places, runs};
use super::fold::Folded;
use super::glyph::{SYMBOLS, symbol, twin};
use super::pattern::{Set, Slot, Variant};
use super::shape::{Implied, Read, Shape, Symbols, UNKNOWN, bit, mark, pack, refused};

/// Characters of the longest plate.
pub const SLOTS_MAX: usize = 16;
/// Glyphs besides digits and Latin letters that the templates of a site may use together.
const GLYPHS_MAX: usize = 128 - SYMBOLS.len();
/// Countries and groups of countries with templates.
pub(super) const COUNTRIES_MAX: usize = 128;
/// Ways of writing a plate, over all countries.
const SHAPES_MAX: usize = 4_000;

/// Looks at the templates until a form stays.
const PASSES_MAX: usize = 3;

const EMBEDDED: &str = include_str!("../../../config/plates.toml");

/// The templates of all countries, made for speed.
#[derive(Debug, Clone)]
pub struct Templates {
    countries: Vec<Country>,
    /// A country's code, or one that it covers, to its place.
    by_code: BTreeMap<String, usize>,
    /// Symbols after those of `SYMBOLS`.
    glyphs: Vec<char>,
    /// Shapes by their number of characters.
    shapes: Vec<Vec<Shape>>,
}

/// A plate as one template has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled<'a> {
    /// ISO alpha-2, or the name of a group of countries.
    pub country: &'a str,
    /// The template's id within its country.
    pub template: &'a str,
    /// The text with every slot settled.
    pub plate: Folded,
    /// The text differs from what was read.
    pub repaired: bool,
    /// The template stands on a source.
    pub confirmed: bool,
    /// The template settles anything of its length: `country` may be a group.
    pub generic: bool,
}

impl Settled<'_> {
    /// A trailer's template: its id begins with `trailer` (docs/plates.md).
    #[must_use]
    pub fn is_trailer(&self) -> bool {
        self.template.starts_with("trailer")
    }
}

impl Templates {
    /// The templates that come with the program (`config/plates.toml`).
    ///
    /// # Panics
    /// Never in a program that passed its tests: they read the same text.
    #[must_use]
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).unwrap_or_else(|error| unreachable!("config/plates.toml: {error}"))
    }

    /// Templates of a text in the syntax of docs/plates.md.
    ///
    /// # Errors
    /// The first fault, with its line and what is expected.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        Self::of(file::read(text)?)
    }

    /// These templates and those of another text, whose countries replace the same ones here.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn extended_by(self, text: &str) -> Result<Self, TemplateError> {
        let own = file::read(text)?;
        let mut countries = self.countries;
        countries.retain(|country| own.iter().all(|other| other.code != country.code));
        countries.extend(own);
        Self::of(countries)
    }

    fn of(countries: Vec<Country>) -> Result<Self, TemplateError> {
        let mut by_code = BTreeMap::new();
        for (place, country) in countries.iter().enumerate() {
            by_code.extend(country.covers.iter().map(|code| (code.clone(), place)));
        }
        by_code.extend(countries.iter().enumerate().map(|(place, country)| (country.code.clone(), place)));
        let mut templates = Self { countries, by_code, glyphs: Vec::new(), shapes: vec![Vec::new(); SLOTS_MAX + 1] };
        templates.glyphs = templates.used_glyphs();
        let shapes = templates.compiled();
        for (what, count, most) in [
            ("countries", templates.countries.len(), COUNTRIES_MAX),
            ("glyphs", templates.glyphs.len(), GLYPHS_MAX),
            ("ways to write a plate", shapes.len(), SHAPES_MAX),
        ] {
            if count > most {
                return Err(TemplateError { line: 1, message: format!("{count} {what}: at most {most} can be used") });
            }
        }
        for shape in shapes {
            if let Some(same_length) = templates.shapes.get_mut(shape.places.len()) {
                same_length.push(shape);
            }
        }
        Ok(templates)
    }

    /// Every template that the plate fits, twins taken for each other: those it fits as it is come first, then in the
    /// file's order. A generic template tells nothing where another fits.
    ///
    /// `country` is ISO alpha-2; none, `00` and `99` ask for all countries, one without templates gives none.
    #[must_use]
    pub fn settle(&self, plate: &Folded, country: Option<&str>) -> Vec<Settled<'_>> {
        let Some(read) = self.read(plate) else { return Vec::new() };
        let mut found: Vec<Settled<'_>> = Vec::new();
        for reach in [Reach::Own, Reach::Generic] {
            for (shape, symbols) in self.fitting(&read, country, reach) {
                let Some(settled) = self.shown(plate, &read, shape, &symbols) else { continue };
                let known = |other: &Settled<'_>| {
                    (other.country, other.template, &other.plate) == (settled.country, settled.template, &settled.plate)
                };
                if !found.iter().any(known) {
                    found.push(settled);
                }
            }
            if !found.is_empty() {
                break;
            }
        }
        found.sort_by_key(|settled| settled.repaired);
        found
    }

    /// The one form of a plate for exact comparison and for the index.
    ///
    /// A text that a template takes as it is stays as it is. In any other, every character that all fitting templates
    /// settle alike is settled, and one on which they differ stays as it was read. So texts that differ only by
    /// settled twins come to one form, and the form of the form is itself.
    ///
    /// `country` as in [`Self::settle`]. Where it isn't known, a plate of a country without templates may be settled
    /// by another country's: look such a read up by its folded text too.
    #[must_use]
    pub fn canonical(&self, plate: &Folded, country: Option<&str>) -> Folded {
        let mut form = plate.clone();
        // What is settled may fit as it is, and then something may be put back.
        for _ in 0..PASSES_MAX {
            match self.settled(&form, country) {
                Some(further) => form = further,
                None => break,
            }
        }
        form
    }

    /// The form after one look at the templates; `None` when that is the plate itself.
    fn settled(&self, plate: &Folded, country: Option<&str>) -> Option<Folded> {
        let read = self.read(plate)?;
        let mut as_read: Option<Option<&Implied>> = None;
        let mut repaired: Option<(Symbols, Option<&Implied>)> = None;
        for (shape, symbols) in self.fitting(&read, country, Reach::Own) {
            let implied = shape.implied.as_ref();
            let agrees = |known: &&Implied| Some(*known) == implied;
            if symbols == read.own {
                as_read = Some(as_read.map_or(implied, |known| known.filter(agrees)));
                continue;
            }
            let Some((together, put_back)) = &mut repaired else {
                repaired = Some((symbols, implied));
                continue;
            };
            for ((place, other), own) in together.iter_mut().zip(symbols).zip(read.own) {
                if *place != other {
                    *place = own;
                }
            }
            *put_back = put_back.filter(agrees);
        }
        match (as_read, repaired) {
            (Some(Some(implied)), _) => Some(self.text(&read, &read.own, Some(implied))),
            (None, Some((symbols, implied))) if symbols != read.own => Some(self.text(&read, &symbols, implied)),
            (None | Some(None), Some(_) | None) => None,
        }
    }

    /// Whether there are templates for a country.
    #[must_use]
    pub fn knows(&self, country: &str) -> bool {
        self.by_code.contains_key(country.to_ascii_uppercase().as_str())
    }

    /// Every template: its country and its id, in the file's order.
    pub fn ids(&self) -> impl Iterator<Item = (&str, &str)> {
        self.countries
            .iter()
            .flat_map(|country| country.templates.iter().map(|template| (country.code.as_str(), template.id.as_str())))
    }

    fn fitting<'a, 'r>(
        &'a self,
        read: &'r Read<'r>,
        country: Option<&str>,
        reach: Reach,
    ) -> impl Iterator<Item = (&'a Shape, Symbols)> {
        let from = self.asked(country);
        let asked = self.shapes.get(read.len).into_iter().flatten();
        let asked = asked.filter(move |shape| shape.reach == reach && from.takes(shape.country));
        let refused = refused(asked.clone(), read);
        asked.filter_map(move |shape| {
            let symbols = shape.fit(read)?;
            (symbols == read.own || refused & mark(shape.country) == 0).then_some((shape, symbols))
        })
    }

    fn asked(&self, country: Option<&str>) -> Asked {
        let Some(country) = country.filter(|code| is_country(code)) else { return Asked::All };
        let place = self.by_code.get(country).or_else(|| self.by_code.get(country.to_ascii_uppercase().as_str()));
        place.map_or(Asked::Unknown, |place| Asked::One(*place))
    }

    fn read<'a>(&self, plate: &'a Folded) -> Option<Read<'a>> {
        let mut read = Read {
            text: plate.as_str(),
            len: 0,
            own: [UNKNOWN; SLOTS_MAX],
            twins: [UNKNOWN; SLOTS_MAX],
            either: [0; SLOTS_MAX],
        };
        for c in plate.as_str().chars() {
            let own = self.symbol(c).unwrap_or(UNKNOWN);
            let twin = twin(c).and_then(symbol).unwrap_or(own);
            *read.own.get_mut(read.len)? = own;
            *read.twins.get_mut(read.len)? = twin;
            *read.either.get_mut(read.len)? = bit(own) | bit(twin);
            read.len += 1;
        }
        Some(read)
    }

    fn symbol(&self, c: char) -> Option<u8> {
        let glyph = || {
            let place = self.glyphs.binary_search(&c).ok()?;
            u8::try_from(SYMBOLS.len() + place).ok()
        };
        symbol(c).or_else(glyph)
    }

    fn shown<'a>(
        &'a self,
        plate: &Folded,
        read: &Read<'_>,
        shape: &'a Shape,
        symbols: &Symbols,
    ) -> Option<Settled<'a>> {
        let country = self.countries.get(shape.country)?;
        let template = country.templates.get(shape.template)?;
        let repaired = *symbols != read.own || shape.implied.is_some();
        Some(Settled {
            country: &country.code,
            template: &template.id,
            plate: if repaired { self.text(read, symbols, shape.implied.as_ref()) } else { plate.clone() },
            repaired,
            confirmed: template.standing == Standing::Confirmed,
            generic: template.reach == Reach::Generic,
        })
    }

    /// Symbols that are as read keep the character that was read.
    fn text(&self, read: &Read<'_>, symbols: &Symbols, implied: Option<&Implied>) -> Folded {
        let chars = read.text.chars().zip(symbols.iter().zip(&read.own)).map(|(c, (symbol, own))| {
            if symbol == own { c } else { SYMBOLS.get(usize::from(*symbol)).copied().unwrap_or(c) }
        });
        match implied {
            None => Folded::of(chars),
            Some((at, back)) => {
                let (before, after) = (chars.clone().take(*at), chars.skip(*at));
                Folded::of(before.chain(back.chars()).chain(after))
            }
        }
    }

    fn used_glyphs(&self) -> Vec<char> {
        let mut glyphs = BTreeSet::new();
        for country in &self.countries {
            for variant in country.templates.iter().flat_map(|template| &template.variants) {
                glyphs.extend(places(variant, &country.regions).into_iter().flatten().filter(|c| symbol(*c).is_none()));
            }
        }
        glyphs.into_iter().collect()
    }

    fn compiled(&self) -> Vec<Shape> {
        let mut shapes = Vec::new();
        for (place, country) in self.countries.iter().enumerate() {
            for (number, template) in country.templates.iter().enumerate() {
                for variant in &template.variants {
                    shapes.push(Shape {
                        country: place,
                        template: number,
                        reach: template.reach,
                        places: places(variant, &country.regions).iter().map(|set| self.bits(set)).collect(),
                        regions: self.packed_regions(variant, &country.regions),
                        numbers: match template.zeros {
                            Zeros::Issued => Vec::new(),
                            Zeros::Never => runs(variant, &Slot::Digit),
                        },
                        implied: variant.implied.clone(),
                    });
                }
            }
        }
        shapes
    }

    fn bits(&self, set: &Set) -> u128 {
        set.iter().filter_map(|c| self.symbol(*c)).fold(0, |bits, symbol| bits | bit(symbol))
    }

    fn packed_regions(&self, variant: &Variant, regions: &BTreeSet<String>) -> Vec<(usize, usize, Vec<u32>)> {
        let all_of = |length: usize| {
            let of_length = regions.iter().filter(|region| region.chars().count() == length);
            let mut packed: Vec<u32> =
                of_length.map(|region| pack(region.chars().filter_map(|c| self.symbol(c)))).collect();
            packed.sort_unstable();
            packed
        };
        runs(variant, &Slot::Region).into_iter().map(|(start, length)| (start, length, all_of(length))).collect()
    }
}

/// Whose templates are asked.
#[derive(Clone, Copy)]
enum Asked {
    All,
    One(usize),
    /// A country without templates.
    Unknown,
}

impl Asked {
    fn takes(self, country: usize) -> bool {
        match self {
            Self::All => true,
            Self::One(only) => only == country,
            Self::Unknown => false,
        }
    }
}

/// Anything but two letters tells no country: `00` is unknown and `99` various (domain §1).
pub(super) fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic())
}
