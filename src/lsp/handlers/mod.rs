//! What the server answers: one feature, one file.

pub(super) mod code_action; // fixes, waivers
pub(super) mod completion; // words that may come next
pub(super) mod diagnostics; // findings
pub(super) mod folding; // sections and comments
pub(super) mod formatting; // the layout made regular
pub(super) mod hints; // sizes behind numbers
pub(super) mod hover; // what a word means
pub(super) mod lens; // the plan's verdict
pub(super) mod links; // included files, URLs
pub(super) mod references; // where a name is made and used
pub(super) mod rename; // another name
pub(super) mod symbols; // sections and the storage tree
pub(super) mod tokens; // colours
