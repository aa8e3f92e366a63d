//! The way in for cameras that speak their vendor's format, over MQTT and HTTP alike.
//!
//! ```text
//! message ─ preset ─▶ reads ─ known? ─ late? ─ other way? ─▶ ingress of the lane ─▶ … durable ─▶ the camera is answered
//! ```
//!
//! A read that is known changes nothing. One whose device time is too far from ours is a replay, or its clock is wrong:
//! it is journaled, and never handed to the lane as evidence for the vehicle that stands there (hazards 20 and 45).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

use super::clock::SiteClock;
use super::fate::{Entry, Fate, Known, decided};
use super::ingress::{Arrival, Kept};
use super::lane::LaneMsg;
use super::link::Router;
use crate::config::{Camera, Config, Travel, Vendor};
use crate::device::mqtt::Ack;
use crate::metrics::{self, CameraResult};
use crate::model::{DeviceName, LaneId, NewRecord, Now, Observation, RecordKind, Timestamp};
use crate::wire::bounds::{DEVICE_MAX_BYTES, without_values};
use crate::wire::camera::{
    Answer, Document, Ignored, Library, Mapped, Movement, NoSuchPreset, Preset, Reading, Seat, Unreadable,
};

/// How long a camera that pushes waits for the journal before it must send again.
const OWNED_WITHIN: Duration = Duration::from_secs(3);

/// A camera that speaks its vendor's format.
#[derive(Debug)]
pub(super) struct VendorCamera {
    lane: LaneId,
    name: DeviceName,
    preset: Arc<Preset>,
    seat: Seat,
    max_age: Duration,
    direction: Option<Travel>,
    source: Option<String>,
    known: Mutex<Known>,
}

/// All of them, by name and by the topics of their own.
#[derive(Debug, Default)]
pub(super) struct Cameras {
    by_name: BTreeMap<(LaneId, DeviceName), Arc<VendorCamera>>,
    by_topic: BTreeMap<String, Vec<Arc<VendorCamera>>>,
}

impl Cameras {
    /// The cameras of a configuration, with their presets.
    pub(super) fn new(config: &Config, library: &Library) -> Result<Self, NoSuchPreset> {
        let mut cameras = Self::default();
        for lane in &config.lanes {
            for Camera { name, view, vendor, .. } in &lane.cameras {
                let Some(vendor) = vendor else { continue };
                let seat = Seat { view: *view, zone: vendor.zone };
                cameras.add(VendorCamera::new(&lane.id, name, seat, vendor, library)?, vendor.topic.as_deref());
            }
        }
        Ok(cameras)
    }

    fn add(&mut self, camera: VendorCamera, topic: Option<&str>) {
        let camera = Arc::new(camera);
        if let Some(topic) = topic {
            self.by_topic.entry(topic.to_owned()).or_default().push(Arc::clone(&camera));
        }
        self.by_name.insert((camera.lane.clone(), camera.name.clone()), camera);
    }

    /// The topics of their own that cameras have.
    pub(super) fn topics(&self) -> impl Iterator<Item = &String> {
        self.by_topic.keys()
    }

    pub(super) fn on_topic(&self, topic: &str) -> Option<&[Arc<VendorCamera>]> {
        self.by_topic.get(topic).map(Vec::as_slice)
    }

    pub(super) fn get(&self, lane: &LaneId, camera: &DeviceName) -> Option<&Arc<VendorCamera>> {
        self.by_name.get(&(lane.clone(), camera.clone()))
    }

    /// A read that the journal holds: a repeat of it after a restart changes nothing.
    pub(super) fn owned(&self, lane: &LaneId, camera: &DeviceName, read_id: &str) {
        if let Some(camera) = self.get(lane, camera) {
            camera.known().enter_owned(read_id);
        }
    }
}

/// What became of a message; the camera is answered with success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// At least one read is evidence.
    Read,
    /// Its reads were known.
    Duplicate,
    /// Its reads are from another time: journaled, and no evidence.
    Late,
    /// The vehicle moves the other way.
    OtherWay,
    /// It is another camera's.
    OtherCamera,
    /// It carries no read.
    Ignored(Ignored),
}

impl Taken {
    const fn counted(self) -> CameraResult {
        match self {
            Self::Read => CameraResult::Read,
            Self::Duplicate => CameraResult::Duplicate,
            Self::Late => CameraResult::Late,
            Self::OtherWay => CameraResult::OtherWay,
            Self::OtherCamera => CameraResult::OtherCamera,
            Self::Ignored(_) => CameraResult::Ignored,
        }
    }

    /// The word that answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
            Self::OtherWay => "other_way",
            Self::OtherCamera => "other_camera",
            Self::Ignored(why) => why.as_str(),
        }
    }
}

/// A message that was handed on, and what its reads wait for.
struct Offered {
    taken: Taken,
    fates: Vec<watch::Receiver<Fate>>,
}

