//! Vehicle plates.

mod fold;

pub use fold::{Folded, fold};
