//! Packages that were installed on this host, in an update.

use crate::model::{Model, NVR, Outcome, Recorder};
use crate::trial::{Quiet, state_of};
use crate::update_model::{KVER, NEW, steps};
use node_base::diagnostic::{Finding, Severity};
use node_layout::{Action, ImageState, UpdateRequest, recorded_packages};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Packages as RPM lists them.
fn listed(packages: &[&str]) -> String {
    let line = |package: &&str| {
        let (name, version) = package.split_once(' ').unwrap();
        format!("{name}\tnoarch\t0:{version}\t1000\n")
    };
    packages.iter().map(line).collect()
}

/// A node whose old image, host and new image have these packages, and whose cache has these files.
fn node(old: &[&str], host: &[&str], image: &[&str], cached: &[&str]) -> Model {
    let model = Model::node("rhel9");
    for (root, packages) in
        [(format!("/volumes/{NVR}"), old), ("/sysroot".into(), host), ("/image".into(), image)]
    {
        model.put(&format!("{root}/usr/share/rpm/rpmdb.sqlite"), &listed(packages));
    }
    let mut answers = model.answers.borrow_mut();
    for package in cached {
        let (name, version) = package.split_once(' ').unwrap();
        let file = format!("var/cache/dnf/repo-1234/packages/{name}-{version}.noarch.rpm");
        model.put(&format!("/sysroot/{file}"), "package");
        answers.push((format!("\\n' {}", model.sysroot().join(&file).display()), listed(&[package])));
        let modules =
            if name.starts_with("kmod-") { "/lib/modules/5.14.0-1/extra/lab.ko\n" } else { "/usr/bin/x\n" };
        answers.push((format!("--list {}", model.sysroot().join(&file).display()), modules.into()));
    }
    drop(answers);
    model
}

const BASE: [&str; 2] = ["bash 5-1", "kernel 5-1"];
const HOST: [&str; 4] = ["alpha 1-1", "bash 5-1", "beta 2-1", "kernel 5-1"];

fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .filter(|f| f.code.id == "LAY092")
        .map(|f| format!("{}: {}", f.severity, f.message))
        .collect()
}

/// What an update says about packages, and its commands if it is not refused.
fn decided(model: &Model, request: &UpdateRequest) -> (Vec<String>, Option<Vec<String>>) {
    match model.decide(&model.running(), request) {
        Ok(decided) => {
            let step = decided.plan.steps.iter().find(|step| step.name == "packages");
            let commands = step.map(|step| {
                step.actions
                    .iter()
                    .flat_map(Action::commands)
                    .map(|command| command.to_string())
                    .collect::<Vec<_>>()
            });
            let told = told(&decided.findings);
            decided.close(model).unwrap();
            (told, Some(commands.unwrap_or_default()))
        }
        Err(Outcome::Refused(findings)) => (told(&findings), None),
        Err(other) => panic!("{other:?}"),
    }
}

/// The programs that are run in the layer, but for RPM.
fn in_layer(commands: &[String]) -> Vec<&str> {
    let programs = commands.iter().filter_map(|c| Some(c.split_once("run/node-layout/layer ")?.1));
    programs.filter(|program| !program.starts_with("rpm")).collect()
}

