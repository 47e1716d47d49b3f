//! Parameters of an old node that only a script can translate.

use super::Node;
use super::writer::is_plain;

/// The lines of `%post`, and the parameters that they translate.
pub(super) fn post(node: &Node, has_second_swap: bool) -> (Vec<String>, Vec<&'static str>) {
    let mut lines = Vec::new();
    let mut done = Vec::new();
    let mut add = |name: &'static str, text: Vec<String>| {
        lines.push(format!("# {name}"));
        lines.extend(text);
        done.push(name);
    };
    let plain = |name: &str| node.get(name).filter(|v| is_plain(v));
    if node.get("adminpw").is_some() {
        // An old node asked for another password at the first login.
        add("adminpw", vec!["chage -d 0 admin".to_owned()]);
    }
    if let Some(value) = node.get("swap_encrypt") {
        add("swap_encrypt", encrypt_swap(value, has_second_swap));
    }
    if let Some(value) = node.get("ssh_pwauth") {
        let answer = if matches!(value, "1" | "true") { "yes" } else { "no" };
        add(
            "ssh_pwauth",
            file("/etc/ssh/sshd_config.d/10-node.conf", &[format!("PasswordAuthentication {answer}")]),
        );
    }
    if let Some(target) = plain("syslog") {
        let target = if target.contains(':') { target.to_owned() } else { format!("{target}:514") };
        add("syslog", file("/etc/rsyslog.d/remote.conf", &[format!("*.* @{target}")]));
    }
    if let Some(target) = plain("kdump_nfs") {
        add("kdump_nfs", append("/etc/kdump.conf", &format!("nfs {target}")));
    }
    if let Some(target) = plain("kdump_ssh") {
        add(
            "kdump_ssh",
            [
                append("/etc/kdump.conf", &format!("ssh {target}")),
                append("/etc/kdump.conf", "sshkey /root/.ssh/kdump_id_rsa"),
            ]
            .concat(),
        );
    }
    if let Some(profile) = plain("tuned") {
        add(
            "tuned",
            [
                file("/etc/tuned/active_profile", &[profile.to_owned()]),
                file("/etc/tuned/profile_mode", &["manual".to_owned()]),
            ]
            .concat(),
        );
    }
    if let Some(domain) = plain("nfsv4_domain") {
        add(
            "nfsv4_domain",
            file("/etc/idmapd.conf", &["[General]".to_owned(), format!("Domain = {domain}")]),
        );
    }
    if let Some(interval) = plain("logrotate_interval") {
        add("logrotate_interval", vec![format!("sed -i 's/^weekly$/{interval}/' /etc/logrotate.conf")]);
    }
    if let Some(size) = plain("logrotate_max_size") {
        add("logrotate_max_size", append("/etc/logrotate.conf", &format!("maxsize {size}k")));
    }
    if node.is_on("ovirt_vdsm_disable") {
        add("ovirt_vdsm_disable", vec!["systemctl disable vdsmd.service supervdsmd.service".to_owned()]);
    }
    (lines, done)
}

/// Swap with a key that lives as long as the host is up (crypttab(5)).
fn encrypt_swap(value: &str, has_second_swap: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for part in value.split(';') {
        let (name, cipher) = part.split_once(',').unwrap_or((part, ""));
        let (volume, device) = match name {
            "Swap2" if has_second_swap => ("AppVG-swap2", "crypt_swap2"),
            "Swap2" => {
                lines.push("# There is no second swap volume.".to_owned());
                continue;
            }
            _ => ("HostVG-swap", "crypt_swap"),
        };
        let options = match cipher {
            "" => "swap".to_owned(),
            cipher if is_plain(cipher) => format!("swap,cipher={cipher}"),
            _ => {
                lines.push("# The cipher cannot be carried over: the default one is used.".to_owned());
                "swap".to_owned()
            }
        };
        lines.extend(append(
            "/etc/crypttab",
            &format!("{device} /dev/mapper/{volume} /dev/urandom {options}"),
        ));
        lines.push(format!("sed -i 's|^/dev/mapper/{volume}[[:space:]]|/dev/mapper/{device} |' /etc/fstab"));
    }
    lines
}

/// Metadata of firmware RAID, before the installer looks at the disks (blkid's names).
pub(super) fn wipe(disks: &[String]) -> Vec<String> {
    let types = "ddf_raid_member,isw_raid_member,jmicron_raid_member,lsi_mega_raid_member,nvidia_raid_member,\
                 promise_fasttrack_raid_member,silicon_medley_raid_member,via_raid_member,adaptec_raid_member,\
                 hpt37x_raid_member,hpt45x_raid_member";
    let mut lines = vec!["# wipe_fakeraid".to_owned()];
    lines.extend(disks.iter().map(|disk| format!("wipefs --all --types={types} /dev/{disk}")));
    lines
}

fn file(path: &str, content: &[String]) -> Vec<String> {
    let mut lines = vec![format!("cat >{path} <<'EOF'")];
    lines.extend_from_slice(content);
    lines.push("EOF".to_owned());
    lines
}

fn append(path: &str, line: &str) -> Vec<String> {
    vec![format!("echo '{line}' >>{path}")]
}
