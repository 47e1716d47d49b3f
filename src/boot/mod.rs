//! Kernel command lines and the boot configurations that carry them.
//!
//! Invariant: a configuration file becomes command lines with spans; what is checked is the command line. A value that a
//! boot loader's variable hides is not judged.

pub mod bls; // systemd-boot and Boot Loader Specification entries
pub mod check; // one boot configuration alone
pub mod codes; // findings of these checks
pub mod config; // a boot configuration of any format
pub mod devices; // rd.lvm.lv=, rd.luks.uuid=, rd.znet=
mod entry; // one entry, for readers of every format
pub mod grub; // GRUB 2 configurations
pub mod ip; // ip=
pub mod ipxe; // iPXE scripts
pub mod iscsi; // netroot=, rd.iscsi.*
pub mod legacy; // parameters of oVirt Node 3 and older
pub mod links; // bond=, team=, bridge=, vlan=, ifname=
pub mod location; // http:, nfs:, hd:
pub mod network; // the network that a command line asks for
pub mod options; // options of the installer and its initramfs
pub mod pxelinux; // pxelinux, syslinux, isolinux configurations
pub mod value; // small words of values
mod variables; // what a configuration sets itself

pub use codes::CODES;
