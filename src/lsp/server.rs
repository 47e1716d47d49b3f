//! The state of the server and the loop that answers messages.

use super::analysis::Analysis;
use super::answer::{Failure, value};
use super::capabilities::{self, Client};
use super::document::{Document, Documents, Kind, address};
use super::handlers::diagnostics;
use super::pages::Pages;
use super::scripts::Scripts;
use super::settings::{Known, SettingsOfClient};
use crate::lint::include::Unsaved;
use crate::lint::{self, FileReport, Settings};
use gen_lsp_types::*;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use node_base::source::Sources;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

/// How a client left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It asked the server to shut down, then to exit.
    AsAgreed,
    /// It went away.
    Suddenly,
}

/// Answers the messages of a client until it leaves.
pub fn serve(connection: &Connection) -> Left {
    let mut server = Server::new(connection);
    loop {
        // Everything that waits: what is cancelled in it is not worked on.
        while let Ok(message) = connection.receiver.try_recv() {
            server.enqueue(message);
        }
        let message = match server.queue.pop_front() {
            Some(message) => message,
            None if server.publish_next() => continue,
            None => match server.wait() {
                Some(message) => message,
                None => return Left::Suddenly,
            },
        };
        if let Some(left) = server.handle(message) {
            return left;
        }
    }
}

/// What a request to the client was for.
pub(super) enum Asked {
    /// Its settings.
    Configuration,
    /// Something whose answer changes nothing.
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    New,
    Running,
    ShutDown,
}

pub(super) struct Server<'c> {
    connection: &'c Connection,
    pub(super) phase: Phase,
    pub(super) client: Client,
    queue: VecDeque<Message>,
    pub(super) documents: Documents,
    /// Documents whose diagnostics the client does not have yet.
    stale: BTreeSet<String>,
    pub(super) settings: SettingsOfClient,
    scripts: Scripts,
    pub(super) pages: Pages,
    /// Problems that the client was told of.
    told: BTreeSet<String>,
    asked: HashMap<RequestId, Asked>,
    next_request: i32,
}

impl<'c> Server<'c> {
    fn new(connection: &'c Connection) -> Self {
        Server {
            connection,
            phase: Phase::New,
            client: Client::default(),
            queue: VecDeque::new(),
            documents: Documents::new(),
            stale: BTreeSet::new(),
            settings: SettingsOfClient::default(),
            scripts: Scripts::default(),
            pages: Pages::default(),
            told: BTreeSet::new(),
            asked: HashMap::new(),
            next_request: 0,
        }
    }

    /// The next message; `None` when the client has gone. Between messages scripts are checked.
    fn wait(&mut self) -> Option<Message> {
        let receiver = &self.connection.receiver;
        loop {
            let Some(pause) = self.scripts.pause() else { return receiver.recv().ok() };
            match receiver.recv_timeout(pause) {
                Ok(message) => return Some(message),
                Err(error) if error.is_timeout() => {
                    let checked = self.scripts.advance();
                    if !checked.is_empty() {
                        self.refresh(checked);
                        while self.publish_next() {}
                    }
                }
                Err(_) => return None,
            }
        }
    }

    /// Puts a message behind those that wait, or takes one of those away.
    fn enqueue(&mut self, message: Message) {
        if let Message::Notification(notification) = &message
            && notification.method == "$/cancelRequest"
        {
            let id = notification.params.get("id").cloned().unwrap_or_default();
            let Ok(id) = serde_json::from_value::<RequestId>(id) else { return };
            let waits = |m: &Message| matches!(m, Message::Request(request) if request.id == id);
            if let Some(at) = self.queue.iter().position(waits) {
                self.queue.remove(at);
                let code = ErrorCode::RequestCanceled as i32;
                self.send(Response::new_err(id, code, "cancelled by the client".to_owned()));
            }
            return;
        }
        self.queue.push_back(message);
    }

    /// A client that has gone is noticed when its messages end.
    fn send(&self, message: impl Into<Message>) {
        let _ = self.connection.sender.send(message.into());
    }

    fn notify(&self, method: &str, params: impl Serialize) {
        self.send(Notification::new(method.to_owned(), params));
    }

