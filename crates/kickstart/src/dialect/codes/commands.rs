//! Codes about commands: names, and commands that exclude or repeat each other.

use node_base::declare_code;

declare_code! {
    /// The first word of the line is not a command in this version.
    ///
    /// ## Why
    /// Every line outside a section is one command with its arguments. The installer stops at an
    /// unknown word, before it touches a disk. Names are case-sensitive and cannot be abbreviated.
    ///
    /// ## Example
    /// ```text
    /// volgrp vg0 pv.01
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// volgroup vg0 pv.01
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `KickstartHandler.dispatcher`; the words of each version are in `grammar/commands/`.
    pub static UNKNOWN_COMMAND = "KS001", "unknown-command", Syntax, Error;

    /// The command was removed in this version or an earlier one.
    ///
    /// ## Why
    /// The installer of this release stops at it. The finding names the release that removed it and what replaced
    /// it.
    ///
    /// ## Example
    /// ```text
    /// authconfig --enableshadow --passalgo=sha512   # RHEL 10
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// authselect select local
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `RemovedCommand` and the command map of each version.
    pub static REMOVED_COMMAND = "KS002", "removed-command", Syntax, Error;

    /// The command is still accepted, but no longer does anything or will be removed in a later release.
    ///
    /// ## Why
    /// The installer ignores the command, so the setting is not made. The next release may refuse the file.
    ///
    /// ## Example
    /// ```text
    /// install
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// # nothing: delete the line
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `DeprecatedCommand` and warnings in single commands.
    pub static DEPRECATED_COMMAND = "KS003", "deprecated-command", Syntax, Warning;

    /// Two commands of the file exclude each other.
    ///
    /// ## Why
    /// A kickstart can have automatic or manual partitioning, not both, and only one source for the system. The
    /// later command is the error. An earlier command counts even if it has an error itself.
    ///
    /// ## Example
    /// ```text
    /// autopart --type=thinp
    /// part /boot --size=1024
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// autopart --type=thinp
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `conflictingCommands`.
    pub static COMMANDS_CONFLICT = "KS017", "commands-conflict", Syntax, Error;

    /// The same thing is defined twice.
    ///
    /// ## Why
    /// The installer accepts both lines. Then it fails later, or the last line silently wins. The reference's own
    /// validator counts it as an error.
    ///
    /// ## Example
    /// ```text
    /// part /boot --size=1024
    /// part /boot --size=2048
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part /boot --size=1024
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, warnings in the `parse` methods.
    pub static DUPLICATE = "KS018", "duplicate", Syntax, Warning;

    /// The reference parser fails with an internal error on this command.
    ///
    /// ## Why
    /// No installer can read this line.
    ///
    /// ## Example
    /// ```text
    /// method cdrom
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// cdrom
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78 raises an exception that is not about the kickstart.
    pub static REFERENCE_FAILS = "KS033", "unusable-command", Syntax, Error;
}
