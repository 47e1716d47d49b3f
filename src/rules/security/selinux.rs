//! SELinux switched off.

use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix};

declare_code! {
    /// The installed host does not enforce SELinux.
    ///
    /// ## Why
    /// SELinux confines services to their own files and ports, and on a hypervisor it keeps the virtual machines apart from each
    /// other and from the host (sVirt). With
    /// `--disabled` files are also written without labels, and switching it on later needs a relabelling of the whole
    /// system.
    ///
    /// ## Example
    /// ```text
    /// selinux --disabled
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// selinux --enforcing
    /// ```
    static SELINUX_NOT_ENFORCING = "SEC005", "selinux-not-enforcing", Security, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&SELINUX_NOT_ENFORCING], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    // A later command overrides an earlier one.
    let Some(command) = context.kickstart.last("selinux") else { return };
    let (option, message) = if command.has("--disabled") {
        ("--disabled", "SELinux is disabled: nothing confines services and virtual machines")
    } else if command.has("--permissive") {
        ("--permissive", "SELinux is permissive: what it would prevent is only logged")
    } else {
        return;
    };
    findings.push(
        Finding::new(&SELINUX_NOT_ENFORCING, message)
            .at(command.option_span(option).unwrap_or(command.span))
            .help("write selinux --enforcing")
            .fix(Fix::replace(
                command.option_span(option).unwrap_or(command.span),
                "--enforcing",
                "write --enforcing",
                Applicability::Unsafe,
            )),
    );
}
