//! dracut's `ip=`: every form of dracut.cmdline(7), read as dracut's `ip_to_var` (network-legacy) and NetworkManager's
//! `reader_parse_ip` (nm-initrd-generator) read it.

use super::value::{self, Field, ValueIssue};
use kickstart::{Family, Version};
use node_base::diagnostic::nearest;
use std::net::IpAddr;

/// An `ip=` that can be understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ip {
    /// How the interface gets its addresses, as written; empty means DHCP.
    pub method: String,
    /// The interface; `None` for all.
    pub interface: Option<String>,
    /// The static address; `None` with DHCP.
    pub address: Option<IpAddr>,
    /// Prefix length of the address.
    pub prefix: Option<u8>,
    /// The remote end of a point-to-point link.
    pub peer: Option<String>,
    /// The default gateway; `None` without one.
    pub gateway: Option<IpAddr>,
    /// Host name; `None` if it comes from DHCP or the kickstart.
    pub hostname: Option<String>,
    /// MTU in bytes; `None` for the default.
    pub mtu: Option<u32>,
    /// MAC address that is set on the interface.
    pub mac: Option<String>,
    /// Addresses of name servers, at most two.
    pub dns: Vec<IpAddr>,
}

impl Ip {
    /// Whether the interface gets no address from outside.
    pub fn is_static(&self) -> bool {
        matches!(self.method.as_str(), "none" | "off") && self.address.is_some()
    }

    /// Whether it asks a DHCP server for an IPv4 address.
    pub fn asks_dhcp(&self) -> bool {
        self.method.is_empty()
            || self.method.split(',').any(|m| matches!(m, "dhcp" | "on" | "any" | "single-dhcp" | "auto"))
    }
}

/// Methods that dracut's manual page names.
const METHODS: &[&str] =
    &["dhcp", "on", "any", "dhcp6", "auto6", "either6", "link6", "single-dhcp", "none", "off", "ibft"];
/// What only nm-initrd-generator knows (`_parse_ip_method`).
const NM_METHODS: &[&str] = &["auto", "fw"];
/// Methods of dracut's scripts that nm-initrd-generator does not know: it reads the word as `auto`.
const SCRIPTS_ONLY: &str = "either6";

/// Whether the initramfs of this release's installer configures the network with NetworkManager: RHEL 8 (from 8.3)
/// and Fedora 33 on. Before, dracut's own scripts do.
pub fn by_network_manager(version: Version) -> bool {
    match version.family {
        Family::Rhel => version.release >= 8,
        Family::Fedora => version.release >= 33,
    }
}

/// A method, or several with commas between them (`dhcp,dhcp6`).
fn is_method(text: &str, version: Version) -> bool {
    let known = |m: &str| METHODS.contains(&m) || (by_network_manager(version) && NM_METHODS.contains(&m));
    !text.is_empty() && text.split(',').all(known)
}

/// A remark about a method that NetworkManager reads as another one.
fn read_as_auto(method: &str, version: Version, wrong: &mut Vec<ValueIssue>) {
    if by_network_manager(version) && method.split(',').any(|m| m == SCRIPTS_ONLY) {
        wrong.push(
            ValueIssue::info(format!(
                "NetworkManager does not know '{SCRIPTS_ONLY}': it tries DHCP and IPv6 in its own order"
            ))
            .help("write auto6 or dhcp6 for IPv6 alone"),
        );
    }
}

/// What a word that is not a method was meant to be.
fn unknown_method(field: &Field<'_>) -> ValueIssue {
    let wrong = ValueIssue::error(format!(
        "'{}' is not a way to get an address: expected one of {}",
        field.text,
        METHODS.join(", ")
    ))
    .part(field.at.clone());
    match field.text {
        "static" | "manual" => wrong.help("write 'none' for a static address"),
        "bootp" | "rarp" | "both" => wrong.help("dracut supports no bootp; write 'dhcp'"),
        text => match nearest(text, METHODS.iter().copied()) {
            Some(near) => wrong.help(format!("did you mean '{near}'?")),
            None => wrong,
        },
    }
}

