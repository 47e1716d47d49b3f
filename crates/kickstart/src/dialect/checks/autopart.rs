//! `autopart`: the type and the file system. The reference keeps some options of earlier `autopart` lines.

use super::super::problems::{Fail, conflict, refused};
use super::super::state::EarlierAutopart;
use super::super::tables::Table;
use super::super::version::{Family, Version};
use super::line::Line;
use node_base::source::Span;

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

pub(super) fn check(line: &Line<'_, '_>, earlier: &mut EarlierAutopart) -> Result<(), Fail> {
    let version = line.place.version;
    if !has(line.table, line.place.bit, "--fstype") {
        return Ok(());
    }
    // --nolvm is --type=plain; the later of the two wins.
    let at = |name: &str| line.option(name).map(|(span, _)| span.start);
    if let Some(nolvm) = at("--nolvm")
        && at("--type").is_none_or(|kind| kind < nolvm)
    {
        earlier.kind = Some("plain".to_owned());
    } else if let Some(kind) = line.value("--type") {
        earlier.kind = Some(kind.text.to_ascii_lowercase());
    }
    if let Some(fstype) = line.value("--fstype") {
        earlier.fstype = fstype.text.clone().into_owned();
    }
    earlier.escrowcert |= line.is_set("--escrowcert");
    earlier.cipher |= line.is_set("--cipher");
    let kind = earlier.kind.as_deref().unwrap_or_default();
    let type_span: Span = line.span("--type");
    let fstype_span: Span = line.span("--fstype");
    if earlier.fstype == "btrfs" {
        let message = "--fstype of 'autopart' must not be 'btrfs'".to_owned();
        return Err(refused(fstype_span, message, Some("use --type=btrfs".to_owned())));
    }
    if kind == "btrfs" && !earlier.fstype.is_empty() {
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
            "--fstype" => !earlier.fstype.is_empty(),
            "--escrowcert" => earlier.escrowcert,
            "--cipher" => earlier.cipher,
            name => line.is_set(name),
        });
        if let Some(name) = refused {
            return Err(conflict((type_span, "--type=stratis"), (line.span(name), name), None, line.place));
        }
    }
    Ok(())
}
