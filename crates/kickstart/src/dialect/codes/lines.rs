//! Codes about whole lines: quotes, continued lines, invisible characters.

use node_base::declare_code;

declare_code! {
    /// A quote is not closed on its line.
    ///
    /// ## Why
    /// A line ends at its line end, also inside quotes: a kickstart command cannot continue on the next line. The
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
    /// An empty word is not a command. The reference parser fails here with an internal error.
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

    /// A command continues on the next line.
    ///
    /// ## Why
    /// Kickstarts have no line continuation, neither with a backslash nor by indentation. A backslash at the end of
    /// the line becomes an argument that is a line end, and the next line is read as a command of its own.
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
    /// Two versions of the file were merged and the conflict was not resolved. The installer reads the marker as a
    /// command and stops.
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

    /// An invisible character is before the first word of the line.
    ///
    /// ## Why
    /// The installer does not take a byte order mark or a no-break space as a space: it becomes part of the command's
    /// name. Such characters come from editors and from text that was copied from a web page.
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

    /// A `#` in the middle of a word begins a comment.
    ///
    /// ## Why
    /// Unlike in a shell, `#` begins a comment anywhere outside quotes. A password or a URL with a `#` is cut
    /// off there, and the installer does not warn.
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
