use super::SCRIPTS;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Edit, Finding, Findings, Fix};
use node_base::source::Span;

declare_code! {
    /// The lines of a script end as on Windows.
    ///
    /// ## Why
    /// The installer reads its commands with either line end, and writes scripts to a file as they are. The shell takes the carriage
    /// return as part of the last word: `systemctl enable chronyd` looks for a unit `chronyd\r`, and `then` is not `then`.
    ///
    /// ## Write instead
    /// Convert the file: `dos2unix node.ks`, or `sed -i 's/\r$//' node.ks`. In git: `*.ks text eol=lf` in `.gitattributes`.
    ///
    /// ## Source
    /// Anaconda, `AnacondaKSScript.run`; POSIX, Shell Command Language: a carriage return is not a blank.
    static CODE = "UNA040", "carriage-return-in-script", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    for section in context.shell_sections(SCRIPTS) {
        let text = context.sources.text_of(section.body);
        let Some(first) = text.find("\r\n") else { continue };
        let count = text.matches("\r\n").count();
        let s = if count == 1 { "line ends" } else { "lines end" };
        let at = section.body.start as usize + first;
        findings.push(
            Finding::new(
                &CODE,
                format!("{count} {s} with CR LF here, and the shell takes each CR as part of a word"),
            )
            .at(section.header_span)
            .related(Span::new(section.body.file, at, at + 1), "the first carriage return")
            .help("convert the file to LF: sed -i 's/\\r$//' FILE")
            .fix(without_carriage_returns(section.body, text)),
        );
    }
}

/// Deletes the carriage returns at the ends of lines.
fn without_carriage_returns(body: Span, text: &str) -> Fix {
    let start = body.start as usize;
    let ends = text.match_indices("\r\n").map(|(at, _)| Edit {
        span: Span::new(body.file, start + at, start + at + 1),
        replacement: String::new(),
    });
    Fix {
        title: "end the lines with LF".to_owned(),
        applicability: Applicability::Safe,
        edits: ends.collect(),
    }
}
