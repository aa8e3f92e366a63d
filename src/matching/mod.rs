//! Plate folding, scoring, findings about documents (pure).
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
