//! Arrows between rooms point one way, and no files inside a room import each other in a circle.
//!
//! Packages are kept apart by the compiler; this test looks at the imports inside a package, and at what a room may not
//! know of other packages and of the system. The rooms and what each may know are in [`rooms`], which `ARCHITECTURE.md` describes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot read the sources has failed

#[path = "architecture/imports.rs"]
mod imports;
#[path = "architecture/rooms.rs"]
mod rooms;

use imports::{Import, Package};
use rooms::{Knows, PACKAGES};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn packages() -> impl Iterator<Item = (&'static rooms::Rooms, Package)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    PACKAGES.iter().map(move |rooms| (rooms, Package::read(rooms.library, root, rooms.directory)))
}

#[test]
fn a_room_imports_only_rooms_that_it_may_know() {
    let mut broken = Vec::new();
    for (rooms, package) in packages() {
        for file in &package.files {
            let Some((room, knows)) = rooms.room_of(&file.module) else {
                broken.push(format!("{}: in no room of tests/architecture/rooms.rs", file.path));
                continue;
            };
            for import in &file.imports {
                broken.extend(violation(rooms, &package, room, knows, import).map(|what| {
                    format!(
                        "{}:{}: imports {}: room `{room}` {what}",
                        file.path,
                        import.line,
                        import.path.join("::")
                    )
                }));
            }
        }
    }
    assert!(broken.is_empty(), "imports that point the wrong way:\n  {}", broken.join("\n  "));
}

/// Why a room may not import this, if it may not.
fn violation(
    rooms: &rooms::Rooms,
    package: &Package,
    room: &str,
    knows: &Knows,
    import: &Import,
) -> Option<String> {
    let path = import.path.join("::");
    let is_below = |prefix: &&&str| path == **prefix || path.starts_with(&format!("{prefix}::"));
    if let Some(forbidden) = knows.never.iter().find(is_below) {
        return Some(format!("may not know {forbidden}"));
    }
    if import.path.first().is_none_or(|first| *first != package.library) {
        return None;
    }
    let (other, _) = rooms.room_of(&import.path[1..])?;
    (other != room && !knows.rooms.contains(&other))
        .then(|| format!("may not know `{other}` (it knows {})", listed(knows.rooms)))
}

fn listed(rooms: &[&str]) -> String {
    if rooms.is_empty() { "no other room".to_owned() } else { rooms.join(", ") }
}

#[test]
fn what_a_room_may_know_has_no_circle() {
    for rooms in PACKAGES {
        let edges = rooms
            .rooms
            .iter()
            .map(|(room, knows)| (room.to_string(), knows.rooms.iter().map(|k| k.to_string()).collect()));
        let circles = circles(&edges.collect());
        assert!(circles.is_empty(), "{}: rooms that know each other: {circles:?}", rooms.directory);
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut found = Vec::new();
    for (_, package) in packages() {
        let edges: BTreeMap<String, BTreeSet<String>> =
            package.files.iter().map(|file| (file.path.clone(), package.files_imported_by(file))).collect();
        found.extend(circles(&edges));
    }
    let lines: Vec<String> = found.iter().map(|circle| circle.join(" -> ")).collect();
    assert!(lines.is_empty(), "circles (give what they share a lower file):\n  {}", lines.join("\n  "));
}

/// The groups of nodes from each of which every other one can be reached.
fn circles(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reachable = |from: &String| {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&String> = edges.get(from).into_iter().flatten().collect();
        while let Some(node) = next.pop() {
            if seen.insert(node.clone()) {
                next.extend(edges.get(node).into_iter().flatten());
            }
        }
        seen
    };
    let reach: BTreeMap<&String, BTreeSet<String>> =
        edges.keys().map(|node| (node, reachable(node))).collect();
    let mut groups = BTreeSet::new();
    for (node, seen) in &reach {
        if seen.contains(*node) {
            let back = |other: &&String| reach.get(*other).is_some_and(|r| r.contains(*node));
            groups.insert(seen.iter().filter(back).cloned().collect::<Vec<_>>());
        }
    }
    groups.into_iter().collect()
}

#[test]
fn the_readers_of_imports_sees_through_groups_macros_and_reexports() {
    let sources = [
        ("lib.rs", "pub mod a; pub mod b; pub use b::Deep;"),
        ("a.rs", "use crate::{b::{self, Deep}, Deep as D}; fn f() { print!(\"{}\", super::b::x()) }"),
        ("b.rs", "pub struct Deep; #[cfg(test)] mod tests { use crate::a; }"),
    ];
    let package = Package::of_texts("p", &sources);
    let paths = |n: usize| package.files[n].imports.iter().map(|i| i.path.join("::")).collect::<Vec<_>>();
    assert_eq!(paths(1), ["p::b", "p::b::Deep", "p::Deep", "p::b::x"]);
    assert!(paths(2).is_empty(), "what tests import is not an arrow");
    assert_eq!(package.files_imported_by(&package.files[1]), BTreeSet::from(["b.rs".to_owned()]));
    let circle = BTreeMap::from([
        ("x".to_owned(), BTreeSet::from(["y".to_owned()])),
        ("y".to_owned(), BTreeSet::from(["x".to_owned()])),
    ]);
    assert_eq!(circles(&circle), [["x", "y"]]);
}
