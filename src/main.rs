//! The `lane-controller` program; everything is in the library.

fn main() -> std::process::ExitCode {
    lane_controller::cli::main()
}
