//! CSV: a header, then a row an item of goods.
//!
//! Rows of one document stand together: a row with an empty number, or with the number and revision of the row above,
//! adds goods to it. What such a row repeats must be the same as above. A cell never runs over the end of its line: where
//! one does, a quote is missing, and what it swallowed would be lost without a word.

use std::collections::BTreeMap;

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::columns::{self, Column, Need};
use super::draft::{Draft, Origin};
use super::place::{Lines, Place};
use super::{BOM, Contents, RESYNCS_MAX, Supplement};
use crate::model::registry::RegisterKind;

/// Most columns, and the longest cell, bytes; a longer one is a missing quote.
const COLUMNS_MAX: usize = 100;
const CELL_MAX_BYTES: usize = 64 * 1024;
/// A column's name that differs from a known one by one letter in so many is a mistake, not another column.
const LETTERS_A_MISTAKE: usize = 4;

pub(super) fn read(kind: Option<RegisterKind>, supplement: Supplement, bytes: &[u8]) -> Contents {
    let body = bytes.strip_prefix(BOM).unwrap_or(bytes);
    let lines = Lines::of(body);
    let mut rows = Rows::new(body, &lines);
    let Some(header) = rows.next() else {
        return Contents::broken(Place::START, "header", "a header with the names of the columns is expected");
    };
    let layout = match Layout::of(kind, &header) {
        Ok(layout) => layout,
        Err((column, message)) => {
            let place = Place { line: header.line, column };
            return Contents::broken(place, "header", message);
        }
    };
    let mut table =
        Table { layout, supplement, contents: Contents::default(), open: None, doubtful: None, ended: BTreeMap::new() };
    let mut resyncs = 0;
    while let Some(row) = rows.next() {
        if row.is_blank() {
            continue;
        }
        if !row.spans_lines(body) {
            table.take(&row, Cells::Whole);
            continue;
        }
        resyncs += 1;
        table.take(&row, Cells::Unclosed);
        if resyncs > RESYNCS_MAX {
            table.fail(row.line, format!("more than {RESYNCS_MAX} broken rows; the rest is not read"));
            break;
        }
        // Only the first of the lines is given up.
        rows.go_to(row.line + 1);
    }
    table.finish()
}

/// Whether a row's cells can be believed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cells {
    Whole,
    /// The last one runs over the end of the line.
    Unclosed,
}

struct Row {
    line: usize,
    start: usize,
    end: usize,
    fields: ByteRecord,
}

impl Row {
    fn is_blank(&self) -> bool {
        self.fields.iter().all(<[u8]>::is_empty)
    }

    fn origin(&self) -> Origin {
        Origin { place: Place { line: self.line, column: 1 }, path: "row".to_owned() }
    }

    fn spans_lines(&self, body: &[u8]) -> bool {
        body.get(self.start..self.end).unwrap_or_default().trim_ascii_end().contains(&b'\n')
    }
}

/// The rows with their true places.
struct Rows<'a> {
    body: &'a [u8],
    lines: &'a Lines<'a>,
    separator: u8,
    start: usize,
    reader: Reader<&'a [u8]>,
}

impl<'a> Rows<'a> {
    fn new(body: &'a [u8], lines: &'a Lines<'a>) -> Self {
        let first = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let count = |separator: u8| first.iter().filter(|byte| **byte == separator).count();
        // The most frequent of them; a comma where none is there.
        let separator = [b',', b';', b'\t'].into_iter().rev().max_by_key(|separator| count(*separator));
        let separator = separator.unwrap_or(b',');
        Self { body, lines, separator, start: 0, reader: reader(body, separator) }
    }

    fn go_to(&mut self, line: usize) {
        self.start = self.lines.start(line).unwrap_or(self.body.len());
        self.reader = reader(self.body.get(self.start..).unwrap_or_default(), self.separator);
    }

    fn next(&mut self) -> Option<Row> {
        let mut fields = ByteRecord::new();
        // Reading from memory fails only where nothing is left: rows may have any number of cells.
        if !self.reader.read_byte_record(&mut fields).unwrap_or(false) {
            return None;
        }
        let from = self.start + offset(fields.position().map_or(0, csv::Position::byte));
        let end = self.start + offset(self.reader.position().byte());
        let blank = self.body.get(from..).unwrap_or_default();
        let start = from + blank.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        Some(Row { line: self.lines.place(start).line, start, end, fields })
    }
}

