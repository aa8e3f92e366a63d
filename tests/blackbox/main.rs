//! The whole program, black-box: the real binary as a child process, a real mosquitto, a real pseudo-terminal, and
//! mosquitto's own clients on the side of devices, traders and RMS.

mod broker;
mod indicator;
mod orders;
mod restart;
mod rig;
mod selection;
mod serial_line;
#[path = "../support/mod.rs"]
mod support;
mod truck;
