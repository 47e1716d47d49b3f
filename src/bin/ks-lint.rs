//! `ks-lint`: see `ks_lint::cli::ks_lint`.
fn main() -> std::process::ExitCode {
    ks_lint::cli::ks_lint::main()
}
