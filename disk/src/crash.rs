//! What a disk may hold after the power went.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::SECTOR;
use crate::disk::{Change, Inode, Names, Op, apply};

/// Files by name.
pub type Image = BTreeMap<String, Vec<u8>>;

/// What becomes of that which was written and not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing of it is there.
    Lost,
    /// All of it is there.
    Kept,
    /// All of it is there but the last write, which is cut.
    Torn(Cut),
    /// Any sectors of it are there: later ones without earlier ones, and files apart. Names come in their order.
    Scattered(u64),
}

/// Where the last write is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// After its first byte.
    FirstByte,
    /// After half of its sectors.
    Half,
    /// Before its last byte.
    LastByte,
}

/// A log in which the power goes.
#[derive(Debug)]
pub struct Crashes {
    base: Image,
    log: Vec<Op>,
}

#[derive(Debug, Clone)]
enum Waiting {
    Write(usize, Arc<[u8]>),
    Truncate(usize),
}

impl Waiting {
    fn change(&self) -> Change<'_> {
        match self {
            Self::Write(at, bytes) => Change::Write(*at, bytes),
            Self::Truncate(size) => Change::Truncate(*size),
        }
    }
}

#[derive(Debug, Default)]
struct File {
    durable: Vec<u8>,
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
enum Naming {
    Create(String, Inode),
    Remove(String),
}

/// The disk at one boundary: what is durable and what waits.
#[derive(Debug, Default)]
pub struct Cache {
    names: BTreeMap<String, Inode>,
    naming: Vec<Naming>,
    files: Vec<File>,
    last: Option<Inode>,
}

impl Crashes {
    pub(crate) fn new(base: Image, log: Vec<Op>) -> Self {
        Self { base, log }
    }

    /// Boundaries: before each operation, and after the last.
    #[must_use]
    pub fn boundaries(&self) -> usize {
        self.log.len() + 1
    }

    /// Syncs in the log.
    #[must_use]
    pub fn syncs(&self) -> usize {
        self.log.iter().filter(|op| matches!(op, Op::Sync { .. })).count()
    }

    /// Writes in the log.
    #[must_use]
    pub fn writes(&self) -> usize {
        self.log.iter().filter(|op| matches!(op, Op::Write { .. })).count()
    }

    /// Whether nothing at all was written or synced once a sync had failed.
    #[must_use]
    pub fn is_quiet_after_failure(&self) -> bool {
        let after = self.log.iter().skip_while(|op| !matches!(op, Op::SyncFailed { .. })).skip(1);
        after.filter(|op| matches!(op, Op::Write { .. } | Op::Truncate { .. } | Op::Sync { .. })).count() == 0
    }

    /// Size of all named files at their largest, bytes.
    #[must_use]
    pub fn largest(&self) -> usize {
        let mut largest = 0;
        let (mut sizes, mut names) = (BTreeMap::new(), BTreeMap::new());
        for op in &self.log {
            match op {
                Op::Create { name, inode } => drop(names.insert(name, *inode)),
                Op::Remove { name } => drop(names.remove(name)),
                Op::Write { inode, at, bytes } => {
                    let size = sizes.entry(*inode).or_insert(0);
                    *size = (*size).max(at + bytes.len());
                }
                Op::Truncate { inode, size } => drop(sizes.insert(*inode, *size)),
                Op::Sync { .. } | Op::SyncFailed { .. } => {}
            }
            largest = largest.max(names.values().filter_map(|inode| sizes.get(inode)).sum());
        }
        largest
    }

    /// Visits every boundary in order, with the disk as it is there.
    pub fn walk(&self, mut visit: impl FnMut(usize, &Cache)) {
        let mut cache = Cache::default();
        for (name, bytes) in &self.base {
            cache.names.insert(name.clone(), cache.files.len());
            cache.files.push(File { durable: bytes.clone(), waiting: vec![] });
        }
        visit(0, &cache);
        for (index, op) in self.log.iter().enumerate() {
            cache.take(op);
            visit(index + 1, &cache);
        }
    }
}

impl Cache {
    fn take(&mut self, op: &Op) {
        self.last = None;
        match op {
            Op::Create { name, inode } => {
                self.files.resize_with(self.files.len().max(inode + 1), File::default);
                self.naming.push(Naming::Create(name.clone(), *inode));
            }
            Op::Remove { name } => self.naming.push(Naming::Remove(name.clone())),
            Op::Write { inode, at, bytes } => {
                self.wait(*inode, Waiting::Write(*at, Arc::clone(bytes)));
                self.last = Some(*inode);
            }
            Op::Truncate { inode, size } => self.wait(*inode, Waiting::Truncate(*size)),
            Op::Sync { inode, with_directory } => {
                if let Some(File { durable, waiting }) = self.files.get_mut(*inode) {
                    for change in waiting.drain(..) {
                        apply(Some(&mut *durable), &change.change());
                    }
                }
                if *with_directory == Names::Synced {
                    for naming in std::mem::take(&mut self.naming) {
                        rename(&mut self.names, &naming);
                    }
                }
            }
            Op::SyncFailed { inode } => {
                if let Some(file) = self.files.get_mut(*inode) {
                    file.waiting.clear();
                }
            }
        }
    }

