//! The journal's keeper: watches it and its disk, tells lanes, board and site, and closes it last.

use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::board::{Board, Part};
use super::link::Router;
use crate::journal::{self, Journal, Looked};
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
    pub(super) router: Router,
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
    type State = KeeperArgs;
    type Arguments = KeeperArgs;

    async fn pre_start(&self, me: ActorRef<Look>, args: KeeperArgs) -> Result<KeeperArgs, ActorProcessingErr> {
        drop(me.send_interval(LOOK_EVERY, || Look));
        Ok(args)
    }

    async fn handle(&self, _: ActorRef<Look>, Look: Look, args: &mut KeeperArgs) -> Result<(), ActorProcessingErr> {
        let journal = Arc::clone(&args.journal);
        let looked = tokio::task::spawn_blocking(move || journal.look_at_space()).await?;
        args.tell(looked);
        Ok(())
    }
}

impl KeeperArgs {
    fn tell(&self, looked: Looked) {
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
