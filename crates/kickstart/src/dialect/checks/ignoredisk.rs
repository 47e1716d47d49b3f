//! `ignoredisk`: exactly one way to say which disks count. The reference keeps the options of earlier lines.

use super::super::codes;
use super::super::problems::Fail;
use super::super::state::EarlierIgnoredisk;
use super::line::Line;
use node_base::diagnostic::Finding;

pub(super) fn check(line: &Line<'_, '_>, earlier: &mut EarlierIgnoredisk) -> Result<(), Fail> {
    let options = |name: &str| line.table.options_in(line.place.bit).find(|o| o.names[0] == name);
    if options("--only-use").is_none() {
        return Ok(());
    }
    if line.is_given("--drives") {
        earlier.drives = line.is_set("--drives");
    }
    if line.is_given("--only-use") {
        earlier.only_use = line.is_set("--only-use");
    }
    let interactive = options("--interactive").is_some_and(|o| o.deprecated & line.place.bit == 0);
    let asks = interactive && line.is_given("--interactive");
    match u8::from(earlier.drives) + u8::from(earlier.only_use) + u8::from(asks) {
        1 => {
            if asks {
                earlier.drives = false;
            }
            Ok(())
        }
        0 => {
            let message = "'ignoredisk' needs a list of disks in --drives or --only-use";
            Err(Box::new(
                Finding::new(&codes::MISSING_OPTION, message).at(line.place.span).label("incomplete"),
            ))
        }
        _ => {
            let span = ["--only-use", "--drives"].iter().find_map(|n| line.option(n)).map(|(span, _)| span);
            let message = "'ignoredisk' takes only one of --drives and --only-use, over all its lines";
            let finding = Finding::new(&codes::OPTIONS_CONFLICT, message).at(span.unwrap_or(line.place.span));
            Err(Box::new(finding.help("--only-use=DISKS alone leaves out every other disk")))
        }
    }
}
