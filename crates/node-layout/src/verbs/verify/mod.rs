//! `verify`: every property that `init` has made and a later upgrade relies on is checked again.

mod boot; // entries, default, kept files and arguments
mod firmware; // the firmware's boot entries
mod images; // states of images, and what a trial has left
mod repair; // mending what is ours
mod volumes; // base, layer, images, pool, fstab

use crate::checks::{boot_texts, devices, foreign_tags, sorted, volumes as policy_volumes};
use crate::images::{InitStage, NodeState, node_state};
use crate::machine::Tools;
use crate::system::{System, UNIT, UNIT_DIR};
use node_base::diagnostic::{Finding, Findings, layout};
use node_base::policy::Policy;

pub(super) use repair::keep_kernel;
pub use repair::repair;

/// How deep the checks go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// LVM's metadata, files and variables. Nothing is changed, and it takes no time.
    #[default]
    Properties,
    /// Also the content of every base: each is activated, read-only, and read.
    Content,
}

/// Checks everything. Without errors among the findings the layout is in order.
pub fn verify(system: &System, policy: &Policy, tools: &dyn Tools, depth: Depth) -> Vec<Finding> {
    let mut findings = Findings::new();
    let lvm = match &system.lvm {
        Ok(lvm) => lvm,
        Err(error) => {
            findings.push(
                Finding::new(&layout::LVM_UNREADABLE, format!("LVM cannot be read: {error}"))
                    .help("run as root, while no other program holds LVM's lock"),
            );
            return sorted(findings);
        }
    };
    let Some(s) = node_state(system, lvm, &mut findings) else { return sorted(findings) };
    if s.stage == InitStage::Complete {
        volumes::base(&s, &mut findings);
        volumes::layer(system, &s, &mut findings);
        volumes::images(&s, lvm, &mut findings);
        if depth == Depth::Content {
            volumes::contents(system, &s, lvm, tools, &mut findings);
        }
        volumes::pool(system, &s, policy, &mut findings);
        volumes::fstab(system, &s, policy, lvm, &mut findings);
        boot::entries(&s, lvm, &mut findings);
        boot::kept_files(&s, &mut findings);
        boot_texts::default_entry(&s, lvm, &mut findings);
        images::images(system, tools, &mut findings);
        boot_texts::kept_arguments(&s, lvm, &mut findings);
        if let Some(variables) = &system.efi {
            firmware::firmware(system, variables, tools, &mut findings);
        }
        devices(system, &s, tools, &mut findings);
        findings.extend(pending(system, &s));
    } else {
        findings.push(incomplete(&s));
    }
    foreign_tags(&s, lvm, &mut findings);
    policy_volumes(system, policy, tools, &mut findings);
    sorted(findings)
}

/// A layout that `init` has not begun or not completed.
fn incomplete(s: &NodeState<'_>) -> Finding {
    let root = s.root.full_name();
    if s.stage == InitStage::Renamed {
        let message = format!("init was interrupted after {root} became the layer");
        return Finding::new(&layout::UNFINISHED, message)
            .help("run node-layout init; it completes what is left");
    }
    let finding = if s.leftovers.is_empty() {
        Finding::new(&layout::NOT_INITIALISED, format!("/ is on {root}: there is no layer yet"))
    } else {
        let names: Vec<_> = s.leftovers.iter().map(|v| v.full_name()).collect();
        let message = format!("an interrupted init has left {}; / is still on {root}", names.join(", "));
        Finding::new(&layout::UNFINISHED, message)
    };
    finding.help("run node-layout init")
}

/// What the first boot of the layer has still to do.
fn pending(system: &System, s: &NodeState<'_>) -> Option<Finding> {
    let layer = s.target.layer.to_string();
    let message = if s.is_pending() {
        format!("pending: {layer} boots the system's own kernel and initramfs until its first boot")
    } else if system.path(UNIT_DIR).join(UNIT).exists() {
        format!("pending: {UNIT} is not complete")
    } else {
        return None;
    };
    let help = if system.running && system.cmdline.value("img.bootid") == Some(&layer) {
        format!("wait for it; if it has failed (systemctl status {UNIT}), run node-layout init")
    } else {
        "reboot; at the first boot node-layout init keeps kernel and initramfs for the image".to_owned()
    };
    Some(Finding::new(&layout::PENDING, message).help(help))
}
