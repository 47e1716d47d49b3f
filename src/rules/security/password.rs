//! Passwords of `rootpw`, `user`, `sshpw` and `bootloader`.

use super::crypt::{self, Reader};
use crate::kind::filled_in;
use crate::rules::{Context, Rule, mend};
use kickstart::{Arg, Command, Family, Kickstart, Version};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Edit, Finding, Findings, Fix};
use node_base::harmless::excerpt;
use node_base::source::{Span, Spanned};

declare_code! {
    /// A password is in the kickstart in plain text.
    ///
    /// ## Why
    /// The kickstart is on a web server, in a repository, and as `/root/anaconda-ks.cfg` on every host that was installed
    /// with it. The installation needs only a hash.
    ///
    /// ## Example
    /// ```text
    /// rootpw correct-horse
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// rootpw --iscrypted $6$…
    /// ```
    ///
    /// with what `openssl passwd -6` prints; for `bootloader --password`, what `grub2-mkpasswd-pbkdf2` prints.
    static PLAIN_TEXT_PASSWORD = "SEC001", "plain-text-password", Security, Warning;

    /// A password in plain text allows logins over the network.
    ///
    /// ## Why
    /// Everybody who can read the kickstart can log in: with `sshpw` to the running installer, with `rootpw --allow-ssh` to
    /// the installed host as root.
    ///
    /// ## Example
    /// ```text
    /// sshpw --username=root correct-horse
    /// rootpw --allow-ssh correct-horse
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// sshpw --username=root --sshkey ssh-ed25519 AAAA… admin@example.com
    /// rootpw --lock
    /// sshkey --username=root "ssh-ed25519 AAAA… admin@example.com"
    /// ```
    static SSH_WITH_PLAIN_TEXT_PASSWORD = "SEC002", "ssh-with-plain-text-password", Security, Warning;

    /// The value of `--iscrypted` is not a password hash that the release knows.
    ///
    /// ## Why
    /// Anaconda writes the value unchanged in the place of the hash. No password matches it: the installation succeeds and
    /// nobody can log in. Usually a shell removed the start of the hash (`$6` in double quotes), a line break its end, or
    /// the password was never hashed.
    ///
    /// ## Example
    /// ```text
    /// rootpw --iscrypted correct-horse
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// rootpw --iscrypted $6$…
    /// ```
    ///
    /// RHEL 7 knows DES, MD5, SHA-256 and SHA-512, and the first two not in FIPS mode (`fips=1`); RHEL 8 knows bcrypt, too;
    /// yescrypt, which newer systems write, RHEL 9 and later.
    ///
    /// A locked account (`!`, `*`, any word with `--lock`, a word such as `locked` or `nopassword`) is not reported.
    ///
    /// ## Source
    /// crypt(5), libxcrypt 4.4 (its `NEWS`: scrypt and yescrypt since 4.2; RHEL 8 has 4.1.1); crypt(3) of glibc 2.17,
    /// `fips_enabled_p`; Anaconda writes the value of `bootloader --iscrypted` unchanged to `/boot/grub2/user.cfg`.
    static NOT_A_PASSWORD_HASH = "SEC003", "not-a-password-hash", Security, Warning;
}

pub(super) static RULE: Rule =
    Rule { codes: &[&PLAIN_TEXT_PASSWORD, &SSH_WITH_PLAIN_TEXT_PASSWORD, &NOT_A_PASSWORD_HASH], check };

/// A command that has a password.
struct Place {
    command: &'static str,
    /// The option that has it; without one it is the first positional argument.
    option: Option<&'static str>,
    reader: Reader,
}

const PLACES: [Place; 4] = [
    Place { command: "rootpw", option: None, reader: Reader::Login },
    Place { command: "user", option: Some("--password"), reader: Reader::Login },
    Place { command: "sshpw", option: None, reader: Reader::Login },
    Place { command: "bootloader", option: Some("--password"), reader: Reader::Grub },
];

fn check(context: &Context<'_>, findings: &mut Findings) {
    for place in &PLACES {
        for command in context.kickstart.all(place.command) {
            let reader = match place.reader {
                Reader::Grub if has_old_grub(context.kickstart.version) => Reader::Login,
                reader => reader,
            };
            if let Some(finding) = one(context, &Place { reader, ..*place }, command) {
                findings.push(finding);
            }
        }
    }
}

/// Whether the release has GRUB 0.97, whose passwords are hashes as those of users.
fn has_old_grub(version: Version) -> bool {
    match version.family {
        Family::Rhel => version.release <= 6,
        Family::Fedora => version.release <= 15,
    }
}

