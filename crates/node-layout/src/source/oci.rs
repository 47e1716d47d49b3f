//! Images of containers: a directory or an archive with the OCI image layout.
//!
//! Every blob is named after its SHA-256, which is always compared. Source: OCI image specification 1.1, `image-layout.md`,
//! `image-index.md`, `manifest.md`, `layer.md`.

use super::error::SourceError;
use super::extract::{Extractor, Layers};
use super::kind::Compression;
use super::proof::{copy, sha256};
use super::tar::{Entries, Input};
use crate::machine::Tools;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The largest JSON document, in bytes.
const LARGEST_JSON: u64 = 4 << 20;
/// The most layers of an image.
const MOST_LAYERS: usize = 512;
/// The most indexes between the layout and the manifest.
const DEEPEST: usize = 4;
/// What this machine runs.
const PLATFORM: (&str, &str) = ("linux", "amd64");

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Vec<Descriptor>,
    /// These two make it a manifest.
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

#[derive(Clone, Deserialize)]
struct Descriptor {
    digest: String,
    platform: Option<Platform>,
}

#[derive(Clone, Deserialize)]
struct Platform {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
}

#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    config: Settings,
}

#[derive(Default, Deserialize)]
struct Settings {
    #[serde(default, rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

/// An OCI layout.
pub(super) struct Layout {
    path: PathBuf,
    blobs: Blobs,
}

enum Blobs {
    Directory,
    /// Names in the archive, with offset and size of their data.
    Archive(BTreeMap<Vec<u8>, (u64, u64)>),
}

impl Layout {
    /// A directory.
    pub(super) fn directory(path: &Path) -> Layout {
        Layout { path: path.to_owned(), blobs: Blobs::Directory }
    }

    /// An archive that is not compressed.
    pub(super) fn archive(path: &Path) -> Result<Layout, SourceError> {
        let file = File::open(path).map_err(|error| SourceError::Io { path: path.to_owned(), error })?;
        let mut entries = Entries::new(Input::File(file));
        let mut names = BTreeMap::new();
        while let Some(entry) = entries.next().map_err(SourceError::Archive)? {
            let name = entry.path.strip_prefix(b"./").unwrap_or(&entry.path).to_vec();
            names.insert(name, (entries.position(), entry.size));
        }
        Ok(Layout { path: path.to_owned(), blobs: Blobs::Archive(names) })
    }

    fn error(&self, what: impl Into<String>) -> SourceError {
        SourceError::Oci { path: self.path.clone(), what: what.into() }
    }

    /// Opens a file of the layout.
    fn open(&self, name: &str) -> Result<Box<dyn Read>, SourceError> {
        let io = |error| SourceError::Io { path: self.path.join(name), error };
        match &self.blobs {
            Blobs::Directory => {
                let path = self.path.join(name);
                let metadata = std::fs::symlink_metadata(&path).map_err(io)?;
                if !metadata.is_file() {
                    return Err(self.error(format!("{name} is not a regular file")));
                }
                Ok(Box::new(File::open(path).map_err(io)?))
            }
            Blobs::Archive(names) => {
                let known = names.get(name.as_bytes());
                let (offset, size) = *known.ok_or_else(|| self.error(format!("it has no {name}")))?;
                let mut file = File::open(&self.path).map_err(io)?;
                file.seek(SeekFrom::Start(offset)).map_err(io)?;
                Ok(Box::new(file.take(size)))
            }
        }
    }

    /// The path of a blob, and its SHA-256.
    fn blob(&self, digest: &str) -> Result<(String, String), SourceError> {
        let hex = digest.strip_prefix("sha256:").and_then(super::proof::parse_sha256);
        let hex = hex.ok_or_else(|| {
            let digest = node_base::harmless::excerpt(digest);
            self.error(format!("the digest '{digest}' is not a SHA-256"))
        })?;
        Ok((format!("blobs/sha256/{hex}"), hex))
    }

