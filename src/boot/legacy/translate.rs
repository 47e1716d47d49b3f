//! A kickstart and a command line that make the host which an old node's parameters describe.

use super::values::{Disk, Ip, Size};
use super::{Node, find, scripts};
use crate::boot::cmdline::CommandLine;
use crate::boot::value;
use crate::policy::{Policy, PolicyError};
use crate::units::MiB;
use std::fmt::Write;

/// What comes of an old command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// The kickstart, with the command line in a comment at its top.
    pub kickstart: String,
    /// The command line.
    pub command_line: String,
}

/// Where an administrator puts the files; to be replaced. By address, when the old node has no name server: in its own
/// network, when it has no gateway either.
fn server(node: &Node) -> String {
    let named = node.get("dns").is_some_and(|d| d.split(',').any(|s| s.parse::<std::net::IpAddr>().is_ok()));
    match &node.ip {
        Some(Ip::Static { address: std::net::IpAddr::V4(own), gateway, netmask: Some(_) })
            if !named || gateway.is_none() =>
        {
            let [a, b, c, d] = own.octets();
            let last = if d == 1 { 2 } else { 1 };
            if gateway.is_some() { "192.0.2.5".to_owned() } else { format!("{a}.{b}.{c}.{last}") }
        }
        _ => "deploy.example.org".to_owned(),
    }
}

/// No password matches it.
const NO_PASSWORD: &str = "$6$replace.this.one$REPLACE.THIS.HASH.REPLACE.THIS.HASH.REPLACE.THIS.HASH.REPLACE.THIS.HASH.REPLACE.THIS.H";

/// Translates the parameters of one command line.
///
/// # Errors
/// When the built-in policy cannot be read.
pub fn translate(line: &CommandLine<'_>) -> Result<Translation, PolicyError> {
    let policy = Policy::builtin("ovirt-node")?;
    let node = Node::of(line);
    let mut writer = Writer { node: &node, done: Vec::new(), left: Vec::new() };
    let body = writer.body(&policy);
    let command_line = writer.command_line(line);
    let left = writer.leftovers();
    let mut kickstart = String::from("#version=RHEL9\n");
    kickstart.push_str("# Written by ks-lint from the kernel parameters of an oVirt Node 3 or older. Read it before you use it.\n#\n");
    let _ = writeln!(kickstart, "# Kernel command line (REPLACE {}):\n#   {command_line}\n#", server(&node));
    if !left.is_empty() {
        kickstart.push_str("# What has no equivalent here:\n");
        for line in &left {
            let _ = writeln!(kickstart, "#   {line}");
        }
    }
    kickstart.push('\n');
    kickstart.push_str(&body);
    Ok(Translation { kickstart, command_line })
}

/// Whether a value can stand in a kickstart or a script as it is: no blank, no quote, nothing that a shell reads.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| {
            c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '/' | '@' | ',' | '=' | '+' | '-')
        })
}

struct Writer<'n> {
    node: &'n Node,
    /// Parameters that are taken care of.
    done: Vec<&'static str>,
    /// Remarks about those that are not.
    left: Vec<String>,
}

