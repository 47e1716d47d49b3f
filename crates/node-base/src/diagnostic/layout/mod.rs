//! What `node-layout` finds on a machine: the codes `LAY…`, with their documentation.
//!
//! They are declared here and not in `node-layout`, so that `ks-lint explain` and `docs/rules.md` know them without a
//! dependency on a program that changes disks.

mod boot; // /boot, entries, boot loader, firmware
mod images; // bases, layers, tags, trials
mod machine; // the machine and its programs
mod update; // new images
mod volumes; // root, the policy's volumes, the pool

use super::Code;
pub use boot::*;
pub use images::*;
pub use machine::*;
pub use update::*;
pub use volumes::*;

/// Every code of this module.
pub static CODES: &[&Code] = &[
    &ARCHITECTURE,
    &TOOL_MISSING,
    &LVM_UNREADABLE,
    &NVR,
    &POLICY,
    &ROOT_NOT_THIN,
    &ROOT_FILESYSTEM,
    &FSTAB_ROOT,
    &VOLUME,
    &VOLUME_RECOMMENDED,
    &VOLUME_SEPARATE,
    &BOOT,
    &BOOT_SPACE,
    &BOOT_CONFIG,
    &BOOT_ENTRY,
    &BOOT_DEFAULT,
    &BOOT_KEPT,
    &BOOT_FIRMWARE,
    &BOOT_COPY,
    &BOOT_ONCE,
    &BOOT_STALE,
    &POOL_FULL,
    &POOL_METADATA,
    &POOL_AUTOEXTEND,
    &POOL_MONITOR,
    &VOLUME_HEALTH,
    &TAGS_FOREIGN,
    &TAGS_MISSING,
    &NAME_TAKEN,
    &BASE,
    &LAYER,
    &UNFINISHED,
    &NOT_INITIALISED,
    &CONTENT_UNKNOWN,
    &DISCARD,
    &DEVICES,
    &PENDING,
    &IMAGE_FAILED,
    &IMAGE_UNKNOWN,
    &IMAGE_IN_USE,
    &IMAGE_INCOMPLETE,
    &ENTRY_ROOT,
    &KERNEL_SHARED,
    &ON_TRIAL,
    &OTHER_IMAGE,
    &IMAGE_SOURCE,
    &IMAGE_PROOF,
    &IMAGE_UNPROVED,
    &IMAGE_CONTENT,
    &UPDATE_SPACE,
    &LOCAL_STORAGE,
    &ETC_CARRIED,
    &ETC_CONFLICT,
    &ETC_MERGE,
    &ETC_ACCOUNTS,
    &ETC_CHECK,
    &VAR,
    &PACKAGES,
];
