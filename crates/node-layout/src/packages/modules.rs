//! Modules of a kernel in a package, and their sources for DKMS.

use crate::files::read_text;
use crate::machine::inside;
use std::collections::BTreeSet;
use std::path::Path;

/// What a package has for kernels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Modules {
    /// The kernels that its modules are for.
    pub(crate) kernels: BTreeSet<String>,
    /// The names of its modules.
    pub(crate) names: BTreeSet<String>,
    /// Directories of /usr/src from which DKMS builds modules.
    pub(crate) sources: BTreeSet<String>,
    /// The kernels whose headers it has.
    pub(crate) headers: BTreeSet<String>,
    /// Whether it is DKMS.
    pub(crate) is_dkms: bool,
}

impl Modules {
    /// What is among the files of a package.
    pub(super) fn among(paths: &[&str]) -> Modules {
        let mut modules = Modules::default();
        for path in paths {
            let path = path.strip_prefix("/usr").unwrap_or(path);
            if let Some(below) = path.strip_prefix("/src/") {
                modules.add_source(below);
            } else if let Some((kernel, file)) =
                path.strip_prefix("/lib/modules/").and_then(|below| below.split_once('/'))
            {
                modules.add_module(kernel, file);
            } else if matches!(path, "/sbin/dkms" | "/bin/dkms") {
                modules.is_dkms = true;
            }
        }
        modules
    }

    /// A file below /usr/src.
    fn add_source(&mut self, below: &str) {
        let Some((directory, file)) = below.split_once('/') else { return };
        if file == "dkms.conf" && is_plain(directory) {
            self.sources.insert(directory.to_owned());
        } else if let Some(kernel) = directory.strip_prefix("linux-headers-") {
            self.headers.insert(kernel.to_owned());
        } else if directory == "kernels"
            && let Some((kernel, _)) = file.split_once('/')
        {
            self.headers.insert(kernel.to_owned());
        }
    }

    /// A file below /lib/modules.
    fn add_module(&mut self, kernel: &str, file: &str) {
        if file == "build" {
            self.headers.insert(kernel.to_owned());
        }
        let name = file.rsplit('/').next().unwrap_or(file);
        let plain = [".xz", ".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        let Some(module) = plain.strip_suffix(".ko") else { return };
        if is_plain(module) && !module.contains(['.', '+']) {
            self.kernels.insert(kernel.to_owned());
            self.names.insert(module.to_owned());
        }
    }

    /// Whether it has no modules.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// Whether a name can be an argument of a program.
fn is_plain(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(letter)
}

/// Modules that DKMS builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DkmsSource {
    /// DKMS's name of them.
    pub(crate) name: String,
    /// Their version.
    pub(crate) version: String,
    /// The modules' own names, as far as they can be told.
    pub(crate) modules: BTreeSet<String>,
}

impl DkmsSource {
    /// Reads `dkms.conf` of a directory in /usr/src of this host. It is a script of bash: of values that are not plain text or the
    /// package's name nothing is known. `None` if nothing says name and version.
    pub(crate) fn read(host: &Path, directory: &str) -> Option<DkmsSource> {
        let conf = read_text(&inside(host, format!("/usr/src/{directory}/dkms.conf"))).ok().flatten();
        DkmsSource::parse(&conf.unwrap_or_default(), directory)
    }

