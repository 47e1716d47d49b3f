//! `node-layout`: see `ks_lint::cli::node_layout`.
fn main() -> std::process::ExitCode {
    ks_lint::cli::node_layout::main()
}
