//! The disk of record: append, group commit, chain, verify, recovery.
