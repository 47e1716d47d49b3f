//! The network that a command line asks for: all `ip=`, `bond=`, `vlan=` and their like as one model.

use super::ip::{self, Ip};
use super::links::{self, Link};
use super::value::ValueIssue;
use foldhash::{HashMap, HashSet};
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
    /// The first `ip=` of each interface, by its place in `ips`.
    ip_of: HashMap<String, usize>,
    /// The first device of each name, by its place in `links`.
    link_of: HashMap<String, usize>,
    /// For each interface the devices that it is a member of, by their places in `links`: the first one, and each later
    /// one whose name sorts before those of all earlier ones. VLANs are not among them.
    with_member: HashMap<String, Vec<usize>>,
    /// The interfaces that are members of something.
    members: HashSet<String>,
    /// The devices that `ifname=` names.
    named: HashSet<String>,
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
                if let Some(interface) = &ip.interface {
                    self.ip_of.entry(interface.clone()).or_insert(self.ips.len());
                }
                self.ips.push((ip, word));
            }
            "bond" => self.add_link(LinkKind::Bond, links::bond(value, ignored).ok()?, word),
            "team" => self.add_link(LinkKind::Team, links::team(value, ignored).ok()?, word),
            "bridge" => self.add_link(LinkKind::Bridge, links::bridge(value).ok()?, word),
            "vlan" => self.add_link(LinkKind::Vlan, links::vlan(value).ok()?, word),
            "ifname" => {
                let (device, mac) = links::ifname(value, ignored).ok()?;
                self.named.insert(device.clone());
                self.names.push((device, mac, word));
            }
            "bootdev" => self.bootdev = Some(word),
            "BOOTIF" => self.bootif = Some((links::bootif(value).ok()?, word)),
            _ => self.nameservers.push(value.trim_matches(['[', ']']).parse().ok()?),
        }
        Some(())
    }

    fn add_link(&mut self, kind: LinkKind, link: Link, word: &'l Word<'s>) {
        let place = self.links.len();
        self.link_of.entry(link.name.clone()).or_insert(place);
        for member in &link.members {
            self.members.insert(member.clone());
            if kind != LinkKind::Vlan {
                let others = self.with_member.entry(member.clone()).or_default();
                if others.last().is_none_or(|&last| link.name < self.links[last].1.name) {
                    others.push(place);
                }
            }
        }
        self.links.push((kind, link, word));
    }

    /// The first device with this member whose name sorts before that of `link`, VLANs apart.
    pub(crate) fn other_of_member(
        &self,
        member: &str,
        link: &Link,
    ) -> Option<&(LinkKind, Link, &'l Word<'s>)> {
        let others = self.with_member.get(member)?;
        let at = others.partition_point(|&place| self.links[place].1.name >= link.name);
        others.get(at).map(|&place| &self.links[place])
    }

    /// Whether an interface is a member of something.
    pub(crate) fn is_member(&self, interface: &str) -> bool {
        self.members.contains(interface)
    }

    /// Whether the command line configures no network.
    pub(crate) fn is_empty(&self) -> bool {
        self.ips.is_empty() && self.links.is_empty() && !self.incomplete
    }

    /// The `ip=` of an interface.
    pub(crate) fn ip_of(&self, interface: &str) -> Option<&(Ip, &'l Word<'s>)> {
        self.ip_of.get(interface).map(|&place| &self.ips[place])
    }

    /// The device of this name that is made of others.
    pub(crate) fn link(&self, name: &str) -> Option<&(LinkKind, Link, &'l Word<'s>)> {
        self.link_of.get(name).map(|&place| &self.links[place])
    }

    /// Whether an interface of this name is mentioned anywhere.
    pub(crate) fn mentions(&self, interface: &str) -> bool {
        self.ip_of(interface).is_some()
            || self.named.contains(interface)
            || self.link_of.contains_key(interface)
            || self.is_member(interface)
    }

    /// Whether every address is static: nothing comes from DHCP, from router advertisements or from the firmware.
    pub(crate) fn all_static(&self) -> bool {
        !self.ips.is_empty() && self.ips.iter().all(|(ip, _)| ip.is_static())
    }
}
