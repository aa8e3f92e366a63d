//! The files for Prometheus and Grafana name only what the controller measures, and every alert says what to do.

#[path = "../../examples/dashboards/boards.rs"]
mod boards;
#[path = "../../examples/dashboards/panel.rs"]
mod panel;

use std::collections::BTreeSet;

use lane_controller::metrics::CATALOGUE;
use regex::Regex;

const RULES: &str = include_str!("../../config/prometheus/lane-controller.rules.yml");
const ALERTS: &str = include_str!("../../config/prometheus/lane-controller.alerts.yml");
const RUNBOOK: &str = include_str!("../../docs/runbook.md");

fn found<'a>(pattern: &str, text: &'a str) -> BTreeSet<&'a str> {
    // The controller builds the crate without tables of Unicode.
    let pattern = Regex::new(&format!("(?-u){pattern}")).expect("a pattern");
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

#[test]
fn the_dashboards_are_those_that_the_generator_makes() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/grafana");
    for (name, text) in boards::all() {
        let kept = std::fs::read_to_string(directory.join(name)).unwrap_or_default();
        assert!(kept == text, "{name} is not what `cargo run --example dashboards` makes");
    }
}

#[test]
fn every_panel_asks_for_what_is_measured_or_recorded() {
    let recorded = found(r"record: ([a-z0-9_:]+)", RULES);
    for (name, text) in boards::all() {
        let board: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let panels = board["panels"].as_array().expect("panels");
        assert!(panels.len() > 5, "{name}");
        for panel in panels {
            assert!(panel["description"].as_str().is_some_and(|says| !says.is_empty()), "{name}: {}", panel["title"]);
            for target in panel["targets"].as_array().expect("targets") {
                let query = target["expr"].as_str().expect("a query");
                let metrics = found(r"\b(lane_controller_[a-z0-9_]+)", query);
                for metric in &metrics {
                    let base = metric.strip_suffix("_bucket").unwrap_or(metric);
                    assert!(CATALOGUE.iter().any(|known| known.name == base), "{name}: {metric}");
                }
                let rules = found(r"\b((?:site|lane):[a-z0-9_:]+)", query);
                assert!(rules.is_subset(&recorded), "{name}: {query}");
                assert!(metrics.len() + rules.len() > 0 && query.contains("site=\"$site\""), "{name}: {query}");
            }
        }
    }
}
