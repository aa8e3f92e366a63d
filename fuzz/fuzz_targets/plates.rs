#![no_main]
libfuzzer_sys::fuzz_target!(|input: (&str, &str)| lane_controller_fuzz::words::plates(input.0, input.1));
