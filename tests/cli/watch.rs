//! `--watch`: checked again when a file changes.

use super::run::{COMPLETE, Place};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The next line of the program, which has a minute for it.
fn next(lines: &Receiver<String>) -> String {
    lines.recv_timeout(Duration::from_secs(60)).expect("the program prints a line")
}

#[test]
fn a_change_of_a_file_or_its_configuration_is_checked() {
    let place = Place::new();
    place.file("hosts/a.ks", COMPLETE);
    let mut command = place.command();
    command.args(["--watch", "hosts"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    let output = child.stdout.take().expect("a pipe");
    let (sender, lines) = channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if line.starts_with("hosts/") && sender.send(line).is_err() {
                break;
            }
        }
    });
    assert!(next(&lines).starts_with("hosts/a.ks: no findings"));
    place.file("hosts/a.ks", COMPLETE.replace("https:", "http:"));
    assert!(next(&lines).starts_with("hosts/a.ks: 1 warning"));
    place.file("hosts/.ks-lint.toml", "ignore = [\"SEC\"]\n");
    assert!(next(&lines).starts_with("hosts/a.ks: no findings"));
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    drop(lines);
    reader.join().expect("no panic");
}

#[test]
fn standard_input_is_not_watched() {
    let output = Place::new().run(["--watch", "-"]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("standard input cannot be watched"), "{}", output.stderr);
}
