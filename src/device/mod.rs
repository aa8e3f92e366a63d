//! Sockets and ttys (floor F3): the MQTT link and the serial lines of scales; reconnect, health. No rules of the lane.

pub mod camera;
pub mod mqtt;
pub mod scale;
