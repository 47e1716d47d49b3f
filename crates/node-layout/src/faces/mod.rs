//! What the original programs `nodectl` (ovirt-node-ng 4.4) and `imgbase` (imgbased 1.2.26) answer, derived from the same system
//! and the same findings as the answers of `node-layout`. Names of members and of checks are theirs: cockpit and scripts read them.

mod health; // nodectl check, imgbase check
mod info; // nodectl info
mod layers; // imgbase layout, and what names one image
mod login; // what is shown at a login

pub(crate) use health::{Health, Overall};
pub(crate) use info::Info;
pub(crate) use layers::{Tree, device};
pub(crate) use login::{Motd, addresses, addresses_command};
