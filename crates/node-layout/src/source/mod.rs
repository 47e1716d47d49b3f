//! Images as people have them: what they are, whether they are what they should be, and their files as a tree.
//!
//! What the kernel can read is mounted read-only, without replaying a journal: squashfs, also with a file system inside as live
//! images have it, ext4, XFS. Archives are unpacked into a private directory. A directory is read in place.

mod acl; // ACLs in archives
mod error; // why an image cannot be used
mod extract; // unpacking archives
mod kind; // what a file is
mod oci; // images of containers
mod proof; // checksums and signatures
mod tar; // reading archives
#[cfg(test)]
mod tests;

use crate::disks::RootFs;
use crate::files::read_text;
use crate::machine::{Command, Tools, below, inside, unmount_all};
use extract::{Extractor, Layers};
use node_base::superblock::Superblock;
use oci::{Layout, decompressed};
use std::fs::File;
use std::path::{Path, PathBuf};
use tar::Entries;

pub use error::SourceError;
pub use kind::{Compression, ImageKind};
pub use proof::{Proof, Proved};

/// Directory of the mount points of this program.
pub(crate) const MOUNTS: &str = "/run/node-layout";
/// The image's root file system.
const IMAGE: &str = "image";
/// A squashfs with another file system inside.
const OUTER: &str = "image-outer";
/// The file with the root file system in a live image.
const INNER: [&str; 2] = ["LiveOS", "rootfs.img"];
/// What the names of private directories begin with.
const PRIVATE: &str = "node-layout-image-";

/// An image whose files can be read.
#[derive(Debug)]
pub struct Source {
    /// Root of its files.
    pub(crate) root: PathBuf,
    /// What it is.
    pub(crate) kind: ImageKind,
    /// What was proved of it.
    pub(crate) proved: Proved,
    /// The file system that it was made with, if it is one.
    pub(crate) filesystem: Option<RootFs>,
    /// Its name by the labels of a container.
    label: Option<String>,
    /// Mount points, in the order of mounting.
    mounts: Vec<PathBuf>,
    /// Copies and unpacked files.
    private: Option<tempfile::TempDir>,
}

/// Which image, and how it is opened.
#[derive(Clone, Debug)]
pub struct ImageRequest {
    /// The file or directory.
    pub image: PathBuf,
    /// What proves it.
    pub proof: Proof,
    /// Where copies and unpacked files are put.
    pub work_dir: PathBuf,
}

impl Source {
    /// Proves an image, and makes its files readable. [`Source::close`] ends that.
    ///
    /// # Errors
    /// [`SourceError`]; nothing is left mounted.
    pub fn open(tools: &dyn Tools, request: &ImageRequest) -> Result<Source, SourceError> {
        clean_up(tools, &request.work_dir);
        let mut source = Source {
            root: request.image.clone(),
            kind: ImageKind::Directory,
            proved: Proved::Nothing,
            filesystem: None,
            label: None,
            mounts: Vec::new(),
            private: None,
        };
        match source.prepare(tools, request) {
            Ok(()) => Ok(source),
            Err(error) => {
                let _ = source.close(tools);
                Err(error)
            }
        }
    }

