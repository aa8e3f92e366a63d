//! From the configuration to what the lane machine is made of.

use std::sync::Arc;

use crate::config::{self, Config};
use crate::domain::plate::Templates;
use crate::lane::{ArmSetup, CameraSetup, Evidence, LaneSetup, LoopSetup, Pair, ScaleSetup};
use crate::model::Care;

pub(super) fn lane_setup(config: &Config, lane: &config::Lane, templates: &Arc<Templates>) -> LaneSetup {
    let evidence = lane.evidence.iter().map(|evidence| match evidence {
        config::EvidenceKind::TractorPlate => Evidence::TractorPlate,
        config::EvidenceKind::TrailerPlate => Evidence::TrailerPlate,
        config::EvidenceKind::Weight => Evidence::Weight,
        config::EvidenceKind::Document => Evidence::Documents,
        config::EvidenceKind::Radiation => Evidence::Radiation,
    });
    let cameras = lane.cameras.iter().map(|camera| {
        let setup = CameraSetup { view: camera.view, within: camera.within, care: camera.care };
        (camera.name.clone(), setup)
    });
    let arms = lane.barriers.iter().map(|barrier| {
        let (open_timeout, close_timeout) = (barrier.open_timeout, barrier.close_timeout);
        (barrier.place, ArmSetup { open_timeout, close_timeout, care: barrier.care })
    });
    let readers = lane.readers.iter().map(|reader| (reader.name.clone(), reader.care));
    let portals = lane.portals.iter().map(|portal| (portal.name.clone(), portal.care));
    LaneSetup {
        site: config.site.id.clone(),
        lane: lane.id.clone(),
        direction: lane.direction,
        evidence: evidence.collect(),
        evidence_timeout: lane.evidence_timeout,
        risk_timeout: config.risk.request_timeout,
        abandoned_after: lane.abandoned_after,
        cameras: cameras.collect(),
        templates: Arc::clone(templates),
        loops: lane.loops.iter().map(|found| (found.place, loop_setup(found))).collect(),
        scale: lane.scale.as_ref().map(scale_setup),
        readers: readers.chain(portals).collect(),
        arms: arms.collect(),
        severities: config.policy.severities.clone(),
    }
}

const fn loop_setup(found: &config::Loop) -> LoopSetup {
    LoopSetup {
        debounce: found.debounce,
        stuck_after: found.stuck_after,
        pair: if found.is_pair { Pair::Paired } else { Pair::Single },
        care: found.care,
    }
}

fn scale_setup(scale: &config::Scale) -> ScaleSetup {
    let care = match &scale.driver {
        // Its driver hears the line's silence.
        config::ScaleDriver::Serial(_) => Care { silence: None, ..scale.care },
        config::ScaleDriver::Mqtt => scale.care,
    };
    ScaleSetup {
        name: scale.name.clone(),
        minimum_kg: scale.minimum_kg,
        division_kg: scale.weighing.division_kg,
        max_kg: scale.weighing.max_kg,
        method: scale.weighing.method,
        care,
    }
}
