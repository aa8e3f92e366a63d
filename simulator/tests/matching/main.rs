//! Noisy reads over many notifications: found again, and hardly ever taken for another.

use std::sync::Arc;

use lane_controller::domain::plate::Templates;
use lane_controller::model::Timestamp;
use lane_controller::registry::Registry;
use lane_simulator::corpus::{Corpus, policy};
use lane_simulator::noise::Noise;

/// A tenth of what the bench reads (`cargo bench -p lane-simulator --bench matching`).
const NOTIFICATIONS: u32 = 20_000;
const READS: u32 = 10_000;

#[test]
fn a_dirty_week_s_reads_find_their_notification_and_no_other() {
    let dir = tempfile::TempDir::new().expect("a directory");
    let registry = Registry::open(dir.path(), Arc::new(Templates::embedded())).expect("opened");
    let corpus = Corpus::new(NOTIFICATIONS, 1, Timestamp::from_unix_micros(1_795_600_000_000_000));
    corpus.submit(&registry);
    assert_eq!(registry.len(), NOTIFICATIONS as usize);
    let report = corpus.judge(&registry, &policy(), Noise::DIRTY, READS);
    println!("{report}");
    assert!(report.near > READS / 50, "the reads are noisy");
    assert!(report.recall() >= 0.995, "{report}");
    assert!(report.wrong * 10_000 <= READS, "{report}");
    assert_eq!(report.wrong_unnoticed, 0, "a wrong match never opens by itself\n{report}");
}