fn offset(byte: u64) -> usize {
    usize::try_from(byte).unwrap_or(usize::MAX)
}

fn reader(bytes: &[u8], separator: u8) -> Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(bytes)
}

/// Which column is what.
struct Layout {
    kind: RegisterKind,
    /// `None` is a column that is none of ours.
    columns: Vec<Option<&'static Column>>,
    number: usize,
    revision: Option<usize>,
    goods: &'static [Column],
}

impl Layout {
    /// The place in a fault counts columns from 1.
    fn of(kind: Option<RegisterKind>, header: &Row) -> Result<Self, (usize, String)> {
        if header.fields.len() > COLUMNS_MAX {
            return Err((COLUMNS_MAX + 1, format!("more than {COLUMNS_MAX} columns")));
        }
        let name = |cell: &[u8]| String::from_utf8_lossy(cell).trim().to_ascii_lowercase();
        let names: Vec<String> = header.fields.iter().map(name).collect();
        let Some(kind) = kind.or_else(|| columns::kind_of(&names)) else {
            let message = "the columns don't tell the kind: carrier_id (notifications), holder_id (declarations) or \
                           roles (parties) is expected; or give --kind";
            return Err((1, message.to_owned()));
        };
        let (head, goods) = columns::of(kind);
        let known = || head.iter().chain(goods);
        let mut found: Vec<Option<&'static Column>> = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            let column = known().find(|column| column.name == name);
            if column.is_some() && found.iter().flatten().any(|earlier| earlier.name == name) {
                return Err((index + 1, format!("the column {name} is there twice")));
            }
            let mistakes = name.len() / LETTERS_A_MISTAKE;
            let near = known().find(|column| strsim::levenshtein(column.name, name) <= mistakes);
            if let (None, Some(near)) = (column, near) {
                return Err((index + 1, format!("the column {name} is unknown; is it {}?", near.name)));
            }
            found.push(column);
        }
        let place = |name: &str| found.iter().position(|column| column.is_some_and(|column| column.name == name));
        let missing = head.iter().filter(|column| column.need == Need::Required && place(column.name).is_none());
        let missing: Vec<_> = missing.map(|column| column.name).collect();
        if !missing.is_empty() {
            return Err((1, format!("columns are missing: {}", missing.join(", "))));
        }
        let key = if kind == RegisterKind::Party { "id" } else { "number" };
        let (number, revision) = (place(key).unwrap_or_default(), place("revision"));
        Ok(Self { kind, columns: found, number, revision, goods })
    }
}

/// The document whose rows are being read.
struct Open {
    number: Vec<u8>,
    revision: Vec<u8>,
    /// Its first row, against which repeated cells are held.
    first: ByteRecord,
    line: usize,
    items: usize,
    draft: Draft,
}

struct Table {
    layout: Layout,
    supplement: Supplement,
    contents: Contents,
    open: Option<Open>,
    /// A row whose number could not be read: it may be the first of the document below.
    doubtful: Option<usize>,
    /// Lines of documents that are complete, by number and revision.
    ended: BTreeMap<(Vec<u8>, Vec<u8>), usize>,
}

impl Table {
    fn take(&mut self, row: &Row, cells: Cells) {
        // The last cell of an unclosed row is not to be believed, and there are none behind it.
        let believed = row.fields.len().saturating_sub(usize::from(cells == Cells::Unclosed));
        let cell = |index: usize| match row.fields.get(index) {
            Some(cell) if index < believed => cell.trim_ascii(),
            Some(_) | None => &[],
        };
        let number = cell(self.layout.number);
        let revision = self.layout.revision.map(cell).unwrap_or_default();
        let goes_on = self.open.as_ref().is_some_and(|open| {
            let same = |cell: &[u8], known: &[u8]| cell.is_empty() || cell == known;
            same(number, &open.number) && same(revision, &open.revision)
        });
        if !goes_on {
            self.close();
            self.begin(row, number, revision);
        }
        if cells == Cells::Unclosed && self.layout.number >= believed {
            self.doubtful = Some(row.line);
        }
        let Some(mut open) = self.open.take() else { return };
        match cells {
            Cells::Whole => self.fill(&mut open, row),
            Cells::Unclosed => {
                let message = "a cell runs over the end of the line; `\"` is expected before it";
                open.draft.fault(&row.origin(), message);
            }
        }
        self.open = Some(open);
    }

