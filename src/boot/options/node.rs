//! Arguments of the `org_ovirt_node` add-on: the operator's last word on a PXE host.

use super::{BootOption, Takes};

pub(super) static OPTIONS: &[BootOption] = &[
    BootOption::new("ovirt_node.policy", Takes::Text, "layout policy, over --policy of the add-on's section"),
    BootOption::new(
        "ovirt_node.enforce",
        Takes::Choice(&["error", "warn", "off"]),
        "what a violated policy does, over --enforce of the add-on's section",
    ),
    BootOption::new("ovirt_node.nvr", Takes::Text, "name of the image, over --nvr of the add-on's section"),
    BootOption::new(
        "ovirt_node.layout",
        Takes::Choice(&["init", "skip"]),
        "whether the layout is made, over the layout line of the add-on's section",
    ),
];
