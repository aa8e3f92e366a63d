//! Inserts and removals while lanes look up, behind the lock that the registry has.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lane_controller::matching::index::VehicleIndex;
use nix::time::{ClockId, clock_gettime};

use super::plates::{Random, Slip, misread};
use super::{Times, heading, say};

const UPDATES: u32 = 300_000;

/// One writer, one reader. An update is a notification that comes and one that goes, two plates each.
pub(crate) fn beside_readers(index: &mut VehicleIndex, plates: &[String], random: &mut Random) {
    let lock = RwLock::new(std::mem::take(index));
    let done = AtomicBool::new(false);
    let queries: Vec<_> = (0..200_000)
        .map(|_| {
            let at = random.index(plates.len());
            misread(random, &plates[at], Slip::Exchanged)
        })
        .collect();
    let (mut inserts, mut on_cpu, mut removals, mut lookups) = (Times::new(), Times::new(), Times::new(), Times::new());
    let began = Instant::now();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut found = Vec::new();
            for query in queries.iter().cycle().take_while(|_| !done.load(Ordering::Relaxed)) {
                lookups.take(|| lock.read().expect("whole").lookup(Some(query), None, &mut found));
            }
        });
        for number in 0..UPDATES {
            let id = 100_000_000 + number;
            let (tractor, trailer) = (format!("{id:09}"), format!("T{id:09}"));
            let mut index = lock.write().expect("whole");
            let before = cpu_time();
            inserts.take(|| index.insert(id, &tractor, &trailer)).expect("room");
            on_cpu.record(cpu_time() - before);
            drop(index);
            if number % 2 == 0 {
                let mut index = lock.write().expect("whole");
                removals.take(|| index.remove(id, &tractor, &trailer));
            }
        }
        let writes = f64::from(UPDATES + UPDATES / 2) / began.elapsed().as_secs_f64();
        done.store(true, Ordering::Relaxed);
        reader.join().expect("the reader ends");
        say(&format!("{writes:.0} updates a second beside a reader; an update is a notification, two plates"));
    });
    say(&heading());
    for (name, mut times) in [
        ("insert", inserts),
        ("insert, processor time", on_cpu),
        ("remove", removals),
        ("lookup, with the lock", lookups),
    ] {
        times.end_round();
        times.print(name, 0);
    }
    *index = lock.into_inner().expect("whole");
}

/// What this thread has used of a processor: the worst insert, not the worst moment of a busy machine.
fn cpu_time() -> Duration {
    Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("a clock"))
}
