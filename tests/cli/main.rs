//! The command line, black-box: the built binary, its JSON lines and exit codes.

mod document;
