//! What the directives of a kickstart refer to: codes, and policies that may be files.

use crate::catalogue;
use crate::directives::Surroundings;
use node_base::diagnostic::Code;
use node_base::policy::{Policy, PolicyError, PolicyName};
use std::sync::Arc;

/// The file system of this machine, and every code of this program.
#[derive(Clone, Copy, Debug)]
pub struct ThisMachine;

impl Surroundings for ThisMachine {
    fn codes(&self) -> &'static [&'static Code] {
        catalogue::codes()
    }

    fn policy(&self, name: &PolicyName) -> Result<Arc<Policy>, PolicyError> {
        if let PolicyName::File(path) = name
            // Reading a pipe or a device might never end.
            && path.metadata().is_ok_and(|m| !m.is_file())
        {
            let error = std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file");
            return Err(PolicyError::Read { path: path.display().to_string(), error });
        }
        name.load().map(Arc::new)
    }
}
