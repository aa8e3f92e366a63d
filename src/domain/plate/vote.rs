//! Several reads of one plate become one.
//!
//! ```text
//!  reads ─▶ the last of each track ─▶ their country ─▶ one form each ─▶ length, text, each position ─▶ verdict
//! ```
//!
//! Votes weigh by confidence, in whole thousandths, so that the order of reads decides nothing but which read of a
//! track is the last. What it does not do: decide what a lane does about a conflict.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use super::fold::{Folded, fold};
use super::templates::{Templates, is_country};

/// Other readings of one read that are counted.
const CANDIDATES_MAX: usize = 8;

/// How sure a reader is, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Confidence(u16);

impl Confidence {
    /// A reader that tells no confidence stands by what it reads.
    pub const FULL: Self = Self(1_000);

    /// From 0 to 1; what is outside, or no number, is taken for the nearest, or for 0.
    #[must_use]
    pub fn of(fraction: f64) -> Self {
        let reached = |thousandths: u16| f64::from(thousandths) <= fraction * 1_000.0;
        let bits = (0..u16::BITS).rev().map(|bit| 1_u16 << bit);
        let found =
            bits.fold(0, |sum, bit| if sum + bit <= Self::FULL.0 && reached(sum + bit) { sum + bit } else { sum });
        Self(found)
    }

    /// In thousandths.
    #[must_use]
    pub const fn thousandths(self) -> u16 {
        self.0
    }
}

/// One read of a plate.
#[derive(Clone, PartialEq)]
pub struct Ballot<'a> {
    /// Who read: a track is one of its own.
    pub camera: &'a str,
    /// The vehicle as the reader follows it: a later read of a track revises the earlier one.
    pub track: Option<&'a str>,
    /// `None` proves presence only; it revises nothing.
    pub plate: Option<&'a str>,
    /// 0 to 1; none when the reader tells none.
    pub confidence: Option<f64>,
    /// What the reader takes for the plate's country.
    pub country: Option<&'a str>,
    /// Other readings with their confidence, 0 to 1; one without confidence isn't counted.
    pub candidates: Vec<(&'a str, Option<f64>)>,
}

/// Who read, and nothing of what was read (invariant C8).
impl fmt::Debug for Ballot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ballot")
            .field("camera", &self.camera)
            .field("confidence", &self.confidence)
            .field("country", &self.country)
            .finish_non_exhaustive()
    }
}

/// What the reads say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The plate in its one form ([`Templates::canonical`]).
    pub plate: Folded,
    /// ISO alpha-2: what the readers say, else the only country whose templates it fits.
    pub country: Option<String>,
    /// Whether a sure read says just this plate.
    pub standing: Standing,
    /// The read that says it with most confidence, by its place among the ballots; none when no single one does.
    pub read: Option<usize>,
    /// The part of the reads' confidence that stands for it.
    pub agreement: Confidence,
    /// A sure read of another plate, the surest of them.
    pub conflict: Option<Conflict>,
}

/// Whether a verdict names a plate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A sure read says it.
    Sure,
    /// The best guess; no sure read says it.
    Unsure,
}

/// A sure read that says another plate than the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The other plate in its one form.
    pub plate: Folded,
    /// Its place among the ballots.
    pub read: usize,
}

/// A text and what stands behind it.
struct Voice {
    plate: Folded,
    weight: u64,
    /// The place of the ballot whose own reading it is; none for a candidate.
    read: Option<usize>,
}

