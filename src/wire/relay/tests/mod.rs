//! The bytes against the vectors of devices.md §3, and the machine in virtual time.

mod bench;
mod bytes;
mod portal;
mod stories;
mod troubles;
