use super::{custom, may_exist};
use crate::rules::{Context, Rule, mend};
use kickstart::{Command, Family, Version};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Severity};

declare_code! {
    /// The partitions that the firmware boots from are missing.
    ///
    /// ## Why
    /// A UEFI machine needs an EFI system partition, a BIOS machine with a GPT disk a `biosboot` partition. RHEL 10
    /// and Fedora write a GPT, and so does every release on large disks or with `--disklabel=gpt`. Anaconda stops without
    /// these partitions; `reqpart` makes those that the machine needs.
    ///
    /// ## Example
    /// ```text
    /// part /boot --size=1024
    /// part pv.01 --size=1 --grow
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// reqpart --add-boot
    /// part pv.01 --size=1 --grow
    /// ```
    ///
    /// ## Source
    /// Anaconda, storage checker: boot-loader target, biosboot on GPT.
    static CODE = "NODE014", "firmware-partitions-missing", Node, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((_, view)) = custom(context) else { return };
    if view.reqpart.is_some() || view.partitions.is_empty() {
        return;
    }
    let is = |command: &Command<'_>, kind: &str| {
        command.first().is_some_and(|m| m.text == kind)
            || command.value("--fstype").is_some_and(|f| f.text == kind)
    };
    let has = |kind: &str| view.partitions.iter().any(|c| is(c, kind));
    let efi = view.volumes.iter().any(|v| v.mount == "/boot/efi") || has("efi");
    let bios = has("biosboot");
    if (efi && bios)
        || has("prepboot")
        || ["/boot/efi", "biosboot", "reqpart"].iter().any(|w| may_exist(context, w))
    {
        return;
    }
    let gpt = labels_gpt(context);
    let place = view.volume("/boot").map_or(view.partitions[0].span, |boot| boot.command.span);
    let finding = match (efi, bios) {
        (false, false) => {
            let on_bios = if gpt {
                "a BIOS machine needs a biosboot partition (the disk gets a GPT)"
            } else {
                "a BIOS machine with a GPT disk needs a biosboot partition"
            };
            Finding::new(
                &CODE,
                format!(
                    "no EFI system partition and no biosboot partition is made: a UEFI machine needs the \
                         first, {on_bios}"
                ),
            )
            .help("write 'reqpart' (or 'reqpart --add-boot' instead of a /boot of your own)")
            .fix(mend::lines_before(
                context.sources,
                place,
                &["reqpart".to_owned()],
                Applicability::Unsafe,
            ))
        }
        (true, false) if gpt => {
            Finding::new(&CODE, "without a biosboot partition this installs on UEFI machines only")
                .severity(Severity::Info)
                .help("for BIOS machines write 'part biosboot --size=1', or 'reqpart'")
        }
        (true, false) => return,
        (false, true) => {
            Finding::new(&CODE, "without an EFI system partition this installs on BIOS machines only")
                .severity(Severity::Info)
                .help("for UEFI machines write 'part /boot/efi --size=600', or 'reqpart'")
        }
        (true, true) => return,
    };
    findings.push(finding.at(place));
}

/// Whether an initialised disk always gets a GPT, because of the kickstart or the release.
fn labels_gpt(context: &Context<'_>) -> bool {
    let said = context.kickstart.last("clearpart").and_then(|c| c.value("--disklabel"));
    match said {
        Some(label) => label.text == "gpt",
        None => match context.kickstart.version {
            Version { family: Family::Rhel, release } => release >= 10,
            // Anaconda 37.12
            Version { family: Family::Fedora, release } => release >= 37,
        },
    }
}
