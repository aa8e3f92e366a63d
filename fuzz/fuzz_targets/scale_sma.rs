#![no_main]
lane_controller_fuzz::scale_target!("sma");
