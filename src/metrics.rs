//! Metrics, each named once.
