//! Edits that rules share.

use super::Context;
use kickstart::{Command, Section};
use node_base::diagnostic::{Applicability, Edit, Fix};
use node_base::source::{Sources, Span, Spanned, is_line_end, line_at, line_end_at};

/// Adds an option to a command.
pub(super) fn add_option(command: &Command<'_>, words: &str, applicability: Applicability) -> Fix {
    Fix::insert_after(command.span, format!(" {words}"), format!("add {words}"), applicability)
}

/// Adds an option to the header of a section.
pub(super) fn add_to_header(section: &Section<'_>, words: &str, applicability: Applicability) -> Fix {
    Fix::insert_after(section.name_span, format!(" {words}"), format!("add {words}"), applicability)
}

/// Deletes an option with the blanks before it.
pub(super) fn delete_option(sources: &Sources, span: Span, applicability: Applicability) -> Fix {
    let text = sources.get(span.file).text();
    let start = text[..span.start as usize].trim_end_matches([' ', '\t']).len();
    let name = sources.text_of(span).split('=').next().unwrap_or_default().to_owned();
    Fix::delete(Span { start: start as u32, ..span }, format!("delete {name}"), applicability)
}

/// Deletes the line of a command.
pub(super) fn delete_line(sources: &Sources, span: Span, applicability: Applicability) -> Fix {
    Fix::delete_line(sources.get(span.file).text(), span, applicability)
}

/// Deletes the lines from the first to the last byte of a span.
pub(super) fn delete_lines(sources: &Sources, span: Span, applicability: Applicability) -> Fix {
    let text = sources.get(span.file).text();
    let (_, first) = line_at(text, span.start as usize);
    let (_, last) = line_at(text, (span.end as usize).max(span.start as usize + 1) - 1);
    Fix::delete(Span::new(span.file, first.start, last.end), "delete the section", applicability)
}

/// Inserts the text of lines at an empty span.
fn insert(at: Span, lines: &[String], added: String, applicability: Applicability) -> Fix {
    Fix::replace(at, added, format!("add {}", lines.join("; ")), applicability)
}

/// Writes lines before the line of a span.
pub(super) fn lines_before(
    sources: &Sources,
    span: Span,
    lines: &[String],
    applicability: Applicability,
) -> Fix {
    let text = sources.get(span.file).text();
    let (content, _) = line_at(text, span.start as usize);
    let end = line_end_at(text, span.start as usize);
    let added = lines.iter().flat_map(|line| [line.as_str(), end]).collect();
    insert(Span::new(span.file, content.start, content.start), lines, added, applicability)
}

/// Writes lines after the line of a span.
pub(super) fn lines_after(
    sources: &Sources,
    span: Span,
    lines: &[String],
    applicability: Applicability,
) -> Fix {
    let text = sources.get(span.file).text();
    let (content, _) = line_at(text, span.start as usize);
    let end = line_end_at(text, span.start as usize);
    let added = lines.iter().flat_map(|line| [end, line.as_str()]).collect();
    insert(Span::new(span.file, content.end, content.end), lines, added, applicability)
}

/// Writes lines at the end of the file.
pub(super) fn lines_at_the_end(context: &Context<'_>, lines: &[String], applicability: Applicability) -> Fix {
    let file = context.kickstart.file;
    let text = context.sources.get(file).text();
    let end = line_end_at(text, text.len());
    let before = if text.is_empty() || text.ends_with(is_line_end) { "" } else { end };
    let added: String = lines.iter().flat_map(|line| [line.as_str(), end]).collect();
    insert(Span::new(file, text.len(), text.len()), lines, format!("{before}{added}"), applicability)
}

/// Writes command lines after the last command of the file that is before every section, else at its end.
pub(super) fn add_lines(context: &Context<'_>, lines: &[String], applicability: Applicability) -> Fix {
    let file = context.kickstart.file;
    let text = context.sources.get(file).text();
    let is_here = |span: &Span| span.file == file;
    let first_section =
        context.kickstart.sections.iter().map(|s| s.header_span).filter(is_here).map(|s| s.start).min();
    let before = |span: &Span| first_section.is_none_or(|start| span.start < start);
    let mut places = context.kickstart.commands.iter().map(|c| c.span);
    let last = places.rfind(|span| is_here(span) && before(span));
    let title = format!("add {}", lines.join("; "));
    let end = line_end_at(text, 0);
    let edit = match (last, first_section) {
        (Some(span), _) => {
            let (content, _) = line_at(text, span.end as usize);
            let end = line_end_at(text, span.end as usize);
            let added = lines.iter().flat_map(|line| [end, line.as_str()]).collect();
            Edit { span: Span::new(file, content.end, content.end), replacement: added }
        }
        (None, Some(start)) => {
            let added = lines.iter().flat_map(|line| [line.as_str(), end]).collect();
            Edit { span: Span { file, start, end: start }, replacement: added }
        }
        (None, None) => {
            let added = lines.iter().flat_map(|line| [line.as_str(), end]).collect();
            Edit { span: Span::new(file, text.len(), text.len()), replacement: added }
        }
    };
    Fix { title, applicability, edits: vec![edit] }
}

/// Writes another word in the place of one entry of a list with commas.
pub(super) fn entry_of_list(
    context: &Context<'_>,
    value: &Spanned<'_>,
    entry: &str,
    new: &str,
    applicability: Applicability,
) -> Option<Fix> {
    let inside = Fix::inside_of(value)?;
    let text = context.sources.text_of(inside);
    let mut at = 0;
    for part in text.split(',') {
        if part.trim() == entry {
            let start = inside.start as usize + at + (part.len() - part.trim_start().len());
            let span = Span::new(inside.file, start, start + entry.len());
            return Some(Fix::replace(span, new, format!("write {new}"), applicability));
        }
        at += part.len() + 1;
    }
    None
}
