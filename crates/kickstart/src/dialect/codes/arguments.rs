//! Codes about the options, values and positional arguments of a command.

use node_base::declare_code;

declare_code! {
    /// The command does not have this option in this version.
    ///
    /// ## Why
    /// The installer stops at it. The option may have been removed, may exist only in later releases, or may be
    /// misspelt; the finding says which. An option can be shortened as long as only one name begins like it.
    ///
    /// ## Example
    /// ```text
    /// part / --fstyp --size=4096 --primary
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part / --fstype=xfs --size=4096 --asprimary
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78 on Python's argparse; the options of each version are in `grammar/commands/`.
    pub static UNKNOWN_OPTION = "KS004", "unknown-option", Syntax, Error;

    /// The shortened option could mean several options.
    ///
    /// ## Why
    /// A shortened option must be the beginning of only one name. Aliases count one by one, so `--on` could be
    /// `--ondisk` and `--ondrive` although they mean the same.
    ///
    /// ## Example
    /// ```text
    /// part / --size=4096 --on=sda
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part / --size=4096 --ondisk=sda
    /// ```
    ///
    /// ## Source
    /// Python 3.11, argparse, which the reference uses.
    pub static AMBIGUOUS_OPTION = "KS005", "ambiguous-option", Syntax, Error;

    /// The option needs a value and has none.
    ///
    /// ## Why
    /// The value is written after `=` or as the next word. A next word that begins with a dash is not taken as the
    /// value, unless it is a negative number or has a space in it: write such a value after `=`.
    ///
    /// ## Example
    /// ```text
    /// bootloader --append -quiet
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// bootloader --append=-quiet
    /// ```
    ///
    /// ## Source
    /// Python 3.11, argparse.
    pub static MISSING_VALUE = "KS006", "missing-value", Syntax, Error;

    /// The option is a switch and takes no value.
    ///
    /// ## Why
    /// A switch is on when it is given. To turn it off, leave it out.
    ///
    /// ## Example
    /// ```text
    /// part / --size=4096 --grow=yes
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part / --size=4096 --grow
    /// ```
    ///
    /// ## Source
    /// Python 3.11, argparse.
    pub static UNEXPECTED_VALUE = "KS007", "unexpected-value", Syntax, Error;

    /// The value must be a whole number.
    ///
    /// ## Why
    /// Sizes are whole numbers of MiB without a unit. `10G`, `10.5` and `0x10` are refused. The
    /// language accepts negative numbers, although they make no sense as sizes.
    ///
    /// ## Example
    /// ```text
    /// logvol / --vgname=vg --name=root --size=10G
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol / --vgname=vg --name=root --size=10240
    /// ```
    ///
    /// ## Source
    /// Python's `int()`, which the reference uses.
    pub static NOT_AN_INTEGER = "KS008", "not-an-integer", Syntax, Error;

    /// The value must be yes or no.
    ///
    /// ## Why
    /// The accepted values are on, yes, true, 1 and off, no, false, 0, in any case, without spaces around them.
    ///
    /// ## Example
    /// ```text
    /// network --device=em1 --onboot=y
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// network --device=em1 --onboot=yes
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `ksboolean`.
    pub static NOT_A_BOOLEAN = "KS009", "not-a-boolean", Syntax, Error;

    /// The value is not one of those that this option accepts in this version.
    ///
    /// ## Why
    /// The installer stops at it. Choices are case-sensitive unless the finding says otherwise.
    ///
    /// ## Example
    /// ```text
    /// network --bootproto=DHCP
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// network --bootproto=dhcp
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78; the choices of each version are in `grammar/commands/`.
    pub static NOT_A_CHOICE = "KS010", "not-a-choice", Syntax, Error;

    /// The command needs an option, or one of several options, that is not given.
    ///
    /// ## Why
    /// The installer stops at the line.
    ///
    /// ## Example
    /// ```text
    /// logvol / --name=root --size=10240
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol / --vgname=vg --name=root --size=10240
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78.
    pub static MISSING_OPTION = "KS011", "missing-option", Syntax, Error;

    /// The command needs an argument that is missing.
    ///
    /// ## Why
    /// The installer stops at the line. An argument is a word without dashes, such as the mount point of
    /// `part`.
    ///
    /// ## Example
    /// ```text
    /// part --fstype=xfs --size=4096
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part / --fstype=xfs --size=4096
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78.
    pub static MISSING_ARGUMENT = "KS012", "missing-argument", Syntax, Error;

    /// The line has more words than the command takes.
    ///
    /// ## Why
    /// The installer stops at the line. Often a value with a space is not quoted, or the dashes of an option
    /// are missing. Arguments with options between them are not always joined: write them next to each other.
    ///
    /// ## Example
    /// ```text
    /// timezone Europe/Prague utc
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// timezone Europe/Prague --utc
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78 on Python's argparse.
    pub static UNEXPECTED_ARGUMENT = "KS013", "unexpected-argument", Syntax, Error;

    /// Two options of the line exclude each other.
    ///
    /// ## Why
    /// The installer stops at the line: it cannot do both.
    ///
    /// ## Example
    /// ```text
    /// logvol / --vgname=vg --name=root --thin --thinpool
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol / --vgname=vg --name=root --thin --poolname=pool
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, the `parse` methods; listed in `grammar/commands/`.
    pub static OPTIONS_CONFLICT = "KS014", "options-conflict", Syntax, Error;

    /// The option needs another one, which is missing.
    ///
    /// ## Why
    /// The installer stops at the line.
    ///
    /// ## Example
    /// ```text
    /// logvol / --vgname=vg --name=root --size=10240 --thin
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol / --vgname=vg --name=root --size=10240 --thin --poolname=pool
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, the `parse` methods; listed in `grammar/commands/`.
    pub static OPTION_REQUIRES = "KS015", "option-requires", Syntax, Error;

    /// The command does not accept this value.
    ///
    /// ## Why
    /// The value has the right type, but the command sets more conditions: a range, a form such as VG/LV, a file
    /// system that this release has.
    ///
    /// ## Example
    /// ```text
    /// snapshot root --name=before --when=post-install
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// snapshot vg/root --name=before --when=post-install
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, the `parse` methods.
    pub static VALUE_REFUSED = "KS016", "value-refused", Syntax, Error;

    /// The option is still accepted, but no longer does anything or will be removed in a later release.
    ///
    /// ## Why
    /// The next release may refuse the file.
    ///
    /// ## Example
    /// ```text
    /// timezone Europe/Prague --isUtc
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// timezone Europe/Prague --utc
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, options with `deprecated=`.
    pub static DEPRECATED_OPTION = "KS019", "deprecated-option", Syntax, Warning;
}
