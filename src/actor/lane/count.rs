//! What a lane's happenings count in the metrics and on the board.

use super::LaneState;
use crate::actor::board::Part;
use crate::lane::Happening;
use crate::metrics::{self, Up};
use crate::model::Alarm;

impl LaneState {
    pub(super) fn count(&mut self, happening: &Happening) {
        let lane = self.lane();
        match happening {
            Happening::Completed { outcome, channel, direction } => {
                metrics::passage_completed(lane, *direction, *outcome, *channel);
            }
            Happening::Took(step, took) => metrics::dwell(lane, self.args.setup.direction, *step, *took),
            Happening::Held(code) => metrics::held(lane, *code),
            Happening::Found(code) => metrics::finding(lane, *code),
            Happening::Travelled(barrier, took) => metrics::barrier_travel(lane, *barrier, *took),
            Happening::Selected(source) => metrics::selected(lane, *source),
            Happening::ArmFault(barrier) => metrics::barrier_fault(lane, *barrier),
            Happening::StrangerIgnored => metrics::inbound_rejected("reading", "stranger"),
            Happening::StrangerHeard(device) => {
                metrics::stranger_heard(lane);
                tracing::warn!(%lane, %device, "a device speaks that no [[lane.reader]] or [[lane.portal]] names");
            }
            Happening::Decided(kind) => metrics::risk_decided(*kind),
            Happening::DriverCalled => metrics::driver_called(lane),
            Happening::ReadingUnused(unused) => metrics::reading_unused(lane, *unused),
            Happening::LoopFault(name, fault) => metrics::loop_fault(lane, *name, *fault),
            Happening::DeviceLost(device, cause) => {
                metrics::device_lost(lane, device, *cause);
                metrics::device_up(lane, device, Up::Away);
            }
            Happening::DeviceUp(device) => metrics::device_up(lane, device, Up::Alive),
            Happening::AnswerIgnored => metrics::risk_request(metrics::RiskResult::Late),
        }
        let coalesced = self.args.ingress.coalesced();
        if coalesced > self.coalesced {
            metrics::ingress_coalesced(lane, coalesced - self.coalesced);
            self.coalesced = coalesced;
        }
    }

    pub(super) fn alarmed(&self, alarm: Alarm, on: bool) {
        metrics::alarm(self.lane(), alarm, on);
        if alarm != Alarm::DeviceLost {
            return;
        }
        if on {
            self.args.board.set_away(Part::Device, self.lane().as_str(), "a required device of the lane is away");
        } else {
            self.args.board.set_back(Part::Device, self.lane().as_str());
        }
    }
}
