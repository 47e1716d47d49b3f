//! Findings in kernel command lines and boot configurations.

use node_base::declare_code;
use node_base::diagnostic::Code;

declare_code! {
    /// The installer has no boot option of this name.
    ///
    /// ## Why
    /// Anaconda and dracut silently ignore unknown options: a misspelt `inst.ks` starts an interactive installation. An
    /// option that is similar to a known one is an error; any other unknown `inst.` option may belong to an add-on of the
    /// installer and is a warning; an unknown `rd.` option is only info.
    ///
    /// ## Example
    /// ```text
    /// inst.kickstart_url=http://192.0.2.1/node.ks inst.sendmac
    /// ```
    ///
    /// ## Source
    /// Anaconda, `pyanaconda/argument_parsing.py` (`parse_boot_cmdline`) and `dracut/*.sh`; dracut.cmdline(7).
    pub static UNKNOWN_OPTION = "BOOT001", "unknown-boot-option", Boot, Error;

    /// A boot option of the installer is written without its prefix `inst.`.
    ///
    /// ## Why
    /// Up to RHEL 7 both spellings work. RHEL 8 and Fedora 33 warn. From RHEL 9 and Fedora 34 on the word is ignored:
    /// `ks=http://…` then starts an interactive installation.
    ///
    /// ## Example
    /// ```text
    /// ks=http://192.0.2.1/node.ks
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// inst.ks=https://192.0.2.1/node.ks
    /// ```
    ///
    /// ## Source
    /// Anaconda 34.24-1 requires the prefix (`require_prefix`); `dracut/parse-anaconda-options.sh` of rhel-8 warns.
    pub static MISSING_PREFIX = "BOOT002", "missing-inst-prefix", Boot, Error;

    /// The release no longer has this boot option.
    ///
    /// ## Why
    /// It is ignored.
    ///
    /// ## Example
    /// ```text
    /// inst.vnc inst.vncpassword=secret
    /// ```
    ///
    /// ## Write instead
    /// On RHEL 10 and Fedora 42:
    ///
    /// ```text
    /// inst.rdp inst.rdp.username=admin inst.rdp.password=secret
    /// ```
    ///
    /// ## Source
    /// The branches of Anaconda, `pyanaconda/argument_parsing.py`; `docs/boot-options.rst`, "Removed Options".
    pub static REMOVED_OPTION = "BOOT003", "removed-boot-option", Boot, Error;

    /// The boot option still works, but is deprecated.
    ///
    /// ## Why
    /// The installer translates it or warns, and a later release will ignore it.
    ///
    /// ## Source
    /// Anaconda, `dracut/parse-anaconda-options.sh`, `parse-anaconda-net.sh`; `docs/boot-options.rst`, "Deprecated Options".
    pub static DEPRECATED_OPTION = "BOOT004", "deprecated-boot-option", Boot, Warning;

    /// The release does not have this boot option yet.
    ///
    /// ## Why
    /// It is ignored: `inst.profile=ovirt` on RHEL 9 leaves the profile, with its partitioning and its constraints, inactive.
    ///
    /// ## Source
    /// The branches of Anaconda, `pyanaconda/argument_parsing.py` and `dracut/*.sh`.
    pub static OPTION_TOO_NEW = "BOOT005", "boot-option-too-new", Boot, Error;

    /// The value of a boot option does not have the form that the option expects.
    ///
    /// ## Why
    /// The initramfs or the installer ignores the option, reads it as something else, or stops.
    ///
    /// ## Source
    /// Anaconda, `pyanaconda/argument_parsing.py`, `dracut/parse-anaconda-repo.sh`, `parse-anaconda-kickstart.sh`;
    /// dracut.cmdline(7).
    pub static WRONG_VALUE = "BOOT006", "wrong-boot-option-value", Boot, Error;

    /// The value of a network argument does not have the form that the argument expects.
    ///
    /// ## Why
    /// Without network the kickstart is never fetched. dracut's scripts stop the boot at many of these mistakes;
    /// NetworkManager's generator ignores the argument or reads it as automatic configuration.
    ///
    /// ## Example
    /// ```text
    /// ip=192.0.2.10::192.0.2.1:255.255.255.0:node1:eno1:static
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// ip=192.0.2.10::192.0.2.1:255.255.255.0:node1:eno1:none
    /// ```
    ///
    /// ## Source
    /// dracut.cmdline(7); dracut, `parse-ip-opts.sh`, `parse-bond.sh`, `parse-vlan.sh`, `parse-bridge.sh`, `parse-team.sh`,
    /// `parse-ifname.sh`, `net-lib.sh`; NetworkManager, `nmi-cmdline-reader.c`.
    pub static WRONG_NETWORK = "BOOT007", "wrong-network-argument", Boot, Error;

    /// A boot option that is used once is given more than once, with different values.
    ///
    /// ## Why
    /// The last one overrides the others silently. With `inst.ks.all` and `inst.stage2.all` all URLs are tried in order.
    ///
    /// ## Source
    /// dracut's `getarg` and Anaconda's `parse_boot_cmdline` use the last word; `docs/boot-options.rst`, `inst.ks.all`.
    pub static REPEATED_OPTION = "BOOT008", "repeated-boot-option", Boot, Warning;

    /// Two boot options contradict each other.
    ///
    /// ## Why
    /// Only one of them has an effect, which may not be the intended one.
    ///
    /// ## Example
    /// ```text
    /// inst.text inst.graphical
    /// ```
    ///
    /// ## Source
    /// Anaconda, `pyanaconda/argument_parsing.py` (the last display mode wins), `pyanaconda/display.py` (VNC and RDP
    /// switch to the graphical interface), `dracut/parse-anaconda-repo.sh` (`root=` wins over `inst.stage2=`).
    pub static CONTRADICTION = "BOOT009", "contradicting-boot-options", Boot, Warning;

    /// The command line names no kickstart.
    ///
    /// ## Why
    /// Without `inst.ks=` the installation is interactive, unless a disk with the label `OEMDRV` carries a `/ks.cfg`.
    ///
    /// ## Source
    /// Anaconda, `dracut/kickstart-genrules.sh`.
    pub static NO_KICKSTART = "BOOT010", "no-kickstart", Boot, Info;

    /// The command line names no runtime image of the installer.
    ///
    /// ## Why
    /// A host that boots over the network has no medium: without `inst.stage2=` or `inst.repo=` the initramfs searches
    /// CD drives and waits. Only a kickstart with `url`, `nfs`, `harddrive` or `hmc` supplies a location; one with
    /// `liveimg` does not.
    ///
    /// ## Example
    /// ```text
    /// APPEND initrd=initrd.img inst.ks=http://192.0.2.1/node.ks
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// APPEND initrd=initrd.img inst.stage2=https://192.0.2.1/el9 inst.ks=https://192.0.2.1/node.ks
    /// ```
    ///
    /// ## Source
    /// Anaconda, `dracut/parse-anaconda-repo.sh` and `dracut/parse-kickstart`.
    pub static NO_STAGE2 = "BOOT011", "no-installer-image", Boot, Warning;

    /// Something is fetched over the network, but the command line keeps the network down.
    ///
    /// ## Why
    /// The initramfs waits for a network that never comes, and the kickstart is never fetched. Without any `ip=` every
    /// interface asks a DHCP server, which is right in a network that has one.
    ///
    /// ## Source
    /// Anaconda, `set_neednet` in `dracut/anaconda-lib.sh`; dracut, `parse-ip-opts.sh`.
    pub static NO_NETWORK = "BOOT012", "no-network", Boot, Error;

    /// A server is given by name, but no name server is.
    ///
    /// ## Why
    /// A static configuration has no name server of its own, so the name cannot be resolved.
    ///
    /// ## Write instead
    /// ```text
    /// ip=192.0.2.10::192.0.2.1:24:node1:eno1:none nameserver=192.0.2.53 inst.ks=http://deploy.example.com/node.ks
    /// ```
    ///
    /// ## Source
    /// dracut.cmdline(7), `nameserver=`.
    pub static NO_NAMESERVER = "BOOT013", "no-name-server", Boot, Warning;

    /// A server is in another network, but no gateway is given.
    ///
    /// ## Why
    /// It cannot be reached.
    ///
    /// ## Source
    /// dracut.cmdline(7), the third field of `ip=`, and `rd.route=`.
    pub static NO_GATEWAY = "BOOT014", "no-gateway", Boot, Warning;

    /// The command line has several `ip=`, but does not say which interface the host boots from.
    ///
    /// ## Why
    /// Routes, name servers and the download of the kickstart go through one interface. Without `bootdev=` (or the
    /// `BOOTIF=` of the boot loader) this is the first interface that comes up, which can differ from boot to boot.
    ///
    /// ## Example
    /// ```text
    /// ip=eno1:dhcp ip=eno2:dhcp
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// ip=eno1:dhcp ip=eno2:dhcp bootdev=eno1
    /// ```
    ///
    /// ## Source
    /// dracut.cmdline(7), "bootdev"; Anaconda, `docs/boot-options.rst`, "ip". dracut's `parse-ip-opts.sh` refuses an `ip=`
    /// for DHCP without an interface beside another one.
    pub static NO_BOOTDEV = "BOOT015", "several-ip-without-bootdev", Boot, Warning;

    /// Network arguments contradict each other.
    ///
    /// ## Why
    /// The interface is configured twice, belongs to a bond and has an address of its own, or is named nowhere else.
    ///
    /// ## Source
    /// dracut, `parse-ip-opts.sh` ("Duplication configurations"); NetworkManager, `nmi-cmdline-reader.c`.
    pub static NETWORK_MISFIT = "BOOT016", "network-arguments-misfit", Boot, Warning;

    /// A password is on the kernel command line.
    ///
    /// ## Why
    /// Every user of the host reads it in `/proc/cmdline` and in the journal, and everybody in the boot network reads
    /// the boot configuration.
    ///
    /// ## Source
    /// dracut.cmdline(7), the warnings at `rd.iscsi.password` and `netroot=iscsi:`.
    pub static PASSWORD_VISIBLE = "BOOT017", "password-on-command-line", Boot, Info;

    /// A kickstart with secrets is fetched without encryption.
    ///
    /// ## Why
    /// Everybody in the network between host and server can read it: passwords in plain text directly, hashed ones by
    /// guessing.
    ///
    /// ## Write instead
    /// ```text
    /// inst.ks=https://deploy.example.com/node.ks
    /// ```
    pub static SECRET_OVER_HTTP = "BOOT018", "secrets-over-plain-http", Boot, Warning;

    /// Nothing in the file boots a kernel.
    ///
    /// ## Why
    /// The file is empty, has another format, or only includes other files.
    pub static NO_ENTRY = "BOOT019", "nothing-to-boot", Boot, Warning;

    /// An entry names no kernel.
    ///
    /// ## Why
    /// The boot loader shows an error when it is chosen.
    pub static NO_KERNEL = "BOOT020", "entry-without-kernel", Boot, Error;

    /// An entry that starts the installer loads no initial RAM disk.
    ///
    /// ## Why
    /// The installer starts in its initramfs: without one the kernel stops with "Unable to mount root fs".
    ///
    /// ## Write instead
    /// ```text
    /// LABEL node
    ///   KERNEL vmlinuz
    ///   INITRD initrd.img
    /// ```
    pub static NO_INITRD = "BOOT021", "entry-without-initrd", Boot, Error;

    /// The default entry does not exist.
    ///
    /// ## Why
    /// The boot loader reports an error and waits.
    pub static UNKNOWN_DEFAULT = "BOOT022", "unknown-default-entry", Boot, Error;

    /// The boot loader does not know this line.
    ///
    /// ## Why
    /// It is skipped, silently or with a message on the console.
    pub static UNKNOWN_DIRECTIVE = "BOOT023", "unknown-boot-directive", Boot, Warning;

    /// A quote is never closed.
    ///
    /// ## Why
    /// Everything after it, up to the next quote or the end of the file, becomes part of one word.
    ///
    /// ## Source
    /// GRUB manual, "Quoting"; the kernel, `lib/cmdline.c`.
    pub static OPEN_QUOTE = "BOOT024", "open-quote", Boot, Error;

    /// An unquoted semicolon cuts the kernel command line off.
    ///
    /// ## Why
    /// GRUB ends the command there and runs the rest as a command of its own.
    ///
    /// ## Example
    /// ```text
    /// linux /vmlinuz bond=bond0:eno1,eno2:arp_ip_target=192.0.2.1;192.0.2.2
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// linux /vmlinuz "bond=bond0:eno1,eno2:arp_ip_target=192.0.2.1;192.0.2.2"
    /// ```
    ///
    /// ## Source
    /// GRUB manual, "Quoting" and "Commands".
    pub static CUT_OFF = "BOOT025", "command-line-cut-off", Boot, Error;

    /// The script does not start with `#!ipxe`.
    ///
    /// ## Why
    /// iPXE recognises a script by its first bytes and refuses anything else with "Exec format error".
    ///
    /// ## Source
    /// iPXE, `src/image/script.c`.
    pub static NOT_A_SCRIPT = "BOOT026", "no-ipxe-signature", Boot, Error;

    /// The command line is longer than the kernel allows.
    ///
    /// ## Why
    /// The kernel keeps 2048 bytes on x86-64 and AArch64 and drops the rest without an error.
    ///
    /// ## Source
    /// Linux, `COMMAND_LINE_SIZE` in `arch/x86/include/asm/setup.h` and `arch/arm64/include/uapi/asm/setup.h`.
    pub static TOO_LONG = "BOOT027", "command-line-too-long", Boot, Error;

    /// The value of an option contains a variable of the boot loader.
    ///
    /// ## Why
    /// Its value is only known when the host boots, so the option is not checked. If the file itself sets the variable once,
    /// to a literal and on every path through the script, this literal is used.
    pub static VARIABLE = "BOOT028", "boot-variable-left-alone", Boot, Info;

    /// A boot option makes an unattended installation wait for somebody.
    ///
    /// ## Why
    /// The command line names a kickstart, so the installation is meant to be unattended.
    ///
    /// ## Source
    /// Anaconda, `data/anaconda_options.txt` (`pauseatsummary`, `nokill`, `vncconnect`), `dracut/parse-anaconda-dd.sh`.
    pub static WAITS = "BOOT029", "boot-option-waits", Boot, Warning;

    /// The network of the command line differs from that of the kickstart.
    ///
    /// ## Why
    /// The initramfs fetches the kickstart with the network of the command line; the installed host uses that of the
    /// kickstart. If they differ, one of them is probably a mistake: the host is unreachable after its first boot, or never
    /// gets the kickstart.
    ///
    /// ## Source
    /// Anaconda, `dracut/parse-kickstart` (`ksnet_to_dracut`) and `pyanaconda/modules/network`.
    pub static NETWORK_DIFFERS = "BOOT030", "network-differs-from-kickstart", Boot, Warning;

    /// The installer's profile is not that of the policy.
    ///
    /// ## Why
    /// The profile (RHEL 10, Fedora 35 on: `inst.profile=ovirt`) or product (RHEL 8 and 9: `inst.product="oVirt Node Next"`)
    /// defines the volumes that `autopart` makes and the constraints that the installer checks.
    ///
    /// ## Source
    /// Anaconda, `data/profile.d/ovirt.conf` (rhel-10, main), `data/product.d/ovirt.conf` (rhel-8, rhel-9).
    pub static PROFILE_MISMATCH = "BOOT031", "profile-does-not-fit-policy", Boot, Warning;

    /// The kickstart uses the `org_ovirt_node` add-on, but nothing loads it into the installer.
    ///
    /// ## Why
    /// Anaconda silently ignores the section of an add-on that is not loaded: the host is installed, but is not a node.
    ///
    /// ## Write instead
    /// ```text
    /// inst.updates=https://192.0.2.1/ovirt-node/updates.img
    /// ```
    ///
    /// ## Source
    /// Anaconda, `pyanaconda/modules/boss` (add-ons are optional since RHEL 9).
    pub static ADDON_MISSING = "BOOT032", "add-on-not-loaded", Boot, Warning;

    /// An `ovirt_node.` argument overrides the kickstart, or has no effect.
    ///
    /// ## Why
    /// Kernel arguments override the add-on's section on this host.
    pub static NODE_ARGUMENT = "BOOT033", "node-argument-overrides", Boot, Warning;

    /// A file that the command line fetches is not served.
    ///
    /// ## Why
    /// The host would get "404 Not Found". Checked only with `--root`.
    pub static NOT_SERVED = "BOOT034", "file-not-served", Boot, Error;

    /// A kernel parameter of oVirt Node 3 and older.
    ///
    /// ## Why
    /// Those images configured themselves from the command line. oVirt Node 4 is installed by Anaconda from a kickstart,
    /// which `ks-lint boot --to-kickstart` writes from the parameters.
    ///
    /// ## Source
    /// ovirt-node 3.6, `ovirt-init-functions.sh` and the auto-installation.
    pub static LEGACY = "BOOT035", "old-node-parameter", Boot, Info;

    /// The value of an old node's kernel parameter does not have the form that the parameter expects.
    ///
    /// ## Why
    /// The old node ignored it, or asked on its console; it cannot be translated either.
    ///
    /// ## Source
    /// ovirt-node 3.6, `ovirt-init-functions.sh` and the auto-installation.
    pub static LEGACY_VALUE = "BOOT036", "wrong-old-node-value", Boot, Error;

    /// A kernel parameter of oVirt Node 3 is on a command line for Anaconda.
    ///
    /// ## Why
    /// Anaconda and today's nodes do not read it.
    ///
    /// ## Source
    /// ovirt-node 3.6; Anaconda has no such options.
    pub static LEGACY_IGNORED = "BOOT037", "old-node-parameter-ignored", Boot, Warning;

    /// A kickstart is given to a live image, whose installer does not use it.
    ///
    /// ## Why
    /// A live image (a Workstation or KDE image of Fedora, for example) starts a desktop. Its installer ignores `inst.ks=`
    /// and asks every question.
    ///
    /// ## Example
    /// ```text
    /// APPEND initrd=initrd.img root=live:http://192.0.2.1/squashfs.img rd.live.image inst.ks=http://192.0.2.1/node.ks
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// APPEND initrd=initrd.img inst.stage2=https://192.0.2.1/el9 inst.ks=https://192.0.2.1/node.ks
    /// ```
    ///
    /// ## Source
    /// Anaconda, `data/liveinst/liveinst` in RHEL 9, RHEL 10 and Fedora: "Kickstart is not supported on Live ISO installs";
    /// pykickstart#126.
    pub static LIVE_IMAGE = "BOOT038", "live-image-ignores-kickstart", Boot, Warning;

    /// The installer fetches a kickstart or code over a network without knowing from whom.
    ///
    /// ## Why
    /// Over plain `http` or `ftp`, or with `inst.noverifyssl`, others in the network between host and server can read the
    /// passwords of the kickstart, and replace it, the updates image, the driver packages and the installer's runtime image:
    /// code that runs as root. Nothing else verifies them. (A repository is not meant: its packages can be signed.)
    ///
    /// ## Example
    /// ```text
    /// inst.ks=http://deploy.example.com/node.ks inst.updates=http://deploy.example.com/updates.img
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// inst.ks=https://deploy.example.com/node.ks inst.updates=https://deploy.example.com/updates.img
    /// ```
    ///
    /// ## Source
    /// Anaconda, `dracut/anaconda-lib.sh` (`anaconda_fetch_updates`, `anaconda_net_root`), `dracut/parse-anaconda-options.sh`
    /// (`inst.noverifyssl` becomes `rd.noverifyssl`).
    pub static UNVERIFIED_FETCH = "BOOT040", "fetched-without-verification", Boot, Info;
}

