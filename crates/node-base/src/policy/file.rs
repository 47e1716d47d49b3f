//! A policy's TOML: reading, extending, and errors that say the line and what was expected there.

use super::{
    Anaconda, Boot, DeviceType, Partitioning, PartitioningRequest, Policy, PolicyError, Pool, Presence, Root,
    Scheme, Volume, WantedImages,
};
use crate::diagnostic::nearest;
use crate::units::{Bytes, MiB};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// The file as it is written. Every key may be left out: the policy that it extends has it, or nobody.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Document {
    name: Option<String>,
    description: Option<String>,
    extends: Option<toml::Spanned<String>>,
    not_separate: Option<Vec<MountPoint>>,
    mount_options: Option<Vec<String>>,
    #[serde(default)]
    root: RootTable,
    #[serde(default)]
    boot: BootTable,
    #[serde(default)]
    volumes: BTreeMap<MountPoint, VolumeTable>,
    #[serde(default)]
    pool: PoolTable,
    #[serde(default)]
    images: ImagesTable,
    #[serde(default)]
    partitioning: PartitioningTable,
    #[serde(default)]
    anaconda: AnacondaTable,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RootTable {
    device_types: Option<Vec<DeviceType>>,
    filesystems: Option<Vec<String>>,
    min: Option<Size>,
    recommended: Option<Size>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct BootTable {
    min: Option<Size>,
    min_filesystem_bytes: Option<u64>,
    filesystems: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct VolumeTable {
    presence: Option<Presence>,
    min: Option<Size>,
    recommended: Option<Size>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PoolTable {
    reserve_percent: Option<Percent>,
    metadata: Option<Size>,
    autoextend_threshold_percent: Option<Percent>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ImagesTable {
    keep: Option<u32>,
    content: Option<Size>,
    boot_content: Option<Size>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PartitioningTable {
    scheme: Option<Scheme>,
    requests: Option<Vec<RequestTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RequestTable {
    mount: String,
    size: Option<Size>,
    min: Option<Size>,
    max: Option<Size>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct AnacondaTable {
    profile_id: Option<String>,
    base_profile: Option<String>,
    os_id: Option<String>,
    variant_id: Option<String>,
    product_name: Option<String>,
    base_product: Option<String>,
    hidden_spokes: Option<Vec<String>>,
    default_source: Option<String>,
    eula: Option<String>,
}

/// `"5 GiB"`: a number and a binary unit. A bare number would leave open what it counts.
#[derive(Clone, Copy)]
struct Size(MiB);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SizeVisitor;
        impl Visitor<'_> for SizeVisitor {
            type Value = Size;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size with its unit (MiB, GiB or TiB), such as \"5 GiB\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                parse_size(text).map(Size).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(SizeVisitor)
    }
}

/// Reads `5 GiB`.
fn parse_size(text: &str) -> Option<MiB> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let factor: u64 = match text[digits..].trim_start() {
        "MiB" => 1,
        "GiB" => 1024,
        "TiB" => 1024 * 1024,
        _ => return None,
    };
    number.checked_mul(factor).map(MiB)
}

/// A share in percent, 0 to 100.
#[derive(Clone, Copy)]
struct Percent(u8);

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PercentVisitor;
        impl Visitor<'_> for PercentVisitor {
            type Value = Percent;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of percent, 0 to 100")
            }
            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Percent, E> {
                match u8::try_from(n) {
                    Ok(n @ ..=100) => Ok(Percent(n)),
                    _ => Err(E::invalid_value(de::Unexpected::Signed(n), &self)),
                }
            }
        }
        deserializer.deserialize_i64(PercentVisitor)
    }
}

/// An absolute path of a mount point.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct MountPoint(String);

impl<'de> Deserialize<'de> for MountPoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.starts_with('/') && (text.len() == 1 || !text.ends_with('/')) && !text.contains("//") {
            Ok(MountPoint(text))
        } else {
            Err(de::Error::invalid_value(de::Unexpected::Str(&text), &"a mount point, such as \"/var/log\""))
        }
    }
}

/// Reads the text of a policy file that errors call `path`.
pub(super) fn read(text: &str, path: &str) -> Result<Policy, PolicyError> {
    let fail = |offset: usize, message: String| PolicyError::File {
        path: path.to_owned(),
        line: line_of(text, offset),
        message,
    };
    let document: Document = toml::from_str(text)
        .map_err(|error| fail(error.span().map_or(0, |s| s.start), explain(error.message())))?;

    for mount in ["/", "/boot"] {
        if document.volumes.contains_key(&MountPoint(mount.to_owned())) {
            let table = if mount == "/" { "root" } else { "boot" };
            let offset = text.find(&format!("\"{mount}\"")).unwrap_or(0);
            return Err(fail(offset, format!("what {mount} needs stands in the table [{table}]")));
        }
    }

    let base = match &document.extends {
        None => Policy::default(),
        Some(name) => match Policy::builtin(name.get_ref()) {
            Ok(policy) => policy,
            Err(PolicyError::Unknown { name: unknown, nearest, .. }) => {
                let message = match nearest {
                    Some(near) => {
                        format!("extends: no built-in policy is called '{unknown}'; did you mean '{near}'?")
                    }
                    None => format!(
                        "extends: no built-in policy is called '{unknown}', expected one of {}",
                        Policy::builtin_names().join(", ")
                    ),
                };
                return Err(fail(name.span().start, message));
            }
            Err(other) => return Err(other),
        },
    };
    let mut policy = document.over(base);
    if policy.name.is_empty() {
        let stem = path.rsplit('/').next().unwrap_or(path);
        policy.name = stem.strip_suffix(".toml").unwrap_or(stem).to_owned();
    }
    Ok(policy)
}

