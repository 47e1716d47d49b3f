//! Tags of images that are not this installation's. The image tools would take them for its own.

use crate::disks::{LogicalVolume, Lvm, TAG_BASE, TAG_LAYER, TAG_POOL, TAG_VG, VolumeGroup};
use crate::images::{InitStage, NodeState, is_leftover};
use node_base::diagnostic::{Finding, Findings, layout};

/// Image tags in other volume groups, and before `init` also left-over ones in root's own group.
pub(crate) fn foreign_tags(s: &NodeState<'_>, lvm: &Lvm, findings: &mut Findings) {
    for group in &lvm.groups {
        let tagged: Vec<&LogicalVolume> =
            lvm.volumes.iter().filter(|v| v.vg == group.name && v.is_tagged()).collect();
        if group.name != s.group.name {
            other_group(s, group, &tagged, findings);
        } else if s.stage == InitStage::NotStarted {
            own_group(s, &tagged, findings);
        }
    }
}

fn other_group(s: &NodeState<'_>, group: &VolumeGroup, tagged: &[&LogicalVolume], findings: &mut Findings) {
    let what = if group.tags.iter().any(|t| t == TAG_VG) {
        format!("volume group '{}' has the tag {TAG_VG}", group.name)
    } else if let Some(v) = tagged.first() {
        format!("volume {} has image tags ({})", v.full_name(), v.tags.join(", "))
    } else {
        return;
    };
    let message = format!("{what}: it belongs to another installation, and / is in '{}'", s.group.name);
    findings.push(Finding::new(&layout::TAGS_FOREIGN, message).help(format!(
        "disconnect that disk, or remove its tags: vgchange --deltag {TAG_VG} {} (and lvchange --deltag for its volumes)",
        group.name
    )));
}

fn own_group(s: &NodeState<'_>, tagged: &[&LogicalVolume], findings: &mut Findings) {
    for v in tagged.iter().filter(|v| v.has_tag(TAG_BASE) || v.has_tag(TAG_LAYER)) {
        if !is_leftover(v, s.root) && v.uuid != s.root.uuid {
            let name = v.full_name();
            let message = format!(
                "volume {name} has image tags ({}) although / ({}) is not a layer: it is left from an older installation",
                v.tags.join(", "),
                s.root.name
            );
            findings.push(
                Finding::new(&layout::TAGS_FOREIGN, message)
                    .help(format!("lvremove {name}, or remove its tags: lvchange --deltag TAG {name}")),
            );
        }
    }
    if let Some(v) = tagged.iter().find(|v| v.has_tag(TAG_POOL) && v.name != s.pool.name) {
        let message = format!(
            "thin pool {} has the tag {TAG_POOL}, and / is in pool {}",
            v.full_name(),
            s.pool.full_name()
        );
        findings.push(
            Finding::new(&layout::TAGS_FOREIGN, message)
                .help(format!("lvchange --deltag {TAG_POOL} {}", v.full_name())),
        );
    }
}
