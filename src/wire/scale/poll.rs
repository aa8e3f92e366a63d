//! What a driver sends and when; time is an argument.
//!
//! ```text
//!  due(now) ─▶ bytes, or nothing yet        took(now, what the framer found)        wake() ─▶ when to ask again
//! ```
//!
//! Continuous protocols are sent nothing. Others have ways of asking for weights, tried in order while the line is
//! silent: a stream that is asked for once, or single weights, one outstanding at a time. Beside the weights the
//! indicator's settings are asked for (Max, division), before the first weight where the configuration names them, and
//! the tare again and again where the protocol tells net weights.

use std::time::Duration;

use super::frame::{Decoded, Reply};
use super::{mt_sics, sma, tenso_m, xk3190_command};
use crate::model::Mono;
use crate::model::scale::{Checksum, Dialect, TENSO_M_ADDRESS, XK3190_ADDRESS};

/// How often single weights are asked for.
const EVERY: Duration = Duration::from_millis(200);
/// How long an answer may take (Tenso-M's manual: 700 ms; the others are quicker).
const ANSWER_WITHIN: Duration = Duration::from_millis(700);
/// How long the answer may take that waits for the load to rest.
const STABLE_WITHIN: Duration = Duration::from_secs(2);
/// How long a stream may be silent before the next way of asking is tried.
const STREAM_WITHIN: Duration = Duration::from_secs(1);
/// Unanswered requests before the next way of asking is tried.
const UNANSWERED_MAX: u8 = 2;
/// How often the settings are asked for before weights are asked for without them.
const SETTINGS_TRIES: u8 = 4;
/// Parts of one answer that are asked for one after the other.
const PARTS_MAX: u8 = 12;
/// How often the tare is asked for.
const TARE_EVERY: Duration = Duration::from_secs(5);

/// What is asked for first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskFirst {
    /// The settings, to be held against the configuration.
    Settings,
    /// Weights.
    Weights,
}

/// One way of asking for weights.
#[derive(Debug)]
struct Way {
    weight: Vec<u8>,
    manner: Manner,
    /// How long the answer to `weight` may take.
    within: Duration,
    settings: Option<Vec<u8>>,
    /// Asks for the next part of the settings.
    next: Option<Vec<u8>>,
    tare: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Stream,
    Single,
}

/// A request that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outstanding {
    Weight,
    Settings,
    Tare,
}

/// The requests of one dialect.
#[derive(Debug)]
pub struct Poller {
    ways: Vec<Way>,
    way: usize,
    settings_left: u8,
    parts_left: u8,
    wants_part: bool,
    tare_from: Option<Mono>,
    /// A request that waits for its answer, and until when.
    outstanding: Option<(Outstanding, Mono)>,
    unanswered: u8,
    /// No weight is asked for before.
    from: Mono,
    /// The stream was asked for; this is its last frame, or when it was asked for.
    stream: Option<Mono>,
}

impl Poller {
    /// The requests of a dialect.
    #[must_use]
    pub fn new(dialect: &Dialect, first: AskFirst) -> Self {
        Self {
            ways: ways(dialect),
            way: 0,
            settings_left: if first == AskFirst::Settings { SETTINGS_TRIES } else { 0 },
            parts_left: 0,
            wants_part: false,
            tare_from: None,
            outstanding: None,
            unanswered: 0,
            from: Mono::default(),
            stream: None,
        }
    }

    /// What is to be sent now.
    pub fn due(&mut self, now: Mono) -> Option<Vec<u8>> {
        if let Some((what, until)) = self.outstanding {
            if now < until {
                return None;
            }
            self.outstanding = None;
            self.missed(what, now);
        }
        let way = self.ways.get(self.way)?;
        if std::mem::take(&mut self.wants_part) {
            let bytes = way.next.clone()?;
            self.outstanding = Some((Outstanding::Settings, now + ANSWER_WITHIN));
            return Some(bytes);
        }
        if self.settings_left > 0
            && let Some(bytes) = way.settings.clone()
        {
            self.outstanding = Some((Outstanding::Settings, now + ANSWER_WITHIN));
            self.parts_left = PARTS_MAX;
            return Some(bytes);
        }
        if let Some(bytes) = way.tare.clone().filter(|_| self.tare_from.is_some_and(|from| from <= now)) {
            self.tare_from = Some(now + TARE_EVERY);
            self.outstanding = Some((Outstanding::Tare, now + ANSWER_WITHIN));
            return Some(bytes);
        }
        self.weight(now)
    }

    fn weight(&mut self, now: Mono) -> Option<Vec<u8>> {
        if self.stream.is_some_and(|heard| now.since(heard) >= STREAM_WITHIN) {
            self.next_way(now);
        }
        let way = self.ways.get(self.way).filter(|_| self.stream.is_none() && self.from <= now)?;
        match way.manner {
            Manner::Stream => self.stream = Some(now),
            Manner::Single => {
                self.outstanding = Some((Outstanding::Weight, now + way.within));
                self.from = now + EVERY;
            }
        }
        Some(way.weight.clone())
    }

    /// When something may be due; none when nothing ever is.
    #[must_use]
    pub fn wake(&self) -> Option<Mono> {
        let way = self.ways.get(self.way)?;
        if let Some((_, until)) = self.outstanding {
            return Some(until);
        }
        if self.wants_part || self.settings_are_due(way) {
            return Some(Mono::default());
        }
        let weight = self.stream.map_or(self.from, |heard| heard + STREAM_WITHIN);
        match self.tare_from.filter(|_| way.tare.is_some()) {
            Some(tare) => Some(weight.min(tare)),
            None => Some(weight),
        }
    }

