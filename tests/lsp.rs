//! The language server, in process: what it answers to an editor.
#![allow(clippy::expect_used, clippy::panic, reason = "a helper that fails, fails its test")]

mod lsp {
    mod client;
    mod completion;
    mod diagnostics;
    mod editing;
    mod editors;
    mod included;
    mod protocol;
    mod reference;
    mod scripts;
    mod storage;
    mod tree_sitter;
}

mod python;
