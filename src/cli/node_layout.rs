//! `node-layout`: makes, checks, upgrades and rolls back the layout of one machine.

use std::process::ExitCode;

/// Runs `node-layout` with this process's arguments.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
