//! The language server: `ks-lint lsp`. The same checks as on the command line, on what an editor shows, while it is typed.
//!
//! [`serve`] answers the messages of one client until it leaves. A message is handled at once, in order; diagnostics are
//! computed when no message waits, of the latest text only. `server` keeps the state, `handlers` has one file a feature,
//! `position` turns bytes into the lines and columns of the protocol, `names` knows which words name the same thing.
//!
//! ```
//! use ks_lint::lsp;
//! use lsp_server::{Connection, Message, Notification, Request};
//! use serde_json::json;
//!
//! let (server, client) = Connection::memory();
//! let running = std::thread::spawn(move || lsp::serve(&server));
//! let ask = |id: i32, method: &str, params| {
//!     client.sender.send(Message::Request(Request::new(id.into(), method.to_owned(), params)))
//! };
//! ask(1, "initialize", json!({ "processId": null, "rootUri": null, "capabilities": {} }))?;
//! ask(2, "shutdown", json!(null))?;
//! client.sender.send(Message::Notification(Notification::new("exit".to_owned(), json!(null))))?;
//! assert!(running.join().is_ok_and(|left| left == lsp::Left::AsAgreed));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Invariant: knows no rule and prints nothing; a message that cannot be answered gets an error, and the server lives on.

mod analysis; // what was found in an open text
mod answer; // what a handler gives back
mod capabilities; // what the server offers and the client understands
mod document; // an open text
mod handlers; // one feature, one file
mod names; // words that name the same thing
mod pages; // what an editor opens
mod position; // bytes ↔ lines and columns of the protocol
mod requests; // one handler for each request
mod scripts; // what shellcheck says, later
mod server; // the state and the loop
mod settings; // settings of the client and of .ks-lint.toml
mod uri; // file: addresses ↔ paths
mod view; // a parsed text with its places

pub use server::{Left, serve};
