//! SQLite's five lock levels on one file, as its own file systems keep them between connections.

use sqlite_plugin::flags::LockLevel;
use sqlite_plugin::vars;

/// Who holds what on a file. Holders are connections, by number.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    shared: Vec<u64>,
    reserved: Option<u64>,
    pending: Option<u64>,
    exclusive: Option<u64>,
}

fn is_other(holder: Option<u64>, me: u64) -> bool {
    holder.is_some_and(|holder| holder != me)
}

impl Locks {
    pub(crate) fn lock(&mut self, me: u64, level: LockLevel) -> Result<(), i32> {
        match level {
            LockLevel::Unlocked => {}
            LockLevel::Shared => {
                if is_other(self.exclusive, me) || is_other(self.pending, me) {
                    return Err(vars::SQLITE_BUSY);
                }
                if !self.shared.contains(&me) {
                    self.shared.push(me);
                }
            }
            LockLevel::Reserved => {
                if is_other(self.reserved, me) {
                    return Err(vars::SQLITE_BUSY);
                }
                self.reserved = Some(me);
            }
            LockLevel::Pending | LockLevel::Exclusive => {
                if is_other(self.pending, me) || is_other(self.reserved, me) {
                    return Err(vars::SQLITE_BUSY);
                }
                self.pending = Some(me);
                if self.shared.iter().any(|holder| *holder != me) {
                    return Err(vars::SQLITE_BUSY);
                }
                self.exclusive = Some(me);
            }
        }
        Ok(())
    }

    pub(crate) fn unlock(&mut self, me: u64, level: LockLevel) {
        for holder in [&mut self.reserved, &mut self.pending, &mut self.exclusive] {
            if *holder == Some(me) {
                *holder = None;
            }
        }
        if level == LockLevel::Unlocked {
            self.shared.retain(|holder| *holder != me);
        }
    }

    pub(crate) const fn is_reserved(&self) -> bool {
        self.reserved.is_some() || self.exclusive.is_some()
    }
}
