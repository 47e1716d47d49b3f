//! The steps of a trial that several verbs have: arming, recording why one failed, writing what the boot loader stores.

use super::node::Node;
use crate::boot::{BootConfig, BootDevices, BootError, MOST_TRIES, TrialStage};
use crate::disks::{LogicalVolume, TAG_READY, TAG_STARTED};
use crate::files::{Change, Method};
use crate::images::trial::{image_of_entry, reason_tags};
use crate::images::{ImageState, Reason};
use crate::machine::{Tools, below};
use crate::plan::{Action, Steps};
use crate::system::System;
use node_base::boot_entry::BootEntry;
use node_base::diagnostic::{Finding, layout};
use node_base::names::Nvr;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Why no image can be tried on this machine; `None` if one can.
pub(crate) fn cannot_try(system: &System, boot: &BootConfig, tools: &dyn Tools) -> Option<Finding> {
    let devices = devices(system, tools);
    if let Some(why) = boot.loader.cannot_be_told(&devices) {
        let help = match boot.loader.mend(&devices) {
            Some(_) => "node-layout verify --repair puts it in its place",
            None => {
                "see `ks-lint explain LAY028`; with --no-trial the new image becomes the default without a trial"
            }
        };
        return Some(Finding::new(&layout::BOOT_ONCE, why).help(help));
    }
    // It would also ignore the default when the trial is over.
    boot.loader.ignores_default().map(|finding| {
        let help = finding.help.clone().unwrap_or_default();
        Finding::new(&layout::BOOT_ONCE, finding.message).help(help)
    })
}

/// What a boot loader can write to depends on these.
pub(crate) fn devices<'a>(system: &'a System, tools: &'a dyn Tools) -> BootDevices<'a> {
    BootDevices {
        environment: tools.environment(),
        sysroot: &system.sysroot,
        mounts: &system.mounts,
        running: system.running,
    }
}

/// Why an image cannot be tried `tries` times; `None` if it can.
pub(crate) fn cannot_retry(boot: &BootConfig, tries: u32) -> Option<Finding> {
    let why = match tries {
        0 | 1 => return None,
        2..=MOST_TRIES => boot.loader.cannot_retry()?,
        _ => format!("an image can be tried {MOST_TRIES} times at most"),
    };
    Some(Finding::new(&layout::BOOT_ONCE, why).help("leave out --tries: the image is tried once"))
}

/// Whether systemd can feed the machine's watchdog in a trial. A watchdog has one user; where sanlock's daemon is installed (oVirt),
/// the watchdog is that daemon's, and without it no storage lease is held.
pub(crate) fn has_watchdog(tools: &dyn Tools) -> bool {
    below(tools.environment(), "/dev/watchdog").exists() && !tools.has("wdmd")
}

/// Adds the step that lets the next boot try an image, or the next `tries` boots until it is confirmed: the state of an earlier
/// trial is recorded, then what the boot loader stores is written, once. `entries` are those that there are by then, the image's
/// own among them.
///
/// # Errors
/// [`BootError`]: GRUB's block has no room for it, or its `custom.cfg` cannot be read.
pub(crate) fn arm(
    steps: &mut Steps,
    node: &Node<'_>,
    nvr: &Nvr,
    entry: &str,
    entries: &[BootEntry],
    tries: u32,
) -> Result<(), BootError> {
    let block = node.boot.loader.arm(entries, entry, tries)?;
    let mut actions: Vec<Action> = record_failure(node, Some(nvr)).into_iter().collect();
    // What an earlier trial of the same image has left.
    if let Some(base) = node.base(nvr) {
        let tags = base.tags.iter().map(String::as_str);
        let old = tags.filter(|t| *t == TAG_STARTED || reason_tags(base).any(|r| r == *t));
        actions.extend(change_tags(node, base, old, []));
    }
    actions.extend(block_actions(block));
    let about = match tries {
        0 | 1 => format!("let the next boot try {nvr}"),
        _ => format!("let the next {tries} boots try {nvr}, until it is confirmed"),
    };
    steps.add("arm", about, actions);
    Ok(())
}

/// Keeps why the trial that the boot loader knows has failed, before the boot loader forgets it. None for the image `except`.
pub(crate) fn record_failure(node: &Node<'_>, except: Option<&Nvr>) -> Option<Action> {
    let trial = node.boot.loader.trial().filter(|t| t.stage == TrialStage::Consumed)?;
    let nvr = image_of_entry(node.boot, &trial.entry)?.nvr;
    let image = node.image(&nvr).filter(|i| i.state == ImageState::Failed && Some(&i.nvr) != except)?;
    let base = node.base(&nvr)?;
    let reason = image.reason.clone().unwrap_or_else(Reason::did_not_start).tag();
    (!base.has_tag(&reason)).then(|| change_tags(node, base, [], [reason.as_str()]))?
}

/// The command that removes and adds tags of a base, in one write; `None` without any.
pub(crate) fn change_tags<'t>(
    node: &Node<'_>,
    base: &LogicalVolume,
    removed: impl IntoIterator<Item = &'t str>,
    added: impl IntoIterator<Item = &'t str>,
) -> Option<Action> {
    let mut args: Vec<String> = Vec::new();
    args.extend(removed.into_iter().flat_map(|tag| ["--deltag".to_owned(), tag.to_owned()]));
    args.extend(added.into_iter().flat_map(|tag| ["--addtag".to_owned(), tag.to_owned()]));
    if args.is_empty() {
        return None;
    }
    args.push(base.full_name());
    Some(Action::Run(node.commands().command("lvchange", args)))
}

/// The tags of a base that a confirmed image does not have.
pub(crate) fn trial_tags(base: &LogicalVolume) -> impl Iterator<Item = &str> {
    let tags = base.tags.iter().map(String::as_str);
    tags.filter(|t| *t == TAG_READY || *t == TAG_STARTED || reason_tags(base).any(|r| r == *t))
}

/// The actions that write what a boot loader stores itself. GRUB reads and writes the blocks of its environment block without
/// replaying a journal, so the journal is flushed before and after.
pub(crate) fn block_actions(changes: Vec<Change>) -> Vec<Action> {
    let in_place = changes.iter().filter(|c| c.method == Method::InPlace);
    let directories: BTreeSet<PathBuf> = in_place.filter_map(|c| Some(c.path.parent()?.to_owned())).collect();
    let flushes = || directories.iter().cloned().map(Action::FlushJournal);
    if changes.is_empty() {
        return Vec::new();
    }
    flushes().chain([Action::Change(changes)]).chain(flushes()).collect()
}
