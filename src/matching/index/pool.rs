//! Numbered places that never move: growing takes a new chunk and copies nothing, so no insert pays for the others.

/// Places that one chunk has.
const CHUNK: usize = 4_096;

/// A growing array whose numbers stay, and are given again once they are free.
#[derive(Debug, Default)]
pub(super) struct Pool<T> {
    chunks: Vec<Vec<T>>,
    free: Vec<u32>,
    next: u32,
}

impl<T: Default> Pool<T> {
    /// Stores a value under a number; `None` when `most` are stored.
    pub(super) fn put(&mut self, value: T, most: u32) -> Option<u32> {
        if let Some(number) = self.free.pop() {
            if self.free.len() < self.free.capacity() / 4 {
                self.free.shrink_to(self.free.len() * 2);
            }
            *self.get_mut(number)? = value;
            return Some(number);
        }
        let number = self.next;
        if number >= most {
            return None;
        }
        let (chunk, _) = place(number);
        if chunk == self.chunks.len() {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        self.chunks.get_mut(chunk)?.push(value);
        self.next += 1;
        Some(number)
    }

    /// Takes a value out; its number is given again.
    pub(super) fn take(&mut self, number: u32) -> Option<T> {
        let value = std::mem::take(self.get_mut(number)?);
        self.free.push(number);
        Some(value)
    }

    pub(super) fn get(&self, number: u32) -> Option<&T> {
        let (chunk, at) = place(number);
        self.chunks.get(chunk)?.get(at)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let (chunk, at) = place(number);
        self.chunks.get_mut(chunk)?.get_mut(at)
    }

    /// All places, the free ones too (they hold the default).
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    /// Bytes that were taken for it, without what its values own.
    pub(super) fn memory_bytes(&self) -> usize {
        let places: usize = self.chunks.iter().map(Vec::capacity).sum();
        places * size_of::<T>() + self.chunks.capacity() * size_of::<Vec<T>>() + self.free.capacity() * size_of::<u32>()
    }
}

const fn place(number: u32) -> (usize, usize) {
    let number = number as usize;
    (number / CHUNK, number % CHUNK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_free_is_given_again() {
        let mut pool = Pool::default();
        let numbers: Vec<_> = (0..5_000_u16).map(|value| pool.put(value, u32::MAX)).collect();
        assert_eq!(numbers[4_999], Some(4_999));
        assert_eq!(pool.take(17), Some(17));
        assert_eq!(pool.put(9, u32::MAX), Some(17));
        assert_eq!((pool.get(17), pool.get(4_999), pool.get(5_000)), (Some(&9), Some(&4_999), None));
        assert_eq!(pool.take(5_000), None);
    }

    #[test]
    fn values_that_come_and_go_take_no_more_memory() {
        let mut pool = Pool::default();
        let fill = |pool: &mut Pool<u64>| (0..9_000).for_each(|value| assert!(pool.put(value, u32::MAX).is_some()));
        fill(&mut pool);
        let full = pool.memory_bytes();
        (0..9_000).for_each(|number| assert!(pool.take(number).is_some()));
        fill(&mut pool);
        assert_eq!(pool.memory_bytes(), full);
    }

    #[test]
    fn it_holds_no_more_than_it_may() {
        let mut pool = Pool::default();
        assert_eq!([pool.put('a', 2), pool.put('b', 2), pool.put('c', 2)], [Some(0), Some(1), None]);
        assert_eq!(pool.take(0), Some('a'));
        assert_eq!(pool.put('c', 2), Some(0));
    }
}
