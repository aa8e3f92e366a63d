//! What is true in the world, and the judgement of every step by it: what stands on the road, what the devices last
//! said, what is durable. Nothing here is taken from what the machine believes, except where it says so.

use super::super::super::passage::Way;
use super::super::super::setup::JOURNAL_WITHIN;
use super::super::super::timer::Timer;
use super::super::*;
use super::digest::digest;
use super::world::{Form, Kept, PLATES, Query, TRAVEL, Word, World};

/// An invariant that fell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lane::tests) struct Violation {
    pub(in crate::lane::tests) invariant: &'static str,
    pub(in crate::lane::tests) what: String,
}

/// What is true of the vehicle whose passage it is.
#[derive(Debug, Clone)]
pub(in crate::lane::tests) struct Facts {
    pub(super) passage: PassageId,
    /// Whose plate was read first.
    vehicle: Option<u8>,
    /// Plates on record for it, a bit each.
    plates: u8,
    round: Option<Uuid>,
    lawful: bool,
    question: Option<Uuid>,
    green: bool,
    /// The strictest word about it.
    strictest: Option<Channel>,
    /// Orders to release that were accepted and not carried out yet.
    leaves: u8,
    /// An opening was on record before a crash, and no officer has ordered a release since.
    was_commanded: bool,
    /// The controller restarted since.
    restored: bool,
}

/// Leave to drive under the exit arm.
#[derive(Debug, Clone)]
struct Leave {
    vehicle: Option<u8>,
    crossed: bool,
}

/// The truth.
#[derive(Debug, Clone)]
pub(in crate::lane::tests) struct Truth {
    loops: [Option<bool>; 3],
    arms: [Option<(Position, BarrierMode)>; 3],
    pub(super) light: Light,
    pub(super) facts: Option<Facts>,
    /// Of the passage whose first record leaves at the end of this turn.
    coming: Option<Facts>,
    leave: Option<Leave>,
    /// An open command explains that the arm is not closed.
    explained: [bool; 3],
    /// Something moved that the controller could not see.
    pub(super) blind: bool,
    pub(super) misread: bool,
    /// An incident was told since the exit arm was last opened or closed.
    incident: bool,
    pub(super) journal_failed: bool,
    /// The wall clock was set, and nothing was decided since.
    pub(super) stepped: bool,
    /// Since when the exit arm is said to be open, before anything was under it.
    open_since: Option<Mono>,
    /// Since when an arm is under way and has reached no limit.
    moving_since: Option<Mono>,
    /// The order that the machine is just given: form, and whether two differ.
    pub(super) order: Option<(OrderKind, Form)>,
    /// The way before the input: nothing under way, deciding, or an arm under way.
    before: u8,
    was_closed: bool,
    was_held: bool,
}

impl Facts {
    const fn of(passage: PassageId) -> Self {
        Self {
            passage,
            vehicle: None,
            plates: 0,
            round: None,
            lawful: false,
            question: None,
            green: false,
            strictest: None,
            leaves: 0,
            was_commanded: false,
            restored: false,
        }
    }
}

impl Default for Truth {
    fn default() -> Self {
        Self {
            loops: [None; 3],
            arms: [None; 3],
            light: Light::Red,
            facts: None,
            coming: None,
            leave: None,
            explained: [false; 3],
            blind: false,
            misread: false,
            incident: false,
            journal_failed: false,
            stepped: false,
            open_since: None,
            moving_since: None,
            order: None,
            before: 0,
            was_closed: false,
            was_held: false,
        }
    }
}

digest!(Facts { passage, vehicle, plates, round, lawful, question, green, strictest, leaves, was_commanded, restored } without {});
digest!(Leave { vehicle, crossed } without {});
digest!(Truth {
    loops, arms, light, facts, leave, explained, blind, misread, incident, journal_failed, stepped,
} aged { open_since: 62, moving_since: 9 } without { coming, order, before, was_closed, was_held });

