//! The `#version=` header: the syntax that a kickstart claims to be written in.

use node_base::declare_code;
use node_base::diagnostic::Code;
use node_base::source::{FileId, Sources, Span, is_line_end, split_lines};

declare_code! {
    /// The header says `#version=DEVEL`, which does not name a release.
    ///
    /// ## Why
    /// Anaconda writes this header into the kickstart that it leaves on an installed system, on many releases. It does not
    /// tell which release the file is for, so the file is read as the default version.
    ///
    /// ## Example
    /// ```text
    /// #version=DEVEL
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// #version=RHEL9
    /// ```
    pub(crate) static VERSION_DEVEL = "STY002", "version-devel", Style, Info;

    /// The `#version=` header names an unknown release.
    ///
    /// ## Why
    /// The file is read as the default version, which may not be the version it is written for: options that its release
    /// has may be reported, and options that it lacks may be missed.
    ///
    /// ## Example
    /// ```text
    /// #version=RHLE9
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// #version=RHEL9
    /// ```
    pub(crate) static VERSION_UNKNOWN = "STY003", "version-unknown", Style, Warning;

    /// The kickstart has errors as this release, and none as another one.
    ///
    /// ## Why
    /// Nothing in the file says which release it is for: neither `--syntax` nor a `#version=` header, nor the
    /// configuration. It was read as the release that its sources name, or as the default. That another release accepts
    /// every line suggests that it is meant for that one.
    ///
    /// ## Example
    /// ```text
    /// install
    /// timezone Europe/Prague --isUtc
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// #version=RHEL8
    /// install
    /// timezone Europe/Prague --isUtc
    /// ```
    pub(crate) static OTHER_RELEASE = "STY011", "other-release", Style, Info;
}

/// The codes about the release.
pub const HEADER_CODES: &[&Code] = &[&VERSION_DEVEL, &VERSION_UNKNOWN, &OTHER_RELEASE];

/// How the header begins. The reference parser uses the first line of the file that begins with it, wherever in the file
/// that line is (pykickstart 3.78, `versionFromFile`).
const HEADER: &str = "#version=";

/// The name of the version in the first header line; `None` in a file without a header.
pub fn version_header(sources: &Sources, file: FileId) -> Option<Span> {
    let text = sources.get(file).text();
    // A byte order mark is a finding, but the header behind it counts.
    let text_start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let is_line_start =
        |at: usize| at == text_start || text[..at].chars().next_back().is_none_or(is_line_end);
    let (at, _) = text.match_indices(HEADER).find(|(at, _)| is_line_start(*at))?;
    let start = at + HEADER.len();
    let line = split_lines(&text[start..]).next().unwrap_or_default();
    Some(Span::new(file, start, start + line.trim_end().len()))
}