/// All codes of this file, in order.
pub static CODES: &[&Code] = &[
    &UNKNOWN_OPTION,
    &MISSING_PREFIX,
    &REMOVED_OPTION,
    &DEPRECATED_OPTION,
    &OPTION_TOO_NEW,
    &WRONG_VALUE,
    &WRONG_NETWORK,
    &REPEATED_OPTION,
    &CONTRADICTION,
    &NO_KICKSTART,
    &NO_STAGE2,
    &NO_NETWORK,
    &NO_NAMESERVER,
    &NO_GATEWAY,
    &NO_BOOTDEV,
    &NETWORK_MISFIT,
    &PASSWORD_VISIBLE,
    &SECRET_OVER_HTTP,
    &NO_ENTRY,
    &NO_KERNEL,
    &NO_INITRD,
    &UNKNOWN_DEFAULT,
    &UNKNOWN_DIRECTIVE,
    &OPEN_QUOTE,
    &CUT_OFF,
    &NOT_A_SCRIPT,
    &TOO_LONG,
    &VARIABLE,
    &WAITS,
    &NETWORK_DIFFERS,
    &PROFILE_MISMATCH,
    &ADDON_MISSING,
    &NODE_ARGUMENT,
    &NOT_SERVED,
    &LEGACY,
    &LEGACY_VALUE,
    &LEGACY_IGNORED,
    &LIVE_IMAGE,
    &UNVERIFIED_FETCH,
];
