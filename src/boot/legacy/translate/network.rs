//! The network of an old node: for the installation on the kernel command line, for the host in the kickstart.

use crate::boot::legacy::Node;
use crate::boot::legacy::values::Addressing;
use crate::boot::legacy::writer::{Writer, is_plain};
use crate::boot::value;
use node_base::cmdline::CommandLine;
use std::fmt::Write;

/// Where an administrator puts the files; to be replaced. By address, when the old node has no name server: in its own
/// network, when it has no gateway either.
pub(super) fn server(node: &Node) -> String {
    let named = node.get("dns").is_some_and(|d| d.split(',').any(|s| s.parse::<std::net::IpAddr>().is_ok()));
    match &node.ip {
        Some(Addressing::Static { address: std::net::IpAddr::V4(own), gateway, netmask: Some(_) })
            if !named || gateway.is_none() =>
        {
            let [a, b, c, d] = own.octets();
            let last = if d == 1 { 2 } else { 1 };
            if gateway.is_some() { "192.0.2.5".to_owned() } else { format!("{a}.{b}.{c}.{last}") }
        }
        _ => "deploy.example.org".to_owned(),
    }
}

impl Writer<'_> {
    /// The device that gets the address, without its VLAN.
    fn device(&self) -> String {
        match self.bridge() {
            Some((bridge, _)) => bridge,
            None => self.below_bridge(),
        }
    }

    /// The bridge that `network_layout=bridged` puts on an interface, and the interface. A host of an engine has none: the
    /// engine makes its own when the host is added.
    fn bridge(&self) -> Option<(String, String)> {
        let node = self.node;
        if node.get("network_layout") != Some("bridged") || node.get("management_server").is_some() {
            return None;
        }
        let interface = node.interface.as_ref().filter(|i| *i != "link" && value::is_interface(i))?;
        let bridge = format!("br{interface}");
        (node.bond.is_none() && node.vlan.is_none() && value::is_interface(&bridge))
            .then(|| (bridge, interface.clone()))
    }

    fn below_bridge(&self) -> String {
        let node = self.node;
        match (&node.bond, &node.vlan, &node.interface) {
            (Some(bond), ..) => bond.name.clone(),
            (None, Some((_, nic)), _) => nic.clone(),
            (None, None, Some(interface)) => interface.clone(),
            (None, None, None) => "link".to_owned(),
        }
    }

    pub(super) fn network(&mut self, text: &mut String) {
        let node = self.node;
        self.done.extend(["BOOTIF", "ip", "vlan", "bond_setup", "bond", "netmask", "gateway"]);
        let mut line = format!("network --device={}", self.device());
        if let Some((_, interface)) = self.bridge() {
            self.done.push("network_layout");
            let _ = write!(line, " --bridgeslaves={interface}");
        }
        if node.get("network_layout") == Some("direct") {
            self.done.push("network_layout");
        }
        if let Some(bond) = &node.bond {
            let _ = write!(line, " --bondslaves={}", bond.members.join(","));
            let options: Vec<&str> =
                bond.options.iter().map(String::as_str).filter(|o| is_plain(o)).collect();
            if !options.is_empty() {
                let _ = write!(line, " --bondopts={}", options.join(","));
            }
        }
        if let Some((id, _)) = &node.vlan {
            let _ = write!(line, " --vlanid={id}");
        }
        let mut onboot = "yes";
        match &node.ip {
            Some(Addressing::Static { address, gateway, netmask })
                if address.is_ipv4() && netmask.is_some() =>
            {
                let mask = netmask
                    .as_deref()
                    .and_then(|m| value::prefix_length(m, 32))
                    .map(dotted)
                    .unwrap_or_default();
                let _ = write!(line, " --bootproto=static --ip={address} --netmask={mask}");
                if let Some(gateway) = gateway {
                    let _ = write!(line, " --gateway={gateway}");
                }
            }
            Some(Addressing::Static { address, .. }) => {
                let _ = writeln!(text, "# ip={address} has no netmask, so the address is asked for by DHCP.");
                line.push_str(" --bootproto=dhcp");
            }
            Some(Addressing::Off) => {
                text.push_str("# ip=off: the network is up during the installation only.\n");
                line.push_str(" --bootproto=dhcp");
                onboot = "no";
            }
            Some(Addressing::Dhcp) | None => line.push_str(" --bootproto=dhcp"),
        }
        if let Some(ipv6) = self.plain("ipv6") {
            match ipv6.as_str() {
                "off" | "no" => line.push_str(" --noipv6"),
                other => {
                    let _ = write!(line, " --ipv6={other}");
                }
            }
        }
        let servers: Vec<String> =
            self.plain("dns").map(|d| d.split(',').map(str::to_owned).collect()).unwrap_or_default();
        let servers: Vec<String> =
            servers.into_iter().filter(|s| s.parse::<std::net::IpAddr>().is_ok()).collect();
        if !servers.is_empty() {
            let _ = write!(line, " --nameserver={}", servers.join(","));
        }
        let _ = writeln!(text, "{line} --activate --onboot={onboot}");
        if let Some(name) = self.node.get("hostname").filter(|h| value::is_host(h)) {
            self.done.push("hostname");
            let _ = writeln!(text, "network --hostname={name}");
        }
    }

    pub(super) fn iscsi(&mut self, text: &mut String) {
        let node = self.node;
        let name = node.get("iscsi_name").filter(|v| is_plain(v));
        let server = node.get("iscsi_server").filter(|v| is_plain(v)).and_then(|v| value::host_port(v).ok());
        if name.is_none() && server.is_none() {
            return;
        }
        text.push('\n');
        match name {
            Some(name) => {
                let _ = writeln!(text, "iscsiname {name}");
                self.done.extend(["iscsi_name", "iscsi_init"]);
            }
            None => text.push_str("# REPLACE: the old parameters do not name the initiator.\niscsiname iqn.2026-01.org.example:node\n"),
        }
        if let Some((host, port)) = server {
            let _ = write!(text, "iscsi --ipaddr={host} --port={}", port.unwrap_or(3260));
            self.done.push("iscsi_server");
            if let Some(target) = self.plain("iscsi_target_name") {
                let _ = write!(text, " --target={target}");
            }
            text.push('\n');
        }
        if node.is_on("iscsi_install") || node.get("iscsi_install") == Some("") {
            self.done.push("iscsi_install");
            text.push_str("# iscsi_install: name the disk of the target below, as disk/by-path/….\n");
        }
    }

    /// The kernel command line for the installer.
    pub(super) fn command_line(&mut self, line: &CommandLine<'_>) -> String {
        let node = self.node;
        let server = server(node);
        let mut words = vec![
            format!("inst.stage2=https://{server}/el9"),
            format!("inst.updates=https://{server}/ovirt-node/updates.img"),
            format!("inst.ks=https://{server}/ks/node.ks"),
            "inst.cmdline".to_owned(),
        ];
        let base = self.device();
        let is_name = value::is_interface(&base) && base != "link";
        if let Some(bond) = &node.bond {
            let options =
                if bond.options.is_empty() { String::new() } else { format!(":{}", bond.options.join(",")) };
            words.push(format!("bond={}:{}{options}", bond.name, bond.members.join(",")));
        }
        if let Some((bridge, interface)) = self.bridge() {
            words.push(format!("bridge={bridge}:{interface}"));
        }
        let device = match &node.vlan {
            Some((id, _)) if is_name => {
                words.push(format!("vlan={base}.{id}:{base}"));
                format!("{base}.{id}")
            }
            _ if is_name => base.clone(),
            _ => String::new(),
        };
        if let Some(mac) = value::mac(&base) {
            words.push(format!("BOOTIF=01-{}", mac.replace(':', "-")));
        }
        match &node.ip {
            Some(Addressing::Static { address, gateway, netmask: Some(mask) }) if address.is_ipv4() => {
                let gateway = gateway.map(|g| g.to_string()).unwrap_or_default();
                let prefix = value::prefix_length(mask, 32).map(dotted).unwrap_or_default();
                let host = node.get("hostname").filter(|h| value::is_host(h)).unwrap_or_default();
                words.push(format!("ip={address}::{gateway}:{prefix}:{host}:{device}:none"));
                let servers = node.get("dns").unwrap_or_default().split(',');
                words.extend(
                    servers
                        .filter(|s| s.parse::<std::net::IpAddr>().is_ok())
                        .map(|s| format!("nameserver={s}")),
                );
            }
            _ if device.is_empty() => words.push("ip=dhcp".to_owned()),
            _ => words.push(format!("ip={device}:dhcp")),
        }
        words.extend(
            line.all("console")
                .filter_map(|w| w.known_value())
                .filter(|v| is_plain(v))
                .map(|v| format!("console={v}")),
        );
        if node.get("node.log_level") == Some("debug") {
            self.done.push("node.log_level");
            words.push("inst.debug".to_owned());
        }
        words.join(" ")
    }
}

/// A prefix length as a netmask.
fn dotted(prefix: u8) -> String {
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
    std::net::Ipv4Addr::from(mask).to_string()
}
