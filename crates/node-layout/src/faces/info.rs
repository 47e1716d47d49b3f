//! `nodectl info`: boot entries, layers, the layer that root is.

use super::Tree;
use crate::boot::{BootConfig, counted_by_grubby};
use crate::images::trial::image_of_entry;
use crate::verbs::node::Node;
use node_base::boot_entry::BootEntry;
use serde::{Serialize, Serializer};

/// The answer. Every value is a string, also an index.
#[derive(Debug, Serialize)]
pub(crate) struct Info {
    bootloader: Bootloader,
    #[serde(serialize_with = "as_map")]
    layers: Vec<(String, Vec<String>)>,
    current_layer: String,
}

#[derive(Debug, Serialize)]
struct Bootloader {
    /// Title of the default entry; empty without one.
    default: String,
    /// Entries of layers by their titles, in grubby's order.
    #[serde(serialize_with = "as_map")]
    entries: Vec<(String, Entry)>,
}

/// One entry, with what `grubby --info` shows of it.
#[derive(Debug, Serialize)]
struct Entry {
    blsid: String,
    /// Kernel arguments without `root=`.
    args: String,
    /// The value of `root=`.
    root: String,
    /// Place among all entries, from 0, as grubby counts them.
    index: String,
    title: String,
    /// Path of the kernel in the system.
    kernel: String,
    /// Paths of the initial RAM disks in the system.
    initrd: String,
}

fn as_map<T: Serialize, S: Serializer>(list: &[(String, T)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(list.iter().map(|(key, value)| (key, value)))
}

impl Info {
    /// Reads it from a node.
    pub(crate) fn of(node: &Node<'_>) -> Info {
        let boot = node.boot;
        let mut entries: Vec<(String, Entry)> = Vec::new();
        for (index, entry) in counted_by_grubby(&boot.entries).into_iter().enumerate() {
            if image_of_entry(boot, &entry.id).is_some() {
                let entry = Entry::of(boot, entry, index);
                // Two entries may have one title; both are shown.
                let is_taken = entries.iter().any(|(title, _)| *title == entry.title);
                let key = match is_taken {
                    true => format!("{} [{}]", entry.title, entry.blsid),
                    false => entry.title.clone(),
                };
                entries.push((key, entry));
            }
        }
        Info {
            bootloader: Bootloader { default: boot.default_entry().map(title).unwrap_or_default(), entries },
            layers: Tree::of(node).names(),
            current_layer: node.layer.to_string(),
        }
    }

    /// The answer for people.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("bootloader: \n  default: {}\n  entries: \n", self.bootloader.default);
        for (title, e) in &self.bootloader.entries {
            text += &format!("    {title}: \n");
            let values = [
                ("index", &e.index),
                ("kernel", &e.kernel),
                ("args", &e.args),
                ("root", &e.root),
                ("initrd", &e.initrd),
                ("title", &e.title),
                ("blsid", &e.blsid),
            ];
            values.iter().for_each(|(name, value)| text += &format!("      {name}: {value}\n"));
        }
        text += "layers: \n";
        for (base, layers) in &self.layers {
            text += &format!("  {base}: \n");
            layers.iter().for_each(|layer| text += &format!("    {layer}\n"));
        }
        text + &format!("current_layer: {}\n", self.current_layer)
    }
}

impl Entry {
    fn of(boot: &BootConfig, entry: &BootEntry, index: usize) -> Entry {
        let arguments = boot.arguments(entry);
        let words: Vec<&str> = arguments.words().filter(|w| !w.starts_with("root=")).collect();
        let initrds: Vec<String> = entry.initrds().map(|path| boot.path_in_system(path)).collect();
        Entry {
            blsid: entry.id.clone(),
            args: words.join(" "),
            root: arguments.value("root").unwrap_or_default().to_owned(),
            index: index.to_string(),
            title: title(entry),
            kernel: entry.kernel().map(|path| boot.path_in_system(path)).unwrap_or_default(),
            initrd: initrds.join(" "),
        }
    }
}

/// An entry's title; without one its id, as boot loaders show it.
fn title(entry: &BootEntry) -> String {
    entry.get("title").unwrap_or(&entry.id).to_owned()
}
