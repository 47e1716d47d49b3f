//! How a verb that changes something answers: refused, planned, done or failed, as text or as JSON.

use super::common::Format;
use super::etc_files;
use super::print::{self, HumanProgress, JsonProgress, Silent};
use crate::checks::has_errors;
use crate::machine::{Tools, quoted};
use crate::plan::{self, Action, EtcMerge, Plan, Progress, Undo};
use crate::verbs::update::Needs;
use node_base::console::{COULD_NOT, error_line};
use node_base::diagnostic::json::SCHEMA;
use node_base::diagnostic::{Finding, Severity};
use node_base::harmless::{harmless, harmless_line};
use node_base::units::Bytes;
use serde_json::json;
use std::fmt;
use std::process::ExitCode;

/// What the work is about: how the system that was read is understood.
#[derive(Debug, serde::Serialize)]
pub(super) struct Subject {
    /// The name of the operating system.
    pub(super) os: Option<String>,
    /// Root's volume, `VG/LV`.
    pub(super) root: String,
    /// The image's name.
    pub(super) image: String,
    /// Where the image's name comes from; `None` if it is that of the existing layer.
    pub(super) image_from: Option<&'static str>,
    /// The policy's name.
    pub(super) policy: String,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let os = self.os.as_deref().unwrap_or("a system without os-release");
        write!(f, "{os} on {}; image {}", self.root, self.image)?;
        if let Some(from) = self.image_from {
            write!(f, " (from {from})")?;
        }
        write!(f, ", policy '{}'", self.policy)
    }
}

/// The result of a verb: a stable word for programs, and a sentence for people.
pub(super) struct Outcome {
    pub(super) result: &'static str,
    pub(super) message: String,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Human,
    Json,
    /// `nodectl`'s: `success` and `reason`, without progress.
    Nodectl {
        machine_readable: bool,
    },
}

/// The text of `nodectl` about work that was not done.
pub(super) fn failure(reason: &str) -> String {
    let lines: Vec<String> = reason.lines().map(|line| format!("    {line}\n")).collect();
    format!("Status: Failure\n  Reason:\n{}", lines.concat())
}

/// Prints the answer of a verb.
pub(super) struct Answer {
    form: Form,
    /// Known as soon as the state of the node is.
    pub(super) subject: Option<Subject>,
    /// Variables that the caller has chosen for the programs of a plan.
    pub(super) environment: Vec<(&'static str, String)>,
    /// What a new image needs.
    pub(super) needs: Option<Needs>,
    /// Whether a plan shows the differences of the files of /etc that it merges.
    pub(super) shows_etc: bool,
}

impl Answer {
    pub(super) fn new(format: Format) -> Answer {
        Answer::in_form(match format {
            Format::Human => Form::Human,
            Format::Json => Form::Json,
        })
    }

    /// Answers as `nodectl` does.
    pub(super) fn of_nodectl(machine_readable: bool) -> Answer {
        Answer::in_form(Form::Nodectl { machine_readable })
    }

    fn in_form(form: Form) -> Answer {
        Answer { form, subject: None, environment: Vec::new(), needs: None, shows_etc: false }
    }

    /// The work could not be done, and no verb has answered yet.
    pub(super) fn could_not(&self, reason: &str) -> ExitCode {
        match self.form {
            Form::Human => error_line("node-layout", reason),
            Form::Json => self.json("failed", reason, &[]),
            Form::Nodectl { machine_readable } => not_done(machine_readable, reason),
        }
        ExitCode::from(COULD_NOT)
    }

    /// The work was refused, and nothing was changed.
    pub(super) fn refused(&self, findings: &[Finding]) -> ExitCode {
        let message = "refused; nothing was changed";
        match self.form {
            Form::Human => {
                print::findings(findings);
                print::sentence(message);
            }
            Form::Json => self.json("refused", message, findings),
            Form::Nodectl { machine_readable } => not_done(machine_readable, &reasons(findings)),
        }
        ExitCode::from(1)
    }

    /// Shows a plan. `nothing` is the line for a plan without steps.
    pub(super) fn planned(&self, plan: &Plan, nothing: &str, findings: &[Finding]) -> ExitCode {
        match self.form {
            // nodectl plans nothing.
            Form::Human | Form::Nodectl { .. } => {
                print::findings(findings);
                if let Some(subject) = &self.subject {
                    print::comment(&harmless(&subject.to_string()));
                }
                for line in self.needs.iter().flat_map(described_needs) {
                    print::comment(&line);
                }
                for (name, value) in &self.environment {
                    print::verbatim(&format!("export {name}={}", harmless(&quoted(value))));
                }
                print::plan(plan);
                for merge in self.merges(plan) {
                    etc_files::differences(merge)
                        .iter()
                        .for_each(|line| print::verbatim(&harmless_line(line)));
                }
                if plan.steps.is_empty() {
                    print::sentence(nothing);
                }
            }
            Form::Json => {
                let findings = print::findings_json(findings);
                let mut answer = json!({
                    "schema": SCHEMA,
                    "result": "planned",
                    "of": self.subject,
                    "steps": print::plan_json(plan),
                    "findings": findings,
                    "diagnostics": findings,
                });
                if let Some(needs) = &self.needs {
                    answer["needs"] = json!(needs);
                }
                let differences = self.merges(plan).flat_map(etc_files::differences_json);
                if self.shows_etc {
                    answer["diff"] = differences.collect();
                }
                if !self.environment.is_empty() {
                    answer["environment"] = self.environment.iter().cloned().collect();
                }
                print::json_line(&answer);
            }
        }
        ExitCode::SUCCESS
    }

