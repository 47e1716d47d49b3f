//! Packages that were installed on this host, in the new layer: which of them come along is decided before anything is written,
//! and one that cannot stops the update.

use super::image::Contents;
use super::mount_point;
use crate::files::{Change, Method};
use crate::machine::{Command, Tools, inside};
use crate::packages::{
    self, Carried, Decided, DkmsSource, Fate, FetchPlaces, InLayer, PROGRAMS, PackageManager, Question,
    sandbox,
};
use crate::plan::Action;
use crate::system::System;
use node_base::diagnostic::{Finding, Severity, layout};
use node_base::units::Bytes;
use std::path::{Path, PathBuf};

/// The directory of the step, below the work directory. It is /run in the layer meanwhile.
const SCRATCH: &str = "node-layout-image-packages";
/// The name that means all packages.
const ALL: &str = "*";
/// The most packages that one finding names.
const MOST_NAMED: usize = 20;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'w> {
    /// Whether packages may be fetched from repositories.
    pub(super) network: bool,
    /// Names of packages that are left behind.
    pub(super) leave: &'w [String],
    /// The directory for copies.
    pub(super) work_dir: &'w Path,
}

/// The packages that are installed in the new layer.
#[derive(Debug)]
pub(super) struct Packages {
    manager: &'static dyn PackageManager,
    /// The program that fetches packages.
    fetcher: &'static str,
    carried: Vec<Carried>,
    /// Root of this host.
    host: PathBuf,
    /// Where the new layer is mounted.
    layer: PathBuf,
    /// The database in the layer.
    database: PathBuf,
    /// The directory of the step.
    scratch: PathBuf,
    /// Programs that make modules fit for the kernel of the image.
    modules: Vec<InLayer>,
}

/// Decides which packages come along; `None` if there are none to install. The old base is mounted; `image` is the root of the
/// new image. Errors among the findings are packages that cannot come along.
pub(super) fn decide(
    system: &System,
    tools: &dyn Tools,
    image: &Path,
    contents: &Contents,
    wanted: Wanted<'_>,
) -> (Option<Packages>, Vec<Finding>) {
    if wanted.leave.iter().any(|name| name == ALL) {
        return (None, Vec::new());
    }
    let host = system.path("/");
    let old = mount_point(tools, "old");
    let Wanted { network, leave, work_dir } = wanted;
    let question = Question { host: &host, old: &old, image, network, leave, work_dir };
    let decided = match packages::decide(tools, &question) {
        Ok(Some(decided)) => decided,
        Ok(None) => return (None, Vec::new()),
        Err(error) => {
            let finding = Finding::new(&layout::PACKAGES, error.to_string())
                .help("correct it, or update without any package of this host: --leave-package '*'");
            return (None, vec![finding]);
        }
    };
    let mut findings = Vec::new();
    if decided.database.path.starts_with(inside(image, "/var")) && system.mount("/var").is_some() {
        let at = decided.database.path.strip_prefix(image).unwrap_or(&decided.database.path);
        let message = format!(
            "the package database of the image, /{}, is in /var, which all images share: that of this host stays, and no package comes along",
            at.display()
        );
        let help = "build the image with its database in /usr/share/rpm or /usr/lib/sysimage, and a link to it in /var/lib";
        findings.push(Finding::new(&layout::PACKAGES, message).severity(Severity::Warning).help(help));
        return (None, findings);
    }
    if !decided.is_known {
        let message = "the base of the running image has no package database: which packages were installed on this host cannot be told, and none \
                       comes along";
        let help = "install them after the update; later updates know the packages of the image";
        findings.push(Finding::new(&layout::PACKAGES, message).severity(Severity::Info).help(help));
        return (None, findings);
    }
    let layer = mount_point(tools, "layer");
    let modules = about_modules(&decided, &host, image, contents, &mut findings);
    about_fates(&decided, wanted.leave, &mut findings);
    if !decided.carried.iter().any(is_installed) {
        return (None, findings);
    }
    if contents.mounts.is_empty() {
        let message = "the image has no directories /dev, /proc, /sys and /run: its programs cannot install packages in it";
        findings.push(
            Finding::new(&layout::PACKAGES, message)
                .help("build the image with them, or add --leave-package '*'"),
        );
    }
    about_programs(&decided, tools, wanted.network, &mut findings);
    if !findings.iter().any(|finding| finding.severity == Severity::Error) {
        try_install(&decided, tools, &mut findings);
    }
    let below_root = decided.database.path.strip_prefix(image).unwrap_or(&decided.database.path);
    let database = layer.join(below_root);
    let scratch = work_dir.join(SCRATCH);
    let Decided { manager, carried, .. } = decided;
    let fetcher = manager.fetcher(tools);
    (Some(Packages { manager, fetcher, carried, host, layer, database, scratch, modules }), findings)
}

