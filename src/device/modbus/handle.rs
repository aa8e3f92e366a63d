//! The way to a line from outside: it outlives the task that drives the line.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::model::{BarrierPlace, LaneId};
use crate::wire::relay::Command;

/// Commands that may wait for one line; they count for seconds only.
const COMMANDS_MAX: usize = 64;

/// Why a command was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Nobody drives the line now.
    #[error("the relay line is being started again")]
    Away,
    /// Too many wait.
    #[error("too many commands wait for the relay line")]
    Full,
}

/// What waits for the line's task.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) commands: VecDeque<(LaneId, BarrierPlace, Command)>,
    pub(super) report: bool,
    pub(super) stop: bool,
    /// The task shall panic.
    #[cfg(test)]
    pub(super) dies: bool,
    driven: bool,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    news: Notify,
    ended: Notify,
}

/// Commands a line. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct LineHandle {
    shared: Arc<Shared>,
}

impl LineHandle {
    /// A handle without a task.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a command over; it is not repeated, whatever becomes of it.
    ///
    /// # Errors
    /// When nobody drives the line, or too many wait.
    pub fn command(&self, lane: &LaneId, place: BarrierPlace, command: Command) -> Result<(), NotTaken> {
        let mut waiting = self.waiting();
        if !waiting.driven || waiting.stop {
            return Err(NotTaken::Away);
        }
        if waiting.commands.len() >= COMMANDS_MAX {
            return Err(NotTaken::Full);
        }
        waiting.commands.push_back((lane.clone(), place, command));
        drop(waiting);
        self.shared.news.notify_one();
        Ok(())
    }

    /// Asks for every state again: whoever listened may have forgotten.
    pub fn report(&self) {
        self.waiting().report = true;
        self.shared.news.notify_one();
    }

    /// Stops the line's task once no contact is held any more, and waits for it.
    pub async fn shutdown(&self) {
        let ended = self.shared.ended.notified();
        tokio::pin!(ended);
        ended.as_mut().enable();
        {
            let mut waiting = self.waiting();
            waiting.stop = true;
            if !waiting.driven {
                return;
            }
        }
        self.shared.news.notify_one();
        ended.await;
    }

    /// Lets the line's task die, as a fault of the program would.
    #[cfg(test)]
    pub(crate) fn kill(&self) {
        self.waiting().dies = true;
        self.shared.news.notify_one();
    }

    /// The task begins: what waited for an earlier one is void.
    pub(super) fn begin(&self) -> Driving {
        let mut waiting = self.waiting();
        waiting.commands.clear();
        waiting.driven = true;
        drop(waiting);
        Driving { handle: self.clone() }
    }

    /// Whether to stop, after what waits was taken.
    pub(super) fn take(&self) -> Waiting {
        let mut waiting = self.waiting();
        let (stop, driven) = (waiting.stop, waiting.driven);
        let report = std::mem::take(&mut waiting.report);
        Waiting {
            commands: std::mem::take(&mut waiting.commands),
            report,
            stop,
            #[cfg(test)]
            dies: std::mem::take(&mut waiting.dies),
            driven,
        }
    }

    /// Waits until something is there to take.
    pub(super) async fn news(&self) {
        self.shared.news.notified().await;
    }
}

/// The handle is driven until this is dropped, however its task ends.
pub(super) struct Driving {
    handle: LineHandle,
}

impl Drop for Driving {
    fn drop(&mut self) {
        let mut waiting = self.handle.waiting();
        waiting.driven = false;
        waiting.commands.clear();
        drop(waiting);
        self.handle.shared.ended.notify_waiters();
    }
}