    fn begin(&mut self, row: &Row, number: &[u8], revision: &[u8]) {
        let root = row.origin();
        let mut draft = Draft::new(self.layout.kind, root.clone());
        if let Some(line) = self.doubtful.take() {
            draft.fault(&root, format!("line {line} could not be read and may belong to this document"));
        }
        if let Some(line) = self.ended.get(&(number.to_owned(), revision.to_owned())) {
            let message = format!("rows of one document stand together; this one began at line {line}");
            draft.fault(&root, message);
        }
        let (number, revision) = (number.to_owned(), revision.to_owned());
        let first = row.fields.clone();
        self.open = Some(Open { number, revision, first, line: row.line, items: 0, draft });
    }

    fn fill(&mut self, open: &mut Open, row: &Row) {
        if row.fields.len() != self.layout.columns.len() {
            let (found, expected) = (row.fields.len(), self.layout.columns.len());
            open.draft.fault(&row.origin(), format!("{found} cells; {expected} are expected, as in the header"));
            return;
        }
        let is_goods = |column: &Column| self.layout.goods.iter().any(|known| known.name == column.name);
        let mut has_goods = false;
        for (index, (column, cell)) in self.layout.columns.iter().zip(&row.fields).enumerate() {
            let Some(column) = column else { continue };
            let origin = Origin { place: Place { line: row.line, column: index + 1 }, path: column.name.to_owned() };
            if cell.len() > CELL_MAX_BYTES {
                open.draft.fault(&origin, format!("more than {CELL_MAX_BYTES} bytes; is a quote missing?"));
                continue;
            }
            let Ok(text) = std::str::from_utf8(cell) else {
                open.draft.fault(&origin, "this is no UTF-8; save the file as UTF-8");
                continue;
            };
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            if !is_goods(column) && open.line != row.line {
                let first = open.first.get(index).unwrap_or_default().trim_ascii();
                if first != text.as_bytes() {
                    let message = format!("it differs from line {}, where the document begins", open.line);
                    open.draft.fault(&origin, message);
                }
                continue;
            }
            has_goods = has_goods || is_goods(column);
            let path = column.path.replace("{}", &open.items.to_string());
            match columns::value(column.cell, text) {
                Ok(value) => open.draft.put(&path, value, origin),
                Err(message) => open.draft.fault(&origin, message),
            }
        }
        if has_goods {
            open.items += 1;
        }
    }

    fn fail(&mut self, line: usize, message: String) {
        self.contents.fail(Place { line, column: 1 }, "row", message);
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let mut found = open.draft.finish(&self.supplement);
        let text = |cell: &[u8]| std::str::from_utf8(cell).ok().filter(|text| !text.is_empty()).map(str::to_owned);
        found.number = found.number.or_else(|| text(&open.number));
        found.revision = found.revision.or_else(|| text(&open.revision)?.parse().ok());
        self.ended.entry((open.number, open.revision)).or_insert(open.line);
        self.contents.documents.push(found);
    }

    fn finish(mut self) -> Contents {
        self.close();
        if self.contents.documents.is_empty() && self.contents.faults.is_empty() {
            self.contents.fail(Place::START, "row", "there is no row below the header");
        }
        self.contents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_what_the_header_has_most_of() {
        for (header, separator) in [("a,b;c,d", b','), ("a;b;c,d", b';'), ("a\tb", b'\t'), ("a", b',')] {
            let lines = Lines::of(header.as_bytes());
            assert_eq!(Rows::new(header.as_bytes(), &lines).separator, separator, "{header}");
        }
    }

    #[test]
    fn a_row_s_line_is_where_it_begins() {
        let body = b"a,b\r\n\r\n\r\n1,\"x\ny\"\n2,z\n";
        let lines = Lines::of(body);
        let mut rows = Rows::new(body, &lines);
        let lines: Vec<_> = std::iter::from_fn(|| rows.next()).map(|row| (row.line, row.fields.len())).collect();
        assert_eq!(lines, [(1, 2), (4, 2), (6, 2)]);
    }
}
