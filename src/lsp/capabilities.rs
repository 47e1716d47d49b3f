//! What the server offers, and what it must know of the client.

use super::position::Encoding;
use gen_lsp_types::*;

/// What the client understands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Client {
    pub(super) encoding: Encoding,
    /// It asks for diagnostics; none are pushed.
    pub(super) pulls_diagnostics: bool,
    /// It takes a request to ask for diagnostics again.
    pub(super) refreshes_diagnostics: bool,
    /// It takes a request to ask for the code lens again.
    pub(super) refreshes_lenses: bool,
    /// It takes a request to ask for inlay hints again.
    pub(super) refreshes_hints: bool,
    /// It takes a request to ask for semantic tokens again.
    pub(super) refreshes_tokens: bool,
    /// It shows a document on request.
    pub(super) shows_documents: bool,
    /// It answers `workspace/configuration`.
    pub(super) has_configuration: bool,
    /// It watches files on request.
    pub(super) watches_files: bool,
    /// It takes links of diagnostics.
    pub(super) has_code_description: bool,
    /// It takes code actions with edits in them; others would take only commands.
    pub(super) has_code_actions: bool,
    /// It takes symbols in a tree.
    pub(super) has_symbol_tree: bool,
    /// It shows Markdown on hovering.
    pub(super) has_markdown: bool,
    /// It shows Markdown beside what it completes.
    pub(super) completes_with_markdown: bool,
}

impl Client {
    /// Reads what the client says of itself.
    pub(super) fn of(capabilities: &ClientCapabilities) -> Client {
        let text = capabilities.text_document.clone().unwrap_or_default();
        let workspace = capabilities.workspace.clone().unwrap_or_default();
        let window = capabilities.window.unwrap_or_default();
        let general = capabilities.general.clone().unwrap_or_default();
        let publish = text.publish_diagnostics.clone().unwrap_or_default();
        let knows = |formats: &Option<Vec<MarkupKind>>| {
            formats.as_ref().is_some_and(|formats| formats.contains(&MarkupKind::Markdown))
        };
        let items = text.completion.as_ref().and_then(|completion| completion.completion_item.as_ref());
        let watch = workspace.did_change_watched_files;
        Client {
            has_markdown: text.hover.as_ref().is_some_and(|hover| knows(&hover.content_format)),
            completes_with_markdown: items.is_some_and(|item| knows(&item.documentation_format)),
            encoding: Encoding::of(general.position_encodings.as_deref()),
            pulls_diagnostics: text.diagnostic.is_some(),
            refreshes_diagnostics: workspace.diagnostics.is_some_and(|d| d.refresh_support == Some(true)),
            refreshes_lenses: workspace.code_lens.is_some_and(|lens| lens.refresh_support == Some(true)),
            refreshes_hints: workspace.inlay_hint.is_some_and(|hint| hint.refresh_support == Some(true)),
            refreshes_tokens: workspace
                .semantic_tokens
                .is_some_and(|tokens| tokens.refresh_support == Some(true)),
            shows_documents: window.show_document.is_some_and(|show| show.support),
            has_configuration: workspace.configuration == Some(true),
            watches_files: watch.is_some_and(|watch| watch.dynamic_registration == Some(true)),
            has_code_description: publish.diagnostics_capabilities.code_description_support == Some(true)
                || text.diagnostic.is_some(),
            has_code_actions: text
                .code_action
                .as_ref()
                .is_some_and(|action| action.code_action_literal_support.is_some()),
            has_symbol_tree: text
                .document_symbol
                .as_ref()
                .is_some_and(|symbol| symbol.hierarchical_document_symbol_support == Some(true)),
        }
    }
}

/// A page as the client shows it: Markdown, or text without its marks.
pub(super) fn markup(page: String, markdown: bool) -> MarkupContent {
    if markdown {
        return MarkupContent { kind: MarkupKind::Markdown, value: page };
    }
    MarkupContent { kind: MarkupKind::PlainText, value: page.replace("**", "").replace('`', "") }
}

/// The command that shows the plan of a document as a picture.
pub(super) const SHOW_PLAN: &str = "ks-lint.showPlan";

/// The kind of action that applies every safe fix.
pub(super) const FIX_ALL: &str = "source.fixAll.ks-lint";

/// The kinds of word, by their names in the protocol. The index is the number in a token.
pub(super) const TOKEN_TYPES: [&str; 7] =
    ["keyword", "parameter", "string", "number", "namespace", "comment", "variable"];

/// What the server offers.
pub(super) fn offered(client: Client) -> ServerCapabilities {
    let progress = WorkDoneProgressOptions::default();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    ServerCapabilities {
        position_encoding: Some(client.encoding.kind()),
        text_document_sync: Some(TextDocumentSync::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::Incremental),
            will_save: None,
            will_save_wait_until: None,
            save: Some(Save::Bool(true)),
        })),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(words(&["-", "=", " ", "%", "@", "/", ",", "."])),
            all_commit_characters: None,
            resolve_provider: None,
            completion_item: None,
            work_done_progress_options: progress,
        }),
        hover_provider: Some(HoverProvider::Bool(true)),
        definition_provider: Some(DefinitionProvider::Bool(true)),
        references_provider: Some(ReferencesProvider::Bool(true)),
        document_symbol_provider: Some(DocumentSymbolProvider::Bool(true)),
        code_action_provider: client.has_code_actions.then(|| {
            CodeActionProvider::CodeActionOptions(CodeActionOptions {
                code_action_kinds: Some(vec![
                    CodeActionKind::QuickFix,
                    CodeActionKind::Custom(FIX_ALL.into()),
                ]),
                documentation: None,
                resolve_provider: None,
                work_done_progress_options: progress,
            })
        }),
        code_lens_provider: Some(CodeLensOptions {
            resolve_provider: None,
            work_done_progress_options: progress,
        }),
        document_link_provider: Some(DocumentLinkOptions {
            resolve_provider: None,
            work_done_progress_options: progress,
        }),
        document_formatting_provider: Some(DocumentFormattingProvider::Bool(true)),
        document_range_formatting_provider: Some(DocumentRangeFormattingProvider::Bool(true)),
        rename_provider: Some(RenameProvider::RenameOptions(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: progress,
        })),
        folding_range_provider: Some(FoldingRangeProvider::Bool(true)),
        inlay_hint_provider: Some(InlayHintProvider::Bool(true)),
        semantic_tokens_provider: Some(SemanticTokensProvider::SemanticTokensOptions(
            SemanticTokensOptions {
                legend: SemanticTokensLegend {
                    token_types: words(&TOKEN_TYPES),
                    token_modifiers: Vec::new(),
                },
                range: None,
                full: Some(Full::Bool(true)),
                work_done_progress_options: progress,
            },
        )),
        diagnostic_provider: client.pulls_diagnostics.then(|| {
            DiagnosticProvider::DiagnosticOptions(DiagnosticOptions {
                identifier: Some("ks-lint".to_owned()),
                // A kickstart depends on the files that it includes.
                inter_file_dependencies: true,
                workspace_diagnostics: false,
                work_done_progress_options: progress,
            })
        }),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: words(&[SHOW_PLAN]),
            work_done_progress_options: progress,
        }),
        workspace: Some(WorkspaceOptions {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(ChangeNotifications::Bool(true)),
            }),
            file_operations: None,
            text_document_content: None,
        }),
        ..ServerCapabilities::default()
    }
}
