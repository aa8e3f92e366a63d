//! x
pub mod device;
pub mod journal;
pub(crate) const EXIT_INPUT: u8 = 1;
pub(crate) const EXIT_ENVIRONMENT: u8 = 3;
/// m
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(2)
}
