use super::SCRIPTS;
use super::syntax::has_include;
use crate::rules::shell::{ShellCheckAnswer, place};
use crate::rules::{Context, Rule};
use kickstart::Section;
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings, Severity};
use node_base::source::Span;
use serde::Deserialize;

declare_code! {
    /// The program `shellcheck` finds something in a script.
    ///
    /// ## Why
    /// `shellcheck` knows what a shell makes of a script and what its author most likely meant: variables that are split into
    /// words, a `cd` that may fail, a test that is always true. What it finds is shown at its line, with its own code in the
    /// message. With `--shellcheck auto` it is asked where it is installed, and only its errors and warnings are shown; with
    /// `always` all that it finds. Included scripts and templates are left out.
    ///
    /// ## Example
    /// ```text
    /// %post --erroronfail
    /// cd /opt/site
    /// rm -rf old
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %post --erroronfail
    /// cd /opt/site || exit 1
    /// rm -rf old
    /// %end
    /// ```
    ///
    /// ## Source
    /// <https://www.shellcheck.net/wiki/>, a page for each of its codes.
    static CODE = "STY023", "shellcheck", Style, Info;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

/// The output of `shellcheck --format=json1`.
#[derive(Deserialize)]
struct Output {
    comments: Vec<Comment>,
}

/// One finding of `shellcheck`; lines and columns count from 1, columns are characters.
#[derive(Deserialize)]
struct Comment {
    line: usize,
    column: usize,
    #[serde(rename = "endLine")]
    end_line: usize,
    #[serde(rename = "endColumn")]
    end_column: usize,
    level: String,
    code: u32,
    message: String,
}

/// What it cannot know of a kickstart: files that a script sources, and that the shell is named in the header, so that a `#!`
/// below blank lines has no effect.
const NOT_ASKED: [u32; 5] = [1090, 1091, 1128, 2148, 2239];

/// Largest script that is checked without being asked to, in bytes: the time of shellcheck grows with the square of the length
/// (measured with 0.9.0: 2 seconds for 50 KiB, 20 for 200).
const LARGEST_UNASKED: usize = 64 << 10;

/// Most findings of one script that are shown.
const MOST: usize = 200;

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(shellcheck) = context.shellcheck else { return };
    if context.is_template {
        return;
    }
    for section in context.shell_sections(SCRIPTS) {
        let text = context.sources.text_of(section.body);
        if text.trim().is_empty() || !section.included.is_empty() || has_include(context, section) {
            continue;
        }
        // What does not follow the grammar is a finding already.
        if context.script(section).fault.is_some() {
            continue;
        }
        if !shellcheck.shows_all && text.len() > LARGEST_UNASKED {
            let message = "shellcheck did not check this script, because it takes long for large ones";
            findings.push(
                Finding::new(&CODE, message)
                    .at(section.header_span)
                    .help("check it with --shellcheck always, or leave it out with --shellcheck never"),
            );
            continue;
        }
        let level = if shellcheck.shows_all { "style" } else { "warning" };
        let answer = match shellcheck.checker.ask(text, dialect(section), level) {
            ShellCheckAnswer::Output(json) => serde_json::from_str::<Output>(&json)
                .map_err(|error| format!("its output is not its JSON: {error}")),
            ShellCheckAnswer::Failed(why) => Err(why),
            ShellCheckAnswer::Later => continue,
        };
        match answer {
            Ok(output) => {
                let comments = output.comments.iter().filter(|c| !NOT_ASKED.contains(&c.code));
                let lines = LineStarts::of(text);
                findings.extend(comments.take(MOST).map(|comment| finding(section, text, &lines, comment)));
            }
            Err(why) => {
                let message = format!("shellcheck did not check this script: {why}");
                findings.push(
                    Finding::new(&CODE, message)
                        .at(section.header_span)
                        .help("leave it out with --shellcheck never"),
                );
            }
        }
    }
}

/// The shell that runs the script. The installer's default is `/bin/sh`, which is bash in every release.
fn dialect(section: &Section<'_>) -> &'static str {
    let value = section.value("--interpreter").map(|v| v.text.split_whitespace().next().unwrap_or_default());
    match value.and_then(|program| program.rsplit('/').next()) {
        Some("dash" | "ash") => "dash",
        Some("ksh") => "ksh",
        _ => "bash",
    }
}

fn finding(section: &Section<'_>, text: &str, lines: &LineStarts, comment: &Comment) -> Finding {
    let start = lines.offset(text, comment.line, comment.column);
    let end = lines.offset(text, comment.end_line, comment.end_column).max(start);
    let message = format!("{} (SC{:04})", comment.message.trim_end_matches('.'), comment.code);
    let severity = if comment.level == "error" { Severity::Warning } else { Severity::Info };
    Finding::new(&CODE, message)
        .severity(severity)
        .at(on_one_line(section, text, start, end))
        .help(format!("read https://www.shellcheck.net/wiki/SC{:04}", comment.code))
}

/// A finding over several lines is shown at the first one.
fn on_one_line(section: &Section<'_>, text: &str, start: usize, end: usize) -> Span {
    let line = text[start..end].find(['\n', '\r']).map_or(end, |at| start + at);
    place(section, start, line)
}

/// Where the lines of a script begin.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn of(text: &str) -> LineStarts {
        LineStarts(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The byte of a line and a column, both from 1; the end of the line where the column is behind it.
    fn offset(&self, text: &str, line: usize, column: usize) -> usize {
        let Some(&start) = self.0.get(line.saturating_sub(1)) else { return text.len() };
        let content = text[start..].split('\n').next().unwrap_or_default();
        let within = content.char_indices().nth(column.saturating_sub(1)).map_or(content.len(), |(at, _)| at);
        start + within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_become_bytes() {
        let text = "é a\n\tb\n";
        let lines = LineStarts::of(text);
        assert_eq!(lines.offset(text, 1, 3), 3, "after the letter of two bytes and a blank");
        assert_eq!(lines.offset(text, 2, 2), 6, "a tab is one column");
        assert_eq!(lines.offset(text, 1, 99), 4);
        assert_eq!(lines.offset(text, 99, 1), text.len());
        assert_eq!(lines.offset(text, 0, 0), 0);
    }
}
