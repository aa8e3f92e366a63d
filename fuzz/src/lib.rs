//! What the fuzz targets hold the parsers to.

pub mod board;
pub mod bus;
pub mod listen;
pub mod scale;
pub mod words;

/// The target of a scale codec: `protocol key=value …` for each of its layouts, of which the first byte chooses one.
#[macro_export]
macro_rules! scale_target {
    ($($speech:literal),+ $(,)?) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::scale::check(&[$($speech),+], data));
    };
}
