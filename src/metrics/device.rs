//! What metrics count of devices.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

use super::{
    ALARMS, ARM_FAULTS, CALLS, CAMERA_MESSAGES, CAMERA_SKEW, COMMANDS, DEVICE_LOSSES, DEVICE_UP, LOOP_FAULTS,
    RELAY_COMMANDS, RELAY_EXCHANGES, SCALE_FRAMES, SCALE_LINE, SERIAL_MESSAGES, STRANGERS, TRAVEL, UNUSED, label,
};
use crate::device::modbus::Exchange;
use crate::device::scale::Diagnosis;
use crate::lane::{LoopFault, LoopName, LossCause, Unused};
use crate::model::{Alarm, BarrierPlace, CommandReason, CommandVerb, DeviceName, LaneId};
use crate::wire::relay::Fate;

/// Whether a device is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Up {
    /// It is.
    Alive,
    /// It isn't.
    Away,
}

/// A device came or went.
pub fn device_up(lane: &LaneId, device: &DeviceName, up: Up) {
    let value = if up == Up::Alive { 1.0 } else { 0.0 };
    gauge!(DEVICE_UP, "lane" => label(lane), "device" => device.as_str().to_owned()).set(value);
}

/// What a serial line brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// A frame with a weight.
    Good,
    /// A frame without a usable weight.
    Unusable,
    /// Bytes that are no frame.
    Garbled,
}

/// A serial line brought something.
pub fn scale_frame(lane: &LaneId, device: &DeviceName, frame: Frame) {
    let result = match frame {
        Frame::Good => "good",
        Frame::Unusable => "unusable",
        Frame::Garbled => "garbled",
    };
    counter!(SCALE_FRAMES, "lane" => label(lane), "device" => device.as_str().to_owned(), "result" => result)
        .increment(1);
}

/// A reader or a portal on a serial line sent something; `result` is of a closed set.
pub fn serial_message(lane: &LaneId, device: &DeviceName, result: &'static str) {
    counter!(SERIAL_MESSAGES, "lane" => label(lane), "device" => device.as_str().to_owned(), "result" => result)
        .increment(1);
}

/// A driver pressed the call button.
pub fn driver_called(lane: &LaneId) {
    counter!(CALLS, "lane" => label(lane)).increment(1);
}

/// What a scale's line shows.
pub fn scale_line(lane: &LaneId, device: &DeviceName, shown: Diagnosis) {
    for known in Diagnosis::ALL {
        let is = if known == shown { 1.0 } else { 0.0 };
        let device = device.as_str().to_owned();
        gauge!(SCALE_LINE, "lane" => label(lane), "device" => device, "state" => known.as_str()).set(is);
    }
}

/// An exchange with a relay board ended. `device` is the first that lives on it.
pub fn relay_exchange(lane: &LaneId, device: &DeviceName, exchange: Exchange) {
    let result = match exchange {
        Exchange::Answered => "answered",
        Exchange::Silent => "silent",
        Exchange::Refused => "refused",
        Exchange::Cut => "cut",
    };
    counter!(RELAY_EXCHANGES, "lane" => label(lane), "device" => device.as_str().to_owned(), "result" => result)
        .increment(1);
}

/// A command to an arm on a relay board came to its end.
pub fn relay_command(lane: &LaneId, barrier: BarrierPlace, verb: CommandVerb, fate: Fate) {
    let labels = [
        ("lane", label(lane)),
        ("barrier", barrier.as_str().to_owned()),
        ("command", verb_name(verb).to_owned()),
        ("result", fate.as_str().to_owned()),
    ];
    counter!(RELAY_COMMANDS, &labels).increment(1);
}

const fn verb_name(verb: CommandVerb) -> &'static str {
    match verb {
        CommandVerb::Open => "open",
        CommandVerb::Close => "close",
    }
}

