//! The values of each `network` line: what the installer cannot make a connection of, and what it leaves out.

use super::network_codes::NO_INTERFACES;
use super::network_codes::{MISFIT, VALUE};
use super::network_together;
use crate::boot::value::{self, ValueIssue};
use crate::boot::{ip, links};
use crate::kind::filled_in;
use crate::rules::{Context, Rule, mend};
use kickstart::Command;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix, Severity};
use node_base::source::Spanned;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) static RULE: Rule = Rule { codes: &[&VALUE, &MISFIT], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    if context.installer().is_none() {
        return;
    }
    for command in context.kickstart.all("network") {
        let mut line = Line { command, findings };
        line.device();
        line.ipv4();
        line.ipv6();
        line.name_servers();
        line.host_name();
        line.links();
        line.mtu();
    }
    network_together::check(context, findings);
}

struct Line<'l, 'k, 's> {
    command: &'l Command<'s>,
    findings: &'k mut Findings,
}

impl<'s> Line<'_, '_, 's> {
    /// A value that is known.
    fn value(&self, option: &str) -> Option<Spanned<'s>> {
        self.command.value(option).filter(|v| !v.text.is_empty() && !filled_in::is_name(&v.text)).cloned()
    }

    /// A value in JSON, whose braces are not marks.
    fn json(&self, option: &str) -> Option<Spanned<'s>> {
        let is_template = |text: &str| text.contains("{{") || text.contains(['$', '@', '<', '%']);
        self.command.value(option).filter(|v| !v.text.is_empty() && !is_template(&v.text)).cloned()
    }

    fn is_hidden(&self, option: &str) -> bool {
        self.command.value(option).is_some_and(|v| filled_in::is_name(&v.text))
    }

    fn push(&mut self, option: &str, issue: ValueIssue) {
        let value = self.command.value(option);
        let meant = value.zip(issue.meant.as_deref());
        let fix = meant.and_then(|(value, meant)| Fix::of_value(value, meant, Applicability::Unsafe));
        self.push_with(option, issue, fix);
    }

    fn push_with(&mut self, option: &str, issue: ValueIssue, fix: Option<Fix>) {
        let at = match self.command.value(option) {
            Some(value) => issue.span(value),
            None => self.command.option_span(option).unwrap_or(self.command.name_span),
        };
        let code = if issue.severity == Severity::Error { &VALUE } else { &MISFIT };
        let mut finding = Finding::new(code, issue.message).severity(issue.severity).at(at);
        finding.fix = fix;
        finding.help = issue.help;
        self.findings.push(finding);
    }

    fn device(&mut self) {
        let Some(device) = self.value("--device") else {
            let of_a_device = ["--bondslaves", "--teamslaves", "--bridgeslaves", "--vlanid"];
            if let Some(option) = of_a_device.into_iter().find(|o| self.command.has(o))
                && !self.command.has("--device")
            {
                self.push(
                    option,
                    ValueIssue::error(format!("{option} needs the name of the device: --device")),
                );
            }
            return;
        };
        let text = device.text.as_ref();
        // The installer takes a word with colons for a MAC address.
        let mac = value::mac(text);
        if NO_INTERFACES.contains(&text) || value::is_interface(text) || mac.is_some() && text.contains(':') {
            return;
        }
        let issue = if let Some(mac) = mac {
            ValueIssue::warning(format!(
                "'{text}' is a MAC address with hyphens, which the installer does not know"
            ))
            .help(format!("write --device={mac}"))
            .meant(mac)
        } else if text.contains(':') && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b':') {
            ValueIssue::error(format!("'{text}' is not a MAC address"))
                .help("six pairs of hexadecimal digits with colons: 52:54:00:12:34:56")
        } else if let Some(name) = text.strip_prefix("/dev/") {
            ValueIssue::error(format!("'{text}' is a path, not the name of an interface"))
                .help(format!("write --device={name}"))
                .meant(name)
        } else if text.contains(',') {
            ValueIssue::error(format!("'{text}' is not the name of one interface"))
                .help("write one network line for each interface")
        } else {
            ValueIssue::error(format!(
                "'{text}' is not the name of a network interface (at most 15 characters, no blank, no slash)"
            ))
        };
        self.push("--device", issue);
    }

    /// `--bootproto`, `--ip`, `--netmask`, `--gateway`.
    fn ipv4(&mut self) {
        let method = self.command.value("--bootproto").map_or("dhcp", |v| v.text.as_ref()).to_owned();
        let is_static = method == "static" && !self.command.has("--noipv4");
        let given = ["--ip", "--netmask", "--gateway"].into_iter().filter(|o| self.command.has(o));
        if !is_static {
            if let Some(option) = given.into_iter().find(|o| *o == "--ip") {
                let (why, help, fix) = if self.command.has("--noipv4") {
                    ("--noipv4 switches IPv4 off", "delete one of the two", None)
                } else {
                    let why = "without --bootproto=static the address comes from DHCP";
                    (why, "add --bootproto=static", self.make_static())
                };
                let issue = ValueIssue::warning(format!("--ip has no effect: {why}")).help(help);
                self.push_with(option, issue, fix);
            }
            return;
        }
        let is_empty = |option: &str| self.command.value(option).is_none_or(|v| v.text.is_empty());
        if is_empty("--ip") {
            let message =
                "--bootproto=static needs an address: the installer cannot make a connection of this line";
            let issue = ValueIssue::error(message)
                .help("add --ip=ADDRESS --netmask=NETMASK, or write --bootproto=dhcp");
            let added =
                if self.command.has("--netmask") { "--ip=ADDRESS" } else { "--ip=ADDRESS --netmask=NETMASK" };
            let fix = mend::add_option(self.command, added, Applicability::Placeholder);
            self.push_with("--bootproto", issue, Some(fix).filter(|_| !self.command.has("--ip")));
            return;
        }
        let address = self.value("--ip").and_then(|v| match v.text.parse::<Ipv4Addr>() {
            Ok(address) => Some(address),
            Err(_) => {
                let fix = self.without_prefix(&v);
                self.push_with("--ip", not_ipv4(&v.text), fix);
                None
            }
        });
        let prefix = self.netmask();
        let gateway = self.value("--gateway").and_then(|v| match v.text.parse::<IpAddr>() {
            Ok(gateway) => Some(gateway),
            Err(_) => {
                let message = format!("'{}' is not the address of a gateway: expected 192.0.2.1", v.text);
                self.push("--gateway", ValueIssue::error(message));
                None
            }
        });
        let (Some(address), Some(prefix)) = (address, prefix) else { return };
        if let Some(gateway) = gateway
            && let Some(issue) = ip::gateway_issue(address.into(), prefix, gateway)
        {
            self.push("--gateway", issue);
        }
        let host = u32::from(address) & !u32::from(value::netmask(prefix));
        if prefix < 31 && (host == 0 || host == !u32::from(value::netmask(prefix))) {
            let what =
                if host == 0 { "of the network itself" } else { "of all hosts of the network (broadcast)" };
            let message = format!("{address}/{prefix} is the address {what}, not that of a host");
            self.push("--ip", ValueIssue::warning(message));
        }
    }

    /// The method of an address that is given; without a netmask it would be an error.
    fn make_static(&self) -> Option<Fix> {
        if !self.command.has("--netmask") {
            return None;
        }
        match self.command.value("--bootproto") {
            Some(method) => Fix::of_value(method, "static", Applicability::Unsafe),
            None => Some(mend::add_option(self.command, "--bootproto=static", Applicability::Unsafe)),
        }
    }

    /// An address with its prefix length, as an address and a mask.
    fn without_prefix(&self, ip: &Spanned<'_>) -> Option<Fix> {
        let (address, prefix) = ip.text.split_once('/')?;
        let prefix = prefix.parse::<u8>().ok().filter(|prefix| *prefix <= 32)?;
        if address.parse::<Ipv4Addr>().is_err() || self.command.has("--netmask") {
            return None;
        }
        let mask = value::netmask(prefix);
        let mut fix = Fix::of_value(ip, address, Applicability::Unsafe)?;
        fix.edits.extend(
            mend::add_option(self.command, &format!("--netmask={mask}"), Applicability::Unsafe).edits,
        );
        fix.title = format!("write --ip={address} --netmask={mask}");
        Some(fix)
    }

    /// The prefix length of `--netmask`, which must be written as an address.
    fn netmask(&mut self) -> Option<u8> {
        if self.command.value("--netmask").is_none_or(|v| v.text.is_empty()) {
            // An address with its prefix is a finding of its own.
            let has_prefix = self.value("--ip").is_some_and(|v| v.text.contains('/'));
            if !has_prefix {
                let message =
                    "--bootproto=static needs a netmask: the installer cannot make a connection of this line";
                let issue =
                    ValueIssue::error(message).help("add --netmask=255.255.255.0, or what the network has");
                let fix =
                    mend::add_option(self.command, "--netmask=255.255.255.0", Applicability::Placeholder);
                self.push_with("--ip", issue, Some(fix).filter(|_| !self.command.has("--netmask")));
            }
            return None;
        }
        let mask = self.value("--netmask")?;
        let text = mask.text.as_ref();
        if let Ok(address) = text.parse::<Ipv4Addr>()
            && let Some(prefix) = value::prefix_of_netmask(address)
        {
            return Some(prefix);
        }
        let issue =
            ValueIssue::error(format!("'{text}' is not a netmask: expected a mask such as 255.255.255.0"));
        let prefix = text.trim_start_matches('/').parse::<u8>().ok().filter(|p| *p <= 32);
        self.push(
            "--netmask",
            match prefix {
                Some(prefix) => {
                    let mask = value::netmask(prefix);
                    issue.help(format!("write --netmask={mask}")).meant(mask.to_string())
                }
                None if text.parse::<Ipv4Addr>().is_ok() => issue.help("the bits of a mask are contiguous"),
                None => issue,
            },
        );
        None
    }

    /// `--ipv6`, `--ipv6gateway`.
    fn ipv6(&mut self) {
        if let Some(v) = self.value("--ipv6") {
            let text = v.text.as_ref();
            if self.command.has("--noipv6") {
                let message = "--ipv6 has no effect: --noipv6 switches IPv6 off";
                self.push("--ipv6", ValueIssue::warning(message).help("delete one of the two"));
            } else if !matches!(text, "auto" | "dhcp" | "") {
                let (address, prefix) = text.split_once('/').unwrap_or((text, "64"));
                let is_address = address.parse::<Ipv6Addr>().is_ok();
                if !is_address || !matches!(prefix.parse::<u8>(), Ok(0..=128)) {
                    let wanted = "expected auto, dhcp, or an address such as 2001:db8::1/64";
                    let issue = ValueIssue::error(format!("'{text}' is not an IPv6 address: {wanted}"));
                    self.push("--ipv6", issue);
                }
            }
        }
        if let Some(v) = self.value("--ipv6gateway")
            && v.text.parse::<Ipv6Addr>().is_err()
        {
            let message = format!("'{}' is not the IPv6 address of a gateway: expected 2001:db8::1", v.text);
            self.push("--ipv6gateway", ValueIssue::error(message));
        }
    }

    fn name_servers(&mut self) {
        let Some(servers) = self.value("--nameserver") else { return };
        for server in servers.text.split(',').map(str::trim) {
            if server.parse::<IpAddr>().is_err() {
                let issue = if server.is_empty() {
                    ValueIssue::warning("the list of name servers has an empty entry")
                } else {
                    ValueIssue::warning(format!(
                        "'{server}' is not an address, so this name server is left out"
                    ))
                };
                self.push(
                    "--nameserver",
                    issue.help("write addresses with commas between them: 192.0.2.2,192.0.2.3"),
                );
            }
        }
    }

    fn host_name(&mut self) {
        let Some(name) = self.value("--hostname") else { return };
        let text = name.text.as_ref();
        let message = if text.is_empty() || value::is_host(text.trim_end_matches('.')) && text.is_ascii() {
            match text.len() {
                // HOST_NAME_MAX of Linux.
                65.. => format!("the host name has {} characters; Linux keeps at most 64", text.len()),
                _ if text.parse::<Ipv4Addr>().is_ok() => format!("the host name '{text}' is an address"),
                _ => return,
            }
        } else {
            format!(
                "'{text}' is not a host name: expected labels of letters, digits and hyphens with dots between them"
            )
        };
        self.push("--hostname", ValueIssue::warning(message));
    }

    /// Bonds, teams, bridges and VLANs.
    fn links(&mut self) {
        let own = self.value("--device").map(|v| v.text.into_owned());
        for (option, what) in [("--bondslaves", "bond"), ("--bridgeslaves", "bridge")] {
            let Some(list) = self.value(option) else { continue };
            match links::member_list(&list.text, what) {
                Ok(members) if own.as_ref().is_some_and(|own| members.contains(own)) => {
                    let message =
                        format!("the {what} {} is a member of itself", own.as_deref().unwrap_or_default());
                    self.push(
                        option,
                        ValueIssue::error(message).help(format!("--device is the name of the {what}")),
                    );
                }
                Ok(_) => {}
                Err(issue) => self.push(option, issue),
            }
        }
        if let Some(options) = self.value("--bondopts") {
            let members = self.value("--bondslaves").and_then(|v| links::member_list(&v.text, "bond").ok());
            let members = members.unwrap_or_default();
            if !self.command.has("--bondslaves") {
                let message = "--bondopts has no effect: --bondslaves names no members";
                let issue = ValueIssue::warning(message).help("add --bondslaves=INTERFACE,INTERFACE");
                let added = "--bondslaves=INTERFACE,INTERFACE";
                self.push_with(
                    "--bondopts",
                    issue,
                    Some(mend::add_option(self.command, added, Applicability::Placeholder)),
                );
            }
            let separator = if options.text.contains(';') { ';' } else { ',' };
            for option in options.text.split(separator).filter(|o| !o.is_empty()) {
                let is_primary = option.starts_with("primary=") && members.is_empty();
                if let Some(mut issue) = links::bond_option(option, &members).filter(|_| !is_primary) {
                    let with = |meant: String| {
                        let each = options.text.split(separator);
                        let each = each.map(|other| if other == option { meant.as_str() } else { other });
                        each.collect::<Vec<_>>().join(&separator.to_string())
                    };
                    issue.meant = issue.meant.map(with);
                    // The installer leaves the option out and says so in its log only.
                    self.push("--bondopts", ValueIssue { severity: Severity::Warning, ..issue });
                }
            }
        }
        if let Some(options) = self.value("--bridgeopts") {
            for option in options.text.split(',') {
                if let Some(issue) = bridge_option(option) {
                    self.push("--bridgeopts", issue);
                }
            }
        }
        if let Some(config) = self.json("--teamconfig")
            && let Err(error) = serde_json::from_str::<serde_json::Value>(&config.text)
        {
            let message = format!("--teamconfig is not JSON: {error}");
            let help = "write --teamconfig='{\"runner\": {\"name\": \"activebackup\"}}'";
            self.push("--teamconfig", ValueIssue::warning(message).help(help));
        }
        if let Some(id) = self.value("--vlanid")
            && let Err(issue) = links::vlan_number(&id.text)
        {
            self.push("--vlanid", issue);
        }
        if let Some(name) = self.value("--interfacename")
            && !value::is_interface(&name.text)
        {
            let message = format!(
                "'{}' is not the name of a network interface (at most 15 characters, no blank, no slash)",
                name.text
            );
            self.push("--interfacename", ValueIssue::error(message));
        }
    }

    fn mtu(&mut self) {
        if self.is_hidden("--mtu") {
            return;
        }
        if let Some(mtu) = self.value("--mtu").filter(|v| !v.text.is_empty())
            && let Err(issue) = links::mtu_of(&mtu.text)
        {
            // The installer leaves it out and says so in its log only.
            self.push("--mtu", ValueIssue { severity: Severity::Warning, ..issue });
        }
    }
}

