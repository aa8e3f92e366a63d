//! Thin ractor shells: an actor holds a pure object, feeds it, carries out its effects; it has no rules of its own.

pub mod board;
