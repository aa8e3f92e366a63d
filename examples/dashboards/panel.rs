//! Panels: what they ask, how they look.

use serde_json::{Value, json};

/// Columns of Grafana's grid.
const COLUMNS: u64 = 24;

/// What a colour begins at: a value that is normal has none.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// Nothing is ever wrong with it.
    Never,
    /// From this value up somebody must act.
    Above(f64),
    /// Below this value somebody must act.
    Below(f64),
}

/// How a panel is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// One number.
    Stat,
    /// Lines over time.
    Lines,
    /// What each lane was doing when.
    Timeline,
    /// Rows, with a link to the lane.
    Table,
    /// Alerts that are firing.
    Alerts,
}

/// One panel.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    pub(crate) says: &'static str,
    pub(crate) look: Look,
    /// Expression and legend.
    pub(crate) queries: Vec<(&'static str, &'static str)>,
    /// Grafana's name of the unit.
    pub(crate) unit: &'static str,
    pub(crate) act: Act,
    /// In columns and rows of the grid.
    pub(crate) size: (u64, u64),
}

/// A dashboard of panels, from left to right and from top to bottom.
pub(crate) fn board(uid: &str, title: &str, with_lane: bool, panels: &[Panel]) -> Value {
    let (mut x, mut y, mut height) = (0, 0, 0);
    let mut placed = Vec::new();
    for (id, panel) in (1..).zip(panels) {
        let (w, h) = panel.size;
        if x + w > COLUMNS {
            (x, y, height) = (0, y + height, 0);
        }
        let mut json = panel.json(id);
        json["gridPos"] = json!({ "x": x, "y": y, "w": w, "h": h });
        placed.push(json);
        (x, height) = (x + w, h.max(height));
    }
    let mut variables = vec![
        json!({ "name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus" }),
        variable("site", "label_values(lane_controller_build_info, site)", false),
    ];
    if with_lane {
        variables.push(variable("lane", "label_values(lane_controller_lane_phase{site=\"$site\"}, lane)", true));
    }
    json!({
        "uid": uid, "title": title, "tags": ["lane-controller"], "schemaVersion": 39, "editable": true,
        "refresh": "5s", "time": { "from": "now-1h", "to": "now" }, "timezone": "browser",
        "links": [{ "type": "dashboards", "tags": ["lane-controller"], "title": "Lanes", "asDropdown": true,
                    "includeVars": true, "keepTime": true }],
        "templating": { "list": variables }, "panels": placed,
    })
}

fn variable(name: &str, query: &str, many: bool) -> Value {
    json!({
        "name": name, "label": name, "type": "query", "query": query, "refresh": 2, "sort": 1,
        "datasource": { "type": "prometheus", "uid": "${datasource}" },
        "multi": many, "includeAll": many, "allValue": if many { ".+" } else { "" },
    })
}

impl Panel {
    fn json(&self, id: u64) -> Value {
        let targets: Vec<_> = ('A'..)
            .zip(&self.queries)
            .map(|(letter, (expression, legend))| {
                json!({
                    "refId": letter.to_string(), "expr": expression, "legendFormat": legend,
                    "instant": self.is_instant(), "range": !self.is_instant(),
                    "format": if self.look == Look::Table { "table" } else { "time_series" },
                })
            })
            .collect();
        json!({
            "id": id, "title": self.title, "description": self.says, "type": self.kind(), "targets": targets,
            "datasource": { "type": "prometheus", "uid": "${datasource}" },
            "options": self.options(),
            "fieldConfig": { "defaults": self.defaults(), "overrides": [] },
            "transformations": self.transformations(),
        })
    }

    fn is_instant(&self) -> bool {
        matches!(self.look, Look::Stat | Look::Table)
    }

    fn kind(&self) -> &'static str {
        match self.look {
            Look::Stat => "stat",
            Look::Lines => "timeseries",
            Look::Timeline => "state-timeline",
            Look::Table => "table",
            Look::Alerts => "alertlist",
        }
    }

    fn options(&self) -> Value {
        match self.look {
            Look::Stat => json!({ "colorMode": "value", "graphMode": "none", "textMode": "auto",
                                  "reduceOptions": { "calcs": ["lastNotNull"], "values": false } }),
            Look::Lines => json!({ "legend": { "displayMode": "list", "placement": "bottom" },
                                   "tooltip": { "mode": "multi", "sort": "desc" } }),
            Look::Timeline => json!({ "showValue": "auto", "mergeValues": true, "rowHeight": 0.9 }),
            Look::Table => json!({ "showHeader": true, "cellHeight": "sm" }),
            Look::Alerts => json!({ "alertInstanceLabelFilter": "{site=\"$site\"}", "viewMode": "list",
                                    "stateFilter": { "firing": true, "pending": true, "normal": false } }),
        }
    }

    fn defaults(&self) -> Value {
        let steps = match self.act {
            Act::Never => json!([{ "color": "text", "value": null }]),
            Act::Above(value) => json!([{ "color": "text", "value": null }, { "color": "red", "value": value }]),
            Act::Below(value) => json!([{ "color": "red", "value": null }, { "color": "text", "value": value }]),
        };
        let mut defaults = json!({ "unit": self.unit, "thresholds": { "mode": "absolute", "steps": steps } });
        match self.look {
            Look::Lines => {
                defaults["color"] = json!({ "mode": "palette-classic" });
                defaults["custom"] = json!({ "lineWidth": 1, "fillOpacity": 0, "spanNulls": true });
            }
            Look::Timeline => {
                defaults["mappings"] = phases();
                defaults["custom"] = json!({ "lineWidth": 0, "fillOpacity": 70 });
            }
            Look::Table => {
                defaults["links"] = json!([{ "title": "lane",
                    "url": "/d/lane-controller-lane?var-site=${site}&var-lane=${__data.fields.lane}" }]);
            }
            Look::Stat | Look::Alerts => {}
        }
        defaults
    }

    fn transformations(&self) -> Value {
        if self.look != Look::Table {
            return json!([]);
        }
        json!([{ "id": "organize", "options": { "excludeByName": { "Time": true, "__name__": true, "instance": true,
                 "job": true, "site": true } } }])
    }
}

/// Phases by number, as the timelines' queries count them: only a lane that waits for somebody has a colour.
fn phases() -> Value {
    let phase = |text: &str, color: &str| json!({ "text": text, "color": color });
    json!([{ "type": "value", "options": {
        "0": phase("vacant", "#3a3a3a"), "1": phase("occupied", "#5a5a5a"), "2": phase("assessing", "#6e6e6e"),
        "3": phase("releasing", "#8a8a8a"), "4": phase("clearing", "#a0a0a0"), "5": phase("held", "orange"),
        "6": phase("out of service", "#202020"),
    } }])
}
