//! The table of parameters: names, values, replacements.

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing, `0`/`1`, `no`/`yes`, `false`/`true`.
    Flag,
    /// Something that is not empty.
    Text,
    /// Disks: `[ata|scsi|usb|cciss][:serial|:ALL]` or `/dev/…`, `,` between disks, `;` before those of AppVG.
    Disks,
    /// `BOOT:SWAP:ROOT:CONFIG:LOGGING:DATA:SWAP2:DATA2`, or `SIZE,NAME:…`, in MB.
    Volumes,
    /// `Swap[,CIPHER];Swap2[,CIPHER]`
    SwapEncryption,
    /// A ratio such as `0.5`.
    Ratio,
    /// `link`, an interface, or `01-MAC`.
    BootIf,
    /// `dhcp`, `off`, an address, or `ADDRESS:SERVER:GATEWAY:NETMASK`.
    Ip,
    /// A netmask.
    Netmask,
    /// An address.
    Address,
    /// `dhcp`, `auto`, `off` or an address.
    Ipv6,
    /// Hosts separated by commas.
    Hosts,
    /// `ID:INTERFACE`
    Vlan,
    /// `NAME:INTERFACES:OPTIONS`
    Bond,
    /// One of these.
    Choice(&'static [&'static str]),
    /// A hashed password.
    Hash,
    /// `HOST` or `HOST:PORT`.
    HostPort,
    /// A port.
    Port,
    /// An iSCSI name.
    IscsiName,
    /// `HOST:/PATH`
    NfsPath,
    /// `USER@HOST`
    SshTarget,
    /// A URL.
    Url,
    /// A whole number.
    Number,
}

/// A parameter of an old node.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// What it takes.
    pub takes: Takes,
    /// Its replacement, as the end of "now …".
    pub now: &'static str,
    /// Whether nothing but an old node knows the word.
    pub telling: bool,
}

const fn telling(name: &'static str, takes: Takes, now: &'static str) -> Parameter {
    Parameter { name, aliases: &[], takes, now, telling: true }
}

const fn common(name: &'static str, takes: Takes, now: &'static str) -> Parameter {
    Parameter { name, aliases: &[], takes, now, telling: false }
}

const fn also(mut parameter: Parameter, aliases: &'static [&'static str]) -> Parameter {
    parameter.aliases = aliases;
    parameter
}

const UPDATE: &str = "node-layout update, on the running host";
const NONE: &str = "nothing";

