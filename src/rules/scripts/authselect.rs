use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings, nearest};

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
        let (message, help) = if first.starts_with('-') {
            let message = format!(
                "authselect begins with a command, not with '{first}': that is an option of authconfig"
            );
            (message, "write authselect select sssd, or leave the line out: shadow passwords and SHA-512 are the default".to_owned())
        } else {
            let meant = nearest(first, COMMANDS).unwrap_or("select sssd");
            (format!("authselect has no command '{first}'"), format!("write authselect {meant}"))
        };
        findings.push(Finding::new(&CODE, message).at(command.span).help(help));
    }
}
