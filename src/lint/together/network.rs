//! The network of the command line against the `network` commands. The initramfs uses the first, the installed host has
//! the second: where both name a device they should say the same.

use super::Pair;
use crate::boot::codes;
use crate::boot::ip::Ip;
use crate::boot::network::LinkKind;
use crate::boot::value;
use kickstart::Command;
use node_base::diagnostic::{Finding, Findings};
use node_base::source::Span;

/// A device as a `network` command configures it.
struct Device<'k> {
    command: &'k Command<'k>,
    /// Name of the device that gets the address.
    name: String,
    /// Name of the device below a VLAN.
    parent: Option<String>,
    vlan: Option<i64>,
    members: Vec<String>,
}

pub(super) fn check(pair: &Pair<'_, '_, '_>, findings: &mut Findings) {
    let network = &pair.network;
    if network.is_empty() || network.incomplete {
        return;
    }
    let devices: Vec<Device<'_>> = pair.context.kickstart.all("network").filter_map(device).collect();
    for device in &devices {
        if let Some((ip, word)) = network.ip_of(&device.name) {
            addresses(device, ip, word.span, findings);
        }
        vlan(pair, device, findings);
        members(pair, device, findings);
    }
    other_interface(pair, &devices, findings);
    host_name(pair, findings);
}

/// What a command configures; nothing for `--device=link`, a MAC address, or no device at all.
fn device<'k>(command: &'k Command<'k>) -> Option<Device<'k>> {
    let given = command.value("--device")?.text.as_ref();
    if matches!(given, "link" | "bootif" | "ibft") || value::mac(given).is_some() {
        return None;
    }
    let vlan = command.int("--vlanid");
    let (name, parent) = match vlan {
        Some(id) => {
            let name = command
                .value("--interfacename")
                .map_or_else(|| format!("{given}.{id}"), |v| v.text.to_string());
            (name, Some(given.to_owned()))
        }
        None => (given.to_owned(), None),
    };
    let list = ["--bondslaves", "--bridgeslaves", "--teamslaves"].into_iter().find_map(|o| command.value(o));
    // --teamslaves="eno1'{…}',eno2"
    let members = list
        .map(|v| {
            v.text.split(',').map(|m| m.split('\'').next().unwrap_or_default().trim().to_owned()).collect()
        })
        .unwrap_or_default();
    Some(Device { command, name, parent, vlan, members })
}

fn differ(message: String, at: Span, command: &Command<'_>, option: &str) -> Finding {
    Finding::new(&codes::NETWORK_DIFFERS, message)
        .at(at)
        .related(command.option_span(option).unwrap_or(command.span), "the kickstart")
}

fn addresses(device: &Device<'_>, ip: &Ip, at: Span, findings: &mut Findings) {
    let command = device.command;
    let name = &device.name;
    let fixed = command.value("--ip").map(|v| v.text.as_ref());
    let method = command.value("--bootproto").map_or("dhcp", |v| v.text.as_ref());
    match (ip.is_static(), fixed) {
        (true, Some(given)) => {
            let own = ip.address.map(|a| a.to_string()).unwrap_or_default();
            if given != own && given.parse::<std::net::IpAddr>().ok() != ip.address {
                findings.push(differ(
                    format!("{name} has the address {own} here, and {given} in the kickstart"),
                    at,
                    command,
                    "--ip",
                ));
                return;
            }
            let mask = command.value("--netmask").and_then(|m| value::prefix_length(&m.text, 32));
            if let (Some(mask), Some(prefix)) = (mask, ip.prefix)
                && mask != prefix
            {
                findings.push(differ(
                    format!("{name} is in a network of /{prefix} here, and of /{mask} in the kickstart"),
                    at,
                    command,
                    "--netmask",
                ));
            }
            if let (Some(gateway), Some(given)) = (ip.gateway, command.value("--gateway"))
                && given.text.parse::<std::net::IpAddr>().is_ok_and(|g| g != gateway)
            {
                findings.push(differ(
                    format!("the gateway of {name} is {gateway} here, and {} in the kickstart", given.text),
                    at,
                    command,
                    "--gateway",
                ));
            }
        }
        (true, None) if matches!(method, "dhcp" | "bootp") => {
            findings.push(differ(
                format!("{name} has a static address here, but asks DHCP in the kickstart"),
                at,
                command,
                "--bootproto",
            ));
        }
        (false, Some(given)) if ip.asks_dhcp() && method == "static" && ip.address.is_none() => {
            findings.push(
                differ(
                    format!("{name} asks DHCP here, but has the address {given} in the kickstart"),
                    at,
                    command,
                    "--ip",
                )
                .severity(node_base::diagnostic::Severity::Info),
            );
        }
        _ => {}
    }
}

