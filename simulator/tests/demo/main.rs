//! The demo end to end: every vehicle accounted for, book, metrics, events and journal in agreement.

use std::process::Command;

#[test]
fn the_demo_accounts_for_every_vehicle() {
    let output = Command::new(env!("CARGO_BIN_EXE_lane-simulator"))
        .args(["demo", "--passages", "30", "--seed", "3", "--speed", "8", "--plain"])
        .output()
        .expect("the demo runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("PASSED"), "{text}");
    assert!(text.contains("30 vehicles"), "{text}");
}