fn is_installed(carried: &Carried) -> bool {
    matches!(carried.fate, Fate::Archive(_) | Fate::Repository)
}

/// What happens with each package.
fn about_fates(decided: &Decided, leave: &[String], findings: &mut Vec<Finding>) {
    let named = |is: &dyn Fn(&Fate) -> bool| -> Vec<String> {
        decided.carried.iter().filter(|c| is(&c.fate)).map(|c| c.package.shown()).collect()
    };
    let mut say = |names: Vec<String>, what: &str, help: &str| {
        if !names.is_empty() {
            let more = names.len().saturating_sub(MOST_NAMED);
            let list = names.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let message = format!("{what}: {list}{more}");
            findings.push(Finding::new(&layout::PACKAGES, message).severity(Severity::Info).help(help));
        }
    };
    say(
        named(&|fate| matches!(fate, Fate::Archive(_))),
        "packages that were installed on this host come along, from cached files",
        "they are installed in the new layer before it is armed",
    );
    say(
        named(&|fate| matches!(fate, Fate::Repository)),
        "packages that were installed on this host come along, from the recorded repositories",
        "they are installed in the new layer before it is armed, in the version that the repositories have",
    );
    say(
        named(&|fate| matches!(fate, Fate::InImage(_))),
        "packages that were installed on this host are in the new image, too",
        "nothing is to be done",
    );
    say(
        named(&|fate| matches!(fate, Fate::Left)),
        "packages that were installed on this host are left behind",
        "as --leave-package says",
    );
    for carried in &decided.carried {
        let (name, shown) = (&carried.package.name, carried.package.shown());
        let file = decided.manager.file_name(&carried.package);
        let older = carried.older.as_ref();
        let instead = older.map(|v| format!(" (the new image has {v})")).unwrap_or_default();
        let finding = match &carried.fate {
            Fate::Missing => Finding::new(
                &layout::PACKAGES,
                format!("{shown} was installed on this host{instead}, and {file} is not cached"),
            ),
            Fate::OtherContent(path) => {
                Finding::new(&layout::PACKAGES, format!("{} is not the package {shown}", path.display()))
            }
            _ => continue,
        };
        findings.push(finding.help(format!(
            "put {file} into /var/lib/node-layout/packages, let it be fetched (--network), or go on without it (--leave-package {name})"
        )));
    }
    for name in leave.iter().filter(|name| !decided.carried.iter().any(|c| c.package.name == **name)) {
        let name = node_base::harmless::excerpt(name);
        let message = format!(
            "--leave-package {name}: no such package was installed on this host besides those of its image"
        );
        findings.push(Finding::new(&layout::PACKAGES, message).severity(Severity::Info).help("leave it out"));
    }
}

