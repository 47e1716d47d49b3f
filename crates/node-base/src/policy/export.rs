//! A policy as Anaconda's own configuration, so that the installer's interface and the kickstart's check agree.
//!
//! Constraints cannot be set over D-Bus: Anaconda copies them from its configuration when it starts, so the file has to
//! be in the installation image (`updates.img`, `product.img`).

use super::{Policy, Presence};
use crate::units::MiB;
use std::fmt::Write;

/// Which of Anaconda's configuration files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// /etc/anaconda/profile.d (Anaconda 35 and newer): counts when os-release or inst.profile= selects it
    Profile,
    /// /etc/anaconda/product.d (RHEL 8 and 9): counts when the image's product or inst.product= selects it
    Product,
    /// /etc/anaconda/conf.d (every release): always counts
    Conf,
}

impl Target {
    /// Directory in which Anaconda looks for it.
    pub fn directory(self) -> &'static str {
        match self {
            Target::Profile => "/etc/anaconda/profile.d",
            Target::Product => "/etc/anaconda/product.d",
            Target::Conf => "/etc/anaconda/conf.d",
        }
    }
}

/// A policy that says nothing about how the installer would select it.
#[derive(Debug, thiserror::Error)]
#[error(
    "the policy '{policy}' has no {key} in its [anaconda] table, which {directory} needs; conf needs none"
)]
pub struct NotSelectable {
    /// Its name.
    pub policy: String,
    /// What is missing.
    pub key: &'static str,
    /// For which file.
    pub directory: &'static str,
}

/// The text of the file.
///
/// The sections and keys are those of Anaconda 33.16 to 45.21 (`data/anaconda.conf`, `data/product.d/ovirt.conf`,
/// `data/profile.d/ovirt.conf`). Sizes that are only recommended are no constraints there.
///
/// # Errors
/// [`NotSelectable`] for a profile or product without a name.
pub fn anaconda(policy: &Policy, target: Target) -> Result<String, NotSelectable> {
    let missing = |key| NotSelectable { policy: policy.name.clone(), key, directory: target.directory() };
    let mut file = File::new(&policy.name, target);
    let ours = &policy.anaconda;
    match target {
        Target::Profile => {
            let id = ours.profile_id.as_deref().ok_or_else(|| missing("profile-id"))?;
            file.section(
                "Profile",
                &[("profile_id", Some(id)), ("base_profile", ours.base_profile.as_deref())],
            );
            file.section(
                "Profile Detection",
                &[("os_id", ours.os_id.as_deref()), ("variant_id", ours.variant_id.as_deref())],
            );
        }
        Target::Product => {
            let name = ours.product_name.as_deref().ok_or_else(|| missing("product-name"))?;
            file.section("Product", &[("product_name", Some(name))]);
            file.section("Base Product", &[("product_name", ours.base_product.as_deref())]);
        }
        Target::Conf => {}
    }
    let partitioning = lines(policy.partitioning.requests.iter().map(|request| {
        let sizes = [("size", request.size), ("min", request.min), ("max", request.max)];
        let sizes: Vec<_> =
            sizes.iter().filter_map(|(name, size)| Some(format!("{name} {}", shown((*size)?)))).collect();
        (
            request.mount.clone(),
            if sizes.is_empty() { String::new() } else { format!("({})", sizes.join(", ")) },
        )
    }));
    file.section(
        "Storage",
        &[
            ("default_scheme", policy.partitioning.scheme.map(super::Scheme::anaconda_name)),
            ("default_partitioning", partitioning.as_deref()),
        ],
    );
    let root: Vec<_> = policy.root.device_types.iter().map(|t| t.anaconda_name()).collect();
    let required: Vec<_> = policy
        .volumes
        .iter()
        .filter(|v| v.presence == Presence::Required)
        .map(|v| v.mount.as_str())
        .collect();
    let sizes = [("/", policy.root.min)]
        .into_iter()
        .chain(policy.volumes.iter().map(|v| (v.mount.as_str(), v.min)))
        .chain([("/boot", policy.boot.min)]);
    let sizes = lines(sizes.filter_map(|(mount, min)| Some((mount.to_owned(), shown(min?)))));
    file.section(
        "Storage Constraints",
        &[
            ("root_device_types", words(&root).as_deref()),
            ("must_not_be_on_root", words(&required).as_deref()),
            ("req_partition_sizes", sizes.as_deref()),
        ],
    );
    let spokes: Vec<_> = ours.hidden_spokes.iter().map(String::as_str).collect();
    file.section("User Interface", &[("hidden_spokes", words(&spokes).as_deref())]);
    file.section("Payload", &[("default_source", ours.default_source.as_deref())]);
    file.section("License", &[("eula", ours.eula.as_deref())]);
    Ok(file.text)
}

