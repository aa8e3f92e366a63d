//! Exhaustive search over the real machine.

mod actions;
pub(in crate::lane::tests) mod bfs;
pub(in crate::lane) mod digest;
pub(in crate::lane::tests) mod truth;
pub(in crate::lane::tests) mod world;

use bfs::search;
use world::{Plan, Trouble};

#[test]
#[allow(clippy::disallowed_methods)]
fn probe() {
    let text = std::env::var("SEARCH").unwrap_or_default();
    let mut plan = Plan { name: "probe", ..Plan::default() };
    let mut most = 20_000;
    for pair in text.split(',').filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once('=').expect("key=value");
        let n: u32 = value.parse().expect("a number");
        let trouble = match key {
            "most" => {
                most = n as usize;
                continue;
            }
            "entry" => {
                plan.entry = n > 0;
                continue;
            }
            "alone" => {
                plan.alone = n > 0;
                continue;
            }
            "slow" => {
                plan.slow_register = n > 0;
                continue;
            }
            "crash" => Trouble::Crash,
            "lost" => Trouble::CommandLost,
            "report" => Trouble::ReportLost,
            "unlawful" => Trouble::Unlawful,
            "stricter" => Trouble::Stricter,
            "unavailable" => Trouble::Unavailable,
            "again" => Trouble::Again,
            "order" => Trouble::Order,
            "bad" => Trouble::BadOrder,
            "force" => Trouble::Force,
            "key" => Trouble::Key,
            "link" => Trouble::Link,
            "clock" => Trouble::Clock,
            "misread" => Trouble::Misread,
            "fails" => Trouble::JournalFails,
            _ => panic!("{key}"),
        };
        plan.troubles.push((trouble, n as u8));
    }
    search(plan, most).assert_clean();
}
