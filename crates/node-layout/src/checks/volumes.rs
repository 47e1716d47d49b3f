//! The volumes of the policy: present, large enough, and separate only where they may be.

use crate::machine::{Tools, device_size};
use crate::system::System;
use node_base::diagnostic::{Finding, Findings, layout};
use node_base::policy::{Policy, Presence};

/// Volumes that are missing or too small, and directories of the image that are on volumes of their own.
pub(crate) fn volumes(system: &System, policy: &Policy, tools: &dyn Tools, findings: &mut Findings) {
    for volume in &policy.volumes {
        let Some(mount) = system.mount(&volume.mount) else {
            findings.extend(missing(&volume.mount, volume.presence, policy));
            continue;
        };
        let size = device_size(tools.environment(), mount.device);
        if let (Some(size), Some(min)) = (size, volume.min)
            && size < min.bytes()
        {
            let message = format!(
                "{} ({}) is {size}; policy '{}' asks for {}",
                volume.mount,
                mount.source,
                policy.name,
                min.bytes()
            );
            findings.push(Finding::new(&layout::VOLUME, message).help(format!(
                "lvextend --resizefs --size {}b {}",
                min.bytes().0,
                mount.source
            )));
        }
    }
    for path in &policy.not_separate {
        if let Some(m) = system.mount(path) {
            let message =
                format!("{path} is a volume of its own ({}); it must be part of the image", m.source);
            findings.push(
                Finding::new(&layout::VOLUME_SEPARATE, message)
                    .help(format!("install without a logvol or part for {path}")),
            );
        }
    }
}

fn missing(mount: &str, presence: Presence, policy: &Policy) -> Option<Finding> {
    let name = &policy.name;
    match presence {
        Presence::Required => {
            let message = format!("{mount} is not a volume of its own; policy '{name}' requires one");
            Some(
                Finding::new(&layout::VOLUME, message)
                    .help(format!("install with logvol {mount} --thin --poolname=POOL")),
            )
        }
        Presence::Recommended => {
            let message = format!("{mount} is not a volume of its own; policy '{name}' recommends one");
            Some(Finding::new(&layout::VOLUME_RECOMMENDED, message).help(
                "the node works without it; files written there stay in the layer and are not in the next image",
            ))
        }
        Presence::Optional => None,
    }
}
