//! Completions and manual pages, which are made from the command line.

use super::run::Place;
use std::process::Command;

/// The commands that the help lists.
fn verbs(place: &Place) -> Vec<String> {
    let help = place.run(["--help"]).stdout;
    let list = help.split("Commands:\n").nth(1).expect("the help lists commands");
    let lines = list.lines().take_while(|line| line.starts_with("  "));
    let words =
        lines.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    words.filter(|word| *word != "help").map(str::to_owned).collect()
}

#[test]
fn every_command_has_a_manual_page_and_completions() {
    let place = Place::new();
    let verbs = verbs(&place);
    assert!(verbs.len() > 10 && verbs.contains(&"ksvalidator".to_owned()), "{verbs:?}");
    assert_eq!(place.run(["man", "pages/man1"]).status, 0);
    let page = |name: &str| {
        std::fs::read_to_string(place.path().join(format!("pages/man1/{name}.1")))
            .unwrap_or_else(|e| panic!("{name}.1: {e}"))
    };
    let main = page("ks-lint");
    for verb in &verbs {
        assert!(page(&format!("ks-lint-{verb}")).contains(".SH SYNOPSIS"), "{verb}");
        assert!(
            main.contains(&format!("ks\\-lint\\-{}(1)", verb.replace('-', "\\-"))),
            "{verb} in ks-lint.1"
        );
        for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
            let completions = place.run(["completions", shell]);
            assert_eq!(completions.status, 0);
            assert!(completions.stdout.contains(verb.as_str()), "{verb} for {shell}");
        }
    }
    for option in ["--policy", "--fail-on", "--format", "--disk"] {
        let escaped = option.replace('-', "\\-");
        assert!(page("ks-lint-check").contains(&escaped), "{option}");
    }
}

/// bash itself completes with what is printed.
#[test]
fn bash_completes_formats() {
    let place = Place::new();
    place.file("ks-lint.bash", place.run(["completions", "bash"]).stdout);
    let script = "source ./ks-lint.bash; function=$(complete -p ks-lint | sed 's/.*-F \\([^ ]*\\).*/\\1/'); COMP_WORDS=(ks-lint check --format ''); COMP_CWORD=3; COMPREPLY=(); \
                  $function ks-lint '' --format; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let output =
        Command::new("bash").args(["-c", script]).current_dir(place.path()).output().expect("bash starts");
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    for format in ["human", "json", "sarif", "github", "concise", "gitlab", "junit", "checkstyle", "rdjson"] {
        assert!(words.lines().any(|word| word == format), "{format} in {words} {output:?}");
    }
}