fn not_ipv4(text: &str) -> ValueIssue {
    if let Some((address, prefix)) = text.split_once('/')
        && address.parse::<Ipv4Addr>().is_ok()
    {
        let issue = ValueIssue::error(format!("'{text}' is not an address: --ip takes no prefix length"));
        return match prefix.parse::<u8>() {
            Ok(prefix @ 0..=32) => {
                issue.help(format!("write --ip={address} --netmask={}", value::netmask(prefix)))
            }
            _ => issue.help(format!("write --ip={address} --netmask=NETMASK")),
        };
    }
    if text.split('/').next().is_some_and(|a| a.parse::<Ipv6Addr>().is_ok()) {
        return ValueIssue::error(format!("'{text}' is an IPv6 address, and --ip takes one of IPv4"))
            .help(format!("write --ipv6={text}, and --noipv4 instead of --bootproto=static"));
    }
    let is_numbers = text.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let issue = ValueIssue::error(format!("'{text}' is not an address: expected 192.0.2.1"));
    match text.split('.').find(|part| part.parse::<u32>().is_ok_and(|n| n > 255)) {
        Some(part) if is_numbers => issue.help(format!("{part} is above 255")),
        _ if is_numbers && text.split('.').any(|part| part.len() > 1 && part.starts_with('0')) => {
            issue.help("write the numbers without zeros before them")
        }
        _ => issue,
    }
}

