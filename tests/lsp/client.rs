//! A client in the same process.

use ks_lint::lsp::{self, Left};
use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::BufReader;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

/// The address of the document that most tests open.
pub(crate) const URI: &str = "file:///nonexistent/node.ks";

/// A client with a server that runs in a thread.
pub(crate) struct Client {
    connection: Option<Connection>,
    server: Option<JoinHandle<Left>>,
    next: i32,
    /// Responses that came before they were waited for.
    early: Vec<Response>,
    /// The last diagnostics pushed for each document, with the version.
    pub(crate) pushed: BTreeMap<String, (Option<i64>, Vec<Value>)>,
    /// Messages that were shown.
    pub(crate) shown: Vec<String>,
    /// Requests of the server.
    pub(crate) asked: Vec<Request>,
}

impl Client {
    /// With these capabilities and initialization options.
    pub(crate) fn new(capabilities: Value, options: Value) -> (Client, Value) {
        let (server, connection) = Connection::memory();
        let server = std::thread::spawn(move || lsp::serve(&server));
        Client::start(connection, server, capabilities, options)
    }

    fn start(
        connection: Connection,
        server: JoinHandle<Left>,
        capabilities: Value,
        options: Value,
    ) -> (Client, Value) {
        let mut client = Client {
            connection: Some(connection),
            server: Some(server),
            next: 0,
            early: Vec::new(),
            pushed: BTreeMap::new(),
            shown: Vec::new(),
            asked: Vec::new(),
        };
        let params = json!({ "processId": null, "rootUri": null, "capabilities": capabilities, "initializationOptions": options });
        let result = client.ask("initialize", params);
        client.notify("initialized", json!({}));
        (client, result)
    }

