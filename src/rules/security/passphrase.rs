//! Passphrases of encrypted volumes.

use crate::kind::filled_in;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};

declare_code! {
    /// The passphrase of an encrypted volume is in the kickstart.
    ///
    /// ## Why
    /// Kickstart accepts no hash here, and without a passphrase the installer stops and asks, so this is only info. But
    /// everybody who can read the kickstart can unlock the disk until the passphrase is replaced.
    ///
    /// ## Example
    /// ```text
    /// autopart --type=thinp --encrypted --passphrase=correct-horse
    /// ```
    ///
    /// ## Write instead
    /// Bind the volume to Tang or a TPM in `%post` (`clevis luks bind`) and remove the passphrase
    /// (`cryptsetup luksRemoveKey`), or let `%pre` fetch it into a file that is included.
    static PLAIN_TEXT_PASSPHRASE = "SEC004", "plain-text-passphrase", Security, Info;
}

pub(super) static RULE: Rule = Rule { codes: &[&PLAIN_TEXT_PASSPHRASE], check };

const COMMANDS: [&str; 5] = ["autopart", "part", "raid", "logvol", "stratispool"];

fn check(context: &Context<'_>, findings: &mut Findings) {
    for name in COMMANDS {
        for command in context.kickstart.all(name) {
            let Some(passphrase) = command.value("--passphrase") else { continue };
            if passphrase.text.is_empty() || filled_in::is_secret(&passphrase.text) {
                continue;
            }
            let message = format!("the passphrase of this {name} is in plain text");
            findings.push(
                Finding::new(&PLAIN_TEXT_PASSPHRASE, message).at(passphrase.span).help(
                    "replace it after the installation: clevis luks bind, then cryptsetup luksRemoveKey",
                ),
            );
        }
    }
}
