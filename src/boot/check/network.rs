//! The network of one command line as a whole: interfaces that fit together, servers that can be reached.

use crate::boot::codes;
use crate::boot::config::Entry;
use crate::boot::ip::by_network_manager;
use crate::boot::network::Network;
use crate::boot::options::{self, Takes};
use crate::boot::value;
use crate::boot::{location, mend};
use kickstart::Version;
use node_base::cmdline::Word;
use node_base::diagnostic::{Applicability, Finding, Findings, Severity};
use std::net::IpAddr;

pub(super) fn check(entry: &Entry<'_>, version: Version, findings: &mut Findings) {
    let line = &entry.line;
    let network = Network::of(line, version);
    duplicates(&network, findings);
    members(&network, findings);
    boot_device(entry, &network, version, findings);
    without_address(&network, findings);
    reach(entry, &network, findings);
    if let Some(word) = line.last("netroot").filter(|w| w.text() == "iscsi") {
        let known =
            ["rd.iscsi.target.name", "rd.iscsi.firmware", "iscsiroot"].iter().any(|n| line.last(n).is_some());
        if !known {
            findings.push(
                Finding::new(
                    &codes::NETWORK_MISFIT,
                    "'netroot=iscsi' names no target, and nothing else does",
                )
                .at(word.span)
                .help("add rd.iscsi.firmware=1, or rd.iscsi.target.name= and rd.iscsi.target.ip="),
            );
        }
    }
}

fn duplicates(network: &Network<'_, '_>, findings: &mut Findings) {
    for this @ (ip, word) in &network.ips {
        let Some(interface) = &ip.interface else { continue };
        let earlier = network.ip_of(interface).filter(|first| !std::ptr::eq(*first, this));
        let Some((before, first)) = earlier else { continue };
        // NetworkManager accepts one line each for IPv4 and IPv6.
        let both = match (before.address, ip.address) {
            (Some(a), Some(b)) => a.is_ipv4() != b.is_ipv4(),
            (a, b) => a.is_some() != b.is_some(),
        };
        if both {
            continue;
        }
        findings.push(
            Finding::new(&codes::NETWORK_MISFIT, format!("{interface} is configured twice"))
                .severity(Severity::Error)
                .at(word.span)
                .related(first.span, "the first time"),
        );
    }
    for this @ (kind, link, word) in &network.links {
        if let Some((_, _, first)) = network.link(&link.name).filter(|first| !std::ptr::eq(*first, this)) {
            findings.push(
                Finding::new(
                    &codes::NETWORK_MISFIT,
                    format!("the {} {} is made twice", kind.name(), link.name),
                )
                .severity(Severity::Error)
                .at(word.span)
                .related(first.span, "the first time"),
            );
        }
    }
}

fn members(network: &Network<'_, '_>, findings: &mut Findings) {
    use crate::boot::network::LinkKind;
    for (kind, link, word) in network.links.iter().filter(|(kind, ..)| *kind != LinkKind::Vlan) {
        for member in &link.members {
            if let Some((_, ip_word)) = network.ip_of(member) {
                findings.push(
                    Finding::new(
                        &codes::NETWORK_MISFIT,
                        format!(
                            "{member} belongs to the {} {}, so it cannot have an address of its own",
                            kind.name(),
                            link.name
                        ),
                    )
                    .at(ip_word.span)
                    .related(word.span, format!("the {}", kind.name()))
                    .help(format!("write ip={}:…", link.name)),
                );
            }
            if let Some((_, other, first)) = network.other_of_member(member, link) {
                findings.push(
                    Finding::new(
                        &codes::NETWORK_MISFIT,
                        format!("{member} belongs to {} already", other.name),
                    )
                    .severity(Severity::Error)
                    .at(word.span)
                    .related(first.span, "the first one"),
                );
            }
        }
    }
}

fn boot_device(entry: &Entry<'_>, network: &Network<'_, '_>, version: Version, findings: &mut Findings) {
    if let Some(word) = network.bootdev {
        let name = word.text();
        let known = network.mentions(name) || value::mac(name).is_some();
        if !known
            && !network.ips.is_empty()
            && !network.incomplete
            && network.ips.iter().all(|(ip, _)| ip.interface.is_some())
        {
            findings.push(
                Finding::new(
                    &codes::NETWORK_MISFIT,
                    format!("no ip= configures {name}, the interface to boot from"),
                )
                .at(word.span),
            );
        }
    }
    let several: Vec<_> = network.ips.iter().filter(|(ip, _)| ip.method != "ibft").collect();
    let mut interfaces: Vec<_> = several.iter().filter_map(|(ip, _)| ip.interface.as_deref()).collect();
    interfaces.sort_unstable();
    interfaces.dedup();
    if several.len() < 2 || (interfaces.len() < 2 && several.iter().all(|(ip, _)| ip.interface.is_some())) {
        return;
    }
    for (ip, word) in several.iter().filter(|(ip, _)| ip.interface.is_none()) {
        let help = if ip.method.is_empty() { "dhcp" } else { &ip.method };
        findings.push(
            Finding::new(&codes::NO_BOOTDEV, "with several ip= each must name its interface")
                .severity(if by_network_manager(version) { Severity::Warning } else { Severity::Error })
                .at(word.span)
                .help(format!("write ip=INTERFACE:{help}")),
        );
    }
    let off = entry.line.last("rd.bootif").is_some_and(|w| !w.is_on());
    let bootif = !off && (entry.adds_bootif || entry.line.last("BOOTIF").is_some());
    // A static network without a gateway on all interfaces but one leaves no choice.
    let named = network.bootdev.is_some() || entry.line.last("ksdevice").is_some();
    if !named && !bootif {
        let (word, help, applicability) = match interfaces.first() {
            Some(first) => {
                let word = format!("bootdev={first}");
                let help = format!("add {word}, or let the boot loader add BOOTIF=");
                (word, help, Applicability::Unsafe)
            }
            None => {
                let word = "bootdev=INTERFACE".to_owned();
                let help = format!("add {word}");
                (word, help, Applicability::Placeholder)
            }
        };
        let message =
            format!("{} interfaces are configured, but none is named as the one to boot from", several.len());
        let finding = Finding::new(&codes::NO_BOOTDEV, message)
            .at(several[1].1.span)
            .related(several[0].1.span, "the first one")
            .help(help);
        findings.push(Finding { fix: mend::add(&entry.line.words, &word, applicability), ..finding });
    }
}

