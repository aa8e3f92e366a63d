//! Findings, one after the other, against a vehicle that is in order; and who is chosen among several.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::domain::plate::Templates;
use crate::model::registry::{
    CustomsStatus, Dangerous, Declaration, DeclarationKind, DeclarationStatus, DocumentKind, DocumentRef, Goods,
    Guarantee, Party, PartyStatus, PlateOf, PriorNotification,
};
use crate::model::{
    Axles, Clue, Direction, FindingCode, LaneId, MatchQuery, MatchResult, PassageId, Severity, SiteId, Timestamp,
};

const NOW: i64 = 1_795_600_000_000_000;
const MINUTE: i64 = 60_000_000;

/// A vehicle, its papers, and the site's policy; each test changes one thing.
struct Case {
    query: MatchQuery,
    notification: PriorNotification,
    declaration: Option<Declaration>,
    party: Party,
    used: bool,
    policy: MatchPolicy,
}

impl Case {
    fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut case = Self {
            query: query(),
            notification: notification("PN-1"),
            declaration: Some(declaration()),
            party: party(),
            used: false,
            policy: policy(),
        };
        change(&mut case);
        case
    }

    fn declared(&mut self) -> &mut Declaration {
        self.declaration.as_mut().expect("a declaration")
    }

    fn judged(&self) -> MatchResult {
        let candidate = Candidate { notification: &self.notification, used: self.used };
        let choice = choose(&self.query, [candidate], &self.policy, at(0));
        let chosen = Arc::new(self.notification.clone());
        let known = Known::of(choice, |_| Some(chosen));
        let declarations: Vec<_> = self.declaration.clone().map(Arc::new).into_iter().collect();
        let unanswered = if declarations.is_empty() { self.notification.documents.clone() } else { vec![] };
        let known = Known { declarations, unanswered, parties: vec![self.party.clone()], ..known };
        judge(&self.query, known, &self.policy, at(0))
    }

    #[track_caller]
    fn finds(&self, expected: &[(&str, Severity)]) {
        let found = self.judged().findings;
        let found: Vec<_> = found.iter().map(|finding| (finding.code.as_str(), finding.severity)).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_vehicle_in_order_has_no_finding() {
    Case::with(|_| {}).finds(&[]);
}

#[test]
fn each_trouble_with_the_notification_has_its_finding() {
    let hold = Severity::Hold;
    Case::with(|case| case.notification.valid_until = at(0)).finds(&[("notification_expired", hold)]);
    Case::with(|case| case.used = true).finds(&[("already_used", hold)]);
    Case::with(|case| case.notification.direction = Direction::Exit).finds(&[("wrong_direction", hold)]);
    Case::with(|case| case.notification.direction = Direction::Transit).finds(&[]);
    Case::with(|case| case.notification.site = Some("korday".into())).finds(&[("wrong_site", hold)]);
    Case::with(|case| case.notification.site = Some("Nur-Zholy".into())).finds(&[]);
    Case::with(|case| case.query.gross_kg = Some(35_000)).finds(&[("weight_discrepancy", hold)]);
    Case::with(|case| case.notification.laden_kg = None).finds(&[("tare_unknown", Severity::Info)]);
}

#[test]
fn each_trouble_with_a_declaration_has_its_finding() {
    let hold = Severity::Hold;
    let no = ("no_declaration", hold);
    Case::with(|case| case.declaration = None).finds(&[no]);
    for status in [
        DeclarationStatus::Lodged,
        DeclarationStatus::Registered,
        DeclarationStatus::Suspended,
        DeclarationStatus::Completed,
        DeclarationStatus::Cancelled,
    ] {
        Case::with(|case| case.declared().status = status).finds(&[("declaration_not_released", hold)]);
    }
    Case::with(|case| case.declared().deadline = Some(at(0))).finds(&[("deadline_passed", hold)]);
    Case::with(|case| case.declared().deadline = Some(at(MINUTE))).finds(&[]);
    let lapsed = |until| Some(Guarantee { kind: "general".into(), valid_until: at(until) });
    Case::with(|case| case.declared().guarantee = lapsed(0)).finds(&[("guarantee_missing", hold)]);
    Case::with(|case| case.declared().guarantee = None).finds(&[("guarantee_missing", Severity::Info)]);
    for kind in [DeclarationKind::Goods, DeclarationKind::Tir] {
        Case::with(|case| {
            case.declared().guarantee = None;
            case.declared().kind = kind;
        })
        .finds(&[]);
    }
}

#[test]
fn an_empty_vehicle_and_goods_in_free_circulation_owe_no_declaration() {
    Case::with(|case| {
        case.declaration = None;
        case.notification.empty = true;
    })
    .finds(&[]);
    let union = Case::with(|case| {
        case.declared().customs_status = CustomsStatus::Union;
        case.declared().status = DeclarationStatus::Lodged;
    });
    union.finds(&[]);
    assert!(union.judged().not_subject);
    let without = Case::with(|case| {
        case.declaration = None;
        case.notification.customs_status = CustomsStatus::Union;
    });
    without.finds(&[]);
    assert!(without.judged().not_subject);
    assert!(!Case::with(|_| {}).judged().not_subject);
}

#[test]
fn a_party_that_may_not_act_holds_and_an_excluded_one_needs_two_officers() {
    Case::with(|case| case.party.status = PartyStatus::Suspended).finds(&[("carrier_suspended", Severity::Hold)]);
    Case::with(|case| case.party.status = PartyStatus::Excluded).finds(&[("carrier_suspended", Severity::Block)]);
}

#[test]
fn containers_and_seals_of_the_papers_must_agree_where_both_name_any() {
    let hold = Severity::Hold;
    Case::with(|case| case.notification.containers = vec!["CSQU3054383".into()]).finds(&[]);
    Case::with(|case| {
        case.notification.containers = vec!["CSQU 305438-3".into()];
        case.declared().containers = vec!["csqu3054383".into()];
    })
    .finds(&[]);
    Case::with(|case| {
        case.notification.containers = vec!["CSQU3054383".into()];
        case.declared().containers = vec!["MSKU2666542".into()];
    })
    .finds(&[("container_mismatch", hold)]);
    Case::with(|case| {
        case.notification.seals = vec!["KZ-1".into(), "KZ-2".into()];
        case.declared().seals = vec!["KZ-2".into()];
    })
    .finds(&[("seal_mismatch", hold)]);
    Case::with(|case| {
        case.notification.containers = vec!["CSQU3054383".into()];
        case.query.documents = vec!["MSKU2666542".into()];
    })
    .finds(&[("container_mismatch", hold)]);
}

#[test]
fn a_wrong_check_digit_names_the_expected_one() {
    let case = Case::with(|case| case.notification.containers = vec!["CSQU3054384".into()]);
    case.finds(&[("check_digit", Severity::Hold)]);
    assert!(case.judged().findings[0].detail.contains('3'), "{:?}", case.judged().findings);
    Case::with(|case| case.notification.carrier.id = "240440000301".into()).finds(&[("check_digit", Severity::Info)]);
    Case::with(|case| {
        case.notification.documents.push(DocumentRef { kind: DocumentKind::Mrn, number: "22DK1V0QQK2S6J7TU2".into() });
    })
    .finds(&[("check_digit", Severity::Hold)]);
}

#[test]
fn dangerous_goods_that_nobody_notified_hold() {
    let petrol = |case: &mut Case| case.declared().goods[0].code = "2710124100".into();
    Case::with(petrol).finds(&[("dangerous_undeclared", Severity::Hold)]);
    Case::with(|case| {
        petrol(case);
        case.notification.dangerous = vec![Dangerous { un: "1203".into(), class: "3".into() }];
    })
    .finds(&[]);
    Case::with(|case| case.query.documents = vec!["33/1203".into()]).finds(&[("dangerous_undeclared", Severity::Hold)]);
}

#[test]
fn different_numbers_of_goods_are_told() {
    let item = |item| Goods {
        item,
        code: "870323".into(),
        description: String::new(),
        gross_kg: 1.0,
        packages: None,
        origin: None,
    };
    Case::with(|case| case.notification.goods = vec![item(1), item(2)]).finds(&[("goods_count", Severity::Info)]);
    Case::with(|case| case.notification.goods = vec![item(1)]).finds(&[]);
}

#[test]
fn too_early_and_too_late_are_told_once_there_is_a_lead() {
    let lead = |case: &mut Case| case.policy.lead = Some(Duration::from_secs(7_200));
    let early = |case: &mut Case| case.notification.expected_at = at(121 * MINUTE);
    let late = |case: &mut Case| case.notification.submitted_at = at(-119 * MINUTE);
    Case::with(early).finds(&[]);
    Case::with(late).finds(&[]);
    Case::with(|case| {
        lead(case);
        early(case);
    })
    .finds(&[("too_early", Severity::Info)]);
    Case::with(|case| {
        lead(case);
        late(case);
        case.policy.severities.insert(FindingCode::LateNotification, Severity::Hold);
    })
    .finds(&[("late_notification", Severity::Hold)]);
    Case::with(lead).finds(&[]);
}

#[test]
fn a_plate_that_is_only_near_finds_its_notification_and_holds() {
    let misread = |case: &mut Case| case.query.tractor = plate("123ABG02");
    let result = Case::with(misread).judged();
    assert!(result.notification.is_some());
    assert!(result.candidates[0].has(Clue::TractorNear));
    Case::with(misread).finds(&[("plate_mismatch", Severity::Hold)]);
    Case::with(|case| {
        misread(case);
        case.policy.misread = Misread::PassesCorroborated;
    })
    .finds(&[("plate_mismatch", Severity::Info)]);
    Case::with(|case| {
        misread(case);
        case.policy.misread = Misread::PassesCorroborated;
        case.query.trailer = None;
    })
    .finds(&[("plate_mismatch", Severity::Hold)]);
    Case::with(|case| case.query.trailer = plate("45OEF02")).finds(&[("trailer_mismatch", Severity::Hold)]);
    Case::with(|case| case.query.trailer = plate("99XYZ01")).finds(&[("trailer_mismatch", Severity::Hold)]);
}

#[test]
fn what_the_country_s_syntax_settles_is_the_same_plate() {
    // O where a digit must stand, 8 where a letter must.
    for (front, rear) in [("I23ABC02", "45DEF02"), ("123A8CO2", "4SDEF02"), ("123 авс 02", "45-DEF-02")] {
        Case::with(|case| {
            case.query.tractor = plate(front);
            case.query.trailer = plate(rear);
        })
        .finds(&[]);
    }
}

#[test]
fn a_plate_that_another_country_s_syntax_would_change_is_the_same_as_notified() {
    for (written, country) in [("W1234AB", "XX"), ("12 SAB 02", "KZ"), ("1238CD02", "KZ")] {
        Case::with(|case| {
            case.query.tractor = plate(written);
            case.notification.vehicle.tractor = PlateOf { plate: written.into(), country: Some(country.into()) };
        })
        .finds(&[]);
    }
}

#[test]
fn a_front_plate_is_no_trailer_s() {
    // 12IAB02 is a trailer's plate as it stands, 121AB02 an organisation's; in front it can only be the second.
    let organisation = |case: &mut Case| {
        case.notification.vehicle.tractor = PlateOf { plate: "121AB02".into(), country: Some("KZ".into()) };
        case.query.tractor = plate("12IAB02");
    };
    Case::with(organisation).finds(&[]);
    Case::with(|case| {
        organisation(case);
        case.notification.vehicle.tractor.plate = "122AB02".into();
    })
    .finds(&[("plate_mismatch", Severity::Hold)]);
}

#[test]
fn a_document_at_the_kiosk_names_the_vehicle_and_another_plate_is_told() {
    for scanned in ["pn-1", "55302/150324/123"] {
        Case::with(|case| {
            case.query.documents = vec![scanned.into()];
            case.query.tractor = plate("777ZZZ07");
        })
        .finds(&[("plate_mismatch", Severity::Hold)]);
        Case::with(|case| {
            case.query.documents = vec![scanned.into()];
            case.query.tractor = None;
        })
        .finds(&[]);
    }
}

#[test]
fn h3_a_trailer_behind_another_tractor_names_no_vehicle_and_is_told() {
    let hold = Severity::Hold;
    let swapped = Case::with(|case| case.query.tractor = plate("777ZZZ07"));
    swapped.finds(&[("no_notification", hold), ("plate_mismatch", hold)]);
    assert_eq!(swapped.judged().candidates[0].notification, "PN-1", "the officer sees whose trailer it is");
    Case::with(|case| case.query.tractor = None).finds(&[("no_notification", hold)]);
}

#[test]
fn without_a_notification_the_policy_says_whether_it_is_owed() {
    let codes = |policy: &MatchPolicy| -> Vec<_> {
        judge(&query(), Known::default(), policy, at(0)).findings.iter().map(|found| found.code.as_str()).collect()
    };
    assert_eq!(codes(&policy()), ["no_notification", "no_declaration"]);
    assert!(codes(&MatchPolicy { required: vec![], ..policy() }).is_empty());
}

#[test]
fn the_limits_of_the_road_inform_unless_the_site_lets_them_hold_and_axles_must_make_up_the_weight() {
    let axles = |loads: &[i64]| Some(Axles { loads_kg: loads.to_vec(), spacings_cm: vec![] });
    let over = Case::with(|case| case.query.axles = axles(&[6_400, 10_500, 10_500]));
    over.finds(&[("weight_limit", Severity::Info), ("weight_limit", Severity::Info)]);
    let strict = Case::with(|case| {
        case.query.axles = axles(&[6_400, 10_500, 10_500]);
        case.policy.severities.insert(FindingCode::WeightLimit, Severity::Hold);
    });
    strict.finds(&[("weight_limit", Severity::Hold), ("weight_limit", Severity::Hold)]);
    Case::with(|case| case.query.axles = axles(&[9_000, 9_000])).finds(&[("axle_sum", Severity::Hold)]);
    Case::with(|case| case.query.axles = axles(&[7_400, 10_000, 10_000])).finds(&[]);
}

#[test]
fn h30_the_best_fit_is_chosen_and_close_ones_are_ambiguous() {
    type Change = fn(&mut PriorNotification);
    let plain = notification("PN-1");
    let other = |change: Change| {
        let mut other = notification("PN-2");
        change(&mut other);
        other
    };
    let better: [(&str, Change); 5] = [
        ("its trailer is seen", |n| n.vehicle.trailers[0].plate = "77ZZZ07".into()),
        ("it is still valid", |n| n.valid_until = at(0)),
        ("it is for this direction", |n| n.direction = Direction::Exit),
        ("it is for this site", |n| n.site = Some("korday".into())),
        ("it is for today", |n| n.expected_at = at(72 * 60 * MINUTE)),
    ];
    for (why, change) in better {
        let worse = other(change);
        for order in [[&plain, &worse], [&worse, &plain]] {
            assert_eq!(chosen(&query(), &order), Ok("PN-1".into()), "{why}");
        }
    }
    assert_eq!(chosen(&query(), &[&plain, &other(|_| {})]), Err(2), "two fit equally");
    let hour_later = other(|n| n.expected_at = at(60 * MINUTE));
    assert_eq!(chosen(&query(), &[&plain, &hour_later]), Err(2), "an hour tells no trips apart");
    let kiosk = MatchQuery { documents: vec!["pn-2".into()], ..query() };
    assert_eq!(chosen(&kiosk, &[&plain, &other(|_| {})]), Ok("PN-2".into()), "a scan decides");
    let near = other(|n| n.vehicle.tractor.plate = "123ABG02".into());
    assert_eq!(chosen(&query(), &[&plain, &near]), Ok("PN-1".into()), "the same plate beats a near one");
}

#[test]
fn everything_that_spoke_is_kept_and_adds_up() {
    let result = Case::with(|case| case.query.trailer = plate("99XYZ01")).judged();
    let [scored] = result.candidates.as_slice() else { panic!("one candidate") };
    assert_eq!(scored.score, scored.clues.iter().map(|point| point.points).sum::<i32>());
    let clues: Vec<_> = scored.clues.iter().map(|point| point.clue).collect();
    assert_eq!(clues, [Clue::TractorSame, Clue::TrailerOther, Clue::Time]);
}

/// The number that was chosen, or how many were too close.
fn chosen(query: &MatchQuery, candidates: &[&PriorNotification]) -> Result<String, usize> {
    let candidates = candidates.iter().map(|notification| Candidate { notification, used: false });
    match choose(query, candidates, &policy(), at(0)).verdict {
        Verdict::One(candidate) => Ok(candidate.notification.number.clone()),
        Verdict::None => Err(0),
        Verdict::Ambiguous(count) => Err(count),
    }
}

fn at(micros_from_now: i64) -> Timestamp {
    Timestamp::from_unix_micros(NOW + micros_from_now)
}

#[allow(clippy::unnecessary_wraps, reason = "it stands where a query has an optional plate")]
fn plate(text: &str) -> Option<PlateOf> {
    Some(PlateOf { plate: text.into(), country: None })
}

fn policy() -> MatchPolicy {
    MatchPolicy {
        required: vec![Required::Notification, Required::Declaration],
        tolerance: Tolerance { kg: 300, percent: 3.0 },
        site: SiteId::new("nur-zholy").expect("a name"),
        templates: Arc::new(Templates::embedded()),
        lead: None,
        misread: Misread::Holds,
        limits: Arc::new(RoadLimits::embedded()),
        dangerous_codes: vec!["271012".into(), "2711".into()],
        severities: std::collections::BTreeMap::new(),
    }
}

fn query() -> MatchQuery {
    MatchQuery {
        lane: LaneId::new("in-01").expect("a name"),
        passage: PassageId(Uuid::nil()),
        round: 1,
        direction: Direction::Entry,
        arrived: at(0),
        tractor: plate("123 ABC 02"),
        trailer: plate("45DEF02"),
        documents: vec![],
        gross_kg: Some(27_400),
        axles: None,
    }
}

fn notification(number: &str) -> PriorNotification {
    let json = serde_json::json!({
        "number": number, "revision": 1, "submitted_at": at(-300 * MINUTE), "expected_at": at(0),
        "valid_until": at(24 * 60 * MINUTE), "direction": "entry",
        "carrier": { "id": "240440000300", "country": "KZ" }, "gross_kg": 12000, "laden_kg": 27_300,
        "vehicle": { "tractor": { "plate": "123ABC02", "country": "KZ" },
                     "trailers": [{ "plate": "45DEF02", "country": "KZ" }] },
        "documents": [{ "kind": "transit_declaration", "number": "55302/150324/0000123" }],
    });
    serde_json::from_value(json).expect("a notification")
}

fn declaration() -> Declaration {
    let json = serde_json::json!({
        "number": "55302/150324/0000123", "kind": "transit", "revision": 1, "status": "released",
        "goods": [{ "item": 1, "code": "870323", "gross_kg": 12000 }], "gross_kg": 12000,
        "guarantee": { "kind": "general", "valid_until": at(24 * 60 * MINUTE) },
        "holder": { "id": "240440000300", "country": "KZ" },
    });
    serde_json::from_value(json).expect("a declaration")
}

fn party() -> Party {
    let json = serde_json::json!({
        "id": "240440000300", "revision": 1, "name": "Carrier", "country": "KZ", "roles": ["carrier"],
        "status": "active", "since": at(-60 * 24 * 60 * MINUTE),
    });
    serde_json::from_value(json).expect("a party")
}
