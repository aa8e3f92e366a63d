//! Makes the dashboards of config/grafana, so that they stay alike: `cargo run --example dashboards`.
//!
//! Grey while all is normal; colour only where somebody must act. A test holds the files to what this makes.

mod boards;
mod panel;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/grafana");
    for (name, text) in boards::all() {
        let path = directory.join(name);
        if let Err(error) = std::fs::write(&path, text) {
            tracing::error!(path = %path.display(), %error, "the dashboard was not written");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
