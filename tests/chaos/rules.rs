//! The rules of MQTT (safety case), one test each, that are the link's alone.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use lane_controller::device::mqtt::{LinkEvent, Outgoing};

use super::chaos::{Kind, Order, Plan, Rule, Way};
use super::link::{BIRTH, Link, Witness};
use super::{Bus, PATIENCE, QUIET};

fn plain(payload: &str) -> Outgoing {
    Outgoing::plain("out/event".to_owned(), payload.into())
}

fn state(payload: &str) -> Outgoing {
    Outgoing::retained("out/state".to_owned(), payload.into())
}

fn rule(way: Way, kind: Kind, topic_ends: &str, times: u32, order: Order) -> Rule {
    Rule { way, kind, topic_ends: topic_ends.to_owned(), times, order }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publish_that_the_access_rules_deny_is_answered_with_its_reason_and_told() {
    let dir = tempfile::TempDir::new().expect("a directory");
    let rules = dir.path().join("acl");
    std::fs::write(&rules, "topic readwrite out/#\ntopic readwrite will/#\ntopic readwrite canary\n").expect("written");
    let bus = Bus::start_with(&format!("acl_file {}\n", rules.display()), Plan::default(), 0).await;
    let mut link = Link::start(&bus).await;
    let mut witness = Witness::of(&bus, "out/#").await;
    link.handle.publish(Outgoing::plain("denied/command".to_owned(), b"x".to_vec())).expect("sent");
    let refused = |event| match event {
        LinkEvent::PublishRefused { topic, code } => Some((topic, code)),
        LinkEvent::Up { .. }
        | LinkEvent::Down { .. }
        | LinkEvent::Stalled
        | LinkEvent::Message(_)
        | LinkEvent::SubscriptionRefused { .. }
        | LinkEvent::TakenOver { .. } => None,
    };
    let told = link.event("the refusal", refused).await;
    assert_eq!(told, ("denied/command".to_owned(), "NotAuthorized".to_owned()));
    link.handle.publish(plain("allowed")).expect("sent");
    assert_eq!(witness.line().await, "out/event allowed", "the connection lives on");
    assert_eq!(bus.proxy.connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn h19_what_a_lost_session_had_in_flight_is_published_again_except_what_expires() {
    let mut bus = Bus::start().await;
    let mut link = Link::start(&bus).await;
    bus.proxy.stop(Way::Up);
    for outgoing in [plain("1"), state("old"), plain("2"), state("new"), plain("3")] {
        link.handle.publish(outgoing).expect("sent");
    }
    link.handle.publish(Outgoing::expiring("out/command".to_owned(), b"open".to_vec(), 2)).expect("sent");
    bus.restart();
    link.down().await;
    let mut witness = Witness::of(&bus, "out/#").await;
    bus.proxy.flow(Way::Up);
    link.up().await;
    link.handle.publish(plain("last")).expect("sent");
    let lines = witness.until("out/event last").await;
    assert_eq!(lines, ["out/event 1", "out/event 2", "out/event 3", "out/state new", "out/event last"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn b10_a_state_never_takes_the_place_of_a_newer_one_after_a_reconnect() {
    let bus = Bus::start().await;
    let mut link = Link::start(&bus).await;
    let mut witness = Witness::of(&bus, "out/#").await;
    // The client's numbers begin anew after a few: the newest state has a lower one than those before it.
    for number in 0..250 {
        link.handle.publish(plain(&number.to_string())).expect("sent");
    }
    witness.until("out/event 249").await;
    bus.proxy.stop(Way::Up);
    for _ in 0..18 {
        link.handle.publish(state("green")).expect("sent");
    }
    link.handle.publish(state("red")).expect("sent");
    bus.proxy.cut();
    link.down().await;
    bus.proxy.flow(Way::Up);
    link.up().await;
    link.handle.publish(plain("last")).expect("sent");
    let lines = witness.until("out/event last").await;
    let state = lines.iter().rfind(|line| line.starts_with("out/state"));
    assert_eq!(state.map(String::as_str), Some("out/state red"), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn h24_an_oversized_message_that_the_broker_kept_does_not_make_the_client_spin() {
    let bus = Bus::start().await;
    let large = bus.dir.path().join("large");
    std::fs::write(&large, vec![b'x'; 2 * 1024 * 1024]).expect("written");
    let port = bus.port.to_string();
    let sent = Command::new("mosquitto_pub")
        .args(["-h", "127.0.0.1", "-p", &port, "-q", "1", "-r", "-t", "in/large", "-f"])
        .arg(&large)
        .status();
    assert!(sent.expect("mosquitto_pub runs").success());
    let mut link = Link::start(&bus).await;
    bus.publish("in/small", "comes", &[]);
    assert_eq!(link.message().await.payload.as_ref(), b"comes");
    link.nothing().await;
    assert_eq!(bus.proxy.connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pauses_between_attempts_grow_whether_nobody_listens_or_connections_die_at_once() {
    let bus = Bus::start().await;
    bus.proxy.refuse();
    drop(Link::begin(&bus));
    pauses_grow(&bus).await;
    let bus = Bus::start().await;
    // The first word on each connection is its birth; the connection dies of the broker's answer to it.
    bus.proxy.order(rule(Way::Down, Kind::Puback, "", 1_000, Order::Cut));
    drop(Link::begin(&bus));
    pauses_grow(&bus).await;
}

/// Each pause is at least twice the one before, from 100 ms on.
async fn pauses_grow(bus: &Bus) {
    const ATTEMPTS: usize = 5;
    let wait = async {
        while bus.proxy.connections() < ATTEMPTS {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it tries again");
    let accepted = bus.proxy.count().accepted;
    let pauses: Vec<_> = accepted.windows(2).map(|pair| pair[1].duration_since(pair[0])).collect();
    let mut least = Duration::from_millis(95);
    for pause in &pauses {
        assert!(*pause >= least, "{pauses:?}");
        least *= 2;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_are_made_on_every_connection_and_a_refused_one_is_told_each_time() {
    let mut bus = Bus::start().await;
    bus.proxy.order(rule(Way::Down, Kind::Suback, "", 1, Order::RefuseTheLast));
    let mut link = Link::begin(&bus);
    let refused = |event| match event {
        LinkEvent::SubscriptionRefused { filter, code } => Some((filter, code)),
        LinkEvent::Up { .. }
        | LinkEvent::Down { .. }
        | LinkEvent::Stalled
        | LinkEvent::Message(_)
        | LinkEvent::PublishRefused { .. }
        | LinkEvent::TakenOver { .. } => None,
    };
    let told = link.event("the refusal", refused).await;
    assert_eq!(told, ("only-we/#".to_owned(), "NotAuthorized".to_owned()));
    for again in ["after a cut", "after a broker without a memory"] {
        match again {
            "after a cut" => bus.proxy.cut(),
            _ => bus.restart(),
        }
        link.down().await;
        link.up().await;
        bus.publish("in/x", again, &[]);
        assert_eq!(link.message().await.payload.as_ref(), again.as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h22_an_old_last_will_that_stands_in_place_of_the_birth_is_answered_by_it() {
    let bus = Bus::start().await;
    let mut witness = Witness::of(&bus, "will/#").await;
    let mut link = Link::start(&bus).await;
    assert_eq!(witness.line().await, format!("will/c {BIRTH}"));
    // As a broker says it that notices late that the connection before this one is gone.
    bus.publish("will/c", "gone", &["-r"]);
    assert_eq!(witness.line().await, "will/c gone");
    assert_eq!(witness.line().await, format!("will/c {BIRTH}"));
    bus.proxy.cut();
    link.down().await;
    link.up().await;
    assert_eq!(witness.line().await, "will/c gone");
    assert_eq!(witness.line().await, format!("will/c {BIRTH}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn h23_another_client_under_our_id_is_told_and_after_three_takeovers_it_does_not_fight_on() {
    let bus = Bus::start().await;
    let mut link = Link::start(&bus).await;
    let taken = |event| match event {
        LinkEvent::TakenOver { times } => Some(times),
        LinkEvent::Up { .. }
        | LinkEvent::Down { .. }
        | LinkEvent::Stalled
        | LinkEvent::Message(_)
        | LinkEvent::PublishRefused { .. }
        | LinkEvent::SubscriptionRefused { .. } => None,
    };
    for times in 1..=4 {
        let port = bus.port.to_string();
        let intruder = Command::new("mosquitto_sub")
            .args(["-V", "5", "-h", "127.0.0.1", "-p", &port, "-i", "c", "-t", "x"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let _intruder = Ends(intruder.expect("mosquitto_sub runs"));
        // This mosquitto closes the connection without a word: three times that may be anything.
        if times < 4 {
            link.down().await;
            link.up().await;
        } else {
            assert_eq!(link.event("the takeover", taken).await, times);
        }
    }
    let connections = bus.proxy.connections();
    tokio::time::sleep(QUIET).await;
    assert_eq!(bus.proxy.connections(), connections, "it waits");
}

/// A child that ends with its test, however that ends.
struct Ends(std::process::Child);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h18_three_canaries_that_do_not_come_back_mean_that_the_bus_is_down() {
    let bus = Bus::start().await;
    bus.proxy.order(rule(Way::Down, Kind::Publish, "canary", 4, Order::Swallow));
    let mut link = Link::start(&bus).await;
    link.event("a stall", |event| matches!(event, LinkEvent::Stalled).then_some(())).await;
    link.up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_never_acknowledged_rebuilds_the_client_and_nothing_is_lost() {
    let bus = Bus::start().await;
    let mut link = Link::start(&bus).await;
    let mut witness = Witness::of(&bus, "out/event").await;
    // One id stays taken: a later message is parked behind it, and the client is wedged (its issue 1056).
    bus.proxy.order(rule(Way::Down, Kind::Puback, "", 1, Order::Swallow));
    for number in 0..600 {
        link.handle.publish(plain(&number.to_string())).expect("sent or kept");
    }
    link.down().await;
    link.up().await;
    let mut missing: BTreeSet<_> = (0..600).map(|number| format!("out/event {number}")).collect();
    while !missing.is_empty() {
        missing.remove(&witness.line().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h18_a_connection_that_is_half_open_is_found_out_and_left() {
    let bus = Bus::start().await;
    let mut link = Link::start(&bus).await;
    bus.proxy.stop(Way::Down);
    link.down().await;
    bus.proxy.flow(Way::Down);
    link.up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h20_what_comes_twice_is_told_twice_acknowledged_and_breaks_nothing() {
    let bus = Bus::start().await;
    let mut link = Link::start(&bus).await;
    let mut witness = Witness::of(&bus, "out/#").await;
    bus.proxy.order(rule(Way::Down, Kind::Publish, "in/x", 1, Order::Double));
    bus.publish("in/x", "twice", &[]);
    let (first, second) = (link.message().await, link.message().await);
    assert_eq!((first.payload.as_ref(), first.duplicate), (&b"twice"[..], false));
    assert_eq!((second.payload.as_ref(), second.duplicate), (&b"twice"[..], true));
    drop((first, second));
    bus.proxy.order(rule(Way::Up, Kind::Publish, "out/event", 1, Order::Double));
    for payload in ["twice", "last"] {
        link.handle.publish(plain(payload)).expect("sent");
    }
    let lines = witness.until("out/event last").await;
    assert_eq!(lines, ["out/event twice", "out/event twice", "out/event last"]);
    assert_eq!(bus.proxy.connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn h21_only_we_speak_on_a_watched_topic_and_do_not_hear_ourselves() {
    let bus = Bus::start().await;
    bus.publish("only-we/kept", "from before", &["-r"]);
    let mut link = Link::start(&bus).await;
    let message = link.message().await;
    assert_eq!((message.topic.as_str(), message.retain), ("only-we/kept", true));
    link.handle.publish(Outgoing::plain("only-we/x".to_owned(), b"ours".to_vec())).expect("sent");
    bus.publish("only-we/x", "theirs", &[]);
    bus.publish("only-we/x", "theirs and kept", &["-r"]);
    let (live, kept) = (link.message().await, link.message().await);
    assert_eq!((live.payload.as_ref(), live.retain), (&b"theirs"[..], false));
    assert_eq!((kept.payload.as_ref(), kept.retain), (&b"theirs and kept"[..], true), "the flag is as it was sent");
}
