//! `node-layout`: see `node_layout::cli`.
fn main() -> std::process::ExitCode {
    node_layout::cli::main()
}
