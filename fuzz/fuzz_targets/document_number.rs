#![no_main]
libfuzzer_sys::fuzz_target!(|text: &str| lane_controller_fuzz::words::number(text));
