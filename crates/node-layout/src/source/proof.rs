//! Proof that an image is the one that somebody has published, before anything in it is read as a file system.
//!
//! The image is read once: what is hashed is written to a private copy, and only the copy is used afterwards. So nobody can
//! exchange the file between proof and use.

use super::error::SourceError;
use crate::files::read_bytes;
use crate::machine::{Command, Tools};
use node_base::base64;
use node_base::units::Bytes;
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Where the keys of those are kept who may sign images.
const KEYS: &str = "/etc/node-layout/keys";
/// Share of a file system that a copy must leave free: one part of this.
const LEFT: u64 = 20;
/// How much is copied at once, in bytes.
const WINDOW: usize = 1 << 20;

/// What the operator has to prove an image with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Its SHA-256 in hexadecimal digits; of an OCI layout that of its manifest.
    pub sha256: Option<String>,
    /// A detached OpenPGP signature of the image, or of the list of checksums.
    pub signature: Option<PathBuf>,
    /// A list of checksums, as sha256sum(1) writes it.
    pub checksums: Option<PathBuf>,
    /// The keys that are accepted, instead of those in `/etc/node-layout/keys`.
    pub keyring: Option<PathBuf>,
}

impl Proof {
    /// Whether anything is to be proved.
    pub(super) fn is_asked(&self) -> bool {
        self.sha256.is_some() || self.signature.is_some() || self.checksums.is_some()
    }
}

/// What was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proved {
    /// Nothing: nobody has asked for it.
    Nothing,
    /// It has the checksum that was given.
    Checksum,
    /// It has the checksum of a list whose signature is good.
    SignedList,
    /// Its signature is good.
    Signature,
}

impl fmt::Display for Proved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Proved::Nothing => "without proof",
            Proved::Checksum => "proved by its checksum",
            Proved::SignedList => "proved by a signed list of checksums",
            Proved::Signature => "proved by its signature",
        })
    }
}

/// A SHA-256 in hexadecimal digits.
pub(super) fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A SHA-256 as somebody has written it, in lower case.
pub(super) fn parse_sha256(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("sha256:").unwrap_or(text);
    (text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit())).then(|| text.to_ascii_lowercase())
}

/// Bytes that a file in a directory may use.
pub(super) fn room(tools: &dyn Tools, directory: &Path) -> Result<Bytes, SourceError> {
    let space =
        tools.space(directory).map_err(|error| SourceError::Io { path: directory.to_owned(), error })?;
    Ok(Bytes(space.free.saturating_sub(space.total / LEFT)))
}

/// Copies `from` to the new file `to`, which only its owner can read; the SHA-256 of what was copied.
pub(super) fn copy(from: &mut dyn Read, to: &Path) -> io::Result<String> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; WINDOW];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                digest.update(&buffer[..n]);
                file.write_all(&buffer[..n])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hexadecimal(&digest.finalize()))
}

/// The SHA-256 of some bytes.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Proves an image. `private` is an empty directory of root's; the answer is the copy in it.
pub(super) fn prove(
    tools: &dyn Tools,
    image: &Path,
    proof: &Proof,
    private: &Path,
) -> Result<(PathBuf, Proved), SourceError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error| SourceError::Io { path: path.clone(), error }
    };
    let wanted = proof.sha256.as_deref().map(|text| {
        parse_sha256(text).ok_or_else(|| {
            SourceError::Proof(format!("'{text}' is not a SHA-256: 64 hexadecimal digits are"))
        })
    });
    let wanted = wanted.transpose()?;
    if proof.checksums.is_some() && proof.signature.is_none() {
        let what = "a list of checksums proves nothing without its signature; give --signature, too";
        return Err(SourceError::Proof(what.to_owned()));
    }
    let keys = match &proof.signature {
        Some(_) => keyrings(tools, proof, private)?,
        None => Vec::new(),
    };
    // What is small is looked at before the image is copied.
    let mut listed = None;
    if let (Some(list), Some(signature)) = (&proof.checksums, &proof.signature) {
        let bytes = read_bytes(list).map_err(|e| SourceError::Proof(e.to_string()))?;
        let bytes = bytes.ok_or_else(|| SourceError::Proof(format!("{} does not exist", list.display())))?;
        let copy = private.join("checksums");
        std::fs::write(&copy, &bytes).map_err(io(&copy))?;
        verify(tools, signature, &copy, &list.display().to_string(), &keys, private)?;
        let name = image.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let found = checksum_of(&String::from_utf8_lossy(&bytes), &name);
        listed = Some(found.ok_or_else(|| {
            SourceError::Proof(format!("{} has no SHA-256 of a file called '{name}'", list.display()))
        })?);
    }
    let mut file = File::open(image).map_err(io(image))?;
    let size = file.metadata().map_err(io(image))?.len();
    let free = room(tools, private)?;
    if size > free.0 {
        let directory = private.parent().unwrap_or(private).to_owned();
        return Err(SourceError::NoRoomFor { path: image.to_owned(), needed: Bytes(size), directory, free });
    }
    let copied = private.join("image");
    let is = copy(&mut file, &copied).map_err(io(&copied))?;
    for wanted in [&wanted, &listed].into_iter().flatten() {
        if *wanted != is {
            return Err(SourceError::Checksum { path: image.to_owned(), wanted: wanted.clone(), is });
        }
    }
    let mut proved = if listed.is_some() { Proved::SignedList } else { Proved::Checksum };
    if let (Some(signature), None) = (&proof.signature, &proof.checksums) {
        verify(tools, signature, &copied, &image.display().to_string(), &keys, private)?;
        proved = Proved::Signature;
    }
    Ok((copied, proved))
}

