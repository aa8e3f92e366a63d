//! The order book: orders that wait for their second officer, and orders that were carried out a moment ago.
//!
//! Bounded, and lost at a restart: an order that is sent again then is judged by the lane as it stands.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::model::{LaneId, OrderKind, PassageId, StateVersion};

/// How long an order may wait for its second officer, and then to be carried out (invariant A9).
pub(super) const ORDER_WITHIN: Duration = Duration::from_secs(60);
/// How long the same order of the same officer gets the same answer: a double click.
pub(super) const REPEATED_WITHIN: Duration = Duration::from_secs(10);
/// The same for an order that carries a key: a client that lost its connection.
pub(super) const KEYED_WITHIN: Duration = Duration::from_secs(600);
/// Orders remembered.
const REMEMBERED_MAX: usize = 1_024;

/// What makes two orders the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Same {
    pub(super) lane: LaneId,
    pub(super) passage: Option<PassageId>,
    pub(super) order: OrderKind,
}

/// The first of two officers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct First {
    pub(super) by: String,
    /// Who shall confirm; anybody else but the first when none is named.
    pub(super) awaited: Option<String>,
    /// What the lane showed to the first.
    pub(super) seen: StateVersion,
}

/// What a first order of two says to another one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Confirms {
    /// There is none, or it is the same officer's.
    Nothing,
    /// This officer ordered first.
    First(First),
    /// It waits for somebody else.
    Another(String),
}

/// The answer to an order that was carried out.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) answer: Option<Value>,
}

/// One order's place; who holds it is the only one who may ask the lane.
pub(super) type Place = Arc<tokio::sync::Mutex<Slot>>;

/// One officer's order, by the key that the client gave it or by what it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Asked {
    Keyed(String, String),
    Plain(String, Same),
}

#[derive(Debug)]
struct Entry {
    same: Same,
    until: Instant,
    place: Place,
}

/// The key was given to another order before.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeyOfAnother;

/// The book.
#[derive(Debug, Default)]
pub(super) struct Book {
    waiting: Mutex<HashMap<Same, (First, Instant)>>,
    places: Mutex<HashMap<Asked, Entry>>,
}

impl Book {
    /// Takes the first order that this one confirms.
    pub(super) fn confirm(&self, now: Instant, same: &Same, officer: &str) -> Confirms {
        let mut waiting = self.waiting();
        waiting.retain(|_, (_, since)| now.saturating_duration_since(*since) < ORDER_WITHIN);
        let Some((first, _)) = waiting.get(same).filter(|(first, _)| first.by != officer) else {
            return Confirms::Nothing;
        };
        if let Some(awaited) = first.awaited.as_ref().filter(|awaited| *awaited != officer) {
            return Confirms::Another(awaited.clone());
        }
        waiting.remove(same).map_or(Confirms::Nothing, |(first, _)| Confirms::First(first))
    }

    /// Whether an order waits for its second officer.
    pub(super) fn awaits(&self, now: Instant, same: &Same) -> bool {
        let waiting = self.waiting();
        waiting.get(same).is_some_and(|(_, since)| now.saturating_duration_since(*since) < ORDER_WITHIN)
    }

    /// Lets an order wait for its second officer; returns whether there was room.
    #[must_use]
    pub(super) fn wait(&self, now: Instant, same: Same, first: First) -> bool {
        let mut waiting = self.waiting();
        waiting.retain(|_, (_, since)| now.saturating_duration_since(*since) < ORDER_WITHIN);
        let room = waiting.len() < REMEMBERED_MAX || waiting.contains_key(&same);
        if room {
            waiting.insert(same, (first, now));
        }
        room
    }

