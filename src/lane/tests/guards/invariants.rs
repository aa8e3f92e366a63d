//! The invariants of the safety case and what keeps each: guards of the machine, or a place outside it with its test.

use super::*;

/// A place outside the machine's guards, and the test that fails without it.
struct Elsewhere {
    /// What keeps it.
    keeper: &'static str,
    /// The test.
    test: &'static str,
    /// The text that must name the test.
    text: &'static str,
}

macro_rules! elsewhere {
    ($($keeper:literal: $test:literal in $path:literal),* $(,)?) => {
        &[$(Elsewhere { keeper: $keeper, test: $test, text: include_str!(concat!("../../../../", $path)) }),*]
    };
}

/// Every invariant by its id, and what keeps it besides the guards.
const INVARIANTS: [(&str, &[Elsewhere]); 32] = [
    (
        "A1",
        elsewhere![
            "the type OpenAuthority": "a1_leave_to_open_needs_the_receipt_of_the_same_records" in "src/model/authority.rs",
            "the order of the machine": "a1_nothing_opens_before_the_journal_has_acknowledged" in "src/lane/tests/invariants.rs",
        ],
    ),
    ("A2", elsewhere![]),
    (
        "A3",
        elsewhere![
            "the type OpenAuthority": "a3_one_authority_opens_at_most_once" in "src/lane/tests/invariants.rs",
            "the batch of the turn": "a3_the_command_is_recorded_before_it_goes_out" in "src/lane/tests/invariants.rs",
        ],
    ),
    (
        "A4",
        elsewhere![
            "the type OpenAuthority": "a4_an_old_or_ageless_authority_counts_as_expired" in "src/model/authority.rs",
        ],
    ),
    ("A5", elsewhere![]),
    ("A6", elsewhere![]),
    ("A7", elsewhere![]),
    (
        "A8",
        elsewhere![
            "the ledger of selections": "a_draw_is_kept_for_the_same_documents_in_another_passage" in "src/risk/selection/ledger.rs",
            "the ledger after a restart": "a_ledger_read_back_from_the_journal_goes_on_as_the_one_before" in "src/risk/selection/ledger.rs",
        ],
    ),
    ("A9", elsewhere![]),
    (
        "A10",
        elsewhere![
            "the encoder of commands": "a10_a_command_expires_and_its_bytes_are_pinned" in "src/wire/barrier.rs",
            "the owner of the arm": "a10_a_command_is_taken_once_in_order_and_in_time" in "src/wire/relay/command.rs",
        ],
    ),
    (
        "A11",
        elsewhere![
            "the owner of the arm": "a11_a_lower_epoch_is_refused_and_a_higher_one_counts_anew" in "src/wire/relay/command.rs",
        ],
    ),
    (
        "A12",
        elsewhere!["one process a journal": "a_second_writer_is_kept_out_and_each_opening_is_an_epoch" in "src/journal/tests.rs"],
    ),
    ("B1", elsewhere![]),
    (
        "B2",
        elsewhere!["the two guards of B3": "b2_entry_and_exit_are_never_both_open" in "src/lane/tests/invariants.rs"],
    ),
    ("B3", elsewhere![]),
    (
        "B4",
        elsewhere!["the arm's own feedback": "b4_only_feedback_says_where_an_arm_is" in "src/lane/tests/invariants.rs"],
    ),
    ("B5", elsewhere![]),
    ("B6", elsewhere![]),
    (
        "B7",
        elsewhere!["the relay board": "b7_h48_evacuation_is_a_fault_that_takes_no_command" in "src/wire/relay/tests/stories.rs"],
    ),
    ("B8", elsewhere![]),
    ("B9", elsewhere![]),
    ("B10", elsewhere![]),
    (
        "C1",
        elsewhere![
            "the chain of the journal": "every_change_is_found_and_named" in "src/journal/tests.rs",
            "the replay": "c1_replaying_the_journal_gives_the_same_passage" in "src/lane/tests/invariants.rs",
        ],
    ),
    (
        "C2",
        elsewhere!["manual acknowledgement": "c2_a_read_that_its_lane_did_not_take_is_not_answered_as_taken" in "src/actor/tests.rs"],
    ),
    ("C3", elsewhere!["known reads": "h20_a_redelivered_read_changes_nothing" in "src/lane/tests/hazards.rs"]),
    (
        "C4",
        elsewhere!["the search judges every record": "a passage begins before the last one ended" in "src/lane/tests/search/truth.rs"],
    ),
    ("C5", elsewhere![]),
    ("C6", elsewhere![]),
    ("C7", elsewhere![]),
    (
        "C8",
        elsewhere!["masked types": "c8_nothing_that_a_lane_prints_of_itself_names_a_vehicle_or_a_person" in "src/lane/tests/privacy.rs"],
    ),
    ("C9", elsewhere![]),
    (
        "D1",
        elsewhere!["an exit for every hold": "d1_every_hold_has_an_exit_that_an_officer_can_take" in "src/lane/tests/invariants.rs"],
    ),
];

/// No guard of the machine and no test of its own yet: the text of the safety case says what is owed.
const OWED: [&str; 1] = ["C9"];

#[test]
fn the_list_of_guards_is_complete() {
    let ids = (1..=12).map(|n| format!("A{n}")).chain((1..=10).map(|n| format!("B{n}")));
    let ids: Vec<_> = ids.chain((1..=9).map(|n| format!("C{n}"))).chain(["D1".to_owned()]).collect();
    assert_eq!(INVARIANTS.map(|(id, _)| id.to_owned()).to_vec(), ids, "every invariant of the safety case has its row");
    for guard in Guard::ALL {
        for id in guard.invariants() {
            assert!(ids.iter().any(|known| known == id), "{guard:?} guards {id}, which is no invariant");
        }
    }
    for (id, elsewhere) in INVARIANTS {
        let guarded = Guard::ALL.into_iter().any(|guard| guard.invariants().contains(&id));
        let kept = guarded || !elsewhere.is_empty();
        assert_eq!(kept, !OWED.contains(&id), "{id} is kept by nothing, or is owed no more");
        for place in elsewhere {
            assert!(place.text.contains(place.test), "{id}, {}: the test {} is gone", place.keeper, place.test);
        }
    }
}
