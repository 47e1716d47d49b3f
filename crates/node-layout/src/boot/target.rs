//! The layer and the names of its root file system in kernel arguments: which arguments name the old root, and what replaces
//! them.

use node_base::cmdline::Arguments;
use node_base::names::{Layer, device_mapper_name};

/// Follows a `rd.lvm.vg=` that replaces the root's `rd.lvm.lv=` while the volume is renamed. It marks the argument as ours, so
/// that an interrupted run can be completed. The kernel ignores words with a dot.
const MARK: &str = "node_layout.lv";

/// Arguments by which dracut activates one volume; the second is the form of old releases, which newer ones still accept.
const VOLUME_KEYS: [&str; 2] = ["rd.lvm.lv", "rd_LVM_LV"];

/// How kernel arguments name root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RootNaming {
    /// By the UUID of its file system, with the whole volume group activated: boots before and after the volume is renamed.
    ByUuid,
    /// By its volume, which has the layer's name.
    ByVolume,
}

/// A layer, and everything by which its root file system can be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Name of the volume group.
    pub vg: String,
    /// The name of root's volume before it became the layer.
    pub old: String,
    /// The layer.
    pub layer: Layer,
    /// UUID of the root file system; a rename does not change it.
    pub root_uuid: String,
    /// Label of the root file system; empty if it has none.
    pub root_label: String,
    /// UUID of the file system at /boot.
    pub boot_uuid: String,
}

impl Target {
    /// `/dev/VG/LAYER`.
    pub(crate) fn device(&self) -> String {
        format!("/dev/{}/{}", self.vg, self.layer)
    }

