//! Codes about bases, layers, tags, trials.

use crate::declare_code;

declare_code! {
    /// Volumes carry image tags of another or an older installation.
    ///
    /// ## Why
    /// The image tools find base, layer and pool by their tags (`imgbased:…`), in every volume group that LVM sees. With
    /// tags of two installations they work on the wrong volumes.
    ///
    /// ## Example
    /// ```text
    /// error[LAY040]: volume group 'old' has the tag imgbased:vg: it belongs to another installation, and / is in 'onn'
    /// ```
    ///
    /// ## Write instead
    /// Disconnect that disk, or remove the tags: `vgchange --deltag imgbased:vg old`.
    ///
    /// ## Source
    /// imgbased 1.2.26, `lvm.py`.
    pub static TAGS_FOREIGN = "LAY040", "tags-foreign", Layout, Error;

    /// A volume of the layout has lost one of its tags.
    ///
    /// ## Why
    /// The image tools find volume group, pool, base and layer by their tags. Without one they do not find the image.
    ///
    /// ## Example
    /// ```text
    /// error[LAY041]: the tag imgbased:pool of onn/pool00 is missing
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// lvchange --addtag imgbased:pool onn/pool00
    /// ```
    pub static TAGS_MISSING = "LAY041", "tags-missing", Layout, Error;

    /// A volume with the name of the base or the layer exists already.
    ///
    /// ## Why
    /// Base and layer are named after the image, and names in a volume group are unique.
    ///
    /// ## Example
    /// ```text
    /// error[LAY042]: a volume onn/ovirt-node-ng-4.5.6-0.20261121.0 exists already (linear, 10 GiB); the image needs that
    /// name
    /// ```
    ///
    /// ## Write instead
    /// Rename or remove that volume, or give the image another name (`--nvr`).
    pub static NAME_TAKEN = "LAY042", "name-taken", Layout, Error;

    /// The base is missing, writable, active, or has changed since it was frozen.
    ///
    /// ## Why
    /// The base is what the next layer is made from, and what an upgrade compares the running layer with. If it was written
    /// to, it is not the image any more. `verify --deep` reads it and compares its checksum.
    ///
    /// ## Example
    /// ```text
    /// error[LAY043]: base onn/ovirt-node-ng-4.5.6-0.20261121.0 is writable
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// lvchange --permission r onn/ovirt-node-ng-4.5.6-0.20261121.0
    /// ```
    /// If its content has changed, upgrade to a new image or install again.
    pub static BASE = "LAY043", "base", Layout, Error;

    /// The layer is read-only, or the kernel was booted for another layer.
    ///
    /// ## Why
    /// The layer is the root of the running system and is written to. `img.bootid=` says which layer a boot entry is for;
    /// when it differs from the root, the image tools act on the wrong one.
    ///
    /// ## Example
    /// ```text
    /// error[LAY044]: / is onn/node-4.5-2+1, but the kernel was booted for node-4.5-1+1
    /// ```
    ///
    /// ## Write instead
    /// `lvchange --permission rw` for a read-only layer; otherwise correct `root=` or `img.bootid=` of the boot entry.
    pub static LAYER = "LAY044", "layer", Layout, Error;

    /// An interrupted run has left something behind.
    ///
    /// ## Why
    /// Every step leaves a machine that boots, so a power cut does no harm. But the layout is not complete, and files or
    /// volumes of the interrupted run take space. Left-over files on `/boot` are a warning.
    ///
    /// ## Example
    /// ```text
    /// error[LAY045]: init was interrupted after onn/node-4.5-1+1 became the layer
    /// ```
    ///
    /// ## Write instead
    /// `node-layout init`: it completes the work and removes what is left over.
    pub static UNFINISHED = "LAY045", "unfinished", Layout, Error;

    /// The system has no base and no layer yet.
    ///
    /// ## Why
    /// A system that was installed and not initialised works, but it cannot be upgraded to another image or rolled back.
    ///
    /// ## Example
    /// ```text
    /// error[LAY046]: / is on onn/root: there is no layer yet
    /// ```
    ///
    /// ## Write instead
    /// `node-layout init`.
    pub static NOT_INITIALISED = "LAY046", "not-initialised", Layout, Error;

    /// No checksum of a base was recorded, so changes in it cannot be detected.
    ///
    /// ## Why
    /// The first boot of a layer reads the base and records its checksum as a tag. Bases made by the original tools have
    /// none.
    ///
    /// ## Example
    /// ```text
    /// info[LAY047]: no checksum of base onn/node-4.5-1 was recorded: changes in its content cannot be detected
    /// ```
    ///
    /// ## Write instead
    /// Nothing; on a node of `node-layout` wait until the first boot is complete.
    pub static CONTENT_UNKNOWN = "LAY047", "content-unknown", Layout, Info;

    /// The first boot of the layer has still to complete the layout.
    ///
    /// ## Why
    /// While an installation goes on, kernel and initramfs can still change. The layer's entry boots the system's own files
    /// until the first boot copies them to `/boot/<layer>/` and records the checksum of the base.
    ///
    /// ## Example
    /// ```text
    /// info[LAY060]: pending: node-4.5-1+1 boots the system's own kernel and initramfs until its first boot
    /// ```
    ///
    /// ## Write instead
    /// Reboot. If it is still pending afterwards, see `systemctl status node-layout-finish.service`.
    pub static PENDING = "LAY060", "pending", Layout, Info;

    /// The trial of an image failed: the machine runs an older one.
    ///
    /// ## Why
    /// An image that did not start, or started and was not confirmed, is kept so that the reason can be found. It is never
    /// booted again unless it is updated to once more.
    ///
    /// ## Example
    /// ```text
    /// warning[LAY061]: image node-4.5-2 started and was not confirmed in time; / is node-4.5-1+1
    /// ```
    ///
    /// ## Write instead
    /// Read `/var/lib/node-layout/trials/<image>.log` and the journal of that boot (`journalctl --boot -1`). Then update to an
    /// image without that fault, or remove it:
    /// ```text
    /// node-layout remove node-4.5-2
    /// ```
    pub static IMAGE_FAILED = "LAY061", "image-failed", Layout, Warning;

    /// No image of this name is on this machine, or not the one that the work is about.
    ///
    /// ## Why
    /// `rollback` and `remove` are about an image that exists; `confirm` and `fail` are about the running one.
    ///
    /// ## Example
    /// ```text
    /// error[LAY062]: there is no image node-4.5-9; there are node-4.5-1, node-4.5-2
    /// ```
    ///
    /// ## Write instead
    /// Give the name of an image that `node-layout list` shows.
    pub static IMAGE_UNKNOWN = "LAY062", "image-unknown", Layout, Error;

    /// An image is in use and cannot be removed.
    ///
    /// ## Why
    /// The running image, the default one, the one on trial, and the last confirmed one besides the running one are what the
    /// machine boots, or goes back to.
    ///
    /// ## Example
    /// ```text
    /// error[LAY063]: image node-4.5-1 is the default
    /// ```
    ///
    /// ## Write instead
    /// Make another image the default first (`node-layout rollback --to …`), or boot another one.
    pub static IMAGE_IN_USE = "LAY063", "image-in-use", Layout, Error;

    /// An image lacks something that it needs to boot.
    ///
    /// ## Why
    /// A default whose kernel, initramfs or volume is missing leaves a machine that does not boot. So they are looked for
    /// before the default is changed.
    ///
    /// ## Example
    /// ```text
    /// error[LAY064]: image node-4.5-1 cannot boot: /boot/node-4.5-1+1/vmlinuz-5.14.0 does not exist
    /// ```
    ///
    /// ## Write instead
    /// Restore the file, or choose another image.
    pub static IMAGE_INCOMPLETE = "LAY064", "image-incomplete", Layout, Error;

    /// Entries of several images have the root of one.
    ///
    /// ## Why
    /// `grub2-mkconfig` of RHEL 9.0 writes one command line into all boot entries (later releases only with
    /// `--update-bls-cmdline`). Then every entry boots the same image: neither a trial nor a rollback reaches the other.
    ///
    /// ## Example
    /// ```text
    /// error[LAY065]: n-4.5-1+1-5.14.0.conf is an entry of n-4.5-1+1, and its root is /dev/onn/n-4.5-2+1
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// node-layout verify --repair
    /// ```
    pub static ENTRY_ROOT = "LAY065", "entry-root", Layout, Error;

    /// A kernel of the running layer has no boot entry that belongs to the layer.
    ///
    /// ## Why
    /// Kernel packages write to `/boot`, where every image would find and replace the same files, and make entries that are no
    /// image's. The plugin of kernel-install moves a new kernel to `/boot/<layer>/`, with an entry of that layer.
    ///
    /// ## Example
    /// ```text
    /// warning[LAY066]: 5ae5…-5.14.0-570.conf boots n-4.5-1+1 with a kernel that is not in /boot/n-4.5-1+1
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// node-layout verify --repair
    /// ```
    pub static KERNEL_SHARED = "LAY066", "kernel-shared", Layout, Warning;

    /// An image is on trial: it is not confirmed yet, or its trial is ordered for the next boot.
    ///
    /// ## Why
    /// Until it is confirmed the default is the older image, which boots if anything goes wrong.
    ///
    /// ## Example
    /// ```text
    /// info[LAY067]: image node-4.5-2 is on trial and not confirmed yet
    /// ```
    ///
    /// ## Write instead
    /// Wait for `node-layout-confirm.service`, or reboot if it is armed. `node-layout status` says how far it is.
    pub static ON_TRIAL = "LAY067", "image-on-trial", Layout, Info;

    /// The next boot is that of another image.
    ///
    /// ## Why
    /// `/var` is one for all images and is not rolled back: data that a newer image has converted (databases, state of
    /// services) may be unknown to an older one. What was changed in `/etc` of the newer image stays in it.
    ///
    /// ## Example
    /// ```text
    /// info[LAY068]: the next boot is that of node-4.5-1+1; it does not know what node-4.5-2+1 has changed in /var
    /// ```
    ///
    /// ## Write instead
    /// Nothing has to change; read the release notes of the newer image if its services keep data in `/var`.
    pub static OTHER_IMAGE = "LAY068", "other-image-next", Layout, Info;
}
