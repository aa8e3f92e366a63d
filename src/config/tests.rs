//! A configuration is taken whole or refused with every fault at its place.

use std::time::Duration;

use super::*;

const MINIMAL: &str = r#"
[site]
id = "korday"

[[lane]]
id = "in-01"
direction = "entry"

[[lane.loop]]
name = "exit"

[[lane.barrier]]
name = "exit"
driver = "mqtt"
"#;

fn faults(text: &str) -> Vec<String> {
    match parse(text, []) {
        Ok(_) => vec![],
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn shifts_are_local_times_and_degraded_is_hold_unless_said() {
    let risk = parse(MINIMAL, []).expect("a configuration").risk;
    assert_eq!((risk.degraded, risk.profiles_directory, risk.shifts.len()), (Degraded::Hold, None, 0));
    let text = format!(
        "{MINIMAL}\n[risk]\nprofiles_directory = \"risk\"\ndegraded = \"local\"\nselection.shifts = [\"20:00\", \"08:00\"]\n"
    );
    let config = parse(&text, []).expect("a configuration");
    assert_eq!((config.risk.degraded, config.risk.shifts.len()), (Degraded::Local, 2));
    assert_eq!(config.warnings, Vec::<String>::new());
    for (shifts, fault) in [
        (r#"["08:00", "8 pm"]"#, "line 17, column 30: risk.selection.shifts[1]: a local time"),
        (r#"["08:00", "08:00"]"#, "risk.selection.shifts[1]: there are two shifts at 08:00"),
        ("\"08:00\"", "risk.selection.shifts"),
    ] {
        let faults = faults(&format!("{MINIMAL}\n[risk]\nselection.shifts = {shifts}\n"));
        assert!(faults.iter().any(|found| found.contains(fault)), "{shifts}: {faults:?}");
    }
    let wrong = MINIMAL.replace("in-01", "site");
    assert!(faults(&wrong)[0].contains("stands for the whole site"));
}

#[test]
fn a_minimal_file_has_sensible_defaults() {
    let config = parse(MINIMAL, []).expect("valid");
    assert_eq!(config.mqtt.url, "mqtt://127.0.0.1:1883");
    assert_eq!(config.mqtt.client_id, "lane-controller-korday");
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:9750");
    assert_eq!(config.lanes[0].barriers[0].open_timeout, Duration::from_secs(8));
    assert!(config.lanes[0].evidence.is_empty(), "no device, no evidence");
    assert!(config.warnings.is_empty());
}

#[test]
fn the_files_that_come_with_the_program_are_valid() {
    for text in [include_str!("../../config/demo.toml"), include_str!("../../config/lane-controller.example.toml")] {
        assert_eq!(faults(text), Vec::<String>::new());
    }
}

#[test]
fn every_fault_is_found_at_its_place() {
    let text = MINIMAL
        .replace("id = \"korday\"", "id = \"korday\"\ntimezone = \"Asia/Almaty\"")
        .replace("driver = \"mqtt\"", "driver = \"modbus-tcp\"\nopen_timeout = \"0s\"");
    let found = faults(&text);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(
        found[0].starts_with("line 4, column 12: site.timezone: there is no key `timezone`; did you mean `time_zone`?")
    );
    assert!(found[1].contains("lane[0].barrier[0].driver") && found[1].starts_with("line 15"), "{}", found[1]);
    assert!(found[2].contains("open_timeout"));
}

#[test]
fn each_rule_has_its_message() {
    for (from, to, expected) in [
        ("id = \"in-01\"", "id = \"In 01\"", "1 to 32 characters"),
        ("direction = \"entry\"", "direction = \"sideways\"", "unknown variant `sideways`"),
        ("direction = \"entry\"", "direction = \"entry\"\nevidence = [\"weight\"]", "a [lane.scale] is needed"),
        ("direction = \"entry\"", "direction = \"entry\"\nevidence_timeout = \"soon\"", "a duration like"),
        ("name = \"exit\"\ndriver", "name = \"entry\"\ndriver", "named \"exit\" is expected"),
        ("[[lane.loop]]\nname = \"exit\"", "", "could never be closed"),
        ("[site]", "[site", "line 2"),
        ("id = \"korday\"", "", "missing field `id`"),
    ] {
        let found = faults(&MINIMAL.replacen(from, to, 1));
        assert!(found.iter().any(|fault| fault.contains(expected)), "{to}: {found:#?}");
    }
}

#[test]
fn two_lanes_share_neither_name_nor_port() {
    let scale = "[lane.scale]\nname = \"b\"\ndriver = \"serial\"\nport = \"/dev/ttyS0\"\nprotocol = \"mt-sics\"\n";
    let lane = MINIMAL.split_once("[[lane]]").expect("a lane").1;
    let text = format!("{MINIMAL}{scale}\n[[lane]]{lane}{scale}");
    let found = faults(&text);
    assert!(found.iter().any(|fault| fault.contains("two lanes in-01")), "{found:#?}");
    assert!(found.iter().any(|fault| fault.contains("used by another lane")), "{found:#?}");
}

#[test]
fn the_environment_overrides_and_its_errors_name_the_variable() {
    let set = |name: &str, value: &str| parse(MINIMAL, [(name.to_owned(), value.to_owned())]);
    let config = set("LANE_CONTROLLER__MQTT__URL", "mqtt://broker:1884").expect("valid");
    assert_eq!(config.mqtt.url, "mqtt://broker:1884");
    let config = set("LANE_CONTROLLER__POLICY__WEIGHT_TOLERANCE", "{ kg = 1, percent = 2.0 }");
    assert!(config.is_err(), "a table is overridden key by key");
    let errors = set("LANE_CONTROLLER__MQTT__ULR", "x").expect_err("unknown");
    assert!(errors[0].to_string().contains("LANE_CONTROLLER__MQTT__ULR"), "{}", errors[0]);
    assert!(errors[0].message.contains("`url`"));
    assert!(set("PATH", "/bin").is_ok());
}
