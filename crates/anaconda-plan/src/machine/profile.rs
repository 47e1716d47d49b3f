//! Anaconda's configuration for one product: what differs between its profiles.
//!
//! Source: `data/anaconda.conf`, `data/product.d` and `data/profile.d` of the releases in [`crate::machine::release`].

use crate::machine::release::Release;
use node_base::policy::{DeviceType, PartitioningRequest, Policy, Presence, Scheme};
use node_base::units::{Bytes, MiB};

/// One volume of a profile's default partitioning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultVolume {
    /// Mount point; `swap` for swap.
    pub mount: String,
    /// Size, or the least size if it grows; `None` for swap.
    pub size: Option<Bytes>,
    /// Whether it grows.
    pub grow: bool,
    /// The most it grows to.
    pub max: Option<Bytes>,
    /// It is left out when the disks have less space than this.
    pub needs: Option<Bytes>,
}

/// What Anaconda's configuration says for one product.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name in Anaconda's messages.
    pub product: String,
    /// Name of the volume group that autopart makes.
    pub short_name: String,
    /// The volumes that autopart makes besides the boot partitions.
    pub volumes: Vec<DefaultVolume>,
    /// The scheme of a bare `autopart`.
    pub scheme: Scheme,
    /// Whether the default file system is xfs (else ext4).
    pub xfs: bool,
    /// The types of device that root may be on; empty for any.
    pub root_device_types: Vec<DeviceType>,
    /// Mount points that need a volume of their own.
    pub separate: Vec<String>,
    /// Least sizes that stop the installation.
    pub required_sizes: Vec<(String, Bytes)>,
    /// Sizes below which it warns.
    pub recommended_sizes: Vec<(&'static str, Bytes)>,
    /// Whether the installer recommends swap, and requires it on little memory.
    pub swap_recommended: bool,
    /// `/boot` file systems that GRUB reads, for this product.
    pub boot_filesystems: &'static [&'static str],
}

fn default_volumes(root_min: u64, home_min: u64, swap: bool) -> Vec<DefaultVolume> {
    let grows = |mount: &str, min: u64, max, needs| DefaultVolume {
        mount: mount.to_owned(),
        size: Some(Bytes(min << 20)),
        grow: true,
        max,
        needs,
    };
    let mut volumes = vec![
        grows("/", root_min, Some(Bytes(70 << 30)), None),
        grows("/home", home_min, None, Some(Bytes(50 << 30))),
    ];
    if swap {
        volumes.push(DefaultVolume {
            mount: "swap".to_owned(),
            size: None,
            grow: false,
            max: None,
            needs: None,
        });
    }
    volumes
}

const RED_HAT_BOOT: &[&str] = &["xfs", "ext4", "ext3", "ext2"];
const OTHER_BOOT: &[&str] = &["ext4", "ext3", "ext2", "btrfs", "xfs"];

impl Profile {
    /// The release's own: the RHEL profile, or the bare defaults of Fedora.
    pub fn plain(release: Release) -> Profile {
        let fedora = release == Release::Fedora;
        Profile {
            product: if fedora { "anaconda" } else { "Red Hat Enterprise Linux" }.to_owned(),
            short_name: if fedora { "anaconda" } else { "rhel" }.to_owned(),
            volumes: default_volumes(1024, if fedora { 512 } else { 500 }, !fedora),
            scheme: Scheme::Lvm,
            xfs: !fedora,
            root_device_types: Vec::new(),
            separate: Vec::new(),
            required_sizes: Vec::new(),
            recommended_sizes: recommended_sizes(release),
            swap_recommended: !fedora,
            boot_filesystems: if fedora { OTHER_BOOT } else { RED_HAT_BOOT },
        }
    }

    /// What a layout policy makes Anaconda's configuration say (`profile.d`): the same data that the policy's
    /// configuration files are written from.
    pub fn of_policy(policy: &Policy, release: Release) -> Profile {
        let plain = Profile::plain(release);
        let product = policy.anaconda.product_name.clone().unwrap_or_else(|| plain.product.clone());
        let requests = policy.partitioning.requests.iter().map(DefaultVolume::from);
        let volumes: Vec<_> = requests.collect();
        let sized = policy.volumes.iter().filter_map(|v| Some((v.mount.clone(), v.min?.bytes())));
        let root = policy.root.min.map(|m| ("/".to_owned(), m.bytes()));
        let boot = policy.boot.min.map(|m| ("/boot".to_owned(), m.bytes()));
        let required = policy.volumes.iter().filter(|v| v.presence == Presence::Required);
        Profile {
            short_name: short_name(&product),
            boot_filesystems: if product.starts_with("Red Hat ") { RED_HAT_BOOT } else { OTHER_BOOT },
            product,
            volumes: if volumes.is_empty() { plain.volumes } else { volumes },
            scheme: policy.partitioning.scheme.unwrap_or(plain.scheme),
            xfs: true, // its base profile is that of CentOS, whose base is RHEL
            root_device_types: policy.root.device_types.clone(),
            separate: required.map(|v| v.mount.clone()).collect(),
            required_sizes: root.into_iter().chain(sized).chain(boot).collect(),
            recommended_sizes: plain.recommended_sizes,
            swap_recommended: true,
        }
    }
}

impl From<&PartitioningRequest> for DefaultVolume {
    fn from(request: &PartitioningRequest) -> DefaultVolume {
        DefaultVolume {
            mount: request.mount.clone(),
            size: request.min.or(request.size).map(MiB::bytes),
            grow: request.min.is_some(),
            max: request.max.map(MiB::bytes),
            needs: None,
        }
    }
}

/// The initials of a product of several words, in lower case (pyanaconda, `shortProductName`).
fn short_name(product: &str) -> String {
    let lower = product.to_lowercase();
    if lower.contains(' ') { lower.split(' ').filter_map(|w| w.chars().next()).collect() } else { lower }
}

/// Sizes below which the storage checker warns (`min_partition_sizes`).
fn recommended_sizes(release: Release) -> Vec<(&'static str, Bytes)> {
    let boot = if release == Release::Fedora { 1024 } else { 512 };
    let sizes = [("/", 250), ("/usr", 250), ("/tmp", 50), ("/var", 384), ("/home", 100), ("/boot", boot)];
    let mut sizes: Vec<_> = sizes.into_iter().map(|(m, s)| (m, Bytes(s << 20))).collect();
    if release == Release::Fedora {
        sizes.push(("/boot/efi", Bytes(500 << 20)));
    }
    sizes
}
