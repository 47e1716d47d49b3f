//! Updates of the model with real package managers: RPM and dnf, dpkg and apt install small packages, made here, in the layer.
//!
//! Volumes, boot loader and mounts of images are those of the model; the layer is a directory. Needs root.

use crate::model::{Model, NVR, Outcome};
use crate::trial::{Quiet, done, state_of};
use crate::update_model::{KVER, NEW};
use node_base::diagnostic::Severity;
use node_layout::{ImageState, RealTools, UpdateRequest, confirm, recorded_packages, started};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether package managers can be tried here: as root, where namespaces can be made.
fn can_run() -> bool {
    let namespaces = ["--mount", "--pid", "--net", "--fork", "true"];
    rustix::process::geteuid().is_root()
        && Command::new("unshare").args(namespaces).output().is_ok_and(|output| output.status.success())
}

#[track_caller]
fn run(program: &str, args: &[&str]) -> String {
    let command = Command::new(program).args(args).output();
    let output = command.unwrap_or_else(|error| panic!("{program}: {error}; ./scripts/setup installs it"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program} {args:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Copies programs with their libraries into a root.
pub(crate) fn install_programs(root: &Path, programs: &[&str]) {
    for program in programs {
        let path = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].map(|d| Path::new(d).join(program));
        let path =
            path.into_iter().find(|path| path.is_file()).unwrap_or_else(|| panic!("there is no {program}"));
        let linked = Command::new("ldd").arg(&path).output().unwrap();
        let libraries = String::from_utf8_lossy(&linked.stdout).into_owned();
        let libraries = libraries.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from);
        let into = root.join("usr/bin").join(program);
        std::fs::create_dir_all(into.parent().unwrap()).unwrap();
        std::fs::copy(&path, &into).unwrap();
        for library in libraries {
            let to = root.join(library.strip_prefix("/").unwrap());
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(&library, &to).unwrap();
        }
    }
    // Scripts name it so.
    std::fs::create_dir_all(root.join("bin")).unwrap();
    std::fs::copy(root.join("usr/bin/sh"), root.join("bin/sh")).unwrap();
}

/// What the scriptlets of a package do: they look around, and leave their mark.
const SCRIPT: &str = r#"
echo "$(id -u 2>/dev/null) scriptlet" > /var/lib/alpha/scriptlet
echo default > /etc/alpha.conf
mkdir -p /etc/systemd/system/multi-user.target.wants
ln -sf /usr/lib/systemd/system/alpha.service /etc/systemd/system/multi-user.target.wants/alpha.service
{ for node in /dev/*; do echo "$node"; done; } > /usr/share/alpha/dev
{ read -r comm < /proc/1/comm; echo "$comm"; while read -r line; do echo "$line"; done < /proc/net/route; } > /usr/share/alpha/proc
echo mark > /dev/null
"#;

struct Lab {
    model: Model,
    /// Where packages are made.
    work: tempfile::TempDir,
}

impl Lab {
    fn new() -> Lab {
        let lab = Lab { model: Model::node("rhel9"), work: tempfile::tempdir().unwrap() };
        let model = &lab.model;
        model.real_packages.set(true);
        // On this host the service is disabled, and the configuration changed.
        model.put("/sysroot/etc/alpha.conf", "of this host\n");
        std::fs::create_dir_all(model.sysroot().join("var/lib")).unwrap();
        std::fs::create_dir_all(model.path("image/tmp")).unwrap();
        lab
    }

    fn at(&self, path: &str) -> PathBuf {
        self.work.path().join(path)
    }

    fn put(&self, path: &str, text: &str) -> PathBuf {
        let path = self.at(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The roots of the host, of its old image, and of the new one.
    fn roots(&self) -> [PathBuf; 3] {
        [self.model.sysroot(), self.model.tree(NVR), self.model.path("image")]
    }

    fn layer(&self) -> PathBuf {
        self.model.tree(&format!("{NEW}+1"))
    }

    /// Checks the layer: the package is there, the settings are those of the host, and scriptlets have seen nothing of it.
    fn check_layer(&self) {
        let layer = self.layer();
        let read =
            |path: &str| std::fs::read_to_string(layer.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_eq!(read("usr/share/alpha/data"), "alpha\n");
        assert_eq!(read("etc/alpha.conf"), "of this host\n");
        assert!(!layer.join("etc/systemd/system/multi-user.target.wants/alpha.service").is_symlink());
        let devices = read("usr/share/alpha/dev");
        let devices: Vec<&str> = devices.lines().collect();
        let names = ["fd", "full", "null", "random", "stderr", "stdin", "stdout", "tty", "urandom", "zero"];
        assert_eq!(devices, names.map(|name| format!("/dev/{name}")));
        let seen = read("usr/share/alpha/proc");
        let mut lines = seen.lines();
        assert!(
            ["rpm", "dpkg"].contains(&lines.next().unwrap()),
            "the first process is that of the host: {seen}"
        );
        assert!(lines.count() <= 1, "there is a network: {seen}");
        assert_eq!(std::fs::metadata(layer.join("dev")).unwrap().mode() & 0o170_000, 0o040_000);
        for directory in ["dev", "run", "proc"] {
            let left = std::fs::read_dir(layer.join(directory)).unwrap().count();
            assert_eq!(left, 0, "something is left in /{directory} of the layer");
        }
        assert!(layer.join("var/lib/alpha/scriptlet").exists());
        let live = self.model.sysroot().join("var/lib/alpha");
        assert!(!live.exists(), "a scriptlet has written to the live /var");
        assert_eq!(std::fs::read_dir(self.model.path("work")).unwrap().count(), 0);
    }

    /// The trial, and its confirmation: what the package has in /var is there then.
    fn confirm(&self) {
        let model = &self.model;
        assert_eq!(state_of(&model.running(), NEW).0, ImageState::Armed);
        model.boots().unwrap();
        done(model, &started(&model.running()).unwrap());
        done(model, &confirm(&model.running(), 2, model).unwrap());
        assert!(model.read("var/lib/alpha/scriptlet").contains("scriptlet"));
    }

    /// Names and sizes of everything on the disk; reading RPM's database writes beside it.
    fn disk(&self) -> Vec<String> {
        let (files, volumes, _) = self.model.disk();
        let files = files.into_iter().map(|(path, content)| format!("{} {}", path.display(), content.len()));
        files
            .filter(|line| !line.contains("/rpmdb.sqlite-"))
            .chain(volumes.into_iter().map(|v| v.name))
            .collect()
    }

    fn refused(&self, request: &UpdateRequest) -> String {
        let disk = self.disk();
        match self.model.update_with(request, &mut Quiet) {
            Err(Outcome::Refused(findings)) => {
                assert_eq!(self.disk(), disk);
                findings.iter().map(|f| format!("{}: {}\n", f.severity, f.message)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    fn failed(&self, request: &UpdateRequest) -> String {
        match self.model.update_with(request, &mut Quiet) {
            Err(Outcome::Failed(failure)) => {
                assert!(self.model.volume(NEW).is_none() && !self.layer().exists());
                failure.to_string()
            }
            other => panic!("{other:?}"),
        }
    }

    fn network(&self) -> UpdateRequest {
        UpdateRequest { network: true, ..self.model.request() }
    }
}

// ---------------------------------------------------------------- RPM

impl Lab {
    /// A lab with RPM; its image has a shell and RPM.
    fn rpm() -> Lab {
        let lab = Lab::new();
        let base = lab.build_rpm("base", "1", "Provides: /bin/sh", "%files\n");
        for root in lab.roots() {
            let database = root.join("usr/share/rpm");
            std::fs::create_dir_all(&database).unwrap();
            let options =
                ["--dbpath", &text(&database), "--install", "--justdb", "--nodeps", "--force-debian"];
            run("rpm", &[&options[..], &[&text(&base)]].concat());
        }
        let image = lab.model.path("image");
        install_programs(&image, &["sh", "rpm", "mkdir", "ln", "id"]);
        run("cp", &["-a", "/usr/lib/rpm", &text(&image.join("usr/lib/rpm"))]);
        lab.model.put("/image/etc/rpm/macros", "%_dbpath /usr/share/rpm\n");
        lab.model.put(&format!("/volumes/{NVR}/etc/rpm/macros"), "%_dbpath /usr/share/rpm\n");
        lab.model.put("/sysroot/etc/rpm/macros", "%_dbpath /usr/share/rpm\n");
        lab
    }

    fn build_rpm(&self, name: &str, version: &str, tags: &str, rest: &str) -> PathBuf {
        let spec = format!(
            "Name: {name}\nVersion: {version}\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n{tags}\n%description\nx\n{rest}"
        );
        let spec = self.put(&format!("{name}.spec"), &spec);
        run(
            "rpmbuild",
            &["-bb", "--quiet", "--define", &format!("_topdir {}", text(&self.at("rpmbuild"))), &text(&spec)],
        );
        self.at(&format!("rpmbuild/RPMS/noarch/{name}-{version}-1.noarch.rpm"))
    }

    fn alpha_rpm(&self, version: &str, tags: &str) -> PathBuf {
        let rest = format!(
            "%install\nmkdir -p %{{buildroot}}/usr/share/alpha %{{buildroot}}/etc %{{buildroot}}/var/lib/alpha\n\
             echo alpha > %{{buildroot}}/usr/share/alpha/data\necho default > %{{buildroot}}/etc/alpha.conf\n\
             %post\n{SCRIPT}\n%files\n/usr/share/alpha\n%config /etc/alpha.conf\n%dir /var/lib/alpha\n"
        );
        self.build_rpm("alpha", version, tags, &rest)
    }

    /// Notes a package as installed on the host, as somebody did.
    fn installed_rpm(&self, file: &Path) {
        let database = text(&self.model.sysroot().join("usr/share/rpm"));
        run(
            "rpm",
            &[
                "--dbpath",
                &database,
                "--install",
                "--justdb",
                "--nodeps",
                "--noscripts",
                "--force-debian",
                &text(file),
            ],
        );
    }

    fn cached_rpm(&self, file: &Path) {
        let to = self.model.sysroot().join("var/cache/dnf/lab-0123456789abcdef/packages");
        std::fs::create_dir_all(&to).unwrap();
        std::fs::copy(file, to.join(file.file_name().unwrap())).unwrap();
    }

    fn rpms_of_layer(&self) -> String {
        run("rpm", &["--dbpath", &text(&self.layer().join("usr/share/rpm")), "--query", "--all"])
    }
}

#[test]
fn rpm_installs_cached_packages_in_the_layer() {
    if !can_run() {
        println!("skipped: needs root, and namespaces");
        return;
    }
    let lab = Lab::rpm();
    let alpha = lab.alpha_rpm("1", "");
    lab.installed_rpm(&alpha);
    let missing = lab.refused(&lab.model.request());
    assert!(
        missing
            .contains("error: alpha 1-1 was installed on this host, and alpha-1-1.noarch.rpm is not cached"),
        "{missing}"
    );
    lab.cached_rpm(&alpha);
    lab.model.update().unwrap();
    lab.check_layer();
    assert!(lab.rpms_of_layer().contains("alpha-1-1.noarch"));
    lab.confirm();
}

#[test]
fn rpm_of_an_installation_lists_the_packages_that_init_records() {
    if !can_run() {
        println!("skipped: needs root, and namespaces");
        return;
    }
    let lab = Lab::new();
    let root = lab.model.sysroot();
    install_programs(&root, &["sh", "rpm"]);
    std::fs::create_dir_all(root.join("usr/lib")).unwrap();
    run("cp", &["-a", "/usr/lib/rpm", &text(&root.join("usr/lib/rpm"))]);
    let database = root.join("var/lib/rpm");
    std::fs::create_dir_all(&database).unwrap();
    let options = ["--dbpath", &text(&database), "--install", "--justdb", "--nodeps", "--force-debian"];
    for name in ["zeta", "beta"] {
        let file = lab.build_rpm(name, "1", "Epoch: 3", "%files\n");
        run("rpm", &[&options[..], &[&text(&file)]].concat());
    }
    // /var is a volume of its own, and RPM is that of the installed system.
    let list = recorded_packages(&lab.model.system(), &RealTools::default()).unwrap().unwrap();
    let lines: Vec<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines, ["beta\tnoarch\t3:1-1\t0", "zeta\tnoarch\t3:1-1\t0"]);
    // One that cannot be read is a warning, and init goes on.
    std::fs::remove_file(root.join("usr/bin/rpm")).unwrap();
    let why = recorded_packages(&lab.model.system(), &RealTools::default()).unwrap_err();
    assert_eq!(why.severity, Severity::Warning);
    assert!(
        why.message.starts_with("the packages of this installation are not recorded: "),
        "{}",
        why.message
    );
}

#[test]
fn rpm_says_before_anything_is_written_what_a_package_lacks() {
    if !can_run() {
        println!("skipped: needs root, and namespaces");
        return;
    }
    let lab = Lab::rpm();
    let alpha = lab.alpha_rpm("1", "Requires: gamma");
    lab.installed_rpm(&alpha);
    lab.cached_rpm(&alpha);
    let why = lab.refused(&lab.model.request());
    assert!(
        why.contains("cannot be installed in the new image")
            && why.contains("gamma is needed by alpha-1-1.noarch"),
        "{why}"
    );
    let request = UpdateRequest { leave_packages: vec!["alpha".into()], ..lab.model.request() };
    assert_eq!(lab.model.update_with(&request, &mut Quiet).unwrap(), "armed");
    assert!(!lab.rpms_of_layer().contains("alpha"));
}

#[test]
fn a_scriptlet_of_rpm_that_fails_takes_the_update_back() {
    if !can_run() {
        println!("skipped: needs root, and namespaces");
        return;
    }
    let lab = Lab::rpm();
    let broken = lab.build_rpm("broken", "1", "", "%pre\nexit 3\n%files\n");
    lab.installed_rpm(&broken);
    lab.cached_rpm(&broken);
    let why = lab.failed(&lab.model.request());
    assert!(why.starts_with("packages failed: ") && why.contains("everything was undone"), "{why}");
}

#[test]
fn dnf_fetches_what_is_not_cached_with_what_it_needs() {
    if !can_run() {
        println!("skipped: needs root, and namespaces");
        return;
    }
    let lab = Lab::rpm();
    let alpha = lab.alpha_rpm("2", "Requires: gamma");
    let gamma = lab.build_rpm("gamma", "1", "", "%files\n");
    lab.installed_rpm(&lab.alpha_rpm("1", ""));
    let repository = lab.at("repository");
    std::fs::create_dir(&repository).unwrap();
    for file in [&alpha, &gamma] {
        std::fs::copy(file, repository.join(file.file_name().unwrap())).unwrap();
    }
    run("createrepo_c", &["--quiet", &text(&repository)]);
    let configuration = format!("[lab]\nname=lab\nbaseurl=file://{}\ngpgcheck=0\n", repository.display());
    lab.model.put("/sysroot/etc/yum.repos.d/lab.repo", &configuration);
    assert_eq!(lab.model.update_with(&lab.network(), &mut Quiet).unwrap(), "armed");
    lab.check_layer();
    let packages = lab.rpms_of_layer();
    assert!(packages.contains("alpha-2-1") && packages.contains("gamma-1-1"), "{packages}");
    lab.confirm();
    // What no repository has takes the update back.
    let lab = Lab::rpm();
    lab.installed_rpm(&lab.alpha_rpm("1", ""));
    lab.model
        .put("/sysroot/etc/yum.repos.d/lab.repo", &configuration.replace("file:///", "file:///nowhere/"));
    let why = lab.failed(&lab.network());
    assert!(why.starts_with("packages failed: `") && why.contains("Unable to find a match: alpha"), "{why}");
    assert!(!Path::new("/run/node-layout/dnf").exists());
}

#[test]
fn modules_of_a_package_are_found_for_the_kernel_of_the_image() {
    if !can_run() {
        println!("skipped: needs root, and namespaces");
        return;
    }
    let kmod = |lab: &Lab, kernel: &str| {
        let at = format!("/lib/modules/{kernel}/extra");
        let rest =
            format!("%install\nmkdir -p %{{buildroot}}{at}\ntouch %{{buildroot}}{at}/lab.ko\n%files\n{at}\n");
        let file = lab.build_rpm("kmod-lab", "1", "", &rest);
        lab.installed_rpm(&file);
        lab.cached_rpm(&file);
    };
    let prepare = || {
        let lab = Lab::rpm();
        let image = lab.model.path("image");
        install_programs(&image, &["kmod"]);
        for name in ["depmod", "modinfo"] {
            std::os::unix::fs::symlink("kmod", image.join("usr/bin").join(name)).unwrap();
        }
        std::fs::remove_dir_all(image.join("lib/modules")).ok();
        std::fs::create_dir_all(image.join("lib")).unwrap();
        std::os::unix::fs::symlink("../usr/lib/modules", image.join("lib/modules")).unwrap();
        lab
    };
    let lab = prepare();
    kmod(&lab, KVER);
    lab.model.update().unwrap();
    let dependencies =
        std::fs::read_to_string(lab.layer().join(format!("usr/lib/modules/{KVER}/modules.dep"))).unwrap();
    assert!(dependencies.contains("extra/lab.ko"), "{dependencies}");

    let lab = prepare();
    kmod(&lab, "5.14.0-1");
    let why = lab.refused(&lab.model.request());
    assert!(
        why.contains("kmod-lab 1-1 has modules for kernel 5.14.0-1, and the new image has kernel"),
        "{why}"
    );
    // weak-modules finds them fit, or not.
    for (program, fits) in [
        (
            "mkdir -p /lib/modules/$3/weak-updates; ln -s /lib/modules/5.14.0-1/extra/lab.ko /lib/modules/$3/weak-updates/lab.ko",
            true,
        ),
        (":", false),
    ] {
        let lab = prepare();
        kmod(&lab, "5.14.0-1");
        lab.model.put("/image/usr/sbin/weak-modules", &format!("#!/bin/sh\n{program}\n"));
        run("chmod", &["755", &text(&lab.model.path("image/usr/sbin/weak-modules"))]);
        if fits {
            lab.model.update().unwrap();
            assert!(lab.layer().join(format!("usr/lib/modules/{KVER}/weak-updates/lab.ko")).is_symlink());
        } else {
            let why = lab.failed(&lab.model.request());
            assert!(why.contains("modinfo") && why.contains("lab"), "{why}");
        }
    }
}

// ---------------------------------------------------------------- dpkg

impl Lab {
    /// A lab with dpkg, whose database is in /usr of each image.
    fn dpkg() -> Lab {
        let lab = Lab::new();
        for root in lab.roots() {
            for directory in ["info", "updates", "triggers", "parts"] {
                std::fs::create_dir_all(root.join("usr/lib/sysimage/dpkg").join(directory)).unwrap();
            }
            let base = "Package: base\nStatus: install ok installed\nMaintainer: x <x@x>\nArchitecture: all\nVersion: 1\nDescription: x\n\n";
            std::fs::write(root.join("usr/lib/sysimage/dpkg/status"), base).unwrap();
            std::fs::write(root.join("usr/lib/sysimage/dpkg/info/base.list"), "/.\n").unwrap();
            std::fs::create_dir_all(root.join("var/lib")).unwrap();
            std::os::unix::fs::symlink("../../usr/lib/sysimage/dpkg", root.join("var/lib/dpkg")).unwrap();
        }
        let programs = [
            "sh",
            "dpkg",
            "dpkg-deb",
            "dpkg-split",
            "tar",
            "rm",
            "diff",
            "ldconfig",
            "start-stop-daemon",
            "mkdir",
            "ln",
            "id",
            "find",
            "dpkg-query",
        ];
        install_programs(&lab.model.path("image"), &programs);
        lab
    }

    fn deb(&self, name: &str, version: &str, depends: &str) -> PathBuf {
        let tree = self.at(&format!("{name}-tree"));
        let put = |path: &str, text: &str| self.put(&format!("{name}-tree/{path}"), text);
        let depends = if depends.is_empty() { String::new() } else { format!("Depends: {depends}\n") };
        put(
            "DEBIAN/control",
            &format!(
                "Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: x <x@x>\nInstalled-Size: 12\n{depends}Description: x\n"
            ),
        );
        put("DEBIAN/conffiles", &format!("/etc/{name}.conf\n"));
        let script = put("DEBIAN/postinst", &format!("#!/bin/sh\nset -e\n{}", SCRIPT.replace("alpha", name)));
        run("chmod", &["755", &text(&script)]);
        put(&format!("etc/{name}.conf"), "default\n");
        put(&format!("usr/share/{name}/data"), &format!("{name}\n"));
        std::fs::create_dir_all(tree.join("var/lib").join(name)).unwrap();
        let file = self.at(&format!("{name}_{}_all.deb", version.replace(':', "%3a")));
        run("dpkg-deb", &["--build", "--root-owner-group", &text(&tree), &text(&file)]);
        file
    }

    fn installed_deb(&self, name: &str, version: &str) {
        let status = self.model.sysroot().join("usr/lib/sysimage/dpkg/status");
        let stanza = format!(
            "Package: {name}\nStatus: install ok installed\nMaintainer: x <x@x>\nArchitecture: all\nVersion: {version}\nDescription: x\n\n"
        );
        let now = std::fs::read_to_string(&status).unwrap();
        std::fs::write(status, now + &stanza).unwrap();
    }

    fn cached_deb(&self, file: &Path) {
        let to = self.model.sysroot().join("var/cache/apt/archives");
        std::fs::create_dir_all(&to).unwrap();
        std::fs::copy(file, to.join(file.file_name().unwrap())).unwrap();
    }

    fn status_of_layer(&self) -> String {
        std::fs::read_to_string(self.layer().join("usr/lib/sysimage/dpkg/status")).unwrap()
    }
}

#[test]
fn dpkg_installs_cached_packages_in_the_layer() {
    if !can_run() {
        println!("skipped: needs root, and namespaces");
        return;
    }
    let lab = Lab::dpkg();
    let alpha = lab.deb("alpha", "1:1.0-1", "");
    lab.installed_deb("alpha", "1:1.0-1");
    let missing = lab.refused(&lab.model.request());
    assert!(missing.contains("alpha_1%3a1.0-1_all.deb is not cached"), "{missing}");
    lab.cached_deb(&alpha);
    lab.model.update().unwrap();
    lab.check_layer();
    assert!(lab.status_of_layer().contains("Package: alpha\nStatus: install ok installed\n"));
    lab.confirm();
    // A package that needs another one is not half installed.
    let lab = Lab::dpkg();
    let alpha = lab.deb("alpha", "2", "gamma");
    lab.installed_deb("alpha", "2");
    lab.cached_deb(&alpha);
    let why = lab.failed(&lab.model.request());
    assert!(why.contains("dpkg") && why.contains("alpha"), "{why}");
}

#[test]
fn apt_fetches_what_is_not_cached_with_what_it_needs() {
    if !can_run() {
        println!("skipped: needs root, and namespaces");
        return;
    }
    let lab = Lab::dpkg();
    lab.deb("alpha", "2", "gamma");
    lab.deb("gamma", "1", "");
    lab.installed_deb("alpha", "1");
    let index = |name: &str, version: &str, depends: &str| {
        let file = format!("{name}_{version}_all.deb");
        let path = lab.at(&file);
        let sum = run("sha256sum", &[&text(&path)]);
        format!(
            "Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: x <x@x>\n{depends}Description: x\n\
             Filename: ./{file}\nSize: {}\nSHA256: {}\n\n",
            std::fs::metadata(&path).unwrap().len(),
            sum.split(' ').next().unwrap()
        )
    };
    lab.put("Packages", &(index("alpha", "2", "Depends: gamma\n") + &index("gamma", "1", "")));
    lab.put("sources.list", &format!("deb [trusted=yes] copy:{} ./\n", lab.work.path().display()));
    for directory in ["lists/partial", "cache/archives/partial", "preferences.d", "apt.conf.d"] {
        std::fs::create_dir_all(lab.at(directory)).unwrap();
    }
    // The settings of this machine are not those of the node.
    let at = |path: &str| text(&lab.at(path));
    let settings = format!(
        "Dir::Etc::sourcelist \"{}\";\nDir::Etc::sourceparts \"-\";\nDir::State::lists \"{}\";\nDir::Cache \"{}\";\n\
         Dir::Etc::preferencesparts \"{}\";\nAPT::Sandbox::User \"root\";\n",
        at("sources.list"),
        at("lists"),
        at("cache"),
        at("preferences.d")
    );
    lab.model.put("/apt.conf", &settings);
    let update = Command::new("apt-get")
        .args(["-qq", "update"])
        .env("APT_CONFIG", lab.model.path("apt.conf"))
        .output()
        .unwrap();
    assert!(update.status.success(), "{}", String::from_utf8_lossy(&update.stderr));
    assert_eq!(lab.model.update_with(&lab.network(), &mut Quiet).unwrap(), "armed");
    lab.check_layer();
    let status = lab.status_of_layer();
    assert!(
        status.contains("Package: alpha\n")
            && status.contains("Package: gamma\nStatus: install ok installed\n"),
        "{status}"
    );
    lab.confirm();
}
