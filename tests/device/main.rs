//! Scales, readers and portals from outside: the driver on real pseudo-terminals and sockets, and the command line with the manuals' bytes.
//! Every byte that an indicator sends here is written by hand.

mod bench;
mod decode;
mod driver;
mod listen;
#[path = "../support/pty.rs"]
mod pty;
mod tcp;
mod watch;
