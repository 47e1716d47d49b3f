//! The states of images, what a trial has left, and entries that other programs have changed. Each is told apart once, for the
//! finding and for its repair.

use crate::boot::{TRIAL_ARGUMENT, TrialStage};
use crate::files::Change;
use crate::images::trial::{image_of_entry, layer_of_id};
use crate::images::{ImageState, kept};
use crate::machine::Tools;
use crate::system::System;
use crate::verbs::node::Node;
use crate::verbs::trial::{cannot_try, devices};
use node_base::boot_entry::BootEntry;
use node_base::diagnostic::{Finding, Findings, Severity, layout};
use node_base::names::{Layer, compare_versions};

const REPAIR: &str = "run node-layout verify --repair";

/// Checks the states of images and the entries of all layers.
pub(super) fn images(system: &System, tools: &dyn Tools, findings: &mut Findings) {
    // What keeps a system from being a node is reported elsewhere.
    let Ok(node) = Node::of(system) else { return };
    for image in &node.images {
        let nvr = &image.nvr;
        let finding = match image.state {
            ImageState::Good | ImageState::Ready => continue,
            ImageState::Making if node.layer.nvr == *nvr => continue,
            ImageState::Making => Finding::new(
                &layout::UNFINISHED,
                format!("image {nvr} is not complete: making it was interrupted"),
            )
            .help("run node-layout update again, or node-layout update with another image")
            .severity(Severity::Warning),
            ImageState::Armed => Finding::new(&layout::ON_TRIAL, format!("the next boot tries image {nvr}"))
                .help(format!(
                    "reboot; node-layout rollback --to {} ends the trial before it begins",
                    node.layer.nvr
                )),
            ImageState::Trying => {
                Finding::new(&layout::ON_TRIAL, format!("image {nvr} is on trial and not confirmed yet"))
                    .help("wait for node-layout-confirm.service")
            }
            ImageState::Failed => {
                let why = image.reason.as_ref().map_or_else(|| "failed".to_owned(), |r| r.described());
                let log = crate::verbs::fail::log(system, nvr);
                let see = match log.exists() {
                    true => format!("see {}, and ", log.display()),
                    false => "see ".to_owned(),
                };
                Finding::new(&layout::IMAGE_FAILED, format!("image {nvr} {why}; / is {}", node.layer)).help(
                    format!(
                        "{see}journalctl --boot -1; then node-layout remove {nvr}, or update to another image"
                    ),
                )
            }
        };
        findings.push(finding);
    }
    if let Some(finding) = cannot_try(system, node.boot, tools).filter(|_| system.running) {
        let mended = node.boot.loader.mend(&devices(system, tools)).is_some();
        findings.push(finding.severity(if mended { Severity::Warning } else { Severity::Info }));
    }
    findings.extend(node.boot.loader.other_defaults(&node.boot.entries, &devices(system, tools)));
    findings.extend(crate::verbs::var::left(&node));
    if let Some(what) = stale(&node) {
        findings.push(Finding::new(&layout::BOOT_STALE, what).help(REPAIR));
    }
    for (entry, layer) in with_another_root(&node) {
        let arguments = node.boot.arguments(entry);
        let root = arguments.value("root").unwrap_or("nothing");
        let message = format!("{}.conf is an entry of {layer}, and its root is {root}", entry.id);
        findings.push(Finding::new(&layout::ENTRY_ROOT, message).help(REPAIR));
    }
    if let Some(entry) = without_trial_arguments(&node) {
        let message = format!(
            "the next boot tries {}.conf, which lacks the kernel arguments of a trial: a boot that hangs would not end",
            entry.id
        );
        findings.push(Finding::new(&layout::BOOT_STALE, message).help(REPAIR));
    }
    for entry in foreign_kernels(&node) {
        let directory = node.boot.file(&node.layer.to_string());
        let message = format!(
            "{}.conf boots {} with a kernel that is not in {}",
            entry.id,
            node.layer,
            directory.display()
        );
        findings.push(Finding::new(&layout::KERNEL_SHARED, message).help(REPAIR));
    }
}

