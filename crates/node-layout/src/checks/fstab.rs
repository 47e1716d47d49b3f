//! `/etc/fstab` can be read, and mounts the layer's volume at `/`.

use crate::boot::{Target, TextFile};
use crate::disks::{Fstab, LogicalVolume};
use crate::files::ReadError;
use node_base::diagnostic::{Finding, layout};

/// The lines of `/etc/fstab`.
///
/// # Errors
/// Why it cannot be used.
pub(crate) fn readable(fstab: &Result<Option<TextFile>, ReadError>) -> Result<Fstab, Box<Finding>> {
    let unreadable = |why: String| {
        let help = "restore it, or write a new one: the next boot mounts nothing but /";
        Finding::new(&layout::FSTAB_ROOT, format!("/etc/fstab cannot be read: {why}")).help(help)
    };
    match fstab {
        Ok(Some(file)) => Ok(Fstab::parse(&file.text)),
        Ok(None) => Err(Box::new(unreadable("it does not exist".to_owned()))),
        Err(ReadError::NotUtf8 { line, .. }) => {
            let help = "write that line in UTF-8 (iconv), or without the characters that are not ASCII";
            Err(Box::new(unreadable(format!("it is not UTF-8 in line {line}")).help(help)))
        }
        Err(error) => Err(Box::new(unreadable(error.to_string()))),
    }
}

/// Every line for `/` mounts the layer's volume.
pub(crate) fn mounts_root(fstab: &Fstab, target: &Target, root: &LogicalVolume) -> Vec<Finding> {
    let mut sources: Vec<String> =
        fstab.mountings().into_iter().filter(|m| m.target == "/").map(|m| m.source).collect();
    if sources.is_empty() {
        sources.push("nothing".to_owned());
    }
    let wrong = sources.into_iter().filter(|source| !target.is_root(source));
    let finding = |source| {
        let message = format!("/etc/fstab mounts / from {source}, and / is {}", root.full_name());
        Finding::new(&layout::FSTAB_ROOT, message)
            .help(format!("write {} as the source of /", target.device()))
    };
    wrong.map(finding).collect()
}
