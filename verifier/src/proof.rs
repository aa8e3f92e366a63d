//! Proofs between a record and a head, and between two heads: RFC 6962 §2.1.1 and §2.1.2, checked as RFC 9162 §2.1.3.2
//! and §2.1.4.2 say. Pure: a proof is named as ranges of leaves, whose subtree roots one pass over the leaves gathers.

use std::ops::Range;

use crate::tree::{Edge, Hash, leaf_hash, node_hash};

/// Nodes of the longest proof there can be: twice the height of the largest tree.
pub(crate) const PROOF_MAX: usize = 128;

/// The largest power of two below `size`; `size` is at least 2.
const fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// The subtrees whose roots prove that leaf `index` is in a tree of `size` leaves, from the leaf upwards.
/// `None` when there is no such leaf.
#[must_use]
pub fn inclusion_ranges(index: u64, size: u64) -> Option<Vec<Range<u64>>> {
    if index >= size {
        return None;
    }
    let (mut here, mut ranges) = (0..size, Vec::new());
    while here.end - here.start > 1 {
        let middle = here.start + split(here.end - here.start);
        if index < middle {
            ranges.push(middle..here.end);
            here.end = middle;
        } else {
            ranges.push(here.start..middle);
            here.start = middle;
        }
    }
    ranges.reverse();
    Some(ranges)
}

/// The subtrees whose roots prove that a tree of `new` leaves continues one of `old`, in the order of the RFC.
/// `None` when the old tree is empty or larger than the new one.
#[must_use]
pub fn consistency_ranges(old: u64, new: u64) -> Option<Vec<Range<u64>>> {
    if old == 0 || old > new {
        return None;
    }
    let (mut here, mut ranges) = (0..new, Vec::new());
    // Until a subtree ends where the old tree ends.
    while here.end != old {
        let middle = here.start + split(here.end - here.start);
        if old <= middle {
            ranges.push(middle..here.end);
            here.end = middle;
        } else {
            ranges.push(here.start..middle);
            here.start = middle;
        }
    }
    // The old tree itself is known to who asks.
    if here.start > 0 {
        ranges.push(here);
    }
    ranges.reverse();
    Some(ranges)
}

/// Gathers the roots of some subtrees in one pass over the leaves.
#[derive(Debug)]
pub struct Gather {
    /// By their first leaf.
    wanted: Vec<(Range<u64>, usize)>,
    found: Vec<Option<Hash>>,
    edge: Edge,
    next: usize,
    index: u64,
}

impl Gather {
    /// For disjoint ranges, as the functions above name them.
    #[must_use]
    pub fn new(ranges: &[Range<u64>]) -> Self {
        let mut wanted: Vec<_> = ranges.iter().cloned().zip(0..).collect();
        wanted.sort_by_key(|(range, _)| range.start);
        Self { wanted, found: vec![None; ranges.len()], edge: Edge::new(), next: 0, index: 0 }
    }

    /// The next leaf's data, from the first on.
    pub fn push(&mut self, data: &[u8]) {
        if let Some((range, place)) = self.wanted.get(self.next)
            && range.contains(&self.index)
        {
            self.edge.push(data);
            if self.index + 1 == range.end {
                if let Some(found) = self.found.get_mut(*place) {
                    *found = Some(self.edge.root());
                }
                self.edge = Edge::new();
                self.next += 1;
            }
        }
        self.index += 1;
    }

    /// The roots in the order of the ranges; `None` when there were too few leaves.
    #[must_use]
    pub fn finish(self) -> Option<Vec<Hash>> {
        self.found.into_iter().collect()
    }
}

