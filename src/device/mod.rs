//! Sockets and ttys (floor F3): the MQTT link, the lines of scales, readers and portals, relay boards; reconnect, health. No rules of the
//! lane.

pub mod camera;
mod line;
pub mod listen;
pub mod modbus;
pub mod mqtt;
pub mod scale;
