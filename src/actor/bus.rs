//! The link's actor: runs the link to the broker, and fails when the link's task ends, so that the site starts it anew.

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::task::AbortHandle;

use super::link::Router;
use crate::device::mqtt::{LinkHandle, LinkSettings};

/// The link's task ended.
#[derive(Debug)]
pub(super) struct Ended;

#[derive(Clone)]
pub(super) struct LinkArgs {
    pub(super) handle: LinkHandle,
    pub(super) settings: LinkSettings,
    pub(super) router: Router,
}

pub(super) struct LinkActor;

pub(super) struct LinkState {
    task: AbortHandle,
}

impl Drop for LinkState {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Actor for LinkActor {
    type Msg = Ended;
    type State = LinkState;
    type Arguments = LinkArgs;

    async fn pre_start(&self, me: ActorRef<Ended>, args: LinkArgs) -> Result<LinkState, ActorProcessingErr> {
        let LinkArgs { handle, settings, router } = args;
        let link = handle.run(settings, Box::new(move |event| router.on_link(event)))?;
        let task = link.abort_handle();
        tokio::spawn(async move {
            // However it ended, the actor is told.
            link.await.ok();
            me.cast(Ended).ok();
        });
        Ok(LinkState { task })
    }

    async fn handle(&self, _: ActorRef<Ended>, Ended: Ended, _: &mut LinkState) -> Result<(), ActorProcessingErr> {
        Err("the link's task ended".into())
    }
}