const fn slot(place: BarrierPlace) -> usize {
    match place {
        BarrierPlace::Entry => 0,
        BarrierPlace::Exit => 1,
        BarrierPlace::Inspection => 2,
    }
}

const fn loop_slot(place: LoopPlace) -> usize {
    match place {
        LoopPlace::Approach => 0,
        LoopPlace::Scale => 1,
        LoopPlace::Exit => 2,
    }
}

impl Truth {
    pub(super) fn begin(&mut self, machine: &Machine) {
        self.before = match machine.passage.as_ref().map(|passage| &passage.way) {
            None | Some(Way::Standing) => 0,
            Some(Way::Authorising(..)) => 1,
            Some(Way::Opening(..) | Way::Driving(..) | Way::Closing(..)) => 2,
        };
        self.was_closed = machine.service == Service::Closed;
        self.was_held = machine.passage.as_ref().is_some_and(|passage| !passage.holds.is_empty());
    }

    pub(super) const fn link_is_up(&mut self) {
        self.loops = [None; 3];
        self.arms = [None; 3];
    }

    pub(super) const fn hear_loop(&mut self, place: LoopPlace, occupied: bool) {
        self.loops[loop_slot(place)] = Some(occupied);
    }

    pub(super) const fn heard_loop(&self, place: LoopPlace) -> Option<bool> {
        self.loops[loop_slot(place)]
    }

    pub(super) fn hear_arm(&mut self, place: BarrierPlace, position: Position, mode: BarrierMode) {
        let slot = slot(place);
        let before = self.arms[slot].replace((position, mode)).map(|(position, _)| position);
        // An arm that says that it is closed when it is first heard may still get its command.
        if position == Position::Closed && before.is_some_and(|before| before != Position::Closed) {
            self.explained[slot] = false;
        }
        if before != Some(position) {
            self.moving_since = None;
        }
    }

    /// Where an arm really stands: on the road nobody has leave any more once it is down.
    pub(super) fn arm_stands(&mut self, place: BarrierPlace, position: Position) {
        if place == BarrierPlace::Exit && position == Position::Closed {
            self.leave = None;
            self.incident = false;
        }
    }

    pub(super) fn asked_register(&mut self, query: &Query) {
        if self.facts.as_ref().is_none_or(|facts| facts.passage != query.passage) {
            self.coming = Some(Facts::of(query.passage));
        }
        if let Some(facts) = self.facts_of(query.passage) {
            facts.round = Some(super::digest::round(query.passage, query.round));
            (facts.lawful, facts.green) = (false, false);
        }
    }

    pub(super) fn matched(&mut self, query: &Query, fine: bool) {
        let vehicle = query.vehicle;
        let round = super::digest::round(query.passage, query.round);
        if let Some(facts) = self.facts_of(query.passage).filter(|facts| facts.round == Some(round)) {
            facts.lawful = fine && vehicle.is_some();
        }
    }

    pub(super) fn asked_rms(&mut self, passage: PassageId, request: Uuid) {
        if let Some(facts) = self.facts_of(passage) {
            facts.question = Some(request);
            facts.green = false;
        }
    }

    pub(super) fn answered(&mut self, passage: PassageId, request: Uuid, word: Word) {
        let Some(facts) = self.facts_of(passage) else { return };
        let channel = match word {
            Word::Green => Channel::Green,
            Word::Yellow => Channel::Yellow,
            Word::Red => Channel::Red,
            Word::Unavailable => return,
        };
        facts.green |= word == Word::Green && facts.question == Some(request);
        facts.strictest = facts.strictest.max(Some(channel));
    }

    fn facts_of(&mut self, passage: PassageId) -> Option<&mut Facts> {
        [&mut self.facts, &mut self.coming].into_iter().flatten().find(|facts| facts.passage == passage)
    }

