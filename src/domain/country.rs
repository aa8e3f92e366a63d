//! Countries as documents and plates name them: ISO 3166-1 alpha-2, and the codes that customs use beside it.

use serde::{Deserialize, Serialize};

use super::form::{Class, FormError, text_identifier, unframed};

/// Assigned alpha-2 codes (ISO 3166-1).
const ASSIGNED: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET \
    FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ \
    IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML \
    MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS \
    PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL \
    TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";
/// Codes that customs use beside ISO: the Union, Northern Ireland, Kosovo, Serbia before RS, and EL for Greece.
const CUSTOMS: &str = "EU XI XK XS EL";
/// Who issues movement reference numbers: the Union and the other parties of the common transit convention.
const COMMON_TRANSIT: &str = "AT BE BG CH CY CZ DE DK EE ES EU FI FR GB GE GR HR HU IE IS IT LI LT LU LV MD ME MK MT NL \
    NO PL PT RO RS SE SI SK TR UA XI AD SM XK XS EL";
/// Unknown.
const UNKNOWN: &str = "00";
/// Various.
const VARIOUS: &str = "99";

/// A vehicle's country: ISO alpha-2, `00` unknown, `99` various (domain §1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country(String);
text_identifier!(Country);

impl Country {
    /// Reads a code.
    ///
    /// # Errors
    /// When it is neither an assigned code nor `00` or `99`.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let code = unframed(text).to_ascii_uppercase();
        let known = is_country(&code) || code == UNKNOWN || code == VARIOUS;
        if known { Ok(Self(code)) } else { Err(FormError::Country(code)) }
    }

    /// It names one country.
    #[must_use]
    pub fn is_known(&self) -> bool {
        is_country(&self.0)
    }
}

/// Two letters that name a country, or what customs treat as one.
pub(super) fn is_country(code: &str) -> bool {
    listed(ASSIGNED, code) || listed(CUSTOMS, code)
}

/// The code of an administration that issues movement reference numbers.
pub(super) fn is_common_transit(code: &str) -> bool {
    listed(COMMON_TRANSIT, code)
}

fn listed(list: &str, code: &str) -> bool {
    code.len() == 2 && code.chars().all(|c| Class::Letter.holds(c)) && list.split(' ').any(|known| known == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_assigned_or_unknown_or_various() {
        for (written, known) in
            [("KZ", true), ("kz", true), (" GB\r\n", true), ("XI", true), ("00", false), ("99", false)]
        {
            assert_eq!(Country::parse(written).expect(written).is_known(), known, "{written}");
        }
        for bad in ["", "K", "ZZ", "KAZ", "QX", "12", "  ", "A ", "Z A", "КЗ"] {
            assert!(Country::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(ASSIGNED.split_whitespace().count(), 249, "ISO 3166-1 has as many");
        assert!(COMMON_TRANSIT.split_whitespace().all(is_country));
    }
}
