//! What dracut writes into an initramfs: one that was generated before root's volume is renamed can name the old volume.

use crate::files::read_text;
use crate::images::NodeState;
use crate::system::System;
use node_base::diagnostic::{Finding, Findings, Severity, layout};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// An initramfs that waits for root's volume under its old name (`rd.lvm.lv=` in its own `/etc/cmdline.d`).
pub(super) fn host_arguments(system: &System, s: &NodeState<'_>, findings: &mut Findings) {
    if let Some(file) = writes_host_arguments(system) {
        let message = format!(
            "dracut writes the volumes of this host into the initramfs (hostonly_cmdline in {}): one that was generated before init waits for {}/{}, which becomes {}",
            file.display(),
            s.target.vg,
            s.target.old,
            s.target.layer
        );
        findings.push(
            Finding::new(&layout::BOOT_KEPT, message)
                .help("generate it again after init and before the reboot (dracut -f --regenerate-all; an installer does so after its add-ons), or set hostonly_cmdline=no")
                .severity(Severity::Warning),
        );
    }
}

/// The configuration file that makes dracut do so. The last assignment counts, in the order in which dracut (059, `dracut.sh`)
/// reads its files: `/etc/dracut.conf`, then the files of both directories by name, where `/etc` overrides `/usr/lib`.
fn writes_host_arguments(system: &System) -> Option<PathBuf> {
    let mut by_name = BTreeMap::new();
    for directory in ["/usr/lib/dracut/dracut.conf.d", "/etc/dracut.conf.d"] {
        let listed = std::fs::read_dir(system.path(directory)).into_iter().flatten().flatten();
        let conf = listed.filter(|f| f.path().extension().is_some_and(|e| e == "conf"));
        by_name.extend(
            conf.map(|f| (f.file_name(), system.path(&format!("{directory}/{}", f.file_name().display())))),
        );
    }
    let files = std::iter::once(system.path("/etc/dracut.conf")).chain(by_name.into_values());
    let mut assigned = files.filter_map(|file| {
        let text = read_text(&file).ok()??;
        let value = text.lines().filter_map(|l| l.trim().strip_prefix("hostonly_cmdline=")).next_back()?;
        Some((value.trim_matches(['"', '\'']) == "yes", file))
    });
    assigned.next_back().filter(|(yes, _)| *yes).map(|(_, file)| file)
}
