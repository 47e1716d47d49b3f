use super::{custom, mib, replace};
use crate::rules::view::On;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};
use node_base::units::{Bytes, MiB};

declare_code! {
    /// `/boot` is too small.
    ///
    /// ## Why
    /// Every image keeps its kernel and initramfs there. An installer with the node's profile requires 1 GiB (1024 in a
    /// kickstart). imgbased requires a *file system* of 10^9 bytes, and checks it only after it has rewritten the boot
    /// entries: a partition of 1000 MiB passes as ext4 (1,012,768,768 bytes) and fails as xfs (981,467,136 bytes, because
    /// the log uses 64 MiB). With 1024 MiB both pass.
    ///
    /// ## Example
    /// ```text
    /// part /boot --fstype=xfs --size=1000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part /boot --fstype=xfs --size=1024
    /// ```
    ///
    /// ## Source
    /// Anaconda, profile `ovirt`: `req_partition_sizes`; imgbased 1.2.26; rhbz#1338744, rhbz#1408748.
    static CODE = "NODE011", "boot-too-small", Node, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((policy, view)) = custom(context) else { return };
    let Some(boot) = view.volume("/boot") else { return };
    let Some(size) = boot.size.at_most() else { return };
    let filesystem = boot.command.value("--fstype").and_then(|f| Some((f, file_system_size(&f.text, size)?)));
    let short = filesystem.and_then(|(kind, bytes)| {
        let wanted = policy.boot.min_filesystem.filter(|w| bytes < *w)?;
        Some(format!(
            "as {} its file system has about {} bytes, less than the {} that the layout's initialisation needs",
            kind.text,
            thousands(bytes),
            thousands(wanted)
        ))
    });
    let device = policy.boot.min.filter(|min| size < *min);
    let message = match (device, &short) {
        (Some(min), _) => {
            format!("/boot has {}; the policy {} needs at least {}", mib(size), policy.name, mib(min))
        }
        (None, Some(short)) => format!("/boot has {}; {short}", mib(size)),
        (None, None) => return,
    };
    let wanted = device.unwrap_or(MiB(1024)).max(MiB(1024));
    let option =
        if boot.command.has("--maxsize") && boot.command.has("--grow") { "--maxsize" } else { "--size" };
    let help = match boot.on {
        // The array is smaller than its members.
        On::Raid => format!("make its members '--size={}'", (wanted + MiB(64)).0),
        _ => format!("write '{option}={}'", wanted.0),
    };
    let mut finding = Finding::new(&CODE, message).at(boot.size_span()).help(help);
    if let (Some(_), Some(short)) = (device, short) {
        finding = finding.note(short);
    }
    if let Some(value) = boot.command.value(option) {
        let title = format!("give it {}", wanted.bytes());
        finding = finding.fix(replace(value.span, title, wanted.0.to_string(), Applicability::Unsafe));
    }
    findings.push(finding);
}

/// What `statvfs` reports for a new file system on a device of this size, measured with 1000 and 1024 MiB: xfs keeps
/// a log of 64 MiB, ext4 about 3.4 % for inodes and journal.
fn file_system_size(kind: &str, device: MiB) -> Option<Bytes> {
    match kind {
        "xfs" => Some((device - MiB(64)).bytes()),
        "ext4" => Some(Bytes((u128::from(device.bytes().0) * 9658 / 10000) as u64)),
        _ => None,
    }
}

/// `1,000,000,000`
fn thousands(bytes: Bytes) -> String {
    let digits = bytes.0.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_measured_file_systems_are_on_the_right_side_of_the_limit() {
        let limit = Bytes(1_000_000_000);
        for (kind, size, passes) in
            [("xfs", 1000, false), ("ext4", 1000, true), ("xfs", 1024, true), ("ext4", 1024, true)]
        {
            let bytes = file_system_size(kind, MiB(size)).unwrap();
            assert_eq!(bytes >= limit, passes, "{size} MiB of {kind} have {bytes:?}");
        }
        assert_eq!(thousands(Bytes(981_467_136)), "981,467,136");
    }
}
