//! What waits for the confirmation of an image, as a file. It is below the live /var: both the old and the new layer see it, and
//! it goes when everything is added.

use super::compare::{Additions, Differing};
use super::error::VarError;
use crate::sync::{escaped, unescaped};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where the records are, one file an image.
pub(crate) const RECORDS: &str = "/var/lib/node-layout/additions";

/// The name of the record of an image.
pub(crate) fn file_name(nvr: &str) -> String {
    format!("{nvr}.json")
}

/// What waits for the confirmation of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// What is added, each with everything in it; paths below /var.
    pub(crate) add: Vec<PathBuf>,
    /// What the image has in another version.
    pub(crate) differing: Vec<Differing>,
}

#[derive(Serialize, Deserialize)]
struct Form {
    schema: u32,
    add: Vec<String>,
    differ: Vec<FormDiffering>,
}

#[derive(Serialize, Deserialize)]
struct FormDiffering {
    path: String,
    what: String,
}

impl Record {
    /// The record as the text of its file.
    pub(crate) fn text(additions: &Additions) -> String {
        let form = Form {
            schema: 1,
            add: additions.add.iter().map(|path| escaped(path)).collect(),
            differ: additions
                .differing
                .iter()
                .map(|file| FormDiffering { path: escaped(&file.path), what: file.what.clone() })
                .collect(),
        };
        // Serialising plain structures to a string cannot fail.
        serde_json::to_string_pretty(&form).unwrap_or_default() + "\n"
    }

    /// Reads the text of a record. Paths that do not lie below /var are left out.
    ///
    /// # Errors
    /// [`VarError::Record`]; `file` is named in it.
    pub(crate) fn parse(text: &str, file: &Path) -> Result<Record, VarError> {
        let failed = |why: String| VarError::Record { path: file.to_owned(), why };
        let form: Form = serde_json::from_str(text).map_err(|error| failed(error.to_string()))?;
        if form.schema != 1 {
            return Err(failed(format!("schema {} is not known", form.schema)));
        }
        let differing =
            |file: FormDiffering| Some(Differing { path: unescaped(&file.path)?, what: file.what });
        Ok(Record {
            add: form.add.iter().filter_map(|path| unescaped(path)).collect(),
            differing: form.differ.into_iter().filter_map(differing).collect(),
        })
    }
}
