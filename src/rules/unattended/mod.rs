//! Where an unattended installation would stop and ask.
//!
//! What a release requires was read in Anaconda's branches rhel-7 (21.48), rhel-8 (33.16), rhel-9 (34.25), rhel-10 (40.22)
//! and main (45.21): a spoke that is `mandatory` and not `completed` stops the text interface with a menu, and ends an
//! installation in command-line mode (`pyanaconda/ui/tui/hubs/summary.py`). For older installers the rules report
//! nothing.
//!
//! What seems to be missing may be in an included file that was not read: then the rules about missing commands report
//! nothing.

mod administrator; // UNA002
mod disks; // UNA006, UNA007
mod first_boot; // UNA011
mod init_failure; // UNA010
mod interface; // UNA003, UNA013
mod network; // UNA015
mod network_codes; // what is reported about network lines
mod network_together; // UNA021, of several lines
mod network_values; // UNA020, UNA021
mod packages; // UNA017, UNA018, UNA019
mod partitioning; // UNA001, UNA016
mod passphrase; // UNA012
mod prompts; // UNA009
mod reboot; // UNA008
mod rescue; // UNA014
mod source; // UNA004, UNA005

use crate::rules::Rule;

/// The rules of this family, in the order of their codes.
pub(crate) static RULES: &[&Rule] = &[
    &partitioning::RULE,
    &administrator::RULE,
    &interface::RULE,
    &source::RULE,
    &disks::RULE,
    &reboot::RULE,
    &prompts::RULE,
    &init_failure::RULE,
    &first_boot::RULE,
    &passphrase::RULE,
    &rescue::RULE,
    &network::RULE,
    &packages::RULE,
    &network_values::RULE,
];
