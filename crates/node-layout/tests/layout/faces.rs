//! The calls of cockpit, of the engine's packages and of administrators under the names of the originals: what they parse of the
//! answers, and the exit statuses.

use crate::model::{Model, NVR};
use crate::trial::{NEW, node, node_of, state_of};
use node_layout::cli::{AnswerOf, Host, Next, imgbase, nodectl};
use node_layout::{Command, ImageState, Output, Resume, Space, ToolError, Tools, arm, confirm, run, started};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

type Program = fn(&[OsString], &Host<'_>, &mut dyn Write, &mut dyn Write) -> Next;

/// The running system, and what its services are.
struct Running<'m> {
    model: &'m Model,
    /// Whether `vdsmd.service` is active, and whether the journal says that it was ever started.
    vdsm: (bool, bool),
}

impl<'m> Running<'m> {
    fn of(model: &'m Model) -> Running<'m> {
        Running { model, vdsm: (true, true) }
    }

    /// Calls a program as root.
    fn call(&self, program: Program, words: &[&str]) -> Called {
        self.call_as(true, program, words)
    }

    fn call_as(&self, is_root: bool, program: Program, words: &[&str]) -> Called {
        let arguments: Vec<OsString> = words.iter().map(OsString::from).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        self.model.runs.set(true);
        let host = Host::new(self, &self.model.sysroot(), is_root);
        let next = program(&arguments, &host, &mut out, &mut err);
        self.model.runs.set(false);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Called { next, out: text(out), err: text(err) }
    }

    /// A call of `nodectl`, as cockpit makes it.
    fn cockpit(&self, words: &[&str]) -> Called {
        self.call(nodectl, &[&["--machine-readable"], words].concat())
    }
}

impl Tools for Running<'_> {
    fn run(&self, command: &Command) -> Result<Output, ToolError> {
        let failed = || ToolError::Failed {
            command: command.to_string(),
            status: "exit status: 3".into(),
            stderr: String::new(),
        };
        let text = |text: &str| Ok(Output { stdout: text.into(), stderr: String::new() });
        match (command.program, command.args.join(" ").as_str()) {
            ("systemctl", "is-active --quiet -- vdsmd.service") => match self.vdsm.0 {
                true => text(""),
                false => Err(failed()),
            },
            ("journalctl", args) => {
                assert!(args.ends_with(" UNIT=vdsmd.service"), "{args}");
                text(if self.vdsm.1 { "Started Virtual Desktop Server Manager.\n" } else { "" })
            }
            ("ip", _) => text(
                "2: ens3    inet 192.0.2.7/24 scope global ens3\n2: ens3    inet6 2001:db8::7/64 scope global\n\
                 3: virbr0    inet 192.168.122.1/24 scope global virbr0\n",
            ),
            _ => Tools::run(self.model, command),
        }
    }

    fn stream(&self, command: &Command, input: File) -> Result<Box<dyn Read + Send>, ToolError> {
        self.model.stream(command, input)
    }

    fn has(&self, program: &str) -> bool {
        self.model.has(program)
    }

    fn is_running(&self, sysroot: &Path) -> bool {
        self.model.is_running(sysroot)
    }

    fn environment(&self) -> &Path {
        self.model.environment()
    }

    fn space(&self, path: &Path) -> io::Result<Space> {
        self.model.space(path)
    }

    fn flush(&self, path: &Path, freeze: bool) -> io::Result<()> {
        self.model.flush(path, freeze)
    }

    fn architecture(&self) -> String {
        self.model.architecture()
    }
}

/// What a call has printed, and what comes after it.
#[derive(Debug)]
struct Called {
    next: Next,
    out: String,
    err: String,
}

impl Called {
    #[track_caller]
    fn status(&self) -> u8 {
        match self.next {
            Next::Ended(status) => status,
            Next::Verb { .. } => panic!("{self:?}"),
        }
    }

