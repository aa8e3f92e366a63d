#![no_main]
lane_controller_fuzz::scale_target!("xk3190-command", "xk3190-command address=A");
