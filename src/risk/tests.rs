//! The merge, for every pair and more of what may speak about a vehicle; and that nothing ever weakens it.

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::profile::{ProfileSet, Verdict};
use super::selection::{Ask, Ledger, commit};
use super::*;
use crate::model::risk::{AgencyStatus, Measure};
use crate::model::selection::{Drawn, Seed};
use crate::model::{
    Channel, Finding, FindingCode, PassageId, ReasonedDecision, RiskAnswer, RiskDecision, RiskRequest, Source,
    Timestamp,
};

const CHANNELS: [Option<Channel>; 5] =
    [None, Some(Channel::Green), Some(Channel::Blue), Some(Channel::Yellow), Some(Channel::Red)];

/// What each may say, and how strict that is.
fn levels() -> [(Option<Channel>, Strictness); 5] {
    let strict = [
        Strictness::Release,
        Strictness::Release,
        Strictness::ReleaseAudited,
        Strictness::Hold,
        Strictness::HoldForTwo,
    ];
    std::array::from_fn(|place| (CHANNELS[place], strict[place]))
}

#[test]
fn h28_the_strictest_of_rms_agencies_profiles_selection_and_findings_wins_in_every_combination() {
    let agencies = [(None, Strictness::Release), (Some(true), Strictness::Release), (Some(false), Strictness::Hold)];
    let findings = [
        (None, Strictness::Release),
        (Some(Finding::info(FindingCode::TareUnknown, "")), Strictness::Release),
        (Some(Finding::hold(FindingCode::WeightDiscrepancy, "")), Strictness::Hold),
        (Some(Finding::block(FindingCode::Radiation, "")), Strictness::HoldForTwo),
    ];
    let mut combinations = 0;
    for (rms, by_rms) in levels() {
        for (agency, by_agency) in agencies {
            for (local, by_local) in levels() {
                for (drawn, by_draw) in levels() {
                    for (finding, by_finding) in &findings {
                        // An agency speaks through the RMS.
                        if rms.is_none() && agency.is_some() {
                            continue;
                        }
                        let answer = answer(rms.map(|channel| decided(channel, agency)), local, drawn);
                        let findings: Vec<_> = finding.iter().cloned().collect();
                        let expected = by_rms.max(by_agency).max(by_local).max(by_draw).max(*by_finding);
                        let said = (rms, agency, local, drawn, finding);
                        assert_eq!(strictness(&answer, &findings), expected, "{said:?}");
                        combinations += 1;
                    }
                }
            }
        }
    }
    assert_eq!(combinations, (4 * 3 + 1) * 5 * 5 * 4);
}

#[test]
fn the_source_is_that_of_the_strictest_word_and_criteria_come_first() {
    for (rms, local, drawn, source) in [
        (Some(Channel::Green), None, None, None),
        (Some(Channel::Blue), None, None, Some(Source::Criteria)),
        (None, Some(Channel::Yellow), None, Some(Source::Criteria)),
        (None, Some(Channel::Yellow), Some(Channel::Yellow), Some(Source::Criteria)),
        (None, Some(Channel::Yellow), Some(Channel::Red), Some(Source::Random)),
        (Some(Channel::Red), None, Some(Channel::Red), Some(Source::Criteria)),
        (Some(Channel::Yellow), None, Some(Channel::Red), Some(Source::Random)),
        (Some(Channel::Green), Some(Channel::Green), Some(Channel::Yellow), Some(Source::Random)),
    ] {
        let answer = answer(rms.map(|channel| decided(channel, None)), local, drawn);
        assert_eq!(reasoned(&answer).source, source, "{rms:?} {local:?} {drawn:?}");
    }
}

#[test]
fn measures_and_agencies_add_up_and_profiles_are_named_for_the_auditor_alone() {
    let rms = RiskDecision {
        measures: vec![Measure::SealCheck, Measure::Scan],
        profiles: vec!["rms-7".into()],
        reason: "Check the seals".into(),
        ..decided(Channel::Yellow, Some(false))
    };
    let answer = answer(Some(rms), Some(Channel::Red), Some(Channel::Yellow));
    let reasoned = reasoned(&answer);
    let decision = &reasoned.decision;
    assert_eq!(decision.channel, Channel::Red);
    assert_eq!(decision.measures, [Measure::Scan, Measure::SealCheck]);
    assert_eq!(decision.profiles, ["drawn-1", "local-1", "rms-7"]);
    assert_eq!(decision.agencies.len(), 1);
    assert_eq!(decision.reason, "Check the seals; Look inside; Look again");
    assert!(decision.profiles.iter().all(|profile| !decision.reason.contains(profile)));
    assert_eq!(reasoned.texts.iter().map(|text| text.ru.as_str()).collect::<Vec<_>>(), ["Посмотри", "Ещё раз"]);
}

