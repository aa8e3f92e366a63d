//! `device decode`: a JSON line for each frame of captured bytes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use super::{capture, named, show};
use crate::model::scale::Dialect;
use crate::wire::scale::{Framer, framer};

pub(super) fn run(dialect: &Dialect, file: Option<PathBuf>) -> io::Result<()> {
    let source: Box<dyn Read> = match &file {
        Some(path) => Box::new(File::open(path).map_err(named(path))?),
        None => Box::new(io::stdin()),
    };
    let mut reader = capture::Reader::new(source)?;
    let mut framer = framer(dialect);
    let mut out = io::BufWriter::new(io::stdout().lock());
    while let Some(piece) = reader.next()? {
        framer.push(&piece.bytes);
        print(framer.as_mut(), &mut out)?;
    }
    framer.finish();
    print(framer.as_mut(), &mut out)?;
    out.flush()
}

fn print(framer: &mut dyn Framer, out: &mut impl Write) -> io::Result<()> {
    while let Some(found) = framer.next() {
        writeln!(out, "{}", show::shown(&found))?;
    }
    Ok(())
}
