//! Paths that are to be checked: reading one as text, and finding the kickstarts of a directory.

use super::boot_files::{self, BootName};
use super::settings::SettingsSource;
use crate::kind::kickstart_commands;
use crate::lint::text::{self, TextError};
pub use node_base::regular::is_regular;
use node_base::source::STDIN;
use node_base::source::{FileId, Sources, split_lines};
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a path cannot be checked. Does not name the path.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It is not a text that can be read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A directory without anything to check.
    #[error(
        "no kickstart in this directory (looked for *.ks and *.kickstart, and for *.cfg with kickstart content){}",
        if *skipped > 0 { "; some files are skipped, --show-files lists them" } else { "" }
    )]
    NoKickstart {
        /// How many files are left out.
        skipped: usize,
    },
    /// A directory without a boot configuration.
    #[error(
        "no boot configuration in this directory (looked for *.cfg, *.conf, *.ipxe, menu.lst, and in pxelinux.cfg/)"
    )]
    NoBootConfiguration,
}

/// What a directory is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// Kickstarts.
    Kickstarts,
    /// Configurations of boot loaders.
    BootConfigurations,
}

/// Reads a file ([`STDIN`]: standard input) as the first of new [`Sources`].
///
/// # Errors
/// [`TextError`] for a file that is not a readable text in UTF-8.
pub fn read(path: &Path) -> Result<(Sources, FileId), TextError> {
    let mut sources = Sources::new();
    let file = add(&mut sources, path)?;
    Ok((sources, file))
}

/// Reads a file ([`STDIN`]: standard input) into `sources`.
///
/// # Errors
/// [`TextError`] for a file that is not a readable text in UTF-8.
pub fn add(sources: &mut Sources, path: &Path) -> Result<FileId, TextError> {
    let text = text::read(path)?;
    sources.add(path, text).map_err(|_| TextError::TooLarge)
}

/// What there is to check.
#[derive(Debug, Default)]
pub struct Found {
    /// The files, in order; with an error where a path cannot be checked.
    pub files: Vec<(PathBuf, Result<(), InputError>)>,
    /// Files that look like something to check and are left out.
    pub skipped: Vec<(PathBuf, Skipped)>,
}

/// Why a file is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// Its name is that of a template.
    Template,
    /// `exclude` names it.
    Excluded,
    /// The same file was given before.
    Repeated,
}

impl Skipped {
    /// The reason, to complete "skipped: ".
    pub fn reason(self) -> &'static str {
        match self {
            Skipped::Template => "a template; name it to check its lines without marks",
            Skipped::Excluded => "excluded",
            Skipped::Repeated => "given more than once",
        }
    }
}

/// The kickstarts to check under the paths of a command line, in order; a directory gives its kickstarts, sorted. Hidden files,
/// files that version control ignores and excluded files are left out, unless they are named. Links to files are followed,
/// links to directories are not. A file that is given twice is checked once.
pub fn expand(paths: &[PathBuf], settings: &Arc<SettingsSource>) -> Found {
    search(paths, Wanted::Kickstarts, settings)
}

/// As [`expand`], boot configurations.
pub fn expand_boot(paths: &[PathBuf], settings: &Arc<SettingsSource>) -> Found {
    search(paths, Wanted::BootConfigurations, settings)
}

fn search(paths: &[PathBuf], wanted: Wanted, settings: &Arc<SettingsSource>) -> Found {
    let mut found = Found::default();
    for path in paths {
        if path == Path::new(STDIN) {
            found.files.push((path.clone(), Ok(())));
        } else if path.is_dir() {
            walk(path, wanted, settings, &mut found);
        } else if settings.force_exclude() && settings.of(path).is_ok_and(|s| s.excludes(path, false)) {
            found.skipped.push((path.clone(), Skipped::Excluded));
        } else {
            found.files.push((path.clone(), Ok(())));
        }
    }
    if paths.len() > 1 {
        remove_repeated(&mut found);
    }
    found
}

