//! The lists of known values have every name of the packages that are installed here.
#![allow(clippy::expect_used)] // a test that cannot be set up has failed

#[test]
fn the_lists_have_every_name_of_the_installed_packages() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/update_lists.py");
    let output = std::process::Command::new("python3")
        .args([script, "--check"])
        .output()
        .expect("Python is installed");
    let says = String::from_utf8_lossy(&output.stdout);
    println!("{says}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "run scripts/update_lists.py:\n{says}{errors}");
}
