//! What becomes of a camera's read: whoever waits for it is told, and a repeat of it is known.

use std::collections::{BTreeMap, VecDeque};

use tokio::sync::watch;

/// Reads of one camera that are remembered; a camera repeats its last few.
const KNOWN_MAX: usize = 64;

/// What became of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is on its way.
    Pending,
    /// Its record is durable, or it needs none.
    Owned,
    /// It was shed, or its lane or the journal failed: it must come again.
    Lost,
}

/// Tells what became of a read. Dropped without a word it is lost.
#[derive(Debug)]
pub(super) struct Told(watch::Sender<Fate>);

impl Told {
    pub(super) fn new() -> (Self, watch::Receiver<Fate>) {
        let (sender, receiver) = watch::channel(Fate::Pending);
        (Self(sender), receiver)
    }

    /// The read is owned.
    pub(super) fn owned(self) {
        self.0.send_replace(Fate::Owned);
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.0.send_if_modified(|fate| {
            let is_pending = *fate == Fate::Pending;
            if is_pending {
                *fate = Fate::Lost;
            }
            is_pending
        });
    }
}

/// Waits until it is decided.
pub(super) async fn decided(mut fate: watch::Receiver<Fate>) -> Fate {
    match fate.wait_for(|fate| *fate != Fate::Pending).await {
        Ok(fate) => *fate,
        Err(_) => Fate::Lost,
    }
}

/// A read's place among those that a camera sent before.
#[derive(Debug)]
pub(super) enum Entry {
    /// It is new: tell what becomes of it.
    New(Told, watch::Receiver<Fate>),
    /// It is on its way already.
    Pending(watch::Receiver<Fate>),
    /// It is owned already.
    Owned,
}

/// The reads of one camera that are known (invariant C3).
#[derive(Debug, Default)]
pub(super) struct Known {
    /// `None`: owned.
    reads: BTreeMap<String, Option<watch::Receiver<Fate>>>,
    order: VecDeque<String>,
}

impl Known {
    /// Looks a read up, and enters it when it is new.
    pub(super) fn enter(&mut self, id: &str) -> Entry {
        self.settle();
        match self.reads.get(id) {
            Some(None) => return Entry::Owned,
            Some(Some(fate)) => return Entry::Pending(fate.clone()),
            None => {}
        }
        let (told, fate) = Told::new();
        self.remember(id, Some(fate.clone()));
        Entry::New(told, fate)
    }

    /// Enters a read that the journal holds.
    pub(super) fn enter_owned(&mut self, id: &str) {
        self.remember(id, None);
    }

    fn remember(&mut self, id: &str, fate: Option<watch::Receiver<Fate>>) {
        if self.reads.insert(id.to_owned(), fate).is_some() {
            return;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > KNOWN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.reads.remove(&oldest);
        }
    }

    /// What is owned needs no more waiting; what was lost may come again.
    fn settle(&mut self) {
        self.reads.retain(|_, waiting| {
            match waiting.as_ref().map(|fate| *fate.borrow()) {
                Some(Fate::Owned) => *waiting = None,
                Some(Fate::Lost) => return false,
                Some(Fate::Pending) | None => {}
            }
            true
        });
        self.order.retain(|id| self.reads.contains_key(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_repeat_waits_for_the_first_and_a_lost_read_may_come_again() {
        let mut known = Known::default();
        let Entry::New(told, fate) = known.enter("a") else { panic!("it is new") };
        let Entry::Pending(repeat) = known.enter("a") else { panic!("it is on its way") };
        told.owned();
        assert_eq!((decided(fate).await, decided(repeat).await), (Fate::Owned, Fate::Owned));
        assert!(matches!(known.enter("a"), Entry::Owned));
        let Entry::New(told, fate) = known.enter("b") else { panic!("it is new") };
        drop(told);
        assert_eq!(decided(fate).await, Fate::Lost);
        assert!(matches!(known.enter("b"), Entry::New(..)), "what was lost is new again");
    }

    #[test]
    fn a_flood_of_reads_forgets_the_oldest_and_stays_small() {
        let mut known = Known::default();
        known.enter_owned("first");
        for number in 0..1_000 {
            drop(known.enter(&number.to_string()));
            known.enter_owned(&number.to_string());
        }
        assert_eq!((known.reads.len(), known.order.len()), (KNOWN_MAX, KNOWN_MAX));
        assert!(matches!(known.enter("999"), Entry::Owned));
        assert!(matches!(known.enter("first"), Entry::New(..)));
    }
}
