#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| lane_controller_fuzz::bus::decision(data));
