//! What an image has: its name, kernel, initramfs, and the program that confirms its trial.

use super::super::node::Node;
use super::{AfterUpdate, kernel_file};
use crate::images::{FIRST_LAYER, usable_name};
use crate::machine::{Tools, inside};
use node_base::diagnostic::{Finding, Findings, layout};
use node_base::names::{Layer, Nvr, compare_versions};
use node_base::units::Bytes;
use std::path::{Path, PathBuf};

/// What an image brings for its layer. Paths are relative to the image's root, without links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contents {
    /// Version of its kernel.
    pub(super) version: String,
    /// The kernel.
    pub(super) kernel: PathBuf,
    /// The kernel's checksum for FIPS.
    pub(super) checksum: Option<PathBuf>,
    /// An initramfs that the image brings.
    pub(super) initramfs: Option<PathBuf>,
    /// dracut, by which an initramfs is made; as a path in the image.
    pub(super) dracut: Option<&'static str>,
    /// node-layout; as a path in the image.
    pub(super) program: Option<&'static str>,
    /// Bytes of the kernel.
    pub(super) kernel_size: Bytes,
    /// Bytes of the initramfs.
    pub(super) initramfs_size: Option<Bytes>,
    /// Whether its files have SELinux labels.
    pub(super) is_labelled: bool,
    /// Directories of the image that another file system is mounted on while its programs run; none if one of them is missing.
    pub(super) mounts: Vec<&'static str>,
}

