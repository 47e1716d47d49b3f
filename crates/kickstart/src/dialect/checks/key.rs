//! `key`: one installation number, or `--skip`.

use super::super::codes;
use super::super::problems::Fail;
use super::line::Line;
use node_base::diagnostic::Finding;

pub(super) fn check(line: &Line<'_, '_>) -> Result<(), Fail> {
    if line.is_given("--skip") {
        return Ok(());
    }
    if line.seen.positionals == 0 {
        let message = "'key' needs an installation number or --skip";
        return Err(Box::new(Finding::new(&codes::MISSING_ARGUMENT, message).at(line.place.span)));
    }
    let refused = line.positionals().find(|v| v.text.starts_with('-')).or_else(|| line.positionals().nth(1));
    match refused {
        None => Ok(()),
        Some(word) => {
            let message = format!("'key' takes one installation number, not '{}'", word.text);
            Err(Box::new(Finding::new(&codes::UNEXPECTED_ARGUMENT, message).at(word.span)))
        }
    }
}
