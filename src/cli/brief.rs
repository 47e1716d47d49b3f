//! `ks-lint -h`: the program on one screen. `--help` has everything.

use crate::report::Style;
use clap::CommandFactory;
use node_base::diagnostic::nearest;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// At most 24 lines of 80 columns; a test holds it against the options that there are.
const TEXT: &str = "\
Finds what is wrong in a kickstart before a disk is touched.

Usage: ks-lint [check] [OPTIONS] [PATH]...   (no PATH: the working directory)
       ks-lint COMMAND ...

Check:    --syntax VERSION, --policy auto|none|NAME|FILE, --disk NAME=SIZE
Files:    --exclude PATTERN, --stdin-filename FILE, --follow-includes, --watch
Findings: --select CODE, --ignore CODE, --severity CODE=LEVEL, --baseline FILE
Fixes:    --fix, --unsafe-fixes, --diff, --show-fixes, --add-waivers
Output:   --format FORMAT, --fail-on SEVERITY, --show-files, --show-settings
Config:   --config FILE, --no-config           (else the nearest .ks-lint.toml)

Commands: fmt, new, migrate (write kickstarts), plan, host (disks), boot, addon
          explain, rules, policy, versions, diff-versions, ksvalidator,
          completions, lsp (for editors)

Examples: ks-lint --fail-on warning hosts/          ks-lint --diff host.ks
          ks-lint plan host.ks --disk sda=100GiB    ks-lint explain SEC001

Exit status: 0 nothing at or above --fail-on (default: error), 1 findings,
             2 the work could not be done
All options: ks-lint --help; those of a command: ks-lint COMMAND --help
";

/// The text, if these arguments (without the program's name) ask for it.
pub(super) fn asked_for(arguments: &[OsString]) -> Option<&'static str> {
    let before_paths = arguments.iter().take_while(|argument| *argument != "--");
    let is_asked = before_paths.clone().any(|argument| argument == "-h");
    let is_check = match arguments.first().and_then(|first| first.to_str()) {
        Some("check") => true,
        Some(first) => first.starts_with('-'),
        None => false,
    };
    (is_asked && is_check).then_some(TEXT)
}

/// The text for a terminal: what is too long for it goes on below the second column of its line.
pub(super) fn fitted(text: &str, style: &Style) -> String {
    let Some(width) = style.width() else { return text.to_owned() };
    let line_of = |line: &str| {
        let blanks = line.len() - line.trim_start().len();
        let second = |at: usize| at + 1 + line[at + 1..].len() - line[at + 1..].trim_start().len();
        let indent = line.find(": ").filter(|_| blanks == 0).map_or(blanks, second);
        let is_long = line.chars().count() > width;
        let words = || line[indent..].split_whitespace().collect::<Vec<_>>().join(" ");
        let rest = if is_long { style.folded(&words(), indent) } else { line[indent..].to_owned() };
        format!("{}{rest}\n", &line[..indent])
    };
    text.lines().map(line_of).collect()
}

/// What is said about a first path that is not there but looks like a misspelt command.
pub(super) fn misspelt_command(paths: &[PathBuf]) -> Option<String> {
    let first = paths.first()?;
    let word = first.to_str()?;
    let is_word = word.len() > 1 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !is_word || Path::new(word).symlink_metadata().is_ok() {
        return None;
    }
    let command = super::Cli::command();
    let names: Vec<&str> =
        command.get_subcommands().filter(|verb| !verb.is_hide_set()).map(clap::Command::get_name).collect();
    let meant = nearest(word, names)?;
    Some(format!("there is no file and no command '{word}'; did you mean 'ks-lint {meant}'?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fits_a_narrow_terminal() {
        for width in [40, 60, 79] {
            let fitted = fitted(TEXT, &Style::of_width(width));
            assert!(fitted.lines().all(|line| line.chars().count() <= width), "{width}:\n{fitted}");
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&fitted), words(TEXT));
        }
        assert_eq!(fitted(TEXT, &Style::of_width(80)), TEXT);
        assert_eq!(fitted(TEXT, &Style::plain()), TEXT);
    }

    #[test]
    fn it_fits_a_screen_and_names_only_what_there_is() {
        assert!(TEXT.lines().count() <= 24, "{} lines", TEXT.lines().count());
        assert!(TEXT.lines().all(|line| line.chars().count() <= 80), "a line is too long");
        let command = super::super::Cli::command();
        let options: Vec<String> =
            command.get_arguments().filter_map(|a| a.get_long()).map(|long| format!("--{long}")).collect();
        let words = TEXT.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        for option in words.filter(|word| word.starts_with("--") && word.len() > 2 && *word != "--help") {
            assert!(options.iter().any(|known| known == option), "{option}");
        }
        for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
            assert!(TEXT.contains(verb.get_name()), "{}", verb.get_name());
        }
    }
}
