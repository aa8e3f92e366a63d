use proptest::prelude::*;

use super::*;

/// What a kiosk reads, what it is, how it prints, its check.
const VECTORS: &[(&str, &str, &str, &str)] = &[
    ("CSQU3054383", "container", "CSQU3054383", "valid"),
    ("MSKU2666542", "container", "MSKU2666542", "valid"),
    ("POCU0301243", "container", "POCU0301243", "valid"),
    ("TASU1170000", "container", "TASU1170000", "weak"),
    ("CSQU3054384", "container", "CSQU3054384", "invalid"),
    ("CRXU1170874", "container", "CRXU1170874", "invalid"),
    ("]C1csqu 305438 3\r\n", "container", "CSQU3054383", "valid"),
    ("CSQU-305438-3", "container", "CSQU3054383", "valid"),
    ("CSQU305438/3", "container", "CSQU3054383", "valid"),
    ("CSQX3054383", "container", "CSQX3054383", "invalid"),
    ("CSQU305438", "container", "CSQU305438", "invalid"),
    ("CSQU30543833", "container", "CSQU30543833", "invalid"),
    ("CSQU3O54383", "container", "CSQU3O54383", "invalid"),
    ("22ITZXBZYUTJFLJXK6", "mrn", "22ITZXBZYUTJFLJXK6", "valid"),
    ("24GB000246J8NY33L7", "mrn", "24GB000246J8NY33L7", "valid"),
    ("24 gb 000246j8ny33l7", "mrn", "24GB000246J8NY33L7", "valid"),
    ("24GBQ4OPL9LU18CNZ7", "mrn", "24GBQ4OPL9LU18CNZ7", "valid"),
    ("22DK1V0QQK2S6J7TU2", "mrn", "22DK1V0QQK2S6J7TU2", "invalid"),
    ("22ZZZXBZYUTJFLJXK6", "mrn", "22ZZZXBZYUTJFLJXK6", "invalid"),
    ("22ITZXBZYUTJFLJXK", "mrn", "22ITZXBZYUTJFLJXK", "invalid"),
    ("22ITZXBZYUTJFLJXK66", "mrn", "22ITZXBZYUTJFLJXK66", "invalid"),
    ("22ITZXBZYUTJFLJXKG", "mrn", "22ITZXBZYUTJFLJXKG", "invalid"),
    ("24GB0000010000295", "grn", "24GB0000010000295", "valid"),
    ("24GB0000010000295A001017", "grn", "24GB0000010000295A001017", "valid"),
    ("24GB0000010000295A00101", "grn", "24GB0000010000295A00101", "invalid"),
    ("25GB0000010000295", "grn", "25GB0000010000295", "invalid"),
    ("55302/150324/0000123", "eaeu_declaration", "55302/150324/0000123", "unchecked"),
    ("55302/150324/123", "eaeu_declaration", "55302/150324/0000123", "unchecked"),
    ("10012020-150324-0000123", "eaeu_declaration", "10012020/150324/0000123", "unchecked"),
    ("55302 150324 0000123", "eaeu_declaration", "55302/150324/0000123", "unchecked"),
    ("12/290224/1", "eaeu_declaration", "12/290224/0000001", "unchecked"),
    ("5530/150324/0000123", "eaeu_declaration", "5530/150324/0000123", "invalid"),
    ("55302/310224/0000123", "eaeu_declaration", "55302/310224/0000123", "invalid"),
    ("55302/15032024/0000123", "eaeu_declaration", "55302/15032024/0000123", "invalid"),
    ("55302/15O324/0000123", "eaeu_declaration", "55302/15O324/0000123", "invalid"),
    ("55302/150324/0000123/1", "eaeu_declaration", "55302/150324/0000123/1", "invalid"),
    ("55302/150324/", "eaeu_declaration", "55302/150324/", "invalid"),
    ("55302/150324/12345678", "eaeu_declaration", "55302/150324/12345678", "invalid"),
    ("XW44062317", "tir_carnet", "XW44062317", "unchecked"),
    ("xw-44062317", "tir_carnet", "XW44062317", "unchecked"),
    ("24999999", "tir_carnet", "24999999", "unchecked"),
    ("X7258126", "tir_carnet", "X7258126", "invalid"),
    ("XW4406231", "tir_carnet", "XW4406231", "invalid"),
    ("940140000385", "bin", "940140000385", "valid"),
    ("240440000300", "bin", "240440000300", "valid"),
    ("240440000312", "bin", "240440000312", "valid"),
    ("240440000350", "bin", "240440000350", "invalid"),
    ("240440000359", "bin", "240440000359", "invalid"),
    ("821214240092", "iin", "821214240092", "invalid"),
    ("000000000000", "inn", "000000000000", "invalid"),
    ("1234567894", "inn", "1234567894", "valid"),
    ("7707083893", "inn", "7707083893", "valid"),
    ("123456789047", "inn", "123456789047", "valid"),
    ("1234567895", "inn", "1234567895", "invalid"),
    ("123456789037", "inn", "123456789037", "invalid"),
    ("1M8GDM9AXKP042788", "vin", "1M8GDM9AXKP042788", "valid"),
    ("WMA06XZZ9FM123456", "vin", "WMA06XZZ9FM123456", "unchecked"),
    ("1M8GDM9AXKPO42788", "vin", "1M8GDM9AXKPO42788", "invalid"),
    ("PN-2026-000123", "notification", "PN-2026-000123", "unchecked"),
    ("pn-9", "notification", "pn-9", "unchecked"),
    ("2026-001234-01", "notification", "2026-001234-01", "unchecked"),
    ("2024-001234", "notification", "2024-001234", "unchecked"),
    ("25000000", "notification", "25000000", "unchecked"),
    ("2026/0012/01/02", "notification", "2026/0012/01/02", "unchecked"),
    ("12/290224", "notification", "12/290224", "unchecked"),
    ("", "unknown", "", "invalid"),
    (" \r\n", "unknown", "", "invalid"),
    ("hello, world", "unknown", "hello, world", "invalid"),
    ("...", "unknown", "...", "invalid"),
    ("PN-1\nPN-2", "unknown", "PN-1\nPN-2", "invalid"),
];

