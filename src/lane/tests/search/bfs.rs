//! Breadth first through all states: the first violation is reached by the shortest story.

use std::collections::VecDeque;

use super::truth::Violation;
use super::world::{Action, Plan, World};

/// Hashes of states that were seen: open addressing, half full at most.
pub(in crate::lane::tests) struct Seen {
    slots: Vec<u64>,
    len: usize,
}

impl Seen {
    fn new() -> Self {
        Self { slots: vec![0; 1 << 16], len: 0 }
    }

    /// Whether it was not seen before.
    fn insert(&mut self, hash: u64) -> bool {
        if self.len * 2 >= self.slots.len() {
            let double = vec![0; self.slots.len() * 2];
            let old = std::mem::replace(&mut self.slots, double);
            old.into_iter().filter(|hash| *hash != 0).for_each(|hash| {
                self.put(hash);
            });
        }
        let is_new = self.put(hash.max(1));
        self.len += usize::from(is_new);
        is_new
    }

    #[expect(clippy::cast_possible_truncation, reason = "only the low bits choose the slot")]
    fn put(&mut self, hash: u64) -> bool {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot] != 0 {
            if self.slots[slot] == hash {
                return false;
            }
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = hash;
        true
    }
}

/// What a search came to.
#[derive(Debug)]
pub(in crate::lane::tests) struct Found {
    pub(in crate::lane::tests) name: &'static str,
    pub(in crate::lane::tests) states: usize,
    pub(in crate::lane::tests) transitions: usize,
    pub(in crate::lane::tests) depth: usize,
    /// Every state that can be reached was seen.
    pub(in crate::lane::tests) complete: bool,
    pub(in crate::lane::tests) violation: Option<(Violation, Vec<String>)>,
}

struct Node {
    parent: u32,
    depth: u16,
    action: Option<Action>,
}

/// Goes through the states of a plan, `most` of them.
pub(in crate::lane::tests) fn search(plan: Plan, most: usize) -> Found {
    let first = World::new(plan.clone());
    assert_eq!(first.broken, None, "the start of {} is clean", plan.name);
    let mut found = Found { name: plan.name, states: 1, transitions: 0, depth: 0, complete: true, violation: None };
    let wanted = |violation: &Violation| plan.wanted.is_empty() || plan.wanted.contains(&violation.invariant);
    let mut seen = Seen::new();
    seen.insert(first.digest());
    let mut nodes = vec![Node { parent: 0, depth: 0, action: None }];
    let mut frontier = VecDeque::from([(0_u32, first)]);
    while let Some((index, world)) = frontier.pop_front() {
        let depth = nodes[index as usize].depth;
        found.depth = usize::from(depth);
        // Each fourth state: what is said twice is the same everywhere.
        let violation = if index.is_multiple_of(4) { world.repeat_everything() } else { None };
        if let Some(violation) = violation.filter(&wanted) {
            found.violation = Some((violation, story(&plan, &nodes, index, None)));
            return found;
        }
        for action in world.actions() {
            let mut next = world.after(action);
            found.transitions += 1;
            if let Some(violation) = next.broken.take().filter(&wanted) {
                found.depth += 1;
                found.violation = Some((violation, story(&plan, &nodes, index, Some(action))));
                return found;
            }
            if !seen.insert(next.digest()) {
                continue;
            }
            if found.states >= most {
                found.complete = false;
                return found;
            }
            found.states += 1;
            let node = u32::try_from(nodes.len()).expect("fewer than four thousand million");
            nodes.push(Node { parent: index, depth: depth + 1, action: Some(action) });
            frontier.push_back((node, next));
        }
    }
    found
}

/// The way to a state, told step by step.
fn story(plan: &Plan, nodes: &[Node], mut index: u32, last: Option<Action>) -> Vec<String> {
    let mut actions: Vec<Action> = last.into_iter().collect();
    while let Some(action) = nodes[index as usize].action {
        actions.push(action);
        index = nodes[index as usize].parent;
    }
    let mut world = World::new(plan.clone());
    world.told = Some(vec![]);
    let start = world.micros;
    for (step, action) in actions.into_iter().rev().enumerate() {
        let seconds = (world.micros - start) / 100_000;
        world.tell(|| format!("{:>3}. {:>4}.{} s  {action:?}", step + 1, seconds / 10, seconds % 10));
        world = world.after(action);
    }
    world.told.unwrap_or_default()
}

impl Found {
    #[track_caller]
    pub(in crate::lane::tests) fn assert_clean(&self) {
        println!("{}", self.line());
        if let Some((violation, story)) = &self.violation {
            panic!("{} fell: {}\n{}", violation.invariant, violation.what, story.join("\n"));
        }
    }

    pub(in crate::lane::tests) fn line(&self) -> String {
        let Self { name, states, transitions, depth, complete, violation } = self;
        let end = if *complete { "complete" } else { "bounded" };
        let end = violation.as_ref().map_or(end, |(violation, _)| violation.invariant);
        format!("{name}: {states} states, {transitions} transitions, {depth} steps deep, {end}")
    }
}
