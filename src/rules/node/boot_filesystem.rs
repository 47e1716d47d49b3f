use super::{custom, replace};
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};

declare_code! {
    /// `/boot` has a file system that the layout does not support.
    ///
    /// ## Why
    /// Kernels, initramfs and boot entries of all images are written there, in an order that survives a power cut on
    /// ext4 and xfs. `node-layout init` refuses any other.
    ///
    /// ## Example
    /// ```text
    /// part /boot --fstype=ext2 --size=1024
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part /boot --fstype=ext4 --size=1024
    /// ```
    ///
    /// ## Source
    /// oVirt's documentation on custom partitioning: xfs and ext4 only.
    static CODE = "NODE034", "boot-filesystem", Node, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((policy, view)) = custom(context) else { return };
    let allowed = &policy.boot.filesystems;
    let Some(kind) = view.volume("/boot").and_then(|boot| boot.command.value("--fstype")) else { return };
    if allowed.is_empty() || allowed.iter().any(|a| *a == kind.text) {
        return;
    }
    let message =
        format!("/boot is {}; the policy {} allows {}", kind.text, policy.name, allowed.join(" or "));
    findings.push(
        Finding::new(&CODE, message).at(kind.span).help(format!("write '--fstype={}'", allowed[0])).fix(
            replace(kind.span, format!("make it {}", allowed[0]), allowed[0].clone(), Applicability::Unsafe),
        ),
    );
}
