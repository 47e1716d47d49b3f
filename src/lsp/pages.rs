//! Pages that an editor opens: the documentation of findings, pictures of plans. They are files in a directory of this process, which
//! is removed when the server ends.

use super::uri;
use crate::report::reference;
use gen_lsp_types::Uri;
use node_base::diagnostic::Code;
use std::collections::HashMap;
use std::io;
use std::path::Path;
use tempfile::TempDir;

/// The pages that were written.
#[derive(Debug, Default)]
pub(super) struct Pages {
    directory: Option<TempDir>,
    /// By the name of the code; `None` for a page that could not be written.
    of_codes: HashMap<&'static str, Option<Uri>>,
}

impl Pages {
    /// The address of the page of a finding: the published one, else a file. `None` where no file can be written.
    pub(super) fn of_code(&mut self, code: &'static Code) -> Option<Uri> {
        if let Some(known) = self.of_codes.get(code.id) {
            return known.clone();
        }
        let page = match code.address() {
            Some(address) => Some(Uri(address)),
            None => reference::pages(&[code]).next().and_then(|(name, text)| self.write(&name, &text).ok()),
        };
        self.of_codes.insert(code.id, page.clone());
        page
    }

    /// Writes a page, in place of an earlier one of the same name.
    ///
    /// # Errors
    /// The directory for temporary files cannot be written to.
    pub(super) fn write(&mut self, name: &str, text: &str) -> Result<Uri, String> {
        let path = self.directory().and_then(|directory| {
            let path = directory.join(name);
            std::fs::write(&path, text).map(|()| path)
        });
        let place = std::env::temp_dir();
        let path = path.map_err(|error| format!("{}: {name} cannot be written: {error}", place.display()))?;
        uri::of(&path).ok_or_else(|| format!("{}: not an absolute path", path.display()))
    }

    fn directory(&mut self) -> io::Result<&Path> {
        let directory = match self.directory.take() {
            // Whatever tidies temporary files may have removed it.
            Some(directory) if directory.path().is_dir() => directory,
            _ => tempfile::Builder::new().prefix("ks-lint-").tempdir()?,
        };
        Ok(self.directory.insert(directory).path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn pages_are_written_once_and_removed_at_the_end() {
        let mut pages = Pages::default();
        let code = catalogue::find("NODE011").unwrap();
        let page = uri::path(&pages.of_code(code).unwrap()).unwrap();
        assert!(std::fs::read_to_string(&page).unwrap().starts_with("# NODE011: boot-too-small\n"));
        std::fs::remove_dir_all(page.parent().unwrap()).unwrap();
        let picture = uri::path(&pages.write("plan.svg", "<svg/>").unwrap()).unwrap();
        assert_eq!(std::fs::read_to_string(&picture).unwrap(), "<svg/>");
        drop(pages);
        assert!(!picture.parent().unwrap().exists());
    }
}
