//! Radiation portals that send lines, as TSA's and Rapiscan's do: one verdict for each vehicle that drives through.
//!
//! ```text
//!            background lines              counts, alarms
//!   idle ────────────────────▶ idle ───────────────────▶ occupied ── end ──▶ a reading
//!    │  background high or low: a fault, which holds like an alarm, until a background line says that it is over
//!    └─ an occupancy is told quiet only when it was heard from its beginning to its end by a portal in order
//! ```
//!
//! What isn't understood is never quiet: a garbled line, an unknown code or a missing end within an occupancy makes its
//! verdict a fault. An alarm is told at once, before the occupancy ends.

mod codes;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use codes::{Code, Ray, Said};

use crate::model::{RadiationAlarm, RadiationReading, Timestamp};
use crate::wire::reader::{Framer, Lines, NoText, Read};

pub use codes::NoLine;

/// Bytes between two looks for lines.
const PIECE: usize = 64;
/// Told and not yet taken; of more, lines are lost before verdicts, and quiet vehicles before alarms.
const READY_MAX: usize = 1_024;

/// What a portal's line told.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// A line that was understood: the portal lives.
    Line,
    /// A verdict, and what made it a fault.
    Reading(RadiationReading, Option<&'static str>),
    /// A line that was not understood.
    Refused(NoLine),
}

/// What the background of one kind of radiation is known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Background {
    /// Nothing was heard of it since the line was opened.
    Unheard,
    /// In order.
    Good,
    /// Too high or too low.
    Bad(&'static str),
}

/// A vehicle between the pillars.
#[derive(Debug, Clone, Copy, Default)]
struct Occupancy {
    gamma: bool,
    neutron: bool,
    doubt: Option<&'static str>,
    /// Highest sum of a gamma line's panels.
    peak: u32,
}

impl Occupancy {
    /// An alarm is one whatever else there is to doubt.
    const fn verdict(&self) -> RadiationAlarm {
        match (self.gamma, self.neutron, self.doubt) {
            (true, true, _) => RadiationAlarm::GammaNeutron,
            (true, false, _) => RadiationAlarm::Gamma,
            (false, true, _) => RadiationAlarm::Neutron,
            (false, false, Some(_)) => RadiationAlarm::Fault,
            (false, false, None) => RadiationAlarm::None,
        }
    }
}

/// A portal, from its bytes.
#[derive(Debug)]
pub struct Portal {
    lines: Lines,
    gamma: Background,
    neutron: Background,
    tampered: bool,
    /// A code that isn't known came after the last background line: it may have been a fault.
    unknown: bool,
    occupancy: Option<Occupancy>,
    ready: VecDeque<Told>,
}

impl Default for Portal {
    fn default() -> Self {
        Self {
            lines: Lines::default(),
            gamma: Background::Unheard,
            neutron: Background::Unheard,
            tampered: false,
            unknown: false,
            occupancy: None,
            ready: VecDeque::new(),
        }
    }
}

impl Portal {
    /// Takes bytes that came at `at`.
    pub fn push(&mut self, bytes: &[u8], at: Timestamp) {
        // A few at a time: lines that wait for long are forgotten, and one of them may be an alarm.
        for piece in bytes.chunks(PIECE) {
            self.lines.push(piece);
            self.read(at);
        }
    }

    /// Nothing came for [`Portal::patience`]: an unfinished line stays so.
    pub fn quiet(&mut self, at: Timestamp) {
        self.lines.quiet();
        self.read(at);
    }

    /// How long the rest of a line may take.
    #[must_use]
    pub fn patience(&self) -> std::time::Duration {
        self.lines.patience()
    }

    /// The line was cut or fell silent: whoever is between the pillars wasn't heard to the end.
    pub fn interrupt(&mut self, at: Timestamp) {
        self.lines = Lines::default();
        (self.gamma, self.neutron, self.unknown) = (Background::Unheard, Background::Unheard, false);
        self.end(Some("the line was cut during the occupancy"), at);
    }

    /// The next thing told, until there is none.
    pub fn take(&mut self) -> Option<Told> {
        self.ready.pop_front()
    }

    fn read(&mut self, at: Timestamp) {
        while let Some(read) = self.lines.next() {
            let said = match read {
                Read::Text(line) => codes::parse(&line),
                Read::Skipped {
                    why: NoText::Overlong | NoText::NotUtf8 | NoText::CutOff | NoText::BadFrame, ..
                }
                | Read::Answer(_) => Err(NoLine::Garbled),
            };
            match said {
                Ok(said) => {
                    self.tell(Told::Line);
                    self.hear(said, at);
                }
                Err(why) => self.refuse(why),
            }
        }
    }

