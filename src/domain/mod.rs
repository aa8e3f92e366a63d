//! The identifiers of the field (floor F0, pure): plates and document numbers as types that parse, check and print.
//!
//! ```text
//!  what a camera, a kiosk or a trader wrote ─▶ one canonical form ─▶ compared, indexed, shown
//! ```
//!
//! A check digit raises confidence and never identifies alone; nothing here guesses a number. What it does not do:
//! look anything up, or judge a vehicle (matching does).
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod container;
mod country;
mod declaration;
mod document;
mod form;
mod goods;
mod kernel;
mod notification;
mod number;
pub mod plate;
mod seal;
mod taxpayer;
mod tir;
mod transit;
mod verdict;
mod vin;

pub use container::{Category, Container};
pub use country::Country;
pub use declaration::EaeuNumber;
pub use document::{Check, DocumentNumber, Kind, Standing, WrongDigit, wrong_check_digit};
pub use form::{FormError, NUMBER_MAX_CHARS};
pub use goods::{AdrPlate, GoodsCode, UnNumber};
pub use kernel::{BLIND, remainder, value};
pub use notification::NotificationNumber;
pub use number::{NumberKey, number_key};
pub use seal::{Reaction, SealEvent, SealOnTransport};
pub use taxpayer::{Bin, BinKind, Iin, Inn};
pub use tir::{LETTERS_FROM, TirCarnet, TirTable};
pub use transit::{Grn, Mrn, Procedure};
pub use verdict::{Repair, Verdict};
pub use vin::Vin;