    fn parse(conf: &str, directory: &str) -> Option<DkmsSource> {
        let assignments: Vec<(&str, &str)> = conf
            .lines()
            .filter_map(|line| line.trim().split_once('='))
            .map(|(key, value)| (key, value.trim().trim_matches(['"', '\''])))
            .collect();
        let last =
            |key: &str| assignments.iter().rev().find(|(k, v)| *k == key && is_plain(v)).map(|(_, v)| *v);
        let parts = directory.rsplit_once('-');
        let name = last("PACKAGE_NAME").or(parts.map(|(name, _)| name))?.to_owned();
        let version = last("PACKAGE_VERSION").or(parts.map(|(_, version)| version))?.to_owned();
        let named = |key: &str| -> BTreeSet<String> {
            let is_key = |k: &str| k.strip_prefix(key).is_some_and(|index| index.starts_with('['));
            let values = assignments
                .iter()
                .filter(|(k, _)| is_key(k))
                .map(|(_, value)| value.replace("${PACKAGE_NAME}", &name).replace("$PACKAGE_NAME", &name));
            values.filter(|value| is_plain(value)).collect()
        };
        // Where a module is installed under another name, only some may be.
        let modules =
            if named("DEST_MODULE_NAME").is_empty() { named("BUILT_MODULE_NAME") } else { BTreeSet::new() };
        Some(DkmsSource { name, version, modules })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_named_with_their_kernels() {
        let paths = [
            "/lib/modules/5.14.0-1/extra/lab.ko.xz",
            "/usr/lib/modules/5.14.0-2/extra/a/b-c.ko",
            "/usr/lib/modules/5.14.0-2/modules.dep",
            "/usr/lib/modules/5.14.0-2/extra/-x.ko",
            "/usr/share/lib/modules/x/y.ko",
        ];
        let modules = Modules::among(&paths);
        assert_eq!(modules.kernels.iter().collect::<Vec<_>>(), ["5.14.0-1", "5.14.0-2"]);
        assert_eq!(modules.names.iter().collect::<Vec<_>>(), ["b-c", "lab"]);
        assert!(Modules::among(&["/usr/bin/x"]).is_empty());
    }

    #[test]
    fn sources_and_headers_are_known_by_where_they_are() {
        let paths = [
            "/usr/src/lab-1.0/dkms.conf",
            "/usr/src/lab-1.0/lab.c",
            "/usr/src/a b-1/dkms.conf",
            "/usr/src/other-1/Makefile",
            "/usr/src/linux-headers-6.1.0-1-amd64/Makefile",
            "/usr/src/kernels/5.14.0-3.el9.x86_64/Makefile",
            "/lib/modules/6.1.0-2/build",
            "/usr/sbin/dkms",
        ];
        let modules = Modules::among(&paths);
        assert_eq!(modules.sources.iter().collect::<Vec<_>>(), ["lab-1.0"]);
        assert_eq!(
            modules.headers.iter().collect::<Vec<_>>(),
            ["5.14.0-3.el9.x86_64", "6.1.0-1-amd64", "6.1.0-2"]
        );
        assert!(modules.is_dkms && modules.is_empty());
        assert!(!Modules::among(&["/usr/share/doc/dkms"]).is_dkms);
    }

    #[test]
    fn the_configuration_of_dkms_names_its_modules() {
        let conf = "PACKAGE_NAME=\"lab\"\nPACKAGE_VERSION='1.0-2'\n MAKE[0]=\"make KVER=$kernelver\"\n\
            BUILT_MODULE_NAME[0]=\"$PACKAGE_NAME\"\nBUILT_MODULE_NAME[1]=lab_two\nBUILT_MODULE_NAME[2]=\"$(reboot)\"\n";
        let source = DkmsSource::parse(conf, "lab-1.0-2").unwrap();
        assert_eq!((source.name.as_str(), source.version.as_str()), ("lab", "1.0-2"));
        assert_eq!(source.modules.iter().collect::<Vec<_>>(), ["lab", "lab_two"]);
        let source = DkmsSource::parse("PACKAGE_NAME=$(name)\n", "a-b-2.1").unwrap();
        assert_eq!((source.name.as_str(), source.version.as_str()), ("a-b", "2.1"));
        assert!(source.modules.is_empty());
        let renamed = format!("{conf}DEST_MODULE_NAME[0]=other\n");
        assert!(DkmsSource::parse(&renamed, "lab-1").unwrap().modules.is_empty());
        assert_eq!(DkmsSource::parse("", "nothing"), None);
    }
}
