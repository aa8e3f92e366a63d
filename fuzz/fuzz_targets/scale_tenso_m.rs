#![no_main]
lane_controller_fuzz::scale_target!("tenso-m checksum=on", "tenso-m", "tenso-m checksum=off address=1");
