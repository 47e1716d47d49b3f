//! `node-layout list`.

use super::common::{Common, Format};
use super::policy::policy;
use super::print;
use crate::images::{Image, ImageState, Volume, list};
use anyhow::Context;
use node_base::units::Bytes;
use std::process::ExitCode;

/// Options of `list`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Policy with the expected size of an image: the name of a built-in one, or a TOML file; without it, the one that init
    /// has recorded
    #[arg(long, value_name = "NAME|FILE", allow_hyphen_values = true)]
    policy: Option<String>,
}

/// Lists the images.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let chosen = policy(args.policy.as_deref(), &args.common.sysroot()?)?;
    let (tools, system) = args.common.read(None, None)?;
    let lvm = system.lvm.as_ref().map_err(|e| anyhow::anyhow!("{e}")).context("LVM cannot be read")?;
    let images = list(&system, lvm, &chosen.policy, &tools);
    if args.common.format == Format::Json {
        print::json_line(&images);
        return Ok(ExitCode::SUCCESS);
    }
    for image in &images.images {
        match &image.base {
            Some(base) => print::sentence(&format!("{}{}", described(base), state(image))),
            None => print::sentence(&format!("{}  (no base)", image.nvr)),
        }
        image.layers.iter().for_each(|l| print::sentence(&format!(" +- {}", described(l))));
    }
    if images.images.is_empty() {
        print::sentence("no images: this machine has no node layout");
    }
    if let Some(pool) = &images.pool {
        let percent = |p: Option<f64>| p.map_or_else(|| "?".to_owned(), |p| format!("{p:.1} %"));
        print::sentence(&format!(
            "pool {}  {}, data {}, metadata {} of {}",
            pool.volume,
            pool.size,
            percent(pool.data_percent),
            percent(pool.metadata_percent),
            pool.metadata_size
        ));
    }
    if let Some(room) = images.room {
        let limit = room.limited_by.described();
        let text =
            format!("room for {} images, {} more than there are; limited by {limit}", room.fit, room.more);
        print::sentence(&text);
    }
    for remark in &images.remarks {
        print::sentence(&format!("note: {}", node_base::harmless::harmless(remark)));
    }
    Ok(ExitCode::SUCCESS)
}

/// The state of an image that is not confirmed.
fn state(image: &Image) -> String {
    match (&image.reason, image.state) {
        (_, ImageState::Good) => String::new(),
        (Some(reason), state) => format!(", {state} ({})", node_base::harmless::harmless(reason)),
        (None, state) => format!(", {state}"),
    }
}

fn described(v: &Volume) -> String {
    let known = |b: Option<Bytes>| b.map_or_else(|| "?".to_owned(), |b| b.to_string());
    let mut text =
        format!("{}  {}, uses {}, alone {}", v.volume, v.size, known(v.mapped), known(v.exclusive));
    for (is, word) in [(v.booted, "booted"), (v.default, "default"), (!v.writable, "read-only")] {
        if is {
            text.push_str(", ");
            text.push_str(word);
        }
    }
    text
}