    /// The place of an order: the same one for the same order sent again.
    pub(super) fn place(
        &self,
        now: Instant,
        officer: &str,
        key: Option<&str>,
        same: &Same,
    ) -> Result<Place, KeyOfAnother> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, entry| now < entry.until);
        let (asked, kept_for) = match key {
            Some(key) => (Asked::Keyed(officer.to_owned(), key.to_owned()), KEYED_WITHIN),
            None => (Asked::Plain(officer.to_owned(), same.clone()), REPEATED_WITHIN),
        };
        if let Some(entry) = places.get(&asked) {
            return if entry.same == *same { Ok(Arc::clone(&entry.place)) } else { Err(KeyOfAnother) };
        }
        let place = Place::default();
        // A full book forgets nothing: the lane judges the order that is not remembered.
        if places.len() < REMEMBERED_MAX {
            let entry = Entry { same: same.clone(), until: now + kept_for, place: Arc::clone(&place) };
            places.insert(asked, entry);
        }
        Ok(place)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Same, (First, Instant)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_officer_confirms_within_the_minute_and_the_same_one_never() {
        let (book, start) = (Book::default(), Instant::now());
        assert!(book.wait(start, release(1), first("aigul", None)));
        assert_eq!(book.confirm(start, &release(1), "aigul"), Confirms::Nothing);
        assert_eq!(book.confirm(start, &release(2), "bolat"), Confirms::Nothing, "another passage");
        assert_eq!(book.confirm(start, &release(1), "bolat"), Confirms::First(first("aigul", None)));
        assert_eq!(book.confirm(start, &release(1), "bolat"), Confirms::Nothing, "one use");
        assert!(book.wait(start, release(1), first("aigul", None)));
        let late = start + ORDER_WITHIN;
        assert_eq!(book.confirm(late, &release(1), "bolat"), Confirms::Nothing, "too late");
    }

    #[test]
    fn an_order_that_names_its_second_officer_waits_for_that_one() {
        let (book, start) = (Book::default(), Instant::now());
        assert!(book.wait(start, release(1), first("aigul", Some("bolat"))));
        assert_eq!(book.confirm(start, &release(1), "dana"), Confirms::Another("bolat".into()));
        assert_eq!(book.confirm(start, &release(1), "bolat"), Confirms::First(first("aigul", Some("bolat"))));
    }

    #[tokio::test]
    async fn the_same_order_has_one_place_and_a_key_belongs_to_one_order() {
        let (book, start) = (Book::default(), Instant::now());
        let place = book.place(start, "aigul", None, &release(1)).expect("a place");
        place.lock().await.answer = Some(Value::Bool(true));
        let again = book.place(start, "aigul", None, &release(1)).expect("a place");
        assert_eq!(again.lock().await.answer, Some(Value::Bool(true)));
        let others = [("bolat", None, 1, Duration::ZERO), ("aigul", None, 2, Duration::ZERO)];
        let more = [("aigul", Some("k"), 1, Duration::ZERO), ("aigul", None, 1, REPEATED_WITHIN)];
        for (officer, key, passage, later) in others.into_iter().chain(more) {
            let place = book.place(start + later, officer, key, &release(passage)).expect("a place");
            assert_eq!(place.lock().await.answer, None, "{officer} {key:?} {passage} {later:?}");
        }
        assert!(book.place(start, "aigul", Some("k"), &release(2)).is_err());
        assert!(book.place(start, "bolat", Some("k"), &release(2)).is_ok(), "keys are an officer's own");
    }

    #[test]
    fn a_full_book_takes_no_more_and_stays_small() {
        let (book, start) = (Book::default(), Instant::now());
        for number in 0..2_000 {
            assert_eq!(book.wait(start, release(number), first("aigul", None)), number < 1_024);
            assert!(book.place(start, "aigul", None, &release(number)).is_ok());
        }
        assert_eq!(book.waiting().len(), REMEMBERED_MAX);
        assert_eq!(book.places.lock().expect("whole").len(), REMEMBERED_MAX);
    }

    fn release(passage: u128) -> Same {
        let lane = LaneId::new("in-01").expect("a name");
        Same { lane, passage: Some(PassageId(uuid::Uuid::from_u128(passage))), order: OrderKind::Release }
    }

    fn first(by: &str, awaited: Option<&str>) -> First {
        First { by: by.into(), awaited: awaited.map(str::to_owned), seen: StateVersion::default() }
    }
}
