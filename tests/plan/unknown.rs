//! What a kickstart does not decide: the verdict is "unknown", and the message says what decides.

use super::{machine, plan, says};
use anaconda_plan::machine::Firmware;
use anaconda_plan::{Plan, Verdict};

fn on(text: &str, syntax: &str) -> Plan {
    plan(text, syntax, "none", &machine(Firmware::Bios, &["sda=100GiB"]))
}

/// The code of every message (STO036).
#[track_caller]
fn not_known(plan: &Plan) {
    assert_eq!(plan.verdict, Verdict::Unknown, "{}", says(plan));
    let first = plan.messages.first().map(|m| ks_lint::lint::plan::code(m.cause).id);
    assert_eq!(first, Some("STO036"), "{}", says(plan));
}

#[test]
fn partitions_in_a_file_that_was_not_read_are_not_known() {
    let found = on("zerombr\n%include /tmp/disks.ks\n", "RHEL9");
    not_known(&found);
    assert!(
        says(&found).contains("the partitions are not here: '/tmp/disks.ks' was not read"),
        "{}",
        says(&found)
    );
}

#[test]
fn a_file_that_was_not_read_can_hold_what_is_missing_but_not_mend_what_is_wrong() {
    let found = on("clearpart --all\npart /boot --size=1024\n%include /tmp/rest\n", "RHEL9");
    not_known(&found);
    let wrong = "clearpart --all\npart / --size=9000 --ondisk=sdz\n%include /tmp/rest\n";
    assert_eq!(on(wrong, "RHEL9").verdict, Verdict::Stops, "the disk does not exist whatever is included");
    let whole = on("clearpart --all\nautopart\n%include http://a.example/packages.ks\n", "RHEL9");
    assert_eq!(whole.verdict, Verdict::Proceeds);
    assert!(says(&whole).contains("what it adds is not in this plan"), "{}", says(&whole));
}

#[test]
fn a_link_of_udev_names_a_disk_that_only_the_machine_knows() {
    for text in [
        "ignoredisk --only-use=disk/by-id/ata-X_1\nclearpart --all\nautopart\n",
        "clearpart --all --drives=/dev/disk/by-path/pci-0\nautopart\n",
        "bootloader --boot-drive=/dev/disk/by-id/ata-X_1\nclearpart --all\nautopart\n",
        "part / --onpart=UUID=1234 --fstype=xfs\n",
        "part /boot --size=1024 --ondisk=disk/by-id/ata-X_1\npart / --size=9000\n",
    ] {
        let found = on(text, "RHEL9");
        assert_eq!(found.verdict, Verdict::Unknown, "{text}{}", says(&found));
        assert!(says(&found).starts_with("only the machine knows which device"), "{}", says(&found));
    }
}

#[test]
fn a_link_of_an_ata_disk_without_its_serial_number_names_no_disk() {
    for (text, syntax) in [
        ("ignoredisk --only-use=disk/by-id/ata-none\nclearpart --all\nautopart\n", "RHEL10"),
        ("clearpart --all --drives=/dev/disk/by-id/ata-S1\nautopart\n", "RHEL9"),
    ] {
        let found = on(text, syntax);
        assert_eq!(found.verdict, Verdict::Stops, "{text}{}", says(&found));
        assert!(says(&found).contains("does not exist"), "{}", says(&found));
    }
    let pattern = on("ignoredisk --only-use=disk/by-id/ata-S*\nclearpart --all\nautopart\n", "RHEL9");
    assert_eq!(pattern.verdict, Verdict::Unknown, "what a pattern leaves open can hold the serial number");
}

#[test]
fn the_help_for_a_link_without_a_serial_number_says_how_such_a_link_is_named() {
    for text in [
        "ignoredisk --only-use=disk/by-id/ata-none\nautopart\n",
        "clearpart --list=/dev/disk/by-id/ata-none\nautopart\n",
        "part / --fstype=xfs --onpart=disk/by-id/ata-none-part1\n",
    ] {
        let file = tempfile::NamedTempFile::with_suffix(".ks").expect("a temporary file can be made");
        std::fs::write(file.path(), text).expect("it can be written");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ks-lint"));
        command.args(["plan", "--syntax=RHEL9", "--disk=sda=80GiB"]).arg(file.path());
        let printed = command.output().expect("ks-lint can be started").stdout;
        let printed = String::from_utf8_lossy(&printed);
        assert!(printed.contains("help: write the name that 'ls /dev/disk/by-id' shows"), "{text}{printed}");
    }
}

#[test]
fn a_release_that_is_not_modelled_is_not_known() {
    let found = on("autopart\n", "RHEL7");
    not_known(&found);
    assert!(says(&found).contains("the installer of RHEL7 is not modelled"), "{}", says(&found));
}
