use super::{custom, may_exist};
use crate::rules::view::On;
use crate::rules::{Context, Rule, mend};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};
use node_base::units::MiB;

declare_code! {
    /// `/boot` is not on a partition of its own.
    ///
    /// ## Why
    /// The boot loader reads kernel, initramfs and entries of *all* images from one place, which cannot be inside one of
    /// them. Anaconda refuses a `/boot` on a logical volume, and a root on a thin volume without a `/boot` ("/boot
    /// file system cannot be of type lvmthinlv").
    ///
    /// ## Example
    /// ```text
    /// logvol /boot --vgname=HostVG --name=boot --size=1024
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// reqpart --add-boot
    /// ```
    ///
    /// ## Source
    /// oVirt's documentation on custom partitioning: `/boot` is a standard partition; Anaconda, boot-loader checks.
    pub(crate) static CODE = "NODE013", "boot-not-a-partition", Node, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((policy, view)) = custom(context) else { return };
    let instead = || {
        let size = policy.boot.min.unwrap_or(MiB(1024)).0;
        format!(
            "write 'reqpart --add-boot' (with the boot partitions that the firmware needs), or 'part /boot --size={size}'"
        )
    };
    let Some(boot) = view.volume("/boot") else {
        let Some(root) =
            view.volume("/").filter(|v| !matches!(v.on, On::Partition | On::Raid | On::Existing))
        else {
            return;
        };
        let made = view.reqpart.is_some_and(|r| r.has("--add-boot"));
        if made || may_exist(context, "/boot") || may_exist(context, "--add-boot") {
            return;
        }
        let message = format!("there is no /boot beside a root on {}", root.on.described());
        let mut finding = Finding::new(&CODE, message).at(root.command.span).help(instead());
        if let Some(reqpart) = view.reqpart {
            finding = finding
                .related(reqpart.span, "without '--add-boot' it makes none")
                .help("write 'reqpart --add-boot'")
                .fix(mend::add_option(reqpart, "--add-boot", Applicability::Unsafe));
        }
        findings.push(finding);
        return;
    };
    let encrypted = boot.command.has("--encrypted");
    let wrong = match boot.on {
        On::Thick | On::Thin(..) | On::Btrfs => Some(boot.on.described()),
        On::Partition | On::Raid if encrypted => Some("encrypted"),
        On::Partition | On::Raid | On::Existing => None,
    };
    if let Some(wrong) = wrong {
        let span = if wrong == "encrypted" { boot.command.option_span("--encrypted") } else { None };
        let mut finding =
            Finding::new(&CODE, format!("/boot is {wrong}; the boot loader reads it from a plain partition"))
                .at(span.unwrap_or(boot.command.span))
                .help(if wrong == "encrypted" {
                    "leave out '--encrypted'; encrypt the physical volume instead".to_owned()
                } else {
                    instead()
                });
        if let Some(span) = span {
            finding = finding.fix(mend::delete_option(context.sources, span, Applicability::Unsafe));
        }
        findings.push(finding);
    }
}
