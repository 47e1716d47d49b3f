//! Kernel parameters of oVirt Node 3.x and older, whose images configured themselves from the command line. Nothing of
//! the 4.x series reads them (facts of the scripts `ovirt-init-functions.sh`, `ovirt-boot-functions` and `ovirt-auto-install`).

mod check; // checks of them
mod node; // what they ask for
mod parameters; // the table
mod scripts; // what only %post can do
mod translate; // a kickstart and a command line
pub mod values;
mod writer; // what the parts of a translation share // forms of their values

pub use check::{check, mixed};
pub use node::Node;
pub use parameters::{PARAMETERS, Parameter, ParameterForm};
pub use translate::{Translation, translate};

use node_base::cmdline::CommandLine;

/// The parameter of this name or former name.
pub fn find(name: &str) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|p| p.name == name || p.aliases.contains(&name))
}

/// Whether a command line is one of an old node: it has parameters that nothing else knows, and none of Anaconda's.
pub fn is_legacy(line: &CommandLine<'_>) -> bool {
    !line.any_starting("inst.") && line.words.iter().any(|w| find(&w.name).is_some_and(|p| p.telling))
}
