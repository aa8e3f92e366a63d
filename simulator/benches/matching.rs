//! 100,000 noisy reads over 200,000 notifications: how many find their own, how many another.
//!
//! `cargo bench -p lane-simulator --bench matching [-- SEED]`

use std::sync::Arc;
use std::time::Instant;

use lane_controller::domain::plate::Templates;
use lane_controller::model::Timestamp;
use lane_controller::registry::Registry;
use lane_simulator::corpus::{Corpus, policy};
use lane_simulator::noise::Noise;

const NOTIFICATIONS: u32 = 200_000;
const READS: u32 = 100_000;

#[allow(clippy::print_stdout, reason = "a bench prints its figures")]
fn main() {
    let seeds: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let seeds = if seeds.is_empty() { vec![1, 2] } else { seeds };
    for seed in seeds {
        let dir = tempfile::TempDir::new().expect("a directory");
        let templates = Arc::new(Templates::embedded());
        let registry = Registry::open(dir.path(), Arc::clone(&templates)).expect("opened");
        let corpus = Corpus::new(NOTIFICATIONS, seed, Timestamp::from_unix_micros(1_795_600_000_000_000));
        let began = Instant::now();
        corpus.submit(&registry);
        println!("seed {seed}: {NOTIFICATIONS} notifications made durable in {:.1} s", began.elapsed().as_secs_f64());
        drop(registry);
        let began = Instant::now();
        let registry = Registry::open(dir.path(), templates).expect("opened again");
        println!("index built from the store in {:.2} s", began.elapsed().as_secs_f64());
        println!("{}\n", corpus.judge(&registry, &policy(), Noise::DIRTY, READS));
    }
}
