//! `%include`: files below a root, scripts that write them, cycles, and findings in the file where they stand.
#![allow(clippy::panic, reason = "a helper that fails, fails its test")]

use kickstart::{SectionKind, Version};
use ks_lint::lint::include::Follow;
use node_base::diagnostic::{Findings, Severity};
use node_base::source::Sources;
use std::path::Path;

/// Findings of `node.ks` in `folder` as "file:line code", with includes below `folder/root`.
fn findings(folder: &Path) -> Vec<String> {
    let path = folder.join("node.ks");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut sources = Sources::new();
    let file = sources.add(&path, text).unwrap_or_else(|e| panic!("{e}"));
    let follow = Follow::All { root: Some(folder.join("root")), network: false };
    let includes = follow.load(&mut sources, file);
    let mut findings = Findings::new();
    kickstart::parse_with_includes(&sources, &includes, file, Version::rhel(9), &mut findings);
    let shown = findings.into_sorted().into_iter().filter(|f| f.severity > Severity::Info).map(|f| {
        let span = f.span.unwrap_or_else(|| panic!("{} has no place", f.message));
        let name =
            sources.get(span.file).path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        format!("{name}:{} {}", sources.position(span).line, f.code.id)
    });
    shown.collect()
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    for (name, text) in files {
        let path = folder.path().join(name);
        let parent = path.parent().unwrap_or(folder.path());
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, text))
            .unwrap_or_else(|e| panic!("{e}"));
    }
    folder
}

#[test]
fn findings_stand_in_the_file_they_are_about() {
    let folder = folder(&[
        ("node.ks", "%include /tmp/disk.ks\nlang en_US\nfoo\n"),
        ("root/tmp/disk.ks", "zerombr\npart / --size=10G\n%include more.ks\n"),
        ("root/tmp/more.ks", "\n\nbar\n"),
    ]);
    assert_eq!(findings(folder.path()), ["node.ks:3 KS001", "disk.ks:2 KS008", "more.ks:3 KS001"]);
}

#[test]
fn commands_of_an_included_file_conflict_with_those_around_it() {
    let folder = folder(&[
        ("node.ks", "autopart\n%include /tmp/disk.ks\n"),
        ("root/tmp/disk.ks", "part / --size=1000\n"),
    ]);
    assert_eq!(findings(folder.path()), ["disk.ks:1 KS017"]);
}

#[test]
fn a_missing_file_is_an_error_unless_a_pre_script_writes_it() {
    let missing = folder(&[("node.ks", "lang en_US\n%include /tmp/disk.ks\n")]);
    assert_eq!(findings(missing.path()), ["node.ks:2 KS026"]);
    let written = folder(&[("node.ks", "%include /tmp/disk.ks\n%pre\necho 'part /' > /tmp/disk.ks\n%end\n")]);
    assert_eq!(findings(written.path()), [""; 0]);
}

#[test]
fn files_that_include_each_other_end() {
    let folder = folder(&[
        ("node.ks", "%include /a.ks\n"),
        ("root/a.ks", "%include /b.ks\n"),
        ("root/b.ks", "foo\n%include /a.ks\n"),
    ]);
    assert_eq!(findings(folder.path()), ["b.ks:1 KS001"]);
    let itself = self::folder(&[("node.ks", "foo\n%include node.ks\n")]);
    assert_eq!(findings(itself.path()), ["node.ks:1 KS001"]);
}

#[test]
fn no_include_leaves_the_root() {
    let folder =
        folder(&[("node.ks", "%include /../secret\n%include /link\n"), ("secret", "foo\n"), ("root/x", "")]);
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("root/link"))
        .unwrap_or_else(|e| panic!("{e}"));
    let found = findings(folder.path());
    // The file beside the kickstart may be included; a link out of both folders may not.
    assert!(found.contains(&"node.ks:2 KS026".to_owned()), "{found:?}");
}

#[test]
fn a_relative_include_does_not_leave_the_root_and_the_kickstarts_directory() {
    let folder = folder(&[
        ("secret", "foo\n"),
        ("ks/node.ks", "%include ../secret\n%include near\n%include link\n"),
        ("ks/near", "bar\n"),
        ("ks/root/x", ""),
    ]);
    std::os::unix::fs::symlink("../secret", folder.path().join("ks/link")).unwrap();
    assert_eq!(findings(&folder.path().join("ks")), ["node.ks:1 KS026", "node.ks:3 KS026", "near:1 KS001"]);
}

