use crate::kind::filled_in;
use crate::rules::{Context, Rule};
use kickstart::{Family, SectionKind};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix, nearest};

declare_code! {
    /// The interpreter of a script does not exist, or is misspelt.
    ///
    /// ## Why
    /// RHEL has had no `/usr/bin/python` since RHEL 8, neither in the installer nor in a minimal system. A script whose interpreter
    /// is missing does not run; with `--erroronfail` the installation ends there.
    ///
    /// ## Example
    /// ```text
    /// %post --interpreter=/usr/bin/python
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %post --interpreter=/usr/libexec/platform-python
    /// ```
    ///
    /// ## Source
    /// Anaconda, `AnacondaKSScript.run`; the packages `python3` and `platform-python` of RHEL 8, 9 and 10.
    static CODE = "UNA036", "interpreter-missing", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

/// Interpreters that the installer and a minimal system have.
const KNOWN: [&str; 10] = [
    "/bin/sh",
    "/bin/bash",
    "/usr/bin/sh",
    "/usr/bin/bash",
    "/usr/bin/python3",
    "/bin/python3",
    "/usr/libexec/platform-python",
    "/usr/bin/perl",
    "/usr/bin/env",
    "/usr/bin/awk",
];

fn check(context: &Context<'_>, findings: &mut Findings) {
    let version = context.kickstart.version;
    let kinds = [
        SectionKind::Pre,
        SectionKind::PreInstall,
        SectionKind::Post,
        SectionKind::OnError,
        SectionKind::Traceback,
    ];
    for section in kinds.into_iter().flat_map(|kind| context.kickstart.sections_of(kind)) {
        let Some(value) = section.value("--interpreter") else { continue };
        let path = value.text.trim();
        if path.is_empty() || filled_in::is_name(path) || KNOWN.contains(&path) {
            continue;
        }
        let python2 = version.family == Family::Rhel
            && version.release >= 8
            && matches!(
                path,
                "/usr/bin/python" | "/bin/python" | "/usr/bin/python2" | "/bin/python2" | "python"
            );
        let (message, help) = match nearest(path, KNOWN) {
            _ if python2 => (
                format!("{version} has no {path}"),
                "write /usr/libexec/platform-python, or /usr/bin/python3 where that package is installed"
                    .to_owned(),
            ),
            // python3.9, perl5: another program, not a misspelt one.
            Some(meant)
                if path.len().abs_diff(meant.len()) < 2 && !path.ends_with(|c: char| c.is_ascii_digit()) =>
            {
                (format!("no interpreter is at {path}"), format!("write {meant}"))
            }
            _ => continue,
        };
        let mut finding = Finding::new(&CODE, message).at(value.span).help(&help);
        if let Some(path) = help.strip_prefix("write ").filter(|_| !python2) {
            finding.fix = Fix::of_value(value, path, Applicability::Unsafe);
        }
        findings.push(finding);
    }
}
