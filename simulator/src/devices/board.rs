//! A relay board with a traffic arm behind it, on Modbus TCP, and on a pseudo-terminal for Modbus RTU.

use std::io::BufRead;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::{DeviceError, Then, is_free, obey, say};
use crate::board::{CLOSE, Cabinet, Carries, Kind, Line, OPEN, POINTS, STOP, Socket};

/// Which map the board has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Map {
    /// Pulses that the board times itself, mode registers.
    Waveshare,
    /// Relays that are switched on and off.
    Generic,
}

/// What the board is, and where it is reached. Relays 0, 1, 2 are the arm's open, close and stop contacts, inputs 0 and
/// 1 its open and closed limits, counted from 0.
#[derive(Debug, clap::Args)]
pub struct Board {
    /// Where it listens for Modbus TCP; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:1502")]
    listen: SocketAddr,
    /// Serve the same board on a pseudo-terminal of this name too
    #[arg(long, value_name = "LINK")]
    rtu: Option<PathBuf>,
    /// Its map
    #[arg(long, value_enum)]
    board: Map,
    /// Its Modbus address
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=247))]
    unit: u8,
    /// How long the arm takes from one limit to the other, milliseconds
    #[arg(long, value_name = "MS", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    travel_ms: u64,
}

const WORDS: &str = "status, input N on, input N off, force open, force closed, stall, go, power off, power on, quit";

impl Board {
    pub(super) fn run(&self, input: impl BufRead) -> Result<(), DeviceError> {
        let kind = match self.board {
            Map::Waveshare => Kind::Timed,
            Map::Generic => Kind::Plain,
        };
        let cabinet = Cabinet::new(self.unit, kind, Duration::from_millis(self.travel_ms));
        let failed = |doing: String| move |source| DeviceError::Io { doing, source };
        let socket = Socket::listen(self.listen, Carries::Tcp, vec![cabinet.clone()])
            .map_err(failed(format!("listening on {}", self.listen)))?;
        say(&format!("unit {} listens on {}", self.unit, socket.address()));
        let _line = match &self.rtu {
            None => None,
            Some(link) => {
                is_free(link)?;
                let line = Line::plug(link, vec![cabinet.clone()])
                    .map_err(failed(format!("a pseudo-terminal named {}", link.display())))?;
                say(&format!("unit {} is at {}", self.unit, line.port().display()));
                Some(line)
            }
        };
        obey(input, |line| carry_out(&cabinet, line))
    }
}

fn carry_out(cabinet: &Cabinet, line: &str) -> Result<Then, DeviceError> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [] => {}
        ["quit"] => return Ok(Then::Ends),
        ["status"] => say(&status(cabinet)),
        ["input", number, state @ ("on" | "off")] => {
            let number = number.parse::<usize>().ok().filter(|number| *number < POINTS);
            let number = number.ok_or_else(|| DeviceError::Asked(format!("inputs are 0 to {}", POINTS - 1)))?;
            if *state == "on" { cabinet.close_input(number) } else { cabinet.open_input(number) }
        }
        ["force", "open"] => cabinet.force_open(),
        ["force", "closed"] => cabinet.force_closed(),
        ["stall"] => cabinet.stall(),
        ["go"] => cabinet.let_go(),
        ["power", "off"] => cabinet.cut_power(),
        ["power", "on"] => cabinet.restore_power(),
        _ => return Err(DeviceError::Asked(format!("{line:?} is not understood; there are: {WORDS}"))),
    }
    Ok(Then::GoesOn)
}

fn status(cabinet: &Cabinet) -> String {
    let arm = match (cabinet.is_open(), cabinet.is_closed()) {
        (true, _) => "open",
        (_, true) => "closed",
        (false, false) => "between its limits",
    };
    let pulses = [OPEN, CLOSE, STOP].map(|relay| cabinet.pulses(relay));
    let power = if cabinet.is_powered() { "" } else { ", no power" };
    let [open, close, stop] = pulses;
    format!("arm {arm}; pulses: open {open}, close {close}, stop {stop}; {} requests{power}", cabinet.requests())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_does_what_it_is_told_and_tells_what_it_counts() {
        let cabinet = Cabinet::new(1, Kind::Timed, Duration::from_secs(2));
        assert_eq!(status(&cabinet), "arm closed; pulses: open 0, close 0, stop 0; 0 requests");
        for line in ["force open", "input 3 on", "power off", ""] {
            assert_eq!(carry_out(&cabinet, line).expect(line), Then::GoesOn);
        }
        let told = status(&cabinet);
        assert!(told.starts_with("arm between its limits; ") && told.ends_with(", no power"), "{told}");
        for slip in ["input 8 on", "input 3", "open"] {
            carry_out(&cabinet, slip).expect_err(slip);
        }
        assert_eq!(carry_out(&cabinet, "quit").expect("ends"), Then::Ends);
    }

    #[test]
    fn a_board_is_served_until_it_is_told_to_quit() {
        let dir = tempfile::TempDir::new().expect("a directory");
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let rtu = Some(dir.path().join("rs485"));
        Board { listen: free, rtu, board: Map::Generic, unit: 4, travel_ms: 2_000 }
            .run(&b"status\nwhat\nquit\n"[..])
            .expect("runs");
    }
}