    fn json<T: for<'de> Deserialize<'de>>(&self, name: &str, digest: Option<&str>) -> Result<T, SourceError> {
        let mut bytes = Vec::new();
        let io = |error| SourceError::Io { path: self.path.join(name), error };
        self.open(name)?.take(LARGEST_JSON + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > LARGEST_JSON {
            return Err(self.error(format!("{name} is too large")));
        }
        if let Some(wanted) = digest {
            let is = sha256(&bytes);
            if is != wanted {
                let path = self.path.join(name);
                return Err(SourceError::Checksum { path, wanted: wanted.to_owned(), is });
            }
        }
        serde_json::from_slice(&bytes).map_err(|error| self.error(format!("{name} cannot be read: {error}")))
    }

    /// The manifest for this machine, and the digests on the way to it.
    fn manifest(&self) -> Result<(Index, Vec<String>), SourceError> {
        let mut index: Index = self.json("index.json", None)?;
        let mut digests = Vec::new();
        for _ in 0..DEEPEST {
            if index.config.is_some() {
                return Ok((index, digests));
            }
            let descriptor = match &index.manifests[..] {
                [] => return Err(self.error("it has no image")),
                [only] => only.clone(),
                several => {
                    let here = |d: &&Descriptor| {
                        let platform = d.platform.as_ref();
                        platform.is_some_and(|p| (p.os.as_str(), p.architecture.as_str()) == PLATFORM)
                    };
                    let ours: Vec<&Descriptor> = several.iter().filter(here).collect();
                    match ours[..] {
                        [one] => one.clone(),
                        _ => {
                            let (os, architecture) = PLATFORM;
                            return Err(self.error(format!(
                                "it has {} images, {} of them for {os}/{architecture}; make a layout with one (skopeo copy)",
                                several.len(),
                                ours.len()
                            )));
                        }
                    }
                }
            };
            let (name, hex) = self.blob(&descriptor.digest)?;
            index = self.json(&name, Some(&hex))?;
            digests.push(hex);
        }
        Err(self.error("its indexes lead to no image"))
    }

    /// Whether the image, or an index that leads to it, has this SHA-256.
    pub(super) fn has_digest(&self, wanted: &str) -> Result<bool, SourceError> {
        Ok(self.manifest()?.1.iter().any(|digest| digest == wanted))
    }

    /// Unpacks the image. `private` takes one layer after the other. The name of the image, if its labels have one.
    pub(super) fn unpack(
        &self,
        tools: &dyn Tools,
        mut extractor: Extractor,
        private: &Path,
    ) -> Result<Option<String>, SourceError> {
        let (manifest, _) = self.manifest()?;
        if manifest.layers.len() > MOST_LAYERS {
            return Err(self.error(format!("the image has more than {MOST_LAYERS} layers")));
        }
        let config: Config = match &manifest.config {
            Some(descriptor) => {
                let (name, hex) = self.blob(&descriptor.digest)?;
                self.json(&name, Some(&hex))?
            }
            None => Config::default(),
        };
        for layer in &manifest.layers {
            let (name, wanted) = self.blob(&layer.digest)?;
            let copied = private.join("layer");
            let is = copy(&mut self.open(&name)?, &copied).map_err(no_room(&copied))?;
            if is != wanted {
                return Err(SourceError::Checksum { path: self.path.join(&name), wanted, is });
            }
            let file = File::open(&copied).map_err(no_room(&copied))?;
            std::fs::remove_file(&copied).map_err(no_room(&copied))?;
            extractor.archive(&mut Entries::new(decompressed(tools, file)?), Layers::Oci)?;
        }
        extractor.finish()?;
        Ok(name_of(&config.config.labels.unwrap_or_default()))
    }
}

fn no_room(path: &Path) -> impl Fn(std::io::Error) -> SourceError {
    let path = path.to_owned();
    move |error| match error.kind() {
        std::io::ErrorKind::StorageFull => SourceError::NoRoom,
        _ => SourceError::Io { path: path.clone(), error },
    }
}

/// A file's content, decompressed where it is compressed.
pub(super) fn decompressed(tools: &dyn Tools, mut file: File) -> Result<Input, SourceError> {
    let io = |error| SourceError::Io { path: PathBuf::from("the archive"), error };
    let mut magic = Vec::new();
    Read::by_ref(&mut file).take(8).read_to_end(&mut magic).map_err(io)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let Some(program) = Compression::of(&magic).program() else { return Ok(Input::File(file)) };
    // The gzip of busybox has no long options.
    let command = crate::machine::Command::new(program, ["-d", "-c"]);
    Ok(Input::Stream(tools.stream(&command, file)?))
}

/// The name that labels give an image, as Red Hat's builds write them.
fn name_of(labels: &BTreeMap<String, String>) -> Option<String> {
    let name = labels.get("com.redhat.component").or_else(|| labels.get("name"))?;
    let name = name.rsplit('/').next()?;
    Some(format!("{name}-{}-{}", labels.get("version")?, labels.get("release")?))
}
