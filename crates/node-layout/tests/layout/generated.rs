//! Completions and manual pages, which are made from the command line.

use std::path::Path;
use std::process::Command;

fn node_layout(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_node-layout")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that a help lists.
fn verbs(help: &str) -> Vec<String> {
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter(|line| !line.starts_with("   "));
    let words = names.filter_map(|line| line.split_whitespace().next());
    words.filter(|word| *word != "help").map(str::to_owned).collect()
}

#[test]
fn every_command_has_a_manual_page_and_completions() {
    let place = tempfile::tempdir().unwrap();
    node_layout(&["man", place.path().join("man1").to_str().unwrap()]);
    let page = |name: &str| {
        let path = place.path().join(format!("man1/{name}.1"));
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    let verbs_of_program = verbs(&node_layout(&["--help"]));
    assert!(verbs_of_program.len() > 8, "{verbs_of_program:?}");
    let shells = ["bash", "zsh", "fish"].map(|shell| node_layout(&["completions", shell]));
    for verb in &verbs_of_program {
        assert!(page(&format!("node-layout-{verb}")).contains(".SH SYNOPSIS"), "{verb}");
        assert!(page("node-layout").contains(&format!("node\\-layout\\-{verb}(1)")), "{verb}");
        assert!(shells.iter().all(|text| text.contains(verb.as_str())), "{verb}");
    }
    for verb in verbs(&node_layout(&["etc", "--help"])) {
        assert!(page(&format!("node-layout-etc-{verb}")).contains(".SH SYNOPSIS"), "etc {verb}");
    }
    assert!(page("node-layout-update").contains("\\-\\-on\\-conflict"));
    // What units and other programs call is not for people.
    for hidden in ["started", "freeze-and-thaw", "nodectl"] {
        assert!(!Path::new(&place.path().join(format!("man1/node-layout-{hidden}.1"))).exists(), "{hidden}");
    }
}

/// bash itself completes with what is printed.
#[test]
fn bash_completes_commands_and_options() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("c.bash"), node_layout(&["completions", "bash"])).unwrap();
    let complete = |words: &str, current: &str, previous: &str| {
        let script = format!(
            "source ./c.bash; function=$(complete -p node-layout | sed 's/.*-F \\([^ ]*\\).*/\\1/'); \
             COMP_WORDS=(node-layout {words} '{current}'); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=(); \
             $function node-layout '{current}' '{previous}'; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash").args(["-c", &script]).current_dir(place.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete("", "roll", "node-layout"), ["rollback"]);
    assert_eq!(complete("etc", "pi", "etc"), ["pin"]);
    let options = complete("update", "--on", "update");
    assert_eq!(options, ["--on-conflict"]);
    assert_eq!(complete("verify --format", "", "--format"), ["human", "json"]);
}
