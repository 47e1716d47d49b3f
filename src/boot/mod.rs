//! Kernel command lines and the boot configurations that carry them.
//!
//! Invariant: a configuration file becomes command lines with spans; what is checked is the command line. A value that a
//! boot loader's variable hides is not judged.

pub(crate) mod bls; // systemd-boot and Boot Loader Specification entries
pub(crate) mod check; // one boot configuration alone
pub(crate) mod codes; // findings of these checks
pub mod config; // a boot configuration of any format
pub(crate) mod devices; // rd.lvm.lv=, rd.luks.uuid=, rd.znet=
mod entry; // one entry, for readers of every format
pub(crate) mod grub; // GRUB 2 configurations
pub mod ip; // ip=
pub(crate) mod ipxe; // iPXE scripts
pub(crate) mod iscsi; // netroot=, rd.iscsi.*
pub mod legacy; // parameters of oVirt Node 3 and older
pub(crate) mod links; // bond=, team=, bridge=, vlan=, ifname=
pub(crate) mod location; // http:, nfs:, hd:
pub(crate) mod mend; // edits of words
pub(crate) mod network; // the network that a command line asks for
pub mod options; // options of the installer and its initramfs
mod others; // entries of other installers
pub(crate) mod pxelinux; // pxelinux, syslinux, isolinux configurations
pub(crate) mod value; // small words of values
mod variables; // what a configuration sets itself

pub use codes::CODES;