/// A command went out.
pub fn barrier_command(lane: &LaneId, barrier: BarrierPlace, verb: CommandVerb, reason: CommandReason) {
    let verb = verb_name(verb);
    let reason = match reason {
        CommandReason::Release => "release",
        CommandReason::Admit => "admit",
        CommandReason::Refer => "refer",
        CommandReason::Secure => "secure",
        CommandReason::Order => "order",
    };
    counter!(COMMANDS, "lane" => label(lane), "barrier" => barrier.as_str(), "command" => verb, "reason" => reason)
        .increment(1);
}

/// An arm reached its open limit.
pub fn barrier_travel(lane: &LaneId, barrier: BarrierPlace, took: Duration) {
    histogram!(TRAVEL, "lane" => label(lane), "barrier" => barrier.as_str()).record(took);
}

/// An arm did not do what it was told.
pub fn barrier_fault(lane: &LaneId, barrier: BarrierPlace) {
    counter!(ARM_FAULTS, "lane" => label(lane), "barrier" => barrier.as_str()).increment(1);
}

/// What became of a camera's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameraResult {
    /// It was evidence.
    Read,
    /// It was known.
    Duplicate,
    /// It is from another time.
    Late,
    /// The vehicle moves the other way.
    OtherWay,
    /// It is another camera's.
    OtherCamera,
    /// It carries no read.
    Ignored,
    /// It isn't what its preset expects.
    Malformed,
    /// It is neither XML nor JSON.
    Unsupported,
    /// It is too large.
    TooLarge,
    /// It came too slowly, or too many came at once.
    Busy,
    /// The secret is missing or wrong.
    Unauthenticated,
    /// It comes from a network that may not push.
    Forbidden,
    /// Its read was not durable in time.
    Unavailable,
}

/// A camera's message came.
pub fn camera_message(lane: &LaneId, camera: &DeviceName, result: CameraResult) {
    let result = match result {
        CameraResult::Read => "read",
        CameraResult::Duplicate => "duplicate",
        CameraResult::Late => "late",
        CameraResult::OtherWay => "other_way",
        CameraResult::OtherCamera => "other_camera",
        CameraResult::Ignored => "ignored",
        CameraResult::Malformed => "malformed",
        CameraResult::Unsupported => "unsupported",
        CameraResult::TooLarge => "too_large",
        CameraResult::Busy => "busy",
        CameraResult::Unauthenticated => "unauthenticated",
        CameraResult::Forbidden => "forbidden",
        CameraResult::Unavailable => "unavailable",
    };
    counter!(CAMERA_MESSAGES, "lane" => label(lane), "device" => camera.as_str().to_owned(), "result" => result)
        .increment(1);
}

/// How far a camera's clock is from ours.
pub fn camera_skew(lane: &LaneId, camera: &DeviceName, seconds: f64) {
    gauge!(CAMERA_SKEW, "lane" => label(lane), "device" => camera.as_str().to_owned()).set(seconds);
}

/// A device was lost.
pub fn device_lost(lane: &LaneId, device: &DeviceName, cause: LossCause) {
    let device = device.as_str().to_owned();
    counter!(DEVICE_LOSSES, "lane" => label(lane), "device" => device, "cause" => cause.as_str()).increment(1);
}

/// A loop can't be trusted.
pub fn loop_fault(lane: &LaneId, name: LoopName, fault: LoopFault) {
    counter!(LOOP_FAULTS, "lane" => label(lane), "loop" => name.as_str(), "fault" => fault.as_str()).increment(1);
}

/// A reading was no evidence.
pub fn reading_unused(lane: &LaneId, reason: Unused) {
    counter!(UNUSED, "lane" => label(lane), "reason" => reason.as_str()).increment(1);
}

/// A device spoke for the first time that the lane's configuration doesn't name.
pub fn stranger_heard(lane: &LaneId) {
    counter!(STRANGERS, "lane" => label(lane)).increment(1);
}

/// An alarm of a lane is on or off.
pub fn alarm(lane: &LaneId, alarm: Alarm, on: bool) {
    gauge!(ALARMS, "lane" => label(lane), "alarm" => alarm.as_str()).set(if on { 1.0 } else { 0.0 });
}
