//! What people and readers write: plates, numbers, and the files of a site.

use std::sync::LazyLock;

use lane_controller::config;
use lane_controller::domain::plate::{Cost, Templates, distance, fold, skeleton};
use lane_controller::domain::{Check, DocumentNumber};
use lane_controller::model::Timestamp;
use lane_controller::model::risk::RiskRequest;
use lane_controller::risk::profile::ProfileSet;
use lane_controller::wire::signature::PublicKeys;

static TEMPLATES: LazyLock<Templates> = LazyLock::new(Templates::embedded);
static REQUEST: LazyLock<RiskRequest> = LazyLock::new(|| {
    let mut json: serde_json::Value =
        serde_json::from_str(include_str!("../../config/passage.example.json")).expect("the example is JSON");
    json["request_id"] = "00000000-0000-0000-0000-000000000001".into();
    json["reply_by"] = json["at"].clone();
    for list in ["parties", "findings"] {
        if json[list].is_null() {
            json[list] = serde_json::json!([]);
        }
    }
    serde_json::from_value(json).expect("the example is a passage")
});

/// Two plates: folding and canonical forms are final, and a distance is the same both ways.
pub fn plates(one: &str, other: &str) {
    let (a, b) = (fold(one), fold(other));
    assert_eq!(fold(a.as_str()), a, "folding is final");
    for country in [None, Some("KZ"), Some("CN")] {
        let form = TEMPLATES.canonical(&a, country);
        assert_eq!(TEMPLATES.canonical(&form, country), form, "the canonical form is final");
        let _ = TEMPLATES.settle(&a, country);
    }
    let _ = skeleton(&a);
    let at_most = Cost::new(4);
    assert_eq!(distance(&a, &b, at_most), distance(&b, &a, at_most));
}

/// A number: what is recognised as valid is recognised again by its canonical form.
pub fn number(text: &str) {
    let found = DocumentNumber::recognise(text);
    if found.check == Check::Valid {
        let again = DocumentNumber::recognise(&found.canonical);
        assert_eq!((again.kind, again.check, &again.canonical), (found.kind, Check::Valid, &found.canonical));
    }
}

/// The site's files: read, or refused with what is wrong.
pub fn files(text: &str) {
    if let Err(errors) = config::parse(text, []) {
        assert!(!errors.is_empty(), "a refusal says why");
    }
    PublicKeys::parse(text).ok();
    Templates::parse(text).ok();
}

/// A risk profile: refused, or judged within its bounds.
pub fn profile(text: &str) {
    if let Ok(set) = ProfileSet::load(&[("fuzz.toml".to_owned(), text.to_owned())]) {
        let _ = set.judge(&REQUEST, Timestamp::from_unix_micros(1_795_000_000_000_000));
    }
}
