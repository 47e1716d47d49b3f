use super::{custom, mib, replace};
use crate::rules::view::{automatic_metadata, positive};
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};

declare_code! {
    /// The metadata of the thin pool is smaller than LVM would make it.
    ///
    /// ## Why
    /// Every chunk of every volume and snapshot needs space in the metadata. When the metadata is full the pool stops,
    /// even if there is room for data: upgrades have failed because of this. Without `--metadatasize` the installer makes
    /// the metadata large enough for the pool, and the layout's initialisation extends it.
    ///
    /// ## Example
    /// ```text
    /// logvol none --vgname=HostVG --name=HostPool --thinpool --metadatasize=16 --size=204800
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol none --vgname=HostVG --name=HostPool --thinpool --size=204800
    /// ```
    ///
    /// ## Source
    /// blivet and LVM: 64 bytes a chunk, at least 4 MiB; rhbz#1432359.
    static CODE = "NODE017", "pool-metadata-too-small", Node, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((_, view)) = custom(context) else { return };
    for pool in view.pools.iter().filter(|p| p.accepted) {
        let Some(stated) = positive(pool.command, "--metadatasize") else { continue };
        let Some(size) = pool.size.at_least() else { continue };
        let size = size.max(view.sums.promised(pool).sum);
        let wanted = automatic_metadata(size, pool.command.int("--chunksize"));
        if stated >= wanted {
            continue;
        }
        let at_least = if pool.size.at_most() == Some(size) { "" } else { "at least " };
        let mut finding = Finding::new(
            &CODE,
            format!(
                "the metadata of the pool '{}' has {stated}; {at_least}{} of data need {wanted}",
                pool.name,
                mib(size)
            ),
        )
        .at(pool.command.option_span("--metadatasize").unwrap_or(pool.command.span))
        .help("leave out '--metadatasize': the installer chooses a size that fits the pool");
        if let Some(value) = pool.command.value("--metadatasize") {
            finding = finding.fix(replace(
                value.span,
                format!("make it {wanted}"),
                wanted.0.to_string(),
                Applicability::Unsafe,
            ));
        }
        findings.push(finding);
    }
}
