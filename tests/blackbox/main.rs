//! The whole program, black-box: the real binary as a child process, a real mosquitto, a real pseudo-terminal, and
//! mosquitto's own clients on the side of devices, traders and RMS.

#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "the simulator's own, which has more than these tests use"
)]
#[path = "../../simulator/src/board/mod.rs"]
mod board;
mod broker;
mod devices;
mod heads;
mod indicator;
mod ingest;
mod matching;
mod orders;
mod papers;
mod privacy;
#[path = "../support/pty.rs"]
mod pty;
mod reader;
mod relay;
mod restart;
mod rig;
mod rms;
mod scales;
mod selection;
mod serial_line;
mod site;
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "the simulator's own, which has more than these tests use"
)]
#[path = "../../simulator/src/scale/speech/mod.rs"]
mod speech;
#[path = "../support/mod.rs"]
mod support;
mod truck;
