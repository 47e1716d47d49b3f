//! Images that are asked for and do not fit on the machine: Anaconda proceeds, and we say so.

use serde_json::Value;
use std::process::Command;

/// The example with one disk, and a section that asks for this many images.
fn kickstart(lines: &str) -> tempfile::NamedTempFile {
    let example = std::fs::read_to_string("kickstart-examples/node.ks").expect("the example");
    let file = tempfile::NamedTempFile::with_suffix(".ks").expect("a temporary file can be made");
    let text = example.replace("layout --init\n", &format!("layout --init\n{lines}"));
    std::fs::write(file.path(), text).expect("it can be written");
    file
}

/// Runs ks-lint on a machine with one disk of 80 GiB: exit status and answer.
fn ask(verb: &str, file: &tempfile::NamedTempFile, arguments: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks-lint"));
    command.env("KS_LINT_SHELLCHECK", "never");
    command.args([verb, "--format", "json"]).args(arguments).arg(file.path());
    if verb == "plan" {
        command.args(["--disk", "sda=80GiB"]);
    }
    let output = command.output().expect("ks-lint can be started");
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = serde_json::from_str(&text).unwrap_or_else(|_| {
        panic!("{verb} gave no answer: {text}{}", String::from_utf8_lossy(&output.stderr))
    });
    (output.status.code(), answer)
}

/// Number of the line that says how many.
fn line(file: &tempfile::NamedTempFile) -> usize {
    let text = std::fs::read_to_string(file.path()).expect("the kickstart");
    text.lines().position(|l| l.starts_with("keep-images")).expect("a line with keep-images") + 1
}

#[test]
fn more_images_than_fit_are_an_error_at_their_line_and_the_verdict_stays_anacondas() {
    let file = kickstart("keep-images 9\n");
    let (status, answer) = ask("plan", &file, &[]);
    assert_eq!((status, answer["verdict"].as_str()), (Some(0), Some("proceeds")), "{answer}");
    let [message] = answer["messages"].as_array().expect("messages").as_slice() else {
        panic!("one message is expected: {}", answer["messages"]);
    };
    assert_eq!((&message["code"], &message["severity"]), (&"NODE012".into(), &"error".into()));
    assert_eq!(message["line"], line(&file), "{message}");
    let fit = answer["images"]["fit"].as_u64().expect("a number");
    let expected = format!(
        "these disks have room for {fit} images because of the size of /boot, and keep-images asks for 9"
    );
    assert_eq!(message["text"], expected);
    assert_eq!(message["help"], "make /boot larger: each image puts about 200 MiB on it");
}

#[test]
fn as_many_as_fit_and_what_is_waived_and_what_nobody_asks_for_are_no_error() {
    for lines in ["keep-images 4\n", "keep-images 9\nwaive NODE012 --reason=\"the disk grows\"\n"] {
        let (_, answer) = ask("plan", &kickstart(lines), &[]);
        assert_eq!(answer["messages"], Value::Array(Vec::new()), "{lines}");
    }
}

#[test]
fn a_number_on_the_command_line_goes_before_the_sections() {
    let (_, answer) = ask("plan", &kickstart("keep-images 2\n"), &["--images", "7"]);
    let message = &answer["messages"][0];
    assert!(
        message["text"].as_str().is_some_and(|t| t.ends_with(", and the command line asks for 7")),
        "{message}"
    );
    assert_eq!(message["line"], Value::Null, "no line of the kickstart says so");
}

#[test]
fn the_check_of_a_machine_counts_as_the_plan_does() {
    let file = kickstart("keep-images 9\n");
    let machine = tempfile::tempdir().expect("a directory");
    let block = machine.path().join("sys/block/sda");
    std::fs::create_dir_all(block.join("queue")).expect("sysfs");
    std::fs::create_dir_all(machine.path().join("sys/firmware/efi")).expect("sysfs");
    std::fs::create_dir_all(machine.path().join("proc")).expect("procfs");
    std::fs::create_dir_all(machine.path().join("dev")).expect("devfs");
    std::fs::write(block.join("size"), format!("{}\n", (80_u64 << 30) / 512)).expect("sysfs");
    std::fs::write(block.join("queue/logical_block_size"), "512\n").expect("sysfs");
    std::fs::write(machine.path().join("proc/meminfo"), "MemTotal: 16777216 kB\n").expect("procfs");
    let disk = std::fs::File::create(machine.path().join("dev/sda")).expect("a disk");
    disk.set_len(80 << 30).expect("a sparse file");
    let root = machine.path().to_str().expect("a path");
    let (status, answer) = ask("check", &file, &["--host", "--sysfs-root", root]);
    assert_eq!(status, Some(1), "{answer}");
    let found = answer["files"][0]["diagnostics"].as_array().expect("diagnostics");
    let of_images: Vec<_> = found.iter().filter(|d| d["code"] == "NODE012").collect();
    let [finding] = of_images.as_slice() else { panic!("one NODE012 is expected: {found:?}") };
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["span"]["start"]["line"], line(&file), "{finding}");
}
