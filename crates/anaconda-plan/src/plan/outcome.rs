//! The outcome of a plan: verdict, messages, devices.

use crate::machine::tree::Tree;
use crate::plan::bootloader::Boot;
use crate::plan::cause::Refusal;

/// The verdict of the installer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It installs.
    Proceeds,
    /// It stops before a disk is touched.
    Stops,
    /// What decides is not in the kickstart; the messages say what.
    Unknown,
}

/// The outcome.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whether the installer proceeds.
    pub verdict: Verdict,
    /// The messages of the installer, in its order.
    pub messages: Vec<Refusal>,
    /// The devices as they will be; empty when it stops before they are computed.
    pub tree: Option<Tree>,
    /// The boot disk and the devices that the boot loader is on.
    pub boot: Boot,
}

impl Plan {
    /// A plan without devices.
    pub fn without_devices(verdict: Verdict, messages: Vec<Refusal>) -> Plan {
        Plan { verdict, messages, tree: None, boot: Boot::default() }
    }
}
