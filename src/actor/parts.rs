//! What a site is made of.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::board::{Board, DeskItem};
use super::bus::LinkArgs;
use super::clock::SiteClock;
use super::keys::KeysKeeper;
use super::link::Router;
use super::local::LocalRisk;
use super::outlet::Outlet;
use super::response_keys::ResponseKeys;
use super::selection::Keeper;
use super::wiring::Lines;
use crate::device::listen::ListenSettings;
use crate::device::scale::ScaleSettings;
use crate::journal::{Journal, Reader};
use crate::lane::LaneSetup;
use crate::matching::MatchPolicy;
use crate::model::{DeviceName, SiteId};
use crate::registry::Registry;
use crate::risk::gateway::GatewaySettings;

/// How the RMS is asked.
pub(super) struct RmsParts {
    pub(super) settings: GatewaySettings,
    pub(super) pre_arrival: bool,
    pub(super) keys: Option<ResponseKeys>,
}

/// Everything that a site is made of, opened and connected.
pub(super) struct SiteParts {
    pub(super) site: SiteId,
    pub(super) lanes: Vec<LaneParts>,
    /// Relay lines; their handles outlive their drivers.
    pub(super) relays: Lines,
    pub(super) journal: Arc<Journal>,
    /// The keys of its personal fields.
    pub(super) keys: KeysKeeper,
    /// `None`: the journal is damaged, and nothing is read back from it.
    pub(super) reader: Option<Reader>,
    pub(super) registry: Arc<Registry>,
    pub(super) policy: Arc<MatchPolicy>,
    /// How long a notification is kept after its validity.
    pub(super) notification_kept: Duration,
    /// `None`: the edge decides alone.
    pub(super) rms: Option<RmsParts>,
    /// What the edge itself finds risky.
    pub(super) local: LocalRisk,
    /// `None`: the site has no local profiles.
    pub(super) keeper: Option<Keeper>,
    pub(super) outlet: Outlet,
    pub(super) router: Router,
    pub(super) link: LinkArgs,
    pub(super) board: Board,
    pub(super) clock: SiteClock,
    pub(super) desk: mpsc::Receiver<DeskItem>,
}

/// One lane and its devices on serial lines.
#[derive(Clone)]
pub(super) struct LaneParts {
    pub(super) setup: LaneSetup,
    pub(super) scale: Option<(DeviceName, ScaleSettings)>,
    /// Its readers and portals.
    pub(super) listeners: Vec<(DeviceName, ListenSettings)>,
}
