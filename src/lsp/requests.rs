//! What a client asks for: one handler for each request.

use super::answer::{Answer, Failure, params, value};
use super::capabilities::SHOW_PLAN;
use super::document::Kind;
use super::handlers::*;
use super::server::{Asked, Phase, Server, unsaved};
use super::view::{Included, View};
use crate::lint::{self, Settings};
use gen_lsp_types::*;
use lsp_server::{ErrorCode, Request};
use node_base::source::Sources;
use serde_json::{Value, json};

impl Server<'_> {
    pub(super) fn request(&mut self, request: Request) -> Result<Value, Failure> {
        let failure =
            |code: ErrorCode, message: &str| Err(Failure { code: code as i32, message: message.to_owned() });
        match (self.phase, request.method.as_str()) {
            (Phase::New, "initialize") => return self.initialize(params(request)?),
            (Phase::New, _) => return failure(ErrorCode::ServerNotInitialized, "initialize comes first"),
            (Phase::ShutDown, _) => {
                return failure(ErrorCode::InvalidRequest, "the server was asked to shut down");
            }
            (Phase::Running, "initialize") => {
                return failure(ErrorCode::InvalidRequest, "the server is initialized already");
            }
            (Phase::Running, _) => {}
        }
        match request.method.as_str() {
            "shutdown" => {
                self.phase = Phase::ShutDown;
                Ok(Value::Null)
            }
            "textDocument/diagnostic" => {
                let params: DocumentDiagnosticParams = params(request)?;
                let items = self.diagnostics(&params.text_document.uri);
                Ok(json!({ "kind": "full", "items": items }))
            }
            "textDocument/hover" => {
                let params: HoverParams = params(request)?;
                self.at(params.text_document_position_params, hover::hover)
            }
            "textDocument/completion" => {
                let params: CompletionParams = params(request)?;
                self.at(params.text_document_position_params, completion::completion)
            }
            "textDocument/definition" => {
                let params: DefinitionParams = params(request)?;
                self.at(params.text_document_position_params, references::definition)
            }
            "textDocument/references" => {
                let params: ReferenceParams = params(request)?;
                let with_definition = params.context.include_declaration;
                self.at(params.text_document_position_params, |view, offset| {
                    references::references(view, offset, with_definition)
                })
            }
            "textDocument/prepareRename" => {
                let params: PrepareRenameParams = params(request)?;
                self.at(params.text_document_position_params, rename::prepare)
            }
            "textDocument/rename" => {
                let params: RenameParams = params(request)?;
                let new = params.new_name;
                self.at(params.text_document_position_params, |view, offset| {
                    rename::rename(view, offset, &new).map_err(Failure::request)
                })
            }
            "textDocument/documentSymbol" => {
                let params: DocumentSymbolParams = params(request)?;
                let flat = !self.client.has_symbol_tree;
                self.of(&params.text_document.uri, |view| symbols::symbols(view, flat))
            }
            "textDocument/foldingRange" => {
                let params: FoldingRangeParams = params(request)?;
                self.of(&params.text_document.uri, folding::ranges)
            }
            "textDocument/documentLink" => {
                let params: DocumentLinkParams = params(request)?;
                self.of(&params.text_document.uri, links::links)
            }
            "textDocument/semanticTokens/full" => {
                let params: SemanticTokensParams = params(request)?;
                self.of(&params.text_document.uri, tokens::tokens)
            }
            "textDocument/inlayHint" => {
                let params: InlayHintParams = params(request)?;
                let range = params.range;
                self.of(&params.text_document.uri, |view| hints::hints(view, range))
            }
            "textDocument/codeLens" => {
                let params: CodeLensParams = params(request)?;
                self.of(&params.text_document.uri, lens::lenses)
            }
            "textDocument/codeAction" => {
                let params: CodeActionParams = params(request)?;
                self.code_actions(&params)
            }
            "textDocument/formatting" => {
                let params: DocumentFormattingParams = params(request)?;
                let encoding = self.client.encoding;
                match self.analysed(&params.text_document.uri) {
                    Some((document, analysis)) => value(formatting::edits(document, &analysis, encoding)),
                    None => Ok(Value::Null),
                }
            }
            "textDocument/rangeFormatting" => {
                let params: DocumentRangeFormattingParams = params(request)?;
                let encoding = self.client.encoding;
                match self.analysed(&params.text_document.uri) {
                    Some((document, analysis)) => {
                        value(formatting::edits_within(document, &analysis, params.range, encoding))
                    }
                    None => Ok(Value::Null),
                }
            }
            "workspace/executeCommand" => {
                let params: ExecuteCommandParams = params(request)?;
                self.execute(&params)
            }
            #[cfg(test)]
            "ks-lint/panic" => panic!("a handler that fails"),
            other => failure(ErrorCode::MethodNotFound, &format!("{other} is not known")),
        }
    }

    /// The answer of a handler about a kickstart; null for another text.
    fn of<T: Answer>(&mut self, uri: &Uri, handler: impl FnOnce(&View<'_>) -> T) -> Result<Value, Failure> {
        let Some(document) = self.documents.get(&uri.0).filter(|d| d.kind == Kind::Kickstart) else {
            return Ok(Value::Null);
        };
        let settings = match &document.settings {
            Some(settings) => settings.clone(),
            None => self.settings.of(document.path.as_deref()).0,
        };
        let mut sources = Sources::new();
        let file = sources
            .add(document.name(), document.text.clone())
            .map_err(|e| Failure::request(e.to_string()))?;
        let unsaved = unsaved(document, &self.documents);
        let settings = &Settings { unsaved, ..settings.settings.clone() };
        let includes = settings.load_includes(&mut sources, file);
        let read = lint::read_with_includes(&sources, &includes, file, settings);
        let view = View {
            document,
            documents: &self.documents,
            sources: &sources,
            read: &read,
            settings,
            encoding: self.client.encoding,
            client: self.client,
            included: Included::default(),
        };
        handler(&view).answer()
    }

    /// As [`Server::of`], at a position.
    fn at<T: Answer>(
        &mut self,
        place: TextDocumentPositionParams,
        handler: impl FnOnce(&View<'_>, usize) -> T,
    ) -> Result<Value, Failure> {
        self.of(&place.text_document.uri, |view| handler(view, view.offset(place.position)))
    }

    fn code_actions(&mut self, params: &CodeActionParams) -> Result<Value, Failure> {
        let encoding = self.client.encoding;
        match self.analysed(&params.text_document.uri) {
            Some((document, analysis)) => value(code_action::actions(document, &analysis, params, encoding)),
            None => Ok(Value::Null),
        }
    }

    fn execute(&mut self, params: &ExecuteCommandParams) -> Result<Value, Failure> {
        if params.command != SHOW_PLAN {
            return Err(Failure::params(format!("{} is not a command of ks-lint", params.command)));
        }
        let uri = params.arguments.as_ref().and_then(|list| list.first()).and_then(Value::as_str);
        let uri =
            Uri(uri.ok_or_else(|| Failure::params("the address of a kickstart is missing"))?.to_owned());
        let picture = self.of(&uri, lens::picture)?;
        if self.client.shows_documents
            && let Some(svg) = picture.as_str()
        {
            let shown = self.pages.write(&lens::picture_name(&uri), svg).map_err(Failure::request)?;
            let show =
                ShowDocumentParams { uri: shown, external: Some(true), take_focus: None, selection: None };
            self.ask("window/showDocument", show, Asked::Other);
        }
        Ok(picture)
    }
}