#[test]
fn a_scan_is_known_by_its_form() {
    for (read, kind, canonical, check) in VECTORS {
        let number = DocumentNumber::recognise(read);
        let check_name = check_name(number.check);
        let found = (number.kind.as_str(), number.canonical.as_str(), check_name.as_str());
        assert_eq!(found, (*kind, *canonical, *check), "{read}: {:?}", number.note);
        assert!(number.check != Check::Invalid || number.note.is_some(), "{read}: invalid without a reason");
    }
}

#[test]
fn asked_for_its_own_kind_a_scan_is_the_same() {
    for (read, kind, canonical, check) in VECTORS {
        let Some(kind) = Kind::from_name(kind) else { continue };
        let number = DocumentNumber::check_as(kind, read);
        let check_name = check_name(number.check);
        let found = (number.kind, number.canonical.as_str(), check_name.as_str());
        assert_eq!(found, (kind, *canonical, *check), "{read}: {:?}", number.note);
    }
}

#[test]
fn a_scan_and_its_print_are_one_number() {
    for (read, _, canonical, check) in VECTORS {
        if *check != "invalid" {
            assert_eq!(crate::domain::number_key(read), crate::domain::number_key(canonical), "{read}");
        }
    }
}

#[test]
fn a_wrong_check_digit_names_the_right_one() {
    for (read, expected) in [
        ("CSQU3054384", Some("3")),
        ("CRXU1170874", Some("0")),
        ("22DK1V0QQK2S6J7TU2", Some("1")),
        ("25GB0000010000295", Some("7")),
        ("940140000384", Some("5")),
        ("1234567895", Some("4")),
        ("123456789037", Some("47")),
        ("821214240092", None),
        ("240440000350", None),
        ("CSQU3054383", None),
        ("WMA06XZZ9FM123456", None),
    ] {
        assert_eq!(DocumentNumber::recognise(read).expected.as_deref(), expected, "{read}");
    }
}

