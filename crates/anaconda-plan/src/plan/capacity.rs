//! How many images fit on a planned layout, by [`node_base::capacity`].

use crate::machine::device::{Kind, Role, Volume};
use crate::machine::id::DeviceId;
use crate::machine::tree::Tree;
use node_base::capacity::{Capacity, Room, expected, images};
use node_base::policy::Policy;

/// The room for images of a planned layout: the pool that root is in, `/boot`, and the policy's expectations.
/// The volumes beside root are new and empty. `None` if root is not in a thin pool.
pub fn room(tree: &Tree, policy: Option<&Policy>) -> Option<Room> {
    let pool = root_pool(tree)?;
    let Some(Volume { role: Role::Pool { metadata, chunk }, size, .. }) = tree[pool].volume() else {
        return None;
    };
    let none = Policy::default();
    let boot = tree.mounted("/boot").map(|b| tree.size(b));
    Some(expected(policy.unwrap_or(&none), *size, *metadata, *chunk, boot))
}

/// The thin pool that root is in.
pub fn root_pool(tree: &Tree) -> Option<DeviceId> {
    let mut root = tree.mounted("/")?;
    if let Kind::Luks = tree[root].kind {
        root = *tree[root].parents.first()?;
    }
    match tree[root].volume()?.role {
        Role::Thin { pool } => Some(pool),
        _ => None,
    }
}

/// How many images fit on a planned layout.
pub fn planned(tree: &Tree, policy: Option<&Policy>) -> Capacity {
    room(tree, policy).map_or(Capacity::NONE, |room| images(&room))
}