/// The image's name, and where it comes from.
pub(super) fn name(
    node: &Node<'_>,
    given: Option<&str>,
    own: Option<(String, &'static str)>,
    findings: &mut Findings,
) -> Option<(Nvr, &'static str)> {
    let Some((text, from)) = given.map(|text| (text.to_owned(), "--nvr")).or(own) else {
        let message =
            format!("the image has no name: neither {} nor its labels have one", crate::system::IMAGE_NVR);
        findings.push(Finding::new(&layout::NVR, message).help("give --nvr NAME-VERSION-RELEASE"));
        return None;
    };
    let help = "give --nvr with a name like ovirt-node-ng-4.5.6-0.20261121.0";
    usable_name(&text, from, &node.root.vg, help, findings).map(|nvr| (nvr, from))
}

/// The names of base, layer, boot files and entries are free, or of an interrupted run.
pub(super) fn names_are_free(node: &Node<'_>, nvr: &Nvr, findings: &mut Findings) {
    // An image of that name that is being made is removed first, with all that it has.
    if node.image(nvr).is_some() {
        return;
    }
    let layer = nvr.layer(FIRST_LAYER).to_string();
    for name in [nvr.to_string(), layer.clone()] {
        if let Some(volume) = node.lvm.volume(&node.root.vg, &name) {
            let name = volume.full_name();
            let message = format!(
                "a volume {name} exists already ({}, {}); the image needs that name",
                volume.segtype, volume.size
            );
            findings.push(Finding::new(&layout::NAME_TAKEN, message).help(format!(
                "rename it (lvrename {name} NEWNAME), remove it if it is not needed, or use another --nvr"
            )));
        }
    }
    let directory = node.boot.file(&layer);
    if std::fs::symlink_metadata(&directory).is_ok() {
        let message = format!("{} exists already; the image needs that name", directory.display());
        findings.push(
            Finding::new(&layout::NAME_TAKEN, message).help("rename or remove it, or use another --nvr"),
        );
    }
    let of_layer = |id: &str| crate::images::trial::layer_of_id(id) == Layer::parse(&layer);
    for entry in node.boot.entries.iter().filter(|e| of_layer(&e.id)) {
        let message = format!(
            "{} exists already; the image needs that name",
            node.boot.entry_path(&entry.id).display()
        );
        findings.push(Finding::new(&layout::NAME_TAKEN, message).help("remove it, or use another --nvr"));
    }
}

/// Looks into the image at `root`; `None` with at least one error among the findings.
pub(super) fn contents(
    root: &Path,
    tools: &dyn Tools,
    after: AfterUpdate,
    findings: &mut Findings,
) -> Option<Contents> {
    let lacks = |message: String, help: &str| Finding::new(&layout::IMAGE_CONTENT, message).help(help);
    let file = |path: String| {
        let path = inside(root, path);
        path.is_file().then(|| path.strip_prefix(root).map(Path::to_owned).ok()).flatten()
    };
    let first = |paths: &[&'static str]| paths.iter().copied().find(|p| inside(root, p).is_file());
    for directory in ["/etc", "/usr"] {
        // A link would lead to the directory of this host.
        let metadata = std::fs::symlink_metadata(root.join(&directory[1..]));
        if !metadata.is_ok_and(|m| m.is_dir()) {
            findings.push(lacks(
                format!("the image has no directory {directory}: it is not a root file system"),
                "give the file with the root file system",
            ));
        }
    }
    let kernel = |version: &str| {
        file(format!("/usr/lib/modules/{version}/vmlinuz"))
            .or_else(|| file(format!("/boot/vmlinuz-{version}")))
    };
    let mut versions: Vec<String> = std::fs::read_dir(inside(root, "/usr/lib/modules"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|version| is_version(version) && kernel(version).is_some())
        .collect();
    versions.sort_by(|a, b| compare_versions(a, b));
    let found = versions.pop().and_then(|version| Some((kernel(&version)?, version)));
    if found.is_none() {
        findings.push(lacks(
            "the image has no kernel: no directory of /usr/lib/modules has a vmlinuz, in it or in /boot"
                .into(),
            "build the image with the package kernel",
        ));
    }
    let program = first(&["/usr/bin/node-layout", "/usr/sbin/node-layout", "/usr/local/sbin/node-layout"]);
    if program.is_none() && after != AfterUpdate::Default {
        findings.push(lacks(
            "the image has no node-layout: nothing in it would confirm its trial".into(),
            "build the image with the package node-layout; with --no-trial the image becomes the default without one",
        ));
    }
    let (kernel, version) = found?;
    let initramfs = file(format!("/usr/lib/modules/{version}/initramfs.img"))
        .or_else(|| file(format!("/boot/initramfs-{version}.img")));
    let mounts = ["/dev", "/proc", "/sys", "/run"];
    let can_mount =
        mounts.iter().all(|p| std::fs::symlink_metadata(root.join(&p[1..])).is_ok_and(|m| m.is_dir()));
    let dracut = first(&["/usr/bin/dracut", "/usr/sbin/dracut"]).filter(|_| can_mount);
    let needs_chroot = dracut.is_some() && initramfs.is_none();
    let dracut = dracut.filter(|_| tools.has("chroot"));
    if needs_chroot && dracut.is_none() {
        let message = "the program 'chroot' is needed and not installed here";
        let help = "install the package that brings 'chroot' (coreutils): the image's dracut is run by it";
        findings.push(Finding::new(&layout::TOOL_MISSING, message).help(help));
        return None;
    }
    if dracut.is_none() && initramfs.is_none() {
        findings.push(lacks(
            format!("the image has no initramfs of its kernel {version}, and no dracut that could make one"),
            "build the image with the package dracut, or with /usr/lib/modules/VERSION/initramfs.img",
        ));
        return None;
    }
    kernel_file::check(&root.join(&kernel), &version, &tools.architecture(), tools.environment(), findings);
    let checksum = file(format!("/boot/.vmlinuz-{version}.hmac"))
        .or_else(|| file(format!("/usr/lib/modules/{version}/.vmlinuz.hmac")));
    let size = |path: &Path| Bytes(std::fs::metadata(root.join(path)).map_or(0, |m| m.len()));
    let mut label = [0_u8; 256];
    let is_labelled = rustix::fs::lgetxattr(root.join("usr"), c"security.selinux", &mut label[..]).is_ok();
    Some(Contents {
        kernel_size: size(&kernel),
        initramfs_size: initramfs.as_deref().map(size),
        version,
        kernel,
        checksum,
        initramfs,
        dracut,
        program,
        is_labelled,
        mounts: if can_mount { mounts.to_vec() } else { Vec::new() },
    })
}

/// Whether a name can be a part of paths on /boot and in entries.
fn is_version(version: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || "._+-~".contains(c);
    !version.starts_with('.') && version.chars().all(letter)
}
