//! How steps, notices and plans are printed.

use crate::content;
use crate::fat;
use crate::files::{self, Change, Method};
use crate::notice::Notice;
use crate::plan::{Action, Plan, Step};
use crate::run::{Progress, StepState};
use crate::tools::quoted;
use crate::xfs;
use node_base::diagnostic::Severity;
use node_base::harmless::harmless;
use serde_json::json;
use std::io::Write;
use std::path::Path;

/// One line on standard output; a closed one is not worth a panic.
pub(super) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Progress for people: one line a step, and one more if it fails.
pub(super) struct HumanProgress;

impl Progress for HumanProgress {
    fn step(&mut self, number: usize, of: usize, step: &Step, state: StepState, message: &str) {
        if let Some(text) = human_progress(number, of, step, state, message) {
            line(&text);
        }
    }
}

fn human_progress(number: usize, of: usize, step: &Step, state: StepState, message: &str) -> Option<String> {
    let message = harmless(message);
    match state {
        StepState::Start => Some(format!("[{number}/{of}] {message}")),
        StepState::Done => None,
        StepState::Failed => Some(format!("[{number}/{of}] {} failed: {message}", step.name)),
    }
}

/// Progress for programs: one JSON object a line.
pub(super) struct JsonProgress;

impl Progress for JsonProgress {
    fn step(&mut self, number: usize, of: usize, step: &Step, state: StepState, message: &str) {
        line(&json_progress(number, of, step, state, message).to_string());
    }
}

fn json_progress(
    number: usize,
    of: usize,
    step: &Step,
    state: StepState,
    message: &str,
) -> serde_json::Value {
    let state = match state {
        StepState::Start => "start",
        StepState::Done => "done",
        StepState::Failed => "failed",
    };
    json!({"step": number, "of": of, "name": step.name, "state": state, "message": message})
}

/// Notices for people.
pub(super) fn notices(list: &[Notice]) {
    for n in list {
        line(&format!("{}[{}]: {}", n.severity, n.code, harmless(&n.message)));
        if let Some(help) = &n.help {
            line(&format!("  help: {}", harmless(help)));
        }
    }
}

/// `{"errors": …, "warnings": …}`.
pub(super) fn summary(list: &[Notice]) -> serde_json::Value {
    let count = |s: Severity| list.iter().filter(|n| n.severity == s).count();
    json!({"errors": count(Severity::Error), "warnings": count(Severity::Warning)})
}

/// A plan for people: the commands as they would be typed, and what changes in which file.
pub(super) fn plan(plan: &Plan) {
    for step in &plan.steps {
        line(&format!("# {}: {}", step.name, harmless(&step.about)));
        for action in &step.actions {
            commands(action).iter().for_each(|c| line(&harmless(c)));
            if let Action::Change(changes) = action {
                changes.iter().for_each(change);
                freezes(changes).iter().for_each(|argv| line(&harmless(&typed(argv))));
            }
        }
    }
}

fn commands(action: &Action) -> Vec<String> {
    let quoted = |p: &Path| quoted(&p.display().to_string());
    match action {
        Action::Run(command) | Action::Freeze { command, .. } => vec![command.to_string()],
        Action::RemoveLeftover { volume, .. } => vec![format!("lvremove --yes --force {volume}")],
        Action::RecordContent { base, .. } => {
            let volume = base.volume.full_name();
            vec![
                format!("lvchange --activate y --ignoreactivationskip {volume}"),
                format!("# read /dev/{volume}"),
                format!("lvchange --activate n {volume}"),
                format!("lvchange --addtag {}CHECKSUM {volume}", content::TAG_PREFIX),
            ]
        }
        Action::Flush(paths) => {
            vec![paths.iter().fold("sync -f".to_owned(), |line, p| format!("{line} {}", quoted(p)))]
        }
        Action::EmptyJournal(path) => empty_journal(path).iter().map(|argv| typed(argv)).collect(),
        Action::Copy(copies) => copies
            .iter()
            .flat_map(|(from, to)| {
                let dir = to.parent().map(|d| format!("mkdir -p {}", quoted(d)));
                dir.into_iter().chain([format!("cp {} {}", quoted(from), quoted(to))])
            })
            .collect(),
        Action::RemoveDirectory(path) => vec![format!("rm -r {}", quoted(path))],
        Action::Link { path, to } => vec![format!("ln -s {} {}", quoted(to), quoted(path))],
        Action::Change(_) => Vec::new(),
    }
}

/// What brings changes of boot files to their place, before and after they get their names, and when the old ones are away.
fn freezes(changes: &[Change]) -> Vec<[String; 3]> {
    // On XFS a directory without the file is new content, too.
    let content = |c: &Change| c.after.is_some() || c.path.parent().is_some_and(xfs::holds);
    let new = changes.iter().any(|c| c.method == Method::ReplaceForBoot && content(c));
    let times = if new { ["content", "names", "old content"].as_slice() } else { &["names"] };
    times.iter().flat_map(|_| files::frozen(changes)).flat_map(freeze_and_thaw).collect()
}

fn freeze_and_thaw(directory: &Path) -> [[String; 3]; 2] {
    ["--freeze", "--unfreeze"].map(|o| ["fsfreeze".into(), o.into(), directory.display().to_string()])
}

/// What empties a file system's journal: FAT has none.
fn empty_journal(path: &Path) -> Vec<Vec<String>> {
    if fat::holds(path) {
        return vec![vec!["sync".into(), "-f".into(), path.display().to_string()]];
    }
    freeze_and_thaw(path).into_iter().map(Vec::from).collect()
}

/// A command as it would be typed.
fn typed(argv: &[String]) -> String {
    argv.iter().map(|w| quoted(w)).collect::<Vec<_>>().join(" ")
}