    pub(super) fn ask(&mut self, method: &str, params: impl Serialize, asked: Asked) {
        self.next_request += 1;
        let id = RequestId::from(self.next_request);
        self.asked.insert(id.clone(), asked);
        self.send(Request::new(id, method.to_owned(), params));
    }

    /// Tells the person of a problem, once.
    fn tell(&mut self, problem: String) {
        if self.told.insert(problem.clone()) {
            self.notify(
                "window/showMessage",
                ShowMessageParams { kind: MessageType::Warning, message: problem },
            );
        }
    }

    /// Handles a message; says how the client left if this was its last one.
    fn handle(&mut self, message: Message) -> Option<Left> {
        match message {
            Message::Request(request) => {
                let id = request.id.clone();
                // Whatever goes wrong in a handler, the next message is answered.
                let result = catch_unwind(AssertUnwindSafe(|| self.request(request)));
                self.send(match result {
                    // Not `new_ok`, which would copy the value: the outline of a long file is large.
                    Ok(Ok(value)) => Response { id, response_result: Ok(value) },
                    Ok(Err(failure)) => Response::new_err(id, failure.code, failure.message),
                    Err(_) => {
                        let message = "ks-lint failed on this request; please report it with the text";
                        Response::new_err(id, ErrorCode::InternalError as i32, message.to_owned())
                    }
                });
            }
            Message::Notification(notification) if notification.method == "exit" => {
                return Some(if self.phase == Phase::ShutDown { Left::AsAgreed } else { Left::Suddenly });
            }
            Message::Notification(notification) => {
                if self.phase == Phase::Running {
                    let _ = catch_unwind(AssertUnwindSafe(|| self.notification(notification)));
                }
            }
            Message::Response(response) => {
                if let (Some(Asked::Configuration), Ok(value)) =
                    (self.asked.remove(&response.id), response.response_result)
                {
                    let value = value.as_array().and_then(|list| list.first()).cloned().unwrap_or_default();
                    self.configure(&value);
                }
            }
        }
        None
    }

