//! `autopart`: the type and the file system. The reference keeps what earlier `autopart` lines said.

use super::super::problems::{Fail, conflict, refused};
use super::super::tables::Table;
use super::super::version::{Family, Version};
use super::Line;
use node_base::source::Span;

/// What the lines so far said and a later line does not reset.
#[derive(Default)]
pub(in super::super) struct Said {
    kind: Option<String>,
    fstype: String,
    escrowcert: bool,
    cipher: bool,
}

/// Options that mean nothing to Stratis (pykickstart 3.78, `F45_AutoPart`).
const NOT_FOR_STRATIS: [&str; 10] = [
    "--luks-version",
    "--pbkdf",
    "--pbkdf-memory",
    "--pbkdf-time",
    "--pbkdf-iterations",
    "--hw-passphrase",
    "--escrowcert",
    "--backuppassphrase",
    "--cipher",
    "--fstype",
];

fn has(table: &Table, bit: u64, option: &str) -> bool {
    table.options_in(bit).any(|o| o.names[0] == option)
}

pub(super) fn check(line: &Line<'_, '_>, said: &mut Said) -> Result<(), Fail> {
    let version = line.place.version;
    if !has(line.table, line.place.bit, "--fstype") {
        return Ok(());
    }
    // --nolvm is --type=plain; the later of the two wins.
    let at = |name: &str| line.option(name).map(|(span, _)| span.start);
    if let Some(nolvm) = at("--nolvm")
        && at("--type").is_none_or(|kind| kind < nolvm)
    {
        said.kind = Some("plain".to_owned());
    } else if let Some(kind) = line.value("--type") {
        said.kind = Some(kind.text.to_ascii_lowercase());
    }
    if let Some(fstype) = line.value("--fstype") {
        said.fstype = fstype.text.clone().into_owned();
    }
    said.escrowcert |= line.is_set("--escrowcert");
    said.cipher |= line.is_set("--cipher");
    let kind = said.kind.as_deref().unwrap_or_default();
    let type_span: Span = line.span("--type");
    let fstype_span: Span = line.span("--fstype");
    if said.fstype == "btrfs" {
        let message = "--fstype of 'autopart' must not be 'btrfs'".to_owned();
        return Err(refused(fstype_span, message, Some("use --type=btrfs".to_owned())));
    }
    if kind == "btrfs" && !said.fstype.is_empty() {
        return Err(conflict((type_span, "--type=btrfs"), (fstype_span, "--fstype"), None, line.place));
    }
    let rhel_without_btrfs = version.family == Family::Rhel && (8..=10).contains(&version.release);
    if kind == "btrfs" && rhel_without_btrfs {
        let message = format!("--type of 'autopart' must not be 'btrfs' in {version}: RHEL has no btrfs");
        return Err(refused(
            line.value_span("--type"),
            message,
            Some("use --type=lvm or --type=thinp".to_owned()),
        ));
    }
    if kind == "stratis" && version.is_at_least(Version::fedora(45)) {
        let refused = NOT_FOR_STRATIS.iter().find(|name| match **name {
            "--fstype" => !said.fstype.is_empty(),
            "--escrowcert" => said.escrowcert,
            "--cipher" => said.cipher,
            name => line.is_set(name),
        });
        if let Some(name) = refused {
            return Err(conflict((type_span, "--type=stratis"), (line.span(name), name), None, line.place));
        }
    }
    Ok(())
}
