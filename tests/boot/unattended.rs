//! Where an unattended installation stops, release by release: one complete kickstart, and for each cause the line that
//! is missing or wrong.

use kickstart::Version;
use ks_lint::lint::{Chosen, Settings, lint};
use node_base::diagnostic::{Category, Severity};
use node_base::source::Sources;

const RELEASES: [&str; 5] = ["RHEL7", "RHEL8", "RHEL9", "RHEL10", "F46"];

/// Installs on every release without a question.
const COMPLETE: &str = "text
lang en_US.UTF-8
keyboard us
timezone Etc/UTC --utc
rootpw --iscrypted $6$Zs9Jq0bT1vQk3mXy$T1uQp7dLq3vX0aYw2sEo8rNf5hKj6gBz4cVx9mMl1iUt7yPe3oDs5aWq8nRb2kHf6jGz4cLx0vTm9iUy7pEo51
network --device=eno1 --bootproto=dhcp --activate
url --url=http://192.0.2.5/tree
ignoredisk --only-use=sda
zerombr
clearpart --all --initlabel
autopart
firstboot --disable
reboot
%packages
@core
%end
";

/// What is changed in the kickstart: the beginning of a line, and what stands there instead.
type Change = (&'static str, &'static str);

/// A cause: its name, what is changed, and what is found above or at `info` on each release, such as `error UNA002`.
type Cause = (&'static str, &'static [Change], [&'static str; 5]);

const NOTHING: &str = "";

fn everywhere(found: &'static str) -> [&'static str; 5] {
    [found; 5]
}

fn causes() -> Vec<Cause> {
    vec![
        ("nothing is missing", &[], everywhere(NOTHING)),
        ("no administrator", &[("rootpw", "")], everywhere("error UNA002")),
        (
            "the administrator is locked",
            &[("rootpw", "user --name=admin --groups=wheel --lock")],
            [NOTHING, "error UNA002", "error UNA002", "error UNA002", "error UNA002"],
        ),
        (
            "an administrator beside a locked root",
            &[("rootpw", "rootpw --lock\nuser --name=admin --groups=wheel --iscrypted --password=$6$x$y")],
            everywhere(NOTHING),
        ),
        (
            "the graphical interface insists on a language",
            &[("text", "graphical"), ("lang", "")],
            everywhere("error UNA003, info UNA013"),
        ),
        (
            "the text interface does not",
            &[("lang", ""), ("keyboard", ""), ("timezone", "")],
            everywhere(NOTHING),
        ),
        ("no source", &[("url", "")], ["info UNA004", "info UNA004", "info UNA004", "info UNA004", NOTHING]),
        (
            "a repository instead of a source",
            &[("url", "repo --name=os --baseurl=https://192.0.2.1/os")],
            ["warning UNA004", "warning UNA004", "warning UNA004", "warning UNA004", NOTHING],
        ),
        (
            "no packages",
            &[("%packages", ""), ("@core", ""), ("%end", "")],
            ["error UNA005", "error UNA005", "error UNA005", NOTHING, NOTHING],
        ),
        (
            "nothing initialises the disks",
            &[("zerombr", ""), ("clearpart", "")],
            everywhere("warning UNA006"),
        ),
        ("several disks without a choice", &[("ignoredisk", "")], everywhere("info UNA007")),
        ("no partitioning", &[("autopart", "")], everywhere("error UNA001")),
        ("no root", &[("autopart", "part /boot --size=1024")], everywhere("error UNA016")),
        ("no reboot", &[("reboot", "")], everywhere("warning UNA008")),
        ("halt", &[("reboot", "halt")], everywhere("warning UNA008")),
        ("poweroff", &[("reboot", "poweroff")], everywhere(NOTHING)),
        (
            "%pre asks",
            &[("reboot", "reboot\n%pre\nexec </dev/tty6 >/dev/tty6\nread -p 'Host name: ' name\n%end")],
            everywhere("warning UNA009"),
        ),
        (
            "the initialisation's failure is not seen",
            &[("reboot", "reboot\n%post\nnodectl init\n%end")],
            everywhere("warning UNA010"),
        ),
        (
            "the initialisation's failure is seen",
            &[("reboot", "reboot\n%post --erroronfail\nnodectl init\n%end")],
            everywhere(NOTHING),
        ),
        (
            "set-up at the first boot",
            &[("firstboot", "firstboot --enable"), ("@core", "@core\ninitial-setup")],
            everywhere("warning UNA011"),
        ),
        (
            "set-up at the first boot, which nothing installs",
            &[("firstboot", "firstboot --enable")],
            everywhere("info UNA011"),
        ),
        ("no passphrase", &[("autopart", "autopart --encrypted")], everywhere("error UNA012")),
        ("a passphrase", &[("autopart", "autopart --encrypted --passphrase=changeme")], everywhere(NOTHING)),
        ("a rescue", &[("reboot", "reboot\nrescue")], everywhere("error UNA014")),
        (
            "the network stays down",
            &[("network", "network --device=eno1 --bootproto=dhcp --no-activate")],
            everywhere("warning UNA015"),
        ),
    ]
}

fn changed(changes: &[Change]) -> String {
    let mut text = String::new();
    for line in COMPLETE.lines() {
        match changes.iter().find(|(begins, _)| line.starts_with(begins)) {
            Some((_, "")) => {}
            Some((_, instead)) => text.push_str(&format!("{instead}\n")),
            None => text.push_str(&format!("{line}\n")),
        }
    }
    text
}

fn report(text: &str, release: &str) -> Vec<(String, String)> {
    let mut sources = Sources::new();
    let file = sources.add("test.ks", text.to_owned()).expect("a kickstart is not that large");
    let settings = Settings {
        syntax: Some(Chosen::new(Version::from_name(release).expect("a release"), "the table says so")),
        policy: Some(Chosen::new(None, "the table says so")),
        ..Settings::default()
    };
    let report = lint(sources, file, &settings);
    let refused =
        report.findings.iter().find(|f| f.code.category == Category::Syntax && f.severity == Severity::Error);
    assert!(refused.is_none(), "{release} refuses the kickstart: {:?}\n{text}", refused.map(|f| &f.message));
    let of_category = report.findings.iter().filter(|f| f.code.category == Category::Unattended);
    let mut found: Vec<(String, String)> =
        of_category.map(|f| (format!("{} {}", f.severity, f.code.id), f.message.clone())).collect();
    found.sort();
    found
}

#[test]
fn each_cause_stops_the_releases_that_it_stops() {
    let mut differ = Vec::new();
    for (cause, changes, expected) in causes() {
        let text = changed(changes);
        for (release, expected) in RELEASES.into_iter().zip(expected) {
            let seen: Vec<String> = report(&text, release).into_iter().map(|(code, _)| code).collect();
            if seen.join(", ") != expected {
                differ.push(format!(
                    "{release}, {cause}\n  expected: {expected}\n  found:    {}",
                    seen.join(", ")
                ));
            }
        }
    }
    assert!(differ.is_empty(), "other findings than expected:\n{}", differ.join("\n"));
}

/// What users lost disks to.
#[test]
fn a_silent_partitioning_is_called_one() {
    let text = changed(&[("autopart", "")]);
    let says =
        |release: &str| report(&text, release).into_iter().map(|(_, message)| message).collect::<String>();
    assert!(
        says("RHEL8").contains("without asking"),
        "RHEL 8 partitions silently, and the message has to say so: {}",
        says("RHEL8")
    );
    assert!(says("RHEL9").contains("stops and asks"), "RHEL 9 stops, and the message has to say so");
}
