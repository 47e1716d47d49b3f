use super::SCRIPTS;
use crate::kind::filled_in;
use crate::rules::shell::{place, place_of_word};
use crate::rules::{Context, Rule, security};
use kickstart::Section;
use kickstart::shell::{Next, ShellWord, Statement};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};
use node_base::source::Span;

declare_code! {
    /// A password or a key is written in a script.
    ///
    /// ## Why
    /// Whoever can fetch the kickstart can read it: over PXE that is everybody on the network. The installer also copies the
    /// kickstart to the installed system, and logs of a script may show its commands.
    ///
    /// ## Example
    /// ```text
    /// echo 'root:correct-horse' | chpasswd
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// echo 'root:$6$…' | chpasswd -e
    /// ```
    /// Better, the command `rootpw --iscrypted` or `user --iscrypted`. For other services: a token that is valid once, or a file that is
    /// brought to the host after the installation.
    ///
    /// ## Source
    /// chpasswd(8), passwd(1), curl(1), wget(1), useradd(8), subscription-manager(8).
    static CODE = "SEC011", "secret-in-script", Security, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

/// What a script must contain to be worth reading.
const SIGNS: [&str; 12] = [
    "passwd",
    "password",
    "curl",
    "wget",
    "useradd",
    "usermod",
    "sshpass",
    "://",
    "PRIVATE KEY",
    "AKIA",
    "token",
    "--secret",
];

fn check(context: &Context<'_>, findings: &mut Findings) {
    for section in context.shell_sections(SCRIPTS) {
        let text = context.sources.text_of(section.body);
        if !SIGNS.iter().any(|sign| text.contains(sign)) {
            continue;
        }
        let mut found: Vec<(Span, &str)> = Vec::new();
        let script = context.script(section);
        for (commands, i) in script.all() {
            if let Some((word, what)) = secret(&commands[i], commands.get(i + 1)) {
                found.push((place_of_word(section, word), what));
            }
        }
        found.extend(keys(section, text));
        for (span, what) in found {
            let help = "remove it from the script, and change it where it was used; rootpw and user take a hash with --iscrypted";
            findings.push(
                Finding::new(
                    &CODE,
                    format!("{what} is written here: everybody who can fetch the kickstart can read it"),
                )
                .at(span)
                .help(help),
            );
        }
    }
}

/// Whether a word is a secret itself, not a variable or a mark that becomes one.
fn is_literal(text: &str) -> bool {
    !text.is_empty() && !text.contains(['$', '`']) && !filled_in::is_secret(text)
}

/// The word of a command that has a secret, and what it is.
fn secret<'s>(statement: &'s Statement, next: Option<&Statement>) -> Option<(&'s ShellWord, &'static str)> {
    let words = &statement.words[1..];
    let piped_to = next.filter(|_| statement.next == Next::Pipe);
    let has = |statement: &Statement, flags: &[&str]| statement.arguments().any(|word| flags.contains(&word));
    match statement.program() {
        "echo" | "printf" => {
            let to = piped_to?;
            match to.program() {
                "chpasswd" if !has(to, &["-e", "--encrypted"]) => {
                    let pair = |word: &&ShellWord| {
                        word.text.split_once(':').is_some_and(|(user, password)| {
                            !user.is_empty() && is_literal(password.trim_end_matches("\\n"))
                        })
                    };
                    words.iter().find(pair).map(|word| (word, "a password"))
                }
                "passwd" if has(to, &["--stdin"]) => words
                    .iter()
                    .rfind(|word| !word.text.starts_with('-') && is_literal(&word.text))
                    .map(|word| (word, "a password")),
                _ => None,
            }
        }
        "chpasswd" if !has(statement, &["-e", "--encrypted"]) => statement
            .input
            .as_ref()
            .filter(|input| {
                input.text.lines().any(|line| {
                    line.split_once(':')
                        .is_some_and(|(user, password)| !user.is_empty() && is_literal(password.trim()))
                })
            })
            .map(|input| (input, "a password")),
        "passwd" if has(statement, &["--stdin"]) => statement
            .input
            .as_ref()
            .filter(|input| is_literal(input.text.trim()))
            .map(|input| (input, "a password")),
        "curl" => after(words, &["-u", "--user", "--proxy-user"])
            .filter(|word| {
                let value = word.text.split_once('=').map_or(word.text.as_str(), |(_, value)| value);
                value.split_once(':').is_some_and(|(_, password)| is_literal(password))
            })
            .map(|word| (word, "a password"))
            .or_else(|| in_address(words)),
        "wget" => after(words, &["--password", "--http-password", "--ftp-password"])
            .filter(|word| is_literal(word.text.rsplit('=').next().unwrap_or_default()))
            .map(|word| (word, "a password"))
            .or_else(|| in_address(words)),
        "useradd" | "usermod" => after(words, &["-p", "--password"])
            .filter(|word| {
                let value = word.text.strip_prefix("--password=").unwrap_or(&word.text);
                is_literal(value) && !value.starts_with(['!', '*'])
            })
            .map(|word| (word, "a password")),
        "sshpass" => {
            after(words, &["-p"]).filter(|word| is_literal(&word.text)).map(|word| (word, "a password"))
        }
        "subscription-manager" | "rhnreg_ks" | "realm" => after(words, &["--password", "--token"])
            .filter(|word| is_literal(word.text.rsplit('=').next().unwrap_or_default()))
            .map(|word| (word, "a password")),
        "git" | "dnf" | "yum" | "rsync" | "mount" => in_address(words),
        _ => None,
    }
}

/// An address with a password in it.
fn in_address(words: &[ShellWord]) -> Option<(&ShellWord, &'static str)> {
    words
        .iter()
        .find(|word| !word.text.contains('$') && security::has_password(&word.text))
        .map(|word| (word, "a password"))
}

/// The value of an option: the next word, or what follows its `=`.
fn after<'s>(words: &'s [ShellWord], options: &[&str]) -> Option<&'s ShellWord> {
    words.iter().enumerate().find_map(|(i, word)| {
        if options.contains(&word.text.as_str()) {
            return words.get(i + 1);
        }
        let (name, _) = word.text.split_once('=')?;
        (name.starts_with("--") && options.contains(&name)).then_some(word)
    })
}

/// Private keys, and keys of Amazon's services, anywhere in a script.
fn keys(section: &Section<'_>, text: &str) -> Vec<(Span, &'static str)> {
    let mut found = Vec::new();
    for (at, begin) in text.match_indices("-----BEGIN ") {
        let line = text[at..].lines().next().unwrap_or(begin);
        if line.contains("PRIVATE KEY-----") {
            found.push((place(section, at, at + line.trim_end().len()), "a private key"));
        }
    }
    // An access key: AKIA and 16 letters and digits.
    for (at, _) in text.match_indices("AKIA") {
        let length = text[at..].bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).count();
        let is_begin = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        if length == 20 && is_begin {
            found.push((place(section, at, at + length), "an access key"));
        }
    }
    found
}