fn vlan(pair: &Pair<'_, '_, '_>, device: &Device<'_>, findings: &mut Findings) {
    let (Some(id), Some(parent)) = (device.vlan, &device.parent) else { return };
    let same_parent = |(kind, link, _): &&(LinkKind, crate::boot::links::Link, _)| {
        *kind == LinkKind::Vlan && link.members.first() == Some(parent)
    };
    if let Some((_, link, word)) = pair.network.links.iter().find(same_parent) {
        if link.vlan.is_some_and(|v| i64::from(v) != id) {
            findings.push(differ(
                format!(
                    "{parent} carries VLAN {} here, and {id} in the kickstart",
                    link.vlan.unwrap_or_default()
                ),
                word.span,
                device.command,
                "--vlanid",
            ));
        }
    } else if let Some((_, word)) = pair.network.ip_of(parent) {
        findings.push(
            differ(format!("{parent} is used without a VLAN here, but the kickstart puts VLAN {id} on it"), word.span, device.command, "--vlanid")
                .help(format!("write vlan={0}:{parent} and ip={0}:…, unless the switch has an untagged network for the installation", device.name)),
        );
    }
}

fn members(pair: &Pair<'_, '_, '_>, device: &Device<'_>, findings: &mut Findings) {
    if device.members.is_empty() {
        return;
    }
    let base = device.parent.as_ref().unwrap_or(&device.name);
    let command = device.command;
    if let Some((kind, link, word)) = pair.network.link(base) {
        let mut here = link.members.clone();
        let mut there = device.members.clone();
        here.sort_unstable();
        there.sort_unstable();
        if here != there {
            findings.push(differ(
                format!(
                    "the {} {base} is made of {} here, and of {} in the kickstart",
                    kind.name(),
                    link.members.join(", "),
                    device.members.join(", ")
                ),
                word.span,
                command,
                "--bondslaves",
            ));
        }
        let mode = |options: &str| {
            options.split([',', ';', ' ']).find_map(|o| o.trim().strip_prefix("mode=").map(mode_name))
        };
        let there = command.value("--bondopts").and_then(|v| mode(&v.text));
        let here = mode(&link.options.join(","));
        if let (LinkKind::Bond, Some(here), Some(there)) = (kind, here, there)
            && here != there
        {
            findings.push(differ(
                format!("the bond {base} has the mode {here} here, and {there} in the kickstart"),
                word.span,
                command,
                "--bondopts",
            ));
        }
        return;
    }
    if let Some((member, word)) = device.members.iter().find_map(|m| Some((m, pair.network.ip_of(m)?.1))) {
        findings.push(
            Finding::new(
                &codes::NETWORK_DIFFERS,
                format!("{member} is used alone here, but belongs to {base} in the kickstart"),
            )
            .severity(node_base::diagnostic::Severity::Info)
            .at(word.span)
            .related(command.span, "the kickstart")
            .help(format!(
                "with a bond that the switch expects (802.3ad) write bond={base}:{} and ip={base}:…",
                device.members.join(",")
            )),
        );
    }
}

/// A bond's mode by name.
fn mode_name(mode: &str) -> String {
    let names =
        ["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"];
    mode.parse::<usize>().ok().and_then(|n| names.get(n)).map_or_else(|| mode.to_owned(), |n| (*n).to_owned())
}

/// The command line boots over an interface that the kickstart does not know.
fn other_interface(pair: &Pair<'_, '_, '_>, devices: &[Device<'_>], findings: &mut Findings) {
    // A command without a device, or with "link", configures the interface that is up.
    let open = pair.context.kickstart.all("network").any(|c| {
        let hostname_only = c.has("--hostname") && !c.has("--bootproto") && !c.has("--ip");
        device(c).is_none() && !hostname_only
    });
    let Some(first) = devices.first() else { return };
    if open {
        return;
    }
    let known = |name: &str| {
        devices.iter().any(|d| {
            d.name == name || d.parent.as_deref() == Some(name) || d.members.iter().any(|m| m == name)
        })
    };
    for (ip, word) in &pair.network.ips {
        let Some(name) = ip.interface.as_deref().filter(|n| !known(n)) else { continue };
        // A bond or VLAN of known interfaces is spoken of elsewhere.
        let of_known =
            pair.network.link(name).is_some_and(|(_, link, _)| link.members.iter().any(|m| known(m)));
        let renamed = pair.network.names.iter().any(|(n, ..)| n == name);
        if of_known || renamed {
            continue;
        }
        findings.push(
            Finding::new(
                &codes::NETWORK_DIFFERS,
                format!(
                    "{name} is used for the installation, but the kickstart configures {}",
                    names(devices)
                ),
            )
            .at(word.span)
            .related(first.command.span, "the kickstart")
            .help("name the same interface, or write network --device=bootif"),
        );
    }
}

fn names(devices: &[Device<'_>]) -> String {
    devices.iter().map(|d| d.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn host_name(pair: &Pair<'_, '_, '_>, findings: &mut Findings) {
    let here = pair.network.ips.iter().find_map(|(ip, word)| Some((ip.hostname.as_deref()?, word)));
    let there =
        pair.context.kickstart.all("network").filter_map(|c| Some((c.value("--hostname")?, c))).last();
    if let (Some((here, word)), Some((there, command))) = (here, there)
        && !there.text.eq_ignore_ascii_case(here)
        && there.text.split('.').next() != Some(here)
        && here.split('.').next() != Some(&there.text)
    {
        findings.push(differ(
            format!("the host has the name {here} here, and {} in the kickstart, which is used", there.text),
            word.span,
            command,
            "--hostname",
        ));
    }
}
