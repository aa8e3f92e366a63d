//! The Merkle tree of RFC 6962 §2.1 over SHA-256; a leaf's data is a record's hash.
//!
//! Leaves and nodes are hashed in domains of their own (`0x00`, `0x01`), so that no node can be shown as a leaf.

use sha2::{Digest, Sha256};

/// A hash: of a record (BLAKE3), a leaf or a node (SHA-256).
pub type Hash = [u8; 32];

/// A leaf's hash (RFC 6962 §2.1: `SHA-256(0x00 || data)`).
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// A node's hash (RFC 6962 §2.1: `SHA-256(0x01 || left || right)`).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of a tree without leaves (RFC 6962 §2.1: the hash of an empty string).
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The right edge of a growing tree: the roots of its perfect subtrees, the largest first, one for each bit of its size.
/// It is all that is needed to append and to name the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edge {
    size: u64,
    nodes: Vec<Hash>,
}

impl Edge {
    /// The edge of an empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, nodes: Vec::new() }
    }

    /// Leaves so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf with this data: two node hashes on average at most.
    pub fn push(&mut self, data: &[u8]) {
        let mut node = leaf_hash(data);
        let mut above = self.size;
        // A set bit is a perfect subtree as large as the one that was just finished: they become one.
        while above & 1 == 1 {
            let Some(left) = self.nodes.pop() else { break };
            node = node_hash(&left, &node);
            above >>= 1;
        }
        self.nodes.push(node);
        self.size += 1;
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut nodes = self.nodes.iter().rev();
        let Some(last) = nodes.next() else { return empty_root() };
        nodes.fold(*last, |right, left| node_hash(left, &right))
    }

    /// The nodes one after the other, to be kept with the size.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.nodes.concat()
    }

    /// An edge as it was kept; `None` when so many nodes can't be the edge of a tree of this size.
    #[must_use]
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (nodes, rest) = bytes.as_chunks::<32>();
        let fits = rest.is_empty() && u32::try_from(nodes.len()) == Ok(size.count_ones());
        fits.then(|| Self { size, nodes: nodes.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The inputs that implementations of RFC 6962 are commonly compared with, and their roots by size.
    const DATA: [&[u8]; 8] = [b"", b"\0", b"\x10", b"\x20\x21", b"\x30\x31", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn roots_are_those_of_rfc_6962() {
        let mut edge = Edge::new();
        for (size, root) in ROOTS.iter().enumerate() {
            assert_eq!(crate::hex::encode(&edge.root()), *root, "{size} leaves");
            if let Some(data) = DATA.get(size) {
                edge.push(data);
            }
        }
    }

    #[test]
    fn an_edge_that_does_not_fit_its_size_is_none() {
        for (size, nodes) in [(0, 1), (1, 0), (3, 1), (4, 2), (7, 4)] {
            assert_eq!(Edge::from_bytes(size, &vec![7; nodes * 32]), None, "{size} with {nodes}");
        }
        assert_eq!(Edge::from_bytes(1, &[7; 31]), None);
        assert_eq!(Edge::from_bytes(0, &[]), Some(Edge::new()));
    }

    proptest! {
        #[test]
        fn the_edge_s_root_is_the_naive_tree_s_and_reads_back(count in 0_usize..300, stop in 0_usize..300) {
            let leaves: Vec<[u8; 32]> = (0..count).map(|n| leaf_hash(&n.to_le_bytes())).collect();
            let mut edge = Edge::new();
            for (number, leaf) in leaves.iter().enumerate() {
                if number == stop {
                    edge = Edge::from_bytes(edge.size(), &edge.to_bytes()).expect("it fits");
                }
                edge.push(leaf);
            }
            prop_assert_eq!(edge.root(), crate::proof::naive::root(&leaves));
        }
    }
}