/// A bond, bridge or VLAN that gets no address although single interfaces do.
fn without_address(network: &Network<'_, '_>, findings: &mut Findings) {
    if network.ips.is_empty()
        || network.incomplete
        || network.ips.iter().any(|(ip, _)| ip.interface.is_none())
    {
        return;
    }
    for (kind, link, word) in &network.links {
        let used = network.ip_of(&link.name).is_some() || network.is_member(&link.name);
        if !used {
            findings.push(
                Finding::new(
                    &codes::NETWORK_MISFIT,
                    format!("the {} {} gets no address", kind.name(), link.name),
                )
                .at(word.span)
                .help(format!(
                    "write ip={}:dhcp, or ip=ADDRESS::GATEWAY:NETMASK:HOSTNAME:{0}:none",
                    link.name
                )),
            );
        }
    }
}

/// Whether the servers of all locations can be reached.
fn reach(entry: &Entry<'_>, network: &Network<'_, '_>, findings: &mut Findings) {
    let line = &entry.line;
    let remote: Vec<(&Word<'_>, String)> = line
        .words
        .iter()
        .filter_map(|word| {
            let Takes::Location(fetches) = options::find(&word.name)?.takes else { return None };
            let location = location::parse(word.known_value()?, fetches, &mut Vec::new()).ok()?;
            location.is_remote().then(|| (word, location.host.unwrap_or_default()))
        })
        .collect();
    let Some((first, _)) = remote.first() else { return };
    if let Some(word) = line.last("rd.neednet").filter(|w| !w.is_on()) {
        findings.push(
            Finding::new(
                &codes::NO_NETWORK,
                format!("'{}' comes over the network, which rd.neednet=0 keeps down", first.name),
            )
            .severity(Severity::Warning)
            .at(word.span)
            .related(first.span, "what is fetched"),
        );
    }
    let off = |ip: &crate::boot::ip::Ip| matches!(ip.method.as_str(), "none" | "off") && ip.address.is_none();
    if !network.ips.is_empty() && !network.incomplete && network.ips.iter().all(|(ip, _)| off(ip)) {
        findings.push(
            Finding::new(
                &codes::NO_NETWORK,
                format!("'{}' comes over the network, but no interface gets an address", first.name),
            )
            .at(network.ips[0].1.span)
            .related(first.span, "what is fetched")
            .help("write ip=dhcp, or give a static address"),
        );
        return;
    }
    if !network.all_static() || network.incomplete || entry.adds_ip {
        return;
    }
    let proxied = line.last("inst.proxy").is_some();
    for (word, host) in remote.iter().filter(|(_, host)| !host.is_empty()) {
        match host.parse::<IpAddr>() {
            Err(_) if network.nameservers.is_empty() && !proxied => {
                let message = format!("'{host}' cannot be resolved: the static network names no name server");
                let finding = Finding::new(&codes::NO_NAMESERVER, message).at(word.value_span());
                let fix = mend::add(&line.words, "nameserver=ADDRESS", Applicability::Placeholder);
                findings.push(Finding { fix, ..finding.help("add nameserver=ADDRESS") });
                return;
            }
            Ok(address) if !proxied && !reachable(address, network) && line.last("rd.route").is_none() => {
                findings.push(
                    Finding::new(
                        &codes::NO_GATEWAY,
                        format!("{address} is in another network, and no gateway leads there"),
                    )
                    .at(word.value_span())
                    .related(network.ips[0].1.span, "the network of the host")
                    .help("the third field of ip= is the gateway"),
                );
                return;
            }
            _ => {}
        }
    }
}

fn reachable(address: IpAddr, network: &Network<'_, '_>) -> bool {
    network.ips.iter().any(|(ip, _)| {
        ip.gateway.is_some_and(|g| g.is_ipv4() == address.is_ipv4())
            || match (ip.address, ip.prefix) {
                (Some(own), Some(prefix)) => value::same_network(own, address, prefix),
                _ => true,
            }
    })
}
