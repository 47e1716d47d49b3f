//! Files of packages that are cached on a host.

use super::{Cache, Package, PackageManager};
use crate::machine::inside;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The most files that are looked at. A mirror is not a cache.
const MOST: usize = 100_000;

/// The regular files in the caches of a host by their names. The first cache that has one wins.
pub(super) fn cached(manager: &dyn PackageManager, host: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut seen = 0;
    for Cache { path, depth } in manager.caches() {
        let mut left = vec![(inside(host, path), 0)];
        while let Some((directory, at)) = left.pop() {
            for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
                seen += 1;
                if seen > MOST {
                    return found;
                }
                // A link is neither.
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && at < *depth => left.push((entry.path(), at + 1)),
                    Ok(kind) if kind.is_file() => {
                        if let Ok(name) = entry.file_name().into_string() {
                            found.entry(name).or_insert_with(|| entry.path());
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    found
}

/// Whether a description is that of this package.
pub(super) fn is_of(described: &[Package], package: &Package) -> bool {
    let same = |other: &Package| {
        (&other.name, &other.arch, &other.version) == (&package.name, &package.arch, &package.version)
    };
    described.iter().any(same)
}
