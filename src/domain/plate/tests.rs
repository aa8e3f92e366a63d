//! Templates under test: every template of the file by its country, repairs, forms, faults.

use proptest::prelude::*;

use super::glyph::{SYMBOLS, twin};
use super::{Folded, Settled, TemplateError, Templates, fold};

fn settled<'a>(templates: &'a Templates, plate: &str, country: &str) -> Vec<Settled<'a>> {
    templates.settle(&fold(plate), Some(country))
}

fn form(templates: &Templates, plate: &str, country: Option<&str>) -> String {
    templates.canonical(&fold(plate), country).as_str().to_owned()
}

#[track_caller]
fn fits(templates: &Templates, country: &str, template: &str, plate: &str) {
    let found = settled(templates, plate, country);
    let own = found.iter().find(|settled| settled.template == template);
    let own = own.unwrap_or_else(|| panic!("{plate} is no {country} {template} but {found:?}"));
    assert!(!own.repaired, "{plate}: {own:?}");
    assert_eq!(own.plate, fold(plate), "{plate}");
    assert_eq!(form(templates, plate, Some(country)), fold(plate).as_str(), "a true plate is its own form");
    // A country without templates of its own has no say against another's repair.
    if country != "EU" {
        assert_eq!(form(templates, plate, None), fold(plate).as_str(), "also when its country is unknown");
    }
}

/// Country, template, plates as they are issued.
const ISSUED: &[(&str, &str, &[&str])] = &[
    ("KZ", "person-2012", &["123 ABC 02", "001AAA01", "999ZZZ20", "123JQW17"]),
    ("KZ", "organisation-2012", &["123 AB 02", "389BK01"]),
    ("KZ", "foreigner-2012", &["F 1234 02"]),
    ("KZ", "foreign-company-2012", &["H 1234 20"]),
    ("KZ", "person-1993", &["A 123 BCD", "A585CUO"]),
    ("KZ", "organisation-1993", &["Z 001 AA"]),
    ("KZ", "trailer-person", &["34 ABC 02"]),
    ("KZ", "trailer-organisation", &["34 AB 02"]),
    ("KZ", "trailer-region-first", &["02 AB 34"]),
    ("KZ", "trailer-rows", &["ABC 02 34"]),
    ("KZ", "diplomatic", &["D 123 456", "T001002"]),
    ("KZ", "honorary-consul", &["HC 0012"]),
    ("RU", "vehicle", &["А 123 ВС 77", "a123bc777", "х999хх199", "O001OO05"]),
    ("RU", "trailer", &["АВ 1234 77", "AB1234177"]),
    ("RU", "transit", &["АВ 123 С 77", "AB123C799"]),
    ("RU", "bus", &["АВ 123 77", "AB123777"]),
    ("RU", "diplomatic", &["001 D 123 77", "123T45677"]),
    ("RU", "ambassador", &["004 CD 1 77"]),
    ("BY", "car-2004", &["1234 AB-7", "0001 МІ-5", "7777XX1"]),
    ("BY", "truck-2004", &["AB 1234-7", "AH5678-0"]),
    ("BY", "trailer-2004", &["A 1234 B-7"]),
    ("BY", "electric-2020", &["E 123 AB-7"]),
    ("BY", "transit", &["BA 9886", "AB T 1234"]),
    ("BY", "transit-2026", &["BA BP 9886"]),
    ("KG", "person-2016", &["01 KG 123 ABC"]),
    ("KG", "organisation-2016", &["08 KG 123 AB"]),
    ("KG", "trailer-2016", &["01 KG 123 PT"]),
    ("KG", "foreigner-2016", &["01 KG 1234 H"]),
    ("KG", "1994", &["B 1234 AC", "B1234A"]),
    ("UZ", "person-2008", &["01 A 123 BC", "95Z999ZZ"]),
    ("UZ", "organisation-2008", &["01 123 ABC"]),
    ("UZ", "trailer", &["01 AB 1234"]),
    ("UZ", "trailer-rows", &["01 1234 AB"]),
    ("UZ", "foreigner", &["01 H 123456"]),
    ("UZ", "foreign-company", &["10 M 123456"]),
    ("UZ", "diplomatic", &["D 123456", "X 001002"]),
    ("UZ", "temporary", &["T 123456 01"]),
    ("TJ", "2010", &["1234 AB 01", "0001AA08"]),
    ("TJ", "state-2010", &["123 AB 01"]),
    ("TJ", "before-2010", &["AB 1234 01", "A 1234 02"]),
    ("TJ", "diplomatic", &["001 D 123"]),
    ("TM", "2009", &["AB 12 34 AG", "ZZ9999MR"]),
    ("TM", "1994", &["B 1234 LB"]),
    ("TM", "state", &["1234 AG A"]),
    ("TM", "foreigner", &["1 H 23456"]),
    ("TM", "foreigner-trailer", &["1 HT 23456"]),
    ("TM", "export-transit", &["TAB 1234"]),
    ("TM", "diplomatic", &["12 CD 345"]),
    ("AZ", "1993", &["10-AA-123", "99 ZZ 999"]),
    ("AZ", "foreigner", &["H 123 456"]),
    ("AZ", "diplomatic", &["007 D 020"]),
    ("AM", "person", &["01 AB 123"]),
    ("AM", "organisation", &["123 AB 01"]),
    ("AM", "trailer", &["1234 AB"]),
    ("GE", "2014", &["AB-123-CD", "QQ-001-QQ"]),
    ("GE", "trailer-2014", &["AB-123-C"]),
    ("GE", "temporary", &["GA-1234"]),
    ("GE", "before-2014", &["ABC-123"]),
    ("TR", "one-letter", &["34 A 1234", "06A12345"]),
    ("TR", "two-letters", &["34 AB 123", "34AB1234"]),
    ("TR", "three-letters", &["34 ABC 12", "81ABC123"]),
    ("CN", "vehicle", &["粤B·12345", "新A·8B5S2", "京A·ZZZZZ"]),
    ("CN", "trailer", &["新A1234挂"]),
    ("CN", "green-small", &["粤BD12345", "京AFA1234"]),
    ("CN", "green-large", &["新A12345F"]),
    ("CN", "cross-boundary", &["粤Z1234港", "粤ZAB12澳"]),
    ("EU", "generic", &["W 1234 AB", "HH AB 1234"]),
];

