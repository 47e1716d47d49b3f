//! What holds for every plan.

use super::{machine, plan, says};
use anaconda_plan::machine::{DeviceId, Firmware, Kind, Role, Slot, Tree, Volume};
use anaconda_plan::{Plan, capacity};
use node_base::units::Bytes;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Request {
    size: u64,
    grow: bool,
    max: Option<u64>,
    disk: Option<usize>,
}

fn request() -> impl Strategy<Value = Request> {
    (1u64..40_000, any::<bool>(), prop::option::of(1u64..80_000), prop::option::of(0usize..3))
        .prop_map(|(size, grow, max, disk)| Request { size, grow, max, disk })
}

fn options(r: &Request) -> String {
    let grow = if r.grow { " --grow" } else { "" };
    let max = r.max.filter(|_| r.grow).map(|m| format!(" --maxsize={}", m.max(r.size))).unwrap_or_default();
    format!("--size={}{grow}{max}", r.size)
}

fn kickstart(parts: &[Request], members: &[Request], volumes: &[Request]) -> String {
    let mut text = "zerombr\nclearpart --all --initlabel\nreqpart --add-boot\n".to_owned();
    let on = |r: &Request| r.disk.map(|d| format!(" --ondisk=vd{}", ['a', 'b', 'c'][d])).unwrap_or_default();
    for (n, r) in parts.iter().enumerate() {
        text += &format!("part /srv/{n} --fstype=ext4 {}{}\n", options(r), on(r));
    }
    let mut names = String::new();
    for (n, r) in members.iter().enumerate() {
        text += &format!("part pv.{n} {}{}\n", options(r), on(r));
        names += &format!(" pv.{n}");
    }
    text +=
        &format!("volgroup vg0{names}\nlogvol none --vgname=vg0 --name=p --thinpool --size=9000 --grow\n");
    text += "logvol / --fstype=ext4 --vgname=vg0 --name=root --thin --poolname=p --size=8000\n";
    for (n, r) in volumes.iter().enumerate() {
        let thin = if n % 2 == 0 { " --thin --poolname=p" } else { "" };
        text += &format!("logvol /v/{n} --fstype=ext4 --vgname=vg0 --name=v{n} {}{thin}\n", options(r));
    }
    text
}

/// No two devices overlap, all lie between whole MiB, no child is larger than its parent.
fn sound(plan: &Plan) -> Result<(), String> {
    let Some(tree) = &plan.tree else { return Ok(()) };
    for disk in tree.disks() {
        let Some(table) = tree.table(disk) else { continue };
        let mut end = 0;
        for e in table.entries.iter().filter(|e| e.slot != Slot::Extended) {
            let name = &tree[disk].name;
            if e.region.start < end {
                return Err(format!("{name}: partition {} overlaps the one before", e.number));
            }
            if e.region.start % table.grain() != 0 || (e.region.end + 1) % table.grain() != 0 {
                return Err(format!("{name}: partition {} is not aligned: {:?}", e.number, e.region));
            }
            if e.region.end >= table.sectors {
                return Err(format!("{name}: partition {} ends behind the disk", e.number));
            }
            end = e.region.end + 1;
        }
    }
    for id in tree.ids() {
        children_fit(tree, id)?;
    }
    Ok(())
}

fn children_fit(tree: &Tree, id: DeviceId) -> Result<(), String> {
    match &tree[id].kind {
        Kind::Group(_) if tree.group_free(id) < 0 => {
            Err(format!("{} promises more than it has", tree[id].name))
        }
        Kind::Group(_) => {
            let members: Bytes = tree[id].parents.iter().map(|&p| tree.size(p)).sum();
            let fits = tree.size(id) <= members;
            if fits { Ok(()) } else { Err(format!("{} is larger than its members", tree[id].name)) }
        }
        Kind::Volume(Volume { role: Role::Pool { .. }, size, group, .. }) if *size > tree.size(*group) => {
            Err(format!("{} is larger than its group", tree[id].name))
        }
        _ => Ok(()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn layouts_are_sound(
        parts in prop::collection::vec(request(), 0..6),
        members in prop::collection::vec(request(), 1..4),
        volumes in prop::collection::vec(request(), 0..5),
        sizes in prop::array::uniform3(20u64..400),
        bios in any::<bool>(),
        label in prop::sample::select(vec!["", ",label=msdos,part=1GiB:ext4", ",label=gpt,part=5GiB:xfs"]),
        release in prop::sample::select(vec!["RHEL8", "RHEL9", "RHEL10", "F46"]),
    ) {
        let disks: Vec<String> =
            sizes.iter().zip(["vda", "vdb", "vdc"]).map(|(s, n)| format!("{n}={s}GiB{label}")).collect();
        let disks: Vec<&str> = disks.iter().map(String::as_str).collect();
        let firmware = if bios { Firmware::Bios } else { Firmware::Uefi };
        let text = kickstart(&parts, &members, &volumes);
        for text in [text.clone(), text.replace("clearpart --all --initlabel", "clearpart --none")] {
            let plan = plan(&text, release, "none", &machine(firmware, &disks));
            if let Err(wrong) = sound(&plan) {
                prop_assert!(false, "{wrong}\n{text}\n{disks:?}\n{}", says(&plan));
            }
        }
    }

    #[test]
    fn more_space_never_holds_fewer_images(gib in 40u64..2000, more in 0u64..2000) {
        let text = "zerombr\nclearpart --all --initlabel\nautopart --type=thinp\n";
        let fit = |gib: u64| {
            let disk = format!("sda={gib}GiB");
            let plan = plan(text, "RHEL9", "ovirt-node", &machine(Firmware::Uefi, &[&disk]));
            plan.tree.as_ref().map_or(0, |t| capacity::planned(t, None).fit)
        };
        prop_assert!(fit(gib) <= fit(gib + more));
    }
}
