//! Which syntax version, which policy and which severity count, and why.

use super::run::{COMPLETE, Place, finish};

fn file_of(place: &Place, arguments: &[&str]) -> serde_json::Value {
    let output = place.run(["--format", "json"].iter().chain(arguments));
    output.json()["files"][0].clone()
}

fn syntax(place: &Place, arguments: &[&str]) -> (String, String) {
    let file = file_of(place, arguments);
    let text = |key: &str| file[key].as_str().expect("text").to_owned();
    (text("syntax"), text("syntax_because"))
}

#[test]
fn the_command_line_goes_before_the_header_and_the_header_before_the_configuration() {
    let place = Place::new();
    place.file("header.ks", "#version=RHEL8\nlang C\n");
    place.file("sub/plain.ks", "lang C\n");
    assert_eq!(syntax(&place, &["sub/plain.ks"]), ("RHEL9".to_owned(), "the default".to_owned()));
    place.file(".ks-lint.toml", "syntax = \"RHEL10\"\n");
    assert_eq!(syntax(&place, &["header.ks"]).0, "RHEL8");
    let (version, because) = syntax(&place, &["sub/plain.ks"]);
    assert_eq!(version, "RHEL10", "the configuration of a parent directory counts");
    assert!(because.ends_with("/.ks-lint.toml"), "{because}");
    assert_eq!(syntax(&place, &["--syntax", "f46", "header.ks"]).0, "F46");
    assert_eq!(syntax(&place, &["--syntax", "rhel9.4", "header.ks"]).0, "RHEL9");
}

#[test]
fn the_nearest_configuration_counts() {
    let place = Place::new();
    place.file(".ks-lint.toml", "syntax = \"RHEL10\"\n");
    place.file("sub/.ks-lint.toml", "syntax = \"RHEL8\"\n");
    place.file("sub/x.ks", "lang C\n");
    assert_eq!(syntax(&place, &["sub/x.ks"]).0, "RHEL8");
}

#[test]
fn the_environment_names_a_configuration_and_a_format() {
    let place = Place::new();
    place.file("site.toml", "syntax = \"RHEL10\"\n");
    place.file(".ks-lint.toml", "syntax = \"RHEL8\"\n");
    place.file("x.ks", "lang C\n");
    let syntax = |arguments: &[&str], config: &str| {
        let mut command = place.command();
        command.args(arguments).arg("x.ks").env("KS_LINT_CONFIG", config).env("KS_LINT_FORMAT", "json");
        finish(&mut command).json()["files"][0]["syntax"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(syntax(&[], "site.toml"), "RHEL10");
    assert_eq!(syntax(&[], ""), "RHEL8");
    assert_eq!(syntax(&["--config", ".ks-lint.toml"], "site.toml"), "RHEL8", "the command line overrides it");
    assert_eq!(syntax(&["--no-config"], "site.toml"), "RHEL9");
    let mut command = place.command();
    command.args(["--format=concise", "x.ks"]).env("KS_LINT_FORMAT", "json");
    assert!(finish(&mut command).stdout.starts_with("x.ks:"), "the command line overrides it");
}

#[test]
fn a_mistake_in_the_configuration_is_named_with_its_line() {
    let place = Place::new();
    place.file("x.ks", "lang C\n");
    place.file(".ks-lint.toml", "\nsyntx = \"RHEL9\"\n");
    let output = place.run(["x.ks"]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains(".ks-lint.toml:2: "), "{}", output.stderr);
    place.file(".ks-lint.toml", "policy = \"ovirt-nod\"\n");
    let output = place.run(["x.ks"]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("did you mean ovirt-node?"), "{}", output.stderr);
}

#[test]
fn a_kickstart_that_makes_a_node_is_held_against_its_policy() {
    let place = Place::new();
    place.file("node.ks", "lang C\n%post --erroronfail\nimgbase --debug layout --init\n%end\n");
    place.file("addon.ks", "lang C\n%addon org_ovirt_node\n%end\n");
    place.file("plain.ks", "lang C\n%post\necho imgbase\n%end\n");
    for (path, policy, because) in [
        ("node.ks", "ovirt-node", "it initialises a node layout in %post"),
        ("addon.ks", "ovirt-node", "it has %addon org_ovirt_node"),
        ("plain.ks", "none", "nothing in it makes a node"),
    ] {
        let file = file_of(&place, &[path]);
        assert_eq!((file["policy"].as_str(), file["policy_because"].as_str()), (Some(policy), Some(because)));
    }
    assert_eq!(file_of(&place, &["--policy", "none", "node.ks"])["policy"], "none");
    assert_eq!(file_of(&place, &["--policy", "rhvh-4.4", "plain.ks"])["policy"], "rhvh-4.4");
}

#[test]
fn fail_on_moves_the_limit_and_comes_from_the_configuration_too() {
    let place = Place::new();
    place.file("x.ks", format!("#version=Slackware15\n{COMPLETE}"));
    assert_eq!(place.run(["x.ks"]).status, 0, "a warning: {}", place.run(["x.ks"]).stdout);
    assert_eq!(place.run(["--fail-on", "warning", "x.ks"]).status, 1);
    place.file(".ks-lint.toml", "fail-on = \"warning\"\n");
    assert_eq!(place.run(["x.ks"]).status, 1);
    assert_eq!(place.run(["--fail-on", "error", "x.ks"]).status, 0, "the command line goes first");
}

#[test]
fn a_file_with_the_name_of_a_command_is_reached_with_its_directory() {
    let place = Place::new();
    place.file("rules", COMPLETE);
    assert!(place.run(["./rules"]).stdout.starts_with("./rules: "));
    assert!(place.run(["check", "rules"]).stdout.starts_with("rules: "));
    assert!(place.run(["rules"]).stdout.contains("STY001"));
}

#[test]
fn standard_input_is_a_file_called_dash() {
    let place = Place::new();
    let input = format!("#version=DEVEL\n{COMPLETE}");
    let output = place.run_with_input(&["--format", "json", "-"], input.as_bytes());
    assert_eq!(output.json()["files"][0]["path"], "-");
    assert_eq!(output.codes(), ["STY002"]);
}
