//! Tampering: every bit of a journal of 1,000 records flipped, each record deleted, swapped, doubled, cut, with the chain
//! left as it was and with the chain made anew; and no alarm on 1,000 good journals.
//!
//! The journal is a real one: the controller's writer makes it in SQLite and signs its heads. The verifier's walk is the
//! one that the programs use; it is given changed rows from memory, and a sample of the changes is made in the database
//! too, where the whole verifier must say the same. Each test prints what it counted.

mod bench;
mod file;
mod good;
mod table;
