//! The registry actor: takes traders' documents, answers each with a receipt, and wakes lanes that wait for papers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::clock::SiteClock;
use super::ingress::Kept;
use super::link::Router;
use super::outlet::Outlet;
use crate::metrics;
use crate::model::registry::RegisterKind;
use crate::model::{Receipt, ReceiptResult};
use crate::registry::{Registry, RegistryFailure, Submitted};

/// How often notifications that are long over are forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);

/// What the registry is told.
#[derive(Debug)]
pub(super) enum RegistryMsg {
    /// A document came.
    Document(RegisterKind, Bytes, Kept),
    /// Time to forget what is long over.
    Prune,
}

pub(super) struct RegistryArgs {
    pub(super) registry: Arc<Registry>,
    pub(super) outlet: Outlet,
    pub(super) router: Router,
    pub(super) clock: SiteClock,
    /// How long a notification is kept after its validity.
    pub(super) kept: Duration,
}

pub(super) struct RegistryActor;

impl Actor for RegistryActor {
    type Msg = RegistryMsg;
    type State = RegistryArgs;
    type Arguments = RegistryArgs;

    async fn pre_start(
        &self,
        me: ActorRef<RegistryMsg>,
        args: RegistryArgs,
    ) -> Result<RegistryArgs, ActorProcessingErr> {
        // The timer ends with the actor.
        drop(me.send_interval(PRUNE_EVERY, || RegistryMsg::Prune));
        Ok(args)
    }

    async fn handle(
        &self,
        _: ActorRef<RegistryMsg>,
        msg: RegistryMsg,
        args: &mut RegistryArgs,
    ) -> Result<(), ActorProcessingErr> {
        match msg {
            RegistryMsg::Document(kind, bytes, kept) => args.submit(kind, &bytes, kept),
            RegistryMsg::Prune => args.registry.prune(args.clock.now().wall.minus(args.kept)),
        }
        Ok(())
    }
}

impl RegistryArgs {
    fn submit(&self, kind: RegisterKind, bytes: &Bytes, kept: Kept) {
        let (outlet, router, registry) = (self.outlet.clone(), self.router.clone(), Arc::clone(&self.registry));
        let done = move |result: Result<Submitted, RegistryFailure>| match result {
            Ok(submitted) => {
                metrics::registry_document(kind, submitted.receipt.result);
                outlet.receipt(&submitted.receipt);
                if submitted.receipt.result == ReceiptResult::Accepted {
                    router.register_changed();
                    assess(&registry, &router, &submitted.receipt);
                }
                drop(kept);
            }
            Err(failure) => {
                tracing::error!(%failure, "a document was not stored; the broker keeps it");
                kept.withhold();
            }
        };
        self.registry.submit(kind, bytes.to_vec(), self.clock.now().wall, Box::new(done));
    }
}

/// What came in is assessed at once: a notification itself, or those that refer to a declaration.
fn assess(registry: &Registry, router: &Router, receipt: &Receipt) {
    let Some(number) = &receipt.number else { return };
    match receipt.kind {
        RegisterKind::Notification => router.assess(number.clone()),
        RegisterKind::Declaration => match registry.referring(number) {
            Ok(notifications) => notifications.into_iter().for_each(|notification| router.assess(notification)),
            Err(failure) => tracing::error!(%failure, "notifications are not assessed anew"),
        },
        RegisterKind::Party => {}
    }
}
