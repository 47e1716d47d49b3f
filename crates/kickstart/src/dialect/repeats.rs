//! What is left of a command that is given again. Gathered by grammar/repeats.py from the reference
//! (grammar/versions.toml says which); do not edit.

use super::repeated::{Repeats, Slot};

/// Commands that keep one object, by name.
#[rustfmt::skip]
pub(super) static REPEATS: &[Repeats] = &[
    Repeats {
        words: &["authselect"],
        slots: &[
            Slot::positional("authselect"),
        ],
    },
    Repeats {
        words: &["autopart"],
        slots: &[
            Slot::resets("--backuppassphrase", "backuppassphrase"),
            Slot::keeps("--cipher", "cipher"),
            Slot::resets("--encrypted", "encrypted"),
            Slot::keeps("--escrowcert", "escrowcert"),
            Slot::keeps("--fstype", "fstype"),
            Slot::resets("--hibernation", "hibernation"),
            Slot::resets("--luks-version", "luks_version"),
            Slot::resets("--noboot", "noboot"),
            Slot::resets("--nohome", "nohome"),
            Slot::keeps("--nolvm", "type"),
            Slot::resets("--noswap", "noswap"),
            Slot::keeps("--passphrase", "passphrase"),
            Slot::resets("--pbkdf", "pbkdf"),
            Slot::resets("--pbkdf-iterations", "pbkdf_iterations"),
            Slot::resets("--pbkdf-memory", "pbkdf_memory"),
            Slot::resets("--pbkdf-time", "pbkdf_time"),
            Slot::keeps("--type", "type"),
        ],
    },
    Repeats {
        words: &["autostep"],
        slots: &[
            Slot::resets("--autoscreenshot", "autoscreenshot"),
        ],
    },
    Repeats {
        words: &["bootc"],
        slots: &[
            Slot::keeps("--bootloader", "bootloader"),
            Slot::resets("--composefs", "composefs"),
            Slot::resets("--source-imgref", "sourceImgRef"),
            Slot::resets("--stateroot", "stateroot"),
            Slot::keeps("--target-imgref", "targetImgRef"),
        ],
    },
    Repeats {
        words: &["bootloader"],
        slots: &[
            Slot::keeps("--append", "appendLine"),
            Slot::resets("--boot-drive", "bootDrive"),
            Slot::keeps("--default", "default"),
            Slot::resets("--disabled", "disabled"),
            Slot::keeps("--driveorder", "driveorder"),
            Slot::resets("--extlinux", "extlinux"),
            Slot::resets("--iscrypted", "isCrypted"),
            Slot::resets("--leavebootorder", "leavebootorder"),
            Slot::resets("--md5pass", "password"),
            Slot::resets("--nombr", "nombr"),
            Slot::resets("--password", "password"),
            Slot::resets("--sdboot", "sdboot"),
            Slot::keeps("--timeout", "timeout"),
            Slot::resets("--upgrade", "upgrade"),
        ],
    },
    Repeats {
        words: &["clearpart"],
        slots: &[
            Slot::keeps("--all", "type"),
            Slot::resets("--cdl", "cdl"),
            Slot::resets("--disklabel", "disklabel"),
            Slot::keeps("--drives", "drives"),
            Slot::resets("--initlabel", "initAll"),
            Slot::keeps("--linux", "type"),
            Slot::keeps("--list", "devices"),
            Slot::keeps("--none", "type"),
        ],
    },
    Repeats {
        words: &["firewall"],
        slots: &[
            Slot::resets("--disable", "enabled"),
            Slot::keeps("--ftp", "services"),
            Slot::keeps("--http", "services"),
            Slot::keeps("--port", "ports"),
            Slot::keeps("--remove-service", "remove_services"),
            Slot::keeps("--service", "services"),
            Slot::keeps("--smtp", "services"),
            Slot::keeps("--ssh", "services"),
            Slot::keeps("--trust", "trusts"),
            Slot::resets("--use-system-defaults", "use_system_defaults"),
        ],
    },
    Repeats {
        words: &["firstboot"],
        slots: &[
            Slot::resets("--disable", "firstboot"),
            Slot::resets("--reconfig", "firstboot"),
        ],
    },
    Repeats {
        words: &["harddrive"],
        slots: &[
            Slot::resets("--dir", "dir"),
            Slot::resets("--partition", "partition"),
        ],
    },
    Repeats {
        words: &["ignoredisk"],
        slots: &[
            Slot::resets("--drives", "ignoredisk"),
            Slot::resets("--interactive", "interactive"),
            Slot::resets("--only-use", "onlyuse"),
        ],
    },
    Repeats {
        words: &["keyboard"],
        slots: &[
            Slot::positional("_keyboard"),
            Slot::keeps("--switch", "switch_options"),
            Slot::resets("--vckeymap", "vc_keymap"),
            Slot::keeps("--xlayouts", "x_layouts"),
        ],
    },
    Repeats {
        words: &["lang"],
        slots: &[
            Slot::positional("lang"),
            Slot::keeps("--addsupport", "addsupport"),
        ],
    },
    Repeats {
        words: &["liveimg"],
        slots: &[
            Slot::keeps("--checksum", "checksum"),
            Slot::resets("--noverifyssl", "noverifyssl"),
            Slot::keeps("--proxy", "proxy"),
            Slot::resets("--url", "url"),
        ],
    },
    Repeats {
        words: &["logging"],
        slots: &[
            Slot::keeps("--host", "host"),
            Slot::resets("--level", "level"),
            Slot::keeps("--port", "port"),
        ],
    },
    Repeats {
        words: &["nfs"],
        slots: &[
            Slot::resets("--dir", "dir"),
            Slot::keeps("--opts", "opts"),
            Slot::resets("--server", "server"),
        ],
    },
    Repeats {
        words: &["ostreecontainer"],
        slots: &[
            Slot::resets("--no-signature-verification", "noSignatureVerification"),
            Slot::keeps("--remote", "remote"),
            Slot::keeps("--stateroot", "remote"),
            Slot::keeps("--transport", "transport"),
            Slot::resets("--url", "url"),
        ],
    },
    Repeats {
        words: &["ostreesetup"],
        slots: &[
            Slot::resets("--nogpg", "nogpg"),
            Slot::resets("--osname", "osname"),
            Slot::resets("--ref", "ref"),
            Slot::resets("--remote", "remote"),
            Slot::resets("--url", "url"),
        ],
    },
    Repeats {
        words: &["rdp"],
        slots: &[
            Slot::keeps("--password", "password"),
            Slot::keeps("--username", "username"),
        ],
    },
    Repeats {
        words: &["reboot", "halt", "poweroff", "shutdown"],
        slots: &[
            Slot::resets("--eject", "eject"),
            Slot::resets("--kexec", "kexec"),
            Slot::word("action"),
        ],
    },
    Repeats {
        words: &["reqpart"],
        slots: &[
            Slot::resets("--add-boot", "addBoot"),
        ],
    },
    Repeats {
        words: &["rescue"],
        slots: &[
            Slot::resets("--nomount", "nomount"),
            Slot::resets("--romount", "romount"),
        ],
    },
    Repeats {
        words: &["rhsm"],
        slots: &[
            Slot::resets("--activation-key", "activation_keys"),
            Slot::resets("--connect-to-insights", "connect_to_insights"),
            Slot::keeps("--flatpak-registry-url", "flatpak_registry_url"),
            Slot::resets("--organization", "organization"),
            Slot::keeps("--proxy", "proxy"),
            Slot::keeps("--rhsm-baseurl", "rhsm_baseurl"),
            Slot::keeps("--server-hostname", "server_hostname"),
        ],
    },
    Repeats {
        words: &["rootpw"],
        slots: &[
            Slot::positional("password"),
            Slot::resets("--allow-ssh", "allow_ssh"),
            Slot::resets("--iscrypted", "isCrypted"),
            Slot::resets("--lock", "lock"),
        ],
    },
    Repeats {
        words: &["selinux"],
        slots: &[
            Slot::keeps("--disabled", "selinux"),
            Slot::keeps("--enforcing", "selinux"),
            Slot::keeps("--permissive", "selinux"),
        ],
    },
    Repeats {
        words: &["services"],
        slots: &[
            Slot::keeps("--disabled", "disabled"),
            Slot::keeps("--enabled", "enabled"),
        ],
    },
    Repeats {
        words: &["syspurpose"],
        slots: &[
            Slot::keeps("--addon", "addons"),
            Slot::keeps("--role", "role"),
            Slot::keeps("--sla", "sla"),
            Slot::keeps("--usage", "usage"),
        ],
    },
    Repeats {
        words: &["text", "cmdline", "graphical"],
        slots: &[
            Slot::resets("--non-interactive", "nonInteractive"),
            Slot::word("displayMode"),
        ],
    },
    Repeats {
        words: &["timezone"],
        slots: &[
            Slot::positional("timezone"),
            Slot::resets("--isUtc", "isUtc"),
            Slot::resets("--nontp", "nontp"),
            Slot::keeps("--ntpservers", "ntpservers"),
            Slot::resets("--utc", "isUtc"),
        ],
    },
    Repeats {
        words: &["url"],
        slots: &[
            Slot::resets("--metalink", "metalink"),
            Slot::resets("--mirrorlist", "mirrorlist"),
            Slot::resets("--noverifyssl", "noverifyssl"),
            Slot::keeps("--proxy", "proxy"),
            Slot::keeps("--sslcacert", "sslcacert"),
            Slot::keeps("--sslclientcert", "sslclientcert"),
            Slot::keeps("--sslclientkey", "sslclientkey"),
            Slot::resets("--url", "url"),
        ],
    },
    Repeats {
        words: &["vnc"],
        slots: &[
            Slot::keeps("--host", "host"),
            Slot::keeps("--password", "password"),
            Slot::keeps("--port", "port"),
        ],
    },
    Repeats {
        words: &["xconfig"],
        slots: &[
            Slot::keeps("--defaultdesktop", "defaultdesktop"),
            Slot::resets("--startxonboot", "startX"),
        ],
    },
    Repeats {
        words: &["zipl"],
        slots: &[
            Slot::resets("--force-secure-boot", "secure_boot"),
            Slot::resets("--no-secure-boot", "secure_boot"),
        ],
    },
];
