//! dracut's `bond=`, `team=`, `bridge=`, `vlan=`, `ifname=`, `rd.route=` and the PXE loaders' `BOOTIF=`
//! (dracut.cmdline(7); `modules.d/*network-legacy/parse-*.sh`; NetworkManager's `nmi-cmdline-reader.c`).

use super::value::{self, Field, ValueIssue};
use foldhash::{HashSet, HashSetExt};
use kickstart::{Family, Version};
use node_base::diagnostic::nearest;

/// A device made of others: `bond=`, `team=`, `bridge=`, `vlan=`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// Name of the new interface.
    pub name: String,
    /// The interfaces it is made of.
    pub members: Vec<String>,
    /// Options of a bond (`mode=802.3ad`), the runner of a team.
    pub options: Vec<String>,
    /// Number of a VLAN; `None` for other kinds.
    pub vlan: Option<u16>,
    /// MTU in bytes; `None` for the default.
    pub mtu: Option<u32>,
}

/// Modes of a bond, as numbers and names.
const BOND_MODES: &[&str] =
    &["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"];

/// Options of a bond (`modinfo bonding`).
const BOND_OPTIONS: &[&str] = &[
    "mode",
    "miimon",
    "updelay",
    "downdelay",
    "use_carrier",
    "primary",
    "primary_reselect",
    "lacp_rate",
    "lacp_active",
    "ad_select",
    "ad_actor_sys_prio",
    "ad_actor_system",
    "ad_user_port_key",
    "xmit_hash_policy",
    "fail_over_mac",
    "arp_interval",
    "arp_ip_target",
    "arp_validate",
    "arp_all_targets",
    "arp_missed_max",
    "ns_ip6_target",
    "num_grat_arp",
    "num_unsol_na",
    "peer_notif_delay",
    "min_links",
    "resend_igmp",
    "packets_per_slave",
    "tlb_dynamic_lb",
    "all_slaves_active",
    "lp_interval",
    "max_bonds",
    "tx_queues",
];

/// Runners of a team (teamd.conf(5)).
const RUNNERS: &[&str] = &["broadcast", "roundrobin", "random", "activebackup", "loadbalance", "lacp"];

fn name(field: &Field<'_>, what: &str) -> Result<String, ValueIssue> {
    if value::is_interface(field.text) {
        return Ok(field.text.to_owned());
    }
    Err(ValueIssue::error(if field.text.is_empty() {
        format!("the name of the {what} is missing")
    } else {
        format!(
            "'{}' is not the name of a network interface (at most 15 characters, no blank, no slash)",
            field.text
        )
    })
    .part(field.at.clone()))
}

/// The members of a bond, a team or a bridge: a list with commas.
///
/// # Errors
/// An empty member, one that cannot be an interface, or one that is listed twice.
pub(crate) fn member_list(text: &str, what: &str) -> Result<Vec<String>, ValueIssue> {
    members(&Field { text, bracketed: false, at: 0..text.len() }, what)
}

fn members(field: &Field<'_>, what: &str) -> Result<Vec<String>, ValueIssue> {
    let mut names: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    for member in field.text.split(',') {
        if !value::is_interface(member) {
            return Err(ValueIssue::error(if member.is_empty() {
                format!("the {what} lists an empty interface")
            } else {
                format!("'{member}' is not the name of a network interface")
            })
            .help("separate the interfaces by commas, without blanks")
            .part(field.at.clone()));
        }
        if !seen.insert(member) {
            return Err(ValueIssue::error(format!("the {what} lists {member} twice")).part(field.at.clone()));
        }
        names.push(member.to_owned());
    }
    Ok(names)
}

