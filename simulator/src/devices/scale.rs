//! A weighbridge's indicator of any protocol.

use std::io::BufRead;
use std::path::PathBuf;
use std::time::Duration;

use super::{DeviceError, Then, is_free, obey, say};
use crate::scale::speech::{Line, Motion, Shown, Shows, Speech};

/// Longest pause of a script.
const WAIT_MAX_S: u64 = 3_600;

/// What the indicator is, and what it shows.
#[derive(Debug, clap::Args)]
pub struct Scale {
    /// The controller's name of the protocol
    #[arg(long, value_name = "P")]
    protocol: String,
    /// The layout or variant, where the protocol has several [default: the protocol's first]
    #[arg(long)]
    layout: Option<String>,
    /// The name that the port gets: a link that stays when the line is unplugged and plugged again
    #[arg(long, value_name = "LINK", default_value = "./scale")]
    port: PathBuf,
    /// What stands on it at first, kilograms
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    kg: i64,
    /// Lines to carry out before those of standard input
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
}

/// One line of standard input or of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Weight(i64),
    Moving,
    Still,
    Silent,
    Noise,
    Disturbed,
    Unplug,
    Plug,
    Wait(Duration),
    Quit,
    Nothing,
}

const WORDS: &str = "kilograms, moving, still, silent, noise, disturbed, unplug, plug, wait SECONDS, quit";

impl Word {
    fn read(line: &str) -> Result<Self, DeviceError> {
        let line = line.split('#').next().unwrap_or_default().trim();
        let wait = line.strip_prefix("wait ").and_then(|text| text.trim().parse::<u64>().ok());
        Ok(match line {
            "" => Self::Nothing,
            "moving" => Self::Moving,
            "still" => Self::Still,
            "silent" => Self::Silent,
            "noise" => Self::Noise,
            "disturbed" => Self::Disturbed,
            "unplug" => Self::Unplug,
            "plug" => Self::Plug,
            "quit" => Self::Quit,
            _ => match (wait.filter(|seconds| *seconds <= WAIT_MAX_S), line.parse::<i64>()) {
                (Some(seconds), _) => Self::Wait(Duration::from_secs(seconds)),
                // Six digits are what the narrowest display holds.
                (None, Ok(kg)) if kg.unsigned_abs() <= 999_999 => Self::Weight(kg),
                (None, Ok(_) | Err(_)) => {
                    return Err(DeviceError::Asked(format!("{line:?} is not understood; there are: {WORDS}")));
                }
            },
        })
    }
}

/// The indicator while it runs.
struct Running {
    speech: Speech,
    port: PathBuf,
    line: Option<Line>,
    kg: i64,
    motion: Motion,
    mood: Mood,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Display,
    Disturbed,
    Silence,
    Noise,
}

impl Scale {
    pub(super) fn run(&self, input: impl BufRead) -> Result<(), DeviceError> {
        let speech = Speech::named(&self.protocol, self.layout.as_deref()).map_err(DeviceError::Asked)?;
        let script = match &self.script {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|source| DeviceError::Io { doing: format!("reading {}", path.display()), source })?,
        };
        // A script is read to its end before anything runs: a slip in its last line isn't found an hour later.
        let script = script.lines().map(Word::read).collect::<Result<Vec<_>, _>>()?;
        let (kg, motion, mood) = (self.kg, Motion::Still, Mood::Display);
        let mut running = Running { speech, port: self.port.clone(), line: None, kg, motion, mood };
        running.plug()?;
        for word in script {
            if running.carry_out(word)? == Then::Ends {
                return Ok(());
            }
        }
        obey(input, |line| running.carry_out(Word::read(line)?))
    }
}

impl Running {
    fn plug(&mut self) -> Result<(), DeviceError> {
        is_free(&self.port)?;
        let line = Line::plug(&self.port, self.speech, self.shows()).map_err(|source| DeviceError::Io {
            doing: format!(
                "a pseudo-terminal named {} (is its folder there, is /dev/pts mounted?)",
                self.port.display()
            ),
            source,
        })?;
        say(&format!("the indicator is at {}", line.port().display()));
        self.line = Some(line);
        Ok(())
    }

    const fn shows(&self) -> Shows {
        let shown = Shown::kilograms(self.kg, self.motion);
        match self.mood {
            Mood::Display => Shows::Display(shown),
            Mood::Disturbed => Shows::Disturbed(shown),
            Mood::Silence => Shows::Silence,
            Mood::Noise => Shows::Noise,
        }
    }

    fn carry_out(&mut self, word: Word) -> Result<Then, DeviceError> {
        match word {
            Word::Nothing => return Ok(Then::GoesOn),
            Word::Quit => return Ok(Then::Ends),
            Word::Wait(pause) => std::thread::sleep(pause),
            Word::Weight(kg) => (self.kg, self.motion, self.mood) = (kg, Motion::Still, Mood::Display),
            Word::Moving => (self.motion, self.mood) = (Motion::Moving, Mood::Display),
            Word::Still => (self.motion, self.mood) = (Motion::Still, Mood::Display),
            Word::Silent => self.mood = Mood::Silence,
            Word::Noise => self.mood = Mood::Noise,
            Word::Disturbed => self.mood = Mood::Disturbed,
            Word::Unplug => {
                self.line = None;
                say("unplugged");
            }
            Word::Plug if self.line.is_none() => self.plug()?,
            Word::Plug => say("it is plugged in"),
        }
        if let Some(line) = &self.line {
            line.show(self.shows());
        }
        Ok(Then::GoesOn)
    }
}

impl Drop for Running {
    /// The name goes with the indicator.
    fn drop(&mut self) {
        self.line = None;
        if self.port.is_symlink() {
            std::fs::remove_file(&self.port).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_weight_or_a_word() {
        for (line, word) in [
            ("27400", Word::Weight(27_400)),
            ("-20", Word::Weight(-20)),
            ("moving", Word::Moving),
            ("noise # a welder", Word::Noise),
            ("unplug", Word::Unplug),
            ("wait 3", Word::Wait(Duration::from_secs(3))),
            ("# nothing", Word::Nothing),
        ] {
            assert_eq!(Word::read(line).expect(line), word);
        }
        for slip in ["27.4 t", "1000000", "wait", "wait 9999999", "explode"] {
            let told = Word::read(slip).expect_err(slip).to_string();
            assert!(told.contains("unplug") && told.contains(slip), "{told}");
        }
    }

    #[test]
    fn a_script_runs_to_its_end_and_takes_its_port_along() {
        let dir = tempfile::TempDir::new().expect("a directory");
        let (port, script) = (dir.path().join("scale"), dir.path().join("script"));
        std::fs::write(&script, "27400\nmoving\nunplug\nplug\nnoise\nquit\n").expect("written");
        let scale = |layout: Option<&str>| Scale {
            protocol: "rinstrum".to_owned(),
            layout: layout.map(ToOwned::to_owned),
            port: port.clone(),
            kg: 0,
            script: Some(script.clone()),
        };
        scale(None).run(&b""[..]).expect("runs");
        assert!(!port.is_symlink());
        std::fs::write(&port, "precious").expect("written");
        let refused = scale(None).run(&b""[..]).expect_err("a file").to_string();
        assert!(refused.contains("is a file"), "{refused}");
        assert_eq!(std::fs::read_to_string(&port).expect("still there"), "precious");
        let unknown = scale(Some("fmt_9")).run(&b""[..]).expect_err("no such layout").to_string();
        assert!(unknown.contains("fmt_5"), "{unknown}");
    }
}
