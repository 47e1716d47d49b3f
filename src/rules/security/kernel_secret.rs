//! Secrets on the kernel command line of the installed host.

use super::url;
use crate::kind::filled_in;
use crate::rules::{Context, Rule};
use node_base::cmdline::{self, Word};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};
use node_base::harmless::excerpt;

declare_code! {
    /// A secret is on the kernel command line.
    ///
    /// ## Why
    /// Every user and every service of the host can read `/proc/cmdline`. The command line is also in the boot entries, in
    /// the journal of every boot and in every problem report.
    ///
    /// ## Example
    /// ```text
    /// bootloader --append="rd.iscsi.username=node rd.iscsi.password=correct-horse"
    /// ```
    ///
    /// ## Write instead
    /// For iSCSI, `rd.iscsi.firmware=1` reads the credentials from the network card; otherwise write them in `%post` to a
    /// file that only root can read.
    static SECRET_ON_KERNEL_COMMAND_LINE = "SEC010", "secret-on-kernel-command-line", Security, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&SECRET_ON_KERNEL_COMMAND_LINE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    for command in context.kickstart.all("bootloader") {
        let Some(append) = command.value("--append").filter(|append| may_have_secret(&append.text)) else {
            continue;
        };
        // The places of the words are those in the unquoted text, so the finding is at the option's value as a whole.
        for word in &cmdline::parse(&append.text, append.span.file, 0).words {
            if let Some(what) = secret(word) {
                let name = excerpt(&word.name);
                let message =
                    format!("{name}= puts {what} on the kernel command line, which everybody can read");
                findings.push(
                    Finding::new(&SECRET_ON_KERNEL_COMMAND_LINE, message)
                        .at(append.span)
                        .help("remove it from the command line; for iSCSI, rd.iscsi.firmware=1 reads it from the network card"),
                );
            }
        }
    }
}

/// Last parts of the names of options that hold a secret, split at `.`, `_` and `-`.
const SECRET_NAMES: [&str; 9] =
    ["password", "passwd", "passphrase", "pass", "pw", "adminpw", "rootpw", "secret", "token"];

/// Whether it is worth parsing the words: most command lines name nothing that could be a secret.
fn may_have_secret(words: &str) -> bool {
    // A name may contain quotes.
    const SIGNS: [&str; 7] = ["pass", "pw", "secret", "token", "://", "iscsi:", "\""];
    let words = words.as_bytes();
    let is_sign = |at: usize, sign: &str| {
        words.get(at..at + sign.len()).is_some_and(|word| word.eq_ignore_ascii_case(sign.as_bytes()))
    };
    let begins_sign =
        |b: &u8| matches!(b, b'p' | b'P' | b's' | b'S' | b't' | b'T' | b':' | b'i' | b'I' | b'"');
    let mut places = words.iter().enumerate().filter(|(_, b)| begins_sign(b));
    places.any(|(at, _)| SIGNS.iter().any(|sign| is_sign(at, sign)))
}

/// What kind of secret a word carries, if any.
fn secret(word: &Word<'_>) -> Option<&'static str> {
    let value = word.known_value()?;
    if filled_in::is_secret(value) {
        return None;
    }
    let last = word.name.rsplit(['.', '_', '-']).next().unwrap_or_default().to_ascii_lowercase();
    if SECRET_NAMES.contains(&last.as_str()) || last.ends_with("password") {
        // A hash (`adminpw=$6$…`) is not the password.
        return (!value.starts_with('$')).then_some("a password");
    }
    if url::has_password(value) {
        return Some("the password of a URL");
    }
    // netroot=iscsi:user:password@target…
    let credentials = value.strip_prefix("iscsi:").and_then(|rest| rest.split_once('@'));
    credentials.is_some_and(|(user, _)| user.contains(':')).then_some("the password of an iSCSI target")
}
