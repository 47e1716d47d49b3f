use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};
use node_base::source::split_lines;

declare_code! {
    /// The file has no command and no section.
    ///
    /// ## Why
    /// Kickstart allows an empty file, but the installer then asks for everything. Usually a template produced nothing or
    /// a download was cut off.
    ///
    /// ## Source
    /// pykickstart 3.78 accepts an empty document; its validator refuses an empty file.
    static EMPTY = "STY001", "empty-kickstart", Style, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&EMPTY], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let text = context.sources.get(context.kickstart.file).text();
    let is_content = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    if !split_lines(text).any(is_content) {
        let what = if text.trim().is_empty() { "the file is empty" } else { "the file has only comments" };
        let help =
            "the installer would ask for everything: check the program that should have written the file";
        findings.push(Finding::new(&EMPTY, format!("{what}: no command and no section")).help(help));
    }
}
