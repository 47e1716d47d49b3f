//! What kind of text a file is, when it is not a plain kickstart: a template of one, or the language of another installer.

mod codes; // what is reported about the kind
pub(crate) mod filled_in; // values that are not known yet
mod language; // files of other installers
mod template; // marks of template engines

pub(crate) use codes::CODES;
pub(crate) use language::{kickstart_commands, other_language};
pub(crate) use template::{Template, marks_of_one_line};
