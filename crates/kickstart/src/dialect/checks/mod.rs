//! Conditions on the arguments of a command together. Most are in the tables, as `[[check]]` ([`mod@declared`]); those
//! that are not simple are functions here, one file for each command.

mod autopart;
mod btrfs;
mod declared;
mod ignoredisk;
mod key;
mod line;
mod mount;
mod multipath;
mod network;
mod nvdimm;
mod part;
mod raid;
mod realm;
mod snapshot;
mod volgroup;

pub(super) use declared::{count, declared, outdated};
pub(super) use line::Line;
pub(super) use realm::realm;

use super::codes;
use super::problems::Fail;
use super::state::State;
use super::tables::number;
use node_base::diagnostic::{Code, Reported};

/// The conditions that are written in Rust.
pub(super) fn special(table: u16, line: &Line<'_, '_>, state: &mut State<'_>) -> Result<(), Fail> {
    match table {
        number::AUTOPART => autopart::check(line, &mut state.autopart),
        number::BTRFS => btrfs::check(line),
        number::IGNOREDISK => ignoredisk::check(line, &mut state.ignoredisk),
        number::KEY => key::check(line),
        number::MOUNT => mount::check(line),
        number::MULTIPATH => multipath::check(line, &mut state.multipath),
        number::NETWORK => network::check(line),
        number::NVDIMM => nvdimm::check(line),
        number::PART => part::check(line),
        number::RAID => raid::check(line),
        number::SNAPSHOT => snapshot::check(line, &mut state.snapshots),
        number::VOLGROUP | number::STRATISPOOL => volgroup::check(line),
        _ => Ok(()),
    }
}

/// A condition that is not met, with how the reference reports it: for `nvdimm` without a line, as it looks at the options that it
/// needs and refuses after it has read the line.
pub(super) fn as_reported(table: u16, fail: Fail) -> Fail {
    let names_no_line = [&codes::MISSING_OPTION, &codes::OPTIONS_CONFLICT].contains(&fail.code);
    if table == number::NVDIMM && names_no_line {
        return Box::new(fail.reported(Reported::WithoutLine));
    }
    fail
}

/// Whether the conditions that are written in Rust come before those of the table: the first version of the command has them.
pub(super) fn is_special_first(table: u16) -> bool {
    matches!(table, number::RAID | number::VOLGROUP)
}

/// Whether the reference warns of a duplicate before it finds this wrong with the line. The first version of a command looks for
/// duplicates when it has the words of the line; the conditions that later versions added come after that.
pub(super) fn is_behind_duplicates(table: u16, fail: &Fail) -> bool {
    let is = |code: &'static Code| fail.code == code;
    match table {
        number::LOGVOL | number::NETWORK | number::PART | number::RAID | number::VOLGROUP => {
            !is(&codes::MISSING_ARGUMENT) && !is(&codes::UNEXPECTED_ARGUMENT) && !is(&codes::NOT_AN_INTEGER)
        }
        number::BTRFS => is(&codes::OPTIONS_CONFLICT),
        _ => false,
    }
}
