use super::SCRIPTS;
use crate::rules::shell::{place_of, place_of_word};
use crate::rules::{Context, Rule};
use kickstart::shell::{Next, ShellWord, Statement};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};

declare_code! {
    /// A script runs what it downloads, without looking at it.
    ///
    /// ## Why
    /// Whoever can answer for the server, or changes the file there, runs commands as root on every host that is installed. When the
    /// connection breaks, the shell has run the half of the script that had arrived.
    ///
    /// ## Example
    /// ```text
    /// curl -s https://get.example.org/agent.sh | bash
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// curl -fsSo /root/agent.sh https://get.example.org/agent.sh
    /// echo '9f86d081884c7d65…  /root/agent.sh' | sha256sum --check && bash /root/agent.sh
    /// ```
    static PIPED = "SEC012", "download-is-run", Security, Warning;
}

declare_code! {
    /// A script downloads or installs with the proof turned off.
    ///
    /// ## Why
    /// Without the check of the certificate or of the signature, whoever is on the way decides what the host gets.
    ///
    /// ## Example
    /// ```text
    /// curl -k https://images.example.org/agent.rpm -o agent.rpm
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// curl --cacert /etc/pki/site-ca.pem https://images.example.org/agent.rpm -o agent.rpm
    /// ```
    ///
    /// ## Source
    /// curl(1), wget(1), dnf(8), rpm(8).
    static UNPROVED = "SEC013", "proof-turned-off", Security, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&PIPED, &UNPROVED], check };

/// What a script must contain to be worth reading.
const SIGNS: [&str; 7] =
    ["curl", "wget", "--nogpgcheck", "--no-gpg-checks", "--nosignature", "--nodigest", "--trusted-host"];

/// Programs that run their input.
const INTERPRETERS: [&str; 9] = ["sh", "bash", "dash", "ksh", "zsh", "python", "python3", "perl", "ruby"];

fn check(context: &Context<'_>, findings: &mut Findings) {
    for section in context.shell_sections(SCRIPTS) {
        let text = context.sources.text_of(section.body);
        if !SIGNS.iter().any(|sign| text.contains(sign)) {
            continue;
        }
        let script = context.script(section);
        for (commands, i) in script.all() {
            let statement = &commands[i];
            if runs_download(commands, i) {
                findings.push(
                    Finding::new(&PIPED, "this runs what it downloads as root, whatever that is")
                        .at(place_of(section, statement))
                        .help("download to a file, compare its checksum (sha256sum --check), then run it"),
                );
            }
            if let Some((word, what, help)) = turned_off(statement) {
                findings.push(
                    Finding::new(&UNPROVED, format!("'{}' turns off the check of {what}", word.text))
                        .at(place_of_word(section, word))
                        .help(help),
                );
            }
        }
    }
}

/// `curl … | bash`, `bash <(curl …)`, `sh -c "$(curl …)"`.
fn runs_download(statements: &[Statement], i: usize) -> bool {
    let statement = &statements[i];
    let downloads = |program: &str| matches!(program, "curl" | "wget");
    if INTERPRETERS.contains(&statement.program()) || matches!(statement.program(), "eval" | "source" | ".") {
        let substituted = ["$(curl ", "$(wget ", "`curl ", "`wget ", "(curl ", "(wget "];
        return statement.arguments().any(|word| substituted.iter().any(|begin| word.starts_with(begin)));
    }
    if !downloads(statement.program()) {
        return false;
    }
    // `curl … | gunzip | bash`
    let mut at = i;
    while statements[at].next == Next::Pipe {
        at += 1;
        let Some(next) = statements.get(at) else { return false };
        if INTERPRETERS.contains(&next.program()) {
            // `| python -m json.tool`, `| perl -ne …` read the input as data.
            let is_data = next.arguments().any(|word| {
                word.starts_with("-m")
                    || (matches!(next.program(), "perl" | "ruby") && word.starts_with('-'))
                    || word.starts_with("-c")
            });
            return !is_data;
        }
    }
    false
}

/// The word that turns a check off, what is not checked, and what to do.
fn turned_off(statement: &Statement) -> Option<(&ShellWord, &'static str, &'static str)> {
    const CERTIFICATE: &str = "the server's certificate";
    const SIGNATURE: &str = "the packages' signatures";
    const IMPORT: &str = "import the key of the repository (rpm --import), and leave the option out";
    let words = &statement.words[1..];
    let find = |is: &dyn Fn(&str) -> bool| words.iter().find(|word| is(&word.text));
    match statement.program() {
        "curl" => find(&|word| {
            let is_bundle = word.starts_with('-') && !word.starts_with("--");
            // Letters after one that takes a value are that value.
            let flags = word.chars().skip(1).take_while(|c| !"oHdXFuTAbceEKmrtwxyYzCDPQU".contains(*c));
            word == "--insecure" || (is_bundle && flags.into_iter().any(|c| c == 'k'))
        })
        .map(|word| (word, CERTIFICATE, "give curl the authority's certificate with --cacert")),
        "wget" => find(&|word| word == "--no-check-certificate")
            .map(|word| (word, CERTIFICATE, "give wget the authority's certificate with --ca-certificate=")),
        "dnf" | "yum" | "microdnf" | "zypper" => {
            find(&|word| matches!(word, "--nogpgcheck" | "--no-gpg-checks"))
                .map(|word| (word, SIGNATURE, IMPORT))
        }
        "rpm" => {
            find(&|word| matches!(word, "--nosignature" | "--nodigest")).map(|word| (word, SIGNATURE, IMPORT))
        }
        "pip" | "pip3" => find(&|word| word.starts_with("--trusted-host"))
            .map(|word| (word, CERTIFICATE, "give pip the authority's certificate with --cert")),
        _ => None,
    }
}
