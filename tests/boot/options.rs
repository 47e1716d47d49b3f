//! Every boot option in right and in wrong use: `fixtures/boot/options.table`, `fixtures/boot/dracut.table`.

use super::table::rows;
use kickstart::Version;
use ks_lint::boot::config::ConfigFormat;
use ks_lint::boot::options::{self, Takes};
use ks_lint::lint::Chosen;
use ks_lint::lint::boot::lint;
use node_base::diagnostic::Severity;
use node_base::source::Sources;

/// What stands for `{}` in a row: an installation that lacks nothing.
const COMPLETE: &str = "inst.stage2=http://192.0.2.1/el inst.ks=http://192.0.2.1/node.ks";

/// Codes and severities found above `info`, such as `error BOOT006`, or `-`.
fn found(line: &str, release: &str) -> String {
    let version = Version::from_name(release).unwrap_or_else(|e| panic!("{line}: {e}"));
    let mut sources = Sources::new();
    let file = sources.add("cmdline", line.replace("{}", COMPLETE)).expect("a row is not that long");
    let report =
        lint(sources, file, Some(ConfigFormat::Cmdline), Some(Chosen::new(version, "the row says so")));
    let mut seen: Vec<String> = report
        .findings
        .iter()
        .filter(|f| f.severity > Severity::Info)
        .map(|f| format!("{} {}", f.severity, f.code.id))
        .collect();
    seen.sort();
    seen.dedup();
    if seen.is_empty() { "-".to_owned() } else { seen.join(", ") }
}

fn compare(table: &str) {
    let mut differ = Vec::new();
    for row in rows(table, 3) {
        let [release, line, expected] = row.columns.as_slice() else { continue };
        for release in release.split(' ') {
            let seen = found(line, release);
            if seen != *expected {
                differ.push(format!(
                    "{table}:{}: {release}: {line}\n  expected: {expected}\n  found:    {seen}",
                    row.line
                ));
            }
        }
    }
    assert!(differ.is_empty(), "other findings than the table says:\n{}", differ.join("\n"));
}

#[test]
fn the_installers_options_are_checked_per_release() {
    compare("options.table");
}

#[test]
fn dracuts_options_are_checked() {
    compare("dracut.table");
}

/// A table without a row for an option would say nothing about it.
#[test]
fn every_option_has_a_right_and_a_wrong_use() {
    let all: Vec<_> = ["options.table", "dracut.table"].iter().flat_map(|t| rows(t, 3)).collect();
    for option in options::all() {
        let uses = |line: &str| line.split_whitespace().any(|w| w.split('=').next() == Some(option.name));
        let right = all.iter().any(|r| uses(&r.columns[1]) && r.columns[2] == "-");
        let wrong = all.iter().any(|r| uses(&r.columns[1]) && r.columns[2] != "-");
        let never_right = option.deprecated.rhel <= 7 || option.added.rhel > 10 && option.added.fedora > 46;
        assert!(right || never_right, "no row shows a right use of {}", option.name);
        // What takes anything and nothing cannot be used wrongly.
        assert!(wrong || option.takes == Takes::Anything, "no row shows a wrong use of {}", option.name);
    }
}
