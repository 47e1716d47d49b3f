//! What `init` is going to write is checked before the first write, by the same code as `verify`: what that would call an error
//! is refused.

use super::planner::Choices;
use crate::boot::BootConfig;
use crate::checks::{boot_texts, fstab};
use crate::disks::{LogicalVolume, Lvm};
use crate::files::{Change, Files, Method, invalid_line};
use crate::images::{InitStage, NodeState};
use crate::plan::Plan;
use crate::system::{System, read_fstab};
use node_base::diagnostic::{Finding, Findings, Severity, layout};
use std::collections::BTreeSet;

/// What is wrong with the texts of a plan. Empty if nothing is.
pub(super) fn wrong(system: &System, s: &NodeState<'_>, choices: &Choices<'_>, plan: &Plan) -> Vec<Finding> {
    let mut findings = Findings::new();
    let all = plan.changes_before("");
    not_text(system, &all, &mut findings);
    if s.stage != InitStage::Complete {
        unclosed_quotes(s, &mut findings);
        if findings.is_empty() {
            let renamed = renamed(s);
            if let Ok(lvm) = &system.lvm {
                let after = after_rename(lvm, &renamed);
                if s.stage == InitStage::NotStarted {
                    let files = Files::after(plan.changes_before("rename"));
                    for lvm in [lvm, &after] {
                        read(system, s, choices, &files, &mut findings, |s, findings| {
                            entries(s, lvm, findings);
                            boot_texts::default_entry(s, lvm, findings);
                        });
                    }
                }
                let files = Files::after(all);
                read(
                    system,
                    &NodeState { root: &renamed, ..s.clone() },
                    choices,
                    &files,
                    &mut findings,
                    |s, findings| {
                        entries(s, &after, findings);
                        boot_texts::layer_entry(s, findings);
                        boot_texts::default_entry(s, &after, findings);
                        boot_texts::kept_arguments(s, &after, findings);
                    },
                );
                match fstab::readable(&read_fstab(&system.sysroot, &files)) {
                    Ok(fstab) => findings.extend(fstab::mounts_root(&fstab, &s.target, &renamed)),
                    Err(finding) => findings.push(*finding),
                }
            }
        }
    }
    // Both stages can say the same.
    let mut said = BTreeSet::new();
    findings.retain(|f| f.severity == Severity::Error && said.insert(f.message.clone()));
    crate::checks::sorted(findings)
}

/// Files that would be rewritten and have bytes that are not text.
fn not_text(system: &System, changes: &[&Change], findings: &mut Findings) {
    for change in changes.iter().filter(|c| !matches!(c.method, Method::Link | Method::Variable)) {
        let Some(line) = change.before.as_deref().and_then(invalid_line) else { continue };
        let path = change.path.strip_prefix(&system.sysroot).unwrap_or(&change.path).display();
        let message = format!("/{path} is not UTF-8 in line {line}, and init must change this file");
        findings.push(
            Finding::new(&layout::BOOT_CONFIG, message)
                .help("write that line in UTF-8 (iconv), or without the characters that are not ASCII"),
        );
    }
}

/// Kernel arguments to which nothing can be appended.
fn unclosed_quotes(s: &NodeState<'_>, findings: &mut Findings) {
    for entry in &s.boot.entries {
        let arguments = s.boot.arguments(entry);
        if let Some(word) = arguments.unclosed().filter(|_| s.target.boots(&arguments)) {
            let file = s.boot.entry_path(&entry.id);
            let message =
                format!("the options in {} have a quote that is not closed: {word}", file.display());
            findings.push(
                Finding::new(&layout::BOOT_ENTRY, message)
                    .help("close it: the kernel takes everything after it as a part of that argument"),
            );
        }
    }
    for kept in s.boot.kept_arguments().iter().filter(|kept| kept.is_unclosed()) {
        let message = format!("{} has a quote that is not closed on its line", kept.place);
        findings.push(Finding::new(&layout::BOOT_KEPT, message).help("close it on the same line"));
    }
}

/// Checks the boot configuration that `files` make.
fn read(
    system: &System,
    s: &NodeState<'_>,
    choices: &Choices<'_>,
    files: &Files,
    findings: &mut Findings,
    check: impl Fn(&NodeState<'_>, &mut Findings),
) {
    let environment = system.running.then_some(choices.environment.as_path());
    match BootConfig::read(&system.sysroot, environment, files) {
        Ok(boot) => check(&NodeState { boot: &boot, stage: InitStage::Complete, ..s.clone() }, findings),
        Err(error) => {
            let message = format!("the boot configuration could not be used afterwards: {error}");
            findings.push(
                Finding::new(&layout::BOOT_CONFIG, message).help("nothing was changed; correct the file"),
            );
        }
    }
}

/// The entries that boot this root name existing volumes.
fn entries(s: &NodeState<'_>, lvm: &Lvm, findings: &mut Findings) {
    for entry in s.boot.entries.iter().filter(|e| s.target.boots(&s.boot.arguments(e))) {
        boot_texts::volumes_of_entry(s, entry, lvm, findings);
    }
}

/// Root's volume under the layer's name.
fn renamed(s: &NodeState<'_>) -> LogicalVolume {
    LogicalVolume { name: s.target.layer.to_string(), ..s.root.clone() }
}

/// LVM's volumes after the rename.
fn after_rename(lvm: &Lvm, root: &LogicalVolume) -> Lvm {
    let mut after = lvm.clone();
    for volume in after.volumes.iter_mut().filter(|v| v.uuid == root.uuid) {
        volume.name.clone_from(&root.name);
    }
    after
}
