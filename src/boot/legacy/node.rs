//! What the parameters of an old node ask for, as one value.

use super::values::{self, Addressing, Disks, Volumes};
use super::{ParameterForm, find};
use crate::boot::links::{self, Link};
use node_base::cmdline::CommandLine;

/// The host that the parameters describe.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Disks of HostVG and of AppVG.
    pub disks: Disks,
    /// Sizes of the volumes.
    pub volumes: Volumes,
    /// Address configuration; `None` without `ip`.
    pub ip: Option<Addressing>,
    /// The interface to use: `link`, a name, a MAC address.
    pub interface: Option<String>,
    /// Number and interface of the VLAN.
    pub vlan: Option<(u16, String)>,
    /// The bond; `None` without one.
    pub bond: Option<Link>,
    /// Every parameter with its value, by its first name, in the order of the command line; of repeated ones the last.
    given: Vec<(&'static str, String)>,
    /// Parameters whose value cannot be used, with the reason.
    pub unusable: Vec<(String, String)>,
    /// Parameters that give a password in plain text.
    pub unhashed: Vec<&'static str>,
}

impl Node {
    /// Reads a command line.
    pub fn of(line: &CommandLine<'_>) -> Node {
        let mut node = Node::default();
        for word in &line.words {
            let Some(parameter) = find(&word.name) else { continue };
            let text = word.text();
            let wrong = if word.variable.is_some() {
                Some("a variable of the boot loader hides its value".to_owned())
            } else {
                values::wrong(parameter.takes, text).map(|w| w.message)
            };
            if let Some(reason) = wrong {
                if parameter.takes == ParameterForm::Hash {
                    node.unhashed.push(parameter.name);
                } else {
                    node.unusable.push((word.name.to_string(), reason));
                }
                continue;
            }
            node.given.retain(|(name, _)| *name != parameter.name);
            node.given.push((parameter.name, text.to_owned()));
        }
        node.read();
        node
    }

    fn read(&mut self) {
        let get = |name: &str| self.given.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
        self.disks = get("storage_init").and_then(|v| values::disks(&v).ok()).unwrap_or_default();
        self.volumes = get("storage_vol").and_then(|v| values::volumes(&v).ok()).unwrap_or_default();
        self.interface = get("BOOTIF").and_then(|v| values::bootif(&v).ok());
        self.vlan = get("vlan").and_then(|v| values::vlan(&v).ok());
        self.bond =
            get("bond_setup").or_else(|| get("bond")).and_then(|v| links::bond(&v, &mut Vec::new()).ok());
        self.ip = get("ip").and_then(|v| values::ip(&v).ok());
        // "ip=ADDRESS netmask=… gateway=…"
        if let Some(Addressing::Static { gateway, netmask, .. }) = &mut self.ip {
            *gateway = gateway.or_else(|| get("gateway").and_then(|g| g.parse().ok()));
            if netmask.is_none() {
                *netmask = get("netmask");
            }
        }
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.given.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }

    /// Whether a flag is set.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|v| !matches!(v, "0" | "no" | "false"))
    }

    /// Names of all parameters, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.given.iter().map(|(name, _)| *name)
    }
}
