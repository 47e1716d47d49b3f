use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix, nearest};
use node_base::source::Span;

declare_code! {
    /// `authselect` is given options of `authconfig`.
    ///
    /// ## Why
    /// The installer passes the words after `authselect` to the program, which begins with a command: `select PROFILE`, with
    /// features after it. The options of authconfig (`--enableshadow`, `--useshadow`, `--passalgo`) are unknown to it: it fails, and
    /// the system keeps the profile that it had. SHA-512 and shadow passwords need no option: they are the default.
    ///
    /// ## Example
    /// ```text
    /// authselect --enableshadow --passalgo=sha512
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// authselect select sssd with-mkhomedir
    /// ```
    ///
    /// ## Source
    /// authselect(8); Anaconda, `modules/security/installation.py` (`ConfigureAuthselectTask`).
    static CODE = "UNA042", "authselect-without-command", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

/// The commands of authselect(8).
const COMMANDS: [&str; 17] = [
    "select",
    "apply-changes",
    "list",
    "list-features",
    "show",
    "requirements",
    "current",
    "check",
    "test",
    "enable-feature",
    "disable-feature",
    "create-profile",
    "backup-list",
    "backup-remove",
    "backup-restore",
    "uninstall",
    "opt-out",
];

/// What authconfig did with shadow passwords.
const DEFAULT: &str = "authselect select sssd";

fn check(context: &Context<'_>, findings: &mut Findings) {
    for command in context.kickstart.all("authselect") {
        let mut words = context.sources.text_of(command.span).split_whitespace().skip(1);
        let Some(first) = words.find(|word| !matches!(*word, "--debug" | "--trace" | "--warn" | "--help"))
        else {
            continue;
        };
        if COMMANDS.contains(&first) || first.contains(['$', '{', '<', '"', '\'']) {
            continue;
        }
        let at = |word: &str| {
            let start = word.as_ptr() as usize - context.sources.text_of(command.span).as_ptr() as usize;
            let start = command.span.start as usize + start;
            Span::new(command.span.file, start, start + word.len())
        };
        let (message, help, fix) = if first.starts_with('-') {
            let message = format!(
                "authselect begins with a command, not with '{first}': that is an option of authconfig"
            );
            let fix = Fix::replace(command.span, DEFAULT, format!("write {DEFAULT}"), Applicability::Unsafe);
            (message, "write authselect select sssd, or leave the line out: shadow passwords and SHA-512 are the default".to_owned(), fix)
        } else {
            let meant = nearest(first, COMMANDS).unwrap_or("select sssd");
            let fix = Fix::replace(at(first), meant, format!("write {meant}"), Applicability::Unsafe);
            (format!("authselect has no command '{first}'"), format!("write authselect {meant}"), fix)
        };
        findings.push(Finding::new(&CODE, message).at(command.span).help(help).fix(fix));
    }
}