/// Modules must be for the kernel of the image, be found fit for it by weak-modules, or be built for it by DKMS. What has to be run
/// for that.
fn about_modules(
    decided: &Decided,
    host: &Path,
    image: &Path,
    contents: &Contents,
    findings: &mut Vec<Finding>,
) -> Vec<InLayer> {
    let kernel = contents.version.as_str();
    let installed: Vec<&Carried> = decided.carried.iter().filter(|c| is_installed(c)).collect();
    // What is fetched is not known yet: packages of modules have this name.
    let has_modules = |c: &&Carried| {
        !c.modules.is_empty() || (c.fate == Fate::Repository && c.package.name.starts_with("kmod-"))
    };
    let mut programs = about_sources(&installed, host, image, kernel, findings);
    if !installed.iter().any(has_modules) {
        return programs;
    }
    let weak = has_program(image, "weak-modules");
    let mut names: Vec<&str> = Vec::new();
    for carried in installed.iter().filter(|c| !c.modules.is_empty()) {
        let of: Vec<&str> = carried.modules.kernels.iter().map(String::as_str).collect();
        let shown = carried.package.shown();
        names.extend(carried.modules.names.iter().map(String::as_str));
        if of.contains(&kernel) {
            continue;
        }
        let message = format!(
            "{shown} has modules for kernel {}, and the new image has kernel {kernel}",
            of.join(", ")
        );
        let name = &carried.package.name;
        findings.push(match weak {
            true => Finding::new(&layout::PACKAGES, message)
                .severity(Severity::Warning)
                .help("weak-modules of the image must find them fit for it; otherwise the update stops and is taken back"),
            false => Finding::new(&layout::PACKAGES, message)
                .help(format!("install {name} for that kernel on this host first, or go on without it (--leave-package {name})")),
        });
    }
    if weak {
        programs.push(InLayer::new("weak-modules", ["--add-kernel", "--no-initramfs", kernel]));
    }
    programs.push(InLayer::new("depmod", [kernel]));
    programs.extend(must_be_found(kernel, names));
    programs
}

fn has_program(image: &Path, name: &str) -> bool {
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].iter().any(|d| inside(image, format!("{d}/{name}")).is_file())
}

/// The program that fails if one of these modules is not there for the kernel; `None` without modules.
fn must_be_found<'a>(kernel: &'a str, modules: impl IntoIterator<Item = &'a str>) -> Option<InLayer> {
    let mut modules = modules.into_iter().peekable();
    modules.peek()?;
    Some(InLayer::new("modinfo", ["-k", kernel, "-F", "filename"].into_iter().chain(modules)))
}

/// DKMS builds modules for the kernel of the image, with its headers. Its packages build them as soon as they are installed, and say
/// nothing where the headers are missing.
fn about_sources(
    installed: &[&Carried],
    host: &Path,
    image: &Path,
    kernel: &str,
    findings: &mut Vec<Finding>,
) -> Vec<InLayer> {
    let has_headers = inside(image, format!("/lib/modules/{kernel}/build")).is_dir()
        || installed.iter().any(|c| c.modules.headers.contains(kernel));
    let has_dkms = has_program(image, "dkms") || installed.iter().any(|c| c.modules.is_dkms);
    let mut programs = Vec::new();
    for carried in installed {
        let (name, shown) = (&carried.package.name, carried.package.shown());
        let lacks = |what: String, help: &str| {
            let message = format!("{shown} has sources of modules, which DKMS builds, and {what}");
            let help = format!("{help}, or go on without the package (--leave-package {name})");
            Finding::new(&layout::PACKAGES, message).help(help)
        };
        for directory in &carried.modules.sources {
            if !has_headers {
                let what = format!("nothing has the headers of kernel {kernel}, which the new image has");
                let help =
                    "install the headers of that kernel on this host first (kernel-devel, linux-headers)";
                findings.push(lacks(what, help));
            } else if !has_dkms {
                let what =
                    "neither the new image nor a package that comes along has the program dkms".to_owned();
                findings.push(lacks(what, "install DKMS from a package on this host first"));
            } else if let Some(source) = DkmsSource::read(host, directory) {
                let args = ["install", "-m", &source.name, "-v", &source.version, "-k", kernel];
                programs.push(InLayer::new("dkms", args));
                programs.extend(must_be_found(kernel, source.modules.iter().map(String::as_str)));
            } else {
                let what = format!("/usr/src/{directory}/dkms.conf does not say their name and version");
                findings.push(lacks(what, "set PACKAGE_NAME and PACKAGE_VERSION there"));
            }
        }
    }
    programs
}

fn about_programs(decided: &Decided, tools: &dyn Tools, network: bool, findings: &mut Vec<Finding>) {
    let fetches = network && decided.carried.iter().any(|c| c.fate == Fate::Repository);
    let fetcher = fetches.then(|| decided.manager.fetcher(tools));
    for program in PROGRAMS.into_iter().chain(fetcher).filter(|program| !tools.has(program)) {
        let message = format!(
            "the program '{program}' is needed to install packages in the new layer, and not installed here"
        );
        findings.push(
            Finding::new(&layout::TOOL_MISSING, message).help("install it, or add --leave-package '*'"),
        );
    }
}

