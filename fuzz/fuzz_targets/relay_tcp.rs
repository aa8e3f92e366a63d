#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| lane_controller_fuzz::board::answers(
    lane_controller::config::relay::Frames::Tcp,
    data
));
