//! The journal's disk runs out of room: nothing new is opened, what is under way ends (hazard 32).

use super::io::Room;
use super::machine::Machine;
use super::passage::Passage;
use crate::model::{Alarm, HoldCode, Now};

/// What officers read.
pub(super) const DISK_LOW: &str = "the journal's disk is nearly full: nothing new is opened until there is room";

impl Machine {
    pub(super) fn on_room(&mut self, now: Now, room: Room) {
        if self.room == room {
            return;
        }
        self.room = room;
        self.dirty = true;
        match room {
            Room::Enough => {
                self.clear_alarm(now, Alarm::DiskLow);
                self.heal(now, HoldCode::DiskLow);
            }
            Room::Short => {
                self.raise_alarm(now, Alarm::DiskLow);
                // A vehicle that was let go drives on; its arm is closed behind it.
                if self.passage.as_ref().is_some_and(Passage::is_standing) {
                    self.hold(now, HoldCode::DiskLow, DISK_LOW);
                }
            }
        }
    }
}