    /// Whether a value of `root=` or a source in fstab is the layer's volume, under its old or its new name.
    pub(crate) fn is_root(&self, source: &str) -> bool {
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

    /// Whether these arguments boot the layer's volume.
    pub(crate) fn boots(&self, arguments: &Arguments) -> bool {
        arguments.value("root").is_some_and(|r| self.is_root(r))
    }

    /// The arguments of a boot entry (which have a `root=`), changed so that they boot the layer.
    pub(crate) fn entry_arguments(&self, arguments: &Arguments, naming: RootNaming) -> Arguments {
        let mut a = arguments.clone();
        match naming {
            RootNaming::ByUuid => {
                a.set("root", &format!("UUID={}", self.root_uuid));
            }
            RootNaming::ByVolume => a.set("root", &self.device()),
        }
        self.rename_volume(&mut a, naming);
        if naming == RootNaming::ByVolume {
            a.add(&self.volume_argument());
        }
        self.add_common(&mut a);
        a
    }

    /// The arguments of a boot entry that takes its `root=` from a variable of the boot loader: only those that name the volume
    /// are changed.
    pub(crate) fn partial_arguments(&self, arguments: &Arguments, naming: RootNaming) -> Arguments {
        let mut a = arguments.clone();
        self.rename_volume(&mut a, naming);
        a
    }

    /// Arguments kept for the next kernel, changed likewise. `root=` is not added (`GRUB_CMDLINE_LINUX` has none).
    pub(crate) fn kept_arguments(&self, arguments: &Arguments) -> Arguments {
        let mut a = arguments.clone();
        if a.value("root").is_some() {
            a.set("root", &self.device());
        }
        self.rename_volume(&mut a, RootNaming::ByVolume);
        a.add(&self.volume_argument());
        self.add_common(&mut a);
        a
    }

    /// The argument that activates the layer.
    fn volume_argument(&self) -> String {
        format!("{}={}/{}", VOLUME_KEYS[0], self.vg, self.layer)
    }

    /// Lets one argument name the volume, in place of all that do.
    fn rename_volume(&self, a: &mut Arguments, naming: RootNaming) {
        let lv = self.volume_argument();
        let whole = format!("rd.lvm.vg={}", self.vg);
        let words: Vec<String> = a.words().map(str::to_owned).collect();
        if words.iter().any(|w| w == MARK) {
            // Only the argument before the mark is replaced; the administrator may have written another one.
            let mut rest: Vec<&str> = Vec::new();
            for word in &words {
                if word == MARK {
                    let _ = rest.pop_if(|before| *before == whole);
                    rest.push(&lv);
                } else {
                    rest.push(word);
                }
            }
            *a = Arguments::parse(&rest.join(" "));
        }
        let names = [self.old.clone(), self.layer.to_string()];
        let named = VOLUME_KEYS.iter().flat_map(|key| names.iter().map(move |lv| (key, lv)));
        let named: Vec<String> = named.map(|(key, lv)| format!("{key}={}/{lv}", self.vg)).collect();
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        match naming {
            RootNaming::ByUuid => a.replace(&named, &[&whole, MARK]),
            RootNaming::ByVolume => a.replace(&named, &[&lv]),
        }
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
    fn arguments_name_root_by_uuid_then_by_volume_and_the_rest_stays() {
        let before = Arguments::parse(
            "root=/dev/mapper/onn-root ro rd.luks.uuid=luks-1 rd.lvm.lv=onn/root rd.lvm.lv=onn/swap resume=/dev/mapper/onn-swap quiet",
        );
        let t = target();
        assert!(t.boots(&before));
        let between = t.entry_arguments(&before, RootNaming::ByUuid);
        assert_eq!(
            between.to_string(),
            "root=UUID=u-u ro rd.luks.uuid=luks-1 rd.lvm.vg=onn node_layout.lv rd.lvm.lv=onn/swap \
             resume=/dev/mapper/onn-swap quiet boot=UUID=b-b rootflags=discard img.bootid=n-1-2+1"
        );
        let after = t.entry_arguments(&between, RootNaming::ByVolume);
        assert_eq!(
            after.to_string(),
            "root=/dev/onn/n-1-2+1 ro rd.luks.uuid=luks-1 rd.lvm.lv=onn/n-1-2+1 rd.lvm.lv=onn/swap \
             resume=/dev/mapper/onn-swap quiet boot=UUID=b-b rootflags=discard img.bootid=n-1-2+1"
        );
        assert_eq!(
            t.entry_arguments(&before, RootNaming::ByVolume),
            after,
            "with or without the step in between"
        );
        assert_eq!(t.entry_arguments(&after, RootNaming::ByVolume), after, "a second time changes nothing");
        assert_eq!(t.entry_arguments(&between, RootNaming::ByUuid), between);
    }

    #[test]
    fn a_volume_group_argument_of_the_administrator_stays() {
        let t = target();
        let before = Arguments::parse("root=UUID=u-u rd.lvm.vg=onn rd.lvm.lv=onn/root");
        let after = t.entry_arguments(&t.entry_arguments(&before, RootNaming::ByUuid), RootNaming::ByVolume);
        assert!(
            after.to_string().starts_with("root=/dev/onn/n-1-2+1 rd.lvm.vg=onn rd.lvm.lv=onn/n-1-2+1 boot="),
            "{after}"
        );
    }

    #[test]
    fn every_argument_that_names_the_volume_is_replaced_in_both_stages() {
        let t = target();
        let before = Arguments::parse(
            r#"root=/dev/a rd.lvm.lv=onn/root rd.lvm.lv=onn/swap "rd.lvm.lv=onn/root" rd_LVM_LV=onn/root root="/dev/mapper/onn-root" rd.lvm.lv=onn/n-1-2+1"#,
        );
        assert!(t.boots(&before));
        let between = t.entry_arguments(&before, RootNaming::ByUuid);
        let common = "rd.lvm.lv=onn/swap boot=UUID=b-b rootflags=discard img.bootid=n-1-2+1";
        assert_eq!(between.to_string(), format!("root=UUID=u-u rd.lvm.vg=onn node_layout.lv {common}"));
        let after = format!("root=/dev/onn/n-1-2+1 rd.lvm.lv=onn/n-1-2+1 {common}");
        assert_eq!(t.entry_arguments(&between, RootNaming::ByVolume).to_string(), after);
        assert_eq!(t.entry_arguments(&before, RootNaming::ByVolume).to_string(), after);
        assert_eq!(t.kept_arguments(&before).to_string(), after);
        let partial = Arguments::parse("$kernelopts rd.lvm.lv=onn/root quiet rd.lvm.lv=onn/root");
        let named = |naming| t.partial_arguments(&partial, naming).to_string();
        assert_eq!(named(RootNaming::ByUuid), "$kernelopts rd.lvm.vg=onn node_layout.lv quiet");
        assert_eq!(named(RootNaming::ByVolume), "$kernelopts rd.lvm.lv=onn/n-1-2+1 quiet");
    }

    #[test]
    fn another_root_is_not_the_layer() {
        let t = target();
        for root in ["/dev/mapper/onn-root2", "/dev/onn/roo", "UUID=u-v", "LABEL=", "/dev/sda1", "onn/root"] {
            assert!(!t.is_root(root), "{root}");
        }
        for root in ["/dev/onn/root", "/dev/disk/by-uuid/u-u", "UUID=\"u-u\"", "/dev/mapper/onn-n--1--2+1"] {
            assert!(t.is_root(root), "{root}");
        }
    }
}
