//! Two states of the lane are one when nothing that the machine will ever do tells them apart.
//!
//! A walk over every field makes one number of a state. Instants count by what lies between them, not by what they are;
//! identifiers by the order in which they appear; what is evidence only (wall time, texts on the display) not at all.
//! Each structure names all its fields: one that is added doesn't build until somebody has said what it means here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::super::super::by_hand::ByHand;
use super::super::super::evidence::Read;
use super::super::super::loops::{Doubt, Half, LoopName, Steadiness};
use super::super::super::pair::Heading;
use super::super::super::passage::{
    Awaiting, Because, Closing, Crossing, Going, Judged, Marks, Passage, Purpose, Steps, Way,
};
use super::super::super::presence::Seen;
use super::super::super::weigh::Unused;
use crate::lane::{Link, Machine};
use crate::model::*;

/// Between two instants that lie back, more than this is told apart by their order only: the longest that two of them are
/// compared by is the lag of a platform, 2 s.
const PAST_MAX: u64 = 3_000_000;
/// What lies further ahead than this never comes in a search.
pub(super) const AHEAD_MAX: u64 = 600_000_000;

/// A walk over a state.
#[derive(Debug, Default)]
pub(in crate::lane) struct Walk {
    hash: u64,
    steps: u64,
    stamps: Vec<(u64, u64)>,
    ages: Vec<(u64, u64)>,
    names: Vec<Uuid>,
}

impl Walk {
    #[inline]
    pub(in crate::lane) fn put(&mut self, value: u64) {
        self.steps += 1;
        self.hash = mix(self.hash ^ value);
    }

    pub(in crate::lane) fn stamp(&mut self, at: Mono) {
        self.steps += 1;
        self.stamps.push((at.as_micros(), self.steps));
    }

    /// An instant whose age a rule looks at, up to so many seconds.
    pub(in crate::lane) fn age(&mut self, at: Option<Mono>, seconds: u64) {
        self.ages.push((at.map_or(u64::MAX, Mono::as_micros), seconds * 1_000_000));
    }

    pub(in crate::lane) fn text(&mut self, text: &str) {
        self.put(hash_of(text));
    }

    pub(in crate::lane) fn name(&mut self, name: Uuid) {
        let index = self.names.iter().position(|known| *known == name).unwrap_or(self.names.len());
        if index == self.names.len() {
            self.names.push(name);
        }
        self.put(index as u64);
    }

    /// Whether that identifier was met already.
    pub(super) fn has(&self, name: Uuid) -> bool {
        self.names.contains(&name)
    }

    /// Things whose order says nothing.
    pub(super) fn unordered(&mut self, hashes: impl Iterator<Item = u64>) {
        let sum = hashes.fold(0_u64, |sum, hash| sum.wrapping_add(mix(hash)));
        self.put(sum);
    }

    pub(super) fn finish(mut self, now: Mono) -> u64 {
        let now = now.as_micros();
        for (at, most) in std::mem::take(&mut self.ages) {
            self.put(if at == u64::MAX { at } else { now.saturating_sub(at).min(most) });
        }
        self.stamps.push((now, 0));
        self.stamps.sort_unstable();
        let mut before = self.stamps.first().map_or(0, |(at, _)| *at);
        for (at, tag) in std::mem::take(&mut self.stamps) {
            let most = if at <= now { PAST_MAX } else { AHEAD_MAX };
            self.hash = mix(self.hash ^ (at - before).min(most));
            self.hash = mix(self.hash ^ tag);
            before = at;
        }
        self.hash
    }
}

fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// A text as one number.
pub(super) fn hash_of(text: &str) -> u64 {
    text.as_bytes().chunks(8).fold(text.len() as u64, |hash, chunk| {
        let mut word = [0_u8; 8];
        word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
    })
}

/// What a walk visits.
pub(in crate::lane) trait Digest {
    fn walk(&self, to: &mut Walk);
}

/// Says what of a structure counts, and that nothing else is in it.
macro_rules! digest {
    ($type:ty { $($field:ident),* $(,)? } $(aged { $($aged:ident: $seconds:literal),* })? without { $($other:ident),* $(,)? }) => {
        impl crate::lane::tests::search::digest::Digest for $type {
            fn walk(&self, to: &mut crate::lane::tests::search::digest::Walk) {
                let Self { $($field,)* $($($aged,)*)? $($other: _,)* } = self;
                let _ = &to;
                $($field.walk(to);)*
                $($(to.age(*$aged, $seconds);)*)?
            }
        }
    };
    ($($type:ty),* as numbers) => {
        $(impl Digest for $type {
            fn walk(&self, to: &mut Walk) {
                to.put(*self as u64);
            }
        })*
    };
}
pub(in crate::lane) use digest;

