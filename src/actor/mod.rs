//! Thin ractor shells: an actor holds a pure object, feeds it, carries out its effects; it has no rules of its own.
//!
//! ```text
//!                       site (root: starts, restarts with a growing pause, stops in order)
//!      ┌───────────┬───────────┬──────────┬────────────┬──────────────┐
//!   journal     registry      risk       link        lane…          scale…
//!  (keeper)   (documents)  (gateway)  (broker)   (one machine)  (one serial line)
//! ```
//!
//! Messages from devices go from the link straight to their lane through a bounded ingress; a permit and the
//! broker's acknowledgement travel with each message and are given back when its records are durable.

pub mod board;
mod bus;
mod clock;
mod desk;
mod ingress;
mod journal;
mod lane;
mod link;
mod local;
mod outlet;
mod pace;
mod profiles;
mod registry;
mod risk;
mod running;
mod scale;
mod selection;
mod site;

#[cfg(test)]
mod tests;

pub use clock::SiteClock;
pub use profiles::{ProfilesError, load_profiles};
pub use running::{Pulse, RunError, Running, start};
pub use selection::KeepError;