impl VendorCamera {
    fn new(
        lane: &LaneId,
        name: &DeviceName,
        seat: Seat,
        vendor: &Vendor,
        library: &Library,
    ) -> Result<Self, NoSuchPreset> {
        Ok(Self {
            lane: lane.clone(),
            name: name.clone(),
            preset: library.get(&vendor.preset)?,
            seat,
            max_age: vendor.max_age,
            direction: vendor.direction,
            source: vendor.source.clone(),
            known: Mutex::default(),
        })
    }

    /// The lane that it belongs to.
    pub(super) const fn lane(&self) -> &LaneId {
        &self.lane
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, result: CameraResult) {
        metrics::camera_message(&self.lane, &self.name, result);
    }

    /// Whether a document is of this camera, by the vendor's name of it.
    fn is_of(&self, document: &Document) -> bool {
        self.source.is_none() || self.source == self.preset.source(document)
    }

    fn goes_another_way(&self, mapped: &Mapped) -> bool {
        match (self.direction, mapped.direction) {
            (Some(Travel::Forward), Some(Movement::Reverse)) | (Some(Travel::Reverse), Some(Movement::Forward)) => true,
            (Some(_) | None, _) => false,
        }
    }

    /// Hands a document's reads to the lane. The message's acknowledgement travels with its last new read: reads of one
    /// camera become durable in their order.
    fn offer(&self, router: &Router, now: Now, document: &Document, ack: Option<Ack>) -> Result<Offered, Unreadable> {
        if !self.is_of(document) {
            return Ok(Offered { taken: Taken::OtherCamera, fates: vec![] });
        }
        let mut reads = match self.preset.read(document, self.seat, now.wall)? {
            Reading::Reads(reads) => reads,
            Reading::Ignored(why) => return Ok(Offered { taken: Taken::Ignored(why), fates: vec![] }),
        };
        reads.retain(|mapped| !self.goes_another_way(mapped));
        let mut offered = Offered { taken: Taken::OtherWay, fates: vec![] };
        let mut new = Vec::new();
        for mapped in reads {
            match self.known().enter(&mapped.read.read_id) {
                Entry::New(told, fate) => {
                    offered.fates.push(fate);
                    new.push((mapped, told));
                }
                Entry::Pending(fate) => {
                    offered.fates.push(fate);
                    offered.taken = Taken::Duplicate;
                }
                Entry::Owned => offered.taken = Taken::Duplicate,
            }
        }
        let last = new.len().saturating_sub(1);
        let mut ack = ack;
        for (index, (mapped, told)) in new.into_iter().enumerate() {
            let kept = Kept::telling(told, if index == last { ack.take() } else { None });
            let taken = self.hand_on(router, now, mapped, kept);
            if offered.taken != Taken::Read {
                offered.taken = taken;
            }
        }
        acknowledge_later(ack, &offered.fates);
        Ok(offered)
    }

    fn hand_on(&self, router: &Router, now: Now, mapped: Mapped, kept: Kept) -> Taken {
        let (late, skew_s) = self.skew(now.wall, mapped.read.at);
        metrics::camera_skew(&self.lane, &self.name, skew_s);
        if late {
            tracing::warn!(
                lane = %self.lane, camera = %self.name, skew_s,
                "a read from another time is no evidence; look at the camera's clock and time_zone"
            );
            router.cast(&self.lane, LaneMsg::Keep(self.late_record(now.wall, &mapped), kept));
            return Taken::Late;
        }
        let observation = Observation::Plate(self.name.clone(), mapped.read);
        router.to_lane(&self.lane, Arrival { observation, kept });
        Taken::Read
    }

    /// How far a device time is from ours, in seconds, and whether that is too far.
    fn skew(&self, received: Timestamp, at: Timestamp) -> (bool, f64) {
        let skew = at.utc().signed_duration_since(received.utc());
        let is_late = skew.abs().to_std().map_or(true, |off| off > self.max_age);
        let milliseconds = i32::try_from(skew.num_milliseconds().clamp(i32::MIN.into(), i32::MAX.into())).unwrap_or(0);
        (is_late, f64::from(milliseconds) / 1_000.0)
    }

    /// In the shape of the lane's own evidence, so that one reader serves both.
    fn late_record(&self, at: Timestamp, mapped: &Mapped) -> NewRecord {
        let body = serde_json::json!({
            "plate": { "camera": self.name, "read": mapped.read }, "not_evidence": "late",
        });
        let (lane, kind) = (self.lane.clone(), RecordKind::Evidence);
        NewRecord { at, lane, passage: None, kind, body: body.to_string() }
    }
}

/// Acknowledges a message whose reads were all known, once the first of each is durable.
pub(super) fn acknowledge_later(ack: Option<Ack>, fates: &[watch::Receiver<Fate>]) {
    let Some(ack) = ack.filter(|_| !fates.is_empty()) else { return };
    let fates = fates.to_vec();
    tokio::spawn(async move {
        for fate in fates {
            if decided(fate).await == Fate::Lost {
                Kept::of(ack).withhold();
                return;
            }
        }
        drop(ack);
    });
}