#[test]
fn every_template_takes_the_plates_that_are_issued() {
    let templates = Templates::embedded();
    for (country, template, plates) in ISSUED {
        for plate in *plates {
            fits(&templates, country, template, plate);
        }
    }
}

#[test]
fn every_template_of_the_file_is_tested() {
    for (country, template) in Templates::embedded().ids() {
        let tested = ISSUED.iter().any(|(code, id, _)| (*code, *id) == (country, template));
        assert!(tested, "{country} {template} has no plate in the table");
    }
}

#[test]
fn slots_settle_a_digit_and_a_letter_of_one_shape() {
    let templates = Templates::embedded();
    for (country, template, read, plate) in [
        ("KZ", "person-2012", "O12ABC02", "012ABC02"),
        ("KZ", "person-2012", "I23A8COZ", "123ABC02"),
        ("KZ", "person-2012", "BSZ8520Z", "852BSZ02"),
        ("KZ", "person-1993", "0I2381S", "O123BIS"),
        ("RU", "vehicle", "01238C77", "O123BC77"),
        ("RU", "trailer", "B01Z3477", "BO123477"),
        ("BY", "truck-2004", "A8123S7", "AB12357"),
        ("KG", "person-2016", "0IKG123A8C", "01KG123ABC"),
        ("UZ", "person-2008", "O1A12380", "01A123BO"),
        ("TJ", "2010", "12348001", "1234BO01"),
        ("TM", "2009", "AB12341B", "AB1234LB"),
        ("AM", "person", "O1A8123", "01AB123"),
        ("GE", "2014", "A8I23CD", "AB123CD"),
        ("TR", "two-letters", "E4A8123", "E4A8123"),
        ("TR", "two-letters", "34A8IZ3", "34AB123"),
        ("CN", "vehicle", "粤8O1234", "粤B01234"),
    ] {
        let found = settled(&templates, read, country);
        let own = found.iter().find(|settled| settled.template == template);
        match own {
            Some(own) => {
                assert!(own.repaired, "{read}");
                assert_eq!(own.plate.as_str(), plate, "{read}");
            }
            // 1 is no L and E no 3: that is a confusion, which costs.
            None => assert!(["AB12341B", "E4A8123"].contains(&read), "{read} is no {country} {template}: {found:?}"),
        }
    }
}

