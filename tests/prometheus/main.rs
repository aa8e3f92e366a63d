//! The files for Prometheus name only what the controller measures, and every alert says what to do.

use std::collections::BTreeSet;

use lane_controller::metrics::CATALOGUE;
use regex::Regex;

const RULES: &str = include_str!("../../config/prometheus/lane-controller.rules.yml");
const ALERTS: &str = include_str!("../../config/prometheus/lane-controller.alerts.yml");
const RUNBOOK: &str = include_str!("../../docs/runbook.md");

fn found<'a>(pattern: &str, text: &'a str) -> BTreeSet<&'a str> {
    let pattern = Regex::new(pattern).expect("a pattern");
    pattern.captures_iter(text).map(|capture| capture.extract::<1>().1[0]).collect()
}

#[test]
fn every_metric_that_a_rule_names_is_in_the_catalogue() {
    let text = format!("{RULES}{ALERTS}");
    let named = found(r"\b(lane_controller_[a-z0-9_]+)", &text);
    assert!(named.len() > 10);
    for name in named {
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(CATALOGUE.iter().any(|metric| metric.name == base), "{name} is no metric of this program");
    }
}

#[test]
fn every_alert_has_a_priority_an_action_and_its_part_of_the_runbook() {
    let alerts = found(r"alert: (\w+)", ALERTS);
    assert!(alerts.len() > 20);
    for part in ALERTS.split("- alert: ").skip(1) {
        let name = part.split_whitespace().next().expect("a name");
        for key in ["priority:", "summary:", "meaning:", "action:"] {
            assert!(part.contains(key), "{name} has no {key}");
        }
        assert!(part.contains(&format!("runbook: docs/runbook.md#{}", name.to_lowercase())), "{name}");
    }
    assert_eq!(alerts, found(r"(?m)^## (\w+)$", RUNBOOK), "alerts and the runbook's parts");
}

#[test]
fn every_alarm_of_a_lane_that_somebody_must_know_has_an_alert() {
    // Those two are told by metrics of the whole site.
    let told_otherwise = ["bus_down", "journal_unavailable"];
    let named = found(r#"alarm="(\w+)""#, ALERTS);
    let alarms = found(r#"Self::\w+ => "(\w+)""#, include_str!("../../src/model/alarm.rs"));
    assert!(alarms.len() > 10);
    for name in alarms {
        assert!(named.contains(name) || told_otherwise.contains(&name), "{name} has no alert");
    }
}
