//! Number plates of the trucks that cross: Kazakhstan, Russia, Kyrgyzstan, Uzbekistan, China.

use crate::prng::Prng;

/// Letters of Russian plates, those that look the same in Latin and Cyrillic.
const RU_LETTERS: &[char] = &['A', 'B', 'E', 'K', 'M', 'H', 'O', 'P', 'C', 'T', 'Y', 'X'];
/// Letters of Chinese plates: no I, no O.
const CN_LETTERS: &[char] = &[
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y',
    'Z',
];
const LETTERS: &[char] = &[
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z',
];
/// Provinces whose trucks come over land: Xinjiang, Gansu, Shaanxi.
const CN_PROVINCES: &[char] = &['新', '甘', '陕'];
const RU_REGIONS: &[&str] = &["54", "55", "72", "74", "56", "77", "116", "163"];

/// Where a truck is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Country {
    /// Kazakhstan.
    Kz,
    /// Russia.
    Ru,
    /// Kyrgyzstan.
    Kg,
    /// Uzbekistan.
    Uz,
    /// China.
    Cn,
}

impl Country {
    /// In rough proportion to the traffic: half of it is domestic.
    const MIX: &[Self] = &[Self::Kz, Self::Kz, Self::Kz, Self::Kz, Self::Ru, Self::Ru, Self::Kg, Self::Uz, Self::Cn];

    /// Draws a country.
    pub fn draw(prng: &mut Prng) -> Self {
        prng.pick(Self::MIX)
    }

    /// ISO 3166-1 alpha-2.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Kz => "KZ",
            Self::Ru => "RU",
            Self::Kg => "KG",
            Self::Uz => "UZ",
            Self::Cn => "CN",
        }
    }

    /// Draws a tractor's plate in one of the country's templates.
    pub fn tractor(self, prng: &mut Prng) -> String {
        match self {
            Self::Kz => format!("{}{}{:02}", digits(prng, 3), letters(prng, LETTERS, 2), prng.between(1, 20)),
            Self::Ru => {
                let first = letters(prng, RU_LETTERS, 1);
                format!("{first}{}{}{}", digits(prng, 3), letters(prng, RU_LETTERS, 2), prng.pick(RU_REGIONS))
            }
            Self::Kg => format!("{:02}KG{}{}", prng.between(1, 9), digits(prng, 3), letters(prng, LETTERS, 3)),
            Self::Uz => {
                let region = prng.pick(&["01", "10", "20", "25", "30", "40", "50", "60", "70", "80", "90"]);
                format!("{region}{}{}{}", letters(prng, LETTERS, 1), digits(prng, 3), letters(prng, LETTERS, 2))
            }
            Self::Cn => format!("{}{}{}", prng.pick(CN_PROVINCES), letters(prng, CN_LETTERS, 1), digits(prng, 5)),
        }
    }

    /// Draws a trailer's plate in one of the country's templates.
    pub fn trailer(self, prng: &mut Prng) -> String {
        match self {
            Self::Kz => format!("{}{}{:02}", digits(prng, 2), letters(prng, LETTERS, 3), prng.between(1, 20)),
            Self::Ru => format!("{}{}{}", letters(prng, RU_LETTERS, 2), digits(prng, 4), prng.pick(RU_REGIONS)),
            Self::Kg => format!("{:02}KG{}PT", prng.between(1, 9), digits(prng, 3)),
            Self::Uz => format!("{:02}{}{}", prng.between(10, 90), letters(prng, LETTERS, 2), digits(prng, 4)),
            Self::Cn => format!("{}{}{}挂", prng.pick(CN_PROVINCES), letters(prng, CN_LETTERS, 1), digits(prng, 4)),
        }
    }
}

/// A serial of `count` digits; all zeros are never issued.
fn digits(prng: &mut Prng, count: usize) -> String {
    let highest = 10_u32.saturating_pow(u32::try_from(count).unwrap_or(1)).saturating_sub(1);
    format!("{:0count$}", prng.between(1, highest))
}

fn letters(prng: &mut Prng, from: &[char], count: usize) -> String {
    (0..count).map(|_| prng.pick(from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `#` a digit, `L` a letter, anything else itself.
    fn fits(plate: &str, template: &str) -> bool {
        plate.chars().count() == template.chars().count()
            && plate.chars().zip(template.chars()).all(|(have, want)| match want {
                '#' => have.is_ascii_digit(),
                'L' => have.is_ascii_uppercase(),
                other => have == other,
            })
    }

    #[test]
    fn plates_fit_the_templates_of_their_country() {
        let mut prng = Prng::new(42, 0);
        for _ in 0..200 {
            assert!(fits(&Country::Kz.tractor(&mut prng), "###LL##"));
            assert!(fits(&Country::Kz.trailer(&mut prng), "##LLL##"));
            let russian = Country::Ru.tractor(&mut prng);
            assert!(fits(&russian, "L###LL##") || fits(&russian, "L###LL###"), "{russian}");
            let russian = Country::Ru.trailer(&mut prng);
            assert!(fits(&russian, "LL######") || fits(&russian, "LL#######"), "{russian}");
            assert!(fits(&Country::Kg.tractor(&mut prng), "##KG###LLL"));
            assert!(fits(&Country::Kg.trailer(&mut prng), "##KG###PT"));
            assert!(fits(&Country::Uz.tractor(&mut prng), "##L###LL"));
            assert!(fits(&Country::Uz.trailer(&mut prng), "##LL####"));
            let chinese = Country::Cn.tractor(&mut prng);
            assert!(fits(chinese.trim_start_matches(CN_PROVINCES), "L#####"), "{chinese}");
            let chinese = Country::Cn.trailer(&mut prng);
            assert!(fits(chinese.trim_start_matches(CN_PROVINCES), "L####挂"), "{chinese}");
        }
    }
}
