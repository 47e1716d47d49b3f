//! Repositories that packages are installed from.

use super::url;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix};

declare_code! {
    /// Packages come from a repository that is not verified.
    ///
    /// ## Why
    /// By default the installer does not check the signatures of packages. Over plain `http` or `ftp`, or with
    /// `--noverifyssl`, an attacker on the network decides what is installed. A repository has no checksum; use `https`, or
    /// a metalink or mirror list over `https`.
    ///
    /// ## Example
    /// ```text
    /// url --url=http://mirror.example.com/centos/9-stream/BaseOS/x86_64/os/
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// url --url=https://mirror.example.com/centos/9-stream/BaseOS/x86_64/os/
    /// ```
    static REPOSITORY_UNVERIFIED = "SEC007", "repository-unverified", Security, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&REPOSITORY_UNVERIFIED], check };

/// Commands that name a repository, and their options that say where it is.
const PLACES: [(&str, &[&str]); 2] = [
    ("url", &["--url", "--mirrorlist", "--metalink"]),
    ("repo", &["--baseurl", "--mirrorlist", "--metalink"]),
];

fn check(context: &Context<'_>, findings: &mut Findings) {
    for (name, options) in PLACES {
        for command in context.kickstart.all(name) {
            for option in options {
                let Some(address) = command.value(option) else { continue };
                let finding = |message: String| Finding::new(&REPOSITORY_UNVERIFIED, message);
                if url::is_unauthenticated(&address.text) {
                    let scheme = url::scheme(&address.text);
                    let mut finding =
                        finding(format!("packages come over plain {scheme} and are not verified"))
                            .at(address.span)
                            .help("use https");
                    if let Some(rest) = address.text.strip_prefix("http://") {
                        let with_tls = format!("https://{rest}");
                        finding.fix = Fix::of_value(address, &with_tls, Applicability::Unsafe);
                    }
                    findings.push(finding);
                } else if url::is_https(&address.text) && command.has("--noverifyssl") {
                    findings.push(
                        finding("the repository's server is not verified (--noverifyssl)".to_owned())
                            .at(command.option_span("--noverifyssl").unwrap_or(address.span))
                            .help("put the authority's certificate into %certificate, or name it with --sslcacert"),
                    );
                }
            }
        }
    }
}