/// Line from 1 of a byte offset.
fn line_of(text: &str, offset: usize) -> u32 {
    let before = &text.as_bytes()[..offset.min(text.len())];
    u32::try_from(before.iter().filter(|b| **b == b'\n').count()).unwrap_or(u32::MAX).saturating_add(1)
}

/// The parser's message on one line, with the nearest known word if it names an unknown one.
fn explain(message: &str) -> String {
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if !message.starts_with("unknown field") && !message.starts_with("unknown variant") {
        return message;
    }
    // "unknown field `a`, expected one of `b`, `c`": every second piece between backticks is a word.
    let mut words = message.split('`').skip(1).step_by(2);
    let unknown = words.next().unwrap_or_default();
    let known: Vec<&str> = words.collect();
    let kind = if message.starts_with("unknown field") { "key" } else { "value" };
    let mut said = format!("unknown {kind} '{unknown}'");
    if let Some(near) = nearest(unknown, known.iter().copied()) {
        said.push_str(&format!("; did you mean '{near}'?"));
    }
    if !known.is_empty() {
        said.push_str(&format!(" (expected one of {})", known.join(", ")));
    }
    said
}

/// The recommended size: an inherited one is at least the least size.
fn recommended(stated: Option<Size>, inherited: Option<MiB>, min: Option<MiB>) -> Option<MiB> {
    stated.map(|size| size.0).or_else(|| inherited.map(|size| min.map_or(size, |min| size.max(min))))
}

