//! Images: the state of a node, what belongs to an image, and the list of all images.

pub(crate) mod kept; // kernel and initramfs kept for an image
mod list; // all images, their use of the pool, and how many fit
mod state; // what a system is made of, and how far init has come
pub(crate) mod trial; // states of images
pub(crate) mod trial_units; // units of a trial

pub use list::{Fit, Image, ImageList, Pool, Volume, list};
pub(crate) use state::{FIRST_LAYER, is_leftover, is_unfinished, node_state, usable_name};
pub use state::{InitStage, NodeState};
pub use trial::{ImageState, ImageStatus, Reason, states};
pub use trial_units::{CONFIRM_WITHIN, TrialContent, TrialFile, TrialUnit, trial_files, units};