/// The lines that go and the lines that come.
fn change(c: &Change) {
    let text = |b: &Option<Vec<u8>>| match (b, c.method) {
        (Some(b), Method::Variable) => {
            String::from_utf8_lossy(&b.iter().skip(4).step_by(2).copied().collect::<Vec<u8>>()).into_owned()
        }
        (Some(b), _) => String::from_utf8_lossy(b).into_owned(),
        (None, _) => String::new(),
    };
    let (before, after) = (text(&c.before), text(&c.after));
    let what = match (&c.before, &c.after) {
        (_, None) => "remove",
        (None, _) => "create",
        _ => "change",
    };
    line(&harmless(&format!("# {what} {}", c.path.display())));
    let filling = |l: &&str| !l.starts_with("##");
    for old in before.lines().filter(filling).filter(|l| !after.lines().any(|n| n == *l)) {
        line(&harmless(&format!("#   - {old}")));
    }
    for new in after.lines().filter(filling).filter(|l| !before.lines().any(|o| o == *l)) {
        line(&harmless(&format!("#   + {new}")));
    }
}

/// A plan for programs.
pub(super) fn plan_json(plan: &Plan) -> serde_json::Value {
    let action = |a: &Action| match a {
        Action::Run(c) | Action::Freeze { command: c, .. } => {
            let argv: Vec<&str> =
                std::iter::once(c.program).chain(c.args.iter().map(String::as_str)).collect();
            vec![json!({"run": argv})]
        }
        Action::RemoveLeftover { volume, .. } => {
            vec![json!({"run": ["lvremove", "--yes", "--force", volume]})]
        }
        Action::RecordContent { base, .. } => {
            vec![json!({"read": format!("/dev/{}", base.volume.full_name())})]
        }
        Action::Flush(paths) => paths.iter().map(|p| json!({"sync": p})).collect(),
        Action::EmptyJournal(path) => {
            empty_journal(path).into_iter().map(|argv| json!({"run": argv})).collect()
        }
        Action::Copy(copies) => copies.iter().map(|(from, to)| json!({"copy": from, "to": to})).collect(),
        Action::RemoveDirectory(path) => vec![json!({"remove": path})],
        Action::Link { path, to } => vec![json!({"link": path, "to": to})],
        Action::Change(changes) => changes
            .iter()
            .map(|c| match &c.after {
                Some(after) => json!({"write": c.path, "content": String::from_utf8_lossy(after)}),
                None => json!({"remove": c.path}),
            })
            .chain(freezes(changes).into_iter().map(|argv| json!({"run": argv})))
            .collect(),
    };
    let steps: Vec<_> = plan
        .steps
        .iter()
        .map(|s| json!({"name": s.name, "about": s.about, "actions": s.actions.iter().flat_map(action).collect::<Vec<_>>()}))
        .collect();
    json!(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rename() -> Step {
        Step { name: "rename", about: "rename onn/root to n-1-1+1".into(), actions: Vec::new() }
    }

    #[test]
    fn people_read_a_line_when_a_step_begins_and_one_when_it_fails() {
        let step = rename();
        let told = |state, message: &str| human_progress(3, 9, &step, state, message);
        assert_eq!(told(StepState::Start, &step.about).unwrap(), "[3/9] rename onn/root to n-1-1+1");
        assert_eq!(told(StepState::Done, &step.about), None, "the next line says that this step is done");
        assert_eq!(
            told(StepState::Failed, "`lvrename` failed: no\u{1b}[2J").unwrap(),
            "[3/9] rename failed: `lvrename` failed: no␛[2J",
            "what a program said cannot clear the terminal"
        );
    }

    #[test]
    fn programs_read_an_object_at_every_turn_of_a_step() {
        let step = rename();
        for (state, name) in
            [(StepState::Start, "start"), (StepState::Done, "done"), (StepState::Failed, "failed")]
        {
            let told = json_progress(3, 9, &step, state, "a \"message\"");
            let expected =
                json!({"step": 3, "of": 9, "name": "rename", "state": name, "message": "a \"message\""});
            assert_eq!(told, expected);
            assert!(!told.to_string().contains('\n'), "one line an object");
        }
    }

    #[test]
    fn a_plan_shows_the_commands_that_bring_boot_files_to_their_place() {
        let dir = tempfile::tempdir().unwrap();
        let change = |name: &str, method| Change {
            path: dir.path().join(name),
            before: None,
            after: Some(b"title x\n".to_vec()),
            method,
        };
        let at = dir.path().display().to_string();
        let (freeze, thaw) = (["fsfreeze", "--freeze", &at], ["fsfreeze", "--unfreeze", &at]);
        let entries = [change("a.conf", Method::ReplaceForBoot), change("b.conf", Method::ReplaceForBoot)];
        assert_eq!(freezes(&entries), [freeze, thaw, freeze, thaw, freeze, thaw]);
        let removal = Change { after: None, ..entries[0].clone() };
        assert_eq!(freezes(&[removal]), [freeze, thaw], "nothing new has to be in its place first");
        assert!(freezes(&[change("fstab", Method::Replace)]).is_empty());
        let actions = vec![Action::EmptyJournal(dir.path().to_owned()), Action::Change(entries.to_vec())];
        assert_eq!(commands(&actions[0]), [freeze, thaw].map(|argv| argv.join(" ")));
        let step = Step { name: "final", about: String::new(), actions };
        let json = plan_json(&Plan { steps: vec![step], pending: true });
        assert_eq!(json[0]["actions"][0]["run"], json!(freeze));
        assert_eq!(json[0]["actions"][4]["run"], json!(freeze));
    }
}