    pub(super) fn crash(&mut self, open: Option<PassageId>, records: &[std::sync::Arc<Kept>]) {
        let known = self.facts.take().filter(|facts| Some(facts.passage) == open);
        // Its end was not durable: whose it was is not told any more.
        self.blind |= known.is_none() && open.is_some();
        self.facts = known.or_else(|| open.map(Facts::of));
        let opened = records.iter().any(|kept| {
            kept.record.kind == RecordKind::BarrierCommanded
                && kept.record.body.contains("\"open\"")
                && !kept.record.body.contains("\"barrier\":\"entry\"")
        });
        let decided = records.iter().filter(|kept| kept.record.kind == RecordKind::RiskDecided);
        let words = [("\"red\"", Channel::Red), ("\"yellow\"", Channel::Yellow), ("\"green\"", Channel::Green)];
        let word = |body: &str| words.into_iter().find(|(text, _)| body.contains(text)).map(|(_, channel)| channel);
        let strictest = decided.filter_map(|kept| word(&kept.record.body)).max();
        if let Some(facts) = &mut self.facts {
            (facts.question, facts.green, facts.leaves) = (None, false, 0);
            facts.was_commanded = opened;
            facts.restored = true;
            // A word that was not durable is said again by whoever was not told that it arrived (C2).
            facts.strictest = strictest;
        }
        self.link_is_up();
        (self.open_since, self.moving_since) = (None, None);
    }
}

impl World {
    pub(super) fn fails(&mut self, invariant: &'static str, what: impl Into<String>) {
        if self.broken.is_none() {
            self.broken = Some(Violation { invariant, what: what.into() });
        }
    }

    fn hopes(&mut self, invariant: &'static str, holds: bool, what: &'static str) {
        if !holds {
            self.fails(invariant, what);
        }
    }

    pub(super) fn judge_record(&mut self, record: &NewRecord) {
        self.tell(|| format!("    record {}: {}", record.kind.as_str(), brief(record)));
        self.truth.stepped &= record.kind != RecordKind::BarrierCommanded || !record.body.contains("\"open\"");
        if record.kind == RecordKind::PassageOpened {
            self.hopes("C4", self.truth.facts.is_none(), "a passage begins before the last one ended");
            self.hopes("A5", !self.truth.was_closed || self.truth.order.is_some(), "a closed lane takes a vehicle");
            let coming = self.truth.coming.take().filter(|coming| Some(coming.passage) == record.passage);
            self.truth.facts = coming.or_else(|| record.passage.map(Facts::of));
        } else if record.kind == RecordKind::PassageCompleted {
            let is_open = self.truth.facts.as_ref().is_some_and(|facts| Some(facts.passage) == record.passage);
            self.hopes("C4", is_open, "a passage ends that is not open");
            self.truth.facts = None;
        } else if record.kind == RecordKind::Evidence {
            self.judge_evidence(record);
        } else if record.kind == RecordKind::Order && record.body.contains("\"accepted\"") {
            self.judge_order();
        } else if record.kind == RecordKind::Held && record.body.contains("the receipt is not") {
            self.fails("D1", "a compliant vehicle is held by another record's receipt");
        }
    }

    fn judge_evidence(&mut self, record: &NewRecord) {
        let plate = (0..2_u8).find(|vehicle| record.body.contains(PLATES[usize::from(*vehicle)]));
        let honest = !self.truth.blind && !self.truth.misread;
        let Some((facts, plate)) = self.truth.facts.as_mut().zip(plate) else { return };
        if record.passage != Some(facts.passage) {
            return;
        }
        facts.plates |= 1 << plate;
        // The passage is whose plate is read first: nothing was decided before.
        let named = *facts.vehicle.get_or_insert(plate);
        // What is read while a passage waits for an officer after a restart is for the officer to judge.
        if honest && !facts.restored && named != plate {
            self.fails("A2", "what was read of one vehicle is in the passage of another");
        }
    }

