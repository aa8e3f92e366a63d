//! Health, API, orders.
