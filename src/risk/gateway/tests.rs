//! Early, late, doubled, missing answers; the breaker; who goes first.

use super::*;
use crate::model::risk::SeenVehicle;
use crate::model::{Channel, SiteId, Timestamp};

const SETTINGS: GatewaySettings = GatewaySettings {
    timeout: Duration::from_secs(4),
    in_flight: 2,
    breaker: BreakerSettings { failures: 3, pause: Duration::from_secs(10) },
};

/// A gateway whose askers are numbers.
struct Bench {
    gateway: Gateway<u32>,
    now: Mono,
}

impl Bench {
    fn new() -> Self {
        Self { gateway: Gateway::new(SETTINGS), now: Mono::from_micros(1) }
    }

    fn ask(&mut self, id: u128, kind: RiskKind) -> Vec<String> {
        self.gateway.ask(self.now, request(id, kind), u32::try_from(id).expect("small"));
        self.drain()
    }

    fn answer(&mut self, id: u128) -> Vec<String> {
        self.gateway.answered(self.now, decision(id));
        self.drain()
    }

    fn wait(&mut self, milliseconds: u64) -> Vec<String> {
        let end = self.now + Duration::from_millis(milliseconds);
        let mut told = Vec::new();
        while let Some(due) = self.gateway.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.gateway.wake(self.now);
            told.extend(self.drain());
        }
        self.now = end;
        told
    }

    fn drain(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.gateway.poll_effect())
            .map(|effect| match effect {
                GatewayEffect::Send(request, rest) => {
                    format!("send {} {}", request.request_id.as_u128(), rest.as_millis())
                }
                GatewayEffect::Decided(by, _, took) => format!("decided {by} {}", took.as_millis()),
                GatewayEffect::Late(by, _) => format!("late {by}"),
                GatewayEffect::Unavailable(by, _, why) => format!("none {by} {why:?}"),
                GatewayEffect::Unknown(word) => format!("unknown {}", word.request_id.as_u128()),
                GatewayEffect::Retried => "retried".into(),
                GatewayEffect::Breaker(state) => format!("breaker {}", state.as_str()),
            })
            .collect()
    }
}

#[test]
fn an_answer_in_time_counts_and_a_second_one_is_late() {
    let mut bench = Bench::new();
    assert_eq!(bench.ask(1, RiskKind::Arrival), ["send 1 4000"]);
    assert!(bench.wait(500).is_empty());
    assert_eq!(bench.answer(1), ["decided 1 500"]);
    assert_eq!(bench.answer(1), ["late 1"]);
    assert!(bench.wait(60_000).is_empty(), "nothing is due");
}

#[test]
fn silence_is_asked_once_more_and_ends_at_the_deadline() {
    let mut bench = Bench::new();
    bench.ask(1, RiskKind::Arrival);
    assert_eq!(bench.wait(3_999), ["send 1 2000", "retried"]);
    assert_eq!(bench.wait(1), ["none 1 Timeout"]);
    assert_eq!(bench.answer(1), ["late 1"]);
}

#[test]
fn an_answer_that_nobody_asked_for_is_told_apart() {
    let mut bench = Bench::new();
    assert_eq!(bench.answer(7), ["unknown 7"]);
}

#[test]
fn no_more_than_the_bound_are_under_way_and_lanes_go_first() {
    let mut bench = Bench::new();
    bench.ask(1, RiskKind::PreArrival);
    bench.ask(2, RiskKind::PreArrival);
    assert!(bench.ask(3, RiskKind::PreArrival).is_empty());
    assert!(bench.ask(4, RiskKind::Arrival).is_empty());
    assert_eq!((bench.gateway.in_flight(), bench.gateway.waiting()), (2, 2));
    assert_eq!(bench.answer(1), ["decided 1 0", "send 4 4000"]);
    assert_eq!(bench.answer(2), ["decided 2 0", "send 3 4000"]);
}

