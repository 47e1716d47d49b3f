//! The verbs: what `node-layout` can do with a node. Each decides from the state of the node; those that change something answer
//! with a [plan](mod@crate::plan).

pub(crate) mod init; // make base and layer of an installed system
pub(crate) mod verify; // check every property of a node
