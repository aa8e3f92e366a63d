#![no_main]
libfuzzer_sys::fuzz_target!(|input: (&str, &[u8])| lane_controller_fuzz::bus::preset(input.0, input.1));
