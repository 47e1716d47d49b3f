//! What a word means: a command, an option, a size, a code in a waiver.

use super::hints;
use crate::catalogue;
use crate::lsp::capabilities::markup;
use crate::lsp::view::{View, touches};
use gen_lsp_types::*;
use kickstart::syntax::{Word, split_words};
use kickstart::vocabulary::{self, Entry, EntryOption, ValueKind};
use kickstart::{Arg, Command};
use node_base::diagnostic::Code as FindingCode;
use node_base::source::Span;
use std::fmt::Write;

/// The page of the word at a byte.
pub(crate) fn hover(view: &View<'_>, offset: usize) -> Option<Hover> {
    let (page, span) = page(view, offset)?;
    let value = page.trim_end().to_owned();
    Some(Hover {
        contents: Contents::MarkupContent(markup(value, view.client.has_markdown)),
        range: view.range(span),
    })
}

fn page(view: &View<'_>, offset: usize) -> Option<(String, Span)> {
    if let Some((code, span)) = code_at(view, offset) {
        let head = format!("**{} {}** ({}, {})\n\n", code.id, code.name, code.category.name(), code.severity);
        let link = code.address().map(|address| format!("\n\n[{}]({address})", code.id)).unwrap_or_default();
        return Some((head + &code.text() + &link, span));
    }
    let version = view.kickstart().version;
    if let Some(command) = view.command_at(offset) {
        let word = view.sources.text_of(command.name_span);
        let Some(entry) =
            vocabulary::command(word, version).or_else(|| vocabulary::command(command.name, version))
        else {
            let text = format!("`{word}` is not a command of {version}.");
            return touches(command.name_span, offset).then_some((text, command.name_span));
        };
        if touches(command.name_span, offset) {
            return Some((command_page(&entry, view), command.name_span));
        }
        return arguments(view, command, &entry, offset);
    }
    let Some(section) = view.sections().find(|section| touches(section.header_span, offset)) else {
        return unknown_command(view, offset);
    };
    let entry = vocabulary::section_named(view.sources.text_of(section.name_span), version)?;
    if touches(section.name_span, offset) {
        return Some((command_page(&entry, view), section.name_span));
    }
    section.args.iter().find_map(|arg| option_at(arg, &entry, offset))
}

/// The first word of a line that is not a command of any version.
fn unknown_command(view: &View<'_>, offset: usize) -> Option<(String, Span)> {
    let (start, line) = view.document.lines.line(view.text(), view.document.lines.line_of(offset));
    let mut words: Vec<Word> = Vec::new();
    split_words(view.text(), start, start + line.len(), true, &mut words);
    let first = words.first()?;
    let span = Span { file: view.kickstart().file, start: first.start, end: first.end };
    let word = view.sources.text_of(span);
    let is_command = view.section_at(offset).is_none() && !word.starts_with(['%', '#']) && !word.is_empty();
    let text = || format!("`{word}` is not a command of {}.", view.kickstart().version);
    (is_command && touches(span, offset)).then(|| (text(), span))
}

fn arguments(view: &View<'_>, command: &Command<'_>, entry: &Entry, offset: usize) -> Option<(String, Span)> {
    for arg in &command.args {
        if let Some(found) = option_at(arg, entry, offset) {
            return Some(found);
        }
        if let Arg::Option { name, value: Some(value), .. } = arg
            && touches(value.span, offset)
        {
            let mut page = match hints::size(command.name, name, &value.text) {
                Some(size) => format!("**{size}**\n\n"),
                None => String::new(),
            };
            if let Some(option) = entry.option(name) {
                page += &option_page(entry, &option);
            }
            let planned = hints::planned(view, command).map(|text| format!("\n\n{text}")).unwrap_or_default();
            page += &planned;
            return (!page.is_empty()).then_some((page, value.span));
        }
    }
    None
}

fn option_at(arg: &Arg<'_>, entry: &Entry, offset: usize) -> Option<(String, Span)> {
    let Arg::Option { name, name_span, .. } = arg else { return None };
    let option = entry.option(name).filter(|_| touches(*name_span, offset))?;
    Some((option_page(entry, &option), *name_span))
}

/// A command or a section header.
pub(crate) fn command_page(entry: &Entry, view: &View<'_>) -> String {
    let version = view.kickstart().version;
    let mut page = format!("**{}**", entry.word);
    let arguments: Vec<String> = entry
        .arguments()
        .map(|a| if a.required { a.name.to_uppercase() } else { format!("[{}]", a.name.to_uppercase()) })
        .collect();
    if !arguments.is_empty() {
        let _ = write!(page, " {}", arguments.join(" "));
    }
    page += "\n\n";
    if let Some(name) = entry.alias_of {
        let _ = writeln!(page, "Another word for `{name}`.\n");
    }
    if entry.deprecated {
        let _ = writeln!(page, "Deprecated in {version}: it does nothing.\n");
    }
    if let Some(instead) = entry.instead() {
        let _ = writeln!(page, "Write instead: {instead}\n");
    }
    let required: Vec<String> = entry
        .options()
        .filter(|option| option.required)
        .map(|option| format!("`{}`", option.names[0]))
        .collect();
    if !required.is_empty() {
        let _ = writeln!(page, "Needs {}.\n", required.join(", "));
    }
    let count = entry.options().count();
    if count > 0 {
        let _ = writeln!(page, "{count} options in {version}.\n");
    }
    let conflicts = entry.conflicts();
    if !conflicts.is_empty() {
        let _ = writeln!(page, "Not together with {}.\n", conflicts.join(", "));
    }
    if !entry.word.starts_with('%') {
        let _ = writeln!(page, "In {}.", entry.history());
    }
    page
}

/// An option of a command.
pub(crate) fn option_page(entry: &Entry, option: &EntryOption) -> String {
    let mut page = format!("**{}** of `{}`\n\n", option.names.join("**, **"), entry.word);
    if option.value != ValueKind::None {
        let unit = hints::unit(entry.alias_of.unwrap_or(entry.word), option.names[0]);
        let unit = unit.map(|unit| format!(" of {unit}")).unwrap_or_default();
        let _ = write!(page, "Takes {}{unit}.", option.value.described());
    } else {
        page += "A switch.";
    }
    page += if option.required { " Required." } else { "" };
    page += if option.repeats { " May be given several times." } else { "" };
    page += "\n\n";
    if !option.choices.is_empty() {
        let choices: Vec<String> = option.choices.iter().map(|choice| format!("`{choice}`")).collect();
        let _ = writeln!(page, "Choices: {}.\n", choices.join(", "));
    }
    if option.deprecated {
        page += "Deprecated: it does nothing.\n\n";
    }
    if let Some(instead) = option.instead {
        let _ = writeln!(page, "Write instead: {instead}\n");
    }
    let _ = write!(page, "In {}.", option.history());
    page
}

/// The code of a finding that is written at a byte, in a waiver.
fn code_at(view: &View<'_>, offset: usize) -> Option<(&'static FindingCode, Span)> {
    let text = view.text();
    let line = view.document.lines.line_of(offset);
    let (start, content) = view.document.lines.line(text, line);
    if !content.contains("waive") {
        return None;
    }
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let from = text[start..offset].rfind(|c| !is_word(c)).map_or(start, |at| start + at + 1);
    let rest = &text[offset..start + content.len()];
    let to = offset + rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let word = text.get(from..to)?;
    let code = catalogue::codes().iter().find(|code| code.id.eq_ignore_ascii_case(word))?;
    Some((code, Span::new(view.kickstart().file, from, to)))
}