    fn judge_order(&mut self) {
        let Some((kind, form)) = self.truth.order else { return };
        match form {
            Form::One | Form::Two => {}
            Form::Same => {
                let red = self.facts().is_some_and(|facts| facts.strictest == Some(Channel::Red));
                self.hopes("A9", !red, "one officer twice counted as two");
            }
            Form::OtherPassage => self.fails("A9", "an order for another passage was accepted"),
            Form::Old => self.fails("A9", "an order that is too old was accepted"),
            Form::Mute => self.fails("A9", "an order without a reason was accepted"),
            Form::Stale => self.fails("A9", "an order decided on another state was accepted"),
        }
        if kind == OrderKind::Release {
            let red = self.facts().is_some_and(|facts| facts.strictest == Some(Channel::Red));
            self.hopes("A9", !red || form != Form::One, "one officer released the red channel");
            self.hopes("A9", self.truth.before == 0, "an order to release while something is under way");
            self.hopes("A9", self.truth.was_held, "an order to release a vehicle that is not held");
            self.hopes("A1", !self.truth.journal_failed, "an order was accepted although the journal failed");
            if let Some(facts) = &mut self.truth.facts {
                facts.leaves += 1;
                facts.was_commanded = false;
            }
        }
    }

    pub(super) fn judge_open(&mut self, granted: &OpenAuthority) {
        let authority = granted.authority();
        let (place, now) = (authority.barrier, self.now().mono);
        let id = authority.command_id.to_string();
        let is_written = self
            .durable
            .records
            .iter()
            .any(|kept| kept.record.kind == RecordKind::BarrierCommanded && kept.record.body.contains(&id));
        self.hopes("A1", is_written, "an arm is opened and no durable record says so");
        self.hopes("A1", !self.truth.journal_failed, "an arm is opened although the journal failed");
        self.hopes(
            "A1",
            now.since(authority.issued) <= JOURNAL_WITHIN,
            "a decision opens that was not durable in time",
        );
        self.hopes("A4", now < authority.expires, "an authority opens that is over");
        self.hopes("A3", self.truth.before != 2, "an arm is opened while an opening is under way");
        self.hopes("A6", self.link == Link::Up, "an arm is opened while the devices can not be reached");
        self.hopes("C7", !self.truth.stepped, "the clock was set since it was decided");
        self.hopes("A2", self.truth.loops.contains(&Some(true)), "an arm is opened and no sensor sees a vehicle");
        match self.truth.arms[slot(place)] {
            Some((position, mode)) => {
                self.hopes("B4", position == Position::Closed, "an arm is opened that is not proved closed");
                self.hopes("B8", mode == BarrierMode::Remote, "an arm in local mode is commanded");
            }
            None => self.fails("B4", "an arm is opened whose state is not known"),
        }
        for arm in self.arms.clone() {
            let closed = self.truth.arms[slot(arm.place)].is_some_and(|(position, _)| position == Position::Closed);
            self.hopes("B3", arm.place == place || closed, "an arm is opened while another is not proved closed");
        }
        match authority.reason {
            CommandReason::Release => self.judge_release(),
            CommandReason::Order => self.judge_ordered(place),
            CommandReason::Refer | CommandReason::Admit | CommandReason::Secure => {}
        }
        self.truth.explained[slot(place)] = true;
        self.truth.moving_since = Some(now);
        if place == BarrierPlace::Exit {
            let named = self.facts().and_then(|facts| facts.vehicle);
            self.truth.incident = false;
            self.truth.leave = Some(Leave { vehicle: named, crossed: false });
        }
    }

    /// A release by itself: everything is known of this very vehicle, and nothing speaks against it.
    fn judge_release(&mut self) {
        let Some(facts) = self.truth.facts.clone() else {
            self.fails("A2", "a release without a passage");
            return;
        };
        self.hopes("A3", !facts.was_commanded, "what was commanded before a crash is commanded again");
        self.hopes("A6", facts.lawful, "a release although the register said nothing good of it");
        self.hopes("A6", facts.green, "a release although nobody said green");
        self.hopes("A7", facts.strictest <= Some(Channel::Blue), "a weaker word won over a stricter one");
        self.hopes("A2", facts.plates.count_ones() == 1, "a release although two plates were read, or none");
        self.judge_who_stands(&facts);
    }