fn one(context: &Context<'_>, place: &Place, command: &Command<'_>) -> Option<Finding> {
    let password: &Spanned<'_> = match place.option {
        Some(option) => command.value(option)?,
        None => command.first()?,
    };
    // `sshpw --sshkey` has a public key instead of a password.
    if password.text.is_empty() || filled_in::is_secret(&password.text) || command.has("--sshkey") {
        return None;
    }
    // A switch of the command with a typographic dash is taken as the password.
    if let Some(word) =
        password.text.strip_prefix(['–', '—']).map(|rest| rest.trim_start_matches(['-', '–', '—']))
        && matches!(word, "lock" | "iscrypted" | "plaintext" | "allow-ssh")
    {
        let message = format!("'{}' is taken as the password: this is a typographic dash", password.text);
        let written = format!("--{word}");
        let mut finding =
            Finding::new(&PLAIN_TEXT_PASSWORD, message).at(password.span).help(format!("write {written}"));
        finding.fix = Fix::of_value(password, &written, Applicability::Unsafe);
        return Some(finding);
    }
    let who = described(command);
    if is_hashed(command) {
        // A locked account has no password: the word is not used.
        if filled_in::is_variable(&password.text) || command.has("--lock") {
            return None;
        }
        let problem = crypt::problem(&password.text, place.reader)
            .or_else(|| refused(context.kickstart, &password.text, place.reader))?;
        return Some(
            Finding::new(
                &NOT_A_PASSWORD_HASH,
                format!("the password of {who} is {problem}: no password matches it"),
            )
            .at(password.span)
            .help(format!("write what {} prints, unbroken and in single quotes", maker(place.reader))),
        );
    }
    let is_hash = password.text.starts_with('$') || password.text.starts_with("grub.");
    if is_hash && crypt::problem(&password.text, place.reader).is_none() {
        let message = format!("without --iscrypted this hash itself is the password of {who}");
        let fix = match command.option_span("--plaintext") {
            Some(span) => Fix::replace(span, "--iscrypted", "write --iscrypted", Applicability::Unsafe),
            None => mend::add_option(command, "--iscrypted", Applicability::Unsafe),
        };
        return Some(
            Finding::new(&PLAIN_TEXT_PASSWORD, message).at(password.span).help("add --iscrypted").fix(fix),
        );
    }
    let with_ssh = command.name == "sshpw" || command.has("--allow-ssh");
    let (code, message) = if with_ssh {
        let into = if command.name == "sshpw" { "the installer" } else { "the installed host" };
        let message = format!("everybody who can read this file can log in to {into} over ssh as {who}");
        (&SSH_WITH_PLAIN_TEXT_PASSWORD, message)
    } else {
        (&PLAIN_TEXT_PASSWORD, format!("the password of {who} is in plain text"))
    };
    let help = format!("write --iscrypted and what {} prints", maker(place.reader));
    Some(Finding::new(code, message).at(password.span).help(help).fix(with_hash(command, password)))
}

/// What is wrong with a hash for the release.
fn refused(kickstart: &Kickstart<'_>, hash: &str, reader: Reader) -> Option<String> {
    let is_in_fips_mode = || {
        let arguments = kickstart.last("bootloader").and_then(|c| c.value("--append"));
        arguments.is_some_and(|v| v.text.split_whitespace().any(|word| word == "fips=1"))
    };
    let is_locked = hash.starts_with(['!', '*']);
    (reader == Reader::Login && !is_locked)
        .then(|| crypt::refused(hash, kickstart.version, is_in_fips_mode()))
        .flatten()
}

/// Whose password it is.
fn described(command: &Command<'_>) -> String {
    let named = |option| command.value(option).map(|v| excerpt(&v.text));
    match command.name {
        "rootpw" => "root".to_owned(),
        "bootloader" => "the boot loader".to_owned(),
        "user" => named("--name").unwrap_or_else(|| "the user".to_owned()),
        _ => named("--username").unwrap_or_else(|| "the user".to_owned()),
    }
}

/// A hash, which a person must make, in the place of the password.
fn with_hash(command: &Command<'_>, password: &Spanned<'_>) -> Fix {
    let mut edits = vec![Edit { span: password.span, replacement: "HASH".to_owned() }];
    match command.option_span("--plaintext") {
        Some(span) => edits.push(Edit { span, replacement: "--iscrypted".to_owned() }),
        None => {
            let at = Span { start: command.name_span.end, ..command.name_span };
            edits.push(Edit { span: at, replacement: " --iscrypted".to_owned() });
        }
    }
    Fix { title: "write a hash".to_owned(), applicability: Applicability::Placeholder, edits }
}

/// Whether the password is given as a hash: the last of `--iscrypted` and `--plaintext` counts.
fn is_hashed(command: &Command<'_>) -> bool {
    command.args.iter().rev().find_map(|arg| match arg {
        Arg::Option { name: "--iscrypted", .. } => Some(true),
        Arg::Option { name: "--plaintext", .. } => Some(false),
        _ => None,
    }) == Some(true)
}

fn maker(reader: Reader) -> &'static str {
    match reader {
        Reader::Login => "'openssl passwd -6'",
        Reader::Grub => "'grub2-mkpasswd-pbkdf2'",
    }
}
