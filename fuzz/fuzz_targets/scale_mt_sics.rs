#![no_main]
lane_controller_fuzz::scale_target!("mt-sics");
