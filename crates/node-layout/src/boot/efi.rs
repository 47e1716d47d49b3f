//! UEFI variables: the firmware's boot entries, and the variables of systemd-boot.
//!
//! The layouts are those of the UEFI specification 2.10: load options (3.1.3), globally defined variables (3.3), device paths
//! (10.3). The kernel shows four bytes of attributes before each variable.

use crate::files::{Files, read_bytes};
use crate::machine::below;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where the kernel shows UEFI variables.
const EFIVARS: &str = "/sys/firmware/efi/efivars";
/// The GUID of the variables that the specification defines.
const GLOBAL_GUID: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
/// The vendor GUID of systemd-boot's variables.
const LOADER_GUID: &str = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/// The vendor GUID of shim's variables.
const SHIM_GUID: &str = "605dab50-e046-4300-abb6-3dd810dd8b23";
/// The vendor GUID of the variables that `node-layout` sets itself.
const OWN_GUID: &str = "5d3e0c1a-8f27-4b0d-9c46-2a71e5b8f903";

/// The firmware's boot entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// `BootOrder`: numbers of the entries that the firmware tries, in this order.
    pub order: Vec<u16>,
    /// `BootCurrent`: number of the entry that it has started this time.
    pub current: Option<u16>,
    /// `Boot####`: the entries by their numbers.
    pub options: BTreeMap<u16, LoadOption>,
}

/// An entry of the firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadOption {
    /// Its name in the firmware's menu.
    pub description: String,
    /// Whether the firmware skips it (`LOAD_OPTION_ACTIVE` is not set).
    pub disabled: bool,
    /// First block of its partition, in logical blocks of the disk; `None` if it is not on a partition.
    pub partition_start: Option<u64>,
    /// GUID of that partition in lower case; `None` if the disk has no GPT.
    pub partition_uuid: Option<String>,
    /// Path of the boot loader on it, with slashes; without one the firmware starts its default for removable media.
    pub file: Option<String>,
}

impl Variables {
    /// Reads them; `None` on a machine that was not booted by UEFI.
    pub fn read(environment: &Path) -> Option<Variables> {
        let listing = std::fs::read_dir(below(environment, EFIVARS)).ok()?;
        let mut variables = Variables::default();
        let mut any = false;
        for item in listing.flatten() {
            let name = item.file_name();
            let Some(name) = name.to_str().and_then(|n| n.strip_suffix(GLOBAL_GUID)?.strip_suffix('-'))
            else {
                continue;
            };
            let value = || std::fs::read(item.path()).ok().filter(|v| v.len() > 4).map(|v| v[4..].to_vec());
            any = true;
            match name {
                "BootOrder" => variables.order = value().map(|v| numbers(&v)).unwrap_or_default(),
                "BootCurrent" => variables.current = value().and_then(|v| numbers(&v).first().copied()),
                _ => {
                    if let Some(number) = option_number(name)
                        && let Some(option) = value().and_then(|v| LoadOption::parse(&v))
                    {
                        variables.options.insert(number, option);
                    }
                }
            }
        }
        any.then_some(variables)
    }
}