/// The checksum of a file called `name` in a list of sha256sum(1), in either of its two forms.
fn checksum_of(list: &str, name: &str) -> Option<String> {
    let of_line = |line: &str| {
        if let Some(rest) = line.strip_prefix("SHA256 (") {
            let (file, digest) = rest.split_once(") = ")?;
            return (file == name).then(|| parse_sha256(digest))?;
        }
        let (digest, file) = line.split_once(' ')?;
        let file = file.strip_prefix([' ', '*']).unwrap_or(file);
        (file.strip_prefix("./").unwrap_or(file) == name).then(|| parse_sha256(digest))?
    };
    list.lines().find_map(of_line)
}

/// The files with the accepted keys, in the form that gpgv reads.
fn keyrings(tools: &dyn Tools, proof: &Proof, private: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let given = proof.keyring.iter().cloned().collect::<Vec<_>>();
    let files = if given.is_empty() {
        let directory = crate::machine::below(tools.environment(), KEYS);
        let listed = std::fs::read_dir(&directory).into_iter().flatten().flatten().map(|f| f.path());
        let is_key = |path: &PathBuf| {
            let extension = path.extension().and_then(|e| e.to_str());
            extension.is_some_and(|e| ["gpg", "pgp", "asc", "key", "kbx"].contains(&e))
        };
        let mut files: Vec<PathBuf> = listed.filter(is_key).collect();
        files.sort();
        files
    } else {
        given
    };
    if files.is_empty() {
        let what = format!(
            "no key is accepted: put the publisher's key into {KEYS} (*.gpg or *.asc), or give --keyring"
        );
        return Err(SourceError::Proof(what));
    }
    let mut rings = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let bytes = read_bytes(file).map_err(|e| SourceError::Proof(e.to_string()))?;
        let bytes = bytes.ok_or_else(|| SourceError::Proof(format!("{} does not exist", file.display())))?;
        let bytes = match without_armour(&bytes) {
            Some(bytes) => bytes,
            None => bytes,
        };
        let ring = private.join(format!("keys-{number}.gpg"));
        std::fs::write(&ring, bytes).map_err(|error| SourceError::Io { path: ring.clone(), error })?;
        rings.push(ring);
    }
    Ok(rings)
}

/// The bytes of a key that is written as text (RFC 9580, "Forming ASCII Armor"); `None` if it is not. gpgv reads no text.
fn without_armour(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut keys = Vec::new();
    for block in text.split("-----BEGIN PGP PUBLIC KEY BLOCK-----").skip(1) {
        let block = block.split("-----END PGP").next()?;
        let mut lines = block.lines().map(str::trim).skip(1);
        // Headers end with an empty line.
        let body: Vec<&str> = lines.by_ref().skip_while(|line| line.contains(':')).collect();
        let data: String = body.into_iter().filter(|line| !line.starts_with('=')).collect();
        keys.extend(base64::decode(&data)?);
    }
    (!keys.is_empty()).then_some(keys)
}

/// Verifies a detached signature of `file`, by whichever program there is.
fn verify(
    tools: &dyn Tools,
    signature: &Path,
    file: &Path,
    what: &str,
    keys: &[PathBuf],
    private: &Path,
) -> Result<(), SourceError> {
    if !signature.is_file() {
        return Err(SourceError::Proof(format!("the signature {} does not exist", signature.display())));
    }
    let text = |path: &Path| path.display().to_string();
    let keyrings = keys.iter().flat_map(|key| ["--keyring".to_owned(), text(key)]);
    let command = if tools.has("gpgv") {
        let args = ["--homedir".to_owned(), text(private)].into_iter().chain(keyrings);
        Command::new("gpgv", args.chain(["--".to_owned(), text(signature), text(file)]))
    } else if tools.has("sqv") {
        Command::new("sqv", keyrings.chain(["--".to_owned(), text(signature), text(file)]))
    } else {
        let what = "neither gpgv nor sqv is installed here, one of which verifies signatures; install gnupg2, or give --sha256";
        return Err(SourceError::Proof(what.to_owned()));
    };
    tools.run(&command).map(|_| ()).map_err(|error| SourceError::Signature {
        signature: signature.to_owned(),
        what: what.to_owned(),
        error,
    })
}
