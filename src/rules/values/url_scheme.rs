use crate::kind::filled_in;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix, Severity, nearest};
use node_base::source::Spanned;

declare_code! {
    /// The installer cannot fetch from this URL.
    ///
    /// ## Why
    /// Repositories and images are fetched over `http`, `https`, `ftp`, or read from `file`; additional repositories also over
    /// `nfs` and `hd`. Without a scheme there is nothing to fetch with.
    ///
    /// ## Example
    /// ```text
    /// url --url=htps://mirror.example.com/el9/BaseOS/x86_64/os
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// url --url=https://mirror.example.com/el9/BaseOS/x86_64/os
    /// ```
    ///
    /// ## Source
    /// Anaconda, `modules/payloads/source/factory.py` and `payload/dnf`; librepo.
    static CODE = "UNA035", "unknown-url-scheme", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

/// Schemes that the installer or its package manager reads.
const SCHEMES: [&str; 7] = ["http", "https", "ftp", "file", "nfs", "hd", "media"];

fn check(context: &Context<'_>, findings: &mut Findings) {
    for (name, options) in [
        ("url", ["--url", "--mirrorlist", "--metalink"].as_slice()),
        ("repo", &["--baseurl", "--mirrorlist", "--metalink"]),
        ("liveimg", &["--url"]),
    ] {
        for command in context.kickstart.all(name) {
            for value in options.iter().filter_map(|option| command.value(option)) {
                one(value, findings);
            }
        }
    }
}

fn one(value: &Spanned<'_>, findings: &mut Findings) {
    let url = value.text.trim();
    // Nearly always.
    if url.starts_with("https://") || url.starts_with("http://") {
        return;
    }
    let scheme =
        url.split_once(':').filter(|(scheme, _)| SCHEMES.iter().any(|s| s.eq_ignore_ascii_case(scheme)));
    let is_right =
        scheme.is_some_and(|(scheme, rest)| rest.starts_with("//") || matches!(scheme, "nfs" | "hd"));
    if is_right || url.is_empty() || filled_in::is_url(url) {
        return;
    }
    let (message, help, severity) = match url.split_once(':') {
        Some((known, _)) if scheme.is_some() => {
            (format!("'{known}:' needs two slashes"), format!("write {known}://…"), Severity::Warning)
        }
        Some((scheme, rest)) if rest.starts_with("//") => {
            let meant = nearest(scheme, SCHEMES);
            let help = match meant {
                Some(meant) => format!("write {meant}://…"),
                None => "write https://…".to_owned(),
            };
            let severity = if meant.is_some() { Severity::Warning } else { Severity::Info };
            (format!("the installer does not fetch over '{scheme}'"), help, severity)
        }
        _ if url.starts_with('/') => {
            ("this is a path, not a URL".to_owned(), format!("write file://{url}"), Severity::Warning)
        }
        _ => ("this URL has no scheme".to_owned(), format!("write https://{url}"), Severity::Warning),
    };
    let mut finding = Finding::new(&CODE, message).severity(severity).at(value.span).help(&help);
    if let Some(new) = help.strip_prefix("write ").filter(|new| !new.contains('…')) {
        finding.fix = Fix::of_value(value, new, Applicability::Unsafe);
    }
    findings.push(finding);
}
