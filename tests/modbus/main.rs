//! The driver of relay boards against simulated boards: real sockets, real pseudo-terminals, foreign bytes.

mod arm;
#[allow(dead_code, unreachable_pub, reason = "the simulator's own, which has more than these tests use")]
#[path = "../../simulator/src/board/mod.rs"]
mod board;
mod line;
mod rig;
mod socket;