/// Keeps the first of each file. Standard input can be read once, too.
fn remove_repeated(found: &mut Found) {
    let mut seen = HashSet::new();
    let mut directories: HashMap<PathBuf, PathBuf> = HashMap::new();
    let skipped = &mut found.skipped;
    found.files.retain(|(path, _)| {
        let parent = path.parent().unwrap_or(Path::new(""));
        let here = if parent == Path::new("") { Path::new(".") } else { parent };
        let real = directories
            .entry(here.to_owned())
            .or_insert_with(|| here.canonicalize().unwrap_or_else(|_| here.to_owned()));
        let is_new = seen.insert(real.join(path.file_name().unwrap_or(path.as_os_str())));
        if !is_new {
            skipped.push((path.clone(), Skipped::Repeated));
        }
        is_new
    });
}

fn walk(directory: &Path, wanted: Wanted, settings: &Arc<SettingsSource>, found: &mut Found) {
    let before = found.files.len();
    let skipped = found.skipped.len();
    let respects = settings.of_directory(directory).map_or(true, |settings| settings.respect_gitignore);
    let mut walk = ignore::WalkBuilder::new(directory);
    walk.standard_filters(false).hidden(true).sort_by_file_path(|a, b| a.as_os_str().cmp(b.as_os_str()));
    walk.git_ignore(respects).git_exclude(respects).git_global(respects).ignore(respects).parents(respects);
    // A .gitignore counts in a copy without .git, too.
    walk.require_git(false);
    let (top, of_filter) = (directory.to_owned(), Arc::clone(settings));
    walk.filter_entry(move |entry| {
        let is_directory = entry.file_type().is_some_and(|t| t.is_dir());
        let path = entry.path();
        !is_directory
            || path == top
            || !of_filter.of(path).is_ok_and(|settings| settings.excludes(path, true))
    });
    for entry in walk.build() {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|t| t.is_file() || t.is_symlink()) => {
                let path = entry.path();
                // A link to nowhere is reported when it is read.
                let is_file = !entry.path_is_symlink()
                    || path.canonicalize().is_ok_and(|real| is_regular(&real))
                    || !path.exists();
                if !is_file {
                    continue;
                }
                let kind = NameKind::of(path, wanted);
                let is_excluded = || settings.of(path).is_ok_and(|settings| settings.excludes(path, false));
                match kind {
                    NameKind::Other => {}
                    NameKind::Configuration { .. }
                        if !head_of(path).is_some_and(|head| reads_like_a_kickstart(&head)) => {}
                    NameKind::Boot { name, .. }
                        if !head_of(path).is_some_and(|head| boot_files::is_one(name, &head)) => {}
                    _ if is_excluded() => found.skipped.push((entry.into_path(), Skipped::Excluded)),
                    NameKind::Template
                    | NameKind::Configuration { is_template: true }
                    | NameKind::Boot { is_template: true, .. } => {
                        found.skipped.push((entry.into_path(), Skipped::Template));
                    }
                    _ => found.files.push((entry.into_path(), Ok(()))),
                }
            }
            Ok(_) => {}
            Err(error) => {
                let path = error_path(&error).unwrap_or_else(|| directory.to_owned());
                let error =
                    error.into_io_error().unwrap_or_else(|| std::io::Error::other("cannot be walked"));
                found.files.push((path, Err(TextError::Io(error).into())));
            }
        }
    }
    if found.files.len() == before {
        let nothing = match wanted {
            Wanted::Kickstarts => InputError::NoKickstart { skipped: found.skipped.len() - skipped },
            Wanted::BootConfigurations => InputError::NoBootConfiguration,
        };
        found.files.push((directory.to_owned(), Err(nothing)));
    }
}

/// The path that an error of the walk is about.
fn error_path(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error_path(err),
        _ => None,
    }
}

