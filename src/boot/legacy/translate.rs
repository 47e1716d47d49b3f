//! A kickstart and a command line that make the host which an old node's parameters describe.

mod network; // addresses, bonds, VLANs, bridges, iSCSI; the kernel command line
mod storage; // disks, volumes, swap

use super::writer::{Writer, is_plain};
use super::{Node, find, scripts};
use crate::boot::value;
use node_base::cmdline::CommandLine;
use node_base::policy::{Policy, PolicyError};
use std::fmt::Write;

/// The translation of an old command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// The kickstart, with the command line in a comment at its top.
    pub kickstart: String,
    /// The kernel command line for Anaconda.
    pub command_line: String,
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
    let mut writer = Writer { node: &node, done: Vec::new(), left: Vec::new(), has_second_swap: false };
    let body = writer.body(&policy);
    let command_line = writer.command_line(line);
    let left = writer.leftovers();
    let mut kickstart = String::from("#version=RHEL9\n");
    kickstart.push_str("# Written by ks-lint from the kernel parameters of an oVirt Node 3 or older. Read it before you use it.\n#\n");
    let _ = writeln!(
        kickstart,
        "# Kernel command line (REPLACE {}):\n#   {command_line}\n#",
        network::server(&node)
    );
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

impl Writer<'_> {
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
        let disks = self.storage(policy, &mut text);
        text.push_str("\nreboot\n");
        if self.node.is_on("wipe_fakeraid") {
            self.done.push("wipe_fakeraid");
            let _ = writeln!(text, "\n%pre --erroronfail\n{}\n%end", scripts::wipe(&disks).join("\n"));
        }
        text.push_str("\n%addon org_ovirt_node --policy=ovirt-node\nlayout --init\n%end\n");
        self.crash_dumps(&mut text);
        let (lines, done) = scripts::post(self.node, self.has_second_swap);
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

    fn crash_dumps(&mut self, text: &mut String) {
        let node = self.node;
        if node.get("disable_kdump").is_some() && (node.is_on("disable_kdump")) {
            self.done.push("disable_kdump");
            text.push_str("\n%addon com_redhat_kdump --disable\n%end\n");
        } else if node.get("kdump_nfs").is_some() || node.get("kdump_ssh").is_some() {
            text.push_str("\n%addon com_redhat_kdump --enable --reserve-mb='auto'\n%end\n");
        }
    }

    /// Remarks about every parameter that was not translated.
    fn leftovers(&mut self) -> Vec<String> {
        let mut left = std::mem::take(&mut self.left);
        for name in self.node.names().filter(|n| !self.done.contains(n)) {
            let Some(parameter) = find(name) else { continue };
            left.push(match parameter.now {
                "nothing" => format!("{name}: nothing replaces it"),
                now => format!("{name}: {now}"),
            });
        }
        for (name, reason) in &self.node.unusable {
            left.push(format!("{name}: {reason}"));
        }
        // A comment is one line, whatever was on the command line.
        left.iter()
            .map(|l| l.replace(|c: char| c.is_control() || node_base::source::is_line_end(c), " "))
            .collect()
    }
}
