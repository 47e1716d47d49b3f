//! Findings, plans and progress as text and as JSON.

use super::etc_files::{files_json, human};
use super::var_files;
use crate::files::Change;
use crate::machine::quoted;
use crate::plan::{Amount, Operation, Plan, Progress, Step, StepState};
use node_base::console::columns;
use node_base::diagnostic::Finding;
use node_base::diagnostic::json::{Diagnostics, SCHEMA};
use node_base::fold::{folded, wrapped};
use node_base::harmless::{harmless, harmless_json};
use node_base::source::Sources;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

/// What the further lines of a sentence are indented by.
const INDENT: usize = 4;

/// The same of a help, below its first word.
const HELP_INDENT: usize = 8;

/// Prints a line as it is, however wide the terminal is: a command to type, a line of a file, a line for a program. A closed
/// standard output is not an error.
pub(super) fn verbatim(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints a sentence for people. On a terminal that is too narrow for it, it continues in further lines, which are indented.
pub(super) fn sentence(text: &str) {
    indented(text, INDENT);
}

fn indented(text: &str, indent: usize) {
    verbatim(&folded(text, columns(std::io::stdout()), indent));
}

/// Prints a sentence among commands, as a comment of the shell; so are its further lines.
pub(super) fn comment(text: &str) {
    verbatim(&folded_comment(&format!("# {text}"), columns(std::io::stdout())));
}

/// What a line of [`comment`] begins with, if it is not the first one.
const FURTHER_COMMENT: &str = "#     ";

/// A comment of the shell on one line, or on several where it is wider than `width` columns.
fn folded_comment(text: &str, width: Option<usize>) -> String {
    wrapped(text, width, FURTHER_COMMENT.len()).replace('\n', &format!("\n{FURTHER_COMMENT}"))
}

/// Prints a JSON value on a line of its own.
pub(super) fn json_line(value: &impl serde::Serialize) {
    // Serialising plain structures to a string cannot fail.
    verbatim(&harmless_json(serde_json::to_string(value).unwrap_or_default()));
}

/// Progress for people: one line a step, and one more if it fails.
pub(super) struct HumanProgress;

impl Progress for HumanProgress {
    fn step(&mut self, number: usize, of: usize, step: &Step, state: StepState, message: &str) {
        if let Some(text) = human_progress(number, of, step, state, message) {
            sentence(&text);
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

/// No progress: only the outcome is told.
pub(super) struct Silent;

impl Progress for Silent {
    fn step(&mut self, _: usize, _: usize, _: &Step, _: StepState, _: &str) {}
}

/// Progress for programs: one JSON object a line.
pub(super) struct JsonProgress;

impl Progress for JsonProgress {
    fn step(&mut self, number: usize, of: usize, step: &Step, state: StepState, message: &str) {
        json_line(&json_progress(number, of, step, state, message));
    }
}

fn json_progress(number: usize, of: usize, step: &Step, state: StepState, message: &str) -> Value {
    let state = match state {
        StepState::Start => "start",
        StepState::Done => "done",
        StepState::Failed => "failed",
    };
    json!({"schema": SCHEMA, "step": number, "of": of, "name": step.name, "state": state, "message": message})
}

/// Findings for people.
pub(super) fn findings(list: &[Finding]) {
    for f in list {
        sentence(&format!("{}[{}]: {}", f.severity, f.code.id, harmless(&f.message)));
        if let Some(help) = &f.help {
            indented(&format!("  help: {}", harmless(help)), HELP_INDENT);
        }
    }
}

/// Findings for programs, in the shape of `ks-lint`'s reports.
pub(super) fn findings_json(list: &[Finding]) -> Value {
    // They are about a machine, not about a text: none has a span.
    let sources = Sources::new();
    let mut diagnostics = Diagnostics::new(&sources);
    json!(list.iter().map(|f| diagnostics.of(f)).collect::<Vec<_>>())
}

/// A plan for people: the commands as one would type them, and what changes in which file.
pub(super) fn plan(plan: &Plan) {
    plan_lines(plan, columns(std::io::stdout())).iter().for_each(|line| verbatim(line));
}

/// A plan for people on a terminal of so many columns: comments are folded, commands and lines of files are not.
pub fn plan_lines(plan: &Plan, width: Option<usize>) -> Vec<String> {
    let shown = |line: PlanLine| match line {
        PlanLine::Whole(text) => harmless(&text).into_owned(),
        PlanLine::Comment(text) => folded_comment(&harmless(&text), width),
    };
    let described_step = |step: &Step| {
        let title = PlanLine::Comment(format!("# {}: {}", step.name, step.about));
        let operations = step.actions.iter().flat_map(|action| action.operations());
        let lines = [title].into_iter().chain(operations.flat_map(|operation| described(&operation)));
        lines.map(shown).collect::<Vec<_>>()
    };
    plan.steps.iter().flat_map(described_step).collect()
}

/// A line of a plan for people.
enum PlanLine {
    /// A command to type, or a line of a file.
    Whole(String),
    /// A sentence behind a `#`.
    Comment(String),
}

fn described(operation: &Operation<'_>) -> Vec<PlanLine> {
    use PlanLine::{Comment, Whole};
    let quoted = |p: &Path| quoted(&p.display().to_string());
    match operation {
        Operation::Run(command) => vec![Whole(command.to_string())],
        Operation::Read(path) => vec![Comment(format!("# read {}", path.display()))],
        Operation::Change(change) => difference(change),
        Operation::Sync(path) => vec![Whole(format!("sync -f {}", quoted(path)))],
        Operation::Copy(from, to) => {
            let directory = to.parent().map(|d| format!("mkdir -p {}", quoted(d)));
            let copy = format!("cp {} {}", quoted(from), quoted(to));
            directory.into_iter().chain([copy]).map(Whole).collect()
        }
        Operation::RemoveDirectory(path) => vec![Whole(format!("rm -r {}", quoted(path)))],
        Operation::Link(path, to) => vec![Whole(format!("ln -s {} {}", quoted(to), quoted(path)))],
        Operation::MergeEtc(merge) => {
            let what = format!(
                "# merge {} and {} into {}",
                merge.trees.ours.display(),
                merge.trees.theirs.display(),
                merge.to.display()
            );
            let files = human(&merge.planned).into_iter().map(|line| format!("#   {line}"));
            [what].into_iter().chain(files).map(Comment).collect()
        }
        Operation::RestoreEtc(merge) => vec![Comment(format!(
            "# put back in {} what packages have changed in the files of this host",
            merge.to.display()
        ))],
        Operation::Renumber(root, ids) => {
            let change = |option: &str, ids: &std::collections::BTreeMap<u32, u32>| -> Vec<String> {
                ids.iter().map(|(from, to)| format!("#   {option} {from} becomes {to}")).collect()
            };
            let what = format!("# change the owners below {}", quoted(root));
            let lines = [vec![what], change("user", &ids.users), change("group", &ids.groups)].concat();
            lines.into_iter().map(Comment).collect()
        }
        Operation::RecordVar(record) => var_files::human(record).into_iter().map(Comment).collect(),
        Operation::Add(from, to, paths) => {
            let add = |path: &std::path::PathBuf| format!("#   add {}", to.join(path).display());
            let what = format!("# copy from {} to {} what is missing there", from.display(), to.display());
            [what].into_iter().chain(paths.iter().map(add)).map(Comment).collect()
        }
        Operation::PlaceVersion(from, path, to) => {
            let (from, to) = (from.join(path), to.join(path));
            vec![Comment(format!("# put {} in the place of {}", from.display(), to.display()))]
        }
        Operation::Synchronise(from, to, amount) => {
            let Amount { made, changed, removed, bytes } = amount;
            vec![Comment(format!(
                "# make {} equal to {}: {made} files new, {changed} changed, {removed} removed, {bytes} to write",
                to.display(),
                from.display()
            ))]
        }
    }
}

/// The removed and the added lines of a file.
fn difference(change: &Change) -> Vec<PlanLine> {
    let [before, after] = change.texts();
    let what = match (&change.before, &change.after) {
        (_, None) => "remove",
        (None, _) => "create",
        _ => "change",
    };
    let mut lines = vec![PlanLine::Comment(format!("# {what} {}", change.path.display()))];
    let is_padding = |l: &&str| l.starts_with("##");
    let only = |of: &str, other: &str, sign: char| -> Vec<PlanLine> {
        let of = of.lines().filter(|l| !is_padding(l) && !other.lines().any(|o| o == *l));
        of.map(|l| PlanLine::Whole(format!("#   {sign} {l}"))).collect()
    };
    lines.extend(only(&before, &after, '-'));
    lines.extend(only(&after, &before, '+'));
    lines
}

/// A plan as the program prints it with `--format json`: a list of steps (`schemas/layout-work.schema.json`).
pub fn plan_json(plan: &Plan) -> Value {
    let operation = |operation: Operation<'_>| match operation {
        Operation::Run(command) => json!({"run": command.argv()}),
        Operation::Read(path) => json!({"read": path}),
        Operation::Change(Change { path, after: Some(after), .. }) => {
            json!({"write": path, "content": String::from_utf8_lossy(after)})
        }
        Operation::Change(Change { path, after: None, .. }) => json!({"remove": path}),
        Operation::Sync(path) => json!({"sync": path}),
        Operation::Copy(from, to) => json!({"copy": from, "to": to}),
        Operation::RemoveDirectory(path) => json!({"remove": path}),
        Operation::Link(path, to) => json!({"link": path, "to": to}),
        Operation::MergeEtc(merge) => json!({
            "merge": merge.to,
            "base": merge.trees.base,
            "ours": merge.trees.ours,
            "theirs": merge.trees.theirs,
            "files": files_json(&merge.planned),
        }),
        Operation::RestoreEtc(merge) => json!({"restore": merge.to, "from": merge.trees.ours}),
        Operation::Renumber(root, ids) => json!({"owners": root, "users": ids.users, "groups": ids.groups}),
        Operation::RecordVar(record) => var_files::json(record),
        Operation::Add(from, to, paths) => json!({"add": paths, "from": from, "to": to}),
        Operation::PlaceVersion(from, path, to) => json!({"put": from.join(path), "to": to.join(path)}),
        Operation::Synchronise(from, to, amount) => {
            let Amount { made, changed, removed, bytes } = amount;
            let files = json!({"new": made, "changed": changed, "removed": removed});
            json!({"synchronise": to, "with": from, "files": files, "bytes": bytes})
        }
    };
    let step = |step: &Step| {
        let operations = step.actions.iter().flat_map(|action| action.operations());
        let actions: Vec<Value> = operations.map(operation).collect();
        json!({"name": step.name, "about": step.about, "actions": actions})
    };
    json!(plan.steps.iter().map(step).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Method;
    use crate::machine::Command;
    use crate::plan::Action;

    fn rename() -> Step {
        Step { name: "rename", about: "rename onn/root to n-1-1+1".into(), actions: Vec::new() }
    }

    #[test]
    fn people_get_a_line_when_a_step_begins_and_one_when_it_fails() {
        let step = rename();
        let text = |state, message: &str| human_progress(3, 9, &step, state, message);
        assert_eq!(text(StepState::Start, &step.about).unwrap(), "[3/9] rename onn/root to n-1-1+1");
        assert_eq!(text(StepState::Done, &step.about), None, "the next line says that this step is done");
        assert_eq!(
            text(StepState::Failed, "`lvrename` failed: no\u{1b}[2J").unwrap(),
            "[3/9] rename failed: `lvrename` failed: no␛[2J",
            "the output of a program cannot clear the terminal"
        );
    }

    #[test]
    fn programs_get_an_object_at_every_change_of_a_step() {
        let step = rename();
        for (state, name) in
            [(StepState::Start, "start"), (StepState::Done, "done"), (StepState::Failed, "failed")]
        {
            let object = json_progress(3, 9, &step, state, "a \"message\"");
            let expected = json!({"schema": 1, "step": 3, "of": 9, "name": "rename", "state": name, "message": "a \"message\""});
            assert_eq!(object, expected);
            assert!(!object.to_string().contains('\n'), "one line an object");
        }
    }

    #[test]
    fn text_and_json_of_a_plan_have_the_same_commands() {
        let path = tempfile::tempdir().unwrap().path().join("a.conf");
        let change = |after: Option<&str>| Change {
            path: path.clone(),
            before: Some(b"old\nsame\n".to_vec()),
            after: after.map(|t| t.as_bytes().to_vec()),
            method: Method::Replace,
            like: None,
        };
        let actions = vec![
            Action::Run(Command::new("lvchange", ["--addtag", "it's", "vg/a"])),
            Action::Change(vec![change(Some("new\nsame\n")), change(None)]),
            Action::Copy(vec![("/a".into(), "/b/c".into())]),
        ];
        let step = Step { name: "final", about: "the last step".into(), actions };
        let plan = Plan { steps: vec![step], pending: true };
        let text = plan_lines(&plan, None);
        let file = path.display();
        let expected = [
            "# final: the last step".to_owned(),
            "lvchange --addtag 'it'\\''s' vg/a".to_owned(),
            format!("# change {file}"),
            "#   - old".to_owned(),
            "#   + new".to_owned(),
            format!("# remove {file}"),
            "#   - old".to_owned(),
            "#   - same".to_owned(),
            "mkdir -p /b".to_owned(),
            "cp /a /b/c".to_owned(),
        ];
        assert_eq!(text, expected);
        let json = plan_json(&plan);
        let expected = json!([
            {"run": ["lvchange", "--addtag", "it's", "vg/a"]},
            {"write": path, "content": "new\nsame\n"},
            {"remove": path},
            {"copy": "/a", "to": "/b/c"},
        ]);
        assert_eq!(json[0]["actions"], expected);
    }

    #[test]
    fn a_comment_stays_a_comment_when_it_is_folded_and_when_a_name_has_a_line_feed() {
        let text = "# read /a file\nreboot";
        assert_eq!(folded_comment(text, None), "# read /a file\n#     reboot");
        let long = "# merge the files of the image into those of the host";
        assert_eq!(
            folded_comment(long, Some(40)),
            "# merge the files of the image\n#     into those of the host"
        );
    }

    #[test]
    fn findings_have_the_members_of_every_report() {
        let finding = Finding::new(&node_base::diagnostic::layout::PENDING, "m").help("h");
        let expected = json!([{
            "code": "LAY060", "name": "pending", "category": "layout", "severity": "info", "message": "m",
            "help": "h", "span": null, "related": [], "fix": null,
        }]);
        assert_eq!(findings_json(&[finding]), expected);
    }
}
