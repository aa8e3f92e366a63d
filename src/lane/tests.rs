//! Stories of the lane: input, then exact effects. Each invariant of the safety case has a test of its id.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::setup::{EMPTY_SETTLE, EMPTY_SETTLE_STANDING, JOURNAL_WITHIN, LEFT_SETTLE};
use super::*;
use crate::model::authority::AUTHORITY_PASS_WITHIN;
use crate::model::*;

mod anything;
pub(super) mod bench;
mod by_hand;
mod degraded;
mod guards;
mod hazards;
mod health;
mod heard;
mod invariants;
mod loops;
mod pairs;
mod privacy;
pub(super) mod search;
mod stories;
mod sundry;
mod weights;

use bench::Bench;
