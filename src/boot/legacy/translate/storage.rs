//! The disks and volumes of an old node, laid out as the policy of today's nodes asks for.

use crate::boot::legacy::values::{DiskName, Size};
use crate::boot::legacy::writer::{Writer, is_plain};
use node_base::policy::Policy;
use node_base::units::MiB;
use std::fmt::Write;

impl Writer<'_> {
    /// Names of the disks of a group, with remarks.
    fn disks(&self, group: &[DiskName], text: &mut String) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for disk in group {
            let name = match disk {
                DiskName::Device(name) => name.clone(),
                // udev links a disk as BUS-ID_SERIAL. A pattern would do for ignoredisk, but not for part --ondisk
                // (Anaconda, `resolve_device`).
                DiskName::Serial { bus, serial } if bus.is_empty() => {
                    let _ = writeln!(
                        text,
                        "# The disk with the serial number {serial}: REPLACE scsi by its bus, as \"ls /dev/disk/by-id\" shows it."
                    );
                    format!("disk/by-id/scsi-{serial}")
                }
                DiskName::Serial { bus, serial } => {
                    let _ = writeln!(
                        text,
                        "# The disk with the serial number {serial}; \"ls /dev/disk/by-id\" shows its name."
                    );
                    format!("disk/by-id/{bus}-{serial}")
                }
                DiskName::First => {
                    text.push_str(
                        "# storage_init asked for the first disk: REPLACE sda if that is another one.\n",
                    );
                    "sda".to_owned()
                }
                DiskName::All(bus) => {
                    let _ = writeln!(
                        text,
                        "# storage_init asked for all disks of the bus {bus}: REPLACE sda by their names."
                    );
                    "sda".to_owned()
                }
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    pub(super) fn storage(&mut self, policy: &Policy, text: &mut String) -> Vec<String> {
        let node = self.node;
        self.done.extend(["storage_init", "storage_vol", "install", "reinstall", "firstboot", "uninstall"]);
        let first = [DiskName::First];
        let host = if node.disks.0.is_empty() { &first[..] } else { &node.disks.0[..] };
        let host = self.disks(host, text);
        let app: Vec<String> =
            self.disks(&node.disks.1, text).into_iter().filter(|d| !host.contains(d)).collect();
        let all: Vec<&str> = host.iter().chain(&app).map(String::as_str).collect();
        let _ = writeln!(
            text,
            "# ALL DATA ON {} IS LOST.\nignoredisk --only-use={disks}\nzerombr\nclearpart --all --initlabel --drives={disks}",
            all.join(" AND "),
            disks = all.join(",")
        );
        let _ = write!(text, "bootloader --timeout=1 --boot-drive={}", host[0]);
        let append: Vec<String> = ["crashkernel", "console"]
            .into_iter()
            .filter_map(|name| Some(format!("{name}={}", self.plain(name)?)))
            .collect();
        if !append.is_empty() {
            let _ = write!(text, " --append=\"{}\"", append.join(" "));
        }
        text.push_str("\n\nreqpart\n");
        let boot = self.size("Boot", policy.boot.min.unwrap_or(MiB(1024)), "/boot", text);
        let _ = writeln!(text, "part /boot --fstype=xfs --size={} --ondisk={}", boot.0, host[0]);
        self.volume_group(policy, &host, text);
        if !app.is_empty() {
            self.application_group(&app, text);
        }
        host.into_iter().chain(app).collect()
    }

    /// The old size, brought up to the least one, with a remark when they differ.
    fn size(&self, name: &str, least: MiB, mount: &str, text: &mut String) -> MiB {
        match self.node.volumes.get(name) {
            Some(Size::Fixed(old)) if old.0 > 0 && old < least => {
                let _ = writeln!(
                    text,
                    "# storage_vol gave {name} {} MB; the policy wants {} for {mount}.",
                    old.0, least.0
                );
                least
            }
            Some(Size::Fixed(old)) => old.max(least),
            Some(Size::Rest) => {
                let _ = writeln!(
                    text,
                    "# storage_vol gave {name} the rest of the disk: the pool has it, and {mount} can be extended."
                );
                least
            }
            None => least,
        }
    }

    fn volume_group(&mut self, policy: &Policy, disks: &[String], text: &mut String) {
        let swap = match self.node.volumes.get("Swap") {
            Some(Size::Fixed(size)) if size.0 > 0 => Some(size),
            _ => None,
        };
        // Remarks come before the line that they are about, so the volumes are written before their pool's size is known.
        let mut volumes = String::new();
        let mut sum = MiB(0);
        let root = policy.root.recommended.unwrap_or(MiB::from_gib(6));
        let mut mounts = vec![("/", root)];
        for volume in &policy.volumes {
            let least =
                volume.recommended.or(volume.min).unwrap_or(MiB(1024)).max(volume.min.unwrap_or(MiB(0)));
            mounts.push((volume.mount.as_str(), least));
        }
        mounts.sort_by(|a, b| a.0.cmp(b.0));
        for (mount, least) in mounts {
            let old = match mount {
                "/" => "Root",
                "/var" => "Data",
                "/var/log" => "Logging",
                _ => "",
            };
            let size = self.size(old, least, mount, &mut volumes);
            sum = sum + size;
            let name = if mount == "/" {
                "root".to_owned()
            } else {
                mount.trim_start_matches('/').replace('/', "_")
            };
            let _ = writeln!(
                volumes,
                "logvol {mount} --vgname=HostVG --name={name} --thin --poolname=pool00 --fstype=xfs --fsoptions=\"defaults,discard\" --size={}",
                size.0
            );
        }
        // A fifth of the group stays free for the pool to grow into, and the pool has metadata.
        let need = sum + swap.unwrap_or(MiB(4096)) + MiB(2048);
        let share = MiB((need.0.saturating_mul(5) / 4).div_ceil(disks.len().max(1) as u64) + 64);
        for (n, disk) in disks.iter().enumerate() {
            let _ = writeln!(text, "part pv.{:02} --size={} --grow --ondisk={disk}", n + 1, share.0);
        }
        let pvs: Vec<String> = (1..=disks.len()).map(|n| format!("pv.{n:02}")).collect();
        let _ = writeln!(text, "\nvolgroup HostVG {} --reserved-percent=20", pvs.join(" "));
        if let Some(ratio) = self.node.get("mem_overcommit").filter(|v| is_plain(v)) {
            self.done.push("mem_overcommit");
            let _ = writeln!(
                text,
                "# mem_overcommit={ratio}: an old node added this share of the memory to the swap."
            );
        }
        match swap {
            Some(size) => {
                let _ =
                    writeln!(text, "logvol swap --vgname=HostVG --name=swap --fstype=swap --size={}", size.0);
            }
            None => text.push_str("logvol swap --vgname=HostVG --name=swap --fstype=swap --recommended\n"),
        }
        let _ =
            writeln!(text, "logvol none --vgname=HostVG --name=pool00 --thinpool --size={} --grow", sum.0);
        text.push_str(&volumes);
        if self.node.volumes.get("Config").is_some_and(|s| s != Size::Fixed(MiB(0))) {
            self.left.push(
                "Config of storage_vol: nothing; a node keeps its configuration in /etc of the layer"
                    .to_owned(),
            );
        }
        if self.node.volumes.get("EFI").is_some() {
            self.left.push("EFI of storage_vol: reqpart makes the EFI system partition".to_owned());
        }
    }

    /// AppVG: swap and data of an application, outside the layout.
    fn application_group(&mut self, disks: &[String], text: &mut String) {
        let fixed = |name: &str| match self.node.volumes.get(name) {
            Some(Size::Fixed(size)) if size.0 > 0 => Some(size),
            _ => None,
        };
        let (swap, data) = (fixed("Swap2"), fixed("Data2"));
        let need = swap.unwrap_or(MiB(0)) + data.unwrap_or(MiB(1024)) + MiB(512);
        text.push_str("\n# The second group of storage_init.\n");
        for (n, disk) in disks.iter().enumerate() {
            let share = need.0.div_ceil(disks.len() as u64);
            let _ = writeln!(text, "part pv.1{n} --size={share} --grow --ondisk={disk}");
        }
        let pvs: Vec<String> = (0..disks.len()).map(|n| format!("pv.1{n}")).collect();
        let _ = writeln!(text, "volgroup AppVG {}", pvs.join(" "));
        if let Some(size) = swap {
            self.has_second_swap = true;
            let _ = writeln!(text, "logvol swap --vgname=AppVG --name=swap2 --fstype=swap --size={}", size.0);
        }
        let grow = if data.is_none() { " --grow" } else { "" };
        let _ = writeln!(
            text,
            "logvol /data2 --vgname=AppVG --name=data2 --fstype=xfs --size={}{grow}",
            data.unwrap_or(MiB(1024)).0
        );
    }
}
