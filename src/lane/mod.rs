//! The lane machine: input in, effects out (pure).
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
