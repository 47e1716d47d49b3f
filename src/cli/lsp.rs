//! `ks-lint lsp`: the language server, on standard input and standard output.

use crate::lsp::{self, Left};
use lsp_server::Connection;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Talk on standard input and standard output; there is nothing else, so this may be left out
    #[arg(long)]
    stdio: bool,
}

/// Answers until the client leaves. The exit status is that of the protocol: 0 after a shutdown, else 1.
///
/// # Errors
/// None: what goes wrong is told to the client.
pub(super) fn run(_args: &Args) -> anyhow::Result<ExitCode> {
    let (client, threads) = Connection::stdio();
    let connection = queued(client);
    let left = lsp::serve(&connection);
    // The writer ends when nobody can send any more. The reader may wait for a client that is gone: it ends with the process.
    drop(connection);
    if left == Left::AsAgreed {
        // A client that has gone takes no last words.
        let _ = threads.join();
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

/// The same client, whose messages wait in a queue without an end. lsp-server reads the next one only when the last one was taken:
/// the server would see one edit at a time, check the text after each, and learn too late what was cancelled.
fn queued(client: Connection) -> Connection {
    let Connection { sender, receiver: messages } = client;
    let (server, queue) = Connection::memory();
    // It ends with the last message.
    std::thread::spawn(move || {
        for message in messages {
            if queue.sender.send(message).is_err() {
                break;
            }
        }
    });
    Connection { sender, receiver: server.receiver }
}