/// All parameters.
pub static PARAMETERS: &[Parameter] = &[
    // Storage.
    also(
        telling("storage_init", Takes::Disks, "ignoredisk --only-use and clearpart --drives"),
        &["ovirt_init"],
    ),
    also(telling("storage_vol", Takes::Volumes, "logvol"), &["ovirt_vol"]),
    also(
        telling("swap_encrypt", Takes::SwapEncryption, "/etc/crypttab, with a new key at each boot"),
        &["ovirt_swap_encrypt"],
    ),
    also(telling("mem_overcommit", Takes::Ratio, "the size of logvol swap"), &["ovirt_overcommit"]),
    telling("wipe_fakeraid", Takes::Flag, "wipefs in %pre"),
    // What happens at the boot.
    also(common("upgrade", Takes::Flag, UPDATE), &["ovirt_upgrade"]),
    also(telling("local_boot", Takes::Flag, UPDATE), &["ovirt_local_boot"]),
    common("install", Takes::Flag, "clearpart --all and zerombr"),
    telling("reinstall", Takes::Flag, "clearpart --all and zerombr"),
    also(common("firstboot", Takes::Flag, "clearpart --all and zerombr"), &["ovirt_firstboot"]),
    also(telling("uninstall", Takes::Flag, "clearpart --all"), &["ovirt_uninstall"]),
    also(telling("stateless", Takes::Flag, NONE), &["ovirt_stateless"]),
    also(common("standalone", Takes::Flag, NONE), &["ovirt_standalone"]),
    also(telling("runtime_mode", Takes::Text, NONE), &["ovirt_runtime_mode"]),
    common("rescue", Takes::Flag, "inst.rescue"),
    telling("node.break", Takes::Text, "rd.break"),
    telling(
        "node.log_level",
        Takes::Choice(&["debug", "info", "warning", "error", "critical"]),
        "inst.debug",
    ),
    telling("local_boot_trigger", Takes::Url, "a request in %post"),
    telling("reboot_delay", Takes::Number, NONE),
    telling("ovirt_early", Takes::Text, NONE),
    common("console", Takes::Text, "console="),
    // Network.
    common("BOOTIF", Takes::BootIf, "BOOTIF= and network --device"),
    common("ip", Takes::Ip, "ip= and network --bootproto"),
    common("netmask", Takes::Netmask, "the fourth field of ip= and network --netmask"),
    common("gateway", Takes::Address, "the third field of ip= and network --gateway"),
    common("ipv6", Takes::Ipv6, "network --ipv6"),
    common("dns", Takes::Hosts, "nameserver= and network --nameserver"),
    common("ntp", Takes::Hosts, "timesource --ntp-server"),
    common("hostname", Takes::Text, "network --hostname"),
    common("vlan", Takes::Vlan, "vlan= and network --vlanid"),
    telling("bond_setup", Takes::Bond, "bond= and network --bondslaves --bondopts"),
    common("bond", Takes::Bond, "bond= and network --bondslaves --bondopts"),
    telling(
        "network_layout",
        Takes::Choice(&["bridged", "direct"]),
        "network --bridgeslaves, unless the host is added to an engine, which makes the bridge itself",
    ),
    // Accounts.
    telling("adminpw", Takes::Hash, "user --name=admin --iscrypted"),
    common("rootpw", Takes::Hash, "rootpw --iscrypted"),
    telling("rhevm_admin_password", Takes::Hash, "rootpw --iscrypted --allow-ssh"),
    telling("engine_admin_password", Takes::Hash, "rootpw --iscrypted --allow-ssh"),
    telling("ssh_pwauth", Takes::Choice(&["0", "1", "true", "false"]), "a file in /etc/ssh/sshd_config.d"),
    // Management.
    telling("management_server", Takes::HostPort, "adding the host in the engine"),
    also(
        telling("management_port", Takes::Port, "adding the host in the engine"),
        &["management_server_port"],
    ),
    telling("management_server_fingerprint", Takes::Text, "adding the host in the engine"),
    telling("ovirt_vdsm_disable", Takes::Flag, "systemctl disable in %post"),
    // Storage network.
    telling("iscsi_name", Takes::IscsiName, "iscsiname"),
    telling("iscsi_init", Takes::Text, "iscsiname and iscsi"),
    telling("iscsi_server", Takes::HostPort, "iscsi --ipaddr --port"),
    telling("iscsi_target_name", Takes::IscsiName, "iscsi --target"),
    telling("iscsi_install", Takes::Flag, "iscsi, and the disk's name in ignoredisk --only-use"),
    // Crash dumps.
    telling("kdump_nfs", Takes::NfsPath, "%addon com_redhat_kdump and /etc/kdump.conf"),
    telling("kdump_ssh", Takes::SshTarget, "%addon com_redhat_kdump and /etc/kdump.conf"),
    telling("kdump_ssh_key", Takes::Url, "a key in /root/.ssh and /etc/kdump.conf"),
    telling("disable_kdump", Takes::Flag, "%addon com_redhat_kdump --disable"),
    common("crashkernel", Takes::Text, "bootloader --append"),
    // Logs and monitoring.
    common("syslog", Takes::HostPort, "a file in /etc/rsyslog.d"),
    telling("netconsole", Takes::HostPort, "the netconsole service"),
    telling("collectd", Takes::HostPort, "collectd of the engine"),
    telling("snmp_password", Takes::Text, "snmpd, set up by hand"),
    telling("cim_passwd", Takes::Text, NONE),
    telling("cim_enabled", Takes::Flag, NONE),
    telling("logrotate_interval", Takes::Choice(&["daily", "weekly", "monthly"]), "/etc/logrotate.conf"),
    telling("logrotate_max_size", Takes::Number, "/etc/logrotate.conf"),
    // Subscription.
    telling("rhn_type", Takes::Choice(&["rhn", "classic", "rhsm", "sam", "satellite"]), "rhsm"),
    telling("rhn_url", Takes::Text, "rhsm --server-hostname"),
    telling("rhn_ca_cert", Takes::Text, "%certificate"),
    telling("rhn_username", Takes::Text, "rhsm --organization --activation-key"),
    telling("rhn_password", Takes::Text, "rhsm --organization --activation-key"),
    telling("rhn_profile", Takes::Text, NONE),
    telling("rhn_activationkey", Takes::Text, "rhsm --activation-key"),
    telling("rhn_org", Takes::Text, "rhsm --organization"),
    telling("rhn_proxy", Takes::Text, "rhsm --proxy"),
    telling("rhn_proxyuser", Takes::Text, "rhsm --proxy"),
    telling("rhn_proxypassword", Takes::Text, "rhsm --proxy"),
    // The rest.
    common("keyboard", Takes::Text, "keyboard"),
    telling("tuned", Takes::Text, "/etc/tuned/active_profile"),
    telling("nfsv4_domain", Takes::Text, "/etc/idmapd.conf"),
    telling("use_strong_rng", Takes::Flag, NONE),
    telling("disable_aes_ni", Takes::Flag, NONE),
];
