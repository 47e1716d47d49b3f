//! RPM, with dnf.

use super::sandbox::{InLayer, PACKAGES};
use super::{Cache, FetchPlaces, Package, PackageManager};
use crate::machine::{Command, ToolError, Tools, inside};
use node_base::names::compare_versions;
use node_base::units::Bytes;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

/// RPM.
#[derive(Debug)]
pub(super) struct Rpm;

/// Where a database can be: of oVirt Node, Fedora and RHEL 10, older ones.
const DATABASES: [&str; 3] = ["/usr/share/rpm", "/usr/lib/sysimage/rpm", "/var/lib/rpm"];
/// A file of each kind of database: SQLite, ndb, Berkeley DB.
const FILES: [&str; 3] = ["rpmdb.sqlite", "Packages.db", "Packages"];
/// One package a line. `LONGSIZE` is also right beyond 4 GiB.
const FORMAT: &str = "%{NAME}\\t%{ARCH}\\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\\t%{LONGSIZE}\\n";
/// The dnf of Fedora 41 and newer. Its options are not those of dnf 4, which RHEL has.
const DNF5: &str = "dnf5";
/// Where dnf keeps what it needs for a while, on this host and in the layer.
const FETCHING: &str = "/run/node-layout/dnf";
/// Kernels: the image has its own. A kernel that is kept for a layer stays with that layer.
const KERNELS: [&str; 10] = [
    "kernel",
    "kernel-core",
    "kernel-modules",
    "kernel-modules-core",
    "kernel-modules-extra",
    "kernel-modules-internal",
    "kernel-uki-virt",
    "kernel-rt",
    "kernel-rt-core",
    "kernel-rt-modules",
];

impl PackageManager for Rpm {
    fn database(&self, root: &Path) -> Option<PathBuf> {
        let has_file = |path: &PathBuf| FILES.iter().any(|file| path.join(file).is_file());
        DATABASES.iter().map(|path| inside(root, path)).find(has_file)
    }

    fn list(&self, database: &Path) -> Command {
        let database = database.display().to_string();
        Command::new("rpm", ["--dbpath", &database, "--query", "--all", "--queryformat", FORMAT])
    }

    fn packages(&self, text: &str) -> Vec<Package> {
        let package = |line: &str| {
            let mut fields = line.split('\t');
            let (name, arch, version) = (fields.next()?, fields.next()?, fields.next()?);
            let size = fields.next()?.parse().ok()?;
            let version = version.strip_prefix("0:").unwrap_or(version);
            Some(Package { name: name.into(), arch: arch.into(), version: version.into(), size: Bytes(size) })
        };
        text.lines().filter_map(package).collect()
    }

    fn compare(&self, _: &dyn Tools, a: &str, b: &str) -> Result<Ordering, ToolError> {
        let parts = |version: &str| {
            let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
            let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
            (epoch.parse::<u64>().unwrap_or(0), version.to_owned(), release.to_owned())
        };
        let (a, b) = (parts(a), parts(b));
        let order = a.0.cmp(&b.0).then_with(|| compare_versions(&a.1, &b.1));
        Ok(order.then_with(|| compare_versions(&a.2, &b.2)))
    }

    fn is_of_image(&self, package: &Package) -> bool {
        // A key is not a package, and the package of an image brings what is being installed.
        KERNELS.contains(&package.name.as_str())
            || package.name == "gpg-pubkey"
            || package.name.contains("image-update")
    }

    fn file_name(&self, package: &Package) -> String {
        let version = package.version.split_once(':').map_or(package.version.as_str(), |(_, rest)| rest);
        format!("{}-{version}.{}.rpm", package.name, package.arch)
    }