fn too_many(parts: &[Field<'_>], most: usize, form: &str) -> Option<ValueIssue> {
    let extra = parts.get(most)?;
    Some(
        ValueIssue::error(format!("more than {most} fields, from '{}' on", extra.text))
            .help(format!("the form is {form}"))
            .part(extra.at.clone()),
    )
}

/// `bond=NAME[:MEMBERS[:OPTIONS[:MTU]]]`; without a value `bond0` of `eth0` and `eth1`.
///
/// # Errors
/// What makes the value useless.
pub(crate) fn bond(text: &str, wrong: &mut Vec<ValueIssue>) -> Result<Link, ValueIssue> {
    let parts = value::fields(text, ':');
    if let Some(found) = too_many(&parts, 4, "bond=NAME:INTERFACE,INTERFACE:mode=802.3ad,miimon=100:MTU") {
        return Err(found);
    }
    let mut bond = Link { name: name(&parts[0], "bond")?, ..Link::default() };
    match parts.get(1) {
        Some(field) if !field.text.is_empty() => bond.members = members(field, "bond")?,
        _ => {
            bond.members = vec!["eth0".to_owned(), "eth1".to_owned()];
            wrong.push(
                ValueIssue::warning(
                    "no interfaces are named, so the bond is made of eth0 (and eth1, without NetworkManager)",
                )
                .help(format!("write bond={}:INTERFACE,INTERFACE", bond.name)),
            );
        }
    }
    if let Some(field) = parts.get(2).filter(|f| !f.text.is_empty()) {
        for option in field.text.split(',') {
            bond.options.push(option.to_owned());
            if let Some(found) = bond_option(option, &bond.members) {
                wrong.push(found.part(field.at.clone()));
            }
        }
    }
    bond.mtu = mtu(parts.get(3), wrong);
    Ok(bond)
}

/// What is wrong with one option of a bond (`mode=802.3ad`).
pub(crate) fn bond_option(option: &str, members: &[String]) -> Option<ValueIssue> {
    let Some((key, given)) = option.split_once('=') else {
        return Some(if BOND_MODES.contains(&option) {
            ValueIssue::error(format!("'{option}' is a mode without 'mode='"))
                .help(format!("write mode={option}"))
                .meant(format!("mode={option}"))
        } else {
            ValueIssue::error(format!("'{option}' is not an option of a bond: expected NAME=VALUE"))
        });
    };
    if !BOND_OPTIONS.contains(&key) {
        let found = ValueIssue::error(format!("a bond has no option '{key}'"));
        return Some(match nearest(key, BOND_OPTIONS.iter().copied()) {
            Some(near) => found.help(format!("did you mean '{near}'?")).meant(option.replacen(key, near, 1)),
            None => found,
        });
    }
    match key {
        "mode" if !BOND_MODES.contains(&given) && !matches!(given.parse::<u8>(), Ok(0..=6)) => {
            let found = ValueIssue::error(format!("a bond has no mode '{given}'"));
            Some(match nearest(given, BOND_MODES.iter().copied()) {
                Some(near) => found.help(format!("did you mean '{near}'?")).meant(format!("{key}={near}")),
                None => found.help(format!("one of {}, or 0 to 6", BOND_MODES.join(", "))),
            })
        }
        "primary" if !members.iter().any(|m| m == given) => Some(
            ValueIssue::error(format!("the primary interface {given} is not in the bond"))
                .help(format!("one of {}", members.join(", "))),
        ),
        "miimon" | "updelay" | "downdelay" | "arp_interval" if given.parse::<u32>().is_err() => {
            Some(ValueIssue::error(format!("{key}={given}: expected milliseconds")))
        }
        _ => None,
    }
}

fn mtu(field: Option<&Field<'_>>, wrong: &mut Vec<ValueIssue>) -> Option<u32> {
    let field = field.filter(|f| !f.text.is_empty())?;
    match mtu_of(field.text) {
        Ok(mtu) => Some(mtu),
        Err(found) => {
            wrong.push(found.part(field.at.clone()));
            None
        }
    }
}

/// An MTU in bytes.
///
/// # Errors
/// A text that is not one.
pub(crate) fn mtu_of(text: &str) -> Result<u32, ValueIssue> {
    match text.parse::<u32>() {
        Ok(mtu @ 68..=65_535) => Ok(mtu),
        _ => Err(ValueIssue::error(format!("'{text}' is not an MTU: expected 68 to 65535"))),
    }
}

/// The number of a VLAN.
///
/// # Errors
/// A text that is not one.
pub(crate) fn vlan_number(text: &str) -> Result<u16, ValueIssue> {
    match text.parse::<u16>() {
        Ok(vlan @ 0..=4094) => Ok(vlan),
        _ => Err(ValueIssue::error(format!("{text} is not a VLAN: expected 0 to 4094"))),
    }
}

/// `team=NAME:MEMBERS[:RUNNER]`.
///
/// # Errors
/// What makes the value useless.
pub(crate) fn team(text: &str, wrong: &mut Vec<ValueIssue>) -> Result<Link, ValueIssue> {
    let parts = value::fields(text, ':');
    if let Some(found) = too_many(&parts, 3, "team=NAME:INTERFACE,INTERFACE:RUNNER") {
        return Err(found);
    }
    let mut team = Link { name: name(&parts[0], "team")?, ..Link::default() };
    match parts.get(1).filter(|f| !f.text.is_empty()) {
        Some(field) => team.members = members(field, "team")?,
        None => {
            return Err(ValueIssue::error("the team names no interfaces")
                .help(format!("write team={}:INTERFACE,INTERFACE", team.name)));
        }
    }
    if let Some(field) = parts.get(2).filter(|f| !f.text.is_empty()) {
        team.options.push(field.text.to_owned());
        if !RUNNERS.contains(&field.text) {
            wrong.push(
                ValueIssue::error(format!("a team has no runner '{}'", field.text))
                    .help(match nearest(field.text, RUNNERS.iter().copied()) {
                        Some(near) => format!("did you mean '{near}'?"),
                        None => format!("one of {}", RUNNERS.join(", ")),
                    })
                    .part(field.at.clone()),
            );
        }
    }
    Ok(team)
}

/// `bridge=NAME:MEMBERS`.
///
/// # Errors
/// What makes the value useless.
pub(crate) fn bridge(text: &str) -> Result<Link, ValueIssue> {
    let parts = value::fields(text, ':');
    if let Some(found) = too_many(&parts, 2, "bridge=NAME:INTERFACE,INTERFACE") {
        return Err(found);
    }
    let name = name(&parts[0], "bridge")?;
    match parts.get(1).filter(|f| !f.text.is_empty()) {
        Some(field) => Ok(Link { members: members(field, "bridge")?, name, ..Link::default() }),
        None => {
            Err(ValueIssue::error("the bridge names no interface")
                .help(format!("write bridge={name}:INTERFACE")))
        }
    }
}

/// `vlan=NAME:INTERFACE`; the number at the end of the name is the VLAN's.
///
/// # Errors
/// What makes the value useless.
pub(crate) fn vlan(text: &str) -> Result<Link, ValueIssue> {
    let parts = value::fields(text, ':');
    if let Some(found) = too_many(&parts, 2, "vlan=INTERFACE.NUMBER:INTERFACE") {
        return Err(found);
    }
    let Some(parent) = parts.get(1).filter(|f| !f.text.is_empty()) else {
        let help = match text.split_once('.') {
            Some((parent, _)) => format!("write vlan={text}:{parent}"),
            None => "write vlan=INTERFACE.NUMBER:INTERFACE".to_owned(),
        };
        return Err(ValueIssue::error("the VLAN names no interface below it").help(help));
    };
    if !parts[0].text.is_empty() && parts[0].text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ValueIssue::error(format!(
            "'{}' is the number alone, not the name of the VLAN",
            parts[0].text
        ))
        .help(format!("write vlan={0}.{1}:{0}", parent.text, parts[0].text))
        .meant(format!("{0}.{1}:{0}", parent.text, parts[0].text))
        .part(parts[0].at.clone()));
    }
    let link = name(&parts[0], "VLAN")?;
    let digits = link.len() - link.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let number = &link[link.len() - digits..];
    match vlan_number(number) {
        Ok(vlan) => {
            let parent = self::name(parent, "interface below the VLAN")?;
            Ok(Link { name: link, members: vec![parent], vlan: Some(vlan), ..Link::default() })
        }
        Err(found) => Err(if number.is_empty() {
            ValueIssue::error(format!("the name '{link}' does not end in the VLAN's number"))
        } else {
            found
        }
        .help(format!("write vlan={0}.NUMBER:{0}", parent.text))
        .part(parts[0].at.clone())),
    }
}

