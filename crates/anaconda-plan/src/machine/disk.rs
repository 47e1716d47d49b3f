//! A disk before the installation, and how a person describes one: `vda=100GiB`, `vdb=200GiB,label=gpt,part=1GiB:ext4,part=60GiB:lvmpv:oldvg`.

use node_base::units::Bytes;
use std::fmt;
use std::str::FromStr;

/// A partition table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// GUID partition table.
    Gpt,
    /// The MBR of the PC BIOS.
    Msdos,
}

impl Label {
    /// The table that `clearpart --disklabel` names; `None` for one that PCs do not have.
    pub(crate) fn from_name(name: &str) -> Option<Label> {
        match name {
            "gpt" => Some(Label::Gpt),
            "msdos" | "mbr" => Some(Label::Msdos),
            _ => None,
        }
    }

    /// The name in kickstarts and in Anaconda's messages.
    pub fn name(self) -> &'static str {
        match self {
            Label::Gpt => "gpt",
            Label::Msdos => "msdos",
        }
    }
}

/// A volume that exists on an old volume group.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OldVolume {
    /// Name within the group.
    pub name: String,
    /// Size in bytes.
    pub size: Bytes,
    /// `linear`, `thin-pool` or `thin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The thin pool that it is in; `None` for other volumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
}

/// A partition that exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OldPartition {
    /// Size in bytes.
    pub size: Bytes,
    /// First byte; `None` for directly after the partition before it, or at 1 MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Bytes>,
    /// The number in its name; `None` for the next free one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// Its format by Anaconda's name: `ext4`, `efi`, `lvmpv`, `luks`…; empty for none.
    pub format: String,
    /// The volume group that a `lvmpv` belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vg: Option<String>,
    /// Bytes in an extent of that group; `None` for 4 MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extent: Option<Bytes>,
    /// Volumes of that group; `None` if unknown: then one volume `root` is assumed to fill it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volumes: Option<Vec<OldVolume>>,
    /// Version of LUKS on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub luks: Option<u16>,
    /// Whether it is the extended partition of an MBR.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub extended: bool,
    /// Whether it is in the extended partition.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub logical: bool,
}

/// A disk before the installation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DiskSpec {
    /// Kernel name without `/dev/`: `vda`, `nvme0n1`.
    pub name: String,
    /// Size in bytes.
    pub size: Bytes,
    /// Logical sector size in bytes: 512 or 4096.
    #[serde(default = "sector_512", skip_serializing_if = "is_sector_512")]
    pub sector: u32,
    /// Its partition table; `None` for a blank disk.
    #[serde(default)]
    pub label: Option<Label>,
    /// Its partitions in the order of their places.
    #[serde(default)]
    pub partitions: Vec<OldPartition>,
    /// Whether the kernel calls it removable.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removable: bool,
}

fn sector_512() -> u32 {
    512
}

fn is_sector_512(sector: &u32) -> bool {
    *sector == 512
}

/// A description that cannot be used: what is wrong with it, and what was expected. Does not repeat the description.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DiskError(String);

/// A size that is given with a fraction (`447.1G`) is rounded down to this: whole sectors of every disk.
const WHOLE: u64 = 4096;

/// A size with its unit, as on the command line: `100GiB`, `480GB`, `512B`, and plain bytes. A letter alone is a binary unit, as
/// lsblk and LVM print it: `30G` is 30 GiB, `447.1G` about 447 GiB.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse_size(text: &str) -> Result<Bytes, String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let scale: u64 = match unit.trim() {
        "" | "B" => 1,
        "KB" | "kB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" | "K" | "k" => 1 << 10,
        "MiB" | "M" | "m" => 1 << 20,
        "GiB" | "G" | "g" => 1 << 30,
        "TiB" | "T" | "t" => 1 << 40,
        "PiB" | "P" | "p" => 1 << 50,
        _ => {
            return Err(format!(
                "'{text}' is not a size: expected a number and B, KB, MB, GB, TB, KiB, MiB, GiB or TiB (G alone is GiB)"
            ));
        }
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || number.contains('.') && (!is_number(fraction) || scale == 1) {
        return Err(format!(
            "'{text}' is not a size: expected a number before the unit, such as 100GiB or 447.1G"
        ));
    }
    let size = whole.parse::<u64>().ok().and_then(|n| n.checked_mul(scale));
    let size = match fraction_of(fraction, scale) {
        0 => size,
        part => size.and_then(|size| size.checked_add(part)).map(|size| size - size % WHOLE),
    };
    size.map(Bytes).ok_or_else(|| format!("'{text}' is larger than 16 EiB"))
}