/// Properties of a bridge that `--bridgeopts` can set (NetworkManager, `NMSettingBridge`).
const BRIDGE_OPTIONS: [&str; 9] = [
    "stp",
    "priority",
    "forward-delay",
    "hello-time",
    "max-age",
    "ageing-time",
    "group-forward-mask",
    "multicast-snooping",
    "mac-address",
];

fn bridge_option(option: &str) -> Option<ValueIssue> {
    let (key, given) = option.split_once('=').unwrap_or((option, ""));
    if !BRIDGE_OPTIONS.contains(&key) {
        let issue = ValueIssue::error(format!("a bridge has no option '{key}'"));
        return Some(match node_base::diagnostic::nearest(key, BRIDGE_OPTIONS) {
            Some(near) => issue.help(format!("did you mean '{near}'?")),
            None => issue.help(format!("the options are {}", BRIDGE_OPTIONS.join(", "))),
        });
    }
    match key {
        "stp" | "multicast-snooping" if !matches!(given, "yes" | "no") => {
            Some(ValueIssue::error(format!("{key}={given}: expected yes or no")))
        }
        "stp" | "multicast-snooping" | "mac-address" => None,
        _ if given.parse::<u32>().is_err() => {
            Some(ValueIssue::warning(format!("{key}={given}: expected a number, so the option is left out")))
        }
        _ => None,
    }
}
