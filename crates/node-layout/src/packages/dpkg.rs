//! dpkg, with apt.

use super::sandbox::{InLayer, PACKAGES};
use super::{Cache, FetchPlaces, Package, PackageManager};
use crate::machine::{Command, ToolError, Tools, inside};
use node_base::units::Bytes;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

/// dpkg.
#[derive(Debug)]
pub(super) struct Dpkg;

/// Where a database is, or a link to it.
const DATABASE: &str = "/var/lib/dpkg";
/// One package a line: the state, then as a file of a package is described.
const FORMAT: &str = "${Package}\\t${Architecture}\\t${Version}\\t${Installed-Size}\\t${db:Status-Abbrev}\\n";
/// Kernels: the image has its own.
const KERNELS: [&str; 2] = ["linux-image-", "linux-modules-"];

impl PackageManager for Dpkg {
    fn database(&self, root: &Path) -> Option<PathBuf> {
        let path = inside(root, DATABASE);
        let is_filled = std::fs::metadata(path.join("status")).is_ok_and(|m| m.is_file() && m.len() > 0);
        is_filled.then_some(path)
    }

    fn list(&self, database: &Path) -> Command {
        let directory = format!("--admindir={}", database.display());
        Command::new("dpkg-query", [&directory, "--show", &format!("--showformat={FORMAT}")])
    }

    fn packages(&self, text: &str) -> Vec<Package> {
        let package = |line: &str| {
            let mut fields = line.split('\t');
            let (name, arch, version) = (fields.next()?, fields.next()?, fields.next()?);
            // In KiB; some have none.
            let size: u64 = fields.next()?.parse().unwrap_or(0);
            let state = fields.next().unwrap_or("ii");
            // Installed, not only its configuration.
            state.as_bytes().get(1).is_some_and(|s| *s == b'i').then(|| Package {
                name: name.into(),
                arch: arch.into(),
                version: version.into(),
                size: Bytes(size.saturating_mul(1024)),
            })
        };
        text.lines().filter_map(package).collect()
    }

    fn compare(&self, tools: &dyn Tools, a: &str, b: &str) -> Result<Ordering, ToolError> {
        if a == b {
            return Ok(Ordering::Equal);
        }
        let is = |relation: &str| {
            match tools.run(&Command::new("dpkg", ["--compare-versions", a, relation, b])) {
                Ok(_) => Ok(true),
                // It says nothing, and ends with 1 if the relation does not hold.
                Err(ToolError::Failed { stderr, .. }) if stderr.trim().is_empty() => Ok(false),
                Err(error) => Err(error),
            }
        };
        Ok(match (is("lt")?, is("gt")?) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Greater,
            _ => Ordering::Equal,
        })
    }

    fn is_of_image(&self, package: &Package) -> bool {
        KERNELS.iter().any(|prefix| package.name.starts_with(prefix))
    }

    fn file_name(&self, package: &Package) -> String {
        format!("{}_{}_{}.deb", package.name, package.version.replace(':', "%3a"), package.arch)
    }

    fn caches(&self) -> &'static [Cache] {
        &[
            Cache { path: "/var/lib/node-layout/packages", depth: 0 },
            Cache { path: "/var/cache/apt/archives", depth: 0 },
        ]
    }

    fn describe(&self, file: &Path) -> Command {
        let format = format!("--showformat={}", FORMAT.replace("\\t${db:Status-Abbrev}", ""));
        Command::new("dpkg-deb", ["--show", &format, &file.display().to_string()])
    }

    fn contents(&self, file: &Path) -> Command {
        Command::new("dpkg-deb", ["--contents", &file.display().to_string()])
    }

    fn paths<'t>(&self, text: &'t str) -> Vec<&'t str> {
        // As of `tar --verbose`: mode, owner, size, day, time, ./path.
        let path = |line: &'t str| {
            let path = &line[line.find(" ./")? + 2..];
            Some(path.split_once(" -> ").map_or(path, |(path, _)| path))
        };
        text.lines().filter_map(path).collect()
    }

    fn writes_to_read(&self) -> bool {
        false
    }

    fn trial(&self, _: &Path, _: &[PathBuf]) -> Option<Command> {
        // `dpkg --no-act` does not look at what a package depends on.
        None
    }

    fn fetcher(&self, _: &dyn Tools) -> &'static str {
        "apt-get"
    }

    fn fetches_in(&self) -> Option<&'static Path> {
        None
    }

    fn home_file(&self, _: &Path, _: &Path) -> Option<(&'static str, String)> {
        None
    }

    fn fetch(&self, fetcher: &'static str, places: &FetchPlaces<'_>, names: &[String]) -> Command {
        let options = [
            "--assume-yes".to_owned(),
            "--no-install-recommends".to_owned(),
            "--download-only".to_owned(),
            "--option=Debug::NoLocking=1".to_owned(),
            // Its own user must not read what only root may.
            "--option=APT::Sandbox::User=root".to_owned(),
            format!("--option=Dir::State::status={}", places.database.join("status").display()),
            format!("--option=Dir::Cache::archives={}", places.directory.display()),
            "install".to_owned(),
        ];
        Command::new(fetcher, options.into_iter().chain(names.iter().cloned()))
    }

    fn install(&self) -> InLayer {
        // The files of /etc are those of this host already. Nothing is started: invoke-rc.d does nothing in run level 1.
        InLayer::new("dpkg", ["--force-confold", "--force-confdef", "--install", "--recursive", PACKAGES])
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("RUNLEVEL", "1")
    }

    fn check(&self, packages: &[&Package]) -> InLayer {
        let names = packages.iter().map(|package| package.name.as_str());
        InLayer::new("dpkg", ["--status"].into_iter().chain(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_read() {
        let text = "alpha\tall\t1:1.0-1\t12\tii \nremoved\tall\t1\t1\trc \nheld\tamd64\t2\t\thi \n";
        let packages = Dpkg.packages(text);
        let shown: Vec<String> =
            packages.iter().map(|p| format!("{} {}", p.shown(), Dpkg.file_name(p))).collect();
        assert_eq!(shown, ["alpha 1:1.0-1 alpha_1%3a1.0-1_all.deb", "held 2 held_2_amd64.deb"]);
        assert_eq!((packages[0].size, packages[1].size), (Bytes(12 << 10), Bytes(0)));
        let listed = "drwxr-xr-x root/root         0 2026-11-26 20:06 ./usr/\n\
            -rw-r--r-- root/root  2 2026-11-26 20:06 ./usr/a b\nlrwxrwxrwx root/root 0 2026-11-26 20:06 ./usr/l -> a b\n";
        assert_eq!(Dpkg.paths(listed), ["/usr/", "/usr/a b", "/usr/l"]);
    }
}