#[test]
fn what_no_template_issues_fits_none() {
    let templates = Templates::embedded();
    for (country, plate) in [
        ("KZ", "123ABC21"),
        ("KZ", "123ABC00"),
        ("KZ", "1234ABC02"),
        ("KZ", "G123ABC"),
        // With one more repair it would be the transit plate AO008C77.
        ("RU", "A000BC77"),
        ("RU", "A123BC00"),
        ("RU", "A123BC077"),
        ("RU", "D123BC77"),
        ("BY", "1234AB8"),
        ("BY", "1234ZZ7"),
        ("UZ", "00A123BC"),
        ("TM", "AB1234XX"),
        ("TR", "82AB123"),
        ("TR", "34AB000"),
        ("TR", "34QX123"),
        ("CN", "粤I12345"),
        ("CN", "港B12345"),
        ("CN", "粤BL12345"),
        ("EU", "ABCDEF"),
        ("EU", "123456"),
        ("KZ", ""),
        ("KZ", "挂"),
        ("KZ", "12345678901234567"),
    ] {
        assert_eq!(settled(&templates, plate, country), [], "{country} {plate}");
        assert_eq!(form(&templates, plate, Some(country)), fold(plate).as_str());
    }
}

#[test]
fn without_a_country_the_form_is_what_all_templates_agree_on() {
    let templates = Templates::embedded();
    for (read, country, plate) in [
        ("O12ABC02", None, "012ABC02"),
        ("О12АВС02", None, "012ABC02"),
        ("A1Z3BC77", None, "A123BC77"),
        // A plate of Azerbaijan or Armenia: both read it alike.
        ("9OAA123", None, "90AA123"),
        // 1238CD02 of Tajikistan or 123BCD02 of Kazakhstan: the fourth character stays as it was read.
        ("123BCD02", None, "123BCD02"),
        ("1238CD02", None, "1238CD02"),
        ("I23BCD0Z", None, "123BCD02"),
        ("I238CD0Z", None, "1238CD02"),
        ("1238CD02", Some("KZ"), "123BCD02"),
        ("123BCD02", Some("TJ"), "1238CD02"),
        ("1238CD02", Some("kz"), "123BCD02"),
        // A trailer as it is, or an organisation's 125AB02.
        ("12SAB02", Some("KZ"), "12SAB02"),
        // Austria has no templates of its own; Georgia's fit.
        ("W1234AB", None, "WI234AB"),
        ("W1234AB", Some("AT"), "W1234AB"),
        // What tells no country asks for all, an unknown country for none.
        ("O12ABC02", Some("00"), "012ABC02"),
        ("O12ABC02", Some("99"), "012ABC02"),
        ("O12ABC02", Some("KAZ"), "012ABC02"),
        ("O12ABC02", Some("MN"), "O12ABC02"),
        ("O12ABC02", Some("PL"), "O12ABC02"),
    ] {
        assert_eq!(form(&templates, read, country), plate, "{read} {country:?}");
    }
}

#[test]
fn letters_that_are_printed_but_not_read_are_put_back_when_all_agree() {
    let templates = Templates::embedded();
    assert_eq!(form(&templates, "01 123 ABC", Some("KG")), "01KG123ABC");
    // O1123AB of 1994 would need a repair, this is one as it is.
    assert_eq!(form(&templates, "01 123 AB", Some("KG")), "01KG123AB");
    assert_eq!(form(&templates, "01 KG 123 ABC", None), "01KG123ABC");
    assert_eq!(form(&templates, "01 I23 AB", Some("KG")), "01KG123AB");
    // It may be one of Uzbekistan: nothing is put back, the slots that both agree on are settled.
    assert_eq!(form(&templates, "O1 123 ABC", None), "01123ABC");
    let found = templates.settle(&fold("01123ABC"), Some("KG"));
    assert_eq!((found[0].plate.as_str(), found[0].repaired), ("01KG123ABC", true));
}

#[test]
fn a_generic_template_tells_nothing_where_another_fits() {
    let templates = Templates::embedded();
    let told = |plate| templates.settle(&fold(plate), None).iter().map(|found| found.country).collect::<Vec<_>>();
    assert_eq!(told("123ABC02"), ["KZ"]);
    assert_eq!(told("99AA123"), ["AZ", "AM"]);
    assert_eq!(told("GJ37NXC"), ["EU"]);
    let covered = templates.settle(&fold("123ABC02"), Some("PL"));
    assert_eq!((covered[0].country, covered[0].template, covered[0].confirmed), ("EU", "generic", false));
}

#[test]
fn what_fits_as_it_is_comes_before_what_was_repaired() {
    let templates = Templates::embedded();
    let found = templates.settle(&fold("1238CD02"), None);
    let told: Vec<_> = found.iter().map(|found| (found.country, found.repaired)).collect();
    assert_eq!(told.first(), Some(&("TJ", false)), "{told:?}");
    assert!(told.contains(&("KZ", true)), "{told:?}");
}

