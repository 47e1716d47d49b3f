//! `node-layout list`.

use super::{Common, Format, output};
use crate::layout::list::{Volume, list};
use anyhow::Context;
use std::process::ExitCode;

/// Options.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
}

/// Lists the images.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (_, system) = args.common.read(None, None)?;
    let lvm = system.lvm.as_ref().map_err(|e| anyhow::anyhow!("{e}")).context("LVM cannot be read")?;
    let images = list(&system, lvm);
    if args.common.format == Format::Json {
        output::line(&serde_json::to_string(&images)?);
        return Ok(ExitCode::SUCCESS);
    }
    let describe = |v: &Volume| {
        let mut text = format!("{}  {}, {} in the pool", v.volume, v.size, v.mapped);
        for (is, word) in [(v.booted, "booted"), (v.default, "default"), (!v.writable, "read-only")] {
            if is {
                text.push_str(", ");
                text.push_str(word);
            }
        }
        text
    };
    for image in &images.images {
        match &image.base {
            Some(base) => output::line(&describe(base)),
            None => output::line(&format!("{}  (no base)", image.nvr)),
        }
        image.layers.iter().for_each(|l| output::line(&format!(" +- {}", describe(l))));
    }
    match &images.pool {
        Some(pool) => {
            let percent = |p: Option<f64>| p.map_or_else(|| "?".to_owned(), |p| format!("{p:.1} %"));
            output::line(&format!(
                "pool {}  {}, data {}, metadata {}",
                pool.volume,
                pool.size,
                percent(pool.data_percent),
                percent(pool.metadata_percent)
            ));
        }
        None => output::line("no images: this machine has no node layout"),
    }
    Ok(ExitCode::SUCCESS)
}
