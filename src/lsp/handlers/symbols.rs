//! The outline: the storage tree, other commands, sections.

use crate::lsp::view::View;
use gen_lsp_types::*;
use kickstart::{Command, Value};
use node_base::source::Span;

/// The outline, for a client that knows a tree or only a list.
#[derive(Debug, serde::Serialize)]
#[serde(untagged)]
pub(crate) enum Outline {
    /// Symbols below symbols.
    Tree(Vec<DocumentSymbol>),
    /// Symbols with the names of those above.
    List(Vec<Listed>),
}

/// A symbol of a list.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listed {
    name: String,
    kind: SymbolKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    container_name: Option<String>,
    location: Location,
}

/// The outline as a tree, or as a list for a client that knows no tree.
pub(crate) fn symbols(view: &View<'_>, flat: bool) -> Option<Outline> {
    let tree = tree(view);
    if !flat {
        return Some(Outline::Tree(tree));
    }
    let mut list = Vec::new();
    for symbol in tree {
        flatten(view, symbol, None, &mut list);
    }
    Some(Outline::List(list))
}

fn flatten(view: &View<'_>, symbol: DocumentSymbol, container: Option<&str>, list: &mut Vec<Listed>) {
    list.push(Listed {
        name: symbol.name.clone(),
        kind: symbol.kind,
        container_name: container.map(str::to_owned),
        location: Location { uri: view.document.uri.clone(), range: symbol.range },
    });
    for child in symbol.children.into_iter().flatten() {
        flatten(view, child, Some(&symbol.name), list);
    }
}

fn tree(view: &View<'_>) -> Vec<DocumentSymbol> {
    let mut symbols = Vec::new();
    let text = |value: Option<&Value<'_>>| value.map(|value| value.text.to_string()).unwrap_or_default();
    let volumes: Vec<&Command<'_>> = view.commands().filter(|c| c.name == "logvol").collect();
    let group_of = |command: &Command<'_>| text(command.value("--vgname"));
    let known: Vec<String> =
        view.commands().filter(|c| c.name == "volgroup").map(|c| text(c.first())).collect();
    for command in view.commands() {
        let first = text(command.first());
        match command.name {
            "volgroup" => {
                let own = volumes.iter().filter(|volume| group_of(volume) == first);
                let in_pool = |volume: &Command<'_>| {
                    let pool = text(volume.value("--poolname"));
                    volume.has("--thin")
                        && volumes.iter().any(|p| p.has("--thinpool") && text(p.value("--name")) == pool)
                };
                let children = own
                    .filter(|volume| !in_pool(volume))
                    .filter_map(|volume| {
                        let pool = text(volume.value("--name"));
                        let thin = volumes.iter().filter(|thin| {
                            volume.has("--thinpool")
                                && in_pool(thin)
                                && group_of(thin) == first
                                && text(thin.value("--poolname")) == pool
                        });
                        let thin = thin.filter_map(|thin| volume_symbol(view, thin, Vec::new())).collect();
                        volume_symbol(view, volume, thin)
                    })
                    .collect();
                symbols.extend(symbol(
                    view,
                    first,
                    "volume group",
                    SymbolKind::Module,
                    command.span,
                    command.name_span,
                    children,
                ));
            }
            "logvol" if known.contains(&group_of(command)) => {}
            "logvol" => symbols.extend(volume_symbol(view, command, Vec::new())),
            "part" | "raid" | "btrfs" | "mount" => {
                let name = if command.name == "mount" { text(command.positionals().nth(1)) } else { first };
                let detail = text(command.value("--fstype"));
                symbols.extend(symbol(
                    view,
                    name,
                    &format!("{} {detail}", command.name),
                    SymbolKind::Struct,
                    command.span,
                    command.name_span,
                    Vec::new(),
                ));
            }
            "user" | "sshkey" => {
                let option = if command.name == "user" { "--name" } else { "--username" };
                let name = text(command.value(option));
                symbols.extend(symbol(
                    view,
                    name,
                    command.name,
                    SymbolKind::Key,
                    command.span,
                    command.name_span,
                    Vec::new(),
                ));
            }
            _ => {
                let word = view.sources.text_of(command.name_span).to_owned();
                symbols.extend(symbol(
                    view,
                    word,
                    &first,
                    SymbolKind::Property,
                    command.span,
                    command.name_span,
                    Vec::new(),
                ));
            }
        }
    }
    for section in view.sections() {
        let header = view.sources.text_of(section.header_span);
        let name = header.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        symbols.extend(symbol(
            view,
            name,
            "",
            SymbolKind::Namespace,
            section.span,
            section.name_span,
            Vec::new(),
        ));
    }
    symbols.sort_by_key(|symbol| symbol.range.start);
    symbols
}

fn volume_symbol(
    view: &View<'_>,
    command: &Command<'_>,
    children: Vec<DocumentSymbol>,
) -> Option<DocumentSymbol> {
    let place = command.first().map(|place| place.text.to_string()).unwrap_or_default();
    let name = command.value("--name").map(|name| name.text.to_string()).unwrap_or_default();
    let (kind, detail) = match (command.has("--thinpool"), command.has("--thin")) {
        (true, _) => (SymbolKind::Package, "thin pool".to_owned()),
        (false, true) => (SymbolKind::Field, format!("{place} (thin)")),
        (false, false) => (SymbolKind::Field, place),
    };
    symbol(view, name, &detail, kind, command.span, command.name_span, children)
}

fn symbol(
    view: &View<'_>,
    name: String,
    detail: &str,
    kind: SymbolKind,
    whole: Span,
    selection: Span,
    children: Vec<DocumentSymbol>,
) -> Option<DocumentSymbol> {
    #[allow(deprecated, reason = "the protocol's type has the member")]
    Some(DocumentSymbol {
        // An empty name is an error for some clients.
        name: if name.is_empty() { view.sources.text_of(selection).to_owned() } else { name },
        detail: (!detail.trim().is_empty()).then(|| detail.trim().to_owned()),
        kind,
        tags: None,
        deprecated: None,
        range: view.range(whole)?,
        selection_range: view.range(selection)?,
        children: (!children.is_empty()).then_some(children),
    })
}