    /// As an editor that understands everything, with one disk.
    pub(crate) fn usual() -> Client {
        let capabilities = json!({
            "general": { "positionEncodings": ["utf-16"] },
            "textDocument": {
                "hover": { "contentFormat": ["markdown", "plaintext"] },
                "completion": { "completionItem": { "documentationFormat": ["markdown"] } },
                "publishDiagnostics": { "relatedInformation": true },
                "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
                "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix"] } } },
            },
        });
        Client::new(capabilities, json!({ "syntax": "RHEL9", "disks": ["sda=200GiB"] })).0
    }

    /// With the program as a process.
    pub(crate) fn of_process(command: &mut Command, options: Value) -> Client {
        let mut child =
            command.arg("lsp").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let (mut input, output) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let (ours, connection) = Connection::memory();
        let Connection { sender, receiver } = ours;
        std::thread::spawn(move || {
            receiver.into_iter().try_for_each(|message| message.write(&mut input)).expect("it is taken");
        });
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = Message::read(&mut output).expect("a message") {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let server = std::thread::spawn(move || match child.wait().expect("it ends").success() {
            true => Left::AsAgreed,
            false => Left::Suddenly,
        });
        Client::start(connection, server, json!({}), options).0
    }

    fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("it is connected")
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        let notification = Notification::new(method.to_owned(), params);
        self.connection().sender.send(notification.into()).expect("the server listens");
    }

    /// Sends a request and does not wait.
    pub(crate) fn send(&mut self, method: &str, params: Value) -> RequestId {
        self.next += 1;
        let id = RequestId::from(self.next);
        let request = Request::new(id.clone(), method.to_owned(), params);
        self.connection().sender.send(request.into()).expect("the server listens");
        id
    }

    /// The response to a request; what comes before it is kept.
    pub(crate) fn response(&mut self, id: &RequestId) -> Response {
        loop {
            if let Some(at) = self.early.iter().position(|response| response.id == *id) {
                return self.early.swap_remove(at);
            }
            self.receive().unwrap_or_else(|| panic!("no response to {id:?}"));
        }
    }

    /// The result of a request.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.try_ask(method, params).unwrap_or_else(|(code, message)| panic!("{method}: {code}: {message}"))
    }

    /// The result of a request, or the code and message of its error.
    pub(crate) fn try_ask(&mut self, method: &str, params: Value) -> Result<Value, (i32, String)> {
        let id = self.send(method, params);
        self.response(&id).response_result.map_err(|error| (error.code, error.message))
    }

    /// The next message, with what it says kept.
    fn receive(&mut self) -> Option<Message> {
        let message = self.connection().receiver.recv_timeout(Duration::from_secs(20)).ok()?;
        match &message {
            Message::Notification(n) if n.method == "textDocument/publishDiagnostics" => {
                let uri = n.params["uri"].as_str().expect("an address").to_owned();
                let list = n.params["diagnostics"].as_array().expect("a list").clone();
                self.pushed.insert(uri, (n.params["version"].as_i64(), list));
            }
            Message::Notification(n) if n.method == "window/showMessage" => {
                self.shown.push(n.params["message"].as_str().expect("text").to_owned());
            }
            Message::Request(request) => self.asked.push(request.clone()),
            Message::Response(response) => self.early.push(response.clone()),
            _ => {}
        }
        Some(message)
    }

    /// Opens a document.
    pub(crate) fn open(&mut self, uri: &str, text: &str) {
        // Editors without a language for kickstarts call them something else.
        let language = if uri.ends_with(".ks") { "kickstart" } else { "plaintext" };
        let document = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Replaces the whole text.
    pub(crate) fn replace(&mut self, uri: &str, version: i64, text: &str) {
        let params = json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": [{ "text": text }] });
        self.notify("textDocument/didChange", params);
    }

    /// The diagnostics that are pushed for a version of a document.
    pub(crate) fn diagnostics(&mut self, uri: &str, version: i64) -> Vec<Value> {
        loop {
            if let Some((Some(pushed), list)) = self.pushed.get(uri)
                && *pushed == version
            {
                return list.clone();
            }
            self.receive().unwrap_or_else(|| panic!("no diagnostics of version {version} for {uri}"));
        }
    }

    /// The diagnostics of a version of a document as soon as one of them has the code.
    pub(crate) fn diagnostics_with(&mut self, uri: &str, version: i64, code: &str) -> Vec<Value> {
        loop {
            let list = self.diagnostics(uri, version);
            if list.iter().any(|diagnostic| diagnostic["code"] == code) {
                return list;
            }
            self.receive().unwrap_or_else(|| panic!("{code} is not found in version {version}: {list:?}"));
        }
    }

    /// Asks at the place of `|` in a text, which is opened without it.
    pub(crate) fn ask_at(&mut self, method: &str, text: &str, more: Value) -> Result<Value, (i32, String)> {
        let (before, after) = text.split_once('|').expect("the place is marked");
        self.open(URI, &format!("{before}{after}"));
        let mut params = json!({ "textDocument": { "uri": URI }, "position": position(before) });
        for (key, value) in more.as_object().into_iter().flatten() {
            params[key] = value.clone();
        }
        self.try_ask(method, params)
    }

    /// Leaves as agreed.
    pub(crate) fn leave(mut self) -> Left {
        self.ask("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.server.take().expect("it runs").join().expect("the server does not panic")
    }

    /// Goes away without a word.
    pub(crate) fn vanish(mut self) -> Left {
        self.connection = None;
        self.server.take().expect("it runs").join().expect("the server does not panic")
    }

    /// Exits without shutdown.
    pub(crate) fn exit(mut self) -> Left {
        self.notify("exit", Value::Null);
        self.server.take().expect("it runs").join().expect("the server does not panic")
    }
}

/// Where a text ends, in UTF-16.
pub(crate) fn position(before: &str) -> Value {
    let line = before.matches('\n').count();
    let last = before.rsplit('\n').next().unwrap_or_default();
    json!({ "line": line, "character": last.encode_utf16().count() })
}

/// The text of a place in a text.
pub(crate) fn text_at<'t>(text: &'t str, range: &Value) -> &'t str {
    let offset = |position: &Value| {
        let line = position["line"].as_u64().expect("a line") as usize;
        let character = position["character"].as_u64().expect("a column") as usize;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let mut units = 0;
        let within = text[start..].char_indices().find(|(_, c)| {
            let here = units >= character;
            units += c.len_utf16();
            here
        });
        within.map_or(text.len(), |(at, _)| start + at)
    };
    &text[offset(&range["start"])..offset(&range["end"])]
}

/// A text with edits applied, which do not overlap.
pub(crate) fn edited(text: &str, edits: &[Value]) -> String {
    let mut parts: Vec<(usize, usize, &str)> = edits
        .iter()
        .map(|edit| {
            let old = text_at(text, &edit["range"]);
            let start = old.as_ptr() as usize - text.as_ptr() as usize;
            (start, start + old.len(), edit["newText"].as_str().expect("text"))
        })
        .collect();
    parts.sort();
    let mut out = String::new();
    let mut at = 0;
    for (start, end, new) in parts {
        out += &text[at..start];
        out += new;
        at = end;
    }
    out + &text[at..]
}