/// The bytes of the digits behind a decimal point, of a unit of `scale` bytes.
fn fraction_of(digits: &str, scale: u64) -> u64 {
    // More digits are less than a byte, and 19 digits times the largest unit fit.
    let (mut part, mut divisor) = (0_u128, 1_u128);
    for digit in digits.bytes().take(19) {
        part = part * 10 + u128::from(digit - b'0');
        divisor *= 10;
    }
    u64::try_from(u128::from(scale) * part / divisor).unwrap_or(0)
}

impl FromStr for DiskSpec {
    type Err = DiskError;

    fn from_str(given: &str) -> Result<DiskSpec, DiskError> {
        let fail = DiskError;
        let mut fields = given.split(',');
        let (name, size) = fields
            .next()
            .and_then(|f| f.split_once('='))
            .ok_or_else(|| fail("expected NAME=SIZE, such as vda=100GiB".to_owned()))?;
        let name = name.trim().trim_start_matches("/dev/");
        let known = |c: char| c.is_ascii_alphanumeric() || "._-:/".contains(c);
        if name.is_empty() || name.starts_with('-') || !name.chars().all(known) {
            return Err(fail(format!("'{name}' is not a device name such as vda or nvme0n1")));
        }
        let mut disk = DiskSpec {
            name: name.to_owned(),
            size: parse_size(size).map_err(fail)?,
            sector: 512,
            label: None,
            partitions: Vec::new(),
            removable: false,
        };
        for field in fields {
            match field.split_once('=') {
                Some(("label", "gpt")) => disk.label = Some(Label::Gpt),
                Some(("label", "msdos" | "mbr" | "dos")) => disk.label = Some(Label::Msdos),
                Some(("label", other)) => {
                    return Err(fail(format!("label '{other}': expected gpt or msdos")));
                }
                Some(("sector", "512")) => disk.sector = 512,
                Some(("sector", "4096")) => disk.sector = 4096,
                Some(("sector", other)) => {
                    return Err(fail(format!("sector '{other}': expected 512 or 4096")));
                }
                Some(("part", what)) => disk.partitions.push(parse_partition(what).map_err(fail)?),
                _ => {
                    return Err(fail(format!(
                        "'{field}': expected label=gpt|msdos, sector=512|4096 or part=SIZE:FORMAT[:VG]"
                    )));
                }
            }
        }
        disk.check().map_err(fail)?;
        Ok(disk)
    }
}

fn parse_partition(what: &str) -> Result<OldPartition, String> {
    let mut words = what.splitn(3, ':');
    let size = parse_size(words.next().unwrap_or_default())?;
    let format = words.next().unwrap_or_default().to_owned();
    let vg = words.next().map(str::to_owned);
    if vg.is_some() && format != "lvmpv" {
        return Err(format!("part={what}: only a partition of format lvmpv has a volume group"));
    }
    Ok(OldPartition { size, format, vg, ..OldPartition::default() })
}

impl DiskSpec {
    /// Checks that the partitions fit on the disk, in order, and that a table holds them.
    ///
    /// # Errors
    /// A sentence that says what does not fit.
    pub fn check(&self) -> Result<(), String> {
        if self.size.0 == 0 {
            return Err("its size is zero; Anaconda does not see such a disk".to_owned());
        }
        if !self.partitions.is_empty() && self.label.is_none() {
            return Err("it has partitions but no label; add label=gpt or label=msdos".to_owned());
        }
        let mut end = Bytes::MIB;
        for (i, p) in self.partitions.iter().enumerate() {
            if p.size.0 == 0 {
                return Err(format!("partition {} has the size 0", i + 1));
            }
            let start = p.start.unwrap_or(end);
            let after = start.0.checked_add(p.size.0).ok_or("its partitions are larger than 16 EiB")?;
            if after > self.size.0 {
                return Err(format!(
                    "partition {} ends at {}, after the end of the disk ({})",
                    i + 1,
                    Bytes(after),
                    self.size
                ));
            }
            end = if p.extended { start } else { Bytes(after) };
        }
        Ok(())
    }
}

