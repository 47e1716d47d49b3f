//! The network that a command line asks for: all `ip=`, `bond=`, `vlan=` and their like as one model.

use super::ip::{self, Ip};
use super::links::{self, Link};
use super::value::ValueIssue;
use kickstart::Version;
use node_base::cmdline::{CommandLine, Word};
use std::net::IpAddr;

/// The kinds of devices that are made of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkKind {
    /// `bond=`
    Bond,
    /// `team=`
    Team,
    /// `bridge=`
    Bridge,
    /// `vlan=`
    Vlan,
}

impl LinkKind {
    /// The noun in a message.
    pub(crate) fn name(self) -> &'static str {
        match self {
            LinkKind::Bond => "bond",
            LinkKind::Team => "team",
            LinkKind::Bridge => "bridge",
            LinkKind::Vlan => "VLAN",
        }
    }
}

/// The network that a command line asks for, with the words it came from.
#[derive(Debug, Default)]
pub(crate) struct Network<'l, 's> {
    /// Every `ip=` that can be read.
    pub ips: Vec<(Ip, &'l Word<'s>)>,
    /// Every device that is made of others.
    pub links: Vec<(LinkKind, Link, &'l Word<'s>)>,
    /// `ifname=`: names and MAC addresses.
    pub names: Vec<(String, String, &'l Word<'s>)>,
    /// The word `bootdev=`, which names the interface that the host boots from.
    pub bootdev: Option<&'l Word<'s>>,
    /// The MAC address of `BOOTIF=`.
    pub bootif: Option<(String, &'l Word<'s>)>,
    /// Name servers of `nameserver=` and `ip=`.
    pub nameservers: Vec<IpAddr>,
    /// Whether a word was left out because a variable hides its value or it cannot be read: then nothing can be
    /// concluded from what is missing.
    pub incomplete: bool,
}

impl<'l, 's> Network<'l, 's> {
    /// Reads all network words of a command line.
    pub(crate) fn of(line: &'l CommandLine<'s>, version: Version) -> Network<'l, 's> {
        let mut network = Network::default();
        let mut ignored = Vec::new();
        for word in &line.words {
            let name = word.name.as_ref();
            if !matches!(
                name,
                "ip" | "bond" | "team" | "bridge" | "vlan" | "ifname" | "bootdev" | "BOOTIF" | "nameserver"
            ) {
                continue;
            }
            let Some(value) = word.known_value() else {
                network.incomplete |= word.variable.is_some();
                continue;
            };
            let known = network.add(name, value, word, version, &mut ignored);
            network.incomplete |= known.is_none();
        }
        network
    }

    fn add(
        &mut self,
        name: &str,
        value: &str,
        word: &'l Word<'s>,
        version: Version,
        ignored: &mut Vec<ValueIssue>,
    ) -> Option<()> {
        match name {
            "ip" => {
                let ip = ip::parse(value, version, ignored).ok()?;
                self.nameservers.extend(&ip.dns);
                self.ips.push((ip, word));
            }
            "bond" => self.links.push((LinkKind::Bond, links::bond(value, ignored).ok()?, word)),
            "team" => self.links.push((LinkKind::Team, links::team(value, ignored).ok()?, word)),
            "bridge" => self.links.push((LinkKind::Bridge, links::bridge(value).ok()?, word)),
            "vlan" => self.links.push((LinkKind::Vlan, links::vlan(value).ok()?, word)),
            "ifname" => {
                let (device, mac) = links::ifname(value, ignored).ok()?;
                self.names.push((device, mac, word));
            }
            "bootdev" => self.bootdev = Some(word),
            "BOOTIF" => self.bootif = Some((links::bootif(value).ok()?, word)),
            _ => self.nameservers.push(value.trim_matches(['[', ']']).parse().ok()?),
        }
        Some(())
    }

    /// Whether the command line configures no network.
    pub(crate) fn is_empty(&self) -> bool {
        self.ips.is_empty() && self.links.is_empty() && !self.incomplete
    }

    /// The `ip=` of an interface.
    pub(crate) fn ip_of(&self, interface: &str) -> Option<&(Ip, &'l Word<'s>)> {
        self.ips.iter().find(|(ip, _)| ip.interface.as_deref() == Some(interface))
    }

    /// The device of this name that is made of others.
    pub(crate) fn link(&self, name: &str) -> Option<&(LinkKind, Link, &'l Word<'s>)> {
        self.links.iter().find(|(_, link, _)| link.name == name)
    }

    /// Whether an interface of this name is mentioned anywhere.
    pub(crate) fn mentions(&self, interface: &str) -> bool {
        self.ip_of(interface).is_some()
            || self.names.iter().any(|(name, ..)| name == interface)
            || self
                .links
                .iter()
                .any(|(_, link, _)| link.name == interface || link.members.iter().any(|m| m == interface))
    }

    /// Whether every address is static: nothing comes from DHCP, from router advertisements or from the firmware.
    pub(crate) fn all_static(&self) -> bool {
        !self.ips.is_empty() && self.ips.iter().all(|(ip, _)| ip.is_static())
    }
}