    fn prepare(&mut self, tools: &dyn Tools, request: &ImageRequest) -> Result<(), SourceError> {
        let image = &request.image;
        if let Err(error) = std::fs::metadata(image) {
            return Err(SourceError::Io { path: image.clone(), error });
        }
        let mut file = image.clone();
        if request.proof.is_asked() && !image.is_dir() {
            let private = self.private(&request.work_dir)?;
            (file, self.proved) = proof::prove(tools, image, &request.proof, &private)?;
        }
        let open = |_| {
            let opened = File::open(&file).map_err(|error| SourceError::Io { path: file.clone(), error })?;
            decompressed(tools, opened)
        };
        self.kind = kind::identify(&file, &open).map_err(|error| match error {
            // The copy has another name.
            SourceError::Unknown { .. } => SourceError::Unknown { path: image.clone() },
            SourceError::Convert { what, .. } => SourceError::Convert { path: image.clone(), what },
            error => error,
        })?;
        match self.kind {
            ImageKind::Squashfs => self.squashfs(tools, &file),
            ImageKind::Ext4 => self.mount(tools, RootFs::Ext4.into(), &file, IMAGE),
            ImageKind::Xfs => self.mount(tools, RootFs::Xfs.into(), &file, IMAGE),
            ImageKind::Directory if request.proof.is_asked() => Err(SourceError::Proof(format!(
                "{} is a directory, which nothing proves; give a file, or leave out --sha256 and --signature",
                image.display()
            ))),
            ImageKind::Directory => Ok(()),
            ImageKind::OciLayout => self.layout(tools, request),
            ImageKind::OciArchive(compression) => self.archive(tools, request, &file, compression),
            ImageKind::Tar(_) => {
                let mut extractor = self.extractor(tools, request)?;
                extractor.archive(&mut Entries::new(open(Compression::None)?), Layers::None)?;
                extractor.finish()
            }
        }?;
        // Mounted or unpacked, the copy is not needed by its name any more.
        if file != *image {
            std::fs::remove_file(&file).map_err(|error| SourceError::Io { path: file.clone(), error })?;
        }
        Ok(())
    }

    /// A directory that only root can enter.
    fn private(&mut self, work_dir: &Path) -> Result<PathBuf, SourceError> {
        if let Some(private) = &self.private {
            return Ok(private.path().to_owned());
        }
        let made = std::fs::create_dir_all(work_dir)
            .and_then(|()| tempfile::Builder::new().prefix(PRIVATE).tempdir_in(work_dir));
        let made = made.map_err(|error| SourceError::Io { path: work_dir.to_owned(), error })?;
        let path = made.path().to_owned();
        self.private = Some(made);
        Ok(path)
    }

    fn extractor(&mut self, tools: &dyn Tools, request: &ImageRequest) -> Result<Extractor, SourceError> {
        let root = self.private(&request.work_dir)?.join("root");
        std::fs::create_dir(&root).map_err(|error| SourceError::Io { path: root.clone(), error })?;
        let room = proof::room(tools, &request.work_dir)?;
        self.root.clone_from(&root);
        Extractor::new(&root, room)
    }

    fn squashfs(&mut self, tools: &dyn Tools, file: &Path) -> Result<(), SourceError> {
        self.mount(tools, Mountable::Squashfs, file, OUTER)?;
        let [directory, name] = INNER;
        let inner = self.root.join(directory);
        // Neither may be a link: it would lead to a file of this host.
        let is = |path: &Path, what: fn(&std::fs::Metadata) -> bool| {
            std::fs::symlink_metadata(path).is_ok_and(|metadata| what(&metadata))
        };
        if !is(&inner, std::fs::Metadata::is_dir) || !is(&inner.join(name), std::fs::Metadata::is_file) {
            return Ok(());
        }
        let inner = inner.join(name);
        let superblock = Superblock::read(&inner);
        let superblock = superblock.map_err(|error| SourceError::Io { path: inner.clone(), error })?;
        let kind = superblock.and_then(|s| RootFs::from_superblock(s.kind));
        let kind = kind.ok_or_else(|| SourceError::Unknown { path: inner.clone() })?;
        self.mount(tools, kind.into(), &inner, IMAGE)
    }

    fn layout(&mut self, tools: &dyn Tools, request: &ImageRequest) -> Result<(), SourceError> {
        let layout = Layout::directory(&request.image);
        if request.proof.signature.is_some() || request.proof.checksums.is_some() {
            let image = request.image.display();
            let what = format!(
                "{image} is a directory, which cannot be signed; give --sha256 with the digest of its manifest"
            );
            return Err(SourceError::Proof(what));
        }
        if let Some(text) = &request.proof.sha256 {
            let wanted = proof::parse_sha256(text);
            let wanted = wanted.ok_or_else(|| SourceError::Proof(format!("'{text}' is not a SHA-256")))?;
            if !layout.has_digest(&wanted)? {
                let what =
                    format!("{} has no manifest with the digest sha256:{wanted}", request.image.display());
                return Err(SourceError::Proof(what));
            }
            self.proved = Proved::Checksum;
        }
        self.unpack(tools, request, &layout)
    }