#[test]
fn what_is_not_of_the_asked_kind_is_invalid_and_says_why() {
    for (kind, read, why) in [
        (Kind::Container, "22ITZXBZYUTJFLJXK6", "18 characters where 11"),
        (Kind::Container, "22ITZXBZYUTJFLJXK6", "it is a valid mrn"),
        (Kind::Container, "CSQX3054383", "character 4 is `X` where U, J, Z or R"),
        (Kind::Container, "CSQU3O54383", "with look-alike characters swapped CSQU3054383 would hold"),
        (Kind::Mrn, "22ZZZXBZYUTJFLJXK6", "`ZZ` is no country code"),
        (Kind::Mrn, "24GBOOO246J8NY33L7", "several swaps"),
        (Kind::Mrn, "", "nothing was read"),
        (Kind::Grn, "24GB00000100002", "15 characters where 17"),
        (Kind::EaeuDeclaration, "5530/150324/0000123", "the office has 4"),
        (Kind::EaeuDeclaration, "55302/310224/0000123", "`310224` is no date"),
        (Kind::EaeuDeclaration, "55302/150324/12345678", "the serial has 8"),
        (Kind::TirCarnet, "X7258126", "two letters"),
        (Kind::TirCarnet, "25000000", "below 25 000 000"),
        (Kind::Bin, "821214240092", "0 to 3 is an IIN"),
        (Kind::Iin, "940140000385", "it is a valid bin"),
        (Kind::Bin, "240440000350", "never issued"),
        (Kind::Inn, "940140000385", "it is a valid bin"),
        (Kind::Inn, "12345678901", "11 characters where 10 or 12"),
        (Kind::Vin, "1M8GDM9AXKPO42788", "character 12 is `O`"),
        (Kind::Notification, "", "nothing was read"),
    ] {
        let number = DocumentNumber::check_as(kind, read);
        let note = number.note.unwrap_or_default();
        assert_eq!((number.kind, number.check), (kind, Check::Invalid), "{read}");
        assert!(note.contains(why), "{read}: {note}");
    }
    let long = DocumentNumber::check_as(Kind::Notification, &"1".repeat(51));
    assert_eq!(long.check, Check::Invalid);
    assert_eq!(DocumentNumber::recognise(&"1".repeat(51)).kind, Kind::Unknown);
}

#[test]
fn twelve_digits_are_told_apart_by_the_check_that_passes() {
    for (read, kind, says) in [
        ("940140000385", Kind::Bin, "the check of a BIN holds, that of an INN doesn't"),
        ("123456789047", Kind::Inn, "the check of an INN holds, that of a BIN doesn't"),
        ("821214240092", Kind::Iin, "neither the check of an IIN"),
        ("123456789037", Kind::Inn, "neither the check of an INN"),
    ] {
        let number = DocumentNumber::recognise(read);
        assert_eq!(number.kind, kind, "{read}");
        assert!(number.note.as_deref().is_some_and(|note| note.contains(says)), "{read}: {:?}", number.note);
    }
    // Both hold for about one number in a thousand: the first of a month that do, and of a month that doesn't exist.
    let both = |first: u64| {
        let numbers = (first..first + 100_000).map(|number| format!("{number:012}"));
        let mut found = numbers.filter(|text| {
            let local = Bin::parse(text).map(|number| number.verdict());
            let local = local.or_else(|_| Iin::parse(text).map(|number| number.verdict()));
            local.is_ok_and(|verdict| verdict.holds()) && Inn::parse(text).is_ok_and(|number| number.verdict().holds())
        });
        found.next().map(|text| DocumentNumber::recognise(&text))
    };
    let local = both(240_440_000_000).expect("such a number");
    assert_eq!((local.kind, local.check), (Kind::Bin, Check::Valid));
    assert!(local.note.is_some_and(|note| note.contains("both hold, BIN is taken")));
    let foreign = both(241_310_000_000).expect("such a number");
    assert_eq!((foreign.kind, foreign.check), (Kind::Inn, Check::Valid));
    assert!(foreign.note.is_some_and(|note| note.contains("names no date")));
}

#[test]
fn the_contract_names_every_kind() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_name(kind.as_str()), Some(kind));
        assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.as_str());
    }
    assert_eq!(Kind::from_name("unknown"), None, "nobody asks for it");
    assert_eq!(Kind::from_name("MRN"), None);
    let line = serde_json::to_string(&DocumentNumber::recognise("CSQU3054384")).expect("JSON");
    let wanted = r#"{"kind":"container","canonical":"CSQU3054384","check":"invalid","expected":"3","note":"the check is wrong: 3 is expected"}"#;
    assert_eq!(line, wanted);
}

fn check_name(check: Check) -> String {
    serde_json::to_value(check).expect("JSON").as_str().expect("a text").to_owned()
}