#[test]
fn without_the_rms_the_policy_holds_or_makes_yellow_the_least_and_it_is_never_green() {
    for (local, drawn) in CHANNELS.into_iter().flat_map(|local| CHANNELS.map(|drawn| (local, drawn))) {
        let found = local.max(drawn).unwrap_or(Channel::Green);
        let held = away(Degraded::Hold, local, drawn);
        let RiskAnswer::Unavailable { why, stands } = &held else { panic!("{held:?}") };
        assert_eq!(why, "it is down");
        let stands = stands.as_ref().map(|reasoned| reasoned.decision.channel);
        assert_eq!(stands, Some(found).filter(|channel| *channel >= Channel::Yellow), "{local:?} {drawn:?}");
        assert!(strictness(&held, &[]) >= Strictness::Hold);

        let decided = away(Degraded::Local, local, drawn);
        let reasoned = reasoned(&decided);
        assert_eq!(reasoned.decision.channel, found.max(Channel::Yellow), "{local:?} {drawn:?}");
        assert_eq!(reasoned.degraded.as_deref(), Some("it is down"));
        assert!(reasoned.decision.reason.starts_with("The risk management system does not answer"));
    }
}

#[test]
fn a_decision_that_has_run_out_is_none_and_takes_nothing_with_it() {
    let rms = RiskDecision { valid_until: Some(now()), ..decided(Channel::Green, None) };
    let answer = answer(Some(rms), None, Some(Channel::Red));
    let RiskAnswer::Unavailable { stands: Some(reasoned), .. } = answer else { panic!("{answer:?}") };
    assert_eq!((reasoned.decision.channel, reasoned.source), (Channel::Red, Some(Source::Random)));
}

#[test]
fn a_draw_that_was_asked_for_and_is_missing_selects() {
    let set = set(&[("drawn-1", Channel::Red, Some(1))]);
    let verdicts = set.judge(&request(), now());
    let answer = merge(&Parts { drawn: None, ..parts(&set, &verdicts, None) });
    assert_eq!(reasoned(&answer).decision.channel, Channel::Red);
}

#[test]
fn a_kept_selection_stands_when_its_profile_is_gone() {
    let before = set(&[("drawn-1", Channel::Red, Some(1_000_000))]);
    let drawn = draw(&before.judge(&request(), now())).expect("drawn");
    let none = ProfileSet::default();
    let answer = merge(&parts(&none, &[], Some(&drawn)));
    let decision = &reasoned(&answer).decision;
    assert_eq!((decision.channel, decision.reason.as_str()), (Channel::Red, "Selected for a check"));
}

proptest! {
    #[test]
    fn another_profile_never_weakens(
        few in profiles(0..6), more in profiles(1..4), rms in proptest::option::of(0_usize..4), away: bool,
    ) {
        let mut all = few.clone();
        all.extend(more);
        let answers = [few, all].map(|profiles| {
            let set = set_of(&profiles);
            let verdicts = set.judge(&request(), now());
            let drawn = draw(&verdicts);
            let rms = rms.and_then(|place| CHANNELS[place + 1]).map(|channel| decided(channel, None));
            let mut parts = parts(&set, &verdicts, drawn.as_ref());
            parts.degraded = Degraded::Local;
            parts.rms = match &rms {
                Some(rms) => Rms::Answered(rms),
                None if away => Rms::Away("it is down"),
                None => Rms::NotAsked,
            };
            merge(&parts)
        });
        prop_assert!(strictness(&answers[1], &[]) >= strictness(&answers[0], &[]));
        let (few, all) = (&reasoned(&answers[0]).decision, &reasoned(&answers[1]).decision);
        prop_assert!(all.channel >= few.channel);
        prop_assert!(few.measures.iter().all(|measure| all.measures.contains(measure)));
        prop_assert!(few.profiles.iter().all(|profile| all.profiles.contains(profile)));
    }
}

type Rule = (&'static str, &'static str, Option<u32>);