/// What of a trial the boot loader should forget, or has wrong.
pub(super) fn stale(node: &Node<'_>) -> Option<String> {
    let loader = &node.boot.loader;
    let trial = loader.trial()?;
    let entry = &trial.entry;
    let image = image_of_entry(node.boot, entry).and_then(|layer| node.image(&layer.nvr));
    match trial.stage {
        TrialStage::Consumed if image.is_none_or(|i| i.state != ImageState::Trying) => {
            Some(format!("the boot loader still has the trial of {entry}, which is over"))
        }
        TrialStage::Armed if node.boot.entry(entry).is_none() => {
            Some(format!("the next boot is to try {entry}, which is not a boot entry"))
        }
        TrialStage::Armed if image.is_none_or(|i| i.state == ImageState::Making) => {
            Some(format!("the next boot is to try {entry}, which is not that of a complete image"))
        }
        _ if !fallback(node).is_empty() => Some(format!(
            "if {entry} cannot be loaded, the boot loader falls back to another entry than the default"
        )),
        _ => None,
    }
}

/// The changes that let the boot loader fall back to the default.
pub(super) fn fallback(node: &Node<'_>) -> Vec<Change> {
    node.boot.loader.renew_fallback(&node.boot.entries).unwrap_or_default()
}

/// Entries that are named after a layer which exists, and that boot another one.
pub(super) fn with_another_root<'a>(node: &Node<'a>) -> Vec<(&'a BootEntry, Layer)> {
    let of = |entry: &'a BootEntry| {
        let layer = layer_of_id(&entry.id)?;
        let volume = node.lvm.volume(&node.root.vg, &layer.to_string())?;
        let arguments = node.boot.arguments(entry);
        let is_named = arguments.value("img.bootid").is_none_or(|id| id == layer.to_string());
        (!is_named || !node.boots(entry, volume)).then_some((entry, layer))
    };
    node.boot.entries.iter().filter_map(of).collect()
}

/// The entry that the next boot tries, if another program has taken the arguments of the trial from it.
pub(super) fn without_trial_arguments<'a>(node: &Node<'a>) -> Option<&'a BootEntry> {
    let trial = node.boot.loader.trial().filter(|t| t.stage == TrialStage::Armed)?;
    let entry = node.boot.entry(&trial.entry)?;
    entry.options().value(TRIAL_ARGUMENT).is_none().then_some(entry)
}

/// Entries of kernels that were installed in the running layer and are not kept for it: the layer has no entry of that version,
/// and the kernel is newer than those that it has, or boots by default. (Older kernels were there before the layer.)
pub(super) fn foreign_kernels<'a>(node: &Node<'a>) -> Vec<&'a BootEntry> {
    let prefix = format!("{}-", node.layer);
    let mut own = node.entries(&node.layer);
    own.retain(|e| e.id.starts_with(&prefix));
    let versions: Vec<&str> = own.iter().filter_map(|e| e.version()).collect();
    let default = node.boot.default_entry().map(|e| e.id.as_str());
    let is_foreign = |e: &&BootEntry| {
        let Some(version) = e.version() else { return false };
        let is_newer = versions.iter().all(|own| compare_versions(version, own).is_gt());
        let counts = is_newer || (!versions.contains(&version) && default == Some(e.id.as_str()));
        let bootable = e.kernel().is_some() && node.missing_files(e).is_empty();
        counts && !e.is_rescue() && layer_of_id(&e.id).is_none() && bootable && node.boots(e, node.root)
    };
    let mut foreign: Vec<&BootEntry> = node.boot.entries.iter().filter(is_foreign).collect();
    if versions.is_empty() {
        // The layer has lost its entry: the default makes one again, else the newest.
        foreign.sort_by_key(|e| default != Some(e.id.as_str()));
        foreign.truncate(1);
    }
    foreign
}

/// The files that are kept for a layer of the kernel of an entry: from, to.
pub(super) fn copies(
    node: &Node<'_>,
    entry: &BootEntry,
    layer: &Layer,
) -> Vec<(std::path::PathBuf, std::path::PathBuf)> {
    let pairs = kept::pairs(entry, &layer.to_string());
    let files = pairs.into_iter().map(|p| (node.boot.file(&p.own), node.boot.file(&p.kept)));
    files.filter(|(from, to)| from != to && from.is_file()).collect()
}