#[test]
fn a_lane_s_deadline_runs_while_it_waits_for_its_turn() {
    let mut bench = Bench::new();
    bench.ask(1, RiskKind::Arrival);
    bench.ask(2, RiskKind::Arrival);
    bench.wait(1_000);
    bench.ask(3, RiskKind::Arrival);
    bench.answer(1);
    assert!(bench.wait(3_999).contains(&"none 2 Timeout".to_owned()));
    assert_eq!(bench.wait(1), ["none 3 Timeout"]);
}

#[test]
fn the_breaker_opens_after_silence_and_closes_with_the_first_answer() {
    let mut bench = Bench::new();
    for id in 1..=3 {
        bench.ask(id, RiskKind::Arrival);
        let told = bench.wait(4_000);
        assert_eq!(told.contains(&"breaker open".to_owned()), id == 3, "{told:?}");
    }
    assert_eq!(bench.ask(4, RiskKind::Arrival), ["none 4 BreakerOpen"]);
    assert!(bench.ask(5, RiskKind::PreArrival).is_empty(), "a notification can wait");
    assert_eq!(bench.wait(10_000)[..2], ["send 5 4000", "breaker half_open"]);
    assert_eq!(bench.ask(6, RiskKind::Arrival), ["none 6 BreakerOpen"], "no truck waits behind the probe");
    assert_eq!(bench.answer(5), ["decided 5 0", "breaker closed"]);
    assert_eq!(bench.ask(7, RiskKind::Arrival), ["send 7 4000"]);
}

#[test]
fn a_probe_without_an_answer_opens_the_breaker_again() {
    let mut bench = Bench::new();
    for id in 1..=3 {
        bench.ask(id, RiskKind::Arrival);
        bench.wait(4_000);
    }
    bench.wait(10_000);
    assert_eq!(bench.ask(4, RiskKind::Arrival), ["send 4 4000"]);
    let told = bench.wait(4_000);
    assert_eq!(told[told.len() - 2..], ["none 4 Timeout", "breaker open"]);
    assert_eq!(bench.ask(5, RiskKind::Arrival), ["none 5 BreakerOpen"]);
}

#[test]
fn a_late_answer_shows_that_the_rms_is_back_only_for_what_was_asked() {
    let mut bench = Bench::new();
    for id in 1..=3 {
        bench.ask(id, RiskKind::Arrival);
        bench.wait(4_000);
    }
    assert_eq!(bench.answer(1), ["late 1"]);
    assert_eq!(bench.ask(4, RiskKind::Arrival), ["none 4 BreakerOpen"]);
}

#[test]
fn what_waits_is_bounded_and_a_newer_notification_takes_the_oldest_ones_place() {
    let mut bench = Bench::new();
    let mut told = Vec::new();
    for id in 1..=(WAITING_MAX as u128 + 3) {
        told = bench.ask(id, RiskKind::PreArrival);
    }
    assert_eq!(told, ["none 3 Full"], "two are under way, the third waited longest");
    assert_eq!(bench.gateway.waiting(), WAITING_MAX);
}

fn request(id: u128, kind: RiskKind) -> Box<RiskRequest> {
    Box::new(RiskRequest {
        request_id: Uuid::from_u128(id),
        kind,
        site: SiteId::new("test").expect("a name"),
        lane: None,
        passage: None,
        direction: None,
        at: Timestamp::from_unix_micros(0),
        reply_by: Timestamp::from_unix_micros(0),
        vehicle: SeenVehicle::default(),
        notification: None,
        declaration: None,
        parties: vec![],
        measured: None,
        findings: vec![],
    })
}

fn decision(id: u128) -> RiskDecision {
    RiskDecision {
        request_id: Uuid::from_u128(id),
        channel: Channel::Green,
        measures: vec![],
        profiles: vec![],
        reason: String::new(),
        agencies: vec![],
        valid_until: None,
    }
}
