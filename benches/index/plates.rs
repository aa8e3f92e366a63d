//! Made-up plates of the region, and what cameras and clerks make of them.

use std::collections::BTreeSet;

const LATIN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Letters that Russian plates have.
const RUSSIAN: &str = "ABEKMHOPCTYX";
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
const CHINESE: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";
const DIGITS: &str = "0123456789";

/// Templates with their share in a hundred: `#` a digit, `L` a Latin and `R` a Russian letter, `G` a province, `N` what
/// Chinese plates end in, `%` a region of Kazakhstan; the rest stands for itself.
const TRACTORS: [(u64, &str); 8] = [
    (22, "###LLL%"),
    (28, "###LL%"),
    (16, "R###RR##"),
    (6, "R###RR1##"),
    (9, "##L###LL"),
    (5, "#####LLL"),
    (6, "##KG###LLL"),
    (8, "GLNNNNN"),
];
const TRAILERS: [(u64, &str); 7] =
    [(45, "##LLL%"), (5, "##LL%"), (5, "%LL##"), (22, "RR######"), (10, "##LL####"), (5, "##KG###PT"), (8, "GLNNNN挂")];

/// Splitmix64: the same plates in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        u64::try_from((u128::from(self.next()) * u128::from(bound)) >> 64).expect("below the bound")
    }

    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(u64::try_from(len).expect("in range"))).expect("in range")
    }

    fn letter(&mut self, alphabet: &str) -> char {
        let at = self.index(alphabet.chars().count());
        alphabet.chars().nth(at).expect("a letter")
    }
}

/// Which end of the vehicle.
#[derive(Clone, Copy)]
pub(crate) enum End {
    Tractor,
    Trailer,
}

/// So many plates, each different.
pub(crate) fn different(random: &mut Random, end: End, count: usize) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut plates = Vec::with_capacity(count);
    while plates.len() < count {
        let plate = plate(random, end);
        if known.insert(plate.clone()) {
            plates.push(plate);
        }
    }
    plates
}

fn plate(random: &mut Random, end: End) -> String {
    let mut left = random.below(100);
    let templates: &[(u64, &str)] = match end {
        End::Tractor => &TRACTORS,
        End::Trailer => &TRAILERS,
    };
    let template = templates.iter().find(|(share, _)| {
        let found = left < *share;
        left = left.saturating_sub(*share);
        found
    });
    let mut plate = String::new();
    for part in template.map_or("", |(_, template)| template).chars() {
        match part {
            '#' => plate.push(random.letter(DIGITS)),
            'L' => plate.push(random.letter(LATIN)),
            'R' => plate.push(random.letter(RUSSIAN)),
            'G' => plate.push(random.letter(PROVINCES)),
            'N' => plate.push(random.letter(CHINESE)),
            '%' => plate.push_str(&format!("{:02}", random.below(20) + 1)),
            other => plate.push(other),
        }
    }
    plate
}

/// How a query differs from a plate that is there.
#[derive(Clone, Copy)]
pub(crate) enum Slip {
    None,
    Exchanged,
    LeftOut,
    PutIn,
    Swapped,
    /// A plate of no country, so that there is nothing near.
    Foreign,
}

pub(crate) const SLIPS: [(&str, Slip); 6] = [
    ("exact", Slip::None),
    ("one exchanged", Slip::Exchanged),
    ("one left out", Slip::LeftOut),
    ("one put in", Slip::PutIn),
    ("two swapped", Slip::Swapped),
    ("not there", Slip::Foreign),
];

pub(crate) fn misread(random: &mut Random, plate: &str, slip: Slip) -> String {
    let mut chars: Vec<char> = plate.chars().collect();
    let at = random.index(chars.len() - 1);
    match slip {
        Slip::None => {}
        Slip::Exchanged => chars[at] = random.letter(CHINESE),
        Slip::LeftOut => drop(chars.remove(at)),
        Slip::PutIn => chars.insert(at, random.letter(CHINESE)),
        Slip::Swapped => chars.swap(at, at + 1),
        Slip::Foreign => {
            chars = "QQ".chars().chain((0..5).map(|_| random.letter(DIGITS))).chain("WWW".chars()).collect();
        }
    }
    chars.into_iter().collect()
}