    fn archive(
        &mut self,
        tools: &dyn Tools,
        request: &ImageRequest,
        file: &Path,
        compression: Compression,
    ) -> Result<(), SourceError> {
        let mut plain = file.to_owned();
        if compression != Compression::None {
            // Blobs are found by their offsets.
            plain = self.private(&request.work_dir)?.join("archive");
            let opened =
                File::open(file).map_err(|error| SourceError::Io { path: file.to_owned(), error })?;
            let room = proof::room(tools, &request.work_dir)?;
            let mut limited = std::io::Read::take(decompressed(tools, opened)?, room.0);
            proof::copy(&mut limited, &plain)
                .map_err(|error| SourceError::Io { path: plain.clone(), error })?;
        }
        let layout = Layout::archive(&plain)?;
        self.unpack(tools, request, &layout)
    }

    fn unpack(
        &mut self,
        tools: &dyn Tools,
        request: &ImageRequest,
        layout: &Layout,
    ) -> Result<(), SourceError> {
        let extractor = self.extractor(tools, request)?;
        let private = self.private(&request.work_dir)?;
        self.label = layout.unpack(tools, extractor, &private)?;
        Ok(())
    }

    /// Mounts a file read-only at one of the mount points; its root is that of the image.
    fn mount(
        &mut self,
        tools: &dyn Tools,
        kind: Mountable,
        file: &Path,
        name: &str,
    ) -> Result<(), SourceError> {
        let at = below(tools.environment(), MOUNTS).join(name);
        std::fs::create_dir_all(&at).map_err(|error| SourceError::Io { path: at.clone(), error })?;
        let (name, options) = match kind {
            Mountable::Squashfs => ("squashfs", "ro,loop,nodev,nosuid,noexec"),
            Mountable::Root(RootFs::Ext4) => ("ext4", "ro,loop,noload,nodev,nosuid,noexec"),
            Mountable::Root(RootFs::Xfs) => ("xfs", "ro,loop,norecovery,nouuid,nodev,nosuid,noexec"),
        };
        let path = |path: &Path| path.display().to_string();
        tools.run(&Command::new("mount", ["-t", name, "-o", options, &path(file), &path(&at)]))?;
        self.mounts.push(at.clone());
        self.root = at;
        if let Mountable::Root(kind) = kind {
            self.filesystem = Some(kind);
        }
        Ok(())
    }

    /// The image's name, by what is in it, and where that comes from.
    pub fn nvr(&self) -> Option<(String, &'static str)> {
        let file = crate::system::IMAGE_NVR;
        let text = read_text(&inside(&self.root, file)).ok().flatten().map(|t| t.trim().to_owned());
        let in_file = text.filter(|t| !t.is_empty()).map(|text| (text, file));
        in_file.or_else(|| Some((self.label.clone()?, "the labels of the image")))
    }

    /// Unmounts it and removes what was unpacked.
    ///
    /// # Errors
    /// That of `umount`.
    pub fn close(self, tools: &dyn Tools) -> Result<(), SourceError> {
        for mount in self.mounts.iter().rev() {
            tools.run(&Command::new("umount", [mount.display().to_string()]))?;
        }
        Ok(())
    }
}

/// What can be mounted.
#[derive(Clone, Copy)]
enum Mountable {
    Squashfs,
    Root(RootFs),
}

impl From<RootFs> for Mountable {
    fn from(kind: RootFs) -> Mountable {
        Mountable::Root(kind)
    }
}

/// Removes what a run that was killed has left: mounts, copies, unpacked files.
fn clean_up(tools: &dyn Tools, work_dir: &Path) {
    // What cannot be unmounted stops what needs the place.
    let _ = unmount_all(tools, &[below(tools.environment(), MOUNTS)]);
    for left in std::fs::read_dir(work_dir).into_iter().flatten().flatten() {
        use std::os::unix::fs::MetadataExt;
        let is_ours = left.file_name().as_encoded_bytes().starts_with(PRIVATE.as_bytes());
        let metadata = left.metadata();
        if is_ours && metadata.is_ok_and(|m| m.is_dir() && m.uid() == rustix::process::geteuid().as_raw()) {
            let _ = std::fs::remove_dir_all(left.path());
        }
    }
}
