//! How plate readers go wrong: a noise model with a confusion matrix, losses, insertions and other scripts.
//!
//! Rates are per character where not said otherwise, in ten-thousandths. They are those of a dirty winter week, not of
//! a clean test bench; the glyphs that are taken for each other are those of domain §2, written down here a second
//! time, because a simulator that shares a table with what it tests shows nothing.

use crate::prng::Prng;

/// Glyphs that a reader takes for each other.
const CONFUSED: [&str; 15] =
    ["0ODQ", "1ILT", "8B", "5S", "2Z", "6G", "4A", "7TY", "CG", "MNW", "UV", "PRF", "EF", "KX", "HN"];
/// Latin letters and the Cyrillic ones that look the same.
const SCRIPTS: [(char, char); 12] = [
    ('A', 'А'),
    ('B', 'В'),
    ('E', 'Е'),
    ('K', 'К'),
    ('M', 'М'),
    ('H', 'Н'),
    ('O', 'О'),
    ('P', 'Р'),
    ('C', 'С'),
    ('T', 'Т'),
    ('Y', 'У'),
    ('X', 'Х'),
];
const ANY: &[char] = &[
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N',
    'P', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
];

/// How often what goes wrong, in ten-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noise {
    /// A glyph is taken for one that looks like it.
    pub confused: u32,
    /// A glyph is taken for any other.
    pub other: u32,
    /// A glyph is lost.
    pub lost: u32,
    /// A glyph comes in between.
    pub inserted: u32,
    /// A read comes in the other script.
    pub script: u32,
    /// A read comes with spaces, hyphens or small letters.
    pub format: u32,
    /// The rear plate isn't read at all.
    pub rear_unread: u32,
    /// The trailer is another one than was notified.
    pub trailer_swapped: u32,
}

impl Noise {
    /// A dirty week: about one plate in seven is misread somewhere.
    pub const DIRTY: Self = Self {
        confused: 120,
        other: 15,
        lost: 20,
        inserted: 10,
        script: 2_000,
        format: 2_000,
        rear_unread: 200,
        trailer_swapped: 100,
    };

    /// One read of a plate.
    #[must_use]
    pub fn read(&self, plate: &str, prng: &mut Prng) -> String {
        let mut read = String::with_capacity(plate.len() + 4);
        for glyph in plate.chars() {
            if happens(self.inserted, prng) {
                read.push(prng.pick(ANY));
            }
            if happens(self.lost, prng) {
                continue;
            }
            if happens(self.confused, prng) {
                read.push(confused(glyph, prng));
            } else if happens(self.other, prng) {
                read.push(prng.pick(ANY));
            } else {
                read.push(glyph);
            }
        }
        let read = if happens(self.script, prng) { in_cyrillic(&read) } else { read };
        if happens(self.format, prng) { formatted(&read, prng) } else { read }
    }
}

/// Whether something of that rate happens now.
pub fn happens(ten_thousandths: u32, prng: &mut Prng) -> bool {
    prng.between(1, 10_000) <= ten_thousandths
}

fn confused(glyph: char, prng: &mut Prng) -> char {
    let alike: Vec<char> = CONFUSED
        .into_iter()
        .filter(|class| class.contains(glyph))
        .flat_map(|class| class.chars().filter(move |other| *other != glyph))
        .collect();
    if alike.is_empty() { glyph } else { prng.pick(&alike) }
}

fn in_cyrillic(plate: &str) -> String {
    let other = |glyph| SCRIPTS.into_iter().find(|(latin, _)| *latin == glyph).map_or(glyph, |(_, cyrillic)| cyrillic);
    plate.chars().map(other).collect()
}

fn formatted(plate: &str, prng: &mut Prng) -> String {
    let separator = prng.pick(&[" ", "-", "·", "."]);
    let mut formatted = String::new();
    let mut before: Option<char> = None;
    for glyph in plate.chars() {
        if before.is_some_and(|before| before.is_ascii_digit() != glyph.is_ascii_digit()) {
            formatted.push_str(separator);
        }
        formatted.push(glyph);
        before = Some(glyph);
    }
    formatted.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_reader_reads_what_is_there() {
        let quiet = Noise {
            confused: 0,
            other: 0,
            lost: 0,
            inserted: 0,
            script: 0,
            format: 0,
            rear_unread: 0,
            trailer_swapped: 0,
        };
        let mut prng = Prng::new(1, 0);
        assert_eq!(quiet.read("123ABC02", &mut prng), "123ABC02");
    }

    #[test]
    fn about_one_plate_in_seven_is_misread_in_a_dirty_week() {
        let mut prng = Prng::new(1, 0);
        let plain = Noise { script: 0, format: 0, ..Noise::DIRTY };
        let wrong = (0..10_000).filter(|_| plain.read("123ABC02", &mut prng) != "123ABC02").count();
        assert!((800..1_800).contains(&wrong), "{wrong} of 10,000");
    }

    #[test]
    fn a_confused_glyph_looks_like_the_true_one() {
        let mut prng = Prng::new(2, 0);
        for _ in 0..100 {
            assert!("ODQ".contains(confused('0', &mut prng)));
            assert_eq!(confused('9', &mut prng), '9', "nothing looks like it");
        }
    }
}