#[test]
fn urls_are_not_fetched() {
    let folder = folder(&[("node.ks", "%include http://127.0.0.1:9/x.ks\n")]);
    assert_eq!(findings(folder.path()), [""; 0]);
}

#[test]
fn packages_of_an_included_file_belong_to_the_section() {
    let folder = folder(&[
        ("node.ks", "%packages\n@core\n%include /more\n-vim\n%end\n"),
        ("root/more", "# more\n@^server\nnano\n-\n"),
    ]);
    let path = folder.path().join("node.ks");
    let mut sources = Sources::new();
    let file = sources.add(&path, std::fs::read_to_string(&path).unwrap()).unwrap();
    let follow = Follow::All { root: Some(folder.path().join("root")), network: false };
    let includes = follow.load(&mut sources, file);
    let mut found = Findings::new();
    let kickstart = kickstart::parse_with_includes(&sources, &includes, file, Version::rhel(9), &mut found);
    let section = kickstart.sections_of(SectionKind::Packages).next().unwrap();
    let names: Vec<_> = section.packages.iter().map(|p| p.name.as_ref()).collect();
    assert_eq!(names, ["core", "vim", "server", "nano"]);
    assert_eq!(findings(folder.path()), ["more:4 KS028"]);
}

#[test]
fn a_file_that_is_included_many_times_is_spoken_of_once() {
    let mistakes = "foo\npart / --size=10G\nbar\n";
    let many = "%include /tmp/disk.ks\n%include /tmp/other.ks\n".repeat(50);
    let folder = folder(&[
        ("node.ks", &many),
        ("root/tmp/disk.ks", mistakes),
        ("root/tmp/other.ks", "%include /tmp/disk.ks\nbaz\n"),
    ]);
    assert_eq!(
        findings(folder.path()),
        ["disk.ks:1 KS001", "disk.ks:2 KS008", "disk.ks:3 KS001", "other.ks:2 KS001"]
    );
}

#[test]
fn a_large_file_that_is_included_many_times_is_read_a_few_times() {
    let comment = format!("# {}\nlang C\n", "x".repeat(1 << 20));
    let folder = folder(&[
        ("node.ks", &"%include large.ks\n%include small.ks\n".repeat(100)),
        ("large.ks", &comment),
        ("small.ks", "skipx\n"),
    ]);
    let path = folder.path().join("node.ks");
    let mut sources = Sources::new();
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{e}"));
    let file = sources.add(&path, text).unwrap_or_else(|e| panic!("{e}"));
    let includes = Follow::from_environment().load(&mut sources, file);
    let kickstart =
        kickstart::parse_with_includes(&sources, &includes, file, Version::rhel(9), &mut Findings::new());
    let times = |name: &str| kickstart.commands.iter().filter(|c| c.name == name).count();
    assert!((2..10).contains(&times("lang")), "read {} times", times("lang"));
    assert!(times("skipx") >= 1, "what follows is read");
}

#[test]
fn rules_speak_once_of_a_file_that_is_included_many_times() {
    let folder = folder(&[
        ("node.ks", &"%include disk.ks\n".repeat(20)),
        ("disk.ks", "user --name=a --password=secret --plaintext\n"),
    ]);
    let path = folder.path().join("node.ks");
    let mut sources = Sources::new();
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{e}"));
    let file = sources.add(&path, text).unwrap_or_else(|e| panic!("{e}"));
    let settings = ks_lint::lint::Settings {
        includes: Follow::from_environment(),
        ..ks_lint::lint::Settings::default()
    };
    let found = ks_lint::lint::lint(sources, file, &settings).findings;
    for (n, finding) in found.iter().enumerate() {
        assert!(finding.span.is_none() || !found[n + 1..].contains(finding), "twice: {finding:?}");
    }
    assert!(found.iter().any(|f| f.span.is_some_and(|s| s.file != file)), "the included file has a mistake");
}
