//! The dashboards.

use super::panel::{Act, Look, Panel, board};

const WIDE: (u64, u64) = (24, 8);
const HALF: (u64, u64) = (12, 8);
const THIRD: (u64, u64) = (8, 8);
const SMALL: (u64, u64) = (4, 4);

/// The phase of each lane as one number.
const PHASES: &str = "max by (lane) (\
    1 * lane_controller_lane_phase{site=\"$site\", phase=\"occupied\"} \
    or 2 * lane_controller_lane_phase{site=\"$site\", phase=\"assessing\"} > 0 \
    or 3 * lane_controller_lane_phase{site=\"$site\", phase=\"releasing\"} > 0 \
    or 4 * lane_controller_lane_phase{site=\"$site\", phase=\"clearing\"} > 0 \
    or 5 * lane_controller_lane_phase{site=\"$site\", phase=\"held\"} > 0 \
    or 6 * lane_controller_lane_phase{site=\"$site\", phase=\"out_of_service\"} > 0)";

/// File names and texts.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    let boards = [
        ("overview.json", board("lane-controller-overview", "BCP overview", false, &overview())),
        ("lane.json", board("lane-controller-lane", "Lane", true, &lane())),
        ("devices.json", board("lane-controller-devices", "Devices", true, &devices())),
        ("risk.json", board("lane-controller-risk", "Risk and effectiveness", false, &risk())),
        ("service.json", board("lane-controller-service", "Service level", false, &service())),
    ];
    boards.into_iter().map(|(name, json)| (name, format!("{json:#}\n"))).collect()
}

fn stat(title: &'static str, says: &'static str, query: &'static str, unit: &'static str, act: Act) -> Panel {
    Panel { title, says, look: Look::Stat, queries: vec![(query, "{{direction}}")], unit, act, size: SMALL }
}

fn lines(
    title: &'static str,
    says: &'static str,
    queries: &[(&'static str, &'static str)],
    unit: &'static str,
    size: (u64, u64),
) -> Panel {
    Panel { title, says, look: Look::Lines, queries: queries.to_vec(), unit, act: Act::Never, size }
}

fn overview() -> Vec<Panel> {
    vec![
        stat(
            "Vehicles, last hour",
            "Left, whatever became of them.",
            "site:passages:increase1h{site=\"$site\"}",
            "short",
            Act::Never,
        ),
        stat(
            "Border time p90",
            "Arrival in the lane to vehicle gone (CAREC TFI1, the lane's share).",
            "site:border_seconds:p90_1h{site=\"$site\"}",
            "s",
            Act::Above(900.0),
        ),
        stat(
            "First-pass rate",
            "Arm opened on the controller's own decision.",
            "site:first_pass:ratio1h{site=\"$site\"}",
            "percentunit",
            Act::Below(0.5),
        ),
        stat(
            "Notified",
            "Vehicles whose notification was found.",
            "site:matched:ratio1h{site=\"$site\"}",
            "percentunit",
            Act::Never,
        ),
        stat(
            "Decided before arrival",
            "Decisions that waited for their truck.",
            "site:decided_before_arrival:ratio1h{site=\"$site\"}",
            "percentunit",
            Act::Never,
        ),
        stat(
            "Lanes held",
            "Lanes whose vehicle waits for somebody.",
            "sum(lane_controller_lane_phase{site=\"$site\", phase=\"held\"})",
            "short",
            Act::Above(1.0),
        ),
        Panel {
            title: "Lanes",
            says: "What each lane was doing.",
            look: Look::Timeline,
            queries: vec![(PHASES, "{{lane}}")],
            unit: "none",
            act: Act::Never,
            size: WIDE,
        },
        Panel {
            title: "Alarms",
            says: "Lanes that need a person, with a link to the lane.",
            look: Look::Table,
            queries: vec![("lane_controller_lane_alarm{site=\"$site\"} == 1", "")],
            unit: "none",
            act: Act::Above(1.0),
            size: HALF,
        },
        Panel {
            title: "Alerts",
            says: "What fires, with what to do (docs/runbook.md).",
            look: Look::Alerts,
            queries: vec![],
            unit: "none",
            act: Act::Never,
            size: HALF,
        },
        lines(
            "Vehicles an hour",
            "By lane.",
            &[("lane:passages:increase1h{site=\"$site\"}", "{{lane}}")],
            "short",
            HALF,
        ),
        lines(
            "Holds an hour by who must act",
            "Customs, another agency, the carrier, a device, the neighbour.",
            &[("site:holds:increase1h{site=\"$site\"}", "{{owner}}")],
            "short",
            HALF,
        ),
    ]
}