/// Texts that look like numbers, with the noise that readers add.
fn scans() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,60}",
        "[\\x00-\\x20\\]C1d*]{0,4}[0-9A-ZА-Яа-яa-z]{0,20}[ /.-]?[0-9A-Z]{0,14}[ /-]?[0-9]{0,9}[\\r\\n]{0,2}",
        "[OI0158BSZG6]{0,24}",
        "[0-9]{0,2}[A-Z]{2}[OI0158BSZG62]{13}[0-9A-Z]",
    ]
}

proptest! {
    #[test]
    fn no_scan_is_too_strange(text in scans()) {
        let number = DocumentNumber::recognise(&text);
        prop_assert!(number.check != Check::Invalid || number.note.is_some());
        for kind in Kind::ALL {
            let asked = DocumentNumber::check_as(kind, &text);
            prop_assert_eq!(asked.kind, kind);
            prop_assert!(asked.check != Check::Invalid || asked.note.is_some());
        }
    }

    #[test]
    fn arbitrary_text_is_taken_too(text in any::<String>()) {
        let _number = DocumentNumber::recognise(&text);
    }

    #[test]
    fn what_is_recognised_prints_as_what_it_is(text in scans()) {
        let number = DocumentNumber::recognise(&text);
        if number.check != Check::Invalid {
            let again = DocumentNumber::check_as(number.kind, &number.canonical);
            prop_assert_eq!((again.kind, &again.canonical, again.check), (number.kind, &number.canonical, number.check));
        }
    }
}

/// Parse after print is the same value, in text and in JSON.
macro_rules! round_trips {
    ($($test:ident: $type:ty = $pattern:literal;)*) => {
        proptest! {
            $(#[test]
            fn $test(text in $pattern) {
                use crate::domain::*;
                let parsed = text.parse::<$type>();
                prop_assume!(parsed.is_ok());
                let value = parsed.expect("assumed");
                prop_assert_eq!(value.to_string().parse::<$type>(), Ok(value.clone()));
                let json = serde_json::to_string(&value).expect("JSON");
                prop_assert_eq!(serde_json::from_str::<$type>(&json).expect("a value"), value);
            })*
        }
    };
}

round_trips! {
    a_container_prints_as_it_is_read: Container = "[A-Za-z]{3}[UJZRABDEKu][ -]?[0-9]{6}[ -]?[0-9]";
    an_mrn_prints_as_it_is_read: Mrn = "[0-9]{2}(GB|de|IT|PL) ?[0-9A-Z]{13}[0-9]";
    a_grn_prints_as_it_is_read: Grn = "[0-9]{2}(GB|de|IT|PL) ?[0-9A-Z]{12}[0-9](A[0-9]{6})?";
    a_declaration_prints_as_it_is_read: EaeuNumber = "([0-9]{2}|[0-9]{5}|[0-9]{8})[/ -]([0-2][0-9]|3[01])(0[0-9]|1[0-2])[0-9]{2}[/ -][0-9A-Zа-я]{1,7}";
    a_carnet_prints_as_it_is_read: TirCarnet = "[A-Zx]{2} ?[0-9]{8,9}|[0-9]{1,8}";
    a_bin_prints_as_it_is_read: Bin = "[0-9]{2}(0[1-9]|1[0-2])[456][0-9]{7}";
    an_iin_prints_as_it_is_read: Iin = "[0-9]{4}[0-3][0-9]{7}";
    an_inn_prints_as_it_is_read: Inn = "[0-9]{10}([0-9]{2})?";
    a_vin_prints_as_it_is_read: Vin = "[0-9A-HJ-NPR-Z]{17}";
    a_notification_prints_as_it_is_read: NotificationNumber = "\\PC{1,50}";
    a_goods_code_prints_as_it_is_read: GoodsCode = "[0-9]{4}[ .]?[0-9]{2,6}";
    a_un_number_prints_as_it_is_read: UnNumber = "(UN)? ?[0-9]{4}";
    an_orange_plate_prints_as_it_is_read: AdrPlate = "X?[0-9]{2,3}[/ ][0-9]{4}";
    a_country_prints_as_it_is_read: Country = "[A-Z]{2}|00|99";
    a_seal_event_prints_as_it_is_read: SealEvent = "0[0-9]";
}