fn profiles(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Rule>> {
    let expression = proptest::sample::select(&["true", "false", "notification.empty", "direction == \"entry\""][..]);
    let channel = proptest::sample::select(&["green", "blue", "yellow", "red"][..]);
    let rate = proptest::option::of(1_u32..=1_000_000);
    proptest::collection::vec((expression, channel, rate), count)
}

fn set_of(rules: &[Rule]) -> ProfileSet {
    let files: Vec<_> = rules
        .iter()
        .enumerate()
        .map(|(number, (expression, channel, rate))| {
            let text = text(&format!("p-{number}"), expression, channel, *rate, "Look", "Посмотри");
            (format!("{number:02}.toml"), text)
        })
        .collect();
    ProfileSet::load(&files).expect("loads")
}

fn set(profiles: &[(&str, Channel, Option<u32>)]) -> ProfileSet {
    let files: Vec<_> = profiles
        .iter()
        .map(|(id, channel, rate)| {
            let (en, ru) =
                if rate.is_some() { ("Look again", "Ещё раз") } else { ("Look inside", "Посмотри") };
            (format!("{id}.toml"), text(id, "true", channel.as_str(), *rate, en, ru))
        })
        .collect();
    ProfileSet::load(&files).expect("loads")
}

fn text(id: &str, expression: &str, channel: &str, rate: Option<u32>, en: &str, ru: &str) -> String {
    let rate = rate.map_or_else(String::new, |rate| format!("rate_ppm = {rate}\n"));
    format!(
        "id = \"{id}\"\nexpression = '{expression}'\nchannel = \"{channel}\"\nmeasures = [\"scan\"]\n{rate}[reason]\nkk = \"Қара\"\nru = \"{ru}\"\nen = \"{en}\"\n"
    )
}

/// The answer where the RMS says this (or is not asked), a profile selects, and another is drawn from.
fn answer(rms: Option<RiskDecision>, local: Option<Channel>, drawn: Option<Channel>) -> RiskAnswer {
    let profiles =
        [local.map(|channel| ("local-1", channel, None)), drawn.map(|channel| ("drawn-1", channel, Some(1_000_000)))];
    let set = set(&profiles.into_iter().flatten().collect::<Vec<_>>());
    let verdicts = set.judge(&request(), now());
    let draw = draw(&verdicts);
    let mut parts = parts(&set, &verdicts, draw.as_ref());
    if let Some(rms) = &rms {
        parts.rms = Rms::Answered(rms);
    }
    merge(&parts)
}

fn away(degraded: Degraded, local: Option<Channel>, drawn: Option<Channel>) -> RiskAnswer {
    let profiles =
        [local.map(|channel| ("local-1", channel, None)), drawn.map(|channel| ("drawn-1", channel, Some(1_000_000)))];
    let set = set(&profiles.into_iter().flatten().collect::<Vec<_>>());
    let verdicts = set.judge(&request(), now());
    let draw = draw(&verdicts);
    merge(&Parts { degraded, rms: Rms::Away("it is down"), ..parts(&set, &verdicts, draw.as_ref()) })
}

fn parts<'a>(profiles: &'a ProfileSet, verdicts: &'a [Verdict], drawn: Option<&'a Drawn>) -> Parts<'a> {
    let (rms, degraded) = (Rms::NotAsked, Degraded::Hold);
    Parts { request_id: Uuid::nil(), now: now(), rms, degraded, verdicts, drawn, profiles }
}

fn draw(verdicts: &[Verdict]) -> Option<Drawn> {
    let hits: Vec<_> = verdicts.iter().filter_map(Verdict::hit).collect();
    let seed = Seed::new([1; 32]);
    let ask = Ask { passage: PassageId(Uuid::nil()), at: now(), keys: vec![], hits };
    (!ask.hits.is_empty()).then(|| Ledger::default().draw(&seed, commit(&seed), ask).as_ref().clone())
}

#[track_caller]
fn reasoned(answer: &RiskAnswer) -> &ReasonedDecision {
    match answer {
        RiskAnswer::Decided(reasoned) => reasoned,
        RiskAnswer::Unavailable { why, .. } => panic!("unavailable: {why}"),
    }
}

fn decided(channel: Channel, agency: Option<bool>) -> RiskDecision {
    let agency = agency.map(|clear| AgencyStatus { agency: "veterinary".into(), clear, reason: None });
    RiskDecision {
        request_id: Uuid::nil(),
        channel,
        measures: vec![],
        profiles: vec![],
        reason: String::new(),
        agencies: agency.into_iter().collect(),
        valid_until: None,
    }
}

fn request() -> RiskRequest {
    let json = json!({
        "request_id": Uuid::nil(), "kind": "arrival", "site": "test", "passage": Uuid::nil(), "direction": "entry",
        "at": now(), "reply_by": now(), "vehicle": {}, "parties": [], "findings": [],
    });
    serde_json::from_value(json).expect("a request")
}

fn now() -> Timestamp {
    Timestamp::from_unix_micros(1_795_000_000_000_000)
}
