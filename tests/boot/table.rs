//! Fixtures that are tables: rows of columns separated by `|`; a line that starts with `#` is a comment.

use std::path::Path;

/// A row with the number of its line, for messages.
pub(crate) struct Row {
    pub(crate) line: usize,
    pub(crate) columns: Vec<String>,
}

/// The rows of `fixtures/boot/NAME`.
pub(crate) fn rows(name: &str, columns: usize) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/boot").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let rows: Vec<Row> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|(n, line)| Row { line: n + 1, columns: line.split('|').map(|c| c.trim().to_owned()).collect() })
        .collect();
    for row in &rows {
        assert_eq!(row.columns.len(), columns, "{name}:{}: a row has {columns} columns", row.line);
    }
    assert!(!rows.is_empty(), "{name} has no rows");
    rows
}