/// `Boot0003` is entry 3; `BootNext` and `BootOptionSupport` are not entries.
fn option_number(name: &str) -> Option<u16> {
    let digits = name.strip_prefix("Boot")?;
    (digits.len() == 4).then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

fn numbers(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect()
}

fn text(units: &[u16]) -> String {
    String::from_utf16_lossy(units.split(|u| *u == 0).next().unwrap_or_default())
}

impl LoadOption {
    /// Reads an `EFI_LOAD_OPTION`; `None` if it is truncated.
    fn parse(bytes: &[u8]) -> Option<LoadOption> {
        let attributes = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
        let paths = usize::from(u16::from_le_bytes(bytes.get(4..6)?.try_into().ok()?));
        let description: Vec<u16> = numbers(&bytes[6..]).into_iter().take_while(|u| *u != 0).collect();
        let start = 6 + 2 * (description.len() + 1);
        let mut option = LoadOption {
            description: text(&description),
            disabled: attributes & 1 == 0,
            partition_start: None,
            partition_uuid: None,
            file: None,
        };
        let mut rest = bytes.get(start..start.checked_add(paths)?)?;
        while let [kind, sub, low, high, ..] = *rest {
            let length = usize::from(u16::from_le_bytes([low, high]));
            // The end of the (first) path. A node shorter than its header is damaged.
            if kind == 0x7f || length < 4 {
                break;
            }
            let node = rest.get(4..length)?;
            match (kind, sub) {
                // Hard drive: number, start, size, signature, type of table, type of signature.
                (4, 1) => {
                    option.partition_start =
                        node.get(4..12).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
                    option.partition_uuid = node.get(20..36).filter(|_| node.get(37) == Some(&2)).map(guid);
                }
                (4, 4) => {
                    let part = text(&numbers(node)).replace('\\', "/");
                    // A path may be split into several nodes.
                    option.file = Some(option.file.unwrap_or_default() + &part);
                }
                _ => {}
            }
            rest = &rest[length..];
        }
        Some(option)
    }
}

/// The first three fields of a GUID are little-endian.
fn guid(b: &[u8]) -> String {
    let hex = |bytes: &mut dyn Iterator<Item = &u8>| bytes.map(|b| format!("{b:02x}")).collect::<String>();
    format!(
        "{}-{}-{}-{}-{}",
        hex(&mut b[..4].iter().rev()),
        hex(&mut b[4..6].iter().rev()),
        hex(&mut b[6..8].iter().rev()),
        hex(&mut b[8..10].iter()),
        hex(&mut b[10..].iter())
    )
}

/// Whether systemd-boot has started this machine.
pub(super) fn runs_systemd_boot(environment: &Path) -> bool {
    loader_string(&Files::default(), &loader_variable(environment, "LoaderInfo"))
        .is_some_and(|v| v.starts_with("systemd-boot"))
}

/// systemd-boot's `LoaderEntryDefault`, which overrides loader.conf: its file and its text.
pub(super) fn loader_default(environment: &Path, files: &Files) -> Option<(PathBuf, String)> {
    let path = loader_variable(environment, "LoaderEntryDefault");
    loader_string(files, &path).map(|id| (path, id))
}

/// systemd-boot's `LoaderEntryOneShot`: its file, and its text if it is set. systemd-boot deletes it before it starts that entry.
pub(super) fn one_shot(environment: &Path, files: &Files) -> (PathBuf, Option<String>) {
    let path = loader_variable(environment, "LoaderEntryOneShot");
    let text = loader_string(files, &path);
    (path, text)
}

/// The variable that names the entry on trial: its file, and its text if it is set.
pub(super) fn trial(environment: &Path, files: &Files) -> (PathBuf, Option<String>) {
    let path = below(environment, EFIVARS).join(format!("NodeLayoutTrial-{OWN_GUID}"));
    let text = loader_string(files, &path);
    (path, text)
}

/// Why variables cannot be written here; `None` if they can.
pub(super) fn read_only(environment: &Path) -> Option<String> {
    let directory = below(environment, EFIVARS);
    match rustix::fs::access(&directory, rustix::fs::Access::WRITE_OK) {
        Ok(()) => None,
        Err(rustix::io::Errno::NOENT) => {
            Some(format!("UEFI variables cannot be written: {EFIVARS} is not mounted"))
        }
        Err(error) => Some(format!("UEFI variables cannot be written: {EFIVARS}: {error}")),
    }
}

/// Whether the firmware, or shim for it, starts only what is signed. shim says in `MokSBStateRT` that it asks no signature
/// (`mokutil --disable-validation`).
pub(crate) fn secure_boot_is_enforced(environment: &Path) -> bool {
    // Four bytes of attributes, and one of value.
    let is_set = |name: &str, guid: &str| {
        let path = below(environment, EFIVARS).join(format!("{name}-{guid}"));
        read_bytes(&path).ok().flatten().is_some_and(|bytes| bytes.get(4) == Some(&1))
    };
    is_set("SecureBoot", GLOBAL_GUID) && !is_set("MokSBStateRT", SHIM_GUID)
}

fn loader_variable(environment: &Path, name: &str) -> PathBuf {
    below(environment, EFIVARS).join(format!("{name}-{LOADER_GUID}"))
}

/// The text of a variable: attributes, then UTF-16 with a final NUL.
fn loader_string(files: &Files, path: &Path) -> Option<String> {
    let bytes = files.bytes(path).ok()??;
    Some(text(&numbers(bytes.get(4..)?))).filter(|s| !s.is_empty())
}

/// The bytes of a variable with this text (attributes: non-volatile, boot service, runtime).
pub(super) fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = vec![7, 0, 0, 0];
    bytes.extend(text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `efibootmgr -v`: Boot0001* CentOS Stream HD(1,GPT,7d44f40c-…,0x800,0x12c000)/File(\EFI\centos\shimx64.efi)
    fn option() -> Vec<u8> {
        let wide = |t: &str| t.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let node = |kind, sub, data: &[u8]| {
            let mut node = vec![kind, sub];
            node.extend(u16::try_from(data.len() + 4).unwrap().to_le_bytes());
            node.extend(data);
            node
        };
        let mut disk = 1_u32.to_le_bytes().to_vec();
        disk.extend(0x800_u64.to_le_bytes());
        disk.extend(0x12_c000_u64.to_le_bytes());
        disk.extend([0x0c, 0xf4, 0x44, 0x7d, 0x34, 0x12, 0x78, 0x56, 0x9a, 0xbc, 1, 2, 3, 4, 5, 6, 2, 2]);
        let paths =
            [node(4, 1, &disk), node(4, 4, &wide("\\EFI\\centos\\shimx64.efi")), node(0x7f, 0xff, &[])]
                .concat();
        let mut bytes = 1_u32.to_le_bytes().to_vec();
        bytes.extend(u16::try_from(paths.len()).unwrap().to_le_bytes());
        bytes.extend(wide("CentOS Stream"));
        bytes.extend(paths);
        bytes
    }

    #[test]
    fn a_load_option_has_a_name_a_partition_and_a_file() {
        let o = LoadOption::parse(&option()).unwrap();
        assert_eq!((o.description.as_str(), o.disabled), ("CentOS Stream", false));
        assert_eq!(o.partition_start, Some(0x800));
        assert_eq!(o.partition_uuid.as_deref(), Some("7d44f40c-1234-5678-9abc-010203040506"));
        assert_eq!(o.file.as_deref(), Some("/EFI/centos/shimx64.efi"));
    }

    #[test]
    fn a_damaged_option_is_rejected_or_has_no_path() {
        let whole = option();
        for end in 0..whole.len() {
            let _ = LoadOption::parse(&whole[..end]);
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] = 0xff;
            let _ = LoadOption::parse(&damaged);
        }
        assert_eq!(LoadOption::parse(&whole[..5]), None);
    }

    #[test]
    fn variables_are_recognised_by_their_names() {
        let dir = tempfile::tempdir().unwrap();
        let vars = below(dir.path(), EFIVARS);
        assert_eq!(Variables::read(dir.path()), None, "not booted by UEFI");
        std::fs::create_dir_all(&vars).unwrap();
        let put = |name: &str, guid: &str, value: &[u8]| {
            std::fs::write(vars.join(format!("{name}-{guid}")), [&[7, 0, 0, 0], value].concat()).unwrap();
        };
        put("BootOrder", GLOBAL_GUID, &[1, 0, 0, 0]);
        put("BootCurrent", GLOBAL_GUID, &[1, 0]);
        put("Boot0001", GLOBAL_GUID, &option());
        put("BootOptionSupport", GLOBAL_GUID, &[0, 0, 0, 0]);
        put("Boot0002", LOADER_GUID, &option());
        let read = Variables::read(dir.path()).unwrap();
        assert_eq!((read.order, read.current), (vec![1, 0], Some(1)));
        assert_eq!(read.options.into_keys().collect::<Vec<_>>(), [1]);
        put("LoaderInfo", LOADER_GUID, &bytes("systemd-boot 252")[4..]);
        assert!(runs_systemd_boot(dir.path()));
        assert_eq!(loader_default(dir.path(), &Files::default()), None);
    }
}
