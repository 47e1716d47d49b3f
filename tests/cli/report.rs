//! The report for people: the same advice once, what is quiet, statistics, what closes a run.

use super::run::{COMPLETE, Place};

/// Sources without TLS in lines 6 and 15 to 18.
fn with_mirrors() -> String {
    let mirrors: String =
        (1..=4).map(|n| format!("repo --name=r{n} --baseurl=http://mirror.example/{n}\n")).collect();
    format!(
        "{}{mirrors}",
        COMPLETE.replace("https:", "http:").replace("%packages\n@^minimal-environment\n%end\n", "")
    ) + "%packages\n%end\n"
}

#[test]
fn the_same_advice_on_many_lines_is_one_finding_for_people_and_one_a_place_for_programs() {
    let place = Place::new();
    place.file("x.ks", with_mirrors());
    let folded = place.run(["x.ks"]);
    assert_eq!(folded.stdout.matches("warning[SEC007]").count(), 1, "{}", folded.stdout);
    assert!(folded.stdout.contains("note: the same in lines 12 to 15"), "{}", folded.stdout);
    assert!(folded.stdout.contains("x.ks: 5 warnings ("), "all are counted: {}", folded.stdout);
    let each = place.run(["--no-fold", "x.ks"]);
    assert_eq!(each.stdout.matches("warning[SEC007]").count(), 5, "{}", each.stdout);
    for (format, mark) in [
        ("json", "\"code\":\"SEC007\""),
        ("concise", "[SEC007]"),
        ("github", "title=SEC007"),
        ("sarif", "\"ruleId\":\"SEC007\""),
    ] {
        let output = place.run(["--format", format, "x.ks"]);
        assert_eq!(
            output.stdout.replace(": \"", ":\"").matches(mark).count(),
            5,
            "{format}: {}",
            output.stdout
        );
    }
    let waived = place.run(["--add-waivers", "--reason=a lab", "--diff", "x.ks"]);
    assert_eq!(waived.stdout.matches("+# ks-lint: waive SEC007").count(), 5, "{}", waived.stdout);
}

#[test]
fn a_clean_file_has_a_line_alone_and_is_counted_among_others() {
    let place = Place::new();
    place.file("a.ks", COMPLETE);
    place.file("b.ks", COMPLETE);
    place.file("c.ks", with_mirrors());
    assert!(place.run(["a.ks"]).stdout.starts_with("a.ks: no findings (syntax "));
    assert_eq!(place.run(["a.ks", "b.ks"]).stdout, "2 files: no findings\n");
    let output = place.run(["."]);
    assert!(output.stdout.ends_with("3 files: 5 warnings; 2 files without findings\n"), "{}", output.stdout);
    assert!(
        !output.stdout.contains("a.ks") && output.stdout.contains("c.ks: 5 warnings"),
        "{}",
        output.stdout
    );
}

#[test]
fn quiet_prints_what_is_found_and_nothing_else() {
    let place = Place::new();
    place.file("a.ks", COMPLETE);
    place.file("c.ks", with_mirrors());
    let clean = place.run(["-q", "a.ks"]);
    assert_eq!((clean.stdout.as_str(), clean.stderr.as_str(), clean.status), ("", "", 0));
    let found = place.run(["--quiet", "a.ks", "c.ks"]);
    assert!(
        found.stdout.starts_with("warning[SEC007]") && found.stdout.trim_end().ends_with("use https"),
        "{}",
        found.stdout
    );
    let missing = place.run(["-q", "missing.ks"]);
    assert_eq!(missing.status, 2);
    assert!(missing.stderr.contains("missing.ks"), "what cannot be done is said: {}", missing.stderr);
}

#[test]
fn statistics_count_each_kind_of_finding_over_all_files() {
    let place = Place::new();
    place.file("a.ks", format!("no-such-command\n{COMPLETE}"));
    place.file("b.ks", with_mirrors());
    place.file("c.ks", COMPLETE.replace("%end\n", ""));
    let output = place.run(["--statistics", "."]);
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "5  warning  SEC007   repository-unverified",
            "1  error    KS001    unknown-command",
            "1  error    KS024    missing-end  (1 fixed by --fix)",
            "3 files: 2 errors, 5 warnings",
        ],
        "{}",
        output.stdout
    );
    assert_eq!(output.status, 1);
    assert_eq!(place.run(["--statistics", "--format", "json", "."]).status, 2);
}

#[test]
fn one_mistake_is_one_finding() {
    let place = Place::new();
    let codes = |text: String| {
        place.file("x.ks", text);
        place.run(["--format", "json", "x.ks"]).codes()
    };
    assert_eq!(codes(format!("\u{feff}#version=RHEL9\n{COMPLETE}")), ["KS032"], "no comment inside a word");
    assert_eq!(codes(COMPLETE.replace("%packages", "%pakages")), ["KS022"], "the section is there");
}

#[test]
fn a_file_that_is_not_a_boot_configuration_is_refused() {
    let place = Place::new();
    place.file("host.ks", COMPLETE);
    place.file("passwd", "root:x:0:0:root:/root:/bin/bash\n");
    place.file("cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet\n");
    for (name, says) in [("host.ks", "this is a kickstart"), ("passwd", "this is not a boot configuration")] {
        let output = place.run(["boot", name]);
        assert_eq!(output.status, 1, "{name}");
        assert!(output.stdout.contains(says), "{name}: {}", output.stdout);
    }
    assert_eq!(place.run(["boot", "cmdline"]).status, 0);
    assert_eq!(place.run(["boot", "--kind", "cmdline", "passwd"]).status, 0, "the format is given");
}

#[test]
fn a_root_that_has_nothing_is_no_success() {
    let place = Place::new();
    let entry = "linux /vmlinuz inst.ks=https://deploy.example.org/node.ks inst.stage2=https://deploy.example.org/el9";
    place.file("grub.cfg", format!("menuentry x {{\n {entry}\n initrd /i\n}}\n"));
    let missing = place.run(["boot", "grub.cfg", "--root", "nowhere"]);
    assert_eq!(missing.status, 2);
    assert!(missing.stderr.contains("--root nowhere: no such directory"), "{}", missing.stderr);
    std::fs::create_dir(place.path().join("empty")).expect("a directory");
    let empty = place.run(["boot", "grub.cfg", "--root", "empty", "--format", "json"]);
    assert_eq!((empty.codes(), empty.status), (vec!["BOOT034".to_owned(); 2], 1), "{}", empty.stdout);
}

#[test]
fn what_a_plan_calls_an_error_makes_it_fail() {
    let place = Place::new();
    let node = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/kickstart-examples/node.ks"))
        .expect("it is there");
    place.file("node.ks", &node);
    let few = place.run(["plan", "node.ks", "--disk", "sda=100GiB", "--images", "9"]);
    assert_eq!(few.status, 0);
    assert!(few.stdout.contains("warning[NODE012]") && !few.stdout.contains("error["), "{}", few.stdout);
    place.file("refused.ks", format!("no-such-command\n{node}"));
    let refused = place.run(["plan", "--minimum", "refused.ks"]);
    assert_eq!(refused.status, 1);
    assert!(refused.stdout.contains("no-such-command"), "{}", refused.stdout);
}
