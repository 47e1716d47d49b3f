//! New images: their file, their proof, the space that they need.

use crate::declare_code;

declare_code! {
    /// The image cannot be opened, or it is not an image.
    ///
    /// ## Why
    /// `node-layout update` takes the root file system of an image: squashfs (also with `LiveOS/rootfs.img` inside), ext4, XFS, a
    /// tar archive, a directory, an OCI layout or archive. It reads what a file is from its content. An archive is unpacked into
    /// `--work-dir`; one with names that lead out of it is refused.
    ///
    /// ## Example
    /// ```text
    /// error[LAY080]: /root/node.iso is a whole disk or a disc, not a file system; give the image that is in it
    /// ```
    ///
    /// ## Write instead
    /// Give the file with the root file system, for example the `*.squashfs.img` of an oVirt Node image package.
    pub static IMAGE_SOURCE = "LAY080", "image-source", Layout, Error;

    /// The image is not what its checksum or its signature says, or that cannot be found out.
    ///
    /// ## Why
    /// With `--sha256` or `--signature` nothing of the image is used before it is proved. The file is read once, into a copy that
    /// only root can read, and that copy is used. Keys are accepted from `/etc/node-layout/keys/` or `--keyring` only.
    ///
    /// ## Example
    /// ```text
    /// error[LAY081]: /root/node.squashfs does not have the checksum 5f3c…: its SHA-256 is 9b1e…
    /// ```
    ///
    /// ## Write instead
    /// Download the image again, and compare the checksum with the publisher's.
    ///
    /// ## Source
    /// sha256sum(1), gpgv(1), sqv(1).
    pub static IMAGE_PROOF = "LAY081", "image-proof", Layout, Error;

    /// Nothing proves that the image is the one that was published.
    ///
    /// ## Why
    /// A file that was changed on its way installs whatever somebody has put into it. `dnf` verifies the package of an image;
    /// nothing verifies a file that is given by its path.
    ///
    /// ## Example
    /// ```text
    /// info[LAY082]: /root/node.squashfs is used without proof of where it comes from
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// node-layout update node.squashfs --sha256 5f3c…
    /// ```
    /// or `--signature FILE`, with the publisher's key in `/etc/node-layout/keys/`.
    pub static IMAGE_UNPROVED = "LAY082", "image-unproved", Layout, Info;

    /// The image lacks something that a node needs.
    ///
    /// ## Why
    /// A layer boots with the kernel of its image, and an initramfs that the image's dracut makes or that it brings. Without
    /// `node-layout` in it nothing would confirm its trial: the machine would always fall back.
    ///
    /// ## Example
    /// ```text
    /// error[LAY083]: the image has no kernel: neither /usr/lib/modules/*/vmlinuz nor /boot/vmlinuz-*
    /// ```
    ///
    /// ## Write instead
    /// Build the image with the packages kernel, dracut and node-layout. `--no-trial` makes an image without `node-layout` the
    /// default at once.
    pub static IMAGE_CONTENT = "LAY083", "image-content", Layout, Error;

    /// There is too little space for the image.
    ///
    /// ## Why
    /// What the image will need is computed before anything is changed: its files are compared with those of the base that its
    /// own starts from. A thin pool that fills up stops the guests of the host, too.
    ///
    /// ## Example
    /// ```text
    /// error[LAY084]: image node-4.5-2 needs 1.2 GiB of the data of thin pool onn/pool00, which has 640 MiB to give
    /// ```
    ///
    /// ## Write instead
    /// Remove an image that is not needed (`node-layout list`, `node-layout remove`), or enlarge the pool (`lvextend`).
    pub static UPDATE_SPACE = "LAY084", "update-space", Layout, Error;

    /// A local storage domain is on the root file system.
    ///
    /// ## Why
    /// Its disks belong to virtual machines. They are in the layer, and a new image does not have them: its machines would be
    /// without disks.
    ///
    /// ## Example
    /// ```text
    /// error[LAY085]: a local storage domain is on /: /data/images/5b1f…/dom_md/metadata
    /// ```
    ///
    /// ## Write instead
    /// Move the domain to a volume of its own, or to other storage.
    ///
    /// ## Source
    /// ovirt-node-ng-image, `%pre` of the image's package.
    pub static LOCAL_STORAGE = "LAY085", "local-storage", Layout, Error;

    /// The new layer gets `/etc` of the running one, as a whole.
    ///
    /// ## Why
    /// What the administrator has set stays. What the new image has changed in its `/etc` is not there.
    ///
    /// ## Example
    /// ```text
    /// info[LAY086]: the new layer gets /etc of the running one; what the image has changed in its /etc does not come with it
    /// ```
    ///
    /// ## Write instead
    /// Compare both after the update: the image's own `/etc` is in its base.
    pub static ETC_CARRIED = "LAY086", "etc-carried", Layout, Info;
}