    fn judge_ordered(&mut self, place: BarrierPlace) {
        let Some(facts) = self.truth.facts.clone() else {
            self.fails("A2", "an order opens without a passage");
            return;
        };
        if place == BarrierPlace::Exit {
            self.hopes("A9", facts.leaves > 0, "an order opens twice, or nobody gave it");
            if let Some(facts) = &mut self.truth.facts {
                facts.leaves = facts.leaves.saturating_sub(1);
            }
        }
        self.judge_who_stands(&facts);
    }

    fn judge_who_stands(&mut self, facts: &Facts) {
        let honest = !self.truth.blind && !self.truth.misread;
        let stands = facts.vehicle.is_none_or(|vehicle| matches!(self.vehicles[usize::from(vehicle)], 1..=5));
        self.hopes("A2", stands || !honest, "an arm is opened for a vehicle that is not there");
    }

    pub(super) fn judge_close(&mut self, machine: &Machine, place: BarrierPlace) {
        let zone = if place == BarrierPlace::Entry { LoopPlace::Approach } else { LoopPlace::Exit };
        let free = self.truth.loops[loop_slot(zone)] == Some(false);
        self.hopes("B1", free && self.link == Link::Up, "a close over a zone that is not known to be free");
        self.hopes("B1", self.truth.blind || !self.is_over(zone), "a close over a vehicle");
        let local = self.truth.arms[slot(place)].is_some_and(|(_, mode)| mode == BarrierMode::Local);
        self.hopes("B8", !local, "an arm in local mode is commanded");
        self.hopes("A6", self.link == Link::Up, "an arm is commanded while the devices can not be reached");
        if self.truth.moving_since.is_none() {
            self.truth.moving_since = Some(self.now().mono);
        }
        if place == BarrierPlace::Exit && machine.passage.as_ref().is_none_or(|passage| passage.steps.left.is_none()) {
            self.truth.leave = None;
        }
    }

    /// A vehicle has driven out under the exit arm.
    pub(super) fn judge_move(&mut self, vehicle: u8, from: u8, to: u8) {
        if from != 5 || to != super::world::GONE {
            return;
        }
        let fine = self.truth.leave.as_mut().is_some_and(|leave| {
            let first = !std::mem::replace(&mut leave.crossed, true);
            first && leave.vehicle == Some(vehicle)
        });
        // Who drives out by an arm that a crash left open is for the officer to find out: the lane is held as restarted.
        let restarted = self.machine.as_ref().and_then(|machine| machine.passage.as_ref());
        let restarted = restarted.is_some_and(|passage| passage.is_held_by(HoldCode::Restarted));
        // Who lets it through by the key is told by the alarm of that, and recorded (B8).
        let by_hand = self.machine.as_ref().is_some_and(|machine| {
            [Alarm::LocalMode, Alarm::Evacuation].iter().any(|alarm| machine.alarms.contains(alarm))
        });
        if !fine && !restarted && !by_hand && !self.truth.blind && self.machine.is_some() && !self.truth.incident {
            self.fails("A5", "a vehicle drove out that had no leave, and nothing was told");
        }
    }