impl Writer<'_> {
    fn plain(&mut self, name: &'static str) -> Option<String> {
        let value = self.node.get(name).filter(|v| is_plain(v))?.to_owned();
        self.done.push(name);
        Some(value)
    }

    fn body(&mut self, policy: &Policy) -> String {
        let mut text = String::new();
        let keyboard = self.plain("keyboard").unwrap_or_else(|| "us".to_owned());
        let _ =
            writeln!(text, "text\nlang en_US.UTF-8\nkeyboard --vckeymap={keyboard}\ntimezone Etc/UTC --utc");
        if let Some(servers) = self.plain("ntp") {
            for server in servers.split(',') {
                let _ = writeln!(text, "timesource --ntp-server={server}");
            }
        }
        text.push_str("selinux --enforcing\nfirstboot --disable\n\n");
        self.accounts(&mut text);
        self.network(&mut text);
        self.iscsi(&mut text);
        self.subscription(&mut text);
        text.push_str(
            "\n# The node's image, and the SHA-256 of the file. REPLACE BOTH.\nliveimg --url=https://images.example.org/ovirt-node-ng-image.squashfs.img --checksum=0000000000000000000000000000000000000000000000000000000000000000\n\n",
        );
        self.storage(policy, &mut text);
        text.push_str("\nreboot\n\n%addon org_ovirt_node --policy=ovirt-node\nlayout --init\n%end\n");
        self.crash_dumps(&mut text);
        let (lines, done) = scripts::post(self.node);
        self.done.extend(done);
        if !lines.is_empty() {
            let _ = writeln!(text, "\n%post --erroronfail\nset -e\n{}\n%end", lines.join("\n"));
        }
        text
    }

    fn accounts(&mut self, text: &mut String) {
        let node = self.node;
        for name in &node.unhashed {
            let _ = writeln!(text, "# {name} is not hashed, so it is not carried over.");
        }
        let root = ["rootpw", "rhevm_admin_password", "engine_admin_password"]
            .into_iter()
            .find_map(|n| Some((n, node.get(n)?)));
        match root {
            Some((name, hash)) => {
                self.done.extend(["rootpw", "rhevm_admin_password", "engine_admin_password"]);
                // The engine logs in as root over SSH when the host is added.
                let ssh = if name == "rootpw" { "" } else { " --allow-ssh" };
                let _ = writeln!(text, "rootpw --iscrypted{ssh} {hash}");
            }
            None => {
                let _ = writeln!(
                    text,
                    "# REPLACE THIS HASH. No password matches it: until it is replaced nobody can log in as root.\nrootpw --iscrypted {NO_PASSWORD}"
                );
            }
        }
        if let Some(hash) = node.get("adminpw") {
            self.done.push("adminpw");
            let _ = writeln!(text, "user --name=admin --groups=wheel --iscrypted --password={hash}");
        }
        text.push('\n');
    }

    /// The device that gets the address, without its VLAN.
    fn device(&self) -> String {
        let node = self.node;
        match (&node.bond, &node.vlan, &node.interface) {
            (Some(bond), ..) => bond.name.clone(),
            (None, Some((_, nic)), _) => nic.clone(),
            (None, None, Some(interface)) => interface.clone(),
            (None, None, None) => "link".to_owned(),
        }
    }

    fn network(&mut self, text: &mut String) {
        let node = self.node;
        self.done.extend(["BOOTIF", "ip", "vlan", "bond_setup", "bond", "netmask", "gateway"]);
        let mut line = format!("network --device={}", self.device());
        if let Some(bond) = &node.bond {
            let _ = write!(line, " --bondslaves={}", bond.members.join(","));
            if !bond.options.is_empty() {
                let _ = write!(line, " --bondopts={}", bond.options.join(","));
            }
        }
        if let Some((id, _)) = &node.vlan {
            let _ = write!(line, " --vlanid={id}");
        }
        let mut onboot = "yes";
        match &node.ip {
            Some(Ip::Static { address, gateway, netmask }) if address.is_ipv4() && netmask.is_some() => {
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
            Some(Ip::Static { address, .. }) => {
                let _ = writeln!(text, "# ip={address} has no netmask, so the address is asked for by DHCP.");
                line.push_str(" --bootproto=dhcp");
            }
            Some(Ip::Off) => {
                text.push_str("# ip=off: the network is up during the installation only.\n");
                line.push_str(" --bootproto=dhcp");
                onboot = "no";
            }
            Some(Ip::Dhcp) | None => line.push_str(" --bootproto=dhcp"),
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

    fn iscsi(&mut self, text: &mut String) {
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

    fn subscription(&mut self, text: &mut String) {
        let node = self.node;
        let plain = |name: &str| node.get(name).filter(|v| is_plain(v));
        let (Some(org), Some(key)) = (plain("rhn_org"), plain("rhn_activationkey")) else { return };
        self.done.extend(["rhn_type", "rhn_org", "rhn_activationkey"]);
        let _ = write!(text, "\nrhsm --organization={org} --activation-key={key}");
        let server = plain("rhn_url")
            .and_then(|u| u.split_once("://").map_or(Some(u), |(_, rest)| rest.split('/').next()));
        if let Some(host) = server.filter(|h| value::host_port(h).is_ok()) {
            self.done.push("rhn_url");
            let _ = write!(text, " --server-hostname={host}");
        }
        if let Some(proxy) = plain("rhn_proxy") {
            self.done.push("rhn_proxy");
            let _ = write!(text, " --proxy={proxy}");
        }
        text.push('\n');
    }

    /// Names of the disks of a group, with remarks.
    fn disks(&self, group: &[Disk], text: &mut String) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for disk in group {
            let name = match disk {
                Disk::Device(name) => name.clone(),
                Disk::Serial(serial) => {
                    let _ = writeln!(
                        text,
                        "# The disk with the serial number {serial}; \"ls /dev/disk/by-id\" shows its name."
                    );
                    format!("disk/by-id/*{serial}*")
                }
                Disk::First => {
                    text.push_str(
                        "# storage_init asked for the first disk: REPLACE sda if that is another one.\n",
                    );
                    "sda".to_owned()
                }
                Disk::All(bus) => {
                    let _ = writeln!(
                        text,
                        "# storage_init asked for all disks of the bus {bus}: REPLACE sda by their names."
                    );
                    "sda".to_owned()
                }
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn storage(&mut self, policy: &Policy, text: &mut String) {
        let node = self.node;
        self.done.extend(["storage_init", "storage_vol", "install", "reinstall", "firstboot", "uninstall"]);
        let first = [Disk::First];
        let host = if node.disks.0.is_empty() { &first[..] } else { &node.disks.0[..] };
        let host = self.disks(host, text);
        let app: Vec<String> =
            self.disks(&node.disks.1, text).into_iter().filter(|d| !host.contains(d)).collect();
        let all: Vec<&str> = host.iter().chain(&app).map(String::as_str).collect();
        let _ = writeln!(
            text,
            "# ALL DATA ON {} IS LOST.\nignoredisk --only-use={disks}\nzerombr\nclearpart --all --initlabel --drives={disks}",
            all.join(" AND "),
            disks = all.join(",")
        );
        let _ = write!(text, "bootloader --timeout=1 --boot-drive={}", host[0]);
        let append: Vec<String> = ["crashkernel", "console"]
            .into_iter()
            .filter_map(|name| Some(format!("{name}={}", self.plain(name)?)))
            .collect();
        if !append.is_empty() {
            let _ = write!(text, " --append=\"{}\"", append.join(" "));
        }
        text.push_str("\n\nreqpart\n");
        let boot = self.size("Boot", policy.boot.min.unwrap_or(MiB(1024)), "/boot", text);
        let _ = writeln!(text, "part /boot --fstype=xfs --size={} --ondisk={}", boot.0, host[0]);
        self.volume_group(policy, &host, text);
        if !app.is_empty() {
            self.application_group(&app, text);
        }
    }

    /// The old size, brought up to the least one, with a remark when they differ.
    fn size(&self, name: &str, least: MiB, mount: &str, text: &mut String) -> MiB {
        match self.node.volumes.get(name) {
            Some(Size::Fixed(old)) if old.0 > 0 && old < least => {
                let _ = writeln!(
                    text,
                    "# storage_vol gave {name} {} MB; the policy wants {} for {mount}.",
                    old.0, least.0
                );
                least
            }
            Some(Size::Fixed(old)) => old.max(least),
            Some(Size::Rest) => {
                let _ = writeln!(
                    text,
                    "# storage_vol gave {name} the rest of the disk: the pool takes it, and {mount} can be extended."
                );
                least
            }
            None => least,
        }
    }

    fn volume_group(&mut self, policy: &Policy, disks: &[String], text: &mut String) {
        let swap = match self.node.volumes.get("Swap") {
            Some(Size::Fixed(size)) if size.0 > 0 => Some(size),
            _ => None,
        };
        // Remarks stand above the line that they are about, so the volumes are written before their pool's size is known.
        let mut volumes = String::new();
        let mut sum = MiB(0);
        let root = policy.root.recommended.unwrap_or(MiB::from_gib(6));
        let mut mounts = vec![("/", root)];
        for volume in &policy.volumes {
            let least =
                volume.recommended.or(volume.min).unwrap_or(MiB(1024)).max(volume.min.unwrap_or(MiB(0)));
            mounts.push((volume.mount.as_str(), least));
        }
        mounts.sort_by(|a, b| a.0.cmp(b.0));
        for (mount, least) in mounts {
            let old = match mount {
                "/" => "Root",
                "/var" => "Data",
                "/var/log" => "Logging",
                _ => "",
            };
            let size = self.size(old, least, mount, &mut volumes);
            sum = sum + size;
            let name = if mount == "/" {
                "root".to_owned()
            } else {
                mount.trim_start_matches('/').replace('/', "_")
            };
            let _ = writeln!(
                volumes,
                "logvol {mount} --vgname=HostVG --name={name} --thin --poolname=pool00 --fstype=xfs --fsoptions=\"defaults,discard\" --size={}",
                size.0
            );
        }
        // A fifth of the group stays free for the pool to grow into, and the pool has metadata.
        let need = sum + swap.unwrap_or(MiB(4096)) + MiB(2048);
        let share = MiB((need.0.saturating_mul(5) / 4).div_ceil(disks.len().max(1) as u64) + 64);
        for (n, disk) in disks.iter().enumerate() {
            let _ = writeln!(text, "part pv.{:02} --size={} --grow --ondisk={disk}", n + 1, share.0);
        }
        let pvs: Vec<String> = (1..=disks.len()).map(|n| format!("pv.{n:02}")).collect();
        let _ = writeln!(text, "\nvolgroup HostVG {} --reserved-percent=20", pvs.join(" "));
        if let Some(ratio) = self.node.get("mem_overcommit").filter(|v| is_plain(v)) {
            self.done.push("mem_overcommit");
            let _ = writeln!(
                text,
                "# mem_overcommit={ratio}: an old node added this share of the memory to the swap."
            );
        }
        match swap {
            Some(size) => {
                let _ =
                    writeln!(text, "logvol swap --vgname=HostVG --name=swap --fstype=swap --size={}", size.0);
            }
            None => text.push_str("logvol swap --vgname=HostVG --name=swap --fstype=swap --recommended\n"),
        }
        let _ =
            writeln!(text, "logvol none --vgname=HostVG --name=pool00 --thinpool --size={} --grow", sum.0);
        text.push_str(&volumes);
        if self.node.volumes.get("Config").is_some_and(|s| s != Size::Fixed(MiB(0))) {
            self.left.push(
                "Config of storage_vol: nothing; a node keeps its configuration in /etc of the layer"
                    .to_owned(),
            );
        }
        if self.node.volumes.get("EFI").is_some() {
            self.left.push("EFI of storage_vol: reqpart makes the EFI system partition".to_owned());
        }
    }

    /// AppVG: swap and data of an application, outside the layout.
    fn application_group(&mut self, disks: &[String], text: &mut String) {
        let fixed = |name: &str| match self.node.volumes.get(name) {
            Some(Size::Fixed(size)) if size.0 > 0 => Some(size),
            _ => None,
        };
        let (swap, data) = (fixed("Swap2"), fixed("Data2"));
        let need = swap.unwrap_or(MiB(0)) + data.unwrap_or(MiB(1024)) + MiB(512);
        text.push_str("\n# The second group of storage_init.\n");
        for (n, disk) in disks.iter().enumerate() {
            let share = need.0.div_ceil(disks.len() as u64);
            let _ = writeln!(text, "part pv.1{n} --size={share} --grow --ondisk={disk}");
        }
        let pvs: Vec<String> = (0..disks.len()).map(|n| format!("pv.1{n}")).collect();
        let _ = writeln!(text, "volgroup AppVG {}", pvs.join(" "));
        if let Some(size) = swap {
            let _ = writeln!(text, "logvol swap --vgname=AppVG --name=swap2 --fstype=swap --size={}", size.0);
        }
        let grow = if data.is_none() { " --grow" } else { "" };
        let _ = writeln!(
            text,
            "logvol /data2 --vgname=AppVG --name=data2 --fstype=xfs --size={}{grow}",
            data.unwrap_or(MiB(1024)).0
        );
    }

    fn crash_dumps(&mut self, text: &mut String) {
        let node = self.node;
        if node.get("disable_kdump").is_some() && (node.is_on("disable_kdump")) {
            self.done.push("disable_kdump");
            text.push_str("\n%addon com_redhat_kdump --disable\n%end\n");
        } else if node.get("kdump_nfs").is_some() || node.get("kdump_ssh").is_some() {
            text.push_str("\n%addon com_redhat_kdump --enable --reserve-mb='auto'\n%end\n");
        }
    }

    /// The kernel command line for the installer.
    fn command_line(&mut self, line: &CommandLine<'_>) -> String {
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
            Some(Ip::Static { address, gateway, netmask: Some(mask) }) if address.is_ipv4() => {
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

    /// Remarks about every parameter that nothing above takes care of.
    fn leftovers(&mut self) -> Vec<String> {
        let mut left = std::mem::take(&mut self.left);
        for name in self.node.names().filter(|n| !self.done.contains(n)) {
            let Some(parameter) = find(name) else { continue };
            left.push(match parameter.now {
                "nothing" => format!("{name}: nothing takes its place"),
                now => format!("{name}: {now}"),
            });
        }
        for (name, reason) in &self.node.unusable {
            left.push(format!("{name}: {reason}"));
        }
        // A comment is one line, whatever was on the command line.
        left.iter()
            .map(|l| l.replace(|c: char| c.is_control() || crate::source::is_line_end(c), " "))
            .collect()
    }
}

/// A prefix length as a netmask.
fn dotted(prefix: u8) -> String {
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
    std::net::Ipv4Addr::from(mask).to_string()
}