/// Takes a message that came over MQTT.
pub(super) fn over_mqtt(camera: &VendorCamera, router: &Router, now: Now, payload: &[u8], ack: Ack) {
    match document_of(payload) {
        Ok(Some(document)) => offer_counted(camera, router, now, &document, Some(ack)),
        Ok(None) => {}
        Err(unreadable) => refused(camera, &unreadable),
    }
}

/// Takes a message of a topic that several cameras may share; it is parsed once.
pub(super) fn over_foreign_topic(cameras: &[Arc<VendorCamera>], router: &Router, now: Now, payload: &[u8], ack: Ack) {
    match document_of(payload) {
        Ok(Some(document)) => {
            // The configuration holds that at most one camera is meant. Messages of all others are nobody's.
            if let Some(camera) = cameras.iter().find(|camera| camera.is_of(&document)) {
                offer_counted(camera, router, now, &document, Some(ack));
            }
        }
        Ok(None) => {}
        Err(unreadable) => cameras.iter().for_each(|camera| refused(camera, &unreadable)),
    }
}

/// A device message is small (contract); pictures are for HTTP.
fn document_of(payload: &[u8]) -> Result<Option<Document>, Unreadable> {
    if payload.len() > DEVICE_MAX_BYTES {
        let message = format!("{} bytes are more than the {DEVICE_MAX_BYTES} of a device message", payload.len());
        return Err(Unreadable::Malformed { place: "payload".to_owned(), message });
    }
    Document::read(None, payload)
}

fn offer_counted(camera: &VendorCamera, router: &Router, now: Now, document: &Document, ack: Option<Ack>) {
    match camera.offer(router, now, document, ack) {
        Ok(offered) => camera.count(offered.taken.counted()),
        Err(unreadable) => refused(camera, &unreadable),
    }
}

/// The message of what is wrong may quote a plate: whole it is for the camera's answer only (invariant C8).
fn refused(camera: &VendorCamera, unreadable: &Unreadable) {
    let (result, place) = match unreadable {
        Unreadable::NoDocument(_) => (CameraResult::Unsupported, "neither XML nor JSON"),
        Unreadable::Malformed { place, .. } => (CameraResult::Malformed, place.as_str()),
    };
    camera.count(result);
    tracing::warn!(lane = %camera.lane, camera = %camera.name, place, "a camera's message was refused");
    let why = without_values(&unreadable.to_string());
    tracing::debug!(lane = %camera.lane, camera = %camera.name, why, "why");
}

/// Why a pushed message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It isn't what the preset expects.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Its reads could not be made durable: the camera must send it again.
    #[error("the read is not durable; send it again")]
    Lost,
}

/// Where messages that cameras push come in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Intake {
    router: Router,
    clock: SiteClock,
}

impl Intake {
    pub(super) const fn new(router: Router, clock: SiteClock) -> Self {
        Self { router, clock }
    }

    /// Takes a message and waits until its reads are durable.
    ///
    /// # Errors
    /// When the camera isn't there any more, the message can't be read, or a read isn't durable in time.
    pub async fn push(
        &self,
        lane: &LaneId,
        camera: &DeviceName,
        content_type: Option<String>,
        body: Bytes,
    ) -> Result<Taken, NotTaken> {
        let Some(camera) = self.router.cameras().get(lane, camera).cloned() else { return Err(NotTaken::Lost) };
        // Pictures make it large: off the threads that carry the lanes.
        let read = tokio::task::spawn_blocking(move || Document::read(content_type.as_deref(), &body)).await;
        let offered = match read.map_err(|_| NotTaken::Lost)? {
            Ok(Some(document)) => camera.offer(&self.router, self.clock.now(), &document, None),
            Ok(None) => Ok(Offered { taken: Taken::Ignored(Ignored::Empty), fates: vec![] }),
            Err(unreadable) => Err(unreadable),
        };
        let Offered { taken, fates } = offered.inspect_err(|unreadable| refused(&camera, unreadable))?;
        let owned = tokio::time::timeout(OWNED_WITHIN, all_owned(fates)).await;
        if owned != Ok(true) {
            camera.count(CameraResult::Unavailable);
            return Err(NotTaken::Lost);
        }
        camera.count(taken.counted());
        Ok(taken)
    }

    /// What a camera's vendor wants to hear.
    #[must_use]
    pub fn answer(&self, lane: &LaneId, camera: &DeviceName) -> Option<Answer> {
        self.router.cameras().get(lane, camera)?.preset.answer().cloned()
    }
}

async fn all_owned(fates: Vec<watch::Receiver<Fate>>) -> bool {
    for fate in fates {
        if decided(fate).await != Fate::Owned {
            return false;
        }
    }
    true
}
