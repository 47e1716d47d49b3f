use crate::rules::{Context, Rule};
use kickstart::{Section, SectionKind};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};
use node_base::source::{Span, split_lines};

declare_code! {
    /// A script may wait for input.
    ///
    /// ## Why
    /// Scripts of a kickstart have no terminal. A script that opens one (`exec </dev/tty3`), shows a dialog or reads a line
    /// with a prompt waits until somebody answers on the console.
    ///
    /// ## Example
    /// ```text
    /// %pre
    /// exec </dev/tty6 >/dev/tty6
    /// chvt 6
    /// read -p "Host name: " name
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// Read what differs from host to host from the kernel command line:
    ///
    /// ```text
    /// %pre
    /// name=$(sed -n 's/.*\bnode_name=\([^ ]*\).*/\1/p' /proc/cmdline)
    /// %end
    /// ```
    ///
    /// ## Source
    /// Anaconda runs every script with its input from /dev/null: `AnacondaKSScript.run` in `pyanaconda/kickstart.py`.
    static CODE = "UNA009", "script-may-prompt", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    if context.installer().is_none() {
        return;
    }
    let kinds = [SectionKind::Pre, SectionKind::PreInstall, SectionKind::Post, SectionKind::OnError];
    for section in kinds.into_iter().flat_map(|kind| context.kickstart.sections_of(kind)) {
        let Some((span, what)) = prompt(context, section) else { continue };
        findings.push(
            Finding::new(&CODE, format!("{} {what}", context.sources.text_of(section.name_span)))
                .at(span)
                .related(section.header_span, "the script")
                .help("read the answer from /proc/cmdline, or from a file on the server"),
        );
    }
}

/// Programs of a shell script that can wait for an answer.
const ASKING: [&str; 5] = ["exec", "whiptail", "dialog", "read", "select"];

/// Programs that wait for an answer once the script has its input from the console. Many scripts open the console only to
/// show there what they do.
const ASKING_ON_CONSOLE: [&str; 16] = [
    "read", "select", "passwd", "sh", "bash", "vi", "vim", "nano", "less", "more", "fdisk", "cfdisk",
    "cgdisk", "gdisk", "nmtui", "mc",
];

/// The first place of a script that waits for an answer, and what it does there.
fn prompt(context: &Context<'_>, section: &Section<'_>) -> Option<(Span, &'static str)> {
    let text = context.sources.text_of(section.body);
    let python = section.value("--interpreter").is_some_and(|v| v.text.contains("python"));
    let asking: &[&str] = if python { &["input(", "getpass("] } else { &ASKING };
    // Most scripts have none of these words, and a plain search shows that fastest; else only lines with one are read.
    let present = asking.iter().filter(|word| text.contains(**word));
    let mut places: Vec<usize> =
        present.flat_map(|word| text.match_indices(word)).map(|(at, _)| at).collect();
    places.sort_unstable();
    let mut places = places.into_iter().map(|at| at + section.body.start as usize).peekable();
    let mut at = section.body.start as usize;
    for line in split_lines(text) {
        places.peek()?;
        let start = at;
        at += line.len();
        if places.next_if(|place| *place < at).is_none() {
            continue;
        }
        while places.next_if(|place| *place < at).is_some() {}
        let code = line.trim();
        if code.starts_with('#') {
            continue;
        }
        let what = if python { python_prompt(code) } else { shell_prompt(code) };
        if let Some(what) = what {
            if what == OPENS_CONSOLE && !text[at - section.body.start as usize..].lines().any(reads_console) {
                continue;
            }
            let from = start + (line.len() - line.trim_start().len());
            return Some((Span::new(section.body.file, from, from + code.len()), what));
        }
    }
    None
}

/// What `exec </dev/tty3` does.
const OPENS_CONSOLE: &str = "reads its input from the console";

/// Whether a line runs a program that waits for input, and does not give it any.
fn reads_console(line: &str) -> bool {
    let code = line.trim();
    if code.starts_with('#') || code.contains("<<") || code.contains("< ") {
        return false;
    }
    // Behind a pipe the input is that of the program before.
    let commands = code.split([';', '&', '(', '`']).filter_map(|part| part.split('|').next());
    let keywords = ["if", "while", "until", "then", "else", "do", "!", "{", "time", "IFS="];
    commands.map(str::trim_start).any(|command| {
        let mut words = command.split_whitespace().skip_while(|word| keywords.contains(word));
        let program = words.next().unwrap_or_default();
        let program = program.rsplit('/').next().unwrap_or_default();
        let rest: Vec<&str> = words.collect();
        match program {
            // A shell or an editor with a file or a command runs that.
            "sh" | "bash" => rest.is_empty() || rest == ["-i"] || rest == ["-l"],
            "passwd" => !rest.iter().any(|word| word.starts_with('-')),
            // "while read" most often has its input behind "done".
            "read" => !command.starts_with("while"),
            program => ASKING_ON_CONSOLE.contains(&program),
        }
    })
}

fn python_prompt(line: &str) -> Option<&'static str> {
    let asks = ["raw_input(", "getpass.getpass(", " input(", "=input(", "(input("];
    (asks.iter().any(|a| line.contains(a)) || line.starts_with("input("))
        .then_some("asks for a line of input")
}

fn shell_prompt(line: &str) -> Option<&'static str> {
    // A command begins at the start of a line or after an operator.
    let mut commands = line.split(['|', ';', '&', '(', '`']).map(str::trim_start);
    let terminal = |c: &str| {
        c.split_whitespace().any(|w| {
            let target = w.trim_start_matches(|c: char| c.is_ascii_digit());
            target
                .strip_prefix('<')
                .is_some_and(|t| t.starts_with("/dev/tty") || t.starts_with("/dev/console"))
        }) || c.contains("< /dev/tty")
            || c.contains("< /dev/console")
    };
    commands.find_map(|command| {
        let mut words = command.split_whitespace().skip_while(|w| {
            matches!(*w, "if" | "while" | "until" | "then" | "else" | "do" | "!" | "{" | "time")
        });
        let program = words.next().unwrap_or_default();
        let arguments: Vec<&str> = words.collect();
        match program.rsplit('/').next().unwrap_or_default() {
            "exec" if terminal(command) => Some(OPENS_CONSOLE),
            "whiptail" | "dialog" => Some("shows a dialog and waits for the answer"),
            "read" if terminal(command) || arguments.iter().any(|a| prompts(a)) => {
                Some("asks for a line of input")
            }
            "select" if arguments.get(1) == Some(&"in") => Some("shows a menu and waits for the answer"),
            _ => None,
        }
    })
}

/// Whether an argument of `read` has the option `-p`, which shows a prompt.
fn prompts(argument: &str) -> bool {
    argument.strip_prefix('-').is_some_and(|flags| !flags.starts_with('-') && flags.contains('p'))
}