struct File {
    text: String,
}

impl File {
    fn new(policy: &str, target: Target) -> File {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "# Layout policy {} for Anaconda, a file of {}.",
            one_line(policy),
            target.directory()
        );
        let _ = writeln!(text, "# Made by: ks-lint policy export");
        File { text }
    }

    /// A section with those of the keys that have a value; none, no section.
    fn section(&mut self, name: &str, keys: &[(&str, Option<&str>)]) {
        if keys.iter().all(|(_, value)| value.is_none()) {
            return;
        }
        let _ = writeln!(self.text, "\n[{name}]");
        for (key, value) in keys {
            if let Some(value) = value {
                // A value of several lines begins on the line below its key.
                let gap = if value.starts_with('\n') { "" } else { " " };
                let _ = writeln!(self.text, "{key} ={gap}{value}");
            }
        }
    }
}

/// Words of a list; nothing for an empty one.
fn words(list: &[&str]) -> Option<String> {
    (!list.is_empty()).then(|| list.iter().map(|w| one_line(w)).collect::<Vec<_>>().join(" "))
}

/// Lines of a table of two columns, indented, each behind a line end; nothing for an empty one.
fn lines(rows: impl Iterator<Item = (String, String)>) -> Option<String> {
    let rows: Vec<_> = rows.collect();
    let widest = rows.iter().map(|(left, _)| left.chars().count()).max()?;
    let mut text = String::new();
    for (left, right) in rows {
        let row = format!("{:widest$} {right}", one_line(&left));
        let _ = write!(text, "\n    {}", row.trim_end());
    }
    Some(text)
}

/// A user's policy cannot smuggle in another key.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A size in Anaconda's words.
fn shown(size: MiB) -> String {
    if size.0.is_multiple_of(1024) { format!("{} GiB", size.0 / 1024) } else { size.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export(name: &str, target: Target) -> String {
        anaconda(&Policy::builtin(name).unwrap(), target).unwrap()
    }

    /// The fields of Anaconda's own data/profile.d/ovirt.conf (45.21).
    #[test]
    fn the_profile_of_ovirt_node_has_the_fields_of_anacondas_own() {
        insta::assert_snapshot!(export("ovirt-node", Target::Profile), @r"
        # Layout policy ovirt-node for Anaconda, a file of /etc/anaconda/profile.d.
        # Made by: ks-lint policy export

        [Profile]
        profile_id = ovirt
        base_profile = centos

        [Profile Detection]
        os_id = centos
        variant_id = ovirt-node

        [Storage]
        default_scheme = LVM_THINP
        default_partitioning =
            /              (min 6 GiB)
            /home          (size 1 GiB)
            /tmp           (size 1 GiB)
            /var           (size 5 GiB)
            /var/crash     (size 10 GiB)
            /var/log       (size 8 GiB)
            /var/log/audit (size 2 GiB)
            /var/tmp       (size 10 GiB)
            swap

        [Storage Constraints]
        root_device_types = LVM_THINP
        must_not_be_on_root = /var
        req_partition_sizes =
            /var     5 GiB
            /var/tmp 10 GiB
            /boot    1 GiB

        [User Interface]
        hidden_spokes = UserSpoke

        [Payload]
        default_source = CLOSEST_MIRROR
        ");
    }

    #[test]
    fn the_files_differ_in_how_they_are_selected_only() {
        let from_storage = |text: &str| text[text.find("[Storage]").unwrap()..].to_owned();
        let product = export("ovirt-node", Target::Product);
        assert!(product.contains("[Product]\nproduct_name = oVirt Node Next\n"), "{product}");
        assert!(product.contains("[Base Product]\nproduct_name = CentOS Stream\n"), "{product}");
        let conf = export("ovirt-node", Target::Conf);
        assert!(!conf.contains("Profile]") && !conf.contains("Product]"), "{conf}");
        assert_eq!(from_storage(&product), from_storage(&conf));
        assert_eq!(from_storage(&product), from_storage(&export("ovirt-node", Target::Profile)));
    }

    #[test]
    fn every_built_in_policy_can_be_exported_as_a_drop_in() {
        for name in Policy::builtin_names() {
            assert!(export(name, Target::Conf).contains("root_device_types = LVM_THINP"), "{name}");
        }
    }

    #[test]
    fn a_policy_that_nothing_selects_is_refused() {
        let policy = Policy::from_toml("name = \"site\"\n", "site.toml").unwrap();
        let error = anaconda(&policy, Target::Profile).unwrap_err().to_string();
        assert!(error.contains("'site' has no profile-id"), "{error}");
        assert!(anaconda(&policy, Target::Conf).is_ok());
    }
}