/// Checks that every disk of a machine has a name of its own.
///
/// # Errors
/// The name that is given twice.
pub fn check_names(disks: &[DiskSpec]) -> Result<(), DiskError> {
    let mut seen = std::collections::HashSet::new();
    match disks.iter().find(|d| !seen.insert(d.name.as_str())) {
        Some(d) => {
            Err(DiskError(format!("disk '{}' is given twice; every disk needs a name of its own", d.name)))
        }
        None => Ok(()),
    }
}

impl fmt::Display for DiskSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        text.parse::<DiskSpec>().unwrap_err().to_string()
    }

    #[test]
    fn a_disk_is_a_name_and_a_size() {
        let d: DiskSpec = "sda=480GB".parse().unwrap();
        assert_eq!((d.name.as_str(), d.size, d.label), ("sda", Bytes(480_000_000_000), None));
    }

    #[test]
    fn sizes_are_read_as_lsblk_and_lvm_print_them() {
        for (text, bytes) in [
            ("30G", 30 << 30),
            ("1.8T", 1_979_120_929_996_u64 / 4096 * 4096),
            ("447.1G", 480_069_969_510_u64 / 4096 * 4096),
            ("29.98g", 32_190_779_883_u64 / 4096 * 4096),
            ("0.5GiB", 1 << 29),
            ("1.5GB", 1_500_000_000 / 4096 * 4096),
            ("512M", 512 << 20),
            ("2.0T", 2 << 40),
            ("1024", 1024),
            ("600 MiB", 600 << 20),
        ] {
            assert_eq!(parse_size(text), Ok(Bytes(bytes)), "{text}");
        }
        for text in ["", "G", ".5G", "1.G", "1..5G", "1.5.1G", "1.5", "1.5B", "-1G", "1,5G", "1e3G", "30Gi"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
        let many = "9".repeat(100);
        assert_eq!(parse_size(&format!("0.{many}T")), Ok(Bytes((1 << 40) - 4096)));
        assert!(parse_size(&format!("{many}.{many}P")).is_err());
    }

    #[test]
    fn what_is_on_it_follows_in_order() {
        let d: DiskSpec = "vdb=200GiB,label=gpt,part=600MiB:efi,part=60GiB:lvmpv:oldvg".parse().unwrap();
        assert_eq!(d.label, Some(Label::Gpt));
        assert_eq!(d.partitions[1].vg.as_deref(), Some("oldvg"));
        assert_eq!(d.partitions[1].size, Bytes(60 << 30));
    }

    #[test]
    fn a_wrong_disk_is_named_with_what_was_expected() {
        assert_eq!(error("vda"), "expected NAME=SIZE, such as vda=100GiB");
        assert!(error("vda=0").contains("its size is zero"));
        assert!(error("vda=10Gib").contains("'10Gib' is not a size"));
        assert!(error("vda=-5GiB").contains("is not a size"));
        assert!(error("vda=99999999999999999999TiB").contains("larger than 16 EiB"));
        assert!(error("vda=10GiB,part=1GiB:ext4").contains("no label"));
        assert!(error("vda=10GiB,label=gpt,part=20GiB:ext4").contains("after the end of the disk"));
        assert!(error("-rf=10GiB").contains("is not a device name"));
    }

    #[test]
    fn a_name_twice_is_an_error() {
        let disks = ["vda=1GiB".parse().unwrap(), "vda=2GiB".parse().unwrap()];
        assert!(check_names(&disks).unwrap_err().to_string().contains("given twice"));
    }
}
