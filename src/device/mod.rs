//! Sockets and ttys (floor F3): the MQTT link, the serial port, relay boards; reconnect, health. No rules of the lane.

pub mod modbus;
pub mod mqtt;
pub mod serial;
