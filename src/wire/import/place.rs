//! Lines and columns of byte offsets.

use std::fmt;

/// A place in a file, both counted from 1. The column counts bytes; in a CSV file it counts fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl Place {
    /// The beginning of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Bytes between two marks of a file.
const BLOCK: usize = 4_096;

/// Finds the lines of a file from marks at every block, so that a file of line breaks alone costs little memory.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    /// For each block: line breaks before it, and where the line begins in which it begins.
    marks: Vec<(usize, usize)>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        let mut marks = vec![(0, 0)];
        let (mut breaks, mut start) = (0, 0);
        for (index, block) in bytes.chunks(BLOCK).enumerate() {
            breaks += block.iter().filter(|byte| **byte == b'\n').count();
            if let Some(last) = block.iter().rposition(|byte| *byte == b'\n') {
                start = index * BLOCK + last + 1;
            }
            marks.push((breaks, start));
        }
        Self { bytes, marks }
    }

    pub(super) fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.bytes.len());
        let block = offset / BLOCK;
        let (breaks, start) = self.marks.get(block).copied().unwrap_or_default();
        let before = self.bytes.get(block * BLOCK..offset).unwrap_or_default();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(start, |last| block * BLOCK + last + 1);
        let line = breaks + before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Place { line, column: offset - start + 1 }
    }

    /// Where a line begins; lines are counted from 1.
    pub(super) fn start(&self, line: usize) -> Option<usize> {
        let Some(breaks @ 1..) = line.checked_sub(1) else { return (line == 1).then_some(0) };
        let behind = self.marks.partition_point(|(before, _)| *before < breaks);
        let block = behind.checked_sub(1)?;
        let (before, _) = *self.marks.get(block)?;
        let rest = self.bytes.get(block * BLOCK..)?;
        let mut ends = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        ends.nth(breaks - before - 1).map(|(at, _)| block * BLOCK + at + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_offset_is_a_line_and_a_column() {
        let lines = Lines::of(b"ab\n\ncd");
        for (offset, place) in [(0, "1:1"), (2, "1:3"), (3, "2:1"), (4, "3:1"), (6, "3:3")] {
            assert_eq!(lines.place(offset).to_string(), place, "{offset}");
        }
        assert_eq!(Lines::of(b"").place(0), Place::START);
        assert_eq!((lines.start(3), lines.start(0), lines.start(9)), (Some(4), None, None));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]

        #[test]
        fn marks_find_what_counting_finds(ends in proptest::collection::vec(0..10_000_usize, 0..50), length in 0..10_000_usize) {
            let mut bytes = vec![b'x'; length];
            ends.iter().filter(|end| **end < length).for_each(|end| bytes[*end] = b'\n');
            let lines = Lines::of(&bytes);
            let (mut line, mut start) = (1, 0);
            for offset in 0..=length {
                if offset % 97 == 0 || offset == start || offset % BLOCK < 2 {
                    prop_assert_eq!(lines.place(offset), Place { line, column: offset - start + 1 });
                    prop_assert_eq!(lines.start(line), Some(start));
                }
                if bytes.get(offset) == Some(&b'\n') {
                    (line, start) = (line + 1, offset + 1);
                }
            }
            prop_assert_eq!(lines.start(line + 1), None);
        }
    }
}
