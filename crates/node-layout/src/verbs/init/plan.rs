//! The steps of `init` and their order, decided only from what is on the disk: the same decision completes an interrupted run,
//! and finds nothing to do on a complete layout.
//!
//! The order keeps the machine bootable after every single write:
//! 1. the base is frozen while root runs (nothing refers to it yet);
//! 2. boot entries and fstab name root by the UUID of its file system, which is valid before and after the rename;
//! 3. root's volume is renamed to be the layer: what the installation writes later is in the layer, because it is the same
//!    volume;
//! 4. boot entries, fstab and the arguments kept for later kernels name the layer.

use super::planner::{Choices, PlanError, Planner};
use super::texts;
use crate::boot::RootNaming;
use crate::disks::content::{Reading, TAG_PREFIX};
use crate::disks::{LvmCommands, TAG_ROOT_PREFIX, TAG_UNFINISHED};
use crate::files::{Change, Method};
use crate::images::{InitStage, NodeState, kept};
use crate::plan::{Action, Plan, Steps};
use crate::system::{System, UNIT, UNIT_DIR};
use std::collections::BTreeSet;

/// Decides the steps.
///
/// # Errors
/// [`PlanError`].
pub fn plan(system: &System, s: &NodeState<'_>, choices: &Choices<'_>) -> Result<Plan, PlanError> {
    // In a complete layout the layer's own entry says which files are kept. A kernel that was installed since has an entry of
    // its own, which may be the default; it is used only if the layer's entry has lost its files.
    let own = s.layer_entry();
    let own = own.filter(|entry| s.stage == InitStage::Complete && kept::is_complete(s, entry));
    let s = &NodeState { template: own.unwrap_or(s.template), ..s.clone() };
    let lvm = LvmCommands { monitor: system.running };
    let mut p = Planner { system, s, choices, lvm, steps: Steps::default() };
    match s.stage {
        InitStage::NotStarted => {
            p.leftovers();
            p.pool_profile();
            p.pool_metadata()?;
            p.packages();
            p.freeze_base();
            p.seal_base();
            p.tags();
            p.half_written();
            p.boot_files();
            p.transition()?;
            p.rename();
            p.after_rename()?;
        }
        InitStage::Renamed => {
            p.tags();
            p.half_written();
            p.boot_files();
            p.tag_layer();
            p.after_rename()?;
        }
        InitStage::Complete => p.first_boot(),
    }
    let first_boot_is_left = s.stage != InitStage::Complete || s.is_pending();
    let mut plan = p.steps.into_plan(first_boot_is_left);
    if s.stage == InitStage::Complete && plan.has_step("boot-kept") {
        plan.pending = false;
    }
    let wrong = texts::wrong(system, s, choices, &plan);
    if wrong.is_empty() { Ok(plan) } else { Err(PlanError::Texts(wrong)) }
}

impl Planner<'_> {
    /// Everything after the rename.
    fn after_rename(&mut self) -> Result<(), PlanError> {
        let mut changes = self.entry_changes(RootNaming::ByVolume);
        changes.extend(self.default_changes(RootNaming::ByVolume)?);
        let fstab = self.fstab_change(&self.s.target.device());
        let kept = self.s.boot.kept_argument_changes(&|kept| self.s.target.kept_arguments(kept));
        let actions =
            vec![Action::Change(changes), Action::Change(fstab.into_iter().collect()), Action::Change(kept)];
        self.steps.add(
            "final",
            "name the layer in boot entries, fstab and kept kernel arguments".into(),
            actions,
        );
        let records = self.record_changes();
        self.steps.add(
            "record",
            "record the policy, and what the first boot completes".into(),
            vec![Action::Change(records)],
        );
        self.labels();
        // A base that an earlier run has made can have another tag of this kind.
        let tags = self.s.base.into_iter().flat_map(|base| &base.tags);
        let mut tags: BTreeSet<String> = tags.filter(|t| t.starts_with(TAG_ROOT_PREFIX)).cloned().collect();
        if self.s.stage == InitStage::NotStarted {
            tags = BTreeSet::from([format!("{TAG_ROOT_PREFIX}{}", self.s.target.old)]);
        }
        let mut args: Vec<String> = tags.into_iter().flat_map(|tag| ["--deltag".to_owned(), tag]).collect();
        // A base of a run that was ended in between still has the first tag, too.
        if self.s.base.is_some_and(|base| self.s.stage == InitStage::Renamed && base.has_tag(TAG_UNFINISHED))
        {
            args.extend(["--deltag".to_owned(), TAG_UNFINISHED.to_owned()]);
        }
        args.push(self.base());
        let actions = vec![self.lvm("lvchange", args)];
        self.steps.add("complete", "mark the layout as complete".into(), actions);
        Ok(())
    }

    /// At the first boot of the layer the rest of the installation is over: the kept kernel and initramfs are brought up to
    /// date and booted from. Later boots only renew what has changed since.
    fn first_boot(&mut self) {
        let booted =
            self.system.running && self.system.cmdline.value("img.bootid") == Some(self.layer().as_str());
        let pending = self.s.is_pending();
        self.half_written();
        self.renew_kept();
        if pending && booted {
            self.boot_files();
            self.boot_kept();
        }
        let unit = self.system.path(UNIT_DIR).join(UNIT);
        // Not during the installation: it would wait until the whole base is read.
        if let Some(base) = self.s.base
            && booted
            && (unit.exists() || pending)
            && !base.tags.iter().any(|t| t.starts_with(TAG_PREFIX))
        {
            let reading = Reading::new(&self.choices.environment, self.lvm, base, self.s.pool);
            let about = format!("record the checksum of {}", base.full_name());
            self.steps.add("record-content", about, vec![Action::RecordContent(Box::new(reading))]);
        }
        if booted {
            let wants = self.system.path(&format!("{UNIT_DIR}/multi-user.target.wants")).join(UNIT);
            let removals = [Change::remove(wants, Method::Link), Change::remove(unit, Method::Replace)];
            let changes = removals.into_iter().flatten().collect();
            self.steps.add(
                "remove-unit",
                "remove the unit of the first boot".into(),
                vec![Action::Change(changes)],
            );
        }
    }
}
