use super::sums::positive;
use super::{custom, mib, replace};
use crate::rules::Context;
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings, Safety};
use node_base::units::{Bytes, MiB};

declare_code! {
    /// The metadata of the thin pool is stated smaller than LVM itself would make it.
    ///
    /// ## Why
    /// Every chunk of every volume and snapshot takes room in the metadata. When it is full the pool stops, however
    /// much data would still fit: upgrades have failed because of it. Without `--metadatasize` the installer makes it
    /// large enough for the pool, and the layout's initialisation extends it.
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
    pub(super) static CODE = "NODE017", "pool-metadata-too-small", Node, Warning;
}

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((_, view)) = custom(context) else { return };
    for pool in view.pools.iter().filter(|p| p.accepted) {
        let Some(stated) = positive(pool.command, "--metadatasize") else { continue };
        let Some(size) = pool.size.at_least() else { continue };
        let size = size.max(view.sums.promised(pool).sum);
        let wanted = automatic(size, pool.command.int("--chunksize"));
        if stated >= wanted {
            continue;
        }
        let at_least = if pool.size.at_most() == Some(size) { "" } else { "at least " };
        let mut finding = Finding::new(
            &CODE,
            format!(
                "the metadata of the pool '{}' is stated as {stated}; for {at_least}{} of data it takes {wanted}",
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
                Safety::Unsafe,
            ));
        }
        findings.push(finding);
    }
}

/// The metadata that LVM gives a pool by itself: 64 bytes for each chunk (64 KiB unless stated otherwise), between
/// 4 MiB and 16978542592 bytes, in extents of 4 MiB.
pub(super) fn automatic(pool: MiB, chunk_kib: Option<i64>) -> MiB {
    const EXTENT: Bytes = Bytes(4 << 20);
    let chunk =
        chunk_kib.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(64).saturating_mul(1024);
    let bytes = (u128::from(pool.bytes().0) * 64).div_ceil(u128::from(chunk));
    let bytes = Bytes(bytes.clamp(4 << 20, 16_978_542_592) as u64);
    bytes.extents_ceil(EXTENT).bytes(EXTENT).mib_ceil()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_what_the_installer_was_seen_to_make() {
        assert_eq!(automatic(MiB(117_412), None), MiB(116), "a pool of 114.66 GiB");
        assert_eq!(automatic(MiB(1), None), MiB(4), "never less than an extent");
        assert_eq!(automatic(MiB(102_400), Some(256)), MiB(28), "larger chunks take less");
        assert_eq!(automatic(MiB(u64::MAX), Some(-1)), MiB(16192), "never more than LVM can address");
    }
}