    /// What must hold at the end of every turn.
    pub(super) fn judge(&mut self, machine: &Machine) {
        let now = self.now().mono;
        let exit = self.truth.arms[slot(BarrierPlace::Exit)].map(|(position, _)| position);
        let is_open = |world: &Self, place| world.truth.arms[slot(place)].is_some_and(|(at, _)| at == Position::Open);
        let green = self.truth.light == Light::Green;
        let way = machine.passage.as_ref().map(|passage| &passage.way);
        let driving = match way {
            Some(Way::Driving(going, _)) => Some(going.barrier),
            Some(Way::Standing | Way::Authorising(..) | Way::Opening(_) | Way::Closing(..)) | None => None,
        };
        let proved = driving.is_some_and(|place| is_open(self, place));
        self.hopes("B10", !green || proved, "green, and the arm is not proved open for anybody");
        for place in [BarrierPlace::Entry, BarrierPlace::Exit] {
            let up = self.truth.arms[slot(place)]
                .is_some_and(|(position, _)| matches!(position, Position::Opening | Position::Open));
            let alarmed = [Alarm::BarrierForced, Alarm::LocalMode, Alarm::Evacuation];
            let told = self.truth.explained[slot(place)] || alarmed.iter().any(|alarm| machine.alarms.contains(alarm));
            self.hopes("B6", !up || told, "an arm is open, nothing explains it, and nothing is told");
        }
        let told = [Alarm::Tailgating, Alarm::UnknownCrossing, Alarm::BarrierForced, Alarm::WrongWay, Alarm::LoopFault];
        self.truth.incident |= told.iter().any(|alarm| machine.alarms.contains(alarm));
        let second = machine
            .passage
            .as_ref()
            .is_some_and(|passage| passage.holds.iter().any(|hold| hold.detail == "a second vehicle is under the arm"));
        self.hopes("B10", !green || !second, "green for a second vehicle");
        let tailgated = machine.alarms.contains(&Alarm::Tailgating);
        self.hopes("A5", !tailgated || machine.service == Service::Closed, "tailgating, and the lane stays open");
        let free = self.truth.loops[loop_slot(LoopPlace::Exit)] == Some(false);
        if exit == Some(Position::Open) && driving == Some(BarrierPlace::Exit) && free {
            let since = *self.truth.open_since.get_or_insert(now);
            let over = now.since(since) > AUTHORITY_PASS_WITHIN + Duration::from_secs(1);
            self.hopes("A4", !over, "an arm waits longer for its vehicle than its authority lasts");
        } else {
            self.truth.open_since = None;
        }
        let parked = matches!(way, Some(Way::Standing | Way::Authorising(..) | Way::Opening(_)));
        let held = machine.passage.as_ref().is_some_and(|passage| !passage.holds.is_empty());
        let away = parked && self.link == Link::Down && !held;
        self.hopes("A6", !away, "the devices can not be reached, and the vehicle is not held");
        self.judge_motion(machine, now);
        self.judge_waits(machine);
    }

    /// Every motion ends at a limit, or is a fault (B5): two travel times, for the one retry that a close has.
    fn judge_motion(&mut self, machine: &Machine, now: Mono) {
        let Some(since) = self.truth.moving_since else { return };
        let under_way = machine.passage.as_ref().map(|passage| &passage.way);
        let most = match under_way {
            Some(Way::Opening(_)) => TRAVEL + Duration::from_secs(1),
            Some(Way::Closing(..)) => TRAVEL * 2 + Duration::from_secs(2),
            Some(Way::Standing | Way::Authorising(..) | Way::Driving(..)) | None => {
                self.truth.moving_since = None;
                return;
            }
        };
        // Who has taken an arm by its key moves it.
        let told = [Alarm::BarrierFault, Alarm::LoopFault, Alarm::LocalMode, Alarm::Evacuation]
            .iter()
            .any(|alarm| machine.alarms.contains(alarm));
        let in_time = told || now.since(since) <= most;
        self.hopes("B5", in_time, "an arm reaches no limit in time, and nothing is told");
    }

    /// Every wait ends (C6): a vehicle that is not held waits for something that has a deadline.
    fn judge_waits(&mut self, machine: &Machine) {
        let Some(passage) = machine.passage.as_ref() else { return };
        let waits = [
            Timer::Evidence,
            Timer::Match,
            Timer::Risk,
            Timer::Journal,
            Timer::Interlock,
            Timer::Travel,
            Timer::Pass,
            Timer::Left,
            Timer::Empty,
        ];
        let ends = waits.into_iter().any(|timer| machine.timers.is_set(timer));
        self.hopes("C6", ends || !passage.holds.is_empty(), "a vehicle that is not held waits for ever");
    }
}

/// A record in a story.
fn brief(record: &NewRecord) -> String {
    record.body.chars().take(110).collect()
}
