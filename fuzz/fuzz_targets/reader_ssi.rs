#![no_main]
use lane_controller::model::reader::ReaderProtocol;

libfuzzer_sys::fuzz_target!(|data: &[u8]| lane_controller_fuzz::listen::reader(ReaderProtocol::Ssi, data));
