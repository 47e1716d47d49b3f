//! What Anaconda will do with these disks: proceed with this layout, or stop with this message.

use crate::layout::Layout;
use crate::machine::Machine;
use crate::machine::profile::Profile;
use crate::machine::release::Release;
use crate::machine::tree::Tree;
use crate::plan::bootloader::Boot;
use crate::plan::cause::{Cause, Refusal};
use crate::plan::outcome::{Attempt, Plan, Verdict};
use crate::plan::{autopart, check, custom, disk_space, manual, select, unknown};
use kickstart::Kickstart;
use node_base::diagnostic::Severity;
use node_base::policy::Policy;
use std::sync::Arc;

/// Plans the layout of one kickstart on one machine. `policy` gives the installer's profile; without one the
/// defaults of the release apply. The verdict is [`Verdict::Unknown`] where the kickstart does not decide.
pub fn plan(kickstart: &Kickstart<'_>, policy: Option<&Policy>, machine: &Machine) -> Plan {
    let release = match Release::of(kickstart.version) {
        Ok(release) => release,
        Err(error) => return unknown::not_modelled(None, error.to_string()),
    };
    let layout = Layout::of(kickstart);
    if let Some((option, span)) = layout.not_modelled() {
        let says = format!("the effect of '{option}' on the disks is not modelled");
        return unknown::not_modelled(Some(span), says);
    }
    let profile = match policy {
        Some(policy) => Profile::of_policy(policy, release),
        None => Profile::plain(release),
    };
    unknown::with_files(plan_layout(&layout, release, profile, machine), kickstart, &layout)
}

/// As [`plan`], for a layout that is already read.
pub fn plan_layout(
    layout: &Layout,
    release: Release,
    profile: impl Into<Arc<Profile>>,
    machine: &Machine,
) -> Plan {
    let mut tree = Tree::new(release, machine.firmware, profile.into(), machine.memory, &machine.disks);
    let mut boot = Boot::default();
    let mut messages = Vec::new();
    match carry_out(&mut tree, layout, &mut boot, &mut Err) {
        Ok(()) => messages.extend(check::check(&tree, layout, &boot)),
        Err(refusal) => {
            if let Some(plan) = unknown::name(&refusal, &unknown::names_of_machine(layout)) {
                return plan;
            }
            let refusal = disk_space::with_numbers(refusal, &tree);
            return Plan {
                verdict: Verdict::Stops,
                messages: vec![refusal],
                tree: None,
                attempt: Some(Attempt::new(tree, layout)),
                boot,
            };
        }
    }
    let stops = messages.iter().any(|m| m.severity == Severity::Error);
    let verdict = if stops { Verdict::Stops } else { Verdict::Proceeds };
    Plan { verdict, messages, tree: Some(tree), attempt: None, boot }
}

/// Everything that is wrong with a layout on one machine, not only what Anaconda stops at first.
pub fn refusals(
    layout: &Layout,
    release: Release,
    profile: impl Into<Arc<Profile>>,
    machine: &Machine,
) -> Vec<Refusal> {
    let tree = Tree::new(release, machine.firmware, profile.into(), machine.memory, &machine.disks);
    refusals_on(tree, layout)
}

/// As [`refusals`], on the devices of a machine.
pub(super) fn refusals_on(mut tree: Tree, layout: &Layout) -> Vec<Refusal> {
    let mut boot = Boot::default();
    let mut found = Vec::new();
    let mut report = |refusal| {
        found.push(refusal);
        Ok(())
    };
    let last = carry_out(&mut tree, layout, &mut boot, &mut report);
    match last {
        Err(refusal) => found.push(refusal),
        Ok(()) if found.is_empty() => found = check::check(&tree, layout, &boot),
        Ok(()) => {}
    }
    let of_machine = unknown::names_of_machine(layout);
    found.retain(|refusal| unknown::name(refusal, &of_machine).is_none());
    found.into_iter().map(|refusal| disk_space::with_numbers(refusal, &tree)).collect()
}

fn carry_out(
    tree: &mut Tree,
    layout: &Layout,
    boot: &mut Boot,
    report: &mut dyn FnMut(Refusal) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    select::check_names(tree, layout)?;
    select::select(tree, &layout.selection);
    if tree.disks().is_empty() {
        return Err(Refusal::stop(Cause::NoUsableDisk, None, "No usable disks."));
    }
    if layout.is_empty() {
        let says = "No partitioning is given in the kickstart.";
        return Err(Refusal::stop(Cause::NoRoot, None, says));
    }
    let mounts_only = layout.autopart.is_none() && !layout.mounts.is_empty();
    if !mounts_only {
        select::clear(tree, &layout.selection)?;
    }
    boot.find_disk(tree, &layout.boot_loader)?;
    match &layout.autopart {
        Some(autopart) => autopart::run(tree, autopart, boot)?,
        None if mounts_only => manual::run(tree, layout)?,
        None => custom::run(tree, layout, boot, report)?,
    }
    boot.find_disk(tree, &layout.boot_loader)?;
    boot.set_stages(tree, &layout.boot_loader)
}