    fn caches(&self) -> &'static [Cache] {
        &[
            Cache { path: "/var/lib/node-layout/packages", depth: 0 },
            // imgbased's plugin of dnf keeps what is installed.
            Cache { path: "/var/imgbased/persisted-rpms", depth: 0 },
            Cache { path: "/var/cache/dnf", depth: 2 },
            Cache { path: "/var/cache/libdnf5", depth: 2 },
            Cache { path: "/var/cache/yum", depth: 4 },
        ]
    }

    fn describe(&self, file: &Path) -> Command {
        Command::new("rpm", ["--query", "--package", "--queryformat", FORMAT, &file.display().to_string()])
    }

    fn contents(&self, file: &Path) -> Command {
        Command::new("rpm", ["--query", "--package", "--list", &file.display().to_string()])
    }

    fn paths<'t>(&self, text: &'t str) -> Vec<&'t str> {
        text.lines().filter(|line| line.starts_with('/')).collect()
    }

    fn writes_to_read(&self) -> bool {
        true
    }

    fn trial(&self, database: &Path, files: &[PathBuf]) -> Option<Command> {
        // An image is full, and what is free in it says nothing about the layer.
        let options = ["--dbpath", &database.display().to_string(), "--upgrade", "--test", "--ignoresize"]
            .map(str::to_owned);
        let files = files.iter().map(|file| file.display().to_string());
        Some(Command::new("rpm", options.into_iter().chain(files)))
    }

    fn fetcher(&self, tools: &dyn Tools) -> &'static str {
        // Where both are installed, `dnf` is either.
        if tools.has(DNF5) { DNF5 } else { "dnf" }
    }

    fn fetches_in(&self) -> Option<&'static Path> {
        Some(Path::new(FETCHING))
    }

    fn home_file(&self, layer: &Path, database: &Path) -> Option<(&'static str, String)> {
        let database = Path::new("/").join(database.strip_prefix(layer).ok()?);
        Some((".rpmmacros", format!("%_dbpath {}\n", database.display())))
    }

    fn fetch(&self, fetcher: &'static str, places: &FetchPlaces<'_>, names: &[String]) -> Command {
        let repositories = inside(places.host, "/etc/yum.repos.d");
        let directory = places.directory.display();
        let mut options = vec![
            "--assumeyes".to_owned(),
            format!("--installroot={}", places.layer.display()),
            format!("--setopt=reposdir={}", repositories.display()),
            // Some of it is looked for below the layer, whose /run is outside of it, and some below the root of this host.
            format!("--setopt=cachedir={FETCHING}"),
            format!("--setopt=logdir={FETCHING}"),
            // oVirt locks the versions of an image's packages.
            "--noplugins".to_owned(),
        ];
        if fetcher == DNF5 {
            // `install --downloadonly` of dnf5 has no directory for the files (dnf5-changes-from-dnf4(7)).
            options.extend([
                format!("--setopt=system_state_dir={FETCHING}"),
                "download".to_owned(),
                "--resolve".to_owned(),
                format!("--destdir={directory}"),
            ]);
        } else {
            options.extend([
                format!("--setopt=persistdir={FETCHING}"),
                "--downloadonly".to_owned(),
                format!("--downloaddir={directory}"),
                "install".to_owned(),
            ]);
        }
        Command::new(fetcher, options.into_iter().chain(names.iter().cloned()))
    }

    fn install(&self) -> InLayer {
        // RPM knows the star itself.
        InLayer::new("rpm", ["--upgrade", "--verbose", &format!("{PACKAGES}/*.rpm")])
    }

    fn check(&self, packages: &[&Package]) -> InLayer {
        let names = packages.iter().map(|package| package.name.as_str());
        InLayer::new("rpm", ["--query"].into_iter().chain(names))
    }
}

#[cfg(test)]
mod tests {
    use super::super::MANAGERS;
    use super::*;
    use crate::machine::RealTools;

    #[test]
    fn versions_are_compared_as_rpm_does() {
        let tools = RealTools::default();
        let order = |a, b| Rpm.compare(&tools, a, b).unwrap();
        for (small, large) in [
            ("1-1", "1-2"),
            ("1.9-5", "1.10-1"),
            ("9-9", "1:1-1"),
            ("1~rc1-1", "1-1"),
            ("1-1.el9", "1-1.el9_2"),
        ] {
            assert_eq!(
                (order(small, large), order(large, small)),
                (Ordering::Less, Ordering::Greater),
                "{small} {large}"
            );
        }
        assert_eq!(order("2:1-1", "2:1-1"), Ordering::Equal);
    }

    #[test]
    fn what_is_listed_is_read_and_nonsense_is_left_out() {
        let text = "alpha\tnoarch\t0:1-1\t12\nbeta\tx86_64\t3:2.0-1.el9\t4294967296\nhalf\tnoarch\n\nx\ty\tz\tmany\n";
        let packages = Rpm.packages(text);
        let shown: Vec<String> =
            packages.iter().map(|p| format!("{} {}", p.shown(), Rpm.file_name(p))).collect();
        assert_eq!(shown, ["alpha 1-1 alpha-1-1.noarch.rpm", "beta 3:2.0-1.el9 beta-2.0-1.el9.x86_64.rpm"]);
        assert_eq!(packages[1].size, Bytes(4 << 30));
        assert_eq!(Rpm.paths("/usr/a\n(contains no files)\n"), ["/usr/a"]);
    }

    #[test]
    fn the_database_is_found_through_links_that_stay_in_the_root() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        std::fs::create_dir_all(root.join("var/lib")).unwrap();
        std::fs::create_dir_all(root.join("usr/lib/rpmdb")).unwrap();
        std::os::unix::fs::symlink("/usr/lib/rpmdb", root.join("var/lib/rpm")).unwrap();
        assert!(MANAGERS.iter().all(|manager| manager.database(root).is_none()));
        std::fs::write(root.join("usr/lib/rpmdb/Packages"), "").unwrap();
        assert_eq!(Rpm.database(root), Some(root.join("usr/lib/rpmdb")));
    }
}
