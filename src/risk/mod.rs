//! Merging the RMS, agencies and findings into one decision (pure).
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