/// Reads the value of an `ip=`. What is wrong but can be read all the same goes to `wrong`.
///
/// # Errors
/// What makes the whole value useless.
pub fn parse(text: &str, version: Version, wrong: &mut Vec<ValueIssue>) -> Result<Ip, ValueIssue> {
    let parts = value::fields(text, ':');
    if text.matches('[').count() != text.matches(']').count() {
        return Err(ValueIssue::error("a square bracket is not closed")
            .help("write an IPv6 address as [2001:db8::1]"));
    }
    if let [only] = parts.as_slice() {
        return single(only, version, wrong);
    }
    let every_interface = parts[0].text.is_empty() && by_network_manager(version);
    if (every_interface || !parts[0].text.is_empty())
        && !parts[0].bracketed
        && is_method(parts[1].text, version)
    {
        return of_interface(text, &parts, version, wrong);
    }
    if let Some(found) = unbracketed_ipv6(text, &parts) {
        return Err(found);
    }
    if parts.len() < 4 && value::address(&parts[0]).is_none() && !parts[0].text.is_empty() {
        // eno1:dchp
        return Err(if parts[1].text.is_empty() {
            ValueIssue::error(format!("'{text}' says no way to get an address behind the interface"))
                .help(format!("write ip={}:dhcp", parts[0].text))
                .meant(format!("{}:dhcp", parts[0].text))
        } else {
            unknown_method(&parts[1])
        });
    }
    explicit(text, &parts, version, wrong)
}

/// `ip=dhcp`, or the former `ip=192.0.2.1` with `netmask=` and `gateway=` beside it.
fn single(only: &Field<'_>, version: Version, wrong: &mut Vec<ValueIssue>) -> Result<Ip, ValueIssue> {
    if is_method(only.text, version) && !matches!(only.text, "none" | "off") {
        read_as_auto(only.text, version, wrong);
        return Ok(Ip { method: only.text.to_owned(), ..Ip::default() });
    }
    if matches!(only.text, "none" | "off") {
        if by_network_manager(version) {
            return Ok(Ip { method: only.text.to_owned(), ..Ip::default() });
        }
        return Err(ValueIssue::error(format!("'{}' without a static address makes no sense", only.text))
            .help("write ip=ADDRESS::GATEWAY:NETMASK:HOSTNAME:INTERFACE:none"));
    }
    if let Some((address, prefix)) = value::address(only) {
        let help = format!("write ip={}::GATEWAY:NETMASK:HOSTNAME:INTERFACE:none", only.text);
        if by_network_manager(version) {
            return Err(ValueIssue::error(format!(
                "'{}' alone is read as automatic configuration; netmask= and gateway= are ignored",
                only.text
            ))
            .help(help));
        }
        return Ok(Ip { method: "none".to_owned(), address: Some(address), prefix, ..Ip::default() });
    }
    if only.text.parse::<std::net::Ipv6Addr>().is_ok() {
        return Err(ValueIssue::error("an IPv6 address must be in square brackets")
            .help(format!("write ip=[{}]::GATEWAY:PREFIX:HOSTNAME:INTERFACE:none", only.text)));
    }
    if value::is_interface(only.text) && only.text.bytes().any(|b| b.is_ascii_digit()) {
        return Err(ValueIssue::error(format!(
            "'{}' names an interface, but no way to get an address",
            only.text
        ))
        .help(format!("write ip={}:dhcp", only.text))
        .meant(format!("{}:dhcp", only.text)));
    }
    Err(unknown_method(only))
}

