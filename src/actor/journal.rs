//! The journal's keeper: watches it and its disk, tells lanes, board and site, publishes its signed heads, and closes it last.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::board::{Board, Part};
use super::clock::SiteClock;
use super::keys::KeysKeeper;
use super::link::Router;
use super::outlet::Outlet;
use super::parts::SiteParts;
use crate::journal::{self, Journal, SpaceLook};
use crate::lane::{Input, Link, Room};
use crate::metrics;
use crate::model::Ticket;

/// How often the keeper looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Time to look.
#[derive(Debug)]
pub(super) struct Look;

pub(super) struct KeeperArgs {
    pub(super) journal: Arc<Journal>,
    pub(super) board: Board,
    keys: KeysKeeper,
    outlet: Outlet,
    router: Router,
    clock: SiteClock,
}

impl KeeperArgs {
    pub(super) fn of(parts: &SiteParts) -> Self {
        Self {
            journal: Arc::clone(&parts.journal),
            board: parts.board.clone(),
            keys: parts.keys.clone(),
            outlet: parts.outlet.clone(),
            router: parts.router.clone(),
            clock: parts.clock,
        }
    }
}

pub(super) struct KeeperState {
    args: KeeperArgs,
    /// Records under the head that was published last.
    published: u64,
}

pub(super) struct JournalKeeper;

/// What a lane must know of the world when it starts.
pub(super) fn standing(link: Link, journal: &Journal) -> Vec<Input> {
    let mut inputs = vec![Input::Link(link), Input::Room(room(journal.room()))];
    if journal.withheld().is_some() {
        // A ticket that the lane never hands out: it holds from the start.
        inputs.push(Input::RecordFailed(Ticket(0)));
    }
    inputs
}

const fn room(room: journal::Room) -> Room {
    match room {
        journal::Room::Enough => Room::Enough,
        journal::Room::Short => Room::Short,
    }
}

impl Actor for JournalKeeper {
    type Msg = Look;
    type State = KeeperState;
    type Arguments = KeeperArgs;

    async fn pre_start(&self, me: ActorRef<Look>, args: KeeperArgs) -> Result<KeeperState, ActorProcessingErr> {
        drop(me.send_interval(LOOK_EVERY, || Look));
        Ok(KeeperState { args, published: 0 })
    }

    async fn handle(&self, _: ActorRef<Look>, Look: Look, state: &mut KeeperState) -> Result<(), ActorProcessingErr> {
        let journal = Arc::clone(&state.args.journal);
        let looked = tokio::task::spawn_blocking(move || journal.look_at_space()).await?;
        state.args.tell(looked);
        if !state.args.journal.is_poisoned() && state.args.journal.withheld().is_none() {
            state.args.keys.look().await;
        }
        state.show_head();
        Ok(())
    }
}

impl KeeperState {
    fn show_head(&mut self) {
        let args = &self.args;
        let Some(head) = args.journal.signed_head() else { return };
        let age = DateTime::parse_from_rfc3339(head.at()).ok().and_then(|at| {
            let age = args.clock.now().wall.utc().signed_duration_since(at);
            age.to_std().ok()
        });
        metrics::journal_head(age.unwrap_or_default(), args.journal.records().saturating_sub(head.size()));
        // A broker that comes back may have forgotten what it kept: the link keeps the newest until then.
        let is_away = args.board.not_ready().iter().any(|(part, ..)| *part == Part::Broker);
        if is_away || head.size() > self.published {
            args.outlet.head(&head);
            self.published = head.size();
        }
    }
}

impl KeeperArgs {
    fn tell(&self, looked: SpaceLook) {
        let poisoned = self.journal.is_poisoned();
        metrics::journal_poisoned(poisoned);
        metrics::journal_space(looked.free_bytes, looked.ballast == journal::Ballast::Laid);
        metrics::journal_damaged(self.journal.withheld().is_some());
        self.router.to_all(&Input::Room(room(looked.room)));
        if let Some(why) = self.journal.withheld() {
            self.board.set_away(Part::Journal, "journal", why);
        } else if poisoned {
            self.board.set_away(Part::Journal, "journal", "a write failed; the controller must restart");
        } else if looked.room == journal::Room::Short {
            self.board.set_away(Part::Journal, "journal", "less than the reserved disk space is free");
        } else {
            self.board.set_back(Part::Journal, "journal");
        }
    }
}