const OWN: &str = "
[[country]]
code = \"MN\"
source = \"a photograph\"
template = [{ id = \"car\", plate = \"####LLL\" }]
";

#[test]
fn a_site_adds_and_replaces_countries_by_its_own_file() {
    let templates = Templates::embedded().extended_by(OWN).expect("read");
    assert_eq!(form(&templates, "1234YBB", Some("MN")), "1234YBB");
    assert_eq!(form(&templates, "IZ34Y88", Some("MN")), "1234YBB");
    assert_eq!(form(&templates, "O12ABC02", Some("KZ")), "012ABC02");
    let poland = OWN.replace("MN", "PL");
    let templates = templates.extended_by(&poland).expect("read");
    assert_eq!(form(&templates, "IZ34Y88", Some("PL")), "1234YBB", "its own templates come before the generic ones");
    let other = OWN.replace("MN", "KZ");
    let templates = templates.extended_by(&other).expect("read");
    assert_eq!(form(&templates, "O12ABC02", Some("KZ")), "O12ABC02");
    assert_eq!(form(&templates, "IZ34Y88", Some("KZ")), "1234YBB");
    assert!(templates.knows("mn") && !templates.knows("JP"));
}

#[test]
fn a_faulty_file_names_the_line_and_what_is_expected() {
    for (text, line, message) in [
        ("", 1, "missing field `country`"),
        ("[[country]]\ncode = 7\n", 2, "expected a string"),
        ("[[country]]\ncode = \"KZ\"\n", 1, "missing field `template`"),
        ("\n[[country]]\ncode = \"KAZ\"\ntemplate = []\n", 3, "`KAZ` is no country: expected ISO alpha-2"),
        ("[[country]]\ncode = \"KZ\"\nletter = \"A\"\ntemplate = []\n", 3, "unknown field `letter`"),
        ("[[country]]\ncode = \"KZ\"\nletters = \"а\"\ntemplate = []\n", 3, "`а` is on no folded plate"),
        ("[[country]]\ncode = \"KZ\"\nsets = { r = \"A\" }\ntemplate = []\n", 3, "`r` can't name a set"),
        ("[[country]]\ncode = \"KZ\"\nregions = [\"1-20\"]\ntemplate = []\n", 3, "1-20 is no range"),
        ("[[country]]\ncode = \"KZ\"\nregions = [\"00001\"]\ntemplate = []\n", 3, "at most 4 characters"),
        ("[[country]]\ncode = \"KZ\"\nregions = [\"\"]\ntemplate = []\n", 3, "a code is empty"),
        (
            "[[country]]\ncode = \"KZ\"\ntemplate = [\n  { id = \"a\", plate = \"#\" },\n]\n",
            4,
            "KZ a: say where it is from (source = \"…\"), or confirmed = false",
        ),
        (
            "[[country]]\ncode = \"KZ\"\nsource = \"s\"\ntemplate = [\n  { id = \"a\", plate = \"#\" },\n  \
             { id = \"b\", plate = \"#rr\" },\n]\n",
            6,
            "KZ b: the country has no regions of 2 characters",
        ),
        (
            "[[country]]\ncode = \"KZ\"\nsource = \"s\"\ntemplate = [\n  { id = \"a\", plate = \"#q\" },\n]\n",
            5,
            "KZ a: `q` at character 2: the country's sets don't name it",
        ),
        (
            "[[country]]\ncode = \"KZ\"\nsource = \"s\"\ntemplate = [\n  { id = \"a\", plate = \"#\" },\n  \
             { id = \"a\", plate = \"##\" },\n]\n",
            6,
            "KZ has two templates `a`",
        ),
        (
            "[[country]]\ncode = \"KZ\"\ntemplate = []\n[[country]]\ncode = \"KZ\"\ntemplate = []\n",
            5,
            "the country KZ comes twice",
        ),
        ("[[country]\n", 1, "]"),
    ] {
        let TemplateError { line: at, message: told } = Templates::parse(text).expect_err(text);
        assert_eq!(at, line, "{text}{told}");
        assert!(told.contains(message), "{text}{told}");
    }
}

#[test]
fn more_glyphs_than_fit_are_refused() {
    let glyphs: String = ('一'..).take(100).collect();
    let text = format!(
        "[[country]]\ncode = \"ZZ\"\nsets = {{ p = \"{glyphs}\" }}\nsource = \"s\"\ntemplate = [{{ id = \"a\", plate = \"p#\" }}]\n"
    );
    let error = Templates::parse(&text).expect_err("too many");
    assert!(error.message.contains("100 glyphs: at most 92"), "{error}");
}

/// The text is a plate that its country doesn't issue, so it isn't repaired.
fn refused_as_read(templates: &Templates, read: &Folded, country: &str) -> bool {
    templates.settle(read, Some(country)).iter().all(|found| !found.repaired)
}

/// A plate of the table with its twins swapped wherever `swaps` says so.
fn swapped(plate: &Folded, swaps: u32) -> Folded {
    let text: String = plate
        .as_str()
        .chars()
        .enumerate()
        .map(|(at, c)| twin(c).filter(|_| swaps >> at & 1 == 1).unwrap_or(c))
        .collect();
    fold(&text)
}

fn issued() -> impl Strategy<Value = (&'static str, Folded)> {
    let all: Vec<_> =
        ISSUED.iter().flat_map(|(country, _, plates)| plates.iter().map(|plate| (*country, fold(plate)))).collect();
    proptest::sample::select(all)
}

fn country() -> impl Strategy<Value = Option<&'static str>> {
    proptest::sample::select(vec![
        None,
        Some("KZ"),
        Some("RU"),
        Some("BY"),
        Some("KG"),
        Some("UZ"),
        Some("CN"),
        Some("PL"),
    ])
}

thread_local! {
    static EMBEDDED: Templates = Templates::embedded();
}

proptest! {
    #[test]
    fn settling_twice_is_settling_once(plate in "[0-9A-Z]{4,10}|[京粤新][A-Z][0-9A-Z]{5,6}", country in country()) {
        EMBEDDED.with(|templates| {
            let plate = fold(&plate);
            for once in templates.settle(&plate, country) {
                let again = templates.settle(&once.plate, country);
                let same = again.iter().find(|found| (found.country, found.template) == (once.country, once.template));
                prop_assert!(same.is_some_and(|same| same.plate == once.plate && !same.repaired), "{:?} {:?}", once, again);
            }
            let form = templates.canonical(&plate, country);
            prop_assert_eq!(templates.canonical(&form, country), form);
            Ok(())
        })?;
    }

    #[test]
    fn readings_that_differ_by_twins_meet_the_same_templates((code, plate) in issued(), swaps in any::<u32>()) {
        EMBEDDED.with(|templates| {
            let read = swapped(&plate, swaps);
            if refused_as_read(templates, &read, code) {
                return Ok(());
            }
            let met = |plate: &Folded| -> Vec<(String, String)> {
                let mut met: Vec<_> = templates.settle(plate, Some(code)).iter()
                    .map(|found| (found.country.to_owned(), found.template.to_owned())).collect();
                met.sort();
                met
            };
            prop_assert_eq!(met(&read), met(&plate));
            Ok(())
        })?;
    }

    #[test]
    fn a_repair_never_makes_another_plate_than_one_that_fits((code, plate) in issued(), swaps in any::<u32>()) {
        EMBEDDED.with(|templates| {
            let read = swapped(&plate, swaps);
            let form = templates.canonical(&read, Some(code));
            let fitting: Vec<_> = templates.settle(&read, Some(code)).into_iter().map(|found| found.plate).collect();
            match fitting.as_slice() {
                [] => prop_assert_eq!(form, read),
                [first, rest @ ..] if rest.iter().all(|other| other == first) => prop_assert_eq!(&form, first),
                _ => {
                    let agreed = |at: usize, c: char| fitting.iter().all(|plate| plate.as_str().chars().nth(at) == Some(c));
                    let kept = read.as_str().chars().zip(form.as_str().chars()).enumerate()
                        .all(|(at, (before, after))| before == after || agreed(at, after));
                    prop_assert!(kept || fitting.contains(&form), "{:?} {:?} {:?}", read, form, fitting);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn nothing_panics(plate in "\\PC{0,24}", at in 0_usize..36, code in "\\PC{0,3}") {
        EMBEDDED.with(|templates| {
            let plate = fold(&format!("{plate}{}", SYMBOLS[at]));
            prop_assert!(templates.settle(&plate, Some(&code)).len() < 100);
            prop_assert!(!templates.canonical(&plate, Some(&code)).is_empty());
            Ok(())
        })?;
    }

    #[test]
    fn any_text_is_templates_or_a_fault(text in "\\PC{0,60}", pattern in "[#Lr()<>\\[\\]A-F0-9挂-]{0,20}", regions in "[0-9A-]{0,6}") {
        let file = format!(
            "[[country]]\ncode = \"ZZ\"\nregions = [\"{regions}\"]\ntemplate = [{{ id = \"a\", plate = \"{pattern}\", confirmed = false }}]\n"
        );
        for text in [text, file] {
            if let Err(error) = Templates::parse(&text) {
                prop_assert!(error.line >= 1);
            }
        }
    }
}