/// `ip=eno1:dhcp[:mtu[:mac]]`
fn of_interface(
    text: &str,
    parts: &[Field<'_>],
    version: Version,
    wrong: &mut Vec<ValueIssue>,
) -> Result<Ip, ValueIssue> {
    let mut ip = Ip { method: parts[1].text.to_owned(), ..Ip::default() };
    if !parts[0].text.is_empty() {
        ip.interface = Some(interface(&parts[0], version)?);
    }
    if by_network_manager(version) && ip.method.split(',').any(|m| m == SCRIPTS_ONLY) {
        return Err(ValueIssue::error(format!(
            "NetworkManager does not know '{SCRIPTS_ONLY}', so it skips this 'ip='"
        ))
        .help(format!("write ip={0}:auto6 or ip={0}:dhcp6", parts[0].text))
        .part(parts[1].at.clone()));
    }
    if matches!(ip.method.as_str(), "none" | "off") && !by_network_manager(version) {
        return Err(ValueIssue::error(format!("'{}' without a static address makes no sense", ip.method))
            .help("write ip=ADDRESS::GATEWAY:NETMASK:HOSTNAME:INTERFACE:none"));
    }
    tail(text, &parts[2..], &mut ip, wrong);
    Ok(ip)
}

/// `ip=ADDRESS:[PEER]:GATEWAY:NETMASK:HOSTNAME:INTERFACE:METHOD[:…]`
fn explicit(
    text: &str,
    parts: &[Field<'_>],
    version: Version,
    wrong: &mut Vec<ValueIssue>,
) -> Result<Ip, ValueIssue> {
    let mut ip = Ip::default();
    let get = |n: usize| parts.get(n).filter(|f| !f.text.is_empty());
    if let Some(field) = get(0) {
        let Some((address, prefix)) = value::address(field) else {
            return Err(not_an_address(field, "the address of the host"));
        };
        (ip.address, ip.prefix) = (Some(address), prefix);
    }
    if let Some(field) = get(1) {
        if value::address(field).is_none() {
            return Err(not_an_address(field, "the peer's address (empty, but for point-to-point links)"));
        }
        ip.peer = Some(field.text.to_owned());
    }
    if let Some(field) = get(2) {
        match value::address(field) {
            // A mask there means that the empty field of the peer was left out.
            Some((IpAddr::V4(mask), None)) if mask.octets()[0] == 255 => {
                return Err(ValueIssue::error(format!("the netmask {mask} is in the place of the gateway"))
                    .help("the fields are ADDRESS:PEER:GATEWAY:NETMASK:HOSTNAME:INTERFACE:METHOD; an empty one still needs its colon")
                    .part(field.at.clone()));
            }
            Some((gateway, None)) => ip.gateway = Some(gateway),
            _ => return Err(not_an_address(field, "the gateway's address")),
        }
    }
    if let Some(field) = get(3) {
        let bits = ip.address.map_or(32, value::bits);
        match value::prefix_length(field.text, bits) {
            Some(prefix) => ip.prefix = Some(prefix),
            None => {
                return Err(ValueIssue::error(format!(
                    "'{}' is not a netmask: expected a mask such as 255.255.255.0 or a prefix length up to {bits}",
                    field.text
                ))
                .part(field.at.clone()));
            }
        }
    }
    if let Some(field) = get(4) {
        if field.bracketed || field.text.parse::<IpAddr>().is_ok() || !value::is_host(field.text) {
            wrong.push(
                ValueIssue::warning(format!("'{}' is not a host name", field.text))
                    .help("the fifth field is the host's name; leave it empty for none")
                    .part(field.at.clone()),
            );
        } else {
            ip.hostname = Some(field.text.to_owned());
        }
    }
    match get(5) {
        Some(field) if METHODS.contains(&field.text) && get(6).is_none() => {
            return Err(ValueIssue::error(format!("'{}' is in the place of the interface", field.text))
                .help("the fields are ADDRESS:PEER:GATEWAY:NETMASK:HOSTNAME:INTERFACE:METHOD; an empty one still needs its colon")
                .part(field.at.clone()));
        }
        Some(field) => ip.interface = Some(interface(field, version)?),
        None => {}
    }
    if let Some(field) = get(6) {
        if !is_method(field.text, version) {
            return Err(unknown_method(field));
        }
        read_as_auto(field.text, version, wrong);
        ip.method = field.text.to_owned();
    }
    tail(text, parts.get(7..).unwrap_or_default(), &mut ip, wrong);
    sense(text, parts, &mut ip, version, wrong)?;
    if let (Some(address), true) = (ip.address, ip.method.is_empty()) {
        wrong.push(
            ValueIssue::warning(format!("no method follows the address {address}, so DHCP is asked as well"))
                .help("add ':none' behind the interface for a static address"),
        );
    }
    if let (Some(address), Some(prefix), Some(gateway), None) = (ip.address, ip.prefix, ip.gateway, &ip.peer)
    {
        wrong.extend(gateway_issue(address, prefix, gateway).map(|found| found.part(parts[2].at.clone())));
    }
    Ok(ip)
}

/// What is wrong with a gateway for a host with this address.
pub(crate) fn gateway_issue(address: IpAddr, prefix: u8, gateway: IpAddr) -> Option<ValueIssue> {
    let link_local = matches!(gateway, IpAddr::V6(g) if g.segments()[0] & 0xffc0 == 0xfe80);
    if address.is_ipv4() != gateway.is_ipv4() {
        return Some(ValueIssue::warning(format!(
            "the gateway {gateway} is not of the address family of {address}"
        )));
    }
    if address == gateway {
        return Some(ValueIssue::warning(format!("the gateway {gateway} is the host itself")));
    }
    (!link_local && !value::same_network(address, gateway, prefix)).then(|| {
        ValueIssue::warning(format!("the gateway {gateway} is not in the network of {address}/{prefix}"))
            .help("a gateway must be reachable without a gateway")
    })
}

/// Whether address, netmask and method go together.
fn sense(
    text: &str,
    parts: &[Field<'_>],
    ip: &mut Ip,
    version: Version,
    wrong: &mut Vec<ValueIssue>,
) -> Result<(), ValueIssue> {
    let method = if ip.method.is_empty() { "dhcp" } else { &ip.method };
    let fixed = matches!(method, "none" | "off");
    if let (Some(address), true, None, true) = (ip.address, fixed, ip.prefix, by_network_manager(version)) {
        let prefix = default_prefix(address);
        wrong.push(
            ValueIssue::warning(format!(
                "no netmask is given for {address}, so NetworkManager uses /{prefix}"
            ))
            .help("the fourth field is the netmask: 255.255.255.0 or 24"),
        );
        ip.prefix = Some(prefix);
        return Ok(());
    }
    match ip.address {
        None if fixed => Err(ValueIssue::error(format!("'{text}' says '{method}' but gives no address"))
            .help("the first field is the host's address")),
        Some(address) if fixed && ip.prefix.is_none() => {
            Err(ValueIssue::error(format!("'{text}' gives no netmask for {address}"))
                .help("the fourth field is the netmask: 255.255.255.0 or 24"))
        }
        Some(_) if !fixed && !by_network_manager(version) && ip.asks_dhcp() => {
            Err(ValueIssue::error(format!("an address makes no sense with '{method}'"))
                .help("write 'none' as the last field for a static address")
                .part(parts[0].at.clone()))
        }
        _ => Ok(()),
    }
}

/// What NetworkManager uses without a netmask: that of the address's class, 64 for IPv6
/// (`nm_ip4_addr_get_default_prefix`, `reader_parse_ip`).
fn default_prefix(address: IpAddr) -> u8 {
    match address {
        IpAddr::V6(_) => 64,
        IpAddr::V4(address) => match address.octets()[0] {
            0..=127 => 8,
            128..=191 => 16,
            _ => 24,
        },
    }
}

/// What may follow the method: `:mtu[:mac]` or `:dns1[:dns2]`.
fn tail(text: &str, parts: &[Field<'_>], ip: &mut Ip, wrong: &mut Vec<ValueIssue>) {
    let Some(first) = parts.first() else { return };
    if let Some((dns, None)) = value::address(first) {
        ip.dns.push(dns);
        if let Some(second) = parts.get(1).filter(|f| !f.text.is_empty()) {
            match value::address(second) {
                Some((dns, None)) => ip.dns.push(dns),
                _ => wrong.push(not_an_address(second, "the second name server")),
            }
        }
        if let Some(extra) = parts.get(2).filter(|f| !f.text.is_empty()) {
            wrong.push(
                ValueIssue::warning(format!("'{}' is ignored: two name servers at most", extra.text))
                    .help("give further ones with nameserver=")
                    .part(extra.at.clone()),
            );
        }
        return;
    }
    if !first.text.is_empty() {
        match first.text.parse::<u32>() {
            Ok(mtu @ 68..=65_535) => ip.mtu = Some(mtu),
            _ => {
                wrong.push(
                    ValueIssue::error(format!(
                        "'{}' is neither an MTU (68 to 65535) nor the address of a name server",
                        first.text
                    ))
                    .part(first.at.clone()),
                );
                return;
            }
        }
    }
    if parts.len() > 1 {
        let at = parts[1].at.start..parts[parts.len() - 1].at.end;
        let given = &text[at.clone()];
        if given.is_empty() {
            return;
        }
        match value::mac(given) {
            Some(mac) => ip.mac = Some(mac),
            None => wrong.push(
                ValueIssue::error(format!(
                    "'{given}' is not a MAC address: expected six pairs of hexadecimal digits"
                ))
                .part(at),
            ),
        }
    }
}

/// The name of an interface. NetworkManager accepts its MAC address instead, with dashes (nm-initrd-generator(8)).
fn interface(field: &Field<'_>, version: Version) -> Result<String, ValueIssue> {
    let by_address = by_network_manager(version) && value::is_dashed_address(field.text);
    if (value::is_interface(field.text) || by_address) && !field.bracketed {
        return Ok(field.text.to_owned());
    }
    Err(ValueIssue::error(format!(
        "'{}' is not the name of a network interface (at most 15 characters, no blank, no slash)",
        field.text
    ))
    .part(field.at.clone()))
}

fn not_an_address(field: &Field<'_>, what: &str) -> ValueIssue {
    ValueIssue::error(format!("'{}' is not {what}: expected 192.0.2.1 or [2001:db8::1]", field.text))
        .part(field.at.clone())
}

/// An IPv6 address whose colons were taken for separators.
fn unbracketed_ipv6(text: &str, parts: &[Field<'_>]) -> Option<ValueIssue> {
    let group = |f: &Field<'_>| {
        !f.bracketed && (1..=4).contains(&f.text.len()) && f.text.bytes().all(|b| b.is_ascii_hexdigit())
    };
    if !group(&parts[0]) || parts.len() < 3 || !(group(&parts[1]) || parts[1].text.is_empty()) {
        return None;
    }
    // The longest beginning that is an address.
    let address = (2..=parts.len().min(9))
        .rev()
        .filter_map(|n| text.get(..parts[n - 1].at.end))
        .find(|t| t.parse::<std::net::Ipv6Addr>().is_ok())?;
    Some(
        ValueIssue::error(format!("the IPv6 address {address} must be in square brackets"))
            .help(format!("write ip=[{address}]:…"))
            .part(0..address.len()),
    )
}
