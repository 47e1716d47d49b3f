//! Names of logical volumes: what LVM keeps for itself, and how long a name may be. One list for the rules about
//! kickstarts, the add-on section and the layout itself.

mod nvr;
use crate::harmless::excerpt;
pub use nvr::{Layer, Nvr, compare_versions, device_mapper_name};

/// Why a text is not the name of an image, a volume or a volume group. Every message begins with the name in quotes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No character at all.
    #[error("'' is empty; a name has at least one character")]
    Empty,
    /// Not `NAME-VERSION-RELEASE`.
    #[error("'{0}' is not NAME-VERSION-RELEASE (for example ovirt-node-ng-4.5.6-0.20261121.0)")]
    NotNvr(String),
    /// A character that LVM or the original tools do not accept.
    #[error("'{name}' contains {character:?}; only letters, digits, {allowed} may be used")]
    Character {
        /// As given.
        name: String,
        /// The first character that is not allowed.
        character: char,
        /// Characters that are allowed beside letters and digits.
        allowed: &'static str,
    },
    /// A first character that LVM or the original tools do not accept.
    #[error("'{0}' begins with '-', '.' or '+', which the name of an image must not")]
    Start(String),
    /// A first `-`, or `.` or `..`.
    #[error("'{0}' is not a name that LVM accepts: it begins with '-', or is '.' or '..'")]
    VolumeStart(String),
    /// Longer than [`LONGEST`].
    #[error("'{name}' has {length} characters; at most {LONGEST} are possible")]
    TooLong {
        /// As given.
        name: String,
        /// Its characters.
        length: usize,
    },
    /// The layer's name would be longer than [`LONGEST`].
    #[error("'{name}' is too long by {over} characters: its layer '<name>+1' can have at most {LONGEST}")]
    LayerTooLong {
        /// As given.
        name: String,
        /// How many characters too many.
        over: usize,
    },
    /// The name of a layer where that of an image is expected.
    #[error("'{0}' contains '+', which only the name of a layer has")]
    Layer(String),
    /// Longer than the device-mapper allows.
    #[error("'{name}' is too long by {over} characters for a volume in volume group '{vg}'")]
    Long {
        /// As given.
        name: String,
        /// The volume group.
        vg: String,
        /// How many characters too many, hyphens counted twice as the device-mapper does.
        over: usize,
    },
    /// A name that LVM keeps for its hidden volumes.
    #[error("'{name}' contains '{part}', which LVM reserves for its own volumes")]
    Reserved {
        /// As given.
        name: String,
        /// The reserved word.
        part: &'static str,
    },
}

/// Checks the name of a logical volume: by lvm(8), "Valid names", and the length that Anaconda and imgbased accept.
///
/// # Errors
/// [`NameError`].
pub fn check_volume(name: &str) -> Result<(), NameError> {
    check_group(name)?;
    reserved_word(name).map_or(Ok(()), |part| Err(NameError::Reserved { name: excerpt(name), part }))
}

/// Checks the name of a volume group: like a volume's, but LVM reserves no words.
///
/// # Errors
/// [`NameError`].
pub fn check_group(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if let Some(character) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !"+_.-".contains(*c)) {
        return Err(NameError::Character {
            name: excerpt(name),
            character,
            allowed: "'+', '.', '_' and '-'",
        });
    }
    if name.starts_with('-') || name == "." || name == ".." {
        return Err(NameError::VolumeStart(excerpt(name)));
    }
    if name.len() > LONGEST {
        return Err(NameError::TooLong { name: excerpt(name), length: name.len() });
    }
    Ok(())
}

/// Longest name of a volume that Anaconda (blivet's `is_lvm_name_valid`) and imgbased (1.2.26) accept, in characters.
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
    use super::{check_group, check_volume, reserved_word};

    #[test]
    fn names_are_refused_where_lvm_refuses_them() {
        for name in ["root", "var_log", "ovirt-node-ng-4.5.6-0.20261121.0+1", "a.b", "+", "_x"] {
            assert_eq!(check_volume(name), Ok(()), "LVM accepts {name}");
        }
        for name in ["", ".", "..", "-rf", "a b", "a/b", "ü", "pool_tmeta", "snapshot1", &"x".repeat(56)] {
            assert!(check_volume(name).is_err(), "LVM refuses {name}");
        }
        assert_eq!(check_group("snapshot1"), Ok(()), "a volume group may have this name");
    }

    #[test]
    fn lvm_keeps_the_names_of_its_hidden_volumes() {
        assert_eq!(reserved_word("pool00_tmeta"), Some("_tmeta"));
        assert_eq!(reserved_word("lvol0_pmspare"), Some("_pmspare"));
        assert_eq!(reserved_word("snapshot1"), Some("snapshot"));
        assert_eq!(reserved_word("my-snapshot"), None);
        assert_eq!(reserved_word("ovirt-node-ng-4.5.6-0.20261121.0+1"), None);
    }
}
