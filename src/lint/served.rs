//! URLs of a command line as files below a directory: whether the server has what a host will fetch.

use crate::boot::codes;
use crate::boot::config::Entry;
use crate::boot::location::{self, location_of};
use crate::boot::options::Fetches;
use node_base::diagnostic::{Finding, Findings, Severity};
use std::path::{Component, Path, PathBuf};

/// The directory that servers serve. The file of `http://host/a/b` is `DIR/host/a/b`, or else `DIR/a/b`.
#[derive(Clone, Debug)]
pub struct Root {
    directory: PathBuf,
}

impl Root {
    /// Files below this directory.
    pub fn new(directory: impl Into<PathBuf>) -> Root {
        Root { directory: directory.into() }
    }

    /// The file that a location names; `None` if it does not exist. Never a file outside the directory.
    pub fn file(&self, host: Option<&str>, path: &str) -> Option<PathBuf> {
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
        let inside = |p: &Path| p.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if !inside(Path::new(path)) || host.is_some_and(|h| !inside(Path::new(h))) {
            return None;
        }
        let of_host = host.map(|h| self.directory.join(h).join(path)).filter(|p| p.exists());
        of_host.or_else(|| Some(self.directory.join(path)).filter(|p| p.exists()))
    }

    /// The kickstart that an entry fetches.
    pub fn kickstart(&self, entry: &Entry<'_>) -> Option<PathBuf> {
        let location = location_of(&entry.line, "inst.ks", Fetches::Kickstart)?;
        self.file(location.host.as_deref(), &location.path).filter(|p| p.is_file())
    }

    /// Reports what the entry fetches and the directory does not have.
    pub(super) fn check(&self, entry: &Entry<'_>, findings: &mut Findings) {
        let wanted = [
            ("inst.ks", Fetches::Kickstart),
            ("inst.stage2", Fetches::Stage2),
            ("inst.repo", Fetches::Tree),
            ("inst.updates", Fetches::Updates),
        ];
        for (name, fetches) in wanted {
            let Some(word) = entry.line.last(name) else { continue };
            let Some(location) =
                location_of(&entry.line, name, fetches).filter(location::Location::is_remote)
            else {
                continue;
            };
            let Some(file) = self.file(location.host.as_deref(), &location.path) else {
                findings.push(
                    Finding::new(
                        &codes::NOT_SERVED,
                        format!("{} is not below {}", location.path, self.directory.display()),
                    )
                    .severity(if fetches == Fetches::Kickstart { Severity::Error } else { Severity::Warning })
                    .at(word.value_span()),
                );
                continue;
            };
            let image = ["LiveOS/squashfs.img", "images/install.img", ".treeinfo"];
            if matches!(fetches, Fetches::Stage2 | Fetches::Tree)
                && file.is_dir()
                && !image.iter().any(|i| file.join(i).exists())
            {
                findings.push(
                    Finding::new(
                        &codes::NOT_SERVED,
                        format!("{} has no .treeinfo and no images/install.img", file.display()),
                    )
                    .severity(Severity::Warning)
                    .at(word.value_span())
                    .help("name the directory that holds .treeinfo"),
                );
            }
        }
    }
}
