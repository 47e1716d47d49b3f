use crate::rules::{Context, Rule, mend};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};

declare_code! {
    /// A device is encrypted without a passphrase.
    ///
    /// ## Why
    /// The installer asks for one, or ends in command-line mode.
    ///
    /// ## Example
    /// ```text
    /// autopart --type=thinp --encrypted
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// autopart --type=thinp --encrypted --passphrase=…
    /// ```
    ///
    /// ## Source
    /// Anaconda, `run_passphrase_dialog` (rhel-7: `ask_for_default_passphrase`) in `pyanaconda/ui/tui/spokes/storage.py`,
    /// `RequiresPassphrase` of the partitioning modules.
    static CODE = "UNA012", "passphrase-missing", Unattended, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(installer) = context.installer() else { return };
    for command in context.kickstart.among(&["autopart", "part", "logvol", "raid"]).filter(|c| c.valid) {
        let Some(span) = command.option_span("--encrypted") else { continue };
        // Only autopart has a passphrase for all devices; otherwise each has its own.
        if command.value("--passphrase").is_none_or(|v| v.text.is_empty()) {
            findings.push(
                Finding::new(&CODE, format!("no --passphrase for the encryption: {}", installer.stops()))
                    .at(span)
                    .help(
                        "add --passphrase=…, and change it after the installation (cryptsetup luksChangeKey)",
                    )
                    .fix(mend::add_option(command, "--passphrase=…", Applicability::Placeholder)),
            );
        }
    }
}
