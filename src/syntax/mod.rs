//! A lossless tree of lines and sections. Knows no command.
//!
//! Invariant: the spans of the tree's tokens, in order, cover the file: printing the tree gives it back byte for byte.
