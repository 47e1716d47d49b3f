//! A policy for people.

use node_base::diagnostic::json::SCHEMA;
use node_base::policy::{Policy, Presence};
use node_base::units::MiB;
use std::fmt::Write;

/// The names of the built-in policies, a line each with what they are.
pub fn list() -> String {
    let policies: Vec<Policy> =
        Policy::builtin_names().iter().filter_map(|name| Policy::builtin(name).ok()).collect();
    let width = policies.iter().map(|p| p.name.len()).max().unwrap_or_default();
    policies.iter().fold(String::new(), |mut text, policy| {
        let _ = writeln!(text, "{:width$}  {}", policy.name, policy.description);
        text
    })
}

/// The built-in policies, for programs.
///
/// # Errors
/// What serde_json answers with; plain structures never fail.
pub fn list_json() -> serde_json::Result<String> {
    let builtin = Policy::builtin_names().iter().filter_map(|name| Policy::builtin(name).ok());
    let policies: Vec<_> = builtin
        .map(|policy| serde_json::json!({"name": policy.name, "description": policy.description}))
        .collect();
    serde_json::to_string_pretty(&serde_json::json!({"schema": SCHEMA, "policies": policies}))
        .map(|text| text + "\n")
}

/// What a policy asks for. What it does not state is left out.
pub fn table(policy: &Policy) -> String {
    let mut text = policy.name.clone();
    if !policy.description.is_empty() {
        let _ = write!(text, ": {}", policy.description);
    }
    text.push_str("\n\n");
    volumes(policy, &mut text);

    let mut facts: Vec<(&str, String)> = Vec::new();
    let root: Vec<_> = policy.root.device_types.iter().map(|t| t.described()).collect();
    facts.push(("root stands on", root.join(" or ")));
    facts.push(("root's file system", policy.root.filesystems.join(" or ")));
    facts.push(("/boot's file system", policy.boot.filesystems.join(" or ")));
    if let Some(bytes) = policy.boot.min_filesystem {
        facts.push(("/boot by statvfs", format!("at least {} bytes", bytes.0)));
    }
    facts.push(("no volumes of their own", policy.not_separate.join(", ")));
    facts.push(("mounted with", policy.mount_options.join(",")));
    if let Some(percent) = policy.pool.reserve_percent {
        facts.push(("free in the volume group", format!("{percent} %")));
    }
    if let Some(size) = policy.pool.metadata {
        facts.push(("the pool's metadata", size.bytes().to_string()));
    }
    if let Some(percent) = policy.pool.autoextend_threshold {
        facts.push(("the pool is full at", format!("{percent} %")));
    }
    if let Some(keep) = policy.images.keep {
        let each = policy.images.content.map_or(String::new(), |c| format!(", {} each", c.bytes()));
        facts.push(("images that have to fit", format!("{keep}{each}")));
    }
    if let Some(scheme) = policy.partitioning.scheme {
        facts.push(("autopart's type", scheme.autopart_type().to_owned()));
    }
    facts.retain(|(_, value)| !value.is_empty());
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    if !facts.is_empty() {
        text.push('\n');
    }
    for (name, value) in facts {
        let _ = writeln!(text, "{name:width$}  {value}");
    }
    text
}

/// The volumes with their sizes, one a line.
fn volumes(policy: &Policy, text: &mut String) {
    let size = |size: Option<MiB>| size.map_or_else(|| "-".to_owned(), |s| s.bytes().to_string());
    let mut rows =
        vec![["volume".to_owned(), String::new(), "at least".to_owned(), "recommended".to_owned()]];
    let mut row = |mount: &str, presence: &str, min, recommended| {
        rows.push([mount.to_owned(), presence.to_owned(), size(min), size(recommended)]);
    };
    row("/", "required", policy.root.min, policy.root.recommended);
    row("/boot", "required", policy.boot.min, None);
    for volume in &policy.volumes {
        let presence = match volume.presence {
            Presence::Required => "required",
            Presence::Recommended => "recommended",
            Presence::Optional => "optional",
        };
        row(&volume.mount, presence, volume.min, volume.recommended);
    }
    let widths: [usize; 4] =
        std::array::from_fn(|i| rows.iter().map(|row| row[i].len()).max().unwrap_or_default());
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_a_table_of_volumes_and_a_list_of_facts() {
        insta::assert_snapshot!(table(&Policy::builtin("ovirt-node").unwrap()), @r#"
        ovirt-node: oVirt Node 4.5 and master

        volume                       at least  recommended
        /               required     -         6 GiB
        /boot           required     1 GiB     -
        /home           recommended  -         1 GiB
        /tmp            recommended  -         1 GiB
        /var            required     5 GiB     5 GiB
        /var/crash      recommended  -         10 GiB
        /var/log        recommended  -         8 GiB
        /var/log/audit  recommended  -         2 GiB
        /var/tmp        recommended  10 GiB    10 GiB

        root stands on            a thin logical volume
        root's file system        ext4 or xfs
        /boot's file system       ext4 or xfs
        /boot by statvfs          at least 1000000000 bytes
        no volumes of their own   /usr
        mounted with              discard
        free in the volume group  20 %
        the pool's metadata       1 GiB
        the pool is full at       70 %
        images that have to fit   2, 5 GiB each
        autopart's type           thinp
        "#);
    }

    #[test]
    fn what_a_policy_does_not_state_is_not_shown() {
        insta::assert_snapshot!(table(&Policy::from_toml("[root]\nmin = \"8 GiB\"\n", "site.toml").unwrap()), @r#"
        site

        volume            at least  recommended
        /       required  8 GiB     -
        /boot   required  -         -
        "#);
    }
}
