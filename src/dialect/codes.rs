//! The codes of the language, `KS001` on, with their documentation.

use crate::declare_code;
use crate::diagnostic::Code;

declare_code! {
    /// The first word of the line is no command in this syntax version.
    ///
    /// ## Why
    /// Every line outside a section is one command with its arguments. The installer stops at a word that it
    /// does not know, before it touches a disk. Names are case-sensitive and cannot be abbreviated.
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

    /// The command existed once, and this syntax version has removed it.
    ///
    /// ## Why
    /// The installer of this release stops at it. The finding says since when it is gone and what took its
    /// place.
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

    /// The command is still accepted and no longer does anything, or will go in a later release.
    ///
    /// ## Why
    /// A command that does nothing is a wish that the installer does not fulfil. The next release may refuse
    /// the file.
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

    /// The command has no such option in this syntax version.
    ///
    /// ## Why
    /// The installer stops at it. An option may have been removed, may come only with a later release, or may
    /// be misspelt; the finding says which. Options can be shortened as long as they stay unique.
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

    /// The shortened option could be several options.
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
    /// A value stands behind `=` or as the next word. The next word is not taken when it begins with a dash,
    /// unless it is a negative number or has a space in it: such a value must stand behind `=`.
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
    /// A switch is on when it stands there. There is no way to write it and mean off.
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
    /// Sizes are whole numbers of MiB without a unit. `10G`, `10.5` and `0x10` are refused. Negative numbers
    /// are accepted by the language, whatever they may mean.
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

    /// The value must be a yes or a no.
    ///
    /// ## Why
    /// Accepted are on, yes, true, 1 and off, no, false, 0, in any case, without spaces around them.
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

    /// The value is none of those that the option knows in this version.
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

    /// The command needs an option, or one of several, and has none of them.
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

    /// The command needs an argument that is not there.
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

    /// There are more words than the command takes.
    ///
    /// ## Why
    /// The installer stops at the line. Most often a value with a space is not quoted, or the dashes of an
    /// option are missing. Arguments that are separated by options are not always joined: write them next to
    /// each other.
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
    /// pykickstart 3.78, the `parse` methods; written down in `grammar/commands/`.
    pub static OPTIONS_CONFLICT = "KS014", "options-conflict", Syntax, Error;

    /// An option is of no use without another one, which is missing.
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
    /// pykickstart 3.78, the `parse` methods; written down in `grammar/commands/`.
    pub static OPTION_REQUIRES = "KS015", "option-requires", Syntax, Error;

    /// The command does not accept this value.
    ///
    /// ## Why
    /// The value has the right type, and the command looks closer: a range, a form such as VG/LV, a file system
    /// that this release does not have.
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

    /// Two commands of the file exclude each other.
    ///
    /// ## Why
    /// Automatic and manual partitioning, or two ways to get the system's content, cannot stand in one
    /// kickstart. The later one is the error. An earlier command counts even if it is wrong itself.
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
    /// The installer takes both lines and stumbles later, or the last one wins silently. The reference's own
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

    /// The option is still accepted and no longer does anything, or will go in a later release.
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

    /// A quote opens and does not close on the line.
    ///
    /// ## Why
    /// A line ends at its line end, also inside quotes: a kickstart command cannot go on in the next line. The
    /// installer stops reading the file here.
    ///
    /// ## Example
    /// ```text
    /// rootpw --iscrypted '$6$salt$hash
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// rootpw --iscrypted '$6$salt$hash'
    /// ```
    ///
    /// ## Source
    /// Python's `shlex.split`, which the reference uses; it reports no line.
    pub static UNCLOSED_QUOTE = "KS020", "unclosed-quote", Syntax, Error;

    /// The line begins with an empty quoted word.
    ///
    /// ## Why
    /// There is no command of that name. The reference parser itself fails here with an internal error.
    ///
    /// ## Example
    /// ```text
    /// '' part /
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part / --size=4096
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, an IndexError in `_stateMachine`.
    pub static EMPTY_COMMAND = "KS021", "empty-command", Syntax, Error;

    /// There is no such section.
    ///
    /// ## Why
    /// The sections are %packages, %pre, %pre-install, %post, %onerror, %traceback, %certificate, %addon and
    /// %anaconda, in every version. A space behind the percent sign is not allowed. The installer stops reading
    /// the file here.
    ///
    /// ## Example
    /// ```text
    /// %postinstall
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %post
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `setupSections`.
    pub static UNKNOWN_SECTION = "KS022", "unknown-section", Syntax, Error;

    /// An `%end` stands where no section is open.
    ///
    /// ## Why
    /// Either it is one too many, or the header of its section is missing or commented out. The installer stops
    /// reading the file here.
    ///
    /// ## Example
    /// ```text
    /// %packages
    /// @core
    /// %end
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %packages
    /// @core
    /// %end
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `_stateMachine`.
    pub static STRAY_END = "KS023", "stray-end", Syntax, Error;

    /// A section is not closed with `%end`.
    ///
    /// ## Why
    /// From Fedora 8 and RHEL 6 on every section needs its own `%end` line. Without it the section would
    /// swallow what follows.
    ///
    /// ## Example
    /// ```text
    /// %post
    /// echo done
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %post
    /// echo done
    /// %end
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `_readSection`.
    pub static MISSING_END = "KS024", "missing-end", Syntax, Error;

    /// `%include` names no file.
    ///
    /// ## Why
    /// It takes one path or URL.
    ///
    /// ## Example
    /// ```text
    /// %include
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %include /tmp/disk.ks
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `_stateMachine`.
    pub static INCLUDE_WITHOUT_PATH = "KS025", "include-without-path", Syntax, Error;

    /// An included file is not there, although includes are followed.
    ///
    /// ## Why
    /// The installer stops when it reaches the line and the file does not exist by then. A file that a `%pre`
    /// script of the same kickstart names is not reported: the script may write it.
    ///
    /// ## Example
    /// ```text
    /// %include /tmp/disks.ks
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %include /tmp/disk.ks
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `_handleInclude`.
    pub static INCLUDE_MISSING = "KS026", "include-not-found", Syntax, Error;

    /// A line of %packages cannot be read.
    ///
    /// ## Why
    /// A line is a package, `@group`, `@^environment`, or one of these with a dash before it to leave it out. A
    /// group takes either `--nodefaults` or `--optional`.
    ///
    /// ## Example
    /// ```text
    /// @core --nodefaults --optional
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// @core --nodefaults
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `Packages.add`; it reports no line, and fails with an internal error for a dash alone.
    pub static PACKAGE_LINE = "KS028", "package-line", Syntax, Error;

    /// A %certificate section has no content.
    ///
    /// ## Why
    /// There is nothing to install. The reference reports no line.
    ///
    /// ## Example
    /// ```text
    /// %certificate --filename=ca.pem --type=anchor
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %certificate --filename=ca.pem --type=anchor
    /// -----BEGIN CERTIFICATE-----
    /// …
    /// %end
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `CertificateSection.finalize`.
    pub static EMPTY_CERTIFICATE = "KS029", "empty-certificate", Syntax, Error;

    /// A command goes on in the next line.
    ///
    /// ## Why
    /// There is no line continuation: not with a backslash, and not by indenting. A backslash at the end
    /// becomes an argument that is a line end, and the next line is read as a command of its own.
    ///
    /// ## Example
    /// ```text
    /// logvol /var --vgname=vg --name=var \
    ///   --size=15360
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol /var --vgname=vg --name=var --size=15360
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78; POSIX quoting of single lines.
    pub static BROKEN_LINE = "KS030", "broken-line", Syntax, Error;

    /// The line is a merge-conflict marker of a version control system.
    ///
    /// ## Why
    /// Someone merged two versions of the file and did not choose. The installer takes the marker for a command
    /// and stops.
    ///
    /// ## Example
    /// ```text
    /// <<<<<<< HEAD
    /// autopart
    /// =======
    /// autopart --type=thinp
    /// >>>>>>> node
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// autopart --type=thinp
    /// ```
    ///
    /// ## Source
    /// git writes these markers.
    pub static MERGE_CONFLICT = "KS031", "merge-conflict", Syntax, Error;

    /// An invisible character stands before the first word of the line.
    ///
    /// ## Why
    /// A byte order mark or a no-break space is not a space to the installer: it becomes a part of the
    /// command's name. They come from editors and from text that was copied from a web page.
    ///
    /// ## Example
    /// ```text
    /// \u00a0lang en_US.UTF-8
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// lang en_US.UTF-8
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78: words are separated by spaces and tabs only.
    pub static INVISIBLE_CHARACTER = "KS032", "invisible-character", Syntax, Error;

    /// The reference parser fails with an internal error on this command.
    ///
    /// ## Why
    /// No installer can read the line.
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
    /// pykickstart 3.78 raises an exception that is no message about the kickstart.
    pub static REFERENCE_FAILS = "KS033", "unusable-command", Syntax, Error;

    /// The section is still accepted and will go in a later release.
    ///
    /// ## Why
    /// The next release may refuse the file.
    ///
    /// ## Example
    /// ```text
    /// %traceback
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %onerror
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `TracebackScriptSection`.
    pub static DEPRECATED_SECTION = "KS034", "deprecated-section", Syntax, Warning;

    /// A `#` in the middle of a word cuts it: the rest of the line is a comment.
    ///
    /// ## Why
    /// Unlike in a shell, `#` begins a comment anywhere outside quotes. A password or a URL with a `#` loses
    /// its tail without a word from the installer.
    ///
    /// ## Example
    /// ```text
    /// rootpw --plaintext se#cret
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// rootpw --plaintext 'se#cret'
    /// ```
    ///
    /// ## Source
    /// Python's `shlex` with comments, which the reference uses.
    pub static COMMENT_IN_WORD = "STY010", "comment-in-word", Style, Warning;
}