    fn wait(&mut self, inode: Inode, change: Waiting) {
        if let Some(file) = self.files.get_mut(inode) {
            file.waiting.push(change);
        }
    }

    /// What is on the disk when the power goes here.
    #[must_use]
    pub fn image(&self, fate: Fate) -> Image {
        let mut dice = Dice(match fate {
            Fate::Scattered(seed) => seed,
            Fate::Lost | Fate::Kept | Fate::Torn(_) => 0,
        });
        let named = match fate {
            Fate::Lost => 0,
            Fate::Kept | Fate::Torn(_) => self.naming.len(),
            Fate::Scattered(_) => dice.below(self.naming.len() + 1),
        };
        let mut names = self.names.clone();
        for naming in self.naming.iter().take(named) {
            rename(&mut names, naming);
        }
        let content = |(name, inode)| (name, self.content(inode, fate, &mut dice));
        names.into_iter().map(content).collect()
    }

    fn content(&self, inode: Inode, fate: Fate, dice: &mut Dice) -> Vec<u8> {
        let Some(file) = self.files.get(inode) else { return vec![] };
        let mut bytes = file.durable.clone();
        match fate {
            Fate::Lost => {}
            Fate::Kept => file.waiting.iter().for_each(|change| apply(Some(&mut bytes), &change.change())),
            Fate::Torn(cut) => tear(&mut bytes, file, self.last == Some(inode), cut),
            Fate::Scattered(_) => file.waiting.iter().for_each(|change| scatter(&mut bytes, change, dice)),
        }
        bytes
    }
}

fn rename(names: &mut BTreeMap<String, Inode>, naming: &Naming) {
    match naming {
        Naming::Create(name, inode) => drop(names.insert(name.clone(), *inode)),
        Naming::Remove(name) => drop(names.remove(name)),
    }
}

fn tear(bytes: &mut Vec<u8>, file: &File, is_last: bool, cut: Cut) {
    let whole = file.waiting.len() - usize::from(is_last);
    for change in file.waiting.iter().take(whole) {
        apply(Some(bytes), &change.change());
    }
    if let Some(Waiting::Write(at, written)) = file.waiting.get(whole) {
        let kept = match cut {
            Cut::FirstByte => 1,
            Cut::Half => written.len() / SECTOR / 2 * SECTOR,
            Cut::LastByte => written.len().saturating_sub(1),
        };
        apply(Some(bytes), &Change::Write(*at, written.get(..kept).unwrap_or_default()));
    }
}

/// Each sector is there or isn't. Where the file grew over one that isn't, zeros or an older file's bytes are there.
fn scatter(bytes: &mut Vec<u8>, change: &Waiting, dice: &mut Dice) {
    match change {
        Waiting::Truncate(size) => {
            if dice.below(2) == 0 {
                bytes.resize(*size, 0);
            }
        }
        Waiting::Write(at, written) => {
            let mut from = 0;
            while from < written.len() {
                let to = (((at + from) / SECTOR + 1) * SECTOR - at).min(written.len());
                let sector = written.get(from..to).unwrap_or_default();
                match dice.below(4) {
                    0 | 1 => apply(Some(bytes), &Change::Write(at + from, sector)),
                    2 if bytes.len() < at + to => bytes.resize(at + to, 0xA5),
                    _ => {}
                }
                from = to;
            }
        }
    }
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let limit = u64::try_from(limit.max(1)).unwrap_or(1);
        usize::try_from((mixed ^ (mixed >> 31)) % limit).unwrap_or(0)
    }
}