/// Takes the vote; `ballots` are in order of arrival, `sure_from` is the least confidence of a sure read. `None` when
/// nothing was read.
///
/// Texts that differ only by glyphs which templates settle are one plate. Among the texts of the weightiest length the
/// weightiest leads, and gives way in each position where another character weighs more. Ties go to the surest single
/// read, then to the first text of the alphabet.
#[must_use]
pub fn vote(templates: &Templates, ballots: &[Ballot<'_>], sure_from: Confidence) -> Option<Verdict> {
    let reads = latest(ballots);
    let country = country_of(templates, &reads);
    let voices = voices(templates, &reads, country.as_deref());
    let composed = elected(&voices)?;
    let plate = templates.canonical(&composed, country.as_deref());
    let own = || voices.iter().filter_map(|voice| Some((voice, voice.read?)));
    let sure = |voice: &Voice| voice.weight >= u64::from(sure_from.0);
    let surest = |(voice, read): &(&Voice, usize)| (voice.weight, Reverse(voice.plate.clone()), Reverse(*read));
    let best = own().filter(|(voice, _)| voice.plate == plate).max_by_key(surest);
    let against = own().filter(|(voice, _)| voice.plate != plate && sure(voice)).max_by_key(surest);
    let all: u64 = own().map(|(voice, _)| voice.weight).sum();
    let with: u64 = own().filter(|(voice, _)| voice.plate == plate).map(|(voice, _)| voice.weight).sum();
    Some(Verdict {
        country: country.or_else(|| only_country(templates, &plate)),
        standing: if best.is_some_and(|(voice, _)| sure(voice)) { Standing::Sure } else { Standing::Unsure },
        read: best.map(|(_, read)| read),
        agreement: Confidence((with * 1_000).checked_div(all).and_then(|part| u16::try_from(part).ok()).unwrap_or(0)),
        conflict: against.map(|(voice, read)| Conflict { plate: voice.plate.clone(), read }),
        plate,
    })
}

/// Reads that no later one revises, with their places.
fn latest<'b, 'a>(ballots: &'b [Ballot<'a>]) -> Vec<(usize, &'b Ballot<'a>, Folded)> {
    let mut reads: Vec<(usize, &Ballot<'_>, Folded)> = Vec::new();
    for (place, ballot) in ballots.iter().enumerate() {
        let text = ballot.plate.map(fold).unwrap_or_default();
        if text.is_empty() {
            continue;
        }
        if ballot.track.is_some() {
            reads.retain(|(_, earlier, _)| (earlier.camera, earlier.track) != (ballot.camera, ballot.track));
        }
        reads.push((place, ballot, text));
    }
    reads
}

fn weight(ballot: &Ballot<'_>) -> u64 {
    u64::from(ballot.confidence.map_or(Confidence::FULL, Confidence::of).0)
}

/// The weightiest country that readers name and whose templates fit a text that they read.
fn country_of(templates: &Templates, reads: &[(usize, &Ballot<'_>, Folded)]) -> Option<String> {
    let mut weights: BTreeMap<String, u64> = BTreeMap::new();
    for (_, ballot, _) in reads {
        if let Some(country) = ballot.country.filter(|country| is_country(country)) {
            *weights.entry(country.to_ascii_uppercase()).or_default() += weight(ballot);
        }
    }
    let fits = |country: &str| reads.iter().any(|(_, _, text)| !templates.settle(text, Some(country)).is_empty());
    let fitting = weights.into_iter().filter(|(country, _)| fits(country));
    fitting.max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0))).map(|(country, _)| country)
}

/// The one country whose templates the plate fits; a group of countries is none.
fn only_country(templates: &Templates, plate: &Folded) -> Option<String> {
    let settled = templates.settle(plate, None);
    let first = settled.first()?;
    let only = !first.generic && settled.iter().all(|other| other.country == first.country);
    only.then(|| first.country.to_owned())
}

