//! Names of logical volumes: what LVM keeps for itself, and how long a name may be. One list for the rules about
//! kickstarts, the add-on section and the layout itself.

mod nvr;
pub use nvr::{Layer, NameError, Nvr, compare_versions, device_mapper_name};

/// Longest name of a volume that Anaconda (blivet's `is_lvm_name_valid`) and imgbased (1.2.26) take, in characters.
pub const LONGEST: usize = 55;

/// Starts and parts of names that LVM keeps for its hidden volumes (LVM 2.03, lib/misc/lvm-string.c:
/// `apply_lvname_restrictions`; lvm(8), "Valid names").
const RESERVED_STARTS: [&str; 2] = ["snapshot", "pvmove"];
const RESERVED_PARTS: [&str; 16] = [
    "_cdata", "_cmeta", "_corig", "_cvol", "_wcorig", "_iorig", "_imeta", "_mlog", "_mimage", "_pmspare",
    "_rimage", "_rmeta", "_tdata", "_tmeta", "_vdata", "_vorigin",
];

/// The word in a volume's name that LVM keeps for itself, if there is one.
pub fn reserved_word(name: &str) -> Option<&'static str> {
    let start = RESERVED_STARTS.into_iter().find(|start| name.starts_with(start));
    start.or_else(|| RESERVED_PARTS.into_iter().find(|part| name.contains(part)))
}

#[cfg(test)]
mod tests {
    use super::reserved_word;

    #[test]
    fn lvm_keeps_the_names_of_its_hidden_volumes() {
        assert_eq!(reserved_word("pool00_tmeta"), Some("_tmeta"));
        assert_eq!(reserved_word("lvol0_pmspare"), Some("_pmspare"));
        assert_eq!(reserved_word("snapshot1"), Some("snapshot"));
        assert_eq!(reserved_word("my-snapshot"), None);
        assert_eq!(reserved_word("ovirt-node-ng-4.5.6-0.20261121.0+1"), None);
    }
}
