//! The journal's keeper: watches it, tells the board and the site, and closes it last.

use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::board::{Board, Part};
use super::keys::KeysKeeper;
use super::parts::SiteParts;
use crate::journal::Journal;
use crate::metrics;

/// How often the keeper looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Time to look.
#[derive(Debug)]
pub(super) struct Look;

pub(super) struct KeeperArgs {
    pub(super) journal: Arc<Journal>,
    pub(super) board: Board,
    keys: KeysKeeper,
}

impl KeeperArgs {
    pub(super) fn of(parts: &SiteParts) -> Self {
        Self { journal: Arc::clone(&parts.journal), board: parts.board.clone(), keys: parts.keys.clone() }
    }
}

pub(super) struct JournalKeeper;

impl Actor for JournalKeeper {
    type Msg = Look;
    type State = KeeperArgs;
    type Arguments = KeeperArgs;

    async fn pre_start(&self, me: ActorRef<Look>, args: KeeperArgs) -> Result<KeeperArgs, ActorProcessingErr> {
        drop(me.send_interval(LOOK_EVERY, || Look));
        Ok(args)
    }

    async fn handle(&self, _: ActorRef<Look>, Look: Look, args: &mut KeeperArgs) -> Result<(), ActorProcessingErr> {
        let poisoned = args.journal.is_poisoned();
        metrics::journal_poisoned(poisoned);
        if poisoned {
            args.board.set_away(Part::Journal, "journal", "a write failed; the controller must restart");
        } else if args.journal.is_short_of_space() {
            args.board.set_away(Part::Journal, "journal", "less than the reserved disk space is free");
        } else {
            args.board.set_back(Part::Journal, "journal");
        }
        if !poisoned {
            args.keys.look().await;
        }
        Ok(())
    }
}