fn voices(templates: &Templates, reads: &[(usize, &Ballot<'_>, Folded)], country: Option<&str>) -> Vec<Voice> {
    let mut voices = Vec::new();
    for (place, ballot, text) in reads {
        let plate = templates.canonical(text, country);
        for (candidate, confidence) in ballot.candidates.iter().take(CANDIDATES_MAX) {
            let other = templates.canonical(&fold(candidate), country);
            let weight = confidence.map_or(0, |confidence| u64::from(Confidence::of(confidence).0));
            // Readers repeat their own reading among the candidates.
            if weight > 0 && other != plate && !other.is_empty() {
                voices.push(Voice { plate: other, weight, read: None });
            }
        }
        voices.push(Voice { plate, weight: weight(ballot), read: Some(*place) });
    }
    voices
}

/// The sum of weights and the greatest single one.
type Weight = (u64, u64);

fn add(to: &mut Weight, weight: u64) {
    *to = (to.0 + weight, to.1.max(weight));
}

fn elected(voices: &[Voice]) -> Option<Folded> {
    let mut lengths: BTreeMap<usize, Weight> = BTreeMap::new();
    for voice in voices {
        add(lengths.entry(length(&voice.plate)).or_default(), voice.weight);
    }
    let (long, _) = lengths.into_iter().max_by_key(|(length, weight)| (*weight, *length))?;
    let same_length = || voices.iter().filter(move |voice| length(&voice.plate) == long);
    let mut texts: BTreeMap<&Folded, Weight> = BTreeMap::new();
    for voice in same_length() {
        add(texts.entry(&voice.plate).or_default(), voice.weight);
    }
    let (leader, _) = texts.into_iter().max_by_key(|(text, weight)| (*weight, Reverse(*text)))?;
    let mut positions: Vec<BTreeMap<char, u64>> = vec![BTreeMap::new(); long];
    for voice in same_length() {
        for (position, c) in positions.iter_mut().zip(voice.plate.as_str().chars()) {
            *position.entry(c).or_default() += voice.weight;
        }
    }
    Some(Folded::of(leader.as_str().chars().zip(&positions).map(|(own, position)| {
        let standing = position.get(&own).copied().unwrap_or(0);
        let other = position.iter().max_by_key(|(c, weight)| (**weight, Reverse(**c)));
        other.filter(|(_, weight)| **weight > standing).map_or(own, |(c, _)| *c)
    })))
}

fn length(plate: &Folded) -> usize {
    plate.as_str().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SURE: Confidence = Confidence(500);

    fn read<'a>(camera: &'a str, plate: &'a str, confidence: f64) -> Ballot<'a> {
        Ballot {
            camera,
            track: None,
            plate: Some(plate),
            confidence: Some(confidence),
            country: None,
            candidates: Vec::new(),
        }
    }

    fn tracked<'a>(track: &'a str, plate: &'a str, confidence: f64) -> Ballot<'a> {
        Ballot { track: Some(track), ..read("front", plate, confidence) }
    }

    fn take(ballots: &[Ballot<'_>]) -> Verdict {
        vote(&Templates::embedded(), ballots, SURE).expect("a verdict")
    }

    #[track_caller]
    fn says(ballots: &[Ballot<'_>], plate: &str, standing: Standing, conflict: Option<&str>) {
        let verdict = take(ballots);
        let against = verdict.conflict.as_ref().map(|conflict| conflict.plate.as_str());
        assert_eq!((verdict.plate.as_str(), verdict.standing, against), (plate, standing, conflict), "{verdict:?}");
    }

    #[test]
    fn one_read_is_its_own_verdict() {
        let verdict = take(&[read("front", "123 abc 02", 0.97)]);
        assert_eq!(verdict.plate.as_str(), "123ABC02");
        assert_eq!((verdict.country.as_deref(), verdict.read), (Some("KZ"), Some(0)));
        assert_eq!((verdict.standing, verdict.agreement, verdict.conflict), (Standing::Sure, Confidence::FULL, None));
        says(&[read("front", "123ABC02", 0.49)], "123ABC02", Standing::Unsure, None);
    }

    #[test]
    fn nothing_read_is_no_verdict() {
        let nothing = Ballot { plate: None, ..read("front", "", 0.9) };
        for ballots in [vec![], vec![nothing], vec![read("front", " - ", 0.9)]] {
            assert_eq!(vote(&Templates::embedded(), &ballots, SURE), None);
        }
    }

    #[test]
    fn sure_reads_that_differ_by_settled_glyphs_are_one_plate() {
        says(&[read("a", "O12ABC02", 0.9), read("b", "012A8C02", 0.8)], "012ABC02", Standing::Sure, None);
        says(&[read("a", "А123ВС77", 0.9), read("b", "A123BC77", 0.8)], "A123BC77", Standing::Sure, None);
        // Alone neither could be settled; one reader's country settles both.
        let known = Ballot { country: Some("KZ"), ..read("a", "123BCD02", 0.9) };
        says(&[known, read("b", "1238CD02", 0.9)], "123BCD02", Standing::Sure, None);
    }

    #[test]
    fn two_plates_that_both_are_sure_are_a_conflict() {
        says(&[read("a", "123ABC02", 0.9), read("b", "123ABD02", 0.8)], "123ABC02", Standing::Sure, Some("123ABD02"));
        let told = Ballot { confidence: None, ..read("b", "777ZZZ01", 0.0) };
        let verdict = take(&[read("a", "123ABC02", 0.9), told]);
        assert_eq!(verdict.plate.as_str(), "777ZZZ01", "a reader that tells no confidence stands by what it reads");
        assert_eq!(verdict.conflict.map(|conflict| (conflict.plate, conflict.read)), Some((fold("123ABC02"), 0)));
        says(&[read("a", "123ABC02", 0.9), read("b", "777ZZZ01", 0.3)], "123ABC02", Standing::Sure, None);
    }

    #[test]
    fn a_later_read_of_a_track_revises_the_earlier_one() {
        says(&[tracked("7", "AA7690EQ", 0.9), tracked("7", "AA7690EO", 0.6)], "AA7690EO", Standing::Sure, None);
        let other = Ballot { camera: "rear", ..tracked("7", "AA7690EQ", 0.9) };
        says(&[other, tracked("7", "AA7690EO", 0.6)], "AA7690EQ", Standing::Sure, Some("AA7690EO"));
        let lost = Ballot { plate: None, ..tracked("7", "", 0.9) };
        says(&[tracked("7", "123ABC02", 0.9), lost], "123ABC02", Standing::Sure, None);
    }

    #[test]
    fn each_position_goes_to_the_character_with_most_confidence() {
        let reads = [
            read("a", "12BAHC02", 0.4),
            read("a", "123ABG02", 0.4),
            read("a", "129ABC02", 0.3),
            read("a", "123AHC02", 0.2),
        ];
        let verdict = take(&reads);
        assert_eq!((verdict.plate.as_str(), verdict.read), ("123ABC02", None), "nobody read it whole");
        assert_eq!((verdict.standing, verdict.conflict), (Standing::Unsure, None));
    }

    #[test]
    fn a_sure_read_that_others_outvote_is_a_conflict_not_a_verdict() {
        let reads = [read("a", "123ABC02", 0.6), read("b", "129ABC02", 0.4), read("b", "129ABC02", 0.4)];
        says(&reads, "129ABC02", Standing::Unsure, Some("123ABC02"));
    }

    #[test]
    fn two_reads_never_make_a_third_plate() {
        says(&[read("a", "123ABC02", 0.9), read("b", "178ABD05", 0.9)], "123ABC02", Standing::Sure, Some("178ABD05"));
    }

    #[test]
    fn candidates_weigh_but_never_stand_alone() {
        let candidates = vec![("123ABC02", Some(0.4)), ("129ABC02", Some(0.45)), ("128ABC02", None)];
        let unsure = Ballot { candidates, ..read("a", "123ABC02", 0.45) };
        says(std::slice::from_ref(&unsure), "123ABC02", Standing::Unsure, None);
        says(&[unsure, read("b", "129ABC02", 0.7)], "129ABC02", Standing::Sure, None);
    }

    #[test]
    fn the_length_with_most_confidence_wins() {
        let reads = [read("a", "23ABC02", 0.95), read("b", "123ABC02", 0.6), read("b", "123ABG02", 0.55)];
        let verdict = take(&reads);
        assert_eq!(verdict.plate.as_str(), "123ABC02");
        assert_eq!(verdict.conflict.map(|conflict| conflict.plate), Some(fold("23ABC02")));
        assert_eq!(verdict.agreement, Confidence(285));
    }

    #[test]
    fn the_country_is_what_readers_say_else_the_only_one_that_fits() {
        let said = |country| Ballot { country: Some(country), ..read("a", "123ABC02", 0.9) };
        for (country, told) in [("kz", "KZ"), ("99", "KZ"), ("RU", "KZ"), ("PL", "PL")] {
            assert_eq!(take(&[said(country)]).country.as_deref(), Some(told), "{country}");
        }
        assert_eq!(take(&[read("a", "99AA123", 0.9)]).country, None, "of Azerbaijan or Armenia");
        assert_eq!(take(&[read("a", "GJ37NXC", 0.9)]).country, None, "somewhere in Europe");
    }

    #[test]
    fn confidence_is_a_fraction_whatever_a_reader_sends() {
        for (fraction, thousandths) in [
            (0.0, 0),
            (0.5, 500),
            (0.875, 875),
            (1.0, 1_000),
            (97.0, 1_000),
            (-3.0, 0),
            (f64::NAN, 0),
            (f64::INFINITY, 1_000),
            (f64::NEG_INFINITY, 0),
        ] {
            assert_eq!(Confidence::of(fraction).thousandths(), thousandths, "{fraction}");
        }
    }

    fn any_read() -> impl Strategy<Value = (String, f64, Option<&'static str>)> {
        let text = "12[38][A8]BC0[12]|[A-Z0-9]{5,9}|\\PC{0,6}";
        (text, 0.0..1.2, proptest::option::of(proptest::sample::select(vec!["KZ", "RU", "00", "PL"])))
    }

    thread_local! {
        static EMBEDDED: Templates = Templates::embedded();
    }

    proptest! {
        #[test]
        fn the_order_of_untracked_reads_decides_nothing(reads in prop::collection::vec(any_read(), 0..7), turn in 0_usize..7) {
            let mut ballots: Vec<_> = reads.iter()
                .map(|(text, confidence, country)| Ballot { country: *country, ..read("a", text, *confidence) }).collect();
            let told = |ballots: &[Ballot<'_>]| EMBEDDED.with(|templates| vote(templates, ballots, SURE)).map(|verdict| {
                (verdict.plate, verdict.country, verdict.standing, verdict.agreement, verdict.conflict.map(|it| it.plate))
            });
            let before = told(&ballots);
            ballots.rotate_left(turn.min(reads.len()));
            prop_assert_eq!(told(&ballots), before.clone());
            ballots.reverse();
            prop_assert_eq!(told(&ballots), before);
        }

        #[test]
        fn a_sure_verdict_without_conflict_is_what_every_sure_read_says(reads in prop::collection::vec(any_read(), 1..7)) {
            let ballots: Vec<_> = reads.iter().map(|(text, confidence, _)| read("a", text, *confidence)).collect();
            EMBEDDED.with(|templates| {
                let Some(verdict) = vote(templates, &ballots, SURE) else { return Ok(()) };
                let sure = ballots.iter().filter(|ballot| Confidence::of(ballot.confidence.unwrap_or(1.0)) >= SURE);
                let plates: Vec<_> = sure.map(|ballot| fold(ballot.plate.unwrap_or_default())).filter(|it| !it.is_empty()).collect();
                let alike = plates.iter().all(|plate| templates.canonical(plate, None) == verdict.plate);
                prop_assert_eq!(verdict.conflict.is_none(), alike);
                prop_assert_eq!(verdict.standing == Standing::Sure && verdict.conflict.is_none(), alike && !plates.is_empty());
                Ok(())
            })?;
        }
    }
}