    pub(super) fn initialize(&mut self, params: InitializeParams) -> Result<Value, Failure> {
        self.client = Client::of(&params.capabilities);
        self.phase = Phase::Running;
        let problems =
            self.settings.set(&params.initialization_options.unwrap_or_default(), &self.scripts.memory);
        problems.into_iter().for_each(|problem| self.tell(problem));
        let result = InitializeResult {
            capabilities: capabilities::offered(self.client),
            server_info: Some(ServerInfo {
                name: "ks-lint".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        };
        value(result)
    }

    fn notification(&mut self, notification: Notification) {
        match notification.method.as_str() {
            "initialized" => self.initialized(),
            "textDocument/didOpen" => {
                let Some(DidOpenTextDocumentParams { text_document: opened }) = read(notification) else {
                    return;
                };
                let language = opened.language_id.to_string();
                let uri = opened.uri.0.clone();
                let document = Document::new(opened.uri, &language, opened.version, opened.text);
                self.documents.insert(uri.clone(), document);
                self.changed(&uri);
                self.stale.insert(uri);
            }
            "textDocument/didChange" => {
                let Some(DidChangeTextDocumentParams { text_document: changed, content_changes }) =
                    read(notification)
                else {
                    return;
                };
                let uri = changed.text_document_identifier.uri.0;
                if let Some(document) = self.documents.get_mut(&uri) {
                    document.change(changed.version, content_changes, self.client.encoding);
                    self.scripts.forget(&uri);
                    self.changed(&uri);
                    self.stale.insert(uri);
                }
            }
            "textDocument/didClose" => {
                let Some(DidCloseTextDocumentParams { text_document: closed }) = read(notification) else {
                    return;
                };
                self.changed(&closed.uri.0);
                self.documents.remove(&closed.uri.0);
                self.stale.remove(&closed.uri.0);
                self.scripts.forget(&closed.uri.0);
                if !self.client.pulls_diagnostics {
                    // What is not open is not checked.
                    self.publish(closed.uri, None, Vec::new());
                }
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => self.check_again(),
            "workspace/didChangeConfiguration" => {
                let settings = notification.params.get("settings").cloned().unwrap_or_default();
                if settings.is_null() && self.client.has_configuration {
                    self.ask_configuration();
                } else if !settings.is_null() {
                    self.configure(&settings);
                }
            }
            // Folders need no care: the settings of a document are found from its own path.
            _ => {}
        }
    }

    fn initialized(&mut self) {
        if self.client.has_configuration {
            self.ask_configuration();
        }
        if self.client.watches_files {
            let watch = |glob: &str| json!({ "globPattern": glob });
            let options = json!({ "watchers": [watch("**/.ks-lint.toml"), watch("**/*.{ks,cfg,toml}")] });
            let registration = json!({ "registrations": [{
                "id": "ks-lint-files", "method": "workspace/didChangeWatchedFiles", "registerOptions": options
            }] });
            self.ask("client/registerCapability", registration, Asked::Other);
        }
    }

    fn ask_configuration(&mut self) {
        self.ask(
            "workspace/configuration",
            json!({ "items": [{ "section": "ks-lint" }] }),
            Asked::Configuration,
        );
    }

    fn configure(&mut self, settings: &Value) {
        if settings.is_null() {
            return;
        }
        let problems = self.settings.set(settings, &self.scripts.memory);
        problems.into_iter().for_each(|problem| self.tell(problem));
        self.check_again();
    }

    /// A document has another text than before: those that include it are checked again.
    fn changed(&mut self, uri: &str) {
        let Some(identity) = self.documents.get(uri).and_then(|document| document.identity.clone()) else {
            return;
        };
        for (other, document) in &mut self.documents {
            if document.analysis.as_ref().is_some_and(|analysis| analysis.includes(&identity)) {
                document.analysis = None;
                self.stale.insert(other.clone());
            }
        }
    }

    /// Other files have changed: everything is checked again.
    fn check_again(&mut self) {
        self.settings.read_again();
        self.refresh(self.documents.keys().cloned().collect());
        // They depend on the release and the disks; the client asks by itself only when a text changes.
        let wanted = [
            (self.client.refreshes_lenses, "workspace/codeLens/refresh"),
            (self.client.refreshes_hints, "workspace/inlayHint/refresh"),
            (self.client.refreshes_tokens, "workspace/semanticTokens/refresh"),
        ];
        for (_, method) in wanted.into_iter().filter(|(is_taken, _)| *is_taken) {
            self.ask(method, Value::Null, Asked::Other);
        }
    }

    /// These documents are checked again, and their diagnostics sent or asked for.
    fn refresh(&mut self, uris: Vec<String>) {
        for uri in uris {
            if let Some(document) = self.documents.get_mut(&uri) {
                document.analysis = None;
                document.settings = None;
                self.stale.insert(uri);
            }
        }
        if self.client.pulls_diagnostics {
            self.stale.clear();
            if self.client.refreshes_diagnostics {
                self.ask("workspace/diagnostic/refresh", Value::Null, Asked::Other);
            }
        }
    }

    /// Sends the diagnostics of one document that lacks them; says whether there was one.
    fn publish_next(&mut self) -> bool {
        let Some(uri) = self.stale.pop_first() else { return false };
        if self.client.pulls_diagnostics {
            return true;
        }
        let Some(document) = self.documents.get(&uri) else { return true };
        let (uri, version) = (document.uri.clone(), document.version);
        let found = catch_unwind(AssertUnwindSafe(|| self.diagnostics(&uri)));
        if let Ok(diagnostics) = found {
            self.publish(uri, Some(version), diagnostics);
        }
        true
    }

    fn publish(&self, uri: Uri, version: Option<i32>, diagnostics: Vec<Diagnostic>) {
        let params = PublishDiagnosticsParams { uri, version, diagnostics };
        self.notify("textDocument/publishDiagnostics", params);
    }

    pub(super) fn diagnostics(&mut self, uri: &Uri) -> Vec<Diagnostic> {
        let client = self.client;
        match self.documents.get(&uri.0) {
            Some(document) if document.kind == Kind::Config => {
                return diagnostics::of_config(document, client);
            }
            Some(document) if document.kind == Kind::Policy => {
                return diagnostics::of_policy(document, client);
            }
            Some(document) if document.kind == Kind::Other => return Vec::new(),
            _ => {}
        }
        match self.analysed(uri) {
            Some((document, analysis)) => diagnostics::all(document, &analysis, client),
            None => Vec::new(),
        }
    }

    /// A document with what is found in it, checked if it was not yet.
    pub(super) fn analysed(&mut self, uri: &Uri) -> Option<(&Document, Arc<Analysis>)> {
        let document = self.documents.get(&uri.0)?;
        if document.analysis.is_none() {
            if !matches!(document.kind, Kind::Kickstart | Kind::Boot(_)) {
                return None;
            }
            let (known, problem) = self.settings.of(document.path.as_deref());
            let document = self.documents.get(&uri.0)?;
            let report = check(document, &known, unsaved(document, &self.documents));
            let analysis = report.map(|report| {
                let address = |path: &Path, identity: Option<&Path>| address(path, identity, &self.documents);
                let mut analysis = Analysis::new(report, &document.uri, address);
                if self.client.has_code_description {
                    analysis.look_up_pages(&mut self.pages);
                }
                analysis
            });
            self.scripts.checked(&uri.0);
            if let Some(problem) = problem {
                self.tell(problem);
            }
            let document = self.documents.get_mut(&uri.0)?;
            document.analysis = Some(Arc::new(analysis?));
            document.settings = Some(known);
        }
        let document = self.documents.get(&uri.0)?;
        Some((document, document.analysis.clone()?))
    }
}

/// What the other open documents show: for a document that includes files.
pub(super) fn unsaved(document: &Document, documents: &Documents) -> Unsaved {
    if !["%include", "%ksappend"].iter().any(|word| document.text.contains(word)) {
        return Unsaved::default();
    }
    let others = documents.values().filter(|other| other.uri != document.uri);
    let texts = others.filter_map(|other| Some((other.identity.clone()?, Arc::from(other.text.as_str()))));
    texts.collect()
}

/// Checks a text as what it is.
fn check(document: &Document, known: &Known, unsaved: Unsaved) -> Option<FileReport> {
    let mut sources = Sources::new();
    let file = sources.add(document.name(), document.text.clone()).ok()?;
    let mut report = match document.kind {
        Kind::Kickstart => lint::lint(sources, file, &Settings { unsaved, ..known.settings.clone() }),
        Kind::Boot(format) => lint::boot::lint(sources, file, Some(format), known.settings.stated_syntax()),
        Kind::Config | Kind::Policy | Kind::Other => return None,
    };
    if let Some(baseline) = &known.baseline {
        baseline.apply(&mut report);
    }
    Some(report)
}

/// The parameters of a notification, which has no answer: one that cannot be read is left alone.
fn read<T: DeserializeOwned>(notification: Notification) -> Option<T> {
    serde_json::from_value(notification.params).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_answer_and_the_server_lives_on() {
        let (server, client) = Connection::memory();
        let running = std::thread::spawn(move || serve(&server));
        let ask = |id: i32, method: &str, params: Value| {
            client.sender.send(Request::new(id.into(), method.to_owned(), params).into()).unwrap();
            let Message::Response(response) = client.receiver.recv().unwrap() else {
                panic!("not a response")
            };
            assert_eq!(response.id, RequestId::from(id));
            response.response_result
        };
        assert!(ask(1, "initialize", json!({ "capabilities": {} })).is_ok());
        assert_eq!(ask(2, "ks-lint/panic", Value::Null).unwrap_err().code, -32603);
        assert!(ask(3, "shutdown", Value::Null).is_ok());
        client.sender.send(Notification::new("exit".to_owned(), Value::Null).into()).unwrap();
        assert_eq!(running.join().unwrap(), Left::AsAgreed);
    }

    #[test]
    fn what_waits_is_cancelled_before_it_is_worked_on() {
        let (server, client) = Connection::memory();
        let request =
            |id: i32, method: &str, params: Value| Request::new(id.into(), method.to_owned(), params);
        let cancel = Notification::new("$/cancelRequest".to_owned(), json!({ "id": 2 }));
        client.sender.send(request(1, "initialize", json!({ "capabilities": {} })).into()).unwrap();
        client.sender.send(request(2, "textDocument/hover", Value::Null).into()).unwrap();
        client.sender.send(cancel.into()).unwrap();
        let running = std::thread::spawn(move || serve(&server));
        let Message::Response(first) = client.receiver.recv().unwrap() else { panic!("not a response") };
        assert_eq!((first.id, first.response_result.unwrap_err().code), (RequestId::from(2), -32800));
        drop(client);
        assert_eq!(running.join().unwrap(), Left::Suddenly);
    }
}
