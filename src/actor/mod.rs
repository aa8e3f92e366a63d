//! Thin ractor shells: an actor holds a pure object, feeds it, carries out its effects; it has no rules of its own.
//!
//! ```text
//!                       site (root: starts, restarts with a growing pause, stops in order)
//!      ┌───────────┬───────────┬──────────┬────────────┬──────────────┬────────────────┐
//!   journal     registry      risk       link        lane…          scale…           relay…
//!  (keeper)   (documents)  (gateway)  (broker)   (one machine)  (one serial line)  (one line of boards)
//! ```
//!
//! Messages from devices go from the link straight to their lane through a bounded ingress; a permit and the
//! broker's acknowledgement travel with each message and are given back when its records are durable.

pub mod board;
mod build;
mod bus;
mod clock;
mod desk;
mod fate;
mod gate;
mod ingress;
mod intake;
mod journal;
mod keys;
mod lane;
mod link;
mod listener;
mod local;
mod outlet;
mod pace;
mod parts;
mod profiles;
mod recorder;
mod registry;
mod relay;
mod response_keys;
mod restart;
mod risk;
mod running;
mod scale;
mod seldom;
mod selection;
mod sequence;
mod setup;
mod site;
mod wiring;

#[cfg(test)]
mod tests;

pub use build::{RunError, check_files};
pub use clock::SiteClock;
pub use intake::{Intake, NotTaken, Taken};
pub use profiles::{ProfilesError, load_profiles};
pub use recorder::Recorder;
pub use running::{PassageReader, Pulse, Running, start};
pub use selection::KeepError;
