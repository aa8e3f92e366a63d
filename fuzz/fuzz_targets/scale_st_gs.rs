#![no_main]
lane_controller_fuzz::scale_target!("st-gs", "st-gs layout=cas_ci100", "st-gs request=READ");
