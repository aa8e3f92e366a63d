//! Stored notifications, declarations, parties.