#[test]
fn what_was_installed_on_the_host_is_installed_in_the_layer_by_its_own_programs() {
    let model = node(&BASE, &HOST, &["bash 6-1", "kernel 6-1"], &["alpha 1-1", "beta 2-1"]);
    let (told, commands) = decided(&model, &model.request());
    assert_eq!(
        told,
        [
            "info: packages that were installed on this host come along, from cached files: alpha 1-1, beta 2-1"
        ]
    );
    let commands = commands.unwrap();
    let layer = model.path("run/node-layout/layer").display().to_string();
    let install = commands.iter().position(|c| c.contains("rpm --upgrade")).unwrap();
    assert_eq!(
        commands[install],
        format!(
            "unshare --mount --uts --ipc --net --pid --fork --kill-child --mount-proc={layer}/proc chroot {layer} rpm --upgrade \
             --verbose '/run/packages/*.rpm'"
        )
    );
    // Nothing of the running system is in it: not /dev, not /run, not /var.
    let mounts: Vec<&String> = commands.iter().filter(|c| c.starts_with("mount ")).collect();
    let scratch = model.path("work/node-layout-image-packages").display().to_string();
    assert_eq!(mounts.len(), 2, "{mounts:?}");
    assert!(mounts[0].contains(" tmpfs ") && mounts[0].ends_with(&format!("{layer}/dev")), "{mounts:?}");
    assert_eq!(*mounts[1], format!("mount --bind {scratch} {layer}/run"));
    assert!(!commands.iter().any(|c| c.starts_with("dnf")), "nothing is fetched unless that is asked for");
    // Tried before anything is written.
    let trial = "--upgrade --test --ignoresize ";
    assert!(
        model.commands.borrow().iter().any(|c| c.starts_with("rpm --dbpath ") && c.contains(trial)),
        "{:?}",
        model.commands.borrow()
    );

    let mut recorder = Recorder::default();
    assert_eq!(model.update_with(&model.request(), &mut recorder).unwrap(), "armed");
    let names = steps(&recorder);
    let at = |name: &str| names.iter().position(|step| *step == name).unwrap();
    assert!(
        at("layer-etc") < at("packages")
            && at("packages") < at("layer-names")
            && at("packages") < at("initramfs")
    );
    assert_eq!(state_of(&model.running(), NEW).0, ImageState::Armed);
}

#[test]
fn a_package_that_cannot_come_along_stops_the_update_unless_it_is_left_behind() {
    let model = node(&BASE, &HOST, &BASE, &["alpha 1-1"]);
    let disk = model.disk();
    let (told, commands) = decided(&model, &model.request());
    assert_eq!(commands, None);
    assert_eq!(
        told,
        [
            "error: beta 2-1 was installed on this host, and beta-2-1.noarch.rpm is not cached",
            "info: packages that were installed on this host come along, from cached files: alpha 1-1",
        ]
    );
    assert_eq!(model.disk(), disk);
    let leave = |names: &[&str]| UpdateRequest {
        leave_packages: names.iter().map(|name| (*name).to_owned()).collect(),
        ..model.request()
    };
    let (told, commands) = decided(&model, &leave(&["beta", "gamma"]));
    assert!(commands.unwrap().iter().any(|c| c.contains("rpm --query alpha")));
    assert_eq!(
        told,
        [
            "info: --leave-package gamma: no such package was installed on this host besides those of its image",
            "info: packages that were installed on this host are left behind: beta 2-1",
            "info: packages that were installed on this host come along, from cached files: alpha 1-1",
        ]
    );
    assert_eq!(decided(&model, &leave(&["*"])), (Vec::new(), Some(Vec::new())));
    // With the network nothing has to be cached.
    let network = UpdateRequest { network: true, ..model.request() };
    let (told, commands) = decided(&model, &network);
    assert!(told.contains(
        &"info: packages that were installed on this host come along, from the recorded repositories: beta 2-1".to_owned()
    ));
    let commands = commands.unwrap();
    let [fetch, install] =
        ["dnf ", "rpm --upgrade"].map(|part| commands.iter().position(|c| c.contains(part)).unwrap());
    assert!(fetch < install && commands[fetch].ends_with(" install beta"), "{commands:?}");
    assert!(commands[install].contains(" --net "), "scriptlets have no network even then");
}

