//! The plates themselves: each different key once, with the ids that it stands for.

use super::pool::Pool;
use super::{Full, Inserted, PLATES_MAX};

/// Bytes that a row holds itself. Every country's plate fits, the Chinese ones with two glyphs too.
const INLINE_BYTES: usize = 15;
/// Bytes that one edit can change a length by: a character of four bytes that comes or goes.
const EDIT_BYTES_MAX: usize = 4;
/// In place of a length: the text is one of the long ones.
const LONG: u8 = u8::MAX;

/// One key and its ids.
#[derive(Debug, Default)]
struct Row {
    /// The key in UTF-8, or the number of a long one.
    text: [u8; INLINE_BYTES],
    /// Bytes of it.
    len: u8,
    ids: Ids,
}

/// 24 bytes a plate are in the budget; a wider row would be paid a million times.
const _: () = assert!(size_of::<Row>() == 24);

#[derive(Debug, Clone, Copy)]
enum Ids {
    One(u32),
    /// The number of a list with two or more, in order.
    Many(u32),
}

impl Default for Ids {
    fn default() -> Self {
        Self::One(0)
    }
}

/// What became of an id that was to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dropped {
    /// It was not there.
    Unknown,
    /// Others have the same key.
    OthersStay,
    /// It was the last one: the row is free.
    RowFree,
}

/// All rows by number.
#[derive(Debug, Default)]
pub(super) struct Plates {
    rows: Pool<Row>,
    long: Pool<Box<str>>,
    lists: Pool<Vec<u32>>,
}

impl Plates {
    /// A new row.
    pub(super) fn put(&mut self, key: &str, id: u32) -> Result<u32, Full> {
        let number = self.rows.put(Row::default(), PLATES_MAX).ok_or(Full)?;
        let (text, len) = self.text(key)?;
        if let Some(row) = self.rows.get_mut(number) {
            *row = Row { text, len, ids: Ids::One(id) };
        }
        Ok(number)
    }

    fn text(&mut self, key: &str) -> Result<([u8; INLINE_BYTES], u8), Full> {
        let mut text = [0; INLINE_BYTES];
        if let (Some(place), Ok(len)) = (text.get_mut(..key.len()), u8::try_from(key.len())) {
            place.copy_from_slice(key.as_bytes());
            return Ok((text, len));
        }
        // There are no more long ones than rows, so this has room where they had.
        let number = self.long.put(key.into(), PLATES_MAX).ok_or(Full)?;
        text[..4].copy_from_slice(&number.to_le_bytes());
        Ok((text, LONG))
    }

    /// A row's key, in UTF-8.
    pub(super) fn key(&self, row: u32) -> &[u8] {
        let Some(row) = self.rows.get(row) else { return &[] };
        if row.len == LONG {
            return self.long.get(long_number(row)).map_or(&[], |text| text.as_bytes());
        }
        row.text.get(..usize::from(row.len)).unwrap_or(&row.text)
    }

    /// Whether the length of a row's key, in bytes, allows for one edit from a key of that length.
    pub(super) fn may_be_near(&self, row: u32, bytes: usize) -> bool {
        self.rows.get(row).is_some_and(|row| row.len == LONG || usize::from(row.len).abs_diff(bytes) <= EDIT_BYTES_MAX)
    }

    /// A row's ids, in order.
    pub(super) fn ids(&self, row: u32) -> &[u32] {
        match self.rows.get(row).map(|row| &row.ids) {
            None => &[],
            Some(Ids::One(id)) => std::slice::from_ref(id),
            Some(Ids::Many(list)) => self.lists.get(*list).map_or(&[], Vec::as_slice),
        }
    }

    /// One id more for a row.
    pub(super) fn add(&mut self, row: u32, id: u32) -> Result<Inserted, Full> {
        let row = self.rows.get_mut(row).ok_or(Full)?;
        match row.ids {
            Ids::One(known) if known == id => Ok(Inserted::Known),
            Ids::One(known) => {
                let mut list = Vec::with_capacity(2);
                list.extend([known.min(id), known.max(id)]);
                row.ids = Ids::Many(self.lists.put(list, PLATES_MAX).ok_or(Full)?);
                Ok(Inserted::New)
            }
            Ids::Many(list) => {
                let list = self.lists.get_mut(list).ok_or(Full)?;
                let Err(at) = list.binary_search(&id) else { return Ok(Inserted::Known) };
                list.insert(at, id);
                Ok(Inserted::New)
            }
        }
    }

    /// One id less for a row; the row goes with its last one.
    pub(super) fn drop_id(&mut self, number: u32, id: u32) -> Dropped {
        let Some(row) = self.rows.get_mut(number) else { return Dropped::Unknown };
        match row.ids {
            Ids::One(known) if known == id => {
                if row.len == LONG {
                    self.long.take(long_number(row));
                }
                self.rows.take(number);
                Dropped::RowFree
            }
            Ids::One(_) => Dropped::Unknown,
            Ids::Many(list_number) => {
                let Some(list) = self.lists.get_mut(list_number) else { return Dropped::Unknown };
                let Ok(at) = list.binary_search(&id) else { return Dropped::Unknown };
                list.remove(at);
                if let [last] = list.as_slice() {
                    row.ids = Ids::One(*last);
                    self.lists.take(list_number);
                } else if list.len() < list.capacity() / 4 {
                    list.shrink_to(list.len() * 2);
                }
                Dropped::OthersStay
            }
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let long: usize = self.long.iter().map(|text| text.len()).sum();
        let lists: usize = self.lists.iter().map(|list| list.capacity() * size_of::<u32>()).sum();
        self.rows.memory_bytes() + self.long.memory_bytes() + long + self.lists.memory_bytes() + lists
    }
}

fn long_number(row: &Row) -> u32 {
    let [a, b, c, d, ..] = row.text;
    u32::from_le_bytes([a, b, c, d])
}
