//! A narrow terminal: sentences are folded between words; only what is typed or quoted stays whole.

use crate::model::{Model, policy};
use crate::trial::{NEW, node};
use node_layout::cli::plan_lines;
use node_layout::{Plan, arm, confirm, examine, remove, rollback};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::ffi::OsStr;
use std::fs::{File, Permissions, create_dir_all, set_permissions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// Whether a line fits so many columns, or cannot be broken: it is a single word.
fn fits(line: &str, columns: usize) -> bool {
    line.chars().count() <= columns || !line.trim_matches([' ', '#']).contains(' ')
}

/// What the program prints, errors too: on a terminal of so many columns, or into a pipe.
fn printed(model: &Model, words: &[&str], columns: Option<u16>) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_node-layout"));
    program.args(words).current_dir(model.dir.path()).stdin(Stdio::null());
    let mut reader = match columns {
        None => {
            let (reader, writer) = std::io::pipe().unwrap();
            program.stdout(writer.try_clone().unwrap()).stderr(writer);
            File::from(std::os::fd::OwnedFd::from(reader))
        }
        Some(ws_col) => {
            let reader = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
            grantpt(&reader).unwrap();
            unlockpt(&reader).unwrap();
            let name = ptsname(&reader, Vec::new()).unwrap();
            let terminal = File::options().write(true).open(OsStr::from_bytes(name.to_bytes())).unwrap();
            tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
            program.stdout(terminal.try_clone().unwrap()).stderr(terminal);
            File::from(reader)
        }
    };
    let mut child = program.spawn().unwrap();
    // Only the child still holds the other end.
    drop(program);
    let mut text = Vec::new();
    // A terminal whose other end is closed ends with EIO.
    let _ = reader.read_to_end(&mut text);
    child.wait().unwrap();
    String::from_utf8(text).unwrap().replace("\r\n", "\n")
}

/// A node with two images, which the program reaches by these options. Its LVM answers with a report and does nothing else.
fn reachable() -> (Model, Vec<&'static str>) {
    let model = node();
    model.put("/report", &model.report());
    model.put("/bin/lvm", "#!/bin/sh\n[ \"$1\" = fullreport ] || exit 5\ncat report\n");
    for program in ["dmsetup", "thin_ls", "systemctl", "journalctl"] {
        model.put(&format!("/bin/{program}"), "#!/bin/sh\nexit 5\n");
    }
    for program in std::fs::read_dir(model.path("/bin")).unwrap() {
        set_permissions(program.unwrap().path(), Permissions::from_mode(0o755)).unwrap();
    }
    for (tree, text) in [("base", "1\n"), ("ours", "2\n"), ("theirs", "3\n")] {
        model.put(&format!("/{tree}/a-directory-with-a-long-name/a-file-with-a-long-name.conf"), text);
    }
    (model, vec!["--sysroot", "sysroot", "--tools-path", "bin", "--lock-wait", "5"])
}

#[test]
fn nothing_that_the_program_says_is_wider_than_the_terminal() {
    let (model, options) = reachable();
    let calls: [(&[&str], &str); 8] = [
        (&["verify"], "broken (policy"),
        (&["plan", "--nvr", NEW], "refused; nothing was changed"),
        (&["list"], "uses"),
        (&["status"], "error[LAY"),
        (&["status", "--motd"], "node-layout: "),
        (&["remove", NEW, "--dry-run"], "refused; nothing was changed"),
        (&["list", "--policy", "a-directory-that-does-not-exist/a-policy.toml"], "node-layout: error: "),
        (&["etc", "merge", "--base=base", "--ours=ours", "--theirs=theirs", "--output=out"], "conflict"),
    ];
    for (call, expected) in calls {
        let words = if call[0] == "etc" { call.to_vec() } else { [call, &options].concat() };
        let shown = |columns| {
            let _ = std::fs::remove_dir_all(model.path("/out"));
            create_dir_all(model.path("/out")).unwrap();
            printed(&model, &words, columns)
        };
        let whole = shown(None);
        assert!(whole.contains(expected), "{call:?}: {whole}");
        assert!(whole.lines().any(|line| !fits(line, 60)), "{call:?} says nothing long: {whole}");
        for columns in [60, 80, 200] {
            let text = shown(Some(columns));
            let wide: Vec<&str> = text.lines().filter(|line| !fits(line, columns.into())).collect();
            assert!(wide.is_empty(), "{call:?} on {columns} columns: {wide:#?}");
            assert!(text.split_whitespace().eq(whole.split_whitespace()), "{call:?}: {text}\n{whole}");
        }
    }
}

#[test]
fn a_plan_folds_its_comments_and_no_command() {
    let quotes =
        |line: &str| !line.starts_with('#') || line.starts_with("#   - ") || line.starts_with("#   + ");
    let check = |plan: &Plan| {
        let whole = plan_lines(plan, None);
        assert!(whole.iter().any(|line| !quotes(line) && !fits(line, 60)), "no long comment: {whole:#?}");
        for columns in [60, 80, 200] {
            let text = plan_lines(plan, Some(columns)).join("\n");
            let (quoted, comments): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| quotes(line));
            assert!(quoted.iter().eq(whole.iter().filter(|line| quotes(line))), "{text}");
            assert!(comments.iter().all(|line| fits(line, columns)), "{columns} columns: {comments:#?}");
        }
    };
    let model = Model::installed("rhel9");
    let (system, policy) = (model.system(), policy());
    check(&model.plan(&system, &examine(&system, &policy, &model).unwrap().0, &policy));
    let model = Model::node("rhel9");
    let update = model.decide(&model.running(), &model.request()).unwrap_or_else(|_| panic!("refused"));
    check(&update.plan);
    update.close(&model).unwrap();
    let model = node();
    let decision = arm(&model.running(), NEW, &model).unwrap();
    check(&decision.plan);
    crate::trial::done(&model, &decision);
    model.boots().unwrap();
    check(&confirm(&model.running(), 2, &model).unwrap().plan);
    check(&rollback(&model.running(), None).unwrap().plan);
    check(&remove(&node().running(), NEW).unwrap().plan);
}
