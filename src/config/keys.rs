//! The one table of known keys.

use crate::model::FindingCode;

/// What a table may hold: its own keys, and tables within.
pub(super) struct Keys {
    pub(super) values: &'static [&'static str],
    pub(super) tables: &'static [(&'static str, Keys)],
}

pub(super) const KEYS: Keys = Keys {
    values: &[],
    tables: &[
        ("site", leaf(&["id", "time_zone"])),
        ("mqtt", leaf(&["url", "client_id", "username", "password_file", "session_expiry", "command_ttl"])),
        ("data", leaf(&["directory", "reserve_percent", "ballast_mib"])),
        ("retention", leaf(&["personal", "officers"])),
        ("journal", leaf(&["head_every", "head_records", "head_key_file"])),
        ("http", leaf(&["listen", "officers_file"])),
        (
            "risk",
            Keys {
                values: &[
                    "mode",
                    "request_timeout",
                    "pre_arrival",
                    "in_flight",
                    "breaker_failures",
                    "breaker_pause",
                    "response_keys_file",
                    "profiles_directory",
                    "degraded",
                ],
                tables: &[("selection", leaf(&["shifts"]))],
            },
        ),
        ("cameras", leaf(&["presets_directory"])),
        (
            "policy",
            Keys {
                values: &[
                    "notification_lead",
                    "notification_kept",
                    "require",
                    "misread",
                    "plates_file",
                    "dangerous_codes",
                    "limits_file",
                ],
                tables: &[("weight_tolerance", leaf(&["kg", "percent"])), ("severity", FINDINGS)],
            },
        ),
        (
            "lane",
            Keys {
                values: &["id", "direction", "evidence", "evidence_timeout", "abandoned_after"],
                tables: &[
                    (
                        "camera",
                        leaf(&[
                            "name",
                            "view",
                            "format",
                            "time_zone",
                            "max_age",
                            "direction",
                            "topic",
                            "source",
                            "ingest_secret_file",
                            "ingest_from",
                            "within",
                            "silence",
                            "required",
                        ]),
                    ),
                    (
                        "loop",
                        leaf(&[
                            "name",
                            "driver",
                            "input",
                            "normally",
                            "barrier",
                            "pair",
                            "debounce",
                            "stuck_after",
                            "silence",
                            "required",
                        ]),
                    ),
                    ("scale", leaf(SCALE)),
                    ("reader", leaf(&["name", "driver", "port", "baud", "line", "protocol", "silence", "required"])),
                    (
                        "portal",
                        Keys {
                            values: PORTAL,
                            tables: &[("inputs", leaf(&["gamma", "neutron", "fault", "occupied"]))],
                        },
                    ),
                    (
                        "barrier",
                        Keys {
                            values: &[
                                "name",
                                "driver",
                                "open_timeout",
                                "close_timeout",
                                "port",
                                "baud",
                                "parity",
                                "address",
                                "unit",
                                "board",
                                "relay_address",
                                "relay_count",
                                "input_address",
                                "input_count",
                                "open_relay",
                                "close_relay",
                                "stop_relay",
                                "pulse",
                                "poll",
                                "normally_closed",
                                "silence",
                                "required",
                            ],
                            tables: &[(
                                "inputs",
                                leaf(&["opened", "closed", "photocell", "local", "ups", "cabinet", "evacuation"]),
                            )],
                        },
                    ),
                ],
            },
        ),
    ],
};

const PORTAL: &[&str] =
    &["name", "driver", "port", "baud", "line", "protocol", "silence", "barrier", "normally_closed", "required"];

const SCALE: &[&str] = &[
    "name",
    "driver",
    "port",
    "baud",
    "line",
    "protocol",
    "layout",
    "checksum",
    "address",
    "unit",
    "pattern",
    "request",
    "equal_frames",
    "minimum_kg",
    "max_kg",
    "division_kg",
    "method",
    "silence",
    "required",
];

/// `policy.severity` has a key a finding.
const FINDINGS: Keys = leaf(&FindingCode::NAMES);

const fn leaf(values: &'static [&'static str]) -> Keys {
    Keys { values, tables: &[] }
}

impl Keys {
    pub(super) fn table(&self, name: &str) -> Option<&'static Keys> {
        self.tables.iter().find(|(known, _)| *known == name).map(|(_, keys)| keys)
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.values.contains(&name) || self.table(name).is_some()
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.values.iter().copied().chain(self.tables.iter().map(|(name, _)| *name))
    }

    /// The known key that looks most like `name`, for a helpful error.
    pub(super) fn nearest(&self, name: &str) -> Option<&'static str> {
        let close = |known: &&str| strsim::damerau_levenshtein(known, name) <= 3.max(name.len() / 3);
        self.names().filter(close).min_by_key(|known| strsim::damerau_levenshtein(known, name))
    }

    /// All known names, for an error without a near one.
    pub(super) fn listed(&self) -> String {
        self.names().collect::<Vec<_>>().join(", ")
    }
}

/// Every key by its full path, for the documentation's test.
#[must_use]
pub fn all_keys() -> Vec<String> {
    fn collect(keys: &Keys, path: &str, found: &mut Vec<String>) {
        found.extend(keys.values.iter().map(|value| format!("{path}{value}")));
        for (name, within) in keys.tables {
            collect(within, &format!("{path}{name}."), found);
        }
    }
    let mut found = Vec::new();
    collect(&KEYS, "", &mut found);
    found
}