#[test]
fn what_does_not_fit_together_is_known_before_anything_is_written() {
    let model = node(&BASE, &HOST, &BASE, &["alpha 1-1", "beta 2-1"]);
    model.update().unwrap();
    let trial = model.commands.borrow().iter().position(|c| c.contains("--test")).unwrap();
    let model = node(&BASE, &HOST, &BASE, &["alpha 1-1", "beta 2-1"]);
    let disk = model.disk();
    model.fails_at.set(Some(trial));
    match model.update() {
        Err(Outcome::Refused(findings)) => {
            let finding = findings.iter().find(|f| f.severity == Severity::Error).unwrap();
            assert!(finding.message.contains("cannot be installed in the new image: `rpm "), "{finding:?}");
            assert!(finding.help.as_ref().unwrap().contains("--leave-package NAME"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(model.disk(), disk);
}

#[test]
fn what_the_image_has_needs_nothing_and_what_is_newer_here_comes_along() {
    let old = ["alpha 1-1", "bash 5-1", "gone 1-1", "kernel 5-1"];
    let host = [
        "alpha 3-1",
        "bash 5-2",
        "beta 2-1",
        "gpg-pubkey 1-1",
        "kernel 5-9",
        "ovirt-node-ng-image-update 4-1",
    ];
    let image = ["alpha 2-1", "bash 6-1", "beta 2-1", "kernel 6-1"];
    let model = node(&old, &host, &image, &["alpha 3-1"]);
    let (told, commands) = decided(&model, &model.request());
    assert_eq!(
        told,
        [
            "info: packages that were installed on this host are in the new image, too: bash 5-2, beta 2-1",
            "info: packages that were installed on this host come along, from cached files: alpha 3-1",
        ]
    );
    assert!(commands.unwrap().iter().any(|c| c.contains("packages/alpha-3-1.noarch.rpm")));
    let model = node(&old, &host, &image, &[]);
    let (told, _) = decided(&model, &model.request());
    let what = "error: alpha 3-1 was installed on this host (the new image has 2-1), and alpha-3-1.noarch.rpm is not cached";
    assert_eq!(told[0], what);
}

#[test]
fn what_packages_bring_is_labelled_and_the_labels_of_the_image_stay() {
    let model = node(&BASE, &HOST, &BASE, &["alpha 1-1", "beta 2-1"]);
    model.put("/sysroot/etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=targeted\n");
    let usr = model.path("image/usr");
    let label = b"system_u:object_r:usr_t:s0\0";
    if rustix::fs::lsetxattr(&usr, "security.selinux", label, rustix::fs::XattrFlags::empty()).is_err() {
        println!("skipped: needs root");
        return;
    }
    model.update().unwrap();
    let layer = model.path("run/node-layout/layer").display().to_string();
    let contexts = format!("{layer}/etc/selinux/targeted/contexts/files/file_contexts");
    let commands = model.commands.borrow();
    let labels: Vec<&String> = commands.iter().filter(|c| c.starts_with("setfiles")).collect();
    assert_eq!(
        labels,
        [
            &format!("setfiles -F -r {layer} {contexts} {layer}/etc"),
            &format!("setfiles -r {layer} {contexts} {layer}"),
        ]
    );
}

#[test]
fn a_file_that_is_another_package_is_not_installed() {
    let model = node(&BASE, &["alpha 1-1", "bash 5-1"], &BASE, &["alpha 1-1"]);
    let described = |answers: &mut Vec<(String, String)>| {
        let answer = answers.iter_mut().find(|(part, _)| part.starts_with("\\n' ")).unwrap();
        answer.1 = listed(&["alpha 9-9"]);
    };
    described(&mut model.answers.borrow_mut());
    let (told, commands) = decided(&model, &model.request());
    assert_eq!(commands, None);
    assert!(told[0].ends_with("alpha-1-1.noarch.rpm is not the package alpha 1-1"), "{told:?}");
    // A link is not a file of a cache.
    let model = node(&BASE, &["alpha 1-1", "bash 5-1"], &BASE, &["alpha 1-1"]);
    let file = model.sysroot().join("var/cache/dnf/repo-1234/packages/alpha-1-1.noarch.rpm");
    std::fs::rename(&file, model.path("elsewhere.rpm")).unwrap();
    std::os::unix::fs::symlink(model.path("elsewhere.rpm"), file).unwrap();
    assert_eq!(decided(&model, &model.request()).1, None);
}

#[test]
fn modules_must_be_for_the_kernel_of_the_image_or_be_found_fit_for_it() {
    let host = ["bash 5-1", "kmod-lab 1-1"];
    let model = node(&BASE, &host, &BASE, &["kmod-lab 1-1"]);
    let (told, commands) = decided(&model, &model.request());
    assert_eq!(commands, None);
    let what = format!("kmod-lab 1-1 has modules for kernel 5.14.0-1, and the new image has kernel {KVER}");
    assert!(told.contains(&format!("error: {what}")), "{told:?}");
    model.put("/image/usr/sbin/weak-modules", "program");
    let (told, commands) = decided(&model, &model.request());
    assert!(told.contains(&format!("warning: {what}")), "{told:?}");
    let commands = commands.unwrap();
    assert_eq!(
        in_layer(&commands),
        [
            format!("weak-modules --add-kernel --no-initramfs {KVER}"),
            format!("depmod {KVER}"),
            format!("modinfo -k {KVER} -F filename lab"),
        ]
    );
    // Modules for this kernel need only depmod.
    let modules = model.answers.borrow().iter().position(|(part, _)| part.starts_with("--list")).unwrap();
    model.answers.borrow_mut()[modules].1 = format!("/lib/modules/{KVER}/extra/lab.ko.xz\n");
    std::fs::remove_file(model.path("image/usr/sbin/weak-modules")).unwrap();
    let (told, commands) = decided(&model, &model.request());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(commands.unwrap().iter().any(|c| c.ends_with(&format!("depmod {KVER}"))));
}

#[test]
fn dnf5_fetches_with_options_of_its_own() {
    let mut model = node(&BASE, &HOST, &BASE, &["alpha 1-1"]);
    model.missing_tools.retain(|tool| *tool != "dnf5");
    let (_, commands) = decided(&model, &UpdateRequest { network: true, ..model.request() });
    let commands = commands.unwrap();
    let fetch = commands.iter().find(|c| c.contains(" dnf5 ")).unwrap();
    let layer = model.path("run/node-layout/layer").display().to_string();
    let work = model.path("work/node-layout-image-packages").display().to_string();
    let repositories = model.path("sysroot/etc/yum.repos.d").display().to_string();
    let at = "/run/node-layout/dnf";
    assert_eq!(
        *fetch,
        format!(
            "HOME={work} dnf5 --assumeyes --installroot={layer} --setopt=reposdir={repositories} --setopt=cachedir={at} \
             --setopt=logdir={at} --noplugins --setopt=system_state_dir={at} download --resolve --destdir={work}/packages beta"
        )
    );
}

#[test]
fn packages_of_an_installation_are_recorded_where_the_base_has_no_database() {
    let lists = |model: &Model| {
        let list = model.read("usr/lib/node-layout/packages");
        list.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    // With /var on a volume of its own, the database of RHEL 9 is not in the base.
    let model = Model::installed("rhel9");
    model.put("/sysroot/var/lib/rpm/rpmdb.sqlite", &listed(&["kernel 5-1", "bash 5-1"]));
    let plan = model.init().unwrap();
    let names: Vec<&str> = plan.steps.iter().map(|step| step.name).collect();
    let at = |name: &str| names.iter().position(|step| *step == name).unwrap();
    assert!(at("packages") < at("freeze-base"), "{names:?}");
    assert_eq!(lists(&model), ["bash\tnoarch\t0:5-1\t1000", "kernel\tnoarch\t0:5-1\t1000"]);
    let base = model.tree(NVR).join("usr/lib/node-layout/packages");
    assert_eq!(std::fs::read_to_string(base).unwrap(), model.read("usr/lib/node-layout/packages"));
    // A database in /usr is in the base, and so is one in /var if that is not a file system of its own.
    let model = Model::installed("rhel9");
    model.put("/sysroot/usr/lib/sysimage/rpm/rpmdb.sqlite", &listed(&BASE));
    let plan = model.init().unwrap();
    assert!(plan.steps.iter().all(|step| step.name != "packages"));
    let model = Model::installed("rhel9");
    model.put("/sysroot/var/lib/rpm/rpmdb.sqlite", &listed(&BASE));
    model.unmount("/var");
    assert_eq!(recorded_packages(&model.system(), &model).unwrap(), None);
}

#[test]
fn the_list_of_an_installation_says_what_was_added_to_it() {
    let model = node(&BASE, &HOST, &BASE, &["alpha 1-1", "beta 2-1"]);
    std::fs::remove_dir_all(model.tree(NVR).join("usr/share/rpm")).unwrap();
    let record = format!("/volumes/{NVR}/usr/lib/node-layout/packages");
    model.put(&record, &format!("# A comment.\n{}", listed(&BASE)));
    let (told, commands) = decided(&model, &model.request());
    assert_eq!(
        told,
        [
            "info: packages that were installed on this host come along, from cached files: alpha 1-1, beta 2-1"
        ]
    );
    assert!(commands.unwrap().iter().any(|c| c.contains("rpm --upgrade")));
    // A list with nothing that can be read is not the list of a system without packages.
    model.put(&record, "# A comment.\nnonsense\n");
    let (told, commands) = decided(&model, &model.request());
    assert!(told[0].starts_with("info: the base of the running image has no package database"), "{told:?}");
    assert_eq!(commands, Some(Vec::new()));
}

#[test]
fn modules_that_dkms_builds_need_the_headers_of_the_kernel_of_the_image() {
    let host = ["bash 5-1", "dkms 3-1", "lab-dkms 1-1"];
    let make = || {
        let model = node(&BASE, &host, &BASE, &["dkms 3-1", "lab-dkms 1-1"]);
        for (part, output) in
            model.answers.borrow_mut().iter_mut().filter(|(part, _)| part.starts_with("--list"))
        {
            let is_source = part.contains("lab-dkms");
            *output = if is_source { "/usr/src/lab-1/dkms.conf\n" } else { "/usr/sbin/dkms\n" }.into();
        }
        let conf = "PACKAGE_NAME=lab\nPACKAGE_VERSION=1\nBUILT_MODULE_NAME[0]=lab_module\n";
        model.put("/sysroot/usr/src/lab-1/dkms.conf", conf);
        model
    };
    let errors = |model: &Model| {
        let (told, commands) = decided(model, &model.request());
        assert_eq!(commands, None);
        told.into_iter().filter(|line| line.starts_with("error")).collect::<Vec<_>>()
    };
    let model = make();
    let lacks = "error: lab-dkms 1-1 has sources of modules, which DKMS builds, and";
    let what = format!("nothing has the headers of kernel {KVER}, which the new image has");
    assert_eq!(errors(&model), [format!("{lacks} {what}")]);
    let left = UpdateRequest { leave_packages: vec!["lab-dkms".into()], ..model.request() };
    assert!(decided(&model, &left).1.is_some());
    model.put(&format!("/image/lib/modules/{KVER}/build/include/linux/kernel.h"), "");
    let commands = decided(&model, &model.request()).1.unwrap();
    assert_eq!(
        in_layer(&commands),
        [format!("dkms install -m lab -v 1 -k {KVER}"), format!("modinfo -k {KVER} -F filename lab_module"),]
    );
    // A configuration that names nothing, and no program to build with.
    std::fs::rename(model.path("sysroot/usr/src/lab-1"), model.path("sysroot/usr/src/lab")).unwrap();
    for (_, output) in model.answers.borrow_mut().iter_mut().filter(|(part, _)| part.contains("/lab-dkms")) {
        *output = output.replace("/usr/src/lab-1/", "/usr/src/lab/");
    }
    model.put("/sysroot/usr/src/lab/dkms.conf", "PACKAGE_NAME=$(name)\n");
    let what = "/usr/src/lab/dkms.conf does not say their name and version";
    assert_eq!(errors(&model), [format!("{lacks} {what}")]);
    for (_, output) in model.answers.borrow_mut().iter_mut().filter(|(part, _)| part.contains("/dkms-3")) {
        *output = output.replace("/usr/sbin/dkms", "/usr/bin/x");
    }
    let what = "neither the new image nor a package that comes along has the program dkms";
    assert_eq!(errors(&model), [format!("{lacks} {what}")]);
}

#[test]
fn without_a_database_nothing_is_guessed() {
    let model = node(&BASE, &HOST, &BASE, &[]);
    std::fs::remove_dir_all(model.tree(NVR).join("usr/share/rpm")).unwrap();
    let (told, commands) = decided(&model, &model.request());
    assert!(told[0].starts_with("info: the base of the running image has no package database"), "{told:?}");
    assert_eq!(commands, Some(Vec::new()));
    // In /var it would be that of all images.
    let model = node(&BASE, &HOST, &BASE, &[]);
    std::fs::remove_dir_all(model.path("image/usr/share/rpm")).unwrap();
    model.put("/image/var/lib/rpm/rpmdb.sqlite", "");
    let (told, commands) = decided(&model, &model.request());
    assert!(
        told[0].starts_with("warning: the package database of the image, /var/lib/rpm, is in /var"),
        "{told:?}"
    );
    assert_eq!(commands, Some(Vec::new()));
    // One that cannot be read stops the update: packages would be lost without a word.
    let model = node(&BASE, &HOST, &BASE, &[]);
    model.decide(&model.running(), &model.request()).unwrap_err();
    let list = model.commands.borrow().iter().position(|c| c.contains("--query --all")).unwrap();
    let model = node(&BASE, &HOST, &BASE, &[]);
    model.fails_at.set(Some(list));
    let (told, _) = decided(&model, &model.request());
    assert!(
        told[0].starts_with("error: the package database ") && told[0].contains("cannot be read"),
        "{told:?}"
    );
}

fn with_packages() -> Model {
    let model = node(&BASE, &HOST, &BASE, &["alpha 1-1", "beta 2-1"]);
    model.put("/sysroot/etc/alpha.conf", "of this host\n");
    model.put("/image/var/lib/svc/state", "of the image");
    model
}

#[test]
fn a_program_that_fails_in_the_layer_takes_everything_back() {
    let whole = with_packages();
    whole.update().unwrap();
    let commands = whole.commands.borrow().clone();
    let scratch =
        commands.iter().position(|c| c.starts_with("mkdir") && c.contains("image-packages")).unwrap();
    let end = commands.iter().position(|c| c.starts_with("umount") && c.ends_with("layer/dev")).unwrap();
    assert!(end > scratch + 15, "{commands:?}");
    for (number, command) in commands.iter().enumerate().take(end + 1).skip(scratch) {
        let model = with_packages();
        let disk = model.disk();
        model.fails_at.set(Some(number));
        match model.update() {
            Err(Outcome::Failed(_)) => {}
            other => panic!("{number} ({command}): {other:?}"),
        }
        assert!(model.volume(NEW).is_none(), "after `{command}`");
        let (files, volumes, tags) = model.disk();
        assert_eq!(files, disk.0, "after `{command}`");
        assert_eq!((volumes.len(), tags), (disk.1.len(), disk.2), "after `{command}`");
    }
}

#[test]
fn a_power_cut_in_the_packages_or_the_merge_leaves_the_old_image_and_the_next_run_completes_it() {
    let whole = with_packages();
    whole.update().unwrap();
    let commands = whole.commands.borrow().clone();
    let layer = whole.files(&whole.tree(&format!("{NEW}+1")));
    let start = commands.iter().position(|c| c.starts_with("lvcreate")).unwrap();
    let end = commands.iter().position(|c| c.contains("--deltag node-layout:state=making")).unwrap();
    for (number, command) in commands.iter().enumerate().take(end + 1).skip(start) {
        let model = with_packages();
        let old = model.files(&model.sysroot().join("etc"));
        model.ends_at.set(Some(number));
        assert!(catch_unwind(AssertUnwindSafe(|| model.update())).is_err(), "{number}");
        model.ends_at.set(None);
        model.power_cut();
        assert_eq!(model.boots().unwrap(), format!("{NVR}+1"), "after `{command}`");
        assert_eq!(model.files(&model.sysroot().join("etc")), old, "after `{command}`");
        assert_eq!(model.update().unwrap(), "armed", "after `{command}`");
        assert_eq!(model.files(&model.tree(&format!("{NEW}+1"))), layer, "after `{command}`");
        assert_eq!(std::fs::read_dir(model.path("work")).unwrap().count(), 0, "after `{command}`");
    }
}

#[test]
fn what_is_printed_about_packages_is_what_is_run() {
    let model = with_packages();
    let decided = model.decide(&model.running(), &model.request()).unwrap();
    let printed: Vec<String> = decided
        .plan
        .steps
        .iter()
        .filter(|step| step.name == "packages")
        .flat_map(|step| step.actions.iter().flat_map(Action::commands))
        .map(|command| command.to_string())
        .collect();
    decided.close(&model).unwrap();
    model.commands.borrow_mut().clear();
    model.update_with(&model.request(), &mut Quiet).unwrap();
    let run = model.commands.borrow();
    let start = run.iter().position(|command| *command == printed[0]).unwrap();
    assert_eq!(run[start..start + printed.len()], printed);
}
