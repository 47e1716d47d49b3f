//! Passwords in a kickstart that is fetched without encryption.

use super::Pair;
use crate::boot::codes;
use crate::boot::location::location_of;
use crate::boot::options::Fetches;
use kickstart::Command;
use node_base::diagnostic::{Finding, Findings, Severity};
use node_base::source::Span;

/// A secret in a command.
enum Secret {
    /// In plain text.
    Plain(Span),
    /// As a hash.
    Hashed(Span),
}

pub(super) fn check(pair: &Pair<'_, '_, '_>, findings: &mut Findings) {
    let Some(word) = pair.line().last("inst.ks") else { return };
    let Some(location) = location_of(pair.line(), "inst.ks", Fetches::Kickstart) else { return };
    if !matches!(location.scheme, "http" | "ftp") {
        return;
    }
    let secrets: Vec<Secret> =
        pair.context.kickstart.commands.iter().filter(|c| c.valid).filter_map(secret).collect();
    let plain = secrets.iter().find_map(|s| match s {
        Secret::Plain(span) => Some(*span),
        Secret::Hashed(_) => None,
    });
    let hashed = secrets.iter().find_map(|s| match s {
        Secret::Hashed(span) => Some(*span),
        Secret::Plain(_) => None,
    });
    let scheme = location.scheme;
    if let Some(span) = plain {
        findings.push(
            Finding::new(
                &codes::SECRET_OVER_HTTP,
                format!("the kickstart contains a secret in plain text and is fetched over plain {scheme}"),
            )
            .at(word.span)
            .related(span, "readable by everybody in the network")
            .help("serve it over https, or hash the password (openssl passwd -6)"),
        );
    } else if let Some(span) = hashed {
        findings.push(
            Finding::new(
                &codes::SECRET_OVER_HTTP,
                format!("the kickstart contains a hashed password and is fetched over plain {scheme}"),
            )
            .severity(Severity::Info)
            .at(word.span)
            .related(span, "can be guessed by everybody in the network")
            .help("serve it over https"),
        );
    }
}

fn secret(command: &Command<'_>) -> Option<Secret> {
    let option = |name: &str| command.option_span(name);
    match command.name {
        "rootpw" | "sshpw" | "user" => {
            let password = match command.name {
                "user" => option("--password")?,
                _ => command.first()?.span,
            };
            Some(if command.has("--iscrypted") { Secret::Hashed(password) } else { Secret::Plain(password) })
        }
        "autopart" | "part" | "partition" | "raid" | "logvol" => option("--passphrase").map(Secret::Plain),
        "bootloader" => {
            let span = option("--password")?;
            Some(if command.has("--iscrypted") { Secret::Hashed(span) } else { Secret::Plain(span) })
        }
        "rhsm" => option("--activation-key").map(Secret::Plain),
        "iscsi" => option("--password").or_else(|| option("--reverse-password")).map(Secret::Plain),
        "vnc" => option("--password").map(Secret::Plain),
        "realm" => option("--one-time-password").map(Secret::Plain),
        "network" => option("--wpakey").or_else(|| option("--wepkey")).map(Secret::Plain),
        _ => None,
    }
}