digest!(Seen, Half, Doubt, Steadiness, Heading, Crossing, Because, Judged, Link, Unused as numbers);
digest!(BarrierPlace, LoopPlace, Position, BarrierMode, CommandReason, Service, Channel, Alarm, View, Light as numbers);
digest!(Outcome, Source, Severity, ByHand, Evacuation as numbers);

macro_rules! plain {
    ($($type:ty),*) => {
        $(impl Digest for $type {
            fn walk(&self, to: &mut Walk) {
                to.put(u64::from(*self));
            }
        })*
    };
}
plain!(bool, u8, u32, u64);

impl Digest for usize {
    fn walk(&self, to: &mut Walk) {
        to.put(*self as u64);
    }
}

impl<T: Digest> Digest for Option<T> {
    fn walk(&self, to: &mut Walk) {
        to.put(u64::from(self.is_some()));
        if let Some(value) = self {
            value.walk(to);
        }
    }
}

impl<T: Digest> Digest for Vec<T> {
    fn walk(&self, to: &mut Walk) {
        to.put(self.len() as u64);
        self.iter().for_each(|value| value.walk(to));
    }
}

impl<T: Digest> Digest for VecDeque<T> {
    fn walk(&self, to: &mut Walk) {
        to.put(self.len() as u64);
        self.iter().for_each(|value| value.walk(to));
    }
}

impl<T: Digest> Digest for BTreeSet<T> {
    fn walk(&self, to: &mut Walk) {
        to.put(self.len() as u64);
        self.iter().for_each(|value| value.walk(to));
    }
}

impl<K: Digest, T: Digest> Digest for BTreeMap<K, T> {
    fn walk(&self, to: &mut Walk) {
        to.put(self.len() as u64);
        self.iter().for_each(|(key, value)| {
            key.walk(to);
            value.walk(to);
        });
    }
}

impl<T: Digest, const N: usize> Digest for [T; N] {
    fn walk(&self, to: &mut Walk) {
        self.iter().for_each(|value| value.walk(to));
    }
}

impl<A: Digest, B: Digest> Digest for (A, B) {
    fn walk(&self, to: &mut Walk) {
        self.0.walk(to);
        self.1.walk(to);
    }
}

impl<A: Digest, B: Digest, C: Digest> Digest for (A, B, C) {
    fn walk(&self, to: &mut Walk) {
        self.0.walk(to);
        self.1.walk(to);
        self.2.walk(to);
    }
}

impl<T: Digest> Digest for Arc<T> {
    fn walk(&self, to: &mut Walk) {
        self.as_ref().walk(to);
    }
}

impl Digest for Mono {
    fn walk(&self, to: &mut Walk) {
        to.stamp(*self);
    }
}

/// Evidence: that there is one counts, and not which.
impl Digest for Timestamp {
    fn walk(&self, _: &mut Walk) {}
}

impl Digest for Uuid {
    fn walk(&self, to: &mut Walk) {
        to.name(*self);
    }
}

impl Digest for PassageId {
    fn walk(&self, to: &mut Walk) {
        to.name(self.0);
    }
}

/// Tickets are equal or not, as identifiers are.
impl Digest for Ticket {
    fn walk(&self, to: &mut Walk) {
        to.name(Uuid::from_u128(u128::from(self.0) + (1 << 100)));
    }
}

/// So are the rounds of the register.
pub(super) fn round(passage: PassageId, round: u32) -> Uuid {
    Uuid::from_u128(passage.0.as_u128() ^ (u128::from(round) << 32))
}

impl Digest for Duration {
    fn walk(&self, to: &mut Walk) {
        to.put(u64::from(self.subsec_micros()) + self.as_secs() * 1_000_000);
    }
}

impl Digest for i64 {
    fn walk(&self, to: &mut Walk) {
        to.put(self.cast_unsigned());
    }
}

impl Digest for String {
    fn walk(&self, to: &mut Walk) {
        to.text(self);
    }
}

impl Digest for DeviceName {
    fn walk(&self, to: &mut Walk) {
        to.text(self.as_str());
    }
}

impl Digest for BarrierState {
    fn walk(&self, to: &mut Walk) {
        let Self { position, mode, fault, command_id: _, at: _ } = self;
        position.walk(to);
        mode.walk(to);
        fault.walk(to);
    }
}

/// A read by its id, which stands for all of it: the world makes no two of one id.
impl Digest for Read {
    fn walk(&self, to: &mut Walk) {
        to.text(self.camera.as_str());
        to.text(&self.read.read_id);
    }
}

/// A weight by what it is compared by.
impl Digest for WeightReading {
    fn walk(&self, to: &mut Walk) {
        self.gross_kg.walk(to);
        to.put(self.stability as u64);
    }
}

impl Digest for LoopName {
    fn walk(&self, to: &mut Walk) {
        self.place.walk(to);
        self.half.walk(to);
    }
}

