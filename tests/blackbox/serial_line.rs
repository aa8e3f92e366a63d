//! The weighbridge's line may be cut, garbled or silent, and comes back by itself.

use super::indicator::{Indicator, Line, SILENCE};
use super::rig::{Rig, Rms, is_command, is_event};

fn truck_without_weight() -> Rig {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.notify(27_400);
    rig.over_loop("approach", true);
    rig.read_plate("front", "123ABC02");
    rig.read_plate("rear", "45DEF02");
    rig
}

#[test]
fn a_cut_line_is_opened_again_when_it_is_back() {
    let mut rig = truck_without_weight();
    rig.scale = None;
    rig.expect("the scale is lost", |seen| is_event(seen, "device_lost") && seen.payload["device"] == "bridge");
    rig.scale = Some(Indicator::plug(&rig.scale_port(), Line::Stable(27_400)));
    rig.expect("the open command", |seen| is_command(seen, "open"));
    assert_eq!(rig.opens(), 1);
}

#[test]
fn h16_a_garbled_or_silent_line_gives_no_weight_and_recovers() {
    for trouble in [Line::Garbage, Line::Silent] {
        let mut rig = truck_without_weight();
        rig.scale.as_ref().expect("plugged in").show(trouble.clone());
        rig.expect("the scale is lost", |seen| is_event(seen, "device_lost"));
        rig.watch(SILENCE);
        assert_eq!(rig.opens(), 0, "{trouble:?}");
        rig.weigh(27_400);
        rig.expect("the open command", |seen| is_command(seen, "open"));
    }
}
