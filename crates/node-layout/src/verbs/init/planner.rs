//! What all steps of `init` are decided from.

use crate::boot::BootError;
use crate::disks::LvmCommands;
use crate::images::NodeState;
use crate::plan::{Action, Steps};
use crate::system::System;
use node_base::diagnostic::{Finding, layout};
use node_base::policy::Policy;
use node_base::units::Bytes;
use std::path::PathBuf;

/// What the caller decides besides the state of the system.
#[derive(Clone, Debug)]
pub struct Choices<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The text of the policy if it is not built in; it is recorded on the node.
    pub policy_text: Option<&'a str>,
    /// How many images `confirm` keeps, if the installation says so; it is recorded on the node.
    pub keep_images: Option<u32>,
    /// The list of the packages of the installation, where the base has no database of them ([`recorded_packages`]).
    ///
    /// [`recorded_packages`]: super::recorded_packages
    pub packages: Option<String>,
    /// The UUID that the base's file system gets.
    pub base_uuid: String,
    /// The directory of the running kernel's /dev: `/`, except in a test.
    pub environment: PathBuf,
    /// The directory of the LVM configuration that the commands use: `/etc/lvm`, unless the caller says another.
    pub lvm_config: PathBuf,
}

/// Why `init` cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The boot configuration has no room for what must be written.
    #[error(transparent)]
    Boot(#[from] BootError),
    /// The pool's metadata cannot grow.
    #[error("the pool's metadata cannot grow to {0}")]
    Metadata(Bytes),
    /// What would be written is wrong.
    #[error("{}", first_message(.0))]
    Texts(Vec<Finding>),
}

fn first_message(findings: &[Finding]) -> &str {
    findings.first().map_or("", |f| &f.message)
}

impl PlanError {
    /// The error as findings.
    pub fn findings(&self) -> Vec<Finding> {
        match self {
            PlanError::Boot(_) => vec![
                Finding::new(&layout::BOOT_CONFIG, self.to_string())
                    .help("shorten the kernel arguments that are kept there"),
            ],
            PlanError::Metadata(_) => vec![
                Finding::new(&layout::POOL_METADATA, self.to_string())
                    .help("add a physical volume to the volume group (vgextend)"),
            ],
            PlanError::Texts(findings) => findings.clone(),
        }
    }
}

/// Decides the steps, one method each.
pub(super) struct Planner<'a> {
    pub(super) system: &'a System,
    pub(super) s: &'a NodeState<'a>,
    pub(super) choices: &'a Choices<'a>,
    pub(super) lvm: LvmCommands,
    pub(super) steps: Steps,
}

impl Planner<'_> {
    /// An LVM command as an action.
    pub(super) fn lvm<S: Into<String>>(
        &self,
        program: &'static str,
        args: impl IntoIterator<Item = S>,
    ) -> Action {
        Action::Run(self.lvm.command(program, args))
    }

    /// Name of root's volume group.
    pub(super) fn vg(&self) -> &str {
        &self.s.target.vg
    }

    /// `VG/LV` of the base.
    pub(super) fn base(&self) -> String {
        format!("{}/{}", self.vg(), self.s.target.layer.nvr)
    }

    /// Name of the layer.
    pub(super) fn layer(&self) -> String {
        self.s.target.layer.to_string()
    }
}
