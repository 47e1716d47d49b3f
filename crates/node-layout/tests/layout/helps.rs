//! What a finding about a machine advises, done to the model: the finding is gone, and no error is new. Most advice is for a person;
//! [`BY_A_PERSON`] says why, for each code.

use crate::model::{Model, policy};
use crate::trial::done;
use node_base::diagnostic::{Finding, layout};
use node_layout::{Command, Depth, Tools, repair, verify};
use std::collections::BTreeSet;

/// Codes with a help that is a command, which [`apply`] runs in `verified.rs` or `after_trial.rs`.
const BY_A_COMMAND: &[&str] =
    &["LAY028", "LAY029", "LAY032", "LAY041", "LAY043", "LAY044", "LAY046", "LAY065", "LAY066"];

/// Why no program can do what a finding advises.
#[derive(Clone, Copy, Debug)]
enum Why {
    /// It is about how the host was installed: a new installation, or an image, has to be another one.
    Installation,
    /// The disks, the firmware, or programs that are not installed.
    Machine,
    /// There are several ways, and what the host has does not say which one is meant: what to remove, which name.
    Choice,
    /// A file of the administrator, in which other programs write, too.
    File,
    /// The command is given again, perhaps in another way. (For LAY045, an interrupted `init`, `interrupted.rs` does it.)
    Again,
    /// Nothing is wrong, or time changes it.
    Remark,
}

/// The codes of which no help is a command of this kind.
const BY_A_PERSON: &[(&str, Why)] = &[
    ("LAY001", Why::Installation),
    ("LAY002", Why::Machine),
    ("LAY003", Why::Machine),
    ("LAY004", Why::Again),
    ("LAY005", Why::Again),
    ("LAY010", Why::Installation),
    ("LAY011", Why::Installation),
    ("LAY012", Why::File),
    ("LAY013", Why::Installation),
    ("LAY014", Why::Installation),
    ("LAY015", Why::Installation),
    ("LAY020", Why::Machine),
    ("LAY021", Why::Choice),
    ("LAY022", Why::File),
    ("LAY023", Why::Choice),
    ("LAY024", Why::Choice),
    ("LAY025", Why::File),
    ("LAY026", Why::Machine),
    ("LAY027", Why::Remark),
    ("LAY030", Why::Choice),
    ("LAY031", Why::Choice),
    ("LAY033", Why::Machine),
    ("LAY034", Why::Machine),
    ("LAY040", Why::Choice),
    ("LAY042", Why::Choice),
    ("LAY045", Why::Again),
    ("LAY047", Why::Remark),
    ("LAY050", Why::File),
    ("LAY051", Why::Machine),
    ("LAY060", Why::Remark),
    ("LAY061", Why::Choice),
    ("LAY062", Why::Again),
    ("LAY063", Why::Remark),
    ("LAY064", Why::Again),
    ("LAY067", Why::Remark),
    ("LAY068", Why::Choice),
    ("LAY080", Why::Again),
    ("LAY081", Why::Again),
    ("LAY082", Why::Remark),
    ("LAY083", Why::Installation),
    ("LAY084", Why::Choice),
    ("LAY085", Why::Machine),
    ("LAY086", Why::Remark),
    ("LAY087", Why::Choice),
    ("LAY088", Why::Choice),
    ("LAY089", Why::Choice),
    ("LAY090", Why::File),
    ("LAY091", Why::Choice),
    ("LAY092", Why::Choice),
];

#[test]
fn every_code_is_done_by_a_command_or_says_why_not() {
    let all: BTreeSet<&str> = layout::CODES.iter().map(|code| code.id).collect();
    let listed: Vec<&str> =
        BY_A_COMMAND.iter().copied().chain(BY_A_PERSON.iter().map(|(code, _)| *code)).collect();
    let once: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(listed.len(), once.len(), "a code is listed twice");
    assert_eq!(once, all, "codes without an entry, or entries without a code");
}

/// Does what a finding of `verify` advises, if it is a command for this model. Then the finding is gone, no error is new, and `true`
/// is returned.
#[track_caller]
pub(crate) fn apply(model: &Model, finding: &Finding) -> bool {
    let advice = finding.help.as_deref().unwrap_or_default();
    let command = advice.split([';', ',']).next().unwrap_or_default();
    let words: Vec<&str> = command.trim_start_matches("run ").split(' ').collect();
    match words[..] {
        // A word in capitals is for a person to fill in.
        [program @ ("lvchange" | "vgchange"), ref arguments @ ..]
            if !arguments.iter().any(|word| word.chars().all(char::is_uppercase)) =>
        {
            let program = if program == "lvchange" { "lvchange" } else { "vgchange" };
            Tools::run(model, &Command::new(program, arguments.iter().copied())).unwrap();
        }
        ["node-layout", "init", ..] => {
            model.init().unwrap();
        }
        ["node-layout", "verify", "--repair", ..] => {
            done(model, &repair(&model.running(), model).unwrap());
        }
        _ => return false,
    }
    let code = finding.code.id;
    assert!(BY_A_COMMAND.contains(&code), "the advice of {code} was done: it belongs into BY_A_COMMAND");
    let left = verify(&model.running(), &policy(), model, Depth::Properties);
    assert!(
        !left.iter().any(|f| (f.code.id, &f.message) == (code, &finding.message)),
        "{code} is still there after '{advice}': {left:#?}"
    );
    true
}
