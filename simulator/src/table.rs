//! The live table: a row a lane, drawn in place on a terminal, a line a change elsewhere.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};

use lane_controller::model::Channel;

use crate::observer::{LaneView, Views};

/// Longest reason shown; the rest is in the controller's log and journal.
const REASON_MAX_CHARS: usize = 48;

/// How the table is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// In place.
    InPlace,
    /// A line a change.
    Lines,
}

impl Drawing {
    /// In place on a terminal, unless lines are asked for.
    #[must_use]
    pub fn of_stdout(plain: bool) -> Self {
        if !plain && io::stdout().is_terminal() { Self::InPlace } else { Self::Lines }
    }
}

/// The table, and what it last showed.
#[derive(Debug)]
pub struct Table {
    drawing: Drawing,
    shown: BTreeMap<String, String>,
    rows_up: usize,
}

impl Table {
    /// An empty table.
    #[must_use]
    pub const fn new(drawing: Drawing) -> Self {
        Self { drawing, shown: BTreeMap::new(), rows_up: 0 }
    }

    /// Draws what changed.
    ///
    /// # Errors
    /// When the output is closed.
    pub fn draw(&mut self, views: &Views, passed: usize, out: &mut impl Write) -> io::Result<()> {
        let rows: BTreeMap<String, String> =
            views.iter().map(|(lane, view)| (lane.clone(), row(lane, view.borrow().as_ref()))).collect();
        match self.drawing {
            Drawing::InPlace => self.redraw(&rows, passed, out)?,
            Drawing::Lines => {
                for (lane, row) in &rows {
                    if self.shown.get(lane) != Some(row) {
                        writeln!(out, "{}", row.trim_end())?;
                    }
                }
            }
        }
        self.shown = rows;
        out.flush()
    }

    fn redraw(&mut self, rows: &BTreeMap<String, String>, passed: usize, out: &mut impl Write) -> io::Result<()> {
        if self.rows_up > 0 {
            write!(out, "\x1b[{}A", self.rows_up)?;
        }
        writeln!(out, "\x1b[2K\x1b[1m{}\x1b[0m", heading())?;
        for row in rows.values() {
            writeln!(out, "\x1b[2K{row}")?;
        }
        writeln!(out, "\x1b[2K{passed} vehicles have left; Ctrl-C ends the traffic")?;
        self.rows_up = rows.len() + 2;
        Ok(())
    }
}

fn heading() -> String {
    format!("{:<8} {:<14} {:<11} {:>9} {:<7} reason", "lane", "phase", "plate", "weight", "channel")
}

fn row(lane: &str, view: Option<&LaneView>) -> String {
    let Some(view) = view else { return format!("{lane:<8} {:<14}", "(not shown)") };
    let passage = view.passage.as_ref();
    let plate = passage.and_then(|passage| passage.tractor.as_deref()).unwrap_or("");
    let weight = passage.and_then(|passage| passage.gross_kg).map(|kg| format!("{kg} kg")).unwrap_or_default();
    let channel = passage.and_then(|passage| passage.channel).map_or("", Channel::as_str);
    let reasons: Vec<&str> =
        view.holds.iter().map(|hold| hold.code.as_str()).chain(view.alarms.iter().map(String::as_str)).collect();
    let reason: String = reasons.join(", ").chars().take(REASON_MAX_CHARS).collect();
    format!("{lane:<8} {:<14} {plate:<11} {weight:>9} {channel:<7} {reason}", view.phase.as_str())
}

#[cfg(test)]
mod tests {
    use lane_controller::model::Phase;
    use tokio::sync::watch;

    use super::*;
    use crate::observer::{HoldView, PassageView};

    fn held() -> LaneView {
        LaneView {
            phase: Phase::Held,
            passage: Some(PassageView {
                id: "p".to_owned(),
                tractor: Some("123AB02".to_owned()),
                gross_kg: Some(36_400),
                channel: Some(Channel::Yellow),
            }),
            holds: vec![HoldView { code: "referred_documents".to_owned(), detail: String::new() }],
            alarms: vec!["device_lost".to_owned()],
        }
    }

    fn drawn(table: &mut Table, views: &Views) -> String {
        let mut out = Vec::new();
        table.draw(views, 3, &mut out).expect("drawn");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_row_shows_who_stands_there_and_why() {
        assert_eq!(
            row("in-01", Some(&held())),
            "in-01    held           123AB02      36400 kg yellow  referred_documents, device_lost"
        );
        assert_eq!(row("in-01", None).trim_end(), "in-01    (not shown)");
    }

    #[test]
    fn lines_are_written_only_for_what_changed() {
        let (shown, view) = watch::channel(Some(held()));
        let views = Views::from([("in-01".to_owned(), view)]);
        let mut table = Table::new(Drawing::Lines);
        assert_eq!(drawn(&mut table, &views).lines().count(), 1);
        assert_eq!(drawn(&mut table, &views), "");
        shown.send_replace(None);
        assert_eq!(drawn(&mut table, &views).lines().count(), 1);
    }

    #[test]
    fn in_place_the_cursor_goes_back_over_all_that_was_drawn() {
        let (_shown, view) = watch::channel(None);
        let views = Views::from([("in-01".to_owned(), view.clone()), ("in-02".to_owned(), view)]);
        let mut table = Table::new(Drawing::InPlace);
        assert_eq!(drawn(&mut table, &views).lines().count(), 4);
        assert!(drawn(&mut table, &views).starts_with("\x1b[4A"));
    }
}