/// All codes of the language.
pub static CODES: &[&Code] = &[
    &UNKNOWN_COMMAND,
    &REMOVED_COMMAND,
    &DEPRECATED_COMMAND,
    &UNKNOWN_OPTION,
    &AMBIGUOUS_OPTION,
    &MISSING_VALUE,
    &UNEXPECTED_VALUE,
    &NOT_AN_INTEGER,
    &NOT_A_BOOLEAN,
    &NOT_A_CHOICE,
    &MISSING_OPTION,
    &MISSING_ARGUMENT,
    &UNEXPECTED_ARGUMENT,
    &OPTIONS_CONFLICT,
    &OPTION_REQUIRES,
    &VALUE_REFUSED,
    &COMMANDS_CONFLICT,
    &DUPLICATE,
    &DEPRECATED_OPTION,
    &UNCLOSED_QUOTE,
    &EMPTY_COMMAND,
    &UNKNOWN_SECTION,
    &STRAY_END,
    &MISSING_END,
    &INCLUDE_WITHOUT_PATH,
    &INCLUDE_MISSING,
    &PACKAGE_LINE,
    &EMPTY_CERTIFICATE,
    &BROKEN_LINE,
    &MERGE_CONFLICT,
    &INVISIBLE_CHARACTER,
    &REFERENCE_FAILS,
    &DEPRECATED_SECTION,
    &COMMENT_IN_WORD,
];
