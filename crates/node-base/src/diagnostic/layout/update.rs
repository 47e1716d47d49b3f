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
    /// `node-layout` in it nothing would confirm its trial: the machine would always fall back. So it would with a kernel that is not
    /// signed where Secure Boot is on, and with a file in the image where fstab mounts a file system.
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

    /// Files of `/etc` stay as on this host, because the old defaults are not known.
    ///
    /// ## Why
    /// `/etc` of a new layer is a merge of what the administrator and the new image have changed since the old image. What the old
    /// image had is in its base, or in its copy `/usr/share/factory/etc`. The base of the first image of a host that was installed
    /// from packages has also what the installer has set: users, file systems, the language. Nothing there says which is which, so
    /// the version of this host stays wherever the new image has another one. Later updates know the defaults of the image.
    ///
    /// ## Example
    /// ```text
    /// info[LAY086]: the base of the running image is an installed system without /usr/share/factory/etc: the defaults of its image are not known, and 12 files of /etc stay as they are on this host
    /// ```
    ///
    /// ## Write instead
    /// Compare the files after the update: the image's own `/etc` is in its base.
    pub static ETC_CARRIED = "LAY086", "etc-carried", Layout, Info;

    /// A file of `/etc` was changed on this host and in the new image, and the changes do not go together.
    ///
    /// ## Why
    /// The new layer has the version of this host, so that the host works as before; what the image has changed in that file is not
    /// there. All versions are kept until somebody decides. With `--on-conflict=stop` the update is refused before anything is
    /// changed.
    ///
    /// ## Example
    /// ```text
    /// warning[LAY087]: /etc/ssh/sshd_config: both changed the same place; the new layer has the version of this host
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// node-layout etc diff /etc/ssh/sshd_config
    /// node-layout etc resolve /etc/ssh/sshd_config --edit
    /// ```
    pub static ETC_CONFLICT = "LAY087", "etc-conflict", Layout, Warning;

    /// `/etc` cannot be merged.
    ///
    /// ## Why
    /// The whole merge is computed before anything is changed. A file that cannot be read, or a table `/etc/node-layout/etc.toml`
    /// with an error, stops the update.
    ///
    /// ## Example
    /// ```text
    /// error[LAY088]: /etc/node-layout/etc.toml: there is no kind 'json'; use host, image, generated, text, whole, …
    /// ```
    ///
    /// ## Write instead
    /// Correct what is named.
    pub static ETC_MERGE = "LAY088", "etc-merge", Layout, Error;

    /// The users and groups of the new layer do not fit together, or have other numbers than in the image.
    ///
    /// ## Why
    /// Users and groups are merged by name. Numbers of this host stay, because its files belong to them. A number of the image that
    /// this host uses for another name becomes a free one, with the owners of the image's files; that is only said. A user without a
    /// group, two users with one number, or a user without a password line stop the update, unless this host has the same already.
    ///
    /// ## Example
    /// ```text
    /// error[LAY089]: in the new layer the group 990 of user svc does not exist
    /// ```
    ///
    /// ## Write instead
    /// Correct the account on this host (`usermod`, `groupmod`), or build the image with a complete one.
    ///
    /// ## Source
    /// passwd(5), group(5), shadow(5).
    pub static ETC_ACCOUNTS = "LAY089", "etc-accounts", Layout, Error;

    /// A check of the settings fails on this host already.
    ///
    /// ## Why
    /// Before a new image is armed, `visudo -c`, `sshd -t`, `nft -c` and `systemd-analyze verify` check the merged settings in the
    /// new layer, as far as it has these programs. One that fails stops the update. What fails on the running system, too, is not
    /// the fault of the merge: that check is left out.
    ///
    /// ## Example
    /// ```text
    /// warning[LAY090]: a check fails on this host already: `visudo -c` failed (exit status: 1): /etc/sudoers:12: syntax error
    /// ```
    ///
    /// ## Write instead
    /// Correct the file that is named.
    pub static ETC_CHECK = "LAY090", "etc-check", Layout, Warning;

    /// `/var` and a new image: what is added, what differs, what keeps it from being added.
    ///
    /// ## Why
    /// All images share `/var`, and a trial that fails must leave no trace in it. So an update only writes down what the new
    /// image has and the old one had not; `node-layout confirm` adds it, and replaces nothing. What was removed on this host
    /// stays removed. Files that the image has in another version are named, and those of this host stay. An interrupted
    /// confirmation is completed by the next one.
    ///
    /// ## Example
    /// ```text
    /// info[LAY091]: image ovirt-node-ng-4.5.7-0.1 has other versions of files in /var; those of this host stay: /var/lib/pcp/config (another content)
    /// ```
    ///
    /// ## Write instead
    /// Compare the versions, and change the file of this host if the new version is needed. Run `node-layout confirm` if it was
    /// interrupted.
    ///
    /// ## Source
    /// hier(7), `/var`.
    pub static VAR = "LAY091", "var-of-image", Layout, Error;

    /// Packages that were installed on this host, and a new image: which come along, and which cannot.
    ///
    /// ## Why
    /// What the host has and its image had not was installed by somebody. An update installs it in the new layer, from cached
    /// files; with `--network` also from the recorded repositories. The scriptlets run in the layer, away from the running
    /// system. A package that cannot come along stops the update before anything is changed, because nobody would miss it before
    /// it is needed.
    ///
    /// ## Example
    /// ```text
    /// error[LAY092]: strace 6.7-1.el9 was installed on this host, and strace-6.7-1.el9.x86_64.rpm is not cached
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// dnf download --destdir /var/lib/node-layout/packages strace
    /// ```
    /// or `--network`, or `--leave-package strace`. With `keepcache=1` in `/etc/dnf/dnf.conf`, what is installed stays cached.
    ///
    /// ## Source
    /// rpm(8), dnf.conf(5), dpkg(1), `weak-modules`.
    pub static PACKAGES = "LAY092", "packages-of-host", Layout, Error;
}
