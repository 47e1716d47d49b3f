//! What has to hold for every text, for the targets in `fuzz_targets/`.

use ks_lint::lint::FileReport;
use ks_lint::report::{Format, Printer, Style};
use node_base::diagnostic::{Finding, Severity};
use node_base::source::Sources;
use std::sync::Once;

/// Largest text that is tried, in bytes: longer ones show nothing that shorter ones do not.
pub const LARGEST: usize = 8 << 10;

/// Lets a panic of the parser of scripts pass, as `ks-lint` does: what is known of one script is lost then, and nothing else. The
/// fuzzer would end at every panic.
pub fn pass_over_scripts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !kickstart::shell::is_reading() {
                usual(panic);
            }
        }));
    });
}

/// What the first byte of an input chooses: a number below `of`, and the rest of the input. One choice makes a run cheap; the
/// fuzzer finds out itself what a byte is good for. A digit, letter or other printable character chooses as the byte does, so that
/// a corpus can be written by hand.
pub fn chosen(input: &[u8], of: usize) -> Option<(usize, &[u8])> {
    let (first, rest) = input.split_first()?;
    (rest.len() <= LARGEST).then_some((usize::from(*first) % of, rest))
}

/// As [`chosen`], for a text.
pub fn chosen_text(input: &[u8], of: usize) -> Option<(usize, &str)> {
    let (choice, rest) = chosen(input, of)?;
    Some((choice, std::str::from_utf8(rest).ok()?))
}

/// Everything that a finding points at lies inside its file, on character boundaries.
///
/// # Panics
/// When something does not.
pub fn assert_places<'f>(sources: &Sources, findings: impl IntoIterator<Item = &'f Finding>) {
    for finding in findings {
        let related = finding.related.iter().filter_map(|r| r.span);
        let edits = finding.fix.iter().flat_map(|fix| fix.edits.iter().map(|edit| edit.span));
        for span in finding.span.into_iter().chain(related).chain(edits) {
            let text = sources.get(span.file).text();
            assert!(
                text.get(span.range()).is_some(),
                "{} points at {:?}, which is no part of {text:?}: {}",
                finding.code.id,
                span.range(),
                finding.message
            );
        }
    }
}

/// The output format comes to an end.
///
/// # Panics
/// When it does not.
pub fn assert_printable(report: &FileReport, format: Format) {
    let mut printer = Printer::new(std::io::sink(), format, Style::plain());
    printer.file(report, Severity::Error).expect("a sink can be written to");
    printer.finish().expect("a sink can be written to");
}

/// Codes with the lines that they stand on.
pub fn places(sources: &Sources, findings: &[Finding]) -> Vec<(&'static str, u32)> {
    findings.iter().map(|f| (f.code.id, f.span.map_or(0, |span| sources.position(span).line))).collect()
}
