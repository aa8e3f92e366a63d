//! The real program under faults of its disk and of its own life: killed at random instants under load, its disk full,
//! its writes failing. A real mosquitto between it and a world of lanes with trucks.
//!
//! `LANE_CONTROLLER_KILLS=200` runs the safety case's figure; without it the suite kills less often.

mod controller;
mod damaged;
mod full;
mod golden;
mod kill;
#[path = "../support/mod.rs"]
mod support;
mod world;
