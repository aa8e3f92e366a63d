#![no_main]
lane_controller_fuzz::scale_target!("toledo-continuous checksum=on", "toledo-continuous", "toledo-continuous layout=short");