fn lane() -> Vec<Panel> {
    vec![
        Panel {
            title: "Phase",
            says: "What the lane was doing.",
            look: Look::Timeline,
            queries: vec![(PHASES, "{{lane}}")],
            unit: "none",
            act: Act::Never,
            size: WIDE,
        },
        lines(
            "Time by step, p90",
            "Steps of the Time Release Study within the lane.",
            &[(
                "histogram_quantile(0.9, sum by (le, step) (rate(lane_controller_dwell_seconds_bucket{site=\"$site\", lane=~\"$lane\"}[15m])))",
                "{{step}}",
            )],
            "s",
            HALF,
        ),
        lines(
            "Vehicles an hour by outcome",
            "And channel.",
            &[(
                "sum by (outcome, channel) (increase(lane_controller_passages_total{site=\"$site\", lane=~\"$lane\"}[1h]))",
                "{{outcome}} {{channel}}",
            )],
            "short",
            HALF,
        ),
        lines(
            "Holds by code",
            "In the last hour.",
            &[(
                "sum by (code) (increase(lane_controller_holds_total{site=\"$site\", lane=~\"$lane\"}[1h]))",
                "{{code}}",
            )],
            "short",
            THIRD,
        ),
        lines(
            "Findings by code",
            "In the last hour.",
            &[(
                "sum by (code) (increase(lane_controller_findings_total{site=\"$site\", lane=~\"$lane\"}[1h]))",
                "{{code}}",
            )],
            "short",
            THIRD,
        ),
        lines(
            "Arm's travel, p90",
            "Open command to open limit.",
            &[(
                "histogram_quantile(0.9, sum by (le, barrier) (rate(lane_controller_barrier_travel_seconds_bucket{site=\"$site\", lane=~\"$lane\"}[15m])))",
                "{{barrier}}",
            )],
            "s",
            THIRD,
        ),
        Panel {
            title: "Devices away",
            says: "Devices of the lane that are not alive.",
            look: Look::Table,
            queries: vec![("lane_controller_device_up{site=\"$site\", lane=~\"$lane\"} == 0", "")],
            unit: "none",
            act: Act::Never,
            size: HALF,
        },
        lines(
            "Barrier commands",
            "By reason, in the last hour.",
            &[(
                "sum by (command, reason) (increase(lane_controller_barrier_commands_total{site=\"$site\", lane=~\"$lane\"}[1h]))",
                "{{command}} {{reason}}",
            )],
            "short",
            HALF,
        ),
    ]
}

