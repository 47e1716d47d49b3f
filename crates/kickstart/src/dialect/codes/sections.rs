//! Codes about sections, their content, and included files.

use node_base::declare_code;

declare_code! {
    /// The section does not exist.
    ///
    /// ## Why
    /// The sections are %packages, %pre, %pre-install, %post, %onerror, %traceback, %certificate, %addon and
    /// %anaconda, in every version. A space after the percent sign is not allowed. The installer stops reading
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

    /// An `%end` does not close a section.
    ///
    /// ## Why
    /// The file has one `%end` too many, or the header of its section is missing or commented out. The installer
    /// stops reading the file here.
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
    /// From Fedora 8 and RHEL 6 on, every section needs its own `%end` line. Without it, the lines that follow would
    /// be part of the section.
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

    /// `%include` does not name a file.
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

    /// An included file does not exist.
    ///
    /// ## Why
    /// The installer stops at the line if the file does not exist by then. This is checked when includes are
    /// followed. A file that a `%pre` script of the same kickstart names is not reported: the script may write it.
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
    /// The installer has no certificate to install, and stops. The reference reports no line.
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

    /// The section is still accepted, but will be removed in a later release.
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

    /// The installer of this release does not have the add-on.
    ///
    /// ## Why
    /// A section `%addon` is for an add-on of the installer. What no add-on claims is dropped: the installation succeeds, and
    /// what the section asks for (a hardened system, for example) is missing.
    ///
    /// An add-on may also come with an image of the installer (`updates.img`, `product.img`); an unknown name is only a
    /// remark.
    ///
    /// ## Example
    /// ```text
    /// #version=RHEL10
    /// %addon com_redhat_oscap
    /// profile = stig
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// #version=RHEL10
    /// %post --erroronfail
    /// oscap xccdf eval --remediate --profile stig /usr/share/xml/scap/ssg/content/ssg-rhel10-ds.xml
    /// %end
    /// ```
    ///
    /// ## Source
    /// Anaconda, `_distribute_to_modules` of the Boss; the branches of oscap-anaconda-addon.
    pub static ADDON_NOT_IN_RELEASE = "STY017", "addon-not-in-release", Style, Warning;
}
