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

/// The grammars in `editors/` are those that the program prints.
#[test]
fn grammars_of_editors_are_not_stale() {
    let place = Place::new();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for (kind, file) in [
        ("vim", "editors/nvim/syntax/kickstart.vim"),
        ("kate", "editors/kate/kickstart.xml"),
        ("textmate", "editors/vscode/syntaxes/kickstart.tmLanguage.json"),
    ] {
        let written = std::fs::read_to_string(root.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        let printed = place.run(["highlight", kind]).stdout;
        assert!(written == printed, "{file} is stale: ks-lint highlight {kind} >{file}");
        for word in ["logvol", "poolname", "packages"] {
            assert!(printed.contains(word), "{word} in {file}");
        }
    }
}

/// Says that a program is not installed; with KS_LINT_REQUIRE_HIGHLIGHTERS=1, which the step "editors" of .ci/run sets, that is a failure.
#[allow(clippy::print_stdout, reason = "a test that is skipped says so")]
fn skipped(program: &str) {
    let is_required = std::env::var_os("KS_LINT_REQUIRE_HIGHLIGHTERS").is_some_and(|value| value == "1");
    assert!(!is_required, "{program} is not installed: tests/editors/real_editors.py --install");
    println!("SKIPPED: {program} is not installed");
}

/// Vim itself colours with the grammar, where it is installed.
#[test]
fn vim_colours_words_of_a_kickstart() {
    let place = Place::new();
    place.file("a.kickstart", "# x\npart / --size=1 # y\n%post --erroronfail\nif true; then echo; fi\n%end\n%packages\n@core\n%end\n%post --interpreter=/usr/bin/python3\nimport os\n%end\n");
    let grammar = concat!(env!("CARGO_MANIFEST_DIR"), "/editors/nvim/syntax/kickstart.vim");
    place.file(
        "t.vim",
        format!(
            "set nocompatible\nsyntax on\nlet b:current_syntax = 'x'\nsyntax clear\nunlet b:current_syntax\nsource {grammar}\nfunction! N(l, c)\n  return synIDattr(synID(a:l, a:c, 1), 'name')\n\
             endfunction\ncall writefile([N(1,3), N(2,1), N(2,8), N(2,15), N(2,17), N(3,2), N(4,1), N(6,2), N(7,2), N(10,1)], 'out')\nqa!\n"
        ),
    );
    let mut vim = Command::new("vim");
    vim.args(["-es", "-u", "NONE", "-i", "NONE", "a.kickstart", "-S", "t.vim"]).current_dir(place.path());
    if vim.stdin(std::process::Stdio::null()).output().is_err() {
        skipped("vim");
        return;
    }
    let found = std::fs::read_to_string(place.path().join("out")).expect("vim has written what it found");
    let expected = [
        "kickstartComment",
        "kickstartCommand",
        "kickstartOption",
        "kickstartNumber",
        "kickstartComment",
        "kickstartSection",
        "shConditional",
        "kickstartSection",
        "kickstartOther",
        "pythonInclude",
    ];
    assert_eq!(found.lines().collect::<Vec<_>>(), expected);
}

/// The highlighter of Kate itself, where it is installed.
#[test]
fn kate_colours_words_of_a_kickstart() {
    let place = Place::new();
    place.file(
        "data/org.kde.syntax-highlighting/syntax/kickstart.xml",
        include_str!("../../editors/kate/kickstart.xml"),
    );
    place.file("a.ks", "part / --size=1 # y\n%post --erroronfail\nif true; then echo; fi\n%end\n%post --interpreter=/usr/bin/python3\nimport os\n%end\nlang C\n");
    let output = Command::new("kate-syntax-highlighter")
        .args(["--syntax", "Kickstart", "--output-format", "html", "a.ks"])
        .env("XDG_DATA_HOME", place.path().join("data"))
        .env("QT_QPA_PLATFORM", "offscreen")
        .current_dir(place.path())
        .output();
    let Ok(output) = output else {
        skipped("kate-syntax-highlighter");
        return;
    };
    let page = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !complaint.contains("kickstart.xml"), "{complaint}");
    for word in ["part", "--size", "1", "# y", "%post", "--erroronfail", "if", "%end", "import", "lang"] {
        let is_coloured = page
            .lines()
            .any(|line| line.split("<span").any(|span| span.contains(&format!(">{word}</span>"))));
        assert!(is_coloured, "{word} has no colour:\n{page}");
    }
}
