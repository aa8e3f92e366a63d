//! One decision from the RMS or its silence, agencies, local profiles and selection.
//!
//! The channel is the strictest; measures and agencies add up; nothing is outvoted. Findings of the lane are not put
//! into the channel: they hold by themselves, and go when papers come, which a channel never does (invariant A7).

use uuid::Uuid;

use super::profile::{Match, ProfileSet, Verdict};
use crate::model::command::Texts;
use crate::model::risk::Doubt;
use crate::model::selection::{Drawn, Picked};
use crate::model::{Channel, Finding, ReasonedDecision, RiskAnswer, RiskDecision, Severity, Source, Timestamp};

/// Longest reason of the edge, bytes.
const REASON_MAX_BYTES: usize = 1_000;

/// What the site does while the RMS is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Degraded {
    /// Every vehicle is held.
    #[default]
    Hold,
    /// Local profiles decide, with yellow as the least.
    Local,
}

/// The RMS's part.
#[derive(Debug, Clone, Copy)]
pub enum Rms<'a> {
    /// The site has none: the edge alone decides.
    NotAsked,
    /// It decided.
    Answered(&'a RiskDecision),
    /// It gave no usable answer; why.
    Away(&'a str),
}

/// Everything that a decision is made of.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// Which request is answered.
    pub request_id: Uuid,
    /// When.
    pub now: Timestamp,
    /// The RMS's part.
    pub rms: Rms<'a>,
    /// What the site does while the RMS is away.
    pub degraded: Degraded,
    /// What the local profiles say.
    pub verdicts: &'a [Verdict],
    /// The draw, where a profile asked for one.
    pub drawn: Option<&'a Drawn>,
    /// The profiles, for the reasons of those that a kept draw names.
    pub profiles: &'a ProfileSet,
}

/// How much a vehicle is held, whatever holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strictness {
    /// Released.
    Release,
    /// Released, audited afterwards.
    ReleaseAudited,
    /// Held; one officer may release.
    Hold,
    /// Held; two different officers are needed to release (invariant A9).
    HoldForTwo,
}

/// Merges everything into one answer for the lane.
#[must_use]
pub fn merge(parts: &Parts<'_>) -> RiskAnswer {
    match parts.rms {
        Rms::NotAsked => decided(local(parts)),
        // A decision that has run out is none (invariant A6), and must not take the edge's own words with it.
        Rms::Answered(rms) if rms.valid_until.is_some_and(|until| until <= parts.now) => {
            away(parts, "the RMS's decision was no longer valid when it came")
        }
        Rms::Answered(rms) => decided(with_rms(local(parts), rms)),
        Rms::Away(why) => away(parts, why),
    }
}

/// How much an answer and the lane's findings hold a vehicle together.
#[must_use]
pub fn strictness(answer: &RiskAnswer, findings: &[Finding]) -> Strictness {
    let by_channel = |channel| match channel {
        Channel::Green => Strictness::Release,
        Channel::Blue => Strictness::ReleaseAudited,
        Channel::Yellow => Strictness::Hold,
        Channel::Red => Strictness::HoldForTwo,
    };
    let by_decision = |decision: &RiskDecision| {
        let clear = decision.agencies.iter().all(|agency| agency.clear);
        by_channel(decision.channel).max(if clear { Strictness::Release } else { Strictness::Hold })
    };
    let by_answer = match answer {
        RiskAnswer::Decided(reasoned) => by_decision(&reasoned.decision),
        RiskAnswer::Unavailable { stands, .. } => {
            stands.as_ref().map_or(Strictness::Hold, |reasoned| by_decision(&reasoned.decision).max(Strictness::Hold))
        }
    };
    let by_finding = findings.iter().map(|finding| match finding.severity {
        Severity::Info => Strictness::Release,
        Severity::Hold => Strictness::Hold,
        Severity::Block => Strictness::HoldForTwo,
    });
    by_finding.fold(by_answer, Strictness::max)
}

fn decided(reasoned: ReasonedDecision) -> RiskAnswer {
    RiskAnswer::Decided(Box::new(reasoned))
}

/// The RMS is away: the policy decides whether that holds every vehicle, or makes yellow the least. Never green.
fn away(parts: &Parts<'_>, why: &str) -> RiskAnswer {
    let mut reasoned = local(parts);
    reasoned.degraded = Some(why.to_owned());
    match parts.degraded {
        Degraded::Hold => {
            let holds = reasoned.decision.channel >= Channel::Yellow;
            RiskAnswer::Unavailable { why: why.to_owned(), stands: holds.then(|| Box::new(reasoned)) }
        }
        Degraded::Local => {
            let raised = reasoned.decision.channel < Channel::Yellow;
            reasoned.decision.channel = reasoned.decision.channel.max(Channel::Yellow);
            if raised {
                reasoned.source = Some(Source::Criteria);
            }
            reasoned.texts.insert(0, degraded_text());
            reasoned.decision.reason = reason(None, &reasoned.texts);
            decided(reasoned)
        }
    }
}

fn degraded_text() -> Texts {
    Texts {
        kk: "Тәуекелдерді басқару жүйесі жауап бермейді: құжаттарды тексеріңіз".to_owned(),
        ru: "Система управления рисками не отвечает: проверьте документы".to_owned(),
        en: "The risk management system does not answer: check the documents".to_owned(),
    }
}

