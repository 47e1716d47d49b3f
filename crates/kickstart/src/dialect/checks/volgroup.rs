//! `volgroup` and `stratispool`: a name, then members for a new one and none for one that exists.

use super::super::codes;
use super::super::problems::Fail;
use super::line::Line;
use node_base::diagnostic::Finding;

pub(super) fn check(line: &Line<'_, '_>) -> Result<(), Fail> {
    let (what, members) = if line.place.word == "volgroup" {
        ("the name of the volume group", "its physical volumes, such as pv.01")
    } else {
        ("the name of the pool", "its block devices")
    };
    let missing = |what: &str| -> Result<(), Fail> {
        let message = format!("'{}' needs {what}", line.place.word);
        Err(Box::new(Finding::new(&codes::MISSING_ARGUMENT, message).at(line.place.span).label("incomplete")))
    };
    // Words after an option are members, too; then the reference takes no other word as one.
    let named = line.seen.positionals - line.seen.extras;
    let count = if line.seen.extras > 0 { line.seen.extras } else { named.saturating_sub(1) };
    let flag = ["--useexisting", "--noformat"].into_iter().find(|flag| line.is_given(flag));
    if named == 0 {
        return missing(what);
    }
    match flag {
        None if count == 0 => missing(members),
        Some(flag) if count > 0 => {
            let message = format!("'{}' takes no members with {flag}: it exists", line.place.word);
            let span = line.positionals().nth(1).map_or(line.place.span, |v| v.span);
            let finding = Finding::new(&codes::UNEXPECTED_ARGUMENT, message).at(span);
            Err(Box::new(finding.related(line.span(flag), "it exists")))
        }
        _ => Ok(()),
    }
}
