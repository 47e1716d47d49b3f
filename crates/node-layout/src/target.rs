//! How kernel arguments are turned to the layer: which ones name the old root, and what they become.

use node_base::cmdline::Arguments;
use node_base::names::{Layer, device_mapper_name};

/// Stands behind a `rd.lvm.vg=` that was put in the place of the root's `rd.lvm.lv=` for the time of the renaming, so
/// that an interrupted work can be completed without remembering what was there. The kernel passes words with a dot over.
const MARK: &str = "node_layout.lv";

/// The two forms that arguments take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Boots before and after the renaming: root by file-system UUID, the whole volume group activated.
    Transition,
    /// Root by its volume.
    Final,
}

/// The layer and everything by which the root file system can be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Volume group.
    pub vg: String,
    /// The name that root's volume has or had before.
    pub old: String,
    /// What it becomes.
    pub layer: Layer,
    /// UUID of the root file system; it does not change.
    pub root_uuid: String,
    /// Label of the root file system; may be empty.
    pub root_label: String,
    /// UUID of the file system at /boot.
    pub boot_uuid: String,
}

impl Target {
    /// `/dev/VG/LAYER`.
    pub fn device(&self) -> String {
        format!("/dev/{}/{}", self.vg, self.layer)
    }

    /// Whether a value of `root=` or a source in fstab is the volume that becomes the layer.
    pub fn is_root(&self, source: &str) -> bool {
        let source = source.trim_matches('"');
        let named = |lv: &str| {
            source == format!("/dev/{}/{lv}", self.vg)
                || source == format!("/dev/mapper/{}", device_mapper_name(&self.vg, lv))
        };
        let tagged = |key: &str, value: &str| {
            !value.is_empty()
                && (source.strip_prefix(key).and_then(|r| r.strip_prefix('=')).map(|v| v.trim_matches('"'))
                    == Some(value)
                    || source == format!("/dev/disk/by-{}/{value}", key.to_lowercase()))
        };
        named(&self.old)
            || named(&self.layer.to_string())
            || tagged("UUID", &self.root_uuid)
            || tagged("LABEL", &self.root_label)
    }

    /// Whether these arguments boot the volume that becomes the layer.
    pub fn boots(&self, arguments: &Arguments) -> bool {
        arguments.value("root").is_some_and(|r| self.is_root(r))
    }

    /// Turns the arguments of a boot entry (which have a `root=`) to the layer.
    pub fn turn(&self, arguments: &Arguments, stage: Stage) -> Arguments {
        let mut a = arguments.clone();
        match stage {
            Stage::Transition => {
                a.set("root", &format!("UUID={}", self.root_uuid));
                let whole = format!("rd.lvm.vg={}", self.vg);
                for lv in [self.old.clone(), self.layer.to_string()] {
                    a.replace(&format!("rd.lvm.lv={}/{lv}", self.vg), &[&whole, MARK]);
                }
            }
            Stage::Final => {
                a.set("root", &self.device());
                self.name_volume(&mut a);
            }
        }
        self.add_common(&mut a);
        a
    }

    /// Turns arguments that are kept for the next kernel: `root=` only if it is there (`GRUB_CMDLINE_LINUX` has none).
    pub fn turn_kept(&self, arguments: &Arguments) -> Arguments {
        let mut a = arguments.clone();
        if a.value("root").is_some() {
            a.set("root", &self.device());
        }
        self.name_volume(&mut a);
        self.add_common(&mut a);
        a
    }

    fn name_volume(&self, a: &mut Arguments) {
        let lv = format!("rd.lvm.lv={}/{}", self.vg, self.layer);
        let whole = format!("rd.lvm.vg={}", self.vg);
        let words: Vec<String> = a.words().map(str::to_owned).collect();
        if let Some(at) = words.iter().position(|w| w == MARK) {
            // The mark's own neighbour is taken back, not one that the administrator has written.
            let mut rest: Vec<&str> = words.iter().map(String::as_str).collect();
            let from = if at > 0 && rest[at - 1] == whole { at - 1 } else { at };
            rest.splice(from..=at, [lv.as_str()]);
            *a = Arguments::parse(&rest.join(" "));
        }
        a.replace(&format!("rd.lvm.lv={}/{}", self.vg, self.old), &[&lv]);
        a.add(&lv);
    }

    fn add_common(&self, a: &mut Arguments) {
        a.set("boot", &format!("UUID={}", self.boot_uuid));
        a.add_flag("rootflags", "discard");
        a.set("img.bootid", &self.layer.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use node_base::names::Nvr;

    fn target() -> Target {
        Target {
            vg: "onn".into(),
            old: "root".into(),
            layer: Nvr::parse("n-1-2").unwrap().layer(1),
            root_uuid: "u-u".into(),
            root_label: String::new(),
            boot_uuid: "b-b".into(),
        }
    }

    #[test]
    fn arguments_are_turned_in_two_stages_and_the_rest_stays() {
        let before = Arguments::parse(
            "root=/dev/mapper/onn-root ro rd.luks.uuid=luks-1 rd.lvm.lv=onn/root rd.lvm.lv=onn/swap resume=/dev/mapper/onn-swap quiet",
        );
        let t = target();
        assert!(t.boots(&before));
        let between = t.turn(&before, Stage::Transition);
        assert_eq!(
            between.to_string(),
            "root=UUID=u-u ro rd.luks.uuid=luks-1 rd.lvm.vg=onn node_layout.lv rd.lvm.lv=onn/swap \
             resume=/dev/mapper/onn-swap quiet boot=UUID=b-b rootflags=discard img.bootid=n-1-2+1"
        );
        let after = t.turn(&between, Stage::Final);
        assert_eq!(
            after.to_string(),
            "root=/dev/onn/n-1-2+1 ro rd.luks.uuid=luks-1 rd.lvm.lv=onn/n-1-2+1 rd.lvm.lv=onn/swap \
             resume=/dev/mapper/onn-swap quiet boot=UUID=b-b rootflags=discard img.bootid=n-1-2+1"
        );
        assert_eq!(t.turn(&before, Stage::Final), after, "with or without the stage between");
        assert_eq!(t.turn(&after, Stage::Final), after, "a second time changes nothing");
        assert_eq!(t.turn(&between, Stage::Transition), between);
    }

    #[test]
    fn an_administrators_volume_group_argument_stays() {
        let t = target();
        let before = Arguments::parse("root=UUID=u-u rd.lvm.vg=onn rd.lvm.lv=onn/root");
        let after = t.turn(&t.turn(&before, Stage::Transition), Stage::Final);
        assert!(
            after.to_string().starts_with("root=/dev/onn/n-1-2+1 rd.lvm.vg=onn rd.lvm.lv=onn/n-1-2+1 boot="),
            "{after}"
        );
    }

    #[test]
    fn other_roots_are_not_ours() {
        let t = target();
        for root in ["/dev/mapper/onn-root2", "/dev/onn/roo", "UUID=u-v", "LABEL=", "/dev/sda1", "onn/root"] {
            assert!(!t.is_root(root), "{root}");
        }
        for root in ["/dev/onn/root", "/dev/disk/by-uuid/u-u", "UUID=\"u-u\"", "/dev/mapper/onn-n--1--2+1"] {
            assert!(t.is_root(root), "{root}");
        }
    }
}
