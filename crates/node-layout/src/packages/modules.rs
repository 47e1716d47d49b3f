//! Modules of a kernel in a package.

use std::collections::BTreeSet;

/// The modules that a package has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Modules {
    /// The kernels that they are for.
    pub(crate) kernels: BTreeSet<String>,
    /// Their names.
    pub(crate) names: BTreeSet<String>,
}

impl Modules {
    /// The modules among the files of a package.
    pub(super) fn among(paths: &[&str]) -> Modules {
        let mut modules = Modules::default();
        for path in paths {
            let path = path.strip_prefix("/usr").unwrap_or(path);
            let Some((kernel, file)) =
                path.strip_prefix("/lib/modules/").and_then(|below| below.split_once('/'))
            else {
                continue;
            };
            let name = file.rsplit('/').next().unwrap_or(file);
            let plain = [".xz", ".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            let Some(module) = plain.strip_suffix(".ko") else { continue };
            let letter = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
            if module.starts_with(|c: char| c.is_ascii_alphanumeric()) && module.chars().all(letter) {
                modules.kernels.insert(kernel.to_owned());
                modules.names.insert(module.to_owned());
            }
        }
        modules
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
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
}
