use super::SCRIPTS;
use crate::rules::shell::place;
use crate::rules::{Context, Rule};
use kickstart::Section;
use kickstart::shell::{Fault, FaultKind, Unread};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};
use node_base::source::{Span, split_lines};

declare_code! {
    /// The shell cannot read a script.
    ///
    /// ## Why
    /// The shell reads a script command by command. At a fault of syntax it ends with status 2: what is before it has run, nothing
    /// after it does. Without `--erroronfail` the installer goes on, and the host comes up half set up.
    ///
    /// ## Example
    /// ```text
    /// %post
    /// if [ -d /etc/ovirt-node ]; then
    ///   systemctl enable cockpit.socket
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %post
    /// if [ -d /etc/ovirt-node ]; then
    ///   systemctl enable cockpit.socket
    /// fi
    /// %end
    /// ```
    ///
    /// ## Source
    /// bash(1), SHELL GRAMMAR; `bash -n` reports the same line of the script. Anaconda, `AnacondaKSScript.run`.
    static FAULT = "UNA043", "script-syntax", Unattended, Error;
}

declare_code! {
    /// A here-document is never ended: the rest of the script is its text.
    ///
    /// ## Why
    /// The text of `<<EOF` goes to the first line that is `EOF` and nothing else, without blanks around it. Where there is none, the
    /// shell takes everything up to the end of the script: the commands after it are written to the file instead of being run.
    ///
    /// ## Example
    /// ```text
    /// cat >/etc/motd <<EOF
    /// Welcome
    ///   EOF
    /// systemctl enable cockpit.socket
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// cat >/etc/motd <<EOF
    /// Welcome
    /// EOF
    /// systemctl enable cockpit.socket
    /// ```
    ///
    /// ## Source
    /// POSIX, Shell Command Language, 2.7.4; bash warns and goes on.
    static OPEN = "UNA044", "here-document-not-ended", Unattended, Warning;
}

declare_code! {
    /// A script was not read, so it was not checked.
    ///
    /// ## Why
    /// The reader of scripts fails on a few texts that a shell may accept: a here-document inside of `$(…)` or brackets that are
    /// closed in another line than its end, a tag made of an expansion, a `case` in `$(…)` whose patterns have one bracket, thousands
    /// of open brackets. Such a script is left out as a
    /// whole. Nothing that this program does not say about it is known to be right.
    ///
    /// ## Example
    /// ```text
    /// %post
    /// motd=$(cat <<EOF)
    /// Welcome
    /// EOF
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %post
    /// motd=$(cat <<EOF
    /// Welcome
    /// EOF
    /// )
    /// %end
    /// ```
    static UNREAD = "UNA047", "script-not-read", Unattended, Info;
}

pub(super) static RULE: Rule = Rule { codes: &[&FAULT, &OPEN, &UNREAD], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    // A mark of a template may be the word that is missing.
    if context.is_template {
        return;
    }
    for section in context.shell_sections(SCRIPTS) {
        // What is included may end what is open here.
        if !section.included.is_empty() || has_include(context, section) {
            continue;
        }
        let script = context.script(section);
        if let Some(unread) = script.unread {
            findings.push(not_read(section, unread));
            continue;
        }
        if let Some(fault) = &script.fault {
            findings.push(of_fault(context, section, fault));
            continue;
        }
        let text = context.sources.text_of(section.body);
        for line in &script.open_here_documents {
            let Some(words) = text.split_inclusive('\n').nth(line - 1) else { continue };
            let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
            let at = words.find("<<").map_or(start, |at| start + at);
            let words = words.trim_end();
            let tag = text[at..start + words.len()].split_whitespace().next().unwrap_or("<<").len();
            findings.push(
                Finding::new(&OPEN, "nothing ends this here-document: the rest of the script is its text")
                    .at(place(section, at, at + tag))
                    .help("write its last line without blanks before and after the word; with <<- tabs may be before it"),
            );
        }
    }
}

