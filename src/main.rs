//! `ks-lint`: see `ks_lint::cli`.
/// A kickstart is read into many small values: a tenth of the time of a run over thousands of them is saved by this.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    ks_lint::cli::main()
}
