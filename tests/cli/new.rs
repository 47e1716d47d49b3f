//! `ks-lint new`: options, the check on the disks, the output.

use super::run::Place;

#[test]
fn a_kickstart_is_written_and_clean() {
    let place = Place::new();
    let output = place.run(["new", "--disk", "sda=200GiB", "--network", "192.0.2.10/24", "-o", "host.ks"]);
    assert_eq!((output.status, output.stdout.as_str()), (0, ""), "{}", output.stderr);
    assert!(output.stderr.contains("host.ks: written"), "{}", output.stderr);
    let text = std::fs::read_to_string(place.path().join("host.ks")).expect("it is written");
    assert!(text.starts_with("#version=RHEL9\n"), "{text}");
    assert!(
        text.contains("--ip=192.0.2.10 --netmask=255.255.255.0 --gateway=192.0.2.1 --nameserver=192.0.2.1 "),
        "{text}"
    );
    let checked = place.run(["--format", "json", "--disk", "sda=200GiB", "host.ks"]);
    assert_eq!(checked.codes(), [""; 0], "{}", checked.stdout);
    let again = place.run(["new", "-o", "host.ks"]);
    assert_eq!(again.status, 2);
    assert!(again.stderr.contains("host.ks: exists already"), "{}", again.stderr);
}

#[test]
fn what_would_not_install_is_not_written() {
    let place = Place::new();
    let output = place.run(["new", "--disk", "sda=20GiB", "-o", "host.ks"]);
    assert_eq!(output.status, 1);
    assert!(output.stderr.contains("STO018"), "{}", output.stderr);
    assert!(!place.path().join("host.ks").exists());
}

#[test]
fn answers_that_cannot_be_used_are_named() {
    let place = Place::new();
    for (arguments, reason) in [
        (&["--release", "RHEL7"][..], "RHEL8, RHEL9, RHEL10"),
        (&["--release", "RHLE9"], "RHLE9"),
        (&["--policy", "ovirt-nod"], "ovirt-node"),
        (&["--network", "192.0.2.0/24"], "the address of its network"),
        (&["--network", "192.0.2.300/24"], "192.0.2.10/24"),
        (&["--gateway", "192.0.2.1"], "--network ADDRESS/PREFIX"),
        (&["--disk", "sda,sda"], "named twice"),
        (&["--hostname", "a b"], "one word"),
        (&["--ssh-key", "x"], "ssh-ed25519"),
        (&["--checksum", "x"], "64 hexadecimal digits"),
    ] {
        let output = place.run(["new"].iter().chain(arguments));
        assert_eq!(output.status, 2, "{arguments:?}");
        assert!(output.stderr.contains(reason), "{arguments:?}: {}", output.stderr);
    }
}
