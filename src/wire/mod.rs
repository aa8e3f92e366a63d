//! Bytes and JSON to and from the model (pure).
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