    /// The answer as `JSON.parse` reads it: one value, nothing beside it.
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The answer of a call that has worked.
    #[track_caller]
    fn good(&self) -> &str {
        assert_eq!((self.status(), self.err.as_str()), (0, ""), "{self:?}");
        &self.out
    }
}

fn members(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn layer(nvr: &str) -> String {
    format!("{nvr}+1")
}

/// A node that is mounted as its fstab says.
fn mounted() -> Model {
    let model = node();
    model.mount("/", (253, 4), "xfs", "rw,discard", 40 << 30, "dm-4");
    model.mount("/var", (253, 6), "xfs", "rw,discard", 15 << 30, "dm-6");
    model
}

/// A node with two confirmed images; the newer one runs.
fn updated() -> Model {
    let model = node();
    let host = |model: &Model| model.running();
    let done = |decision: &node_layout::Decision| {
        run(&model, &decision.plan, &Resume, &mut crate::trial::Quiet).unwrap();
    };
    done(&arm(&host(&model), NEW, &model).unwrap());
    assert_eq!(model.boots().unwrap(), layer(NEW));
    done(&started(&host(&model)).unwrap());
    done(&confirm(&host(&model), 2, &model).unwrap());
    assert_eq!(model.boots().unwrap(), layer(NEW));
    model
}

#[test]
fn cockpit_reads_boot_entries_layers_and_the_running_layer() {
    for release in ["rhel8", "rhel9", "rhel10"] {
        let model = node_of(release);
        let called = Running::of(&model).cockpit(&["info"]);
        called.good();
        let info = called.json();
        assert_eq!(members(&info), ["bootloader", "current_layer", "layers"]);
        assert_eq!(info["current_layer"], json!(layer(NVR)));
        assert_eq!(info["layers"], json!({NVR: [layer(NVR)], NEW: [layer(NEW)]}));
        assert_eq!(members(&info["bootloader"]), ["default", "entries"]);
        let entries = info["bootloader"]["entries"].as_object().unwrap();
        let default = info["bootloader"]["default"].as_str().unwrap();
        assert!(default.starts_with(&format!("{NVR} (")), "{release}: {default}");
        let (mut indexes, mut own) = (Vec::new(), Vec::new());
        for (title, entry) in entries {
            assert_eq!(
                members(entry),
                ["args", "blsid", "index", "initrd", "kernel", "root", "title"],
                "{release}"
            );
            assert!(entry.as_object().unwrap().values().all(Value::is_string), "{release}: {entry}");
            let value = |key: &str| entry[key].as_str().unwrap();
            assert_eq!(value("title"), title);
            indexes.push(value("index").parse::<usize>().unwrap());
            let words: Vec<&str> = value("args").split(' ').collect();
            let of_layer = words.iter().find_map(|w| w.strip_prefix("img.bootid=")).unwrap();
            assert_eq!(value("root"), format!("/dev/onn/{of_layer}"), "{release}");
            let has_root = words.iter().any(|w| w.starts_with("root="));
            assert!(!has_root, "{release}: root has a member of its own: {entry}");
            assert!(!value("args").contains("$kernelopts"), "{release}: {entry}");
            for file in [value("kernel"), value("initrd")] {
                assert!(file.starts_with("/boot/"), "{release}: {file}");
                assert!(model.sysroot().join(&file[1..]).exists(), "{release}: {file}");
            }
            if value("blsid").starts_with(of_layer) {
                own.push(of_layer.to_owned());
                assert!(
                    value("kernel").starts_with(&format!("/boot/{of_layer}/vmlinuz-")),
                    "{release}: {entry}"
                );
            }
        }
        own.sort();
        assert_eq!(own, [layer(NVR), layer(NEW)], "{release}: {info}");
        assert!(entries.contains_key(default), "{release}: {info}");
        indexes.sort_unstable();
        indexes.dedup();
        assert_eq!(indexes.len(), entries.len(), "{release}: an index twice");
    }
}

#[test]
fn entries_of_one_title_are_all_shown() {
    let model = node();
    let entries = model.sysroot().join("boot/loader/entries");
    let mut titles = Vec::new();
    for file in std::fs::read_dir(&entries).unwrap().map(|e| e.unwrap().path()) {
        let text = std::fs::read_to_string(&file).unwrap();
        if text.contains("img.bootid=") {
            let lines = text.lines().map(|l| if l.starts_with("title ") { "title one name" } else { l });
            std::fs::write(&file, lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
            titles.push(file);
        }
    }
    let info = Running::of(&model).cockpit(&["info"]).json();
    let shown = info["bootloader"]["entries"].as_object().unwrap();
    assert_eq!(shown.len(), titles.len());
    assert!(shown.values().all(|entry| entry["title"] == "one name"), "{info}");
}

#[test]
fn cockpit_reads_every_group_of_a_node_that_is_in_order() {
    let model = mounted();
    let called = Running::of(&model).cockpit(&["check"]);
    called.good();
    let ok = json!({"status": "ok"});
    let expected = json!({
        "status": "ok",
        "bootloader": {"status": "ok", "layer_boot_entries": ok, "valid_boot_entries": ok},
        "mount_points": {"status": "ok", "separate_var": ok, "discard_is_used": ok},
        "basic_storage": {"status": "ok", "initialized_vg": ok, "initialized_thin_pool": ok, "initialized_lvs": ok},
        "thin_storage": {
            "status": "ok",
            "checking_available_space_in_thinpool": ok,
            "checking_thinpool_auto-extend": ok,
        },
        "vdsmd": ok,
    });
    assert_eq!(called.json(), expected);
}

/// Breaks the model in one way.
type Break = fn(&Model);

#[test]
fn what_is_wrong_fails_the_check_that_the_original_has_for_it() {
    let cases: &[(Break, &str, &str, &str)] = &[
        (
            |m| m.change("pool00", |v| v.data_percent = "85.00".into()),
            "thin_storage",
            "checking_available_space_in_thinpool",
            "bad",
        ),
        (
            |m| m.change("pool00", |v| v.metadata_percent = "85.00".into()),
            "thin_storage",
            "checking_available_space_in_thinpool",
            "bad",
        ),
        (
            |m| m.change("pool00", |v| v.profile = String::new()),
            "thin_storage",
            "checking_thinpool_auto-extend",
            "bad",
        ),
        (|m| m.monitored.set("not monitored"), "thin_storage", "checking_thinpool_auto-extend", "warn"),
        (|m| m.unmount("/var"), "mount_points", "separate_var", "bad"),
        (
            |m| {
                let fstab = m.read("etc/fstab").replace(",discard", "");
                m.put("/sysroot/etc/fstab", &fstab);
            },
            "mount_points",
            "discard_is_used",
            "warn",
        ),
        (|m| m.groups.borrow_mut().get_mut("onn").unwrap().clear(), "basic_storage", "initialized_vg", "bad"),
        (|m| m.change("pool00", |v| v.tags.clear()), "basic_storage", "initialized_thin_pool", "bad"),
        (|m| m.change(&layer(NVR), |v| v.tags.clear()), "basic_storage", "initialized_lvs", "bad"),
        (|m| m.change(NVR, |v| v.writable = true), "basic_storage", "initialized_lvs", "bad"),
        (
            |m| {
                let entries = m.sysroot().join("boot/loader/entries");
                let of_layer = |name: &str| name.starts_with(&format!("{}-", layer(NVR)));
                for entry in std::fs::read_dir(entries).unwrap().map(Result::unwrap) {
                    if of_layer(entry.file_name().to_str().unwrap()) {
                        std::fs::remove_file(entry.path()).unwrap();
                    }
                }
            },
            "bootloader",
            "layer_boot_entries",
            "bad",
        ),
    ];
    for (number, (damage, group, check, overall)) in cases.iter().enumerate() {
        let model = mounted();
        damage(&model);
        let running = Running::of(&model);
        let called = running.cockpit(&["check"]);
        // The answer is complete, so cockpit must not drop it.
        called.good();
        let answer = called.json();
        let status = |value: &Value| value["status"].as_str().unwrap().to_owned();
        let of_check = status(&answer[group][check]);
        assert!(of_check.starts_with("failed - ") && of_check.len() > 20, "{number}: {answer}");
        assert!(status(&answer[group]).starts_with("failed - "), "{number}: {answer}");
        assert_eq!(status(&answer), *overall, "{number}: {answer}");
        // The same as people see it, with an exit status.
        let called = running.call(nodectl, &["check"]);
        assert_eq!(called.status(), u8::from(*overall == "bad"), "{number}: {called:?}");
        let label = if *overall == "bad" { "FAILED" } else { "WARN" };
        assert!(called.out.starts_with(&format!("Status: {label}\n")), "{number}: {}", called.out);
        let reason = of_check.trim_start_matches("failed - ");
        assert!(called.out.contains(&format!(" ... FAILED - {reason}\n")), "{number}: {}", called.out);
        let called = running.call(imgbase, &["--debug", "check"]);
        assert_eq!(called.status(), u8::from(*overall == "bad"), "{number}: {called:?}");
        assert!(!called.out.contains("vdsmd"), "{number}: {}", called.out);
    }
}

#[test]
fn an_error_that_no_check_of_the_original_is_about_fails_its_group() {
    let model = mounted();
    let fstab = model.read("etc/fstab");
    model.put("/sysroot/etc/fstab", &fstab.replace(&format!("/dev/onn/{}", layer(NVR)), "/dev/sdx1"));
    let answer = Running::of(&model).cockpit(&["check"]).json();
    let group = &answer["mount_points"];
    assert!(group["status"].as_str().unwrap().contains("/etc/fstab mounts / from /dev/sdx1"), "{answer}");
    assert_eq!(group["separate_var"]["status"], "ok");
    assert_eq!(answer["status"], "bad");
}

#[test]
fn vdsm_warns_only_if_it_was_started_and_does_not_run() {
    let model = mounted();
    for (vdsm, status, overall) in
        [((true, true), "ok", "ok"), ((false, false), "ok", "ok"), ((false, true), "bad", "warn")]
    {
        let running = Running { model: &model, vdsm };
        let answer = running.cockpit(&["check"]).json();
        assert_eq!(
            (&answer["vdsmd"]["status"], &answer["status"]),
            (&json!(status), &json!(overall)),
            "{vdsm:?}"
        );
        let called = running.call(nodectl, &["check"]);
        assert_eq!(called.status(), 0, "the layout is in order");
        assert!(called.out.ends_with(&format!("vdsmd ... {}\n", status.to_uppercase())), "{}", called.out);
    }
}

#[test]
fn a_system_that_is_not_a_node_is_refused_with_its_reason() {
    let model = Model::installed("rhel9");
    let running = Running::of(&model);
    let called = running.cockpit(&["check"]);
    assert_eq!((called.status(), &called.json()["status"]), (1, &json!("bad")));
    let checks = called.json();
    for group in ["bootloader", "basic_storage", "thin_storage"] {
        for (name, check) in checks[group].as_object().unwrap().iter().filter(|(name, _)| *name != "status") {
            assert!(
                check["status"].as_str().unwrap().starts_with("failed - "),
                "{group} {name}: nothing was checked"
            );
        }
    }
    assert!(called.err.contains("there is no layer yet"), "{}", called.err);
    for (program, words) in [
        (nodectl as Program, &["info"][..]),
        (nodectl, &["--machine-readable", "info"]),
        (imgbase, &["w"]),
        (imgbase, &["layout"]),
        (imgbase, &["layer", "--current"]),
        (imgbase, &["rollback"]),
    ] {
        let called = running.call(program, words);
        assert_eq!((called.status(), called.out.as_str()), (1, ""), "{words:?}");
        assert!(called.err.contains("there is no layer yet"), "{words:?}: {}", called.err);
    }
    assert!(model.commands.borrow().is_empty(), "something was changed");
}

#[test]
fn only_root_may_call() {
    let model = node();
    let before = model.commands.borrow().len();
    let running = Running::of(&model);
    for (program, words) in [
        // cockpit asks for the version to see whether it may call.
        (nodectl as Program, &["--machine-readable", "--version"][..]),
        (nodectl, &["check"]),
        (nodectl, &["--machine-readable", "rollback", "--nvr", NVR]),
        (nodectl, &["init"]),
        (imgbase, &["w"]),
        (imgbase, &["update", "--format", "liveimg", "/image"]),
    ] {
        let called = running.call_as(false, program, words);
        assert_eq!((called.status(), called.out.as_str()), (1, ""), "{words:?}");
        assert!(called.err.contains("must be run as root"), "{words:?}: {}", called.err);
    }
    assert_eq!(model.commands.borrow().len(), before, "something was done");
    for (program, name) in [(nodectl as Program, "nodectl-"), (imgbase, "imgbased-")] {
        assert_eq!(running.call_as(false, program, &["--help"]).status(), 0, "help is for everybody");
        assert!(running.call(program, &["--debug", "--version"]).good().starts_with(name));
    }
    assert!(running.cockpit(&["--version"]).good().starts_with("nodectl-"));
    assert_eq!(running.call(imgbase, &["--machine-readable", "w"]).status(), 2, "an option of nodectl");
}

#[test]
fn cockpit_rolls_back_to_a_layer() {
    let model = updated();
    let running = Running::of(&model);
    let called = running.cockpit(&["rollback", "--nvr", &layer(NVR)]);
    called.good();
    assert_eq!(called.json(), json!({"success": true, "next_layer": layer(NVR)}));
    assert_eq!(model.boots().unwrap(), layer(NVR), "the next boot is that of the answer");
    assert_eq!(state_of(&model.running(), NEW).0, ImageState::Good, "the newer image stays");
}

#[test]
fn a_rollback_that_is_not_done_has_a_reason_and_an_exit_status() {
    let model = updated();
    let running = Running::of(&model);
    let before = model.disk();
    for nvr in ["ovirt-node-ng-4.4.0-0.1+1", "nonsense", "../x"] {
        let called = running.cockpit(&["rollback", "--nvr", nvr]);
        assert_eq!(called.status(), 1, "{called:?}");
        let answer = called.json();
        assert_eq!((members(&answer), &answer["success"]), (vec!["reason", "success"], &json!(false)));
        let reason = answer["reason"].as_str().unwrap();
        assert!(reason.contains("there is no image") && reason.contains(NVR), "{reason}");
        // What cockpit shows of a call that failed.
        assert!(called.err.contains("there is no image"), "{}", called.err);
        let called = running.call(nodectl, &["rollback", "--nvr", nvr]);
        assert_eq!((called.status(), called.err.as_str()), (1, ""));
        assert!(
            called.out.starts_with("Status: Failure\n  Reason:\n    there is no image"),
            "{}",
            called.out
        );
        let called = running.call(imgbase, &["rollback", "--to", nvr]);
        assert_eq!((called.status(), called.out.as_str()), (1, ""));
        assert!(called.err.contains("there is no image"), "{}", called.err);
    }
    assert_eq!(model.disk(), before, "a refused call changes nothing");
    // A command fails in the middle.
    model.change(&layer(NVR), |v| v.minor = None);
    model.fails_from.set(Some(model.commands.borrow().len()));
    let called = running.cockpit(&["rollback"]);
    assert_eq!((called.status(), &called.json()["success"]), (2, &json!(false)), "{called:?}");
    assert!(called.json()["reason"].as_str().unwrap().contains("injected failure"), "{called:?}");
}

#[test]
fn a_rollback_without_a_name_goes_to_the_older_image_by_every_name() {
    for (program, words, says) in [
        (nodectl as Program, &["rollback"][..], "Status: Success\n  New layer: "),
        (nodectl, &["rollback", "--nvr"], "Status: Success\n  New layer: "),
        (imgbase, &["--debug", "--experimental", "rollback"], ""),
        (imgbase, &["rollback", "--to", NVR], ""),
    ] {
        let model = updated();
        let called = Running::of(&model).call(program, words);
        assert!(called.good().starts_with(&format!("{says}{}", layer(NVR))), "{words:?}: {called:?}");
        assert_eq!(called.out.contains("reboot to run it"), says.is_empty(), "{words:?}: {called:?}");
        assert_eq!(model.boots().unwrap(), layer(NVR), "{words:?}");
    }
}

#[test]
fn a_failed_trial_is_seen_by_those_who_look_at_the_original_answers() {
    let model = mounted();
    let running = Running::of(&model);
    let decision = arm(&model.running(), NEW, &model).unwrap();
    run(&model, &decision.plan, &Resume, &mut crate::trial::Quiet).unwrap();
    assert_eq!(model.boots().unwrap(), layer(NEW));
    assert_eq!(model.boots().unwrap(), layer(NVR), "it did not start");
    let answer = running.cockpit(&["check"]).json();
    assert_eq!(answer["status"], "warn", "the host is up, in the old image: {answer}");
    assert!(answer["bootloader"]["status"].as_str().unwrap().contains(NEW), "{answer}");
    let motd = running.cockpit(&["motd"]).json();
    assert_eq!(members(&motd), ["additional_info", "node_status"]);
    assert_eq!(motd["node_status"], "warn");
    assert!(motd["additional_info"].as_str().unwrap().contains(NEW), "{motd}");
    for (program, subject) in [(nodectl as Program, "node"), (imgbase, "imgbase")] {
        let called = running.call(program, &["motd"]);
        assert!(called.good().starts_with(&format!("\n  {subject} status: DEGRADED\n")), "{called:?}");
        assert!(called.out.contains(NEW), "{called:?}");
    }
}

#[test]
fn texts_for_people_are_those_of_the_original() {
    let model = mounted();
    let running = Running::of(&model);
    let calls = [
        ("nodectl check", running.call(nodectl, &["check"])),
        ("nodectl check --oneline", running.call(nodectl, &["check", "--oneline"])),
        ("nodectl info", running.call(nodectl, &["info"])),
        ("nodectl motd", running.call(nodectl, &["motd"])),
        ("nodectl generate-banner", running.call(nodectl, &["generate-banner"])),
        ("imgbase layout", running.call(imgbase, &["layout"])),
        ("imgbase layout --bases", running.call(imgbase, &["layout", "--bases"])),
        ("imgbase layout --layers", running.call(imgbase, &["layout", "--layers"])),
        ("imgbase layout --free-space", running.call(imgbase, &["layout", "--free-space"])),
        (
            "imgbase layout --free-space --units G",
            running.call(imgbase, &["layout", "--free-space", "--units", "G"]),
        ),
        ("imgbase w", running.call(imgbase, &["w"])),
        ("imgbase base --latest", running.call(imgbase, &["base", "--latest"])),
        ("imgbase base --of-layer", running.call(imgbase, &["base", "--of-layer", &layer(NVR)])),
        ("imgbase layer --current", running.call(imgbase, &["layer", "--current"])),
        ("imgbase layer --latest", running.call(imgbase, &["layer", "--latest"])),
        ("imgbase layer --volume-path", running.call(imgbase, &["layer", "--volume-path", &layer(NVR)])),
    ];
    let texts = calls.map(|(call, called)| format!("# {call}\n{}", called.good())).concat();
    insta::assert_snapshot!("nodectl_and_imgbase", texts);
}

#[test]
fn names_that_do_not_exist_are_refused() {
    let model = node();
    let running = Running::of(&model);
    for words in [
        &["base", "--of-layer", "ovirt-node-ng-4.4.0-0.1+1"][..],
        &["base", "--of-layer", NVR],
        &["layer", "--volume-path", "ovirt-node-ng-4.4.0-0.1+1"],
        // A volume of the group, and not an image's.
        &["layer", "--volume-path", "var"],
        &["motd", "--update"],
        &["update", "--format", "tar", "/image"],
        &["layout", "--init", "--from", "onn/other"],
    ] {
        let called = running.call(imgbase, words);
        assert_eq!((called.status(), called.out.as_str()), (1, ""), "{words:?}");
        assert!(called.err.len() > 20, "{words:?}: {}", called.err);
    }
    // Wrong usage, as of every program.
    for (program, words) in [
        (imgbase as Program, &["base"][..]),
        (imgbase, &["layer", "--add"]),
        (imgbase, &["layout", "--init", "--bases"]),
        (nodectl, &["update"]),
        (nodectl, &["--nonsense"]),
    ] {
        let called = running.call(program, words);
        assert_eq!((called.status(), called.out.as_str()), (2, ""), "{words:?}");
        assert!(called.err.contains("Usage:"), "{words:?}: {}", called.err);
    }
    for program in [nodectl as Program, imgbase] {
        let called = running.call(program, &[]);
        assert_eq!(called.status(), 1);
        assert!(called.out.contains("Usage:"), "{called:?}");
    }
}

#[test]
fn work_is_handed_to_the_verb_that_does_it() {
    let model = node();
    let running = Running::of(&model);
    let own = AnswerOf::NodeLayout;
    let nodectl_answers = |machine_readable| AnswerOf::Nodectl { machine_readable };
    for (program, words, verb, answer) in [
        (nodectl as Program, &["init"][..], &["init"][..], nodectl_answers(false)),
        (
            nodectl,
            &["init", "--nvr", "n-1-2", "--machine-readable"],
            &["init", "--nvr=n-1-2"],
            nodectl_answers(true),
        ),
        (imgbase, &["layout", "--init"], &["init"], own),
        (imgbase, &["--experimental", "layout", "--init-nvr", "n-1-2"], &["init", "--nvr=n-1-2"], own),
        // The scriptlet of an image package.
        (
            imgbase,
            &["--debug", "update", "--format", "liveimg", "/a b.img"],
            &["update", "--", "/a b.img"],
            own,
        ),
        (imgbase, &["base", "--remove", "n-1-2"], &["remove", "--", "n-1-2"], own),
    ] {
        let called = running.call(program, words);
        let arguments = verb.iter().map(OsString::from).collect();
        assert_eq!(called.next, Next::Verb { arguments, answer }, "{words:?}");
        assert_eq!((called.out.as_str(), called.err.as_str()), ("", ""));
    }
}

#[test]
fn the_banner_is_shown_or_written_to_a_file_of_its_own() {
    let model = node();
    let running = Running::of(&model);
    model.put("/sysroot/etc/issue", "of the administrator\n");
    assert_eq!(
        running.cockpit(&["generate-banner"]).json(),
        json!({"admin_console": ["192.0.2.7", "2001:db8::7"]})
    );
    for _ in 0..2 {
        assert_eq!(running.call(nodectl, &["generate-banner", "--update-issue"]).good(), "");
        let text = model.read("etc/issue.d/nodectl.issue");
        assert_eq!(text, "Admin Console: https://192.0.2.7:9090/ or https://[2001:db8::7]:9090/\n\n");
    }
    assert_eq!(model.read("etc/issue"), "of the administrator\n");
}
