//! Kickstarts from a few answers: a release, a policy, disks, a network, a source.
//!
//! Invariant: what is written has no finding by the rules of this program, and installs on disks that are large enough.

mod answers; // what is asked for
mod storage; // disks and volumes

pub use answers::{Answers, Disk, InvalidAnswer, Network, Static, word};

use kickstart::{Family, Version};
use node_base::policy::Policy;
use std::fmt::Write;

/// No password matches it.
const NO_PASSWORD: &str = "$6$replace.this.one$REPLACE.THIS.HASH.REPLACE.THIS.HASH.REPLACE.THIS.HASH.REPLACE.THIS.HASH.REPLACE.THIS.H";

/// An image's SHA-256 that no file has.
const NO_CHECKSUM: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The kickstart for these answers.
pub fn kickstart(answers: &Answers) -> String {
    let mut text = format!("#version={}\n\ntext\n", answers.release);
    let Answers { language, keyboard, time_zone, .. } = answers;
    let _ = writeln!(text, "lang {language}\nkeyboard --vckeymap={keyboard}\ntimezone {time_zone} --utc");
    text.push_str("selinux --enforcing\nfirstboot --disable\n\n");
    accounts(&mut text, answers);
    network(&mut text, answers);
    source(&mut text, answers);
    storage::write(&mut text, answers);
    text.push_str("\nreboot\n");
    match &answers.policy {
        Some(policy) => node(&mut text, policy),
        None => {
            let packages = packages(answers.release);
            let _ = writeln!(text, "\n%packages\n{packages}\n%end");
        }
    }
    text
}

fn accounts(text: &mut String, answers: &Answers) {
    match &answers.root_hash {
        Some(hash) => {
            let _ = writeln!(text, "rootpw --iscrypted {hash}");
        }
        None if answers.ssh_key.is_some() => text.push_str("rootpw --lock\n"),
        None => {
            text.push_str(
                "# REPLACE THIS HASH. No password matches it: until it is replaced nobody can log in as root.\n\
                 # \"openssl passwd -6\" makes one.\n",
            );
            let _ = writeln!(text, "rootpw --iscrypted {NO_PASSWORD}");
        }
    }
    if let Some(key) = &answers.ssh_key {
        let _ = writeln!(text, "sshkey --username=root \"{key}\"");
    }
}

fn network(text: &mut String, answers: &Answers) {
    let Answers { device, network, hostname, .. } = answers;
    let _ = match network {
        Network::Dhcp => write!(text, "\nnetwork --bootproto=dhcp --device={device}"),
        Network::Static(Static { address, netmask, gateway, nameservers }) => {
            let servers: Vec<String> = nameservers.iter().map(ToString::to_string).collect();
            write!(
                text,
                "\nnetwork --bootproto=static --device={device} --ip={address} --netmask={netmask} --gateway={gateway} \
                 --nameserver={}",
                servers.join(",")
            )
        }
    };
    text.push_str(" --activate --onboot=yes");
    if let Some(name) = hostname {
        let _ = write!(text, " --hostname={name}");
    }
    text.push('\n');
}

fn source(text: &mut String, answers: &Answers) {
    let is_node = answers.policy.is_some();
    let given = answers.source.as_deref();
    if is_node {
        let url = given.unwrap_or("https://images.example.org/ovirt-node-ng-image.squashfs.img");
        let checksum = answers.checksum.as_deref();
        let replace = match (given, checksum) {
            (Some(_), Some(_)) => "",
            (Some(_), None) => " REPLACE THE CHECKSUM.",
            (None, Some(_)) => " REPLACE THE ADDRESS.",
            (None, None) => " REPLACE BOTH.",
        };
        let _ = writeln!(text, "\n# The node's image, and the SHA-256 of the file (sha256sum).{replace}");
        let _ = writeln!(text, "liveimg --url={url} --checksum={}", checksum.unwrap_or(NO_CHECKSUM));
    } else {
        let replace = if given.is_some() { "" } else { " REPLACE THE ADDRESS." };
        let _ = writeln!(text, "\n# Where the packages come from.{replace}");
        let _ = writeln!(text, "url --url={}", given.unwrap_or("https://mirror.example.org/os/"));
    }
}

/// The smallest environment or group of a release.
fn packages(release: Version) -> &'static str {
    match release.family {
        Family::Rhel => "@^minimal-environment",
        Family::Fedora => "@core",
    }
}

fn node(text: &mut String, policy: &Policy) {
    text.push_str(
        "\n# Checks this file in the installer, and makes the base, the layer and the boot entry after the installation.\n",
    );
    let _ = writeln!(text, "%addon org_ovirt_node --policy={}\nlayout --init\n%end", policy.name);
}