/// Asks the package manager whether everything fits together, before anything is written. What is fetched cannot be asked about.
fn try_install(decided: &Decided, tools: &dyn Tools, findings: &mut Vec<Finding>) {
    let files: Vec<PathBuf> = archives(&decided.carried).cloned().collect();
    if decided.carried.iter().any(|c| c.fate == Fate::Repository) {
        return;
    }
    let Some(command) = decided.manager.trial(decided.database.read_from(), &files) else { return };
    if let Err(error) = tools.run(&command) {
        let message = format!("packages of this host cannot be installed in the new image: {error}");
        findings.push(Finding::new(&layout::PACKAGES, message).help(
            "let what they need be fetched (--network), put it into /var/lib/node-layout/packages, or go on without them (--leave-package NAME)",
        ));
    }
}

fn archives(carried: &[Carried]) -> impl Iterator<Item = &PathBuf> {
    carried.iter().filter_map(|carried| match &carried.fate {
        Fate::Archive(file) => Some(file),
        _ => None,
    })
}

impl Packages {
    /// Bytes of their files.
    pub(super) fn size(&self) -> Bytes {
        Bytes(self.installed().map(|carried| carried.package.size.0).fold(0, u64::saturating_add))
    }

    fn installed(&self) -> impl Iterator<Item = &Carried> {
        self.carried.iter().filter(|carried| is_installed(carried))
    }

    /// The directories outside of the layer that the step makes, and removes at its end.
    pub(super) fn directories(&self) -> Vec<PathBuf> {
        let fetches = self.installed().any(|carried| carried.fate == Fate::Repository);
        let of_fetcher = self.manager.fetches_in().filter(|_| fetches).map(Path::to_owned);
        [self.scratch.clone()].into_iter().chain(of_fetcher).collect()
    }

    /// What the step does, for people.
    pub(super) fn about(&self) -> String {
        let names: Vec<String> =
            self.installed().take(MOST_NAMED).map(|carried| carried.package.shown()).collect();
        let more = self.installed().count() - names.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("install packages of this host in the layer: {}{more}", names.join(", "))
    }

    /// The actions that install them in the mounted layer.
    pub(super) fn actions(&self) -> Vec<Action> {
        let manager = self.manager;
        let directory = self.scratch.join("packages");
        let text = |path: &Path| path.display().to_string();
        let mut commands = vec![Command::new("mkdir", ["-p", &text(&directory)])];
        for file in archives(&self.carried) {
            commands.push(Command::new("cp", ["--", &text(file), &text(&directory)]));
        }
        let sandbox = sandbox(&self.layer, &self.scratch);
        commands.extend(sandbox.begin);
        let fetched: Vec<String> = self
            .installed()
            .filter(|carried| carried.fate == Fate::Repository)
            .map(|carried| carried.package.name.clone())
            .collect();
        let mut actions: Vec<Action> = commands.into_iter().map(Action::Run).collect();
        if !fetched.is_empty() {
            if let Some((name, content)) = manager.home_file(&self.layer, &self.database) {
                let path = self.scratch.join(name);
                let change = Change {
                    path,
                    before: None,
                    after: Some(content.into_bytes()),
                    method: Method::Replace,
                    like: None,
                };
                actions.push(Action::Change(vec![change]));
            }
            let fetches_in = manager.fetches_in();
            actions.extend(fetches_in.map(|at| Action::Run(Command::new("mkdir", ["-p", &text(at)]))));
            let places = FetchPlaces {
                host: &self.host,
                layer: &self.layer,
                database: &self.database,
                directory: &directory,
            };
            let fetch = manager.fetch(self.fetcher, &places, &fetched);
            actions.push(Action::Run(fetch.env("HOME", text(&self.scratch))));
            actions.extend(fetches_in.map(|at| Action::RemoveDirectory(at.to_owned())));
        }
        let packages: Vec<_> = self.installed().map(|carried| &carried.package).collect();
        let programs = [manager.install()]
            .into_iter()
            .chain(self.modules.iter().cloned())
            .chain([manager.check(&packages)]);
        let programs = programs.map(|program| program.command(&self.layer));
        actions.extend(programs.chain(sandbox.end).map(Action::Run));
        actions.push(Action::RemoveDirectory(self.scratch.clone()));
        actions
    }
}
