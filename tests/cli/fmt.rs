//! `ks-lint fmt`: files, standard input, `--check`, `--diff`.

use super::run::Place;

const OLD: &str = "#version=RHEL9\nlang   C\n%post\n  a   b\n%end\n";
const NEW: &str = "#version=RHEL9\nlang C\n\n%post\n  a   b\n%end\n";

#[test]
fn files_are_formatted_and_named_where_they_only_would_be() {
    let place = Place::new();
    let path = place.file("d/x.ks", OLD);
    place.file("d/right.ks", NEW);
    let check = place.run(["fmt", "--check", "d"]);
    assert_eq!((check.status, check.stdout.as_str()), (1, "would format d/x.ks\n"));
    let diff = place.run(["fmt", "--diff", "d"]);
    assert_eq!(diff.status, 1);
    assert!(diff.stdout.starts_with("--- d/x.ks\n+++ d/x.ks\n@@"), "{}", diff.stdout);
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), OLD);
    let output = place.run(["fmt", "d"]);
    assert_eq!((output.status, output.stdout.as_str()), (0, ""));
    assert!(output.stderr.contains("1 file formatted, 1 unchanged"), "{}", output.stderr);
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), NEW);
    assert_eq!(place.run(["fmt", "--check", "d"]).status, 0);
}

#[test]
fn standard_input_is_printed_formatted() {
    let place = Place::new();
    let output = place.run_with_input(&["fmt", "-"], OLD.as_bytes());
    assert_eq!((output.status, output.stdout.as_str()), (0, NEW));
    let output = place.run_with_input(&["fmt", "--check", "--stdin-filename", "x.ks", "-"], OLD.as_bytes());
    assert_eq!((output.status, output.stdout.as_str()), (1, "would format x.ks\n"));
}

#[test]
fn what_does_not_parse_and_what_is_a_template_is_refused() {
    let place = Place::new();
    let broken = place.file("broken.ks", "lang   C\nno-such   x\n");
    let template = place.file("template.ks", "lang   {{ lang }}\n%post\n{% if x %}a{% endif %}\n%end\n");
    let (before, marks) = (std::fs::read(&broken), std::fs::read(&template));
    let output = place.run(["fmt", "broken.ks", "template.ks"]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("broken.ks: line 2: KS001: "), "{}", output.stderr);
    assert!(output.stderr.contains("template.ks: is a template"), "{}", output.stderr);
    assert_eq!(std::fs::read(&broken).expect("it is there"), before.expect("it was there"));
    assert_eq!(std::fs::read(&template).expect("it is there"), marks.expect("it was there"));
}