    /// The merges of /etc in a plan whose differences are shown.
    fn merges<'p>(&self, plan: &'p Plan) -> impl Iterator<Item = &'p EtcMerge> {
        let actions = plan.steps.iter().filter(|_| self.shows_etc).flat_map(|step| &step.actions);
        actions.filter_map(|action| match action {
            Action::MergeEtc(merge) => Some(&**merge),
            _ => None,
        })
    }

    /// Does the steps of a plan, with progress.
    pub(super) fn run(
        &self,
        tools: &dyn Tools,
        plan: &Plan,
        undo: &dyn Undo,
        outcome: &Outcome,
        findings: &[Finding],
    ) -> ExitCode {
        if let (Form::Human, Some(subject)) = (self.form, &self.subject) {
            print::sentence(&harmless(&subject.to_string()));
        }
        let mut progress: Box<dyn Progress> = match self.form {
            Form::Human => Box::new(HumanProgress),
            Form::Json => Box::new(JsonProgress),
            Form::Nodectl { .. } => Box::new(Silent),
        };
        match plan::run(tools, plan, undo, progress.as_mut()) {
            Ok(()) => self.done(outcome, findings),
            Err(failure) => {
                let message = failure.to_string();
                match self.form {
                    Form::Human => error_line("node-layout", &message),
                    Form::Json => self.json("failed", &message, findings),
                    Form::Nodectl { machine_readable } => not_done(machine_readable, &message),
                }
                ExitCode::from(COULD_NOT)
            }
        }
    }

    /// The work is done.
    pub(super) fn done(&self, outcome: &Outcome, findings: &[Finding]) -> ExitCode {
        match self.form {
            Form::Human => {
                print::findings(findings);
                print::sentence(&outcome.message);
            }
            Form::Json => self.json(outcome.result, &outcome.message, findings),
            Form::Nodectl { machine_readable: true } => print::json_line(&json!({"success": true})),
            Form::Nodectl { machine_readable: false } => {
                print::verbatim(&format!("Status: Success\n  {}", harmless(&outcome.message)));
            }
        }
        ExitCode::SUCCESS
    }

    fn json(&self, result: &str, message: &str, findings: &[Finding]) {
        let findings = print::findings_json(findings);
        let answer = json!({
            "schema": SCHEMA,
            "result": result,
            "message": message,
            "of": self.subject,
            "findings": findings,
            "diagnostics": findings,
        });
        print::json_line(&answer);
    }
}

/// The answer of `nodectl` when the work was not done. In JSON the reason is on standard error, too, where it is seen when the caller
/// drops the answer of a failed call.
fn not_done(machine_readable: bool, reason: &str) {
    if machine_readable {
        print::json_line(&nodectl_failure(reason));
        error_line("nodectl", reason);
    } else {
        print::verbatim(harmless(&failure(reason)).trim_end());
    }
}

/// The answer of `nodectl --machine-readable` when the work was not done.
pub(super) fn nodectl_failure(reason: &str) -> serde_json::Value {
    json!({"success": false, "reason": reason})
}

/// Findings as one text: the message of each, and what to do. Of errors and warnings only the errors.
pub(super) fn reasons(findings: &[Finding]) -> String {
    let has_errors = has_errors(findings);
    let relevant = findings.iter().filter(|f| !has_errors || f.severity == Severity::Error);
    let lines = relevant.flat_map(|f| [Some(f.message.as_str()), f.help.as_deref()]);
    lines.flatten().collect::<Vec<_>>().join("\n")
}

/// What a new image needs, one line a place.
fn described_needs(needs: &Needs) -> Vec<String> {
    let line = |what: &str, needed: Bytes, free: Option<Bytes>| {
        let needed = needed.mib_ceil();
        let free = free.map_or_else(|| "not known".to_owned(), |free| format!("{} MiB", free.mib_floor().0));
        format!("{what}: needs {} MiB, has {free} to give", needed.0)
    };
    vec![
        line("data of the pool", needs.pool_data, needs.pool_data_free),
        line("metadata of the pool", needs.pool_metadata, needs.pool_metadata_free),
        line("/boot", needs.boot, needs.boot_free),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodectl_tells_errors_with_what_to_do_and_no_warnings() {
        use node_base::diagnostic::layout;
        let warning = Finding::new(&layout::DISCARD, "a warning").help("not this");
        let error = Finding::new(&layout::ROOT_NOT_THIN, "an error").help("install again");
        let reason = reasons(&[warning.clone(), error]);
        assert_eq!(reason, "an error\ninstall again");
        assert_eq!(reasons(&[warning]), "a warning\nnot this", "what is refused has a reason");
        assert_eq!(failure(&reason), "Status: Failure\n  Reason:\n    an error\n    install again\n");
        assert_eq!(nodectl_failure("x"), json!({"success": false, "reason": "x"}));
    }

    #[test]
    fn the_subject_is_described_in_one_line() {
        let mut subject = Subject {
            os: Some("oVirt Node 4.5.6".into()),
            root: "onn/root".into(),
            image: "node-1-1".into(),
            image_from: Some("--nvr"),
            policy: "ovirt-node".into(),
        };
        assert_eq!(
            subject.to_string(),
            "oVirt Node 4.5.6 on onn/root; image node-1-1 (from --nvr), policy 'ovirt-node'"
        );
        (subject.os, subject.image_from) = (None, None);
        assert_eq!(
            subject.to_string(),
            "a system without os-release on onn/root; image node-1-1, policy 'ovirt-node'"
        );
    }
}
