//! What the files in `grammar/` look like.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Versions {
    pub(crate) reference: String,
    pub(crate) fedora: Vec<String>,
    pub(crate) rhel: Vec<String>,
    pub(crate) order: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) words: BTreeMap<String, Word>,
    #[serde(default)]
    pub(crate) conflict: Vec<Conflict>,
    #[serde(default)]
    pub(crate) argument: Vec<Argument>,
    #[serde(default)]
    pub(crate) option: Vec<Opt>,
    #[serde(default)]
    pub(crate) arguments: Vec<Mode>,
    #[serde(default)]
    pub(crate) check: Vec<Check>,
    #[serde(default)]
    pub(crate) duplicate: Vec<Duplicate>,
    #[serde(default)]
    pub(crate) outdated: Vec<Outdated>,
    #[serde(default)]
    pub(crate) instead: Vec<Instead>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Word {
    pub(crate) means: Option<String>,
    #[serde(default)]
    pub(crate) active: String,
    #[serde(default)]
    pub(crate) deprecated: String,
    #[serde(default)]
    pub(crate) removed: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Conflict {
    pub(crate) with: Vec<String>,
    pub(crate) versions: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) position: usize,
    pub(crate) count: String,
    pub(crate) takes: String,
    #[serde(default)]
    pub(crate) choices: Vec<String>,
    pub(crate) versions: String,
    #[serde(default)]
    pub(crate) required: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opt {
    pub(crate) names: Vec<String>,
    pub(crate) takes: String,
    #[serde(default)]
    pub(crate) choices: Vec<String>,
    #[serde(default)]
    pub(crate) ignore_case: bool,
    #[serde(default)]
    pub(crate) value_optional: bool,
    #[serde(default)]
    pub(crate) repeats: String,
    pub(crate) versions: String,
    #[serde(default)]
    pub(crate) deprecated: String,
    #[serde(default)]
    pub(crate) required: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mode {
    pub(crate) versions: String,
    pub(crate) mode: String,
    #[serde(default)]
    pub(crate) min: usize,
    pub(crate) max: Option<usize>,
    #[serde(default)]
    pub(crate) names: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub(crate) struct Check {
    pub(crate) versions: String,
    pub(crate) word: String,
    pub(crate) when: Vec<String>,
    pub(crate) equal: String,
    pub(crate) requires: Vec<String>,
    pub(crate) refuses: Vec<String>,
    pub(crate) not_together: Vec<String>,
    pub(crate) any_of: Vec<String>,
    pub(crate) one_of: Vec<String>,
    pub(crate) option: String,
    pub(crate) not_value: Option<Vec<String>>,
    pub(crate) values: Vec<String>,
    pub(crate) starts_with: Vec<String>,
    pub(crate) without: String,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) given: bool,
    pub(crate) sticky: Vec<String>,
    pub(crate) any_argument: bool,
    pub(crate) because: String,
    pub(crate) help: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Duplicate {
    pub(crate) what: String,
    pub(crate) key: Vec<String>,
    pub(crate) versions: String,
    #[serde(default)]
    pub(crate) mountpoint: bool,
    #[serde(default)]
    pub(crate) unless: String,
    #[serde(default)]
    pub(crate) last_component: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outdated {
    pub(crate) versions: String,
    #[serde(default)]
    pub(crate) option: String,
    #[serde(default)]
    pub(crate) as_written: bool,
    pub(crate) instead: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Instead {
    #[serde(default)]
    pub(crate) option: String,
    #[serde(default)]
    pub(crate) word: String,
    pub(crate) text: String,
}
