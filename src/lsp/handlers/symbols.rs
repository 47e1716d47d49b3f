//! The outline: the storage tree, other commands, sections.

use crate::lsp::view::View;
use gen_lsp_types::*;
use kickstart::Command;
use node_base::source::{Span, Spanned};
use std::collections::{HashMap, HashSet};

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

/// The volumes of a kickstart by what they are in: looked up once, so that the outline costs no more than its lines.
struct Volumes<'v> {
    /// Volumes that no pool of the file has, by group.
    of_group: HashMap<&'v str, Vec<&'v Command<'v>>>,
    /// Thin volumes, by group and pool.
    of_pool: HashMap<(&'v str, &'v str), Vec<&'v Command<'v>>>,
}

impl<'v> Volumes<'v> {
    fn new(view: &View<'v>) -> Volumes<'v> {
        let volumes: Vec<&Command<'_>> = view.commands().filter(|c| c.name == "logvol").collect();
        let group_of = |volume: &'v Command<'v>| text(volume.value("--vgname"));
        let pools = volumes.iter().filter(|v| v.has("--thinpool"));
        let pools: HashSet<_> = pools.map(|v| (group_of(v), text(v.value("--name")))).collect();
        let (mut of_group, mut of_pool) = (HashMap::new(), HashMap::new());
        for volume in volumes {
            let (group, pool) = (group_of(volume), text(volume.value("--poolname")));
            if volume.has("--thin") && pools.contains(&(group, pool)) {
                of_pool.entry((group, pool)).or_insert_with(Vec::new).push(volume);
            } else {
                of_group.entry(group).or_insert_with(Vec::new).push(volume);
            }
        }
        Volumes { of_group, of_pool }
    }

    /// The symbols below a group: its volumes, thin ones below their pool. Each is below the first of its name only.
    fn take(&mut self, view: &View<'_>, group: &'v str) -> Vec<DocumentSymbol> {
        let volumes = self.of_group.remove(group).unwrap_or_default();
        let with_children = volumes.into_iter().filter_map(|volume| {
            let is_pool = volume.has("--thinpool");
            let thin = is_pool.then(|| self.of_pool.remove(&(group, text(volume.value("--name"))))).flatten();
            let thin = thin.into_iter().flatten().filter_map(|thin| volume_symbol(view, thin, Vec::new()));
            volume_symbol(view, volume, thin.collect())
        });
        with_children.collect()
    }
}

fn text<'v>(value: Option<&'v Spanned<'_>>) -> &'v str {
    value.map(|value| value.text.as_ref()).unwrap_or_default()
}

fn tree(view: &View<'_>) -> Vec<DocumentSymbol> {
    let mut symbols = Vec::new();
    let mut volumes = Volumes::new(view);
    let groups: HashSet<&str> =
        view.commands().filter(|c| c.name == "volgroup").map(|c| text(c.first())).collect();
    for command in view.commands() {
        let first = text(command.first()).to_owned();
        match command.name {
            "volgroup" => {
                let children = volumes.take(view, text(command.first()));
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
            "logvol" if groups.contains(text(command.value("--vgname"))) => {}
            "logvol" => symbols.extend(volume_symbol(view, command, Vec::new())),
            "part" | "raid" | "btrfs" | "mount" => {
                let name = if command.name == "mount" {
                    text(command.positionals().nth(1)).to_owned()
                } else {
                    first
                };
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
                let name = text(command.value(option)).to_owned();
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
