//! Values of options that are types of the library: their names on the command line and their help.

use crate::boot::config::ConfigFormat;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use node_base::diagnostic::Severity;
use node_base::policy::export::Target;

/// How a verb writes an answer that is not findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum AnswerFormat {
    /// For people
    #[default]
    Human,
    /// For programs
    Json,
}

/// A value with its name and the sentence for `--help`.
type Named<T> = (T, &'static str, &'static str);

const SEVERITIES: [Named<Severity>; 3] = [
    (Severity::Info, "info", "Worth knowing; nothing has to change"),
    (Severity::Warning, "warning", "Installs, but not as intended"),
    (Severity::Error, "error", "Does not install, or not as a node"),
];

const BOOT_FORMATS: [Named<ConfigFormat>; 5] = [
    (ConfigFormat::Cmdline, "cmdline", "Kernel command lines, one a line (/proc/cmdline)"),
    (ConfigFormat::Pxelinux, "pxelinux", "pxelinux, syslinux, isolinux"),
    (ConfigFormat::Grub, "grub", "GRUB 2 (and the menus of GRUB 0.97)"),
    (ConfigFormat::Ipxe, "ipxe", "iPXE script"),
    (ConfigFormat::Bls, "bls", "systemd-boot or Boot Loader Specification entry"),
];

const TARGETS: [Named<Target>; 3] = [
    (
        Target::Profile,
        "profile",
        "/etc/anaconda/profile.d (Anaconda 35 and newer): counts when os-release or inst.profile= selects it",
    ),
    (
        Target::Product,
        "product",
        "/etc/anaconda/product.d (RHEL 8 and 9): counts when the image's product or inst.product= selects it",
    ),
    (Target::Conf, "conf", "/etc/anaconda/conf.d (every release): always counts"),
];

/// `--fail-on`.
pub(super) fn severity() -> impl TypedValueParser<Value = Severity> {
    one_of(&SEVERITIES)
}

/// `--format` of `ks-lint boot`: how the configuration is written.
pub(super) fn boot_format() -> impl TypedValueParser<Value = ConfigFormat> {
    one_of(&BOOT_FORMATS)
}

/// `--anaconda` of `ks-lint policy export`.
pub(super) fn anaconda_target() -> impl TypedValueParser<Value = Target> {
    one_of(&TARGETS)
}

fn one_of<T: Copy + Send + Sync>(values: &'static [Named<T>]) -> impl TypedValueParser<Value = T> {
    let names = values.iter().map(|(_, name, help)| PossibleValue::new(*name).help(*help));
    PossibleValuesParser::new(names).try_map(|given| {
        let found = values.iter().find(|(_, name, _)| *name == given);
        found.map(|(value, ..)| *value).ok_or("not one of the values of this option")
    })
}