/// `ifname=INTERFACE:MAC`, as name and MAC address.
///
/// # Errors
/// What makes the value useless.
pub(crate) fn ifname(text: &str, wrong: &mut Vec<ValueIssue>) -> Result<(String, String), ValueIssue> {
    let Some((device, address)) = text.split_once(':') else {
        return Err(
            ValueIssue::error("no MAC address").help(format!("write ifname={text}:52:54:00:12:34:56"))
        );
    };
    let field = Field { text: device, bracketed: false, at: 0..device.len() };
    let device = name(&field, "interface")?;
    // 6 bytes of Ethernet or 20 of InfiniBand (dracut's parse_ifname_opts).
    let infiniband = address.split(':').count() == 20
        && address.split(':').all(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()));
    let mac = if address.contains('-') { None } else { value::mac(address) };
    let Some(mac) = mac.or_else(|| infiniband.then(|| address.to_ascii_lowercase())) else {
        return Err(ValueIssue::error(format!("'{address}' is not a MAC address"))
            .help("six pairs of hexadecimal digits with colons: 52:54:00:12:34:56")
            .part(device.len() + 1..text.len()));
    };
    let number = device.strip_prefix("eth").unwrap_or_default();
    if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) {
        wrong.push(
            ValueIssue::warning(format!(
                "'{device}' is a name that the kernel gives itself, so the renaming can fail"
            ))
            .help("choose another one, such as net0 or bootnet")
            .part(0..device.len()),
        );
    }
    Ok((device, mac))
}

