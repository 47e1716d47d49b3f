//! What users of other linters do every day, a row for each: a command, its exit status, and what it prints.

use super::run::{COMPLETE, Place};

/// What is done, the arguments, the exit status, and words that are printed (`!` before words that are not).
type Row = (&'static str, &'static [&'static str], i32, &'static [&'static str]);

/// `wrong.ks` has a plain-text password at line 1, a deprecated option at line 2 and a download without TLS; `broken.ks` two errors
/// of syntax; `right.ks` nothing.
const ROWS: &[Row] = &[
    ("an excerpt with carets", &["wrong.ks"], 0, &["--plaintext --password=changeme", "^^^^"]),
    ("a line for each finding", &["--format=concise", "wrong.ks"], 0, &["wrong.ks:1:", "[SEC001]", "!^^^^"]),
    ("JUnit", &["--format=junit", "wrong.ks"], 0, &["<testsuite", "SEC001"]),
    ("GitLab", &["--format=gitlab", "wrong.ks"], 0, &["\"check_name\"", "SEC001"]),
    ("Checkstyle", &["--format=checkstyle", "wrong.ks"], 0, &["<checkstyle", "SEC001"]),
    ("reviewdog", &["--format=rdjson", "wrong.ks"], 0, &["\"diagnostics\"", "SEC001"]),
    ("SARIF", &["--format=sarif", "wrong.ks"], 0, &["partialFingerprints", "security-severity"]),
    ("all errors in one run", &["--format=concise", "broken.ks"], 1, &["broken.ks:1:", "broken.ks:3:"]),
    ("fail on less", &["--fail-on=warning", "wrong.ks"], 1, &["SEC001"]),
    ("select", &["--select=SEC", "wrong.ks"], 0, &["SEC001", "SEC007", "!KS0"]),
    ("ignore", &["--ignore=plain-text-password", "wrong.ks"], 0, &["SEC007", "!SEC001"]),
    ("ignore in some files", &["--per-file-ignores=wrong.ks:SEC", "wrong.ks"], 0, &["!SEC001", "!SEC007"]),
    ("a severity", &["--severity=SEC001=error", "wrong.ks"], 1, &["error[SEC001]"]),
    ("exclude", &["--exclude=broken.ks", "."], 0, &["!broken.ks"]),
    ("show the settings", &["--show-settings", "right.ks"], 0, &["syntax", "policy"]),
    ("show the files", &["--show-files", "."], 0, &["broken.ks", "right.ks", "wrong.ks"]),
    ("no configuration", &["--no-config", "right.ks"], 0, &["no findings"]),
    ("show what fixes change", &["--diff", "wrong.ks"], 1, &["@@", "+timezone Europe/Prague --utc"]),
    ("list the fixes", &["--diff", "--show-fixes", "wrong.ks"], 1, &["wrong.ks:2: KS"]),
    ("format", &["fmt", "--diff", "right.ks"], 1, &["@@"]),
    ("migrate", &["migrate", "RHEL9", "RHEL10", "--diff", "wrong.ks"], 1, &["@@"]),
    ("fix boot configurations", &["boot", "--diff", "tftp"], 0, &["!@@"]),
    ("quiet", &["--quiet", "right.ks"], 0, &["!no findings"]),
    ("statistics", &["--statistics", "wrong.ks"], 0, &["SEC001", "1"]),
    ("explain a finding", &["explain", "SEC001"], 0, &["SEC001 plain-text-password"]),
    ("explain for programs", &["explain", "SEC001", "--format=json"], 0, &["\"schema\": 1"]),
    ("every finding for programs", &["rules", "--format=json"], 0, &["\"schema\": 1"]),
    ("the findings of one kind", &["rules", "SEC"], 0, &["SEC001", "!NODE001"]),
    ("the pages of one kind", &["explain", "una00"], 0, &["UNA001 ", "UNA009 ", "!UNA010 "]),
    ("a misspelt kind", &["explain", "NODX"], 2, &["did you mean NODE?"]),
    ("policies for programs", &["policy", "list", "--format=json"], 0, &["\"schema\": 1"]),
    ("completions", &["completions", "bash"], 0, &["complete"]),
    ("a misspelt command", &["chek", "wrong.ks"], 2, &["did you mean 'ks-lint check'?"]),
    ("a misspelt option", &["--selct=SEC", "wrong.ks"], 2, &["--select"]),
    ("names of rebuilds", &["--syntax=CentOS9", "right.ks"], 0, &["RHEL9"]),
    ("a number alone", &["--syntax=9", "right.ks"], 2, &["did you mean RHEL9?"]),
    ("a file that is not there", &["missing.ks", "wrong.ks"], 2, &["missing.ks", "SEC001"]),
    ("a boot configuration that is none", &["boot", "right.ks"], 1, &["not a boot configuration"]),
    ("what the installer does", &["plan", "right.ks", "--disk=sda=100GiB"], 0, &["Anaconda proceeds"]),
    (
        "what it does with several",
        &["plan", "right.ks", "wrong.ks", "--disk=sda=100G"],
        0,
        &["right.ks: A", "wrong.ks: A"],
    ),
    ("a size as lsblk prints it", &["plan", "right.ks", "--disk=sda=447.1G"], 0, &["sda  447.1 GiB"]),
    (
        "boot configurations of a directory",
        &["boot", "tftp"],
        0,
        &["tftp/pxelinux.cfg/default: ", "!vmlinuz"],
    ),
    ("the add-on's section of a kickstart", &["addon", "right.ks"], 0, &["section      absent"]),
    ("the smallest disk", &["plan", "right.ks", "--minimum"], 0, &["installs from"]),
    ("exit statuses in the help", &["check", "--help"], 0, &["Exit status: 0", "Examples:"]),
];

#[test]
fn what_other_linters_do_is_done() {
    let place = Place::new();
    let wrong = COMPLETE.replace("https:", "http:");
    place.file(
        "wrong.ks",
        format!("user --name=admin --plaintext --password=changeme\ntimezone Europe/Prague --isUtc\n{wrong}"),
    );
    place.file("broken.ks", "no-such x\nlang C\nno-such y\n");
    place.file("right.ks", COMPLETE);
    place.file("tftp/pxelinux.cfg/default", "LABEL linux\n  KERNEL vmlinuz\n  APPEND initrd=initrd.img inst.stage2=http://a.example/os inst.ks=http://a.example/x.ks ip=dhcp\n");
    place.file("tftp/vmlinuz", "\x7fELF\0");
    let mut differing = Vec::new();
    for (what, arguments, status, words) in ROWS {
        let output = place.run(arguments.iter());
        let all = format!("{}{}", output.stdout, output.stderr);
        let is_right = |word: &&str| match word.strip_prefix('!') {
            Some(absent) => !all.contains(absent),
            None => all.contains(*word),
        };
        let missing: Vec<_> = words.iter().filter(|word| !is_right(word)).collect();
        if output.status != *status || !missing.is_empty() {
            differing.push(format!("{what}: {arguments:?}: status {}, {missing:?} in\n{all}", output.status));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