/// Whether the leaf with this data is leaf `index` of the tree with this size and root.
#[must_use]
pub fn verify_inclusion(data: &[u8], index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size || path.len() > PROOF_MAX {
        return false;
    }
    let (mut place, mut last) = (index, size - 1);
    let mut hash = leaf_hash(data);
    for beside in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(beside, &hash);
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, beside);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether the tree with the new size and root continues the one with the old.
#[must_use]
pub fn verify_consistency(old: (u64, &Hash), new: (u64, &Hash), path: &[Hash]) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size == 0 || old_size > new_size || path.len() > PROOF_MAX {
        return false;
    }
    if old_size == new_size {
        return path.is_empty() && old_root == new_root;
    }
    // An old tree that is perfect is a subtree of the new one: it begins the path.
    let mut path = path.iter();
    let first = if old_size.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(first) = first else { return false };
    let (mut place, mut last) = (old_size - 1, new_size - 1);
    while place & 1 == 1 {
        (place, last) = (place >> 1, last >> 1);
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for beside in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            (old_hash, new_hash) = (node_hash(beside, &old_hash), node_hash(beside, &new_hash));
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            new_hash = node_hash(&new_hash, beside);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

/// The definitions of RFC 6962 §2.1 as they stand there, to hold the code against.
#[cfg(test)]
pub(crate) mod naive {
    use super::{Hash, leaf_hash, node_hash, split};
    use crate::tree::empty_root;

    fn cut<T>(leaves: &[T]) -> (&[T], &[T]) {
        leaves.split_at(usize::try_from(split(leaves.len() as u64)).expect("small"))
    }

    pub(crate) fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [one] => leaf_hash(one),
            more => {
                let (left, right) = cut(more);
                node_hash(&root(left), &root(right))
            }
        }
    }

    pub(crate) fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() < 2 {
            return vec![];
        }
        let (left, right) = cut(leaves);
        let (mut path, beside) = if index < left.len() {
            (path(index, left), root(right))
        } else {
            (path(index - left.len(), right), root(left))
        };
        path.push(beside);
        path
    }

    pub(crate) fn subproof(old: usize, leaves: &[Hash], is_whole: bool) -> Vec<Hash> {
        if old == leaves.len() {
            return if is_whole { vec![] } else { vec![root(leaves)] };
        }
        let (left, right) = cut(leaves);
        let (mut proof, beside) = if old <= left.len() {
            (subproof(old, left, is_whole), root(right))
        } else {
            (subproof(old - left.len(), right, false), root(left))
        };
        proof.push(beside);
        proof
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_leaf_of_every_small_tree_is_proved_and_no_other_is() {
        for size in 1..=40_usize {
            let leaves = leaves(size);
            let root = naive::root(&leaves);
            for index in 0..size {
                let proof = gathered(&inclusion_ranges(index as u64, size as u64).expect("in range"), &leaves);
                assert_eq!(proof, naive::path(index, &leaves), "{index} of {size}");
                for (other, leaf) in leaves.iter().enumerate() {
                    let holds = verify_inclusion(leaf, index as u64, size as u64, &proof, &root);
                    assert_eq!(holds, other == index, "{other} as {index} of {size}");
                }
                for wrong in (0..=size + 1).filter(|wrong| *wrong != index) {
                    let leaf = &leaves[index];
                    assert!(!verify_inclusion(leaf, wrong as u64, size as u64, &proof, &root), "{wrong} for {index}");
                }
            }
            assert_eq!(inclusion_ranges(size as u64, size as u64), None);
        }
    }

    #[test]
    fn every_small_tree_is_proved_to_continue_every_earlier_one() {
        let all = leaves(40);
        for new in 1..=40_usize {
            for old in 1..=new {
                let (old_root, new_root) = (naive::root(&all[..old]), naive::root(&all[..new]));
                let proof = gathered(&consistency_ranges(old as u64, new as u64).expect("in range"), &all[..new]);
                assert_eq!(proof, naive::subproof(old, &all[..new], true), "{old} to {new}");
                assert!(verify_consistency((old as u64, &old_root), (new as u64, &new_root), &proof), "{old} to {new}");
            }
            assert_eq!(consistency_ranges(new as u64 + 1, new as u64), None);
        }
        assert_eq!(consistency_ranges(0, 5), None);
    }

    proptest! {
        #[test]
        fn a_history_that_was_rewritten_has_no_consistency_proof(
            old in 1_usize..200, more in 0_usize..200, changed in any::<prop::sample::Index>(), drop_one: bool
        ) {
            let new = old + more;
            let before = leaves(old);
            let mut after = leaves(new);
            after[changed.index(old)][0] ^= 1;
            let mut proof = gathered(&consistency_ranges(old as u64, new as u64).expect("in range"), &after);
            if drop_one {
                proof.pop();
            }
            let (old_root, new_root) = (naive::root(&before), naive::root(&after));
            prop_assert!(!verify_consistency((old as u64, &old_root), (new as u64, &new_root), &proof));
        }

        #[test]
        fn a_proof_with_any_bit_changed_proves_nothing(size in 2_usize..300, index: prop::sample::Index, bit in 0_usize..256, node: prop::sample::Index) {
            let leaves = leaves(size);
            let index = index.index(size);
            let mut proof = gathered(&inclusion_ranges(index as u64, size as u64).expect("in range"), &leaves);
            let node = node.index(proof.len());
            proof[node][bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!verify_inclusion(&leaves[index], index as u64, size as u64, &proof, &naive::root(&leaves)));
        }

        #[test]
        fn what_comes_from_outside_never_panics(
            index: u64, size: u64, old: u64, path in proptest::collection::vec(any::<[u8; 32]>(), 0..140), root: [u8; 32]
        ) {
            prop_assert!(!verify_inclusion(b"x", index, size, &path, &root));
            prop_assert!(!verify_consistency((old, &[1; 32]), (size, &root), &path));
            let longest = inclusion_ranges(index, size).map_or(0, |ranges| ranges.len());
            prop_assert!(longest <= PROOF_MAX);
            prop_assert!(consistency_ranges(old, size).map_or(0, |ranges| ranges.len()) <= PROOF_MAX);
        }
    }

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|number| leaf_hash(&number.to_le_bytes())).collect()
    }

    fn gathered(ranges: &[Range<u64>], leaves: &[Hash]) -> Vec<Hash> {
        let mut gather = Gather::new(ranges);
        for leaf in leaves {
            gather.push(leaf);
        }
        gather.finish().expect("leaves enough")
    }
}
