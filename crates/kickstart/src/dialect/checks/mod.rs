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

pub(super) use declared::{declared, outdated};
pub(super) use line::Line;
pub(super) use realm::realm;

use super::problems::Fail;
use super::state::State;
use super::tables::number;

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