/// `rd.route=NET/PREFIX:[GATEWAY][:INTERFACE]`.
///
/// # Errors
/// What makes the value useless.
pub(crate) fn route(text: &str) -> Result<(), ValueIssue> {
    let parts = value::fields(text, ':');
    if let Some(found) = too_many(&parts, 3, "rd.route=NET/PREFIX:GATEWAY:INTERFACE") {
        return Err(found);
    }
    // [2001:DB8:3::/8] has the prefix length inside the brackets.
    let net = &parts[0];
    let good = match (net.bracketed, net.text.split_once('/')) {
        (true, Some((a, p))) => {
            a.parse::<std::net::Ipv6Addr>().is_ok() && matches!(p.parse::<u8>(), Ok(0..=128))
        }
        (false, Some((a, p))) if !a.starts_with('[') => {
            a.parse::<std::net::Ipv4Addr>().is_ok() && value::prefix_length(p, 32).is_some()
        }
        _ => value::address(net).is_some(),
    };
    if !good {
        return Err(ValueIssue::error(format!(
            "'{}' is not a network: expected 192.0.2.0/24 or [2001:db8::/32]",
            net.text
        ))
        .part(net.at.clone()));
    }
    if parts.iter().skip(1).all(|f| f.text.is_empty()) {
        return Err(ValueIssue::error("the route has neither a gateway nor an interface")
            .help(format!("write rd.route={}:GATEWAY", &text[net.at.clone()])));
    }
    if let Some(gateway) = parts.get(1).filter(|f| !f.text.is_empty() && value::address(f).is_none()) {
        return Err(ValueIssue::error(format!("'{}' is not the address of a gateway", gateway.text))
            .part(gateway.at.clone()));
    }
    if let Some(device) = parts.get(2).filter(|f| !f.text.is_empty()) {
        name(device, "interface")?;
    }
    Ok(())
}

/// `BOOTIF=01-52-54-00-12-34-56` (pxelinux, GRUB) or a MAC address with colons (iPXE's `${netX/mac}`), as a MAC
/// address.
///
/// # Errors
/// What makes the value useless.
pub(crate) fn bootif(text: &str) -> Result<String, ValueIssue> {
    let address = match text.split_once('-') {
        // The first pair is the hardware type: 01 is Ethernet, 20 InfiniBand.
        Some((kind, rest)) if kind.len() == 2 && rest.split('-').count() == 6 => rest,
        _ => text,
    };
    value::mac(address).ok_or_else(|| {
        ValueIssue::error(format!("'{text}' is not a MAC address"))
            .help("the form is BOOTIF=01-52-54-00-12-34-56; pxelinux writes it with IPAPPEND 2")
    })
}

/// Whether this release still has teams: RHEL 10 and its teamd are without (the kickstart's `--teamslaves` is
/// deprecated in RHEL 10 for the same reason).
pub(crate) fn has_teams(version: Version) -> bool {
    version.family == Family::Fedora || version.release < 10
}