/// What a file found in a directory may be, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NameKind {
    /// `*.ks`, `*.kickstart`, in any case.
    Kickstart,
    /// `*.cfg` and its templates: a kickstart if it reads like one.
    Configuration { is_template: bool },
    /// `*.ks.j2` and the like.
    Template,
    /// The name of a boot configuration, where those are wanted.
    Boot { name: BootName, is_template: bool },
    /// Anything else.
    Other,
}

impl NameKind {
    fn of(path: &Path, wanted: Wanted) -> NameKind {
        /// What template engines append to the name of the file that they make.
        const TEMPLATES: [&str; 12] =
            ["in", "j2", "jinja", "jinja2", "erb", "epp", "tmpl", "tpl", "template", "hcl", "mako", "tt"];
        let name = path.file_name().map(|n| n.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        let mut extensions = name.split('.').skip(1).collect::<Vec<_>>();
        let mut is_template = false;
        while extensions.last().is_some_and(|last| TEMPLATES.contains(last) || *last == "pkrtpl") {
            extensions.pop();
            is_template = true;
        }
        if wanted == Wanted::BootConfigurations {
            let parts: Vec<&str> = name.split('.').take(extensions.len() + 1).collect();
            let boot = boot_files::by_name(path, &parts);
            return boot.map_or(NameKind::Other, |name| NameKind::Boot { name, is_template });
        }
        match (extensions.last(), is_template) {
            (Some(&("ks" | "kickstart")), false) => NameKind::Kickstart,
            (Some(&("ks" | "kickstart")), true) => NameKind::Template,
            (Some(&"cfg"), is_template) => NameKind::Configuration { is_template },
            _ => NameKind::Other,
        }
    }
}

/// What a file begins with; `None` for one that cannot be read.
fn head_of(path: &Path) -> Option<String> {
    let mut head = Vec::new();
    std::fs::File::open(path).ok()?.take(64 << 10).read_to_end(&mut head).ok()?;
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// Section headers that nothing else has, or several commands that most kickstarts have. (`grub.cfg`,
/// `isolinux.cfg`, `ansible.cfg` and `setup.cfg` have neither.)
fn reads_like_a_kickstart(text: &str) -> bool {
    const SECTIONS: &[&str] = &["%packages", "%pre", "%post", "%addon", "%pre-install", "%include"];
    let is_section = |line: &str| {
        line.starts_with("#version=")
            || line.split_whitespace().next().is_some_and(|word| SECTIONS.contains(&word))
    };
    split_lines(text).any(is_section) || kickstart_commands(split_lines(text)) >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kickstarts_and_their_templates_are_told_by_their_names() {
        for (name, kind) in [
            ("a.ks", NameKind::Kickstart),
            ("A.KS", NameKind::Kickstart),
            ("a.kickstart", NameKind::Kickstart),
            ("a.ks.j2", NameKind::Template),
            ("a.ks.in", NameKind::Template),
            ("a.ks.pkrtpl.hcl", NameKind::Template),
            ("ks.cfg", NameKind::Configuration { is_template: false }),
            ("ks.cfg.erb", NameKind::Configuration { is_template: true }),
            ("a.ks.bak", NameKind::Other),
            ("ks", NameKind::Other),
            ("x.j2", NameKind::Other),
        ] {
            assert_eq!(NameKind::of(Path::new(name), Wanted::Kickstarts), kind, "{name}");
        }
    }

    #[test]
    fn a_cfg_file_is_told_from_a_kickstart_by_its_content() {
        assert!(reads_like_a_kickstart("lang C\nkeyboard us\ntimezone UTC\n"));
        assert!(reads_like_a_kickstart("# x\n%packages\n@core\n%end\n"));
        assert!(!reads_like_a_kickstart("set default=0\nmenuentry 'x' {\n linux /vmlinuz inst.ks=x\n}\n"));
        assert!(!reads_like_a_kickstart("[defaults]\ninventory = hosts\n"));
    }
}