impl Document {
    /// The policy that this file makes of `base`: what it states replaces, what it leaves out stays.
    fn over(self, base: Policy) -> Policy {
        let size = |new: Option<Size>, old: Option<MiB>| new.map(|s| s.0).or(old);
        let extends = self.extends.is_some();
        let mut volumes: BTreeMap<String, Volume> =
            base.volumes.into_iter().map(|v| (v.mount.clone(), v)).collect();
        for (MountPoint(mount), table) in self.volumes {
            let volume = volumes.entry(mount.clone()).or_insert(Volume {
                mount,
                presence: Presence::Required,
                min: None,
                recommended: None,
            });
            volume.presence = table.presence.unwrap_or(volume.presence);
            volume.min = size(table.min, volume.min);
            volume.recommended = recommended(table.recommended, volume.recommended, volume.min);
        }
        Policy {
            // A policy that extends another is not that one: its own name, or its file's.
            name: self.name.unwrap_or_else(|| if extends { String::new() } else { base.name }),
            description: self.description.unwrap_or(base.description),
            root: Root {
                device_types: self.root.device_types.unwrap_or(base.root.device_types),
                filesystems: self.root.filesystems.unwrap_or(base.root.filesystems),
                min: size(self.root.min, base.root.min),
                recommended: recommended(
                    self.root.recommended,
                    base.root.recommended,
                    size(self.root.min, base.root.min),
                ),
            },
            boot: Boot {
                min: size(self.boot.min, base.boot.min),
                min_filesystem: self.boot.min_filesystem_bytes.map(Bytes).or(base.boot.min_filesystem),
                filesystems: self.boot.filesystems.unwrap_or(base.boot.filesystems),
            },
            volumes: volumes.into_values().collect(),
            not_separate: self
                .not_separate
                .map_or(base.not_separate, |list| list.into_iter().map(|m| m.0).collect()),
            mount_options: self.mount_options.unwrap_or(base.mount_options),
            pool: Pool {
                reserve_percent: self.pool.reserve_percent.map(|p| p.0).or(base.pool.reserve_percent),
                metadata: size(self.pool.metadata, base.pool.metadata),
                autoextend_threshold: self
                    .pool
                    .autoextend_threshold_percent
                    .map(|p| p.0)
                    .or(base.pool.autoextend_threshold),
            },
            images: WantedImages {
                keep: self.images.keep.or(base.images.keep),
                content: size(self.images.content, base.images.content),
                boot_content: size(self.images.boot_content, base.images.boot_content),
            },
            partitioning: Partitioning {
                scheme: self.partitioning.scheme.or(base.partitioning.scheme),
                requests: self.partitioning.requests.map_or(base.partitioning.requests, |list| {
                    list.into_iter()
                        .map(|r| PartitioningRequest {
                            mount: r.mount,
                            size: size(r.size, None),
                            min: size(r.min, None),
                            max: size(r.max, None),
                        })
                        .collect()
                }),
            },
            anaconda: Anaconda {
                profile_id: self.anaconda.profile_id.or(base.anaconda.profile_id),
                base_profile: self.anaconda.base_profile.or(base.anaconda.base_profile),
                os_id: self.anaconda.os_id.or(base.anaconda.os_id),
                variant_id: self.anaconda.variant_id.or(base.anaconda.variant_id),
                product_name: self.anaconda.product_name.or(base.anaconda.product_name),
                base_product: self.anaconda.base_product.or(base.anaconda.base_product),
                hidden_spokes: self.anaconda.hidden_spokes.unwrap_or(base.anaconda.hidden_spokes),
                default_source: self.anaconda.default_source.or(base.anaconda.default_source),
                eula: self.anaconda.eula.or(base.anaconda.eula),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The one line that a person sees.
    fn error(text: &str) -> String {
        Policy::from_toml(text, "site.toml").unwrap_err().to_string()
    }

    #[test]
    fn a_file_extends_a_built_in_policy() {
        let policy = Policy::from_toml(
            "extends = \"ovirt-node\"\n\n[volumes.\"/var/log\"]\npresence = \"required\"\nmin = \"20 GiB\"\n\n[volumes.\"/srv\"]\n",
            "dir/site.toml",
        )
        .unwrap();
        assert_eq!(policy.name, "site", "without a name it is called as its file");
        let log = policy.volume("/var/log").unwrap();
        assert_eq!(
            (log.presence, log.min, log.recommended),
            (Presence::Required, Some(MiB(20480)), Some(MiB(20480))),
            "an inherited recommended size is never below the least size"
        );
        assert_eq!(
            policy.volume("/srv").unwrap().presence,
            Presence::Required,
            "a volume is named to be required"
        );
        assert_eq!(policy.volume("/var").unwrap().min, Some(MiB(5120)), "what is not stated stays");
    }

    #[test]
    fn a_file_stands_alone() {
        let policy = Policy::from_toml("name = \"plain\"\n[root]\nmin = \"1 TiB\"\n", "x.toml").unwrap();
        assert_eq!(
            policy,
            Policy {
                name: "plain".into(),
                root: Root { min: Some(MiB(1024 * 1024)), ..Root::default() },
                ..Policy::default()
            }
        );
    }

    #[test]
    fn errors_name_the_line_and_what_was_expected() {
        assert_eq!(
            error("name = \"a\"\n[root]\nmni = \"5 GiB\"\n"),
            "site.toml:3: unknown key 'mni'; did you mean 'min'? (expected one of device-types, filesystems, min, recommended)"
        );
        assert_eq!(
            error("[root]\nmin = 5\n"),
            "site.toml:2: invalid type: integer `5`, expected a size with its unit (MiB, GiB or TiB), such as \"5 GiB\""
        );
        assert_eq!(
            error("[root]\n\nmin = \"5 GB\"\n"),
            "site.toml:3: invalid value: string \"5 GB\", expected a size with its unit (MiB, GiB or TiB), such as \"5 GiB\""
        );
        assert_eq!(
            error("[root]\ndevice-types = [\n  \"LVM_THIN\",\n]\n"),
            "site.toml:3: unknown value 'LVM_THIN'; did you mean 'LVM_THINP'? (expected one of LVM, LVM_THINP, MD, PARTITION, BTRFS, DISK)"
        );
        assert_eq!(
            error("\nextends = \"ovirt-nod\"\n"),
            "site.toml:2: extends: no built-in policy is called 'ovirt-nod'; did you mean 'ovirt-node'?"
        );
        assert_eq!(
            error("[volumes.\"var\"]\n"),
            "site.toml:1: invalid value: string \"var\", expected a mount point, such as \"/var/log\""
        );
        assert_eq!(
            error("name = \"a\"\n[volumes.\"/boot\"]\nmin = \"1 GiB\"\n"),
            "site.toml:2: what /boot needs stands in the table [boot]"
        );
        assert_eq!(
            error("[pool]\nreserve-percent = 120\n"),
            "site.toml:2: invalid value: integer `120`, expected a whole number of percent, 0 to 100"
        );
    }

    #[test]
    fn broken_toml_is_an_error_with_its_line() {
        let message = error("name = \"a\"\n[root\nmin = \"5 GiB\"\n");
        assert!(message.starts_with("site.toml:2: "), "{message}");
        assert!(!message.contains('\n'), "an error is one line: {message}");
        let message = error("name = \"a\"\nname = \"b\"\n");
        assert!(message.starts_with("site.toml:2: "), "{message}");
    }

    #[test]
    fn absurd_sizes_do_not_overflow() {
        assert!(parse_size("99999999999999999999 GiB").is_none());
        assert!(parse_size("18446744073709551615 TiB").is_none());
        assert_eq!(parse_size(" 12 MiB "), Some(MiB(12)));
        assert_eq!(parse_size("GiB"), None);
    }
}