fn devices() -> Vec<Panel> {
    vec![
        Panel {
            title: "Away",
            says: "Devices that are not alive.",
            look: Look::Table,
            queries: vec![("lane_controller_device_up{site=\"$site\", lane=~\"$lane\"} == 0", "")],
            unit: "none",
            act: Act::Never,
            size: HALF,
        },
        lines(
            "Alive",
            "1 while a device is alive.",
            &[("lane_controller_device_up{site=\"$site\", lane=~\"$lane\"}", "{{lane}} {{device}}")],
            "short",
            HALF,
        ),
        lines(
            "Losses an hour",
            "By cause.",
            &[(
                "sum by (lane, device, cause) (increase(lane_controller_device_losses_total{site=\"$site\", lane=~\"$lane\"}[1h]))",
                "{{lane}} {{device}} {{cause}}",
            )],
            "short",
            THIRD,
        ),
        lines(
            "Scale frames read",
            "Share of good frames of serial scales.",
            &[("lane:scale_frames_good:ratio10m{site=\"$site\", lane=~\"$lane\"}", "{{lane}} {{device}}")],
            "percentunit",
            THIRD,
        ),
        lines(
            "Camera clocks",
            "Device time minus receipt.",
            &[("lane_controller_camera_clock_skew_seconds{site=\"$site\", lane=~\"$lane\"}", "{{lane}} {{device}}")],
            "s",
            THIRD,
        ),
        lines(
            "Evidence complete",
            "Share of vehicles whose evidence came in time.",
            &[("lane:evidence_complete:ratio1h{site=\"$site\", lane=~\"$lane\"}", "{{lane}}")],
            "percentunit",
            THIRD,
        ),
        lines(
            "Relay boards",
            "Exchanges by result.",
            &[(
                "sum by (lane, device, result) (rate(lane_controller_relay_exchanges_total{site=\"$site\", lane=~\"$lane\"}[5m]))",
                "{{lane}} {{device}} {{result}}",
            )],
            "reqps",
            THIRD,
        ),
        lines(
            "Arm faults an hour",
            "By lane and barrier.",
            &[(
                "sum by (lane, barrier) (increase(lane_controller_barrier_faults_total{site=\"$site\", lane=~\"$lane\"}[1h]))",
                "{{lane}} {{barrier}}",
            )],
            "short",
            THIRD,
        ),
        lines(
            "Readings unused",
            "Readings of scales that were no evidence, by reason.",
            &[(
                "sum by (lane, reason) (rate(lane_controller_readings_unused_total{site=\"$site\", lane=~\"$lane\"}[5m]))",
                "{{lane}} {{reason}}",
            )],
            "reqps",
            HALF,
        ),
        lines(
            "Messages refused",
            "Of all devices and documents, by kind and reason.",
            &[(
                "sum by (kind, reason) (rate(lane_controller_inbound_rejected_total{site=\"$site\"}[5m]))",
                "{{kind}} {{reason}}",
            )],
            "reqps",
            HALF,
        ),
    ]
}

fn risk() -> Vec<Panel> {
    vec![
        stat(
            "Decided before arrival",
            "Decisions that waited for their truck.",
            "site:decided_before_arrival:ratio1h{site=\"$site\"}",
            "percentunit",
            Act::Never,
        ),
        stat(
            "Answers that don't count",
            "Unsigned, forged, outdated, in the last hour.",
            "sum(increase(lane_controller_risk_answers_refused_total{site=\"$site\"}[1h])) or vector(0)",
            "short",
            Act::Above(1.0),
        ),
        lines(
            "Vehicles by channel",
            "In the last hour.",
            &[("sum by (channel) (increase(lane_controller_passages_total{site=\"$site\"}[1h]))", "{{channel}}")],
            "short",
            HALF,
        ),
        lines(
            "Selections by source",
            "RMS, agencies, local profiles, random draw; in the last hour.",
            &[("sum by (source) (increase(lane_controller_selections_total{site=\"$site\"}[1h]))", "{{source}}")],
            "short",
            HALF,
        ),
        lines(
            "Requests by result",
            "To the RMS, in five minutes.",
            &[("sum by (result) (increase(lane_controller_risk_requests_total{site=\"$site\"}[5m]))", "{{result}}")],
            "short",
            HALF,
        ),
        lines(
            "Answers of the RMS",
            "Request to usable answer.",
            &[
                (
                    "histogram_quantile(0.5, sum by (le) (rate(lane_controller_risk_request_seconds_bucket{site=\"$site\"}[15m])))",
                    "p50",
                ),
                (
                    "histogram_quantile(0.99, sum by (le) (rate(lane_controller_risk_request_seconds_bucket{site=\"$site\"}[15m])))",
                    "p99",
                ),
            ],
            "s",
            HALF,
        ),
        lines(
            "Officers' orders",
            "By order and result, in the last hour.",
            &[(
                "sum by (order, result) (increase(lane_controller_orders_total{site=\"$site\"}[1h]))",
                "{{order}} {{result}}",
            )],
            "short",
            HALF,
        ),
        lines(
            "Lookups in the register",
            "By result, in the last hour.",
            &[("sum by (result) (increase(lane_controller_matches_total{site=\"$site\"}[1h]))", "{{result}}")],
            "short",
            HALF,
        ),
        lines(
            "Traders' documents",
            "By register and result, in the last hour.",
            &[(
                "sum by (register, result) (increase(lane_controller_registry_documents_total{site=\"$site\"}[1h]))",
                "{{register}} {{result}}",
            )],
            "short",
            HALF,
        ),
    ]
}

