//! Files that are included, and URLs.

use crate::lsp::view::View;
use gen_lsp_types::{DocumentLink, Uri};
use kickstart::Arg;
use kickstart::include::Outcome;
use node_base::source::{FileId, Spanned};

/// The links of a document.
pub(crate) fn links(view: &View<'_>) -> Vec<DocumentLink> {
    let mut links = Vec::new();
    let mut link = |value: &Spanned<'_>, target: Uri| {
        let range = view.range(value.span);
        links.extend(range.map(|range| DocumentLink {
            range,
            target: Some(target),
            tooltip: None,
            data: None,
        }));
    };
    for include in &view.kickstart().includes {
        if include.span.file != FileId(0) {
            continue;
        }
        if let Some(Outcome::File(file)) = include.outcome
            && let Some(target) = view.uri(*file)
        {
            link(&include.path, target);
        } else if is_url(&include.path.text) {
            link(&include.path, Uri(include.path.text.to_string()));
        }
    }
    for command in view.commands() {
        for arg in &command.args {
            if let Arg::Option { value: Some(value), .. } | Arg::Positional(value) = arg
                && is_url(&value.text)
            {
                link(value, Uri(value.text.to_string()));
            }
        }
    }
    links
}

/// Whether a browser opens it. A `$releasever` in it is for the installer.
fn is_url(text: &str) -> bool {
    let is_web = ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme));
    is_web && !text.contains(['$', ' ', '<', '>', '"']) && !text.contains(char::is_control)
}
