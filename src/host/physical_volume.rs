//! LVM's label and the text metadata of the volume group on a physical volume.
//!
//! Source: LVM2, `lib/format_text` (label, metadata areas) and the text format of `vgcfgbackup`.

use node_base::superblock::Window;
use node_base::units::Bytes;
use std::io::{Read, Seek};

/// A physical volume and the group it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhysicalVolume {
    /// Name of the group; nothing for one that belongs to none.
    pub group: Option<String>,
    /// Bytes in an extent.
    pub extent: Bytes,
    /// Its volumes.
    pub volumes: Vec<LogicalVolume>,
}

/// A volume of the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogicalVolume {
    /// Name within the group.
    pub name: String,
    /// Extents of all its segments.
    pub extents: u64,
    /// `striped`, `thin-pool`, `thin`, …
    pub kind: String,
    /// The pool of a thin one.
    pub pool: Option<String>,
    /// Whether it can be seen: the parts of pools cannot.
    pub visible: bool,
}

/// Largest text that is read: LVM's own metadata areas have 1 MiB.
const LARGEST: u64 = 4 << 20;

/// Reads label and metadata; nothing if there is no label.
pub fn read<D: Read + Seek>(window: &mut Window<'_, D>) -> Option<PhysicalVolume> {
    let label = (0..4).find_map(|sector| {
        let block = window.bytes(sector * 512, 512)?;
        (block.starts_with(b"LABELONE") && block[24..32] == *b"LVM2 001").then_some(block)
    })?;
    let number = |block: &[u8], at: usize| {
        block.get(at..at + 8).and_then(|b| Some(u64::from_le_bytes(b.try_into().ok()?)))
    };
    let mut volume = PhysicalVolume::default();
    // Behind the label: UUID (32), size (8), data areas until an empty one, metadata areas until an empty one.
    let header = u32::from_le_bytes([label[20], label[21], label[22], label[23]]) as usize;
    let mut at = header.saturating_add(40);
    while number(&label, at).is_some_and(|offset| offset != 0) {
        at += 16;
    }
    at += 16;
    let (Some(area), Some(size)) = (number(&label, at), number(&label, at + 8)) else { return Some(volume) };
    if let Some(text) = metadata(window, area, size) {
        parse(&text, &mut volume);
    }
    Some(volume)
}

/// The text that the metadata area points to; it can wrap around the end of the area.
fn metadata<D: Read + Seek>(window: &mut Window<'_, D>, area: u64, size: u64) -> Option<String> {
    let header = window.bytes(area, 512)?;
    if header.get(4..20)? != b" LVM2 x[5A%r0N*>" {
        return None;
    }
    let number = |at: usize| Some(u64::from_le_bytes(header.get(at..at + 8)?.try_into().ok()?));
    let (offset, length) = (number(40)?, number(48)?);
    if offset == 0 || length == 0 || length > LARGEST || offset >= size {
        return None;
    }
    let first = length.min(size - offset);
    let mut text = window.bytes(area.checked_add(offset)?, usize::try_from(first).ok()?)?;
    if first < length {
        let rest = usize::try_from(length - first).ok()?;
        text.extend(window.bytes(area.checked_add(512)?, rest)?);
    }
    String::from_utf8(text).ok()
}

/// A reader of the text: sections in braces, `key = value` lines.
fn parse(text: &str, volume: &mut PhysicalVolume) {
    let mut path: Vec<&str> = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim().trim_end_matches('\0');
        if let Some(name) = line.strip_suffix('{') {
            path.push(name.trim());
            if path.len() == 1 {
                volume.group = Some(name.trim().to_owned());
            }
            if let [_, "logical_volumes", name] = path[..] {
                volume.volumes.push(LogicalVolume {
                    name: name.to_owned(),
                    extents: 0,
                    kind: String::new(),
                    pool: None,
                    visible: false,
                });
            }
        } else if line == "}" {
            path.pop();
        } else if let Some((key, value)) = line.split_once('=') {
            set(volume, &path, key.trim(), value.trim());
        }
    }
}

fn set(volume: &mut PhysicalVolume, path: &[&str], key: &str, value: &str) {
    let number = || value.parse::<u64>().unwrap_or(0);
    let word = || value.trim_matches('"').to_owned();
    match (path, key) {
        ([_], "extent_size") => volume.extent = Bytes(number().saturating_mul(512)),
        ([_, "logical_volumes", _], "status") => {
            if let Some(lv) = volume.volumes.last_mut() {
                lv.visible = value.contains("VISIBLE");
            }
        }
        ([_, "logical_volumes", _, segment], _) if segment.starts_with("segment") => {
            let Some(lv) = volume.volumes.last_mut() else { return };
            match key {
                "extent_count" => lv.extents = lv.extents.saturating_add(number()),
                "type" => lv.kind = word(),
                "thin_pool" => lv.pool = Some(word()),
                _ => {}
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_groups_text_gives_names_and_sizes() {
        let text = "onn {\nid = \"x\"\nextent_size = 8192 # 4 Megabytes\nlogical_volumes {\n\nroot {\n\
            status = [\"READ\", \"WRITE\", \"VISIBLE\"]\nsegment_count = 1\nsegment1 {\nextent_count = 2560\n\
            type = \"thin\"\nthin_pool = \"pool00\"\n}\n}\n}\n}\ncontents = \"Text Format Volume Group\"\n";
        let mut volume = PhysicalVolume::default();
        parse(text, &mut volume);
        assert_eq!(volume.group.as_deref(), Some("onn"));
        assert_eq!(volume.extent, Bytes(4 << 20));
        let root = &volume.volumes[0];
        assert_eq!((root.name.as_str(), root.extents, root.kind.as_str()), ("root", 2560, "thin"));
        assert_eq!((root.pool.as_deref(), root.visible), (Some("pool00"), true));
    }
}