fn service() -> Vec<Panel> {
    vec![
        stat(
            "Decision p99",
            "Last evidence in to open command out.",
            "site:decision_seconds:p99_10m{site=\"$site\"}",
            "s",
            Act::Above(1.0),
        ),
        stat(
            "Commit p99",
            "A commit of the journal, sync included.",
            "site:commit_seconds:p99_10m{site=\"$site\"}",
            "s",
            Act::Above(0.1),
        ),
        stat(
            "Broker",
            "1 while it can be reached.",
            "lane_controller_mqtt_connected{site=\"$site\"}",
            "short",
            Act::Below(1.0),
        ),
        stat(
            "Journal failed",
            "1 once a write has failed.",
            "lane_controller_journal_poisoned{site=\"$site\"}",
            "short",
            Act::Above(1.0),
        ),
        lines(
            "Decisions",
            "Last evidence in to open command out.",
            &[
                (
                    "histogram_quantile(0.5, sum by (le) (rate(lane_controller_decision_seconds_bucket{site=\"$site\"}[15m])))",
                    "p50",
                ),
                (
                    "histogram_quantile(0.99, sum by (le) (rate(lane_controller_decision_seconds_bucket{site=\"$site\"}[15m])))",
                    "p99",
                ),
            ],
            "s",
            HALF,
        ),
        lines(
            "Commits",
            "Time of a commit, and records in it.",
            &[
                (
                    "histogram_quantile(0.5, sum by (le) (rate(lane_controller_journal_commit_seconds_bucket{site=\"$site\"}[15m])))",
                    "p50",
                ),
                (
                    "histogram_quantile(0.99, sum by (le) (rate(lane_controller_journal_commit_seconds_bucket{site=\"$site\"}[15m])))",
                    "p99",
                ),
            ],
            "s",
            HALF,
        ),
        lines(
            "Readings under way",
            "To each lane.",
            &[("lane_controller_mailbox_depth{site=\"$site\"}", "{{lane}}")],
            "short",
            THIRD,
        ),
        lines(
            "Readings replaced",
            "By newer ones of the same device.",
            &[("sum by (lane) (rate(lane_controller_ingress_coalesced_total{site=\"$site\"}[5m]))", "{{lane}}")],
            "reqps",
            THIRD,
        ),
        lines(
            "Parts restarted",
            "In the last hour.",
            &[(
                "sum by (actor) (increase(lane_controller_actor_restarts_total{site=\"$site\"}[1h])) or vector(0)",
                "{{actor}}",
            )],
            "short",
            THIRD,
        ),
        Panel {
            title: "Version",
            says: "What runs.",
            look: Look::Table,
            queries: vec![("lane_controller_build_info{site=\"$site\"}", "")],
            unit: "none",
            act: Act::Never,
            size: HALF,
        },
    ]
}
