//! What the checks and `verify` find on a machine: which thing, what is wrong, what to do.

use node_base::diagnostic::Severity;

/// One thing found. Its JSON has the fields of a finding of `ks-lint` that a machine without a source text can have.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Notice {
    /// `LAY…`: stable, never reused.
    pub code: &'static str,
    /// A name for the code, with hyphens.
    pub name: &'static str,
    /// Always `layout`.
    pub category: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// A sentence with the volume, file or device, what was seen and what was expected.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// A kind of notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// `LAY…`.
    pub code: &'static str,
    /// In words, with hyphens.
    pub name: &'static str,
    /// Its usual severity.
    pub severity: Severity,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $id:ident = $code:literal $name:literal $severity:ident;)*) => {
        $($(#[$doc])* pub const $id: Kind = Kind { code: $code, name: $name, severity: Severity::$severity };)*
        /// Every kind, in the order of the codes.
        pub const ALL: &[Kind] = &[$($id),*];
    };
}

kinds! {
    /// Built for another processor.
    ARCHITECTURE = "LAY001" "architecture" Error;
    /// A program that is needed is missing.
    TOOL_MISSING = "LAY002" "tool-missing" Error;
    /// LVM could not be read: locked, failing.
    LVM_UNREADABLE = "LAY003" "lvm-unreadable" Error;
    /// No image name, or not a usable one.
    NVR = "LAY004" "nvr" Error;
    /// The policy cannot be read.
    POLICY = "LAY005" "policy" Error;
    /// Root is not on a thin volume.
    ROOT_NOT_THIN = "LAY010" "root-not-thin" Error;
    /// Root's file system cannot be given a new UUID, or cannot be read.
    ROOT_FILESYSTEM = "LAY011" "root-filesystem" Error;
    /// fstab does not mount root.
    FSTAB_ROOT = "LAY012" "fstab-root" Error;
    /// A volume of the policy is missing or too small.
    VOLUME = "LAY013" "volume" Error;
    /// A volume of the policy that is only recommended.
    VOLUME_RECOMMENDED = "LAY014" "volume-recommended" Warning;
    /// A volume of its own that must be part of the image.
    VOLUME_SEPARATE = "LAY015" "volume-separate" Error;
    /// /boot is missing, unwritable or of an unusable kind.
    BOOT = "LAY020" "boot" Error;
    /// /boot cannot hold the images.
    BOOT_SPACE = "LAY021" "boot-space" Error;
    /// No boot configuration that is understood.
    BOOT_CONFIG = "LAY022" "boot-config" Error;
    /// A boot entry names what is not there.
    BOOT_ENTRY = "LAY023" "boot-entry" Error;
    /// The default entry is not the layer's.
    BOOT_DEFAULT = "LAY024" "boot-default" Error;
    /// The arguments kept for the next kernel do not boot the layer.
    BOOT_KEPT = "LAY025" "boot-kept-arguments" Error;
    /// The firmware's own list of what to start does not lead here.
    BOOT_FIRMWARE = "LAY026" "boot-firmware" Error;
    /// The layer boots an older copy than the system has.
    BOOT_COPY = "LAY027" "boot-copy" Warning;
    /// The thin pool is (nearly) full.
    POOL_FULL = "LAY030" "pool-full" Error;
    /// The pool's metadata can neither hold the images nor grow.
    POOL_METADATA = "LAY031" "pool-metadata" Error;
    /// The pool does not extend itself.
    POOL_AUTOEXTEND = "LAY032" "pool-autoextend" Error;
    /// The pool is not watched.
    POOL_MONITOR = "LAY033" "pool-monitor" Warning;
    /// LVM says that something is broken.
    VOLUME_HEALTH = "LAY034" "volume-health" Error;
    /// Tags of another or an older installation.
    TAGS_FOREIGN = "LAY040" "tags-foreign" Error;
    /// Tags that are missing.
    TAGS_MISSING = "LAY041" "tags-missing" Error;
    /// A volume has the name already.
    NAME_TAKEN = "LAY042" "name-taken" Error;
    /// The base is not as it was frozen.
    BASE = "LAY043" "base" Error;
    /// The layer is not root.
    LAYER = "LAY044" "layer" Error;
    /// Something of an interrupted work is left.
    UNFINISHED = "LAY045" "unfinished" Error;
    /// There is no layout yet.
    NOT_INITIALISED = "LAY046" "not-initialised" Error;
    /// Whether the content of a base is what was frozen cannot be told.
    CONTENT_UNKNOWN = "LAY047" "content-unknown" Info;
    /// Freed blocks do not go back to the pool.
    DISCARD = "LAY050" "discard" Warning;
    /// LVM in the installed system will not find its physical volumes.
    DEVICES = "LAY051" "lvm-devices" Error;
    /// What the first boot will do is still to be done.
    PENDING = "LAY060" "pending" Info;
}

impl Kind {
    /// A notice of this kind.
    pub fn notice(self, message: impl Into<String>) -> Notice {
        Notice {
            code: self.code,
            name: self.name,
            category: "layout",
            severity: self.severity,
            message: message.into(),
            help: None,
        }
    }
}

impl Notice {
    /// The same with another severity than its kind's.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Notice {
        self.severity = severity;
        self
    }

    /// What to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Notice {
        self.help = Some(help.into());
        self
    }

    /// Whether it stands in the way.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(ALL.windows(2).all(|w| w[0].code < w[1].code));
    }
}