    const fn settings_are_due(&self, way: &Way) -> bool {
        self.settings_left > 0 && way.settings.is_some()
    }

    /// Takes what the framer found.
    pub fn took(&mut self, now: Mono, found: &Decoded) {
        match found {
            Decoded::Frame(_) => {
                self.stream = self.stream.map(|_| now);
                self.unanswered = 0;
                self.tare_from = self.tare_from.or(Some(now));
                self.answered(Outstanding::Weight);
            }
            Decoded::Settings(_) => {
                self.answered(Outstanding::Settings);
                self.settings_left = 0;
            }
            Decoded::Reply(Reply::More) => {
                if self.answered(Outstanding::Settings) && self.parts_left > 0 {
                    self.parts_left -= 1;
                    self.wants_part = true;
                }
            }
            Decoded::Reply(Reply::Accepted) => {
                if self.answered(Outstanding::Settings) {
                    self.settings_left = 0;
                } else {
                    self.answered(Outstanding::Tare);
                }
            }
            Decoded::Reply(Reply::Refused) => self.refused(now),
            Decoded::Reply(Reply::Echo) | Decoded::Skipped { .. } => {}
        }
    }

    fn answered(&mut self, what: Outstanding) -> bool {
        let is_it = self.outstanding.is_some_and(|(asked, _)| asked == what);
        if is_it {
            self.outstanding = None;
        }
        is_it
    }

    /// What it doesn't know is not asked again; a way of weighing that it refuses is left at once.
    fn refused(&mut self, now: Mono) {
        match self.outstanding.take().map(|(what, _)| what) {
            Some(Outstanding::Settings) => self.settings_left = 0,
            Some(Outstanding::Tare) => self.ways.iter_mut().for_each(|way| way.tare = None),
            Some(Outstanding::Weight) | None => self.next_way(now),
        }
    }

    fn missed(&mut self, what: Outstanding, now: Mono) {
        match what {
            Outstanding::Weight => {
                self.unanswered += 1;
                if self.unanswered >= UNANSWERED_MAX {
                    self.next_way(now);
                }
            }
            Outstanding::Settings => {
                self.settings_left = self.settings_left.saturating_sub(1);
                // Perhaps it is understood in another way.
                let asked = self.ways.get(self.way).and_then(|way| way.settings.clone());
                if self.ways.iter().any(|way| way.settings != asked) {
                    self.next_way(now);
                }
            }
            Outstanding::Tare => self.tare_from = Some(now + TARE_EVERY),
        }
    }

    /// At once, but once round it takes its time: an indicator that refuses everything isn't flooded.
    fn next_way(&mut self, now: Mono) {
        self.unanswered = 0;
        self.stream = None;
        self.way += 1;
        self.from = now;
        if self.way >= self.ways.len() {
            self.way = 0;
            self.from = now + EVERY;
        }
    }
}

fn ways(dialect: &Dialect) -> Vec<Way> {
    let single =
        |weight| Way { weight, manner: Manner::Single, within: ANSWER_WITHIN, settings: None, next: None, tare: None };
    match dialect {
        Dialect::Xk3190 { .. } | Dialect::ToledoContinuous { .. } | Dialect::Rinstrum { .. } => vec![],
        Dialect::Xk3190Command { address, .. } => {
            vec![single(xk3190_command::request(address.unwrap_or(XK3190_ADDRESS), xk3190_command::Command::Gross))]
        }
        Dialect::TensoM { address, checksum, .. } => {
            let guards: &[tenso_m::Guard] = match checksum {
                Checksum::Auto => &[tenso_m::Guard::Crc, tenso_m::Guard::Bare],
                Checksum::On => &[tenso_m::Guard::Crc],
                Checksum::Off => &[tenso_m::Guard::Bare],
            };
            let request = |ask, guard| tenso_m::request(address.unwrap_or(TENSO_M_ADDRESS), ask, guard);
            let way = |guard: &tenso_m::Guard| Way {
                settings: Some(request(tenso_m::Ask::Settings, *guard)),
                ..single(request(tenso_m::Ask::Gross, *guard))
            };
            guards.iter().map(way).collect()
        }
        Dialect::MtSics => {
            let way = |weight: &[u8], manner, within| Way {
                weight: weight.to_vec(),
                manner,
                within,
                settings: Some(mt_sics::ASK_DATA.to_vec()),
                next: None,
                tare: Some(mt_sics::ASK_TARE.to_vec()),
            };
            vec![
                way(mt_sics::ASK_STREAM, Manner::Stream, ANSWER_WITHIN),
                way(mt_sics::ASK_IMMEDIATE, Manner::Single, ANSWER_WITHIN),
                way(mt_sics::ASK_STABLE, Manner::Single, STABLE_WITHIN),
            ]
        }
        Dialect::Sma => vec![Way {
            settings: Some(sma::ASK_INFORMATION.to_vec()),
            next: Some(sma::ASK_NEXT.to_vec()),
            ..single(sma::ASK_WEIGHT.to_vec())
        }],
        Dialect::StGs { request, .. } | Dialect::Pattern { request, .. } => {
            request.clone().map(single).into_iter().collect()
        }
    }
}