    fn refuse(&mut self, why: NoLine) {
        self.tell(Told::Refused(why));
        if why == NoLine::UnknownCode {
            self.unknown = true;
        }
        if let Some(occupancy) = &mut self.occupancy {
            occupancy.doubt.get_or_insert("a line of the occupancy was not understood");
        }
    }

    fn hear(&mut self, said: Said, at: Timestamp) {
        match said.code {
            Code::Background(ray) => {
                self.end(Some("the end of the occupancy was not heard"), at);
                *self.background(ray) = Background::Good;
                self.unknown &= ray == Ray::Neutron;
            }
            Code::BackgroundFault(ray, why) => {
                *self.background(ray) = Background::Bad(why);
                self.fault(why, at);
            }
            Code::Counts(ray) => self.occupied(ray, said.counts),
            Code::Alarm(ray) => {
                self.occupied(ray, said.counts);
                self.alarm(ray, at);
            }
            Code::End if self.occupancy.is_none() => {
                let unheard =
                    Occupancy { doubt: Some("the beginning of the occupancy was not heard"), ..Occupancy::default() };
                self.occupancy = Some(unheard);
                self.end(None, at);
            }
            Code::End => self.end(None, at),
            Code::Tampered => {
                self.tampered = true;
                self.fault(TAMPERED, at);
            }
            Code::TamperOver => self.tampered = false,
            Code::Note => {}
        }
    }

    const fn background(&mut self, ray: Ray) -> &mut Background {
        match ray {
            Ray::Gamma => &mut self.gamma,
            Ray::Neutron => &mut self.neutron,
        }
    }

    /// Why a vehicle that drives in can't be told quiet. A portal without neutron detectors sends no neutron lines.
    const fn doubt(&self) -> Option<&'static str> {
        match (self.gamma, self.neutron) {
            (Background::Bad(why), _) | (_, Background::Bad(why)) => Some(why),
            (Background::Unheard, _) => Some("no background was heard since the line was opened"),
            (Background::Good, _) if self.tampered => Some(TAMPERED),
            (Background::Good, _) if self.unknown => Some("the portal sent a code that is not known"),
            (Background::Good, Background::Good | Background::Unheard) => None,
        }
    }

    fn occupied(&mut self, ray: Ray, counts: u32) {
        let doubt = self.doubt();
        let occupancy = self.occupancy.get_or_insert(Occupancy { doubt, ..Occupancy::default() });
        if ray == Ray::Gamma {
            occupancy.peak = occupancy.peak.max(counts);
        }
    }

    fn alarm(&mut self, ray: Ray, at: Timestamp) {
        let Some(occupancy) = &mut self.occupancy else { return };
        let heard = match ray {
            Ray::Gamma => &mut occupancy.gamma,
            Ray::Neutron => &mut occupancy.neutron,
        };
        if !std::mem::replace(heard, true) {
            let told = *occupancy;
            self.verdict(told, at);
        }
    }

    /// A fault of the portal concerns whoever stands in the lane, whether the pillars are free or not.
    fn fault(&mut self, why: &'static str, at: Timestamp) {
        if let Some(occupancy) = &mut self.occupancy {
            occupancy.doubt.get_or_insert(why);
        }
        self.verdict(Occupancy { doubt: Some(why), ..Occupancy::default() }, at);
    }

    fn end(&mut self, doubt: Option<&'static str>, at: Timestamp) {
        let Some(mut occupancy) = self.occupancy.take() else { return };
        occupancy.doubt = occupancy.doubt.or(doubt);
        self.verdict(occupancy, at);
    }

    fn verdict(&mut self, occupancy: Occupancy, at: Timestamp) {
        let peak_cps = (occupancy.peak > 0).then(|| f64::from(occupancy.peak));
        let reading = RadiationReading { alarm: occupancy.verdict(), peak_cps, at };
        self.tell(Told::Reading(reading, occupancy.doubt));
    }

    fn tell(&mut self, told: Told) {
        if self.ready.len() >= READY_MAX {
            let line = self.ready.iter().position(|told| !matches!(told, Told::Reading(..)));
            let quiet =
                |told: &Told| matches!(told, Told::Reading(reading, _) if reading.alarm == RadiationAlarm::None);
            let least = line.or_else(|| self.ready.iter().position(quiet)).unwrap_or(0);
            self.ready.remove(least);
        }
        self.ready.push_back(told);
    }
}

const TAMPERED: &str = "the portal's cabinet is open";