/// What a selection is told as where its profile is gone.
fn selected_text() -> Texts {
    Texts {
        kk: "Тексеруге таңдалды".to_owned(),
        ru: "Выбрано для проверки".to_owned(),
        en: "Selected for a check".to_owned(),
    }
}

/// The edge's own decision: profiles that select, and the draw.
fn local(parts: &Parts<'_>) -> ReasonedDecision {
    let mut decision = RiskDecision {
        request_id: parts.request_id,
        channel: Channel::Green,
        measures: vec![],
        profiles: vec![],
        reason: String::new(),
        agencies: vec![],
        valid_until: None,
    };
    let mut told = vec![];
    let mut source = None;
    for verdict in parts.verdicts.iter().filter(|verdict| verdict.selects()) {
        let profile = &verdict.profile;
        decision.measures.extend(&profile.measures);
        decision.profiles.push(profile.id.clone());
        told.push((profile.channel, profile.reason.clone()));
        strengthen(&mut decision, &mut source, profile.channel, Source::Criteria);
    }
    if let Some(picked) = parts.drawn.and_then(|drawn| drawn.picked.as_ref()) {
        decision.measures.extend(&picked.measures);
        decision.profiles.extend(picked.profiles.iter().cloned());
        told.extend(picked_texts(picked, parts.profiles).into_iter().map(|text| (picked.channel, text)));
        strengthen(&mut decision, &mut source, picked.channel, picked.source);
    }
    // A draw that was asked for and is missing must not be a way around it: doubt holds.
    for verdict in parts.verdicts.iter().filter(|verdict| parts.drawn.is_none() && verdict.hit().is_some()) {
        let profile = &verdict.profile;
        decision.profiles.push(profile.id.clone());
        told.push((profile.channel, profile.reason.clone()));
        strengthen(&mut decision, &mut source, profile.channel, Source::Random);
    }
    tidy(&mut decision);
    // The strictest first: it is what the officer must do.
    told.sort_by_key(|(channel, _)| std::cmp::Reverse(*channel));
    let texts: Vec<Texts> = told.into_iter().map(|(_, text)| text).collect();
    decision.reason =
        if texts.is_empty() { "no local profile selects the vehicle".to_owned() } else { reason(None, &texts) };
    ReasonedDecision { decision, source, texts, doubts: doubts(parts.verdicts), degraded: None }
}

fn doubts(verdicts: &[Verdict]) -> Vec<Doubt> {
    let doubts = verdicts.iter().filter_map(|verdict| match &verdict.says {
        Match::Undecidable(why) => Some(Doubt { profile: verdict.profile.id.clone(), why: why.clone() }),
        Match::Matched | Match::NotMatched | Match::OutOfTime => None,
    });
    doubts.collect()
}

fn picked_texts(picked: &Picked, profiles: &ProfileSet) -> Vec<Texts> {
    let known = picked.profiles.iter().filter_map(|id| profiles.find(id)).map(|profile| profile.reason.clone());
    let mut texts: Vec<_> = known.collect();
    if texts.is_empty() {
        texts.push(selected_text());
    }
    texts
}

/// The stricter channel counts with its source; of several sources of one channel, criteria come first.
fn strengthen(decision: &mut RiskDecision, source: &mut Option<Source>, channel: Channel, by: Source) {
    if channel > decision.channel {
        decision.channel = channel;
        *source = Some(by);
    } else if channel == decision.channel && channel > Channel::Green {
        *source = Some(source.map_or(by, |known| known.min(by)));
    }
}

/// The RMS's decision with the edge's: the stricter channel, every measure, every agency's word.
fn with_rms(mut reasoned: ReasonedDecision, rms: &RiskDecision) -> ReasonedDecision {
    let own = &mut reasoned.decision;
    if rms.channel > own.channel || rms.channel == own.channel && rms.channel > Channel::Green {
        reasoned.source = Some(Source::Criteria);
    }
    own.channel = own.channel.max(rms.channel);
    own.measures.extend(&rms.measures);
    own.profiles.extend(rms.profiles.iter().cloned());
    own.agencies.clone_from(&rms.agencies);
    own.valid_until = rms.valid_until;
    own.reason = reason(Some(&rms.reason), &reasoned.texts);
    tidy(own);
    reasoned
}

fn tidy(decision: &mut RiskDecision) {
    decision.measures.sort_unstable();
    decision.measures.dedup();
    decision.profiles.sort_unstable();
    decision.profiles.dedup();
}

/// What the officer reads: the RMS's reason, then the edge's, each once. No profile is named (domain §4).
fn reason(rms: Option<&str>, texts: &[Texts]) -> String {
    let mut parts: Vec<&str> = vec![];
    for part in rms.into_iter().chain(texts.iter().map(|text| text.en.as_str())) {
        if !part.is_empty() && !parts.contains(&part) {
            parts.push(part);
        }
    }
    let mut reason = parts.join("; ");
    // The RMS's own words are not cut.
    reason.truncate(reason.floor_char_boundary(REASON_MAX_BYTES.max(rms.map_or(0, str::len))));
    reason
}
