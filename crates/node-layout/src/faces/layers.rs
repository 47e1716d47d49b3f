//! Bases and layers by their names.

use crate::disks::{LogicalVolume, TAG_LAYER};
use crate::verbs::node::Node;
use node_base::names::{Layer, Nvr};
use std::collections::BTreeMap;

/// Every image with its layers, oldest first. An image whose base was removed is in it as long as it has layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree(BTreeMap<Nvr, Vec<Layer>>);

impl Tree {
    /// The images of a node.
    pub(crate) fn of(node: &Node<'_>) -> Tree {
        let mut tree: BTreeMap<Nvr, Vec<Layer>> =
            node.images.iter().map(|image| (image.nvr.clone(), Vec::new())).collect();
        let of_group = |v: &&LogicalVolume| v.vg == node.root.vg && (v.has_tag(TAG_LAYER) || *v == node.root);
        for volume in node.lvm.volumes.iter().filter(of_group) {
            if let Some(layer) = Layer::parse(&volume.name) {
                tree.entry(layer.nvr.clone()).or_default().push(layer);
            }
        }
        tree.values_mut().for_each(|layers| layers.sort());
        Tree(tree)
    }

    /// The names of the images, oldest first.
    pub(crate) fn bases(&self) -> Vec<String> {
        self.0.keys().map(Nvr::to_string).collect()
    }

    /// The names of all layers, oldest first.
    pub(crate) fn layers(&self) -> Vec<String> {
        self.0.values().flatten().map(Layer::to_string).collect()
    }

    /// The image of a layer; `None` if there is no such layer.
    pub(crate) fn base_of(&self, layer: &str) -> Option<String> {
        let layer = Layer::parse(layer)?;
        self.0.get(&layer.nvr).filter(|layers| layers.contains(&layer)).map(|_| layer.nvr.to_string())
    }

    /// The names of each image and its layers.
    pub(crate) fn names(&self) -> Vec<(String, Vec<String>)> {
        let names = |layers: &Vec<Layer>| layers.iter().map(Layer::to_string).collect();
        self.0.iter().map(|(nvr, layers)| (nvr.to_string(), names(layers))).collect()
    }

    /// The tree for people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (base, layers) in self.names() {
            text += &format!("{base}\n");
            layers.iter().for_each(|layer| text += &format!(" +- {layer}\n"));
        }
        text
    }
}

/// The device of an image's base or of a layer; `None` if there is no such volume.
pub(crate) fn device(node: &Node<'_>, name: &str) -> Option<String> {
    let is_of_image = Layer::parse(name).is_some() || Nvr::parse(name).is_ok();
    let volume = node.lvm.volume(&node.root.vg, name).filter(|_| is_of_image)?;
    Some(format!("/dev/{}", volume.full_name()))
}