fn not_read(section: &Section<'_>, unread: Unread) -> Finding {
    let (why, help) = match unread {
        Unread::HereDocument => (
            "it has a here-document that is hard to read",
            "write the tag as a plain word, and close what the operator is in after the text; check the script with bash -n",
        ),
        Unread::TooDeep => (
            "it opens too many brackets",
            "put it into a file of its own that the script runs; check it with bash -n",
        ),
        Unread::Pattern => (
            "a 'case' in '$(…)' has a pattern without a bracket before it",
            "write the pattern as '(PATTERN)', which means the same; check the script with bash -n",
        ),
        Unread::ParserFails => (
            "the reader of scripts fails on it",
            "check the script with bash -n, and report the script as a fault of ks-lint",
        ),
    };
    Finding::new(&UNREAD, format!("this script was not checked: {why}")).at(section.header_span).help(help)
}

/// Whether a line of the script adds a file that is not read here.
pub(super) fn has_include(context: &Context<'_>, section: &Section<'_>) -> bool {
    let text = context.sources.text_of(section.body);
    text.contains('%')
        && split_lines(text).any(|line| line.starts_with("%include") || line.starts_with("%ksappend"))
}

/// The `%end` of a section, or its header if it has none.
fn end_of(context: &Context<'_>, section: &Section<'_>) -> Span {
    let end = Span { start: section.body.end, ..section.span };
    if context.sources.text_of(end).trim().is_empty() { section.header_span } else { end }
}

fn of_fault(context: &Context<'_>, section: &Section<'_>, fault: &Fault) -> Finding {
    let opened = fault.opened.as_ref();
    let begin = opened.map_or("", |(_, begin)| begin.as_str());
    let (message, help) = match &fault.kind {
        FaultKind::Unexpected(word) if word.is_empty() => (
            "the shell expects more at the end of this line, and stops here".to_owned(),
            "complete the command, or remove what begins it".to_owned(),
        ),
        FaultKind::Unexpected(word) => {
            let help = match begin {
                "" => missing_before(word),
                "$(" => "complete the command before it, or remove what begins it".to_owned(),
                _ => closing(begin),
            };
            (format!("the shell does not expect '{word}' here, and stops"), help)
        }
        FaultKind::Unfinished if opened.is_some() => (
            format!("the script ends, and '{begin}' is still open: the shell runs nothing from there on"),
            closing(begin),
        ),
        FaultKind::Unfinished => (
            "the script ends in the middle of a command".to_owned(),
            "complete the command, or remove what begins it".to_owned(),
        ),
        FaultKind::Unclosed => (format!("nothing closes this {begin}"), closing(begin)),
    };
    let span = match &fault.kind {
        // The line after the last one is the %end.
        FaultKind::Unfinished => end_of(context, section),
        FaultKind::Unexpected(word) => place(section, fault.at, fault.at + word.len()),
        FaultKind::Unclosed => place(section, fault.at, fault.at + begin.len()),
    };
    let finding = Finding::new(&FAULT, message).at(span).help(help);
    match opened {
        Some((at, begin)) if fault.kind != FaultKind::Unclosed => {
            finding.related(place(section, *at, at + begin.len()), "this is open")
        }
        _ => finding,
    }
}

/// What to do about a word that is not expected.
fn missing_before(word: &str) -> String {
    match word {
        "fi" | "else" | "elif" => {
            "look for an 'if' without 'then' before it, or for one that is closed already".to_owned()
        }
        "then" => "write 'if' before the condition, and ';' or a line end before 'then'".to_owned(),
        "done" => "look for a loop without 'do' before it, or for one that is closed already".to_owned(),
        "do" => "write 'for' or 'while' before it, and ';' or a line end before 'do'".to_owned(),
        "esac" | ";;" => "look for the 'case … in' that this belongs to".to_owned(),
        "}" | ")" => format!(
            "remove '{word}', or open the bracket that it closes; a command before }} ends with ';' or a line end"
        ),
        "(" => "put brackets in a text in quotes".to_owned(),
        _ => {
            "put a text with characters of the shell in quotes, or complete the command before it".to_owned()
        }
    }
}

/// How to close what is open.
fn closing(begin: &str) -> String {
    let end = match begin {
        "if" => "fi",
        "for" | "while" | "until" | "select" => "done",
        "case" => "esac",
        "{" | "${" => "}",
        double if double.ends_with("((") => "))",
        bracket if bracket.ends_with('(') => ")",
        "$'" => "'",
        quote => quote,
    };
    format!("write {end} where it ends")
}
