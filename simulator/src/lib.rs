//! The world around `lane-controller`, simulated: devices, trucks, traders, risk management, officers.
//!
//! ```text
//!  traffic ─▶ lane ─▶ field (cameras, loops, barrier, scale) ─ MQTT, pty ─▶ controller
//!                      single_window, rms ─────────────────── MQTT ──────▶   (a child
//!                      officer ─────────────────────────────── HTTP ─────▶    process)
//!  observer ◀─ states, events ─┘          ledger ─▶ summary: book = metrics = events?
//! ```
//!
//! It meets the controller only on the wire: MQTT, a serial line, HTTP. It borrows the words of the registry and
//! risk documents from the controller's model, and no decoder: the bytes of the scale, the rules of the barrier and
//! the judgement at the end are its own.

pub mod arm;
pub mod barrier;
pub mod board;
pub mod broker;
pub mod camera;
pub mod chaos;
pub mod controller;
pub mod corpus;
pub mod demo;
pub mod devices;
pub mod documents;
pub mod field;
pub mod http;
pub mod kind;
pub mod lane;
pub mod ledger;
pub mod link;
pub mod noise;
pub mod observer;
pub mod officer;
pub mod plates;
pub mod prng;
pub mod rms;
pub mod scale;
pub mod setup;
pub mod single_window;
pub mod summary;
pub mod table;
pub mod traffic;
