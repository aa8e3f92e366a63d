//! The registry actor: takes traders' documents, answers each with a receipt, and wakes lanes that wait for papers.

use std::sync::Arc;

use bytes::Bytes;
use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::clock::SiteClock;
use super::ingress::Kept;
use super::link::Router;
use super::outlet::Outlet;
use crate::metrics;
use crate::model::ReceiptResult;
use crate::model::registry::RegisterKind;
use crate::registry::{Registry, RegistryFailure, Submitted};

/// What the registry is told.
#[derive(Debug)]
pub(super) enum RegistryMsg {
    /// A document came.
    Document(RegisterKind, Bytes, Kept),
}

pub(super) struct RegistryArgs {
    pub(super) registry: Arc<Registry>,
    pub(super) outlet: Outlet,
    pub(super) router: Router,
    pub(super) clock: SiteClock,
}

pub(super) struct RegistryActor;

impl Actor for RegistryActor {
    type Msg = RegistryMsg;
    type State = RegistryArgs;
    type Arguments = RegistryArgs;

    async fn pre_start(
        &self,
        _: ActorRef<RegistryMsg>,
        args: RegistryArgs,
    ) -> Result<RegistryArgs, ActorProcessingErr> {
        Ok(args)
    }

    async fn handle(
        &self,
        _: ActorRef<RegistryMsg>,
        RegistryMsg::Document(kind, bytes, kept): RegistryMsg,
        args: &mut RegistryArgs,
    ) -> Result<(), ActorProcessingErr> {
        let (outlet, router) = (args.outlet.clone(), args.router.clone());
        let done = move |result: Result<Submitted, RegistryFailure>| match result {
            Ok(submitted) => {
                metrics::registry_document(kind, submitted.receipt.result);
                outlet.receipt(&submitted.receipt);
                if submitted.receipt.result == ReceiptResult::Accepted {
                    router.register_changed();
                }
                drop(kept);
            }
            Err(failure) => {
                tracing::error!(%failure, "a document was not stored; the broker keeps it");
                kept.withhold();
            }
        };
        args.registry.submit(kind, bytes.to_vec(), args.clock.now().wall, Box::new(done));
        Ok(())
    }
}