digest!(Going { barrier, command_id, since } without {});
digest!(Closing { because, retries } without {});
digest!(Purpose { barrier, reason, order } without {});
// How long the steps took is told to the metrics and decides nothing; since when a camera should have spoken matters in
// no world of a search.
digest!(Marks { } without { arrived, stands, judged_from, decided, opened });
digest!(Steps { identified, left } without {
    arrived, weighed, matched, risk_requested, risk_decided, decided, opened, closed,
});
digest!(Authority { passage, barrier, reason, command_id, ticket, issued, expires } without { lane });

impl Digest for Way {
    fn walk(&self, to: &mut Walk) {
        match self {
            Self::Standing => to.put(0),
            Self::Authorising(authority, purpose) => {
                to.put(1);
                authority.walk(to);
                purpose.walk(to);
            }
            Self::Opening(going) => {
                to.put(2);
                going.walk(to);
            }
            Self::Driving(going, crossing) => {
                to.put(3);
                going.walk(to);
                crossing.walk(to);
            }
            Self::Closing(going, closing) => {
                to.put(4);
                going.walk(to);
                closing.walk(to);
            }
        }
    }
}

fn hash_of_hold(hold: &Hold) -> u64 {
    let Hold { code, detail, since: _, severity } = hold;
    hash_of(code.as_str()) ^ hash_of(detail).rotate_left(7) ^ *severity as u64
}

fn hash_of_finding(finding: &Finding) -> u64 {
    let Finding { code, severity, detail: _ } = finding;
    hash_of(code.as_str()) ^ *severity as u64
}

impl Digest for RiskDecision {
    fn walk(&self, to: &mut Walk) {
        // Measures, profiles and reasons are told and decide nothing; the reason is a hold's detail already.
        let Self { request_id: _, channel, measures: _, profiles: _, reason: _, agencies, valid_until: _ } = self;
        channel.walk(to);
        to.unordered(agencies.iter().map(|agency| hash_of(&agency.agency) ^ u64::from(agency.clear)));
    }
}

impl Digest for Passage {
    fn walk(&self, to: &mut Walk) {
        let Self {
            id,
            steps,
            marks,
            gathered,
            seals,
            way,
            awaiting,
            judged,
            round: _,
            matched,
            findings,
            risk,
            earlier,
            source,
            degraded,
            asked,
            holds,
            orders: _,
            outcome,
            commanded,
            restored,
            restored_documents: _,
            heard,
            inside,
            parts_left,
            taken_again,
            lost,
            crossed,
            by_hand,
        } = self;
        id.walk(to);
        steps.walk(to);
        marks.walk(to);
        gathered.walk(to);
        way.walk(to);
        to.put(seals.reports().len() as u64);
        match awaiting {
            Awaiting::Nothing => to.put(0),
            Awaiting::Match(current) => to.name(round(*id, *current)),
            Awaiting::Risk(request) => to.name(*request),
        }
        judged.walk(to);
        let found = matched.as_ref().map(|matched| {
            let number = matched.notification.as_ref().map_or(0, |notification| hash_of(&notification.number));
            number ^ matched.findings.len() as u64
        });
        found.walk(to);
        to.unordered(findings.iter().map(hash_of_finding));
        risk.walk(to);
        to.put(u64::from(earlier.is_some()) + 2 * u64::from(degraded.is_some()));
        source.walk(to);
        // Only what the world can still answer is told apart.
        asked.iter().filter(|request| to.has(**request)).copied().collect::<Vec<_>>().walk(to);
        to.unordered(holds.iter().map(hash_of_hold));
        outcome.walk(to);
        commanded.walk(to);
        restored.walk(to);
        heard.walk(to);
        inside.walk(to);
        parts_left.walk(to);
        taken_again.walk(to);
        lost.walk(to);
        crossed.walk(to);
        by_hand.walk(to);
    }
}

/// The machine, apart from what it has told already (`shown`, `signalled`) and what a search keeps still (births).
pub(super) fn walk_machine(machine: &Machine, to: &mut Walk) {
    let Machine {
        guards: _,
        setup: _,
        ids: _,
        timers,
        sensors,
        arms,
        service,
        passage,
        link,
        alarms,
        births: _,
        roster,
        silent,
        early,
        foretold: _,
        traffic,
        scale,
        stirred: _,
        stopping,
        poisoned,
        unanswered,
        evacuation,
        dirty: _,
        shown: _,
        signalled: _,
        ..
    } = machine;
    passage.walk(to);
    timers.walk(to);
    sensors.walk(to);
    arms.walk(to);
    service.walk(to);
    link.walk(to);
    alarms.walk(to);
    for (at, read) in early {
        to.age(Some(*at), 6);
        read.walk(to);
    }
    roster.walk(to);
    silent.walk(to);
    traffic.walk(to);
    scale.walk(to);
    stopping.walk(to);
    poisoned.walk(to);
    unanswered.walk(to);
    evacuation.walk(to);
}
