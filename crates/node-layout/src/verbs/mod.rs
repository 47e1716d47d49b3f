//! The verbs: what `node-layout` can do with a node. Each decides from the state of the node; those that change something answer
//! with a [plan](mod@crate::plan).

pub(crate) mod arm; // the next boot tries an image
pub(crate) mod confirm; // the running image has proved itself
pub(crate) mod etc; // conflicts in /etc, and pins
pub(crate) mod fail; // what a trial records about itself
pub(crate) mod health; // whether the running image works
pub(crate) mod init; // make base and layer of an installed system
pub(crate) mod kernel; // kernels that are installed in a layer
pub(crate) mod node; // a system whose root is a layer, and its images
pub(crate) mod remove; // an image goes
pub(crate) mod rollback; // an older image becomes the default
pub(crate) mod status; // this host and its trial
pub(crate) mod trial; // steps of a trial that several verbs have
pub(crate) mod update; // a new image beside the old one
mod var; // what an image adds to /var when it is confirmed
pub(crate) mod verify; // check every property of a node
