//! Grammars for editors that colour by patterns: made from the command tables, so that they know every word of every release.

use kickstart::{Version, vocabulary};
use serde_json::json;
use std::collections::BTreeSet;

/// Every command that some version accepts.
fn commands() -> BTreeSet<&'static str> {
    Version::all().flat_map(|version| vocabulary::commands(version).map(|entry| entry.word)).collect()
}

/// Every option that some command or section has in some version.
fn options() -> BTreeSet<&'static str> {
    let entries = Version::all().flat_map(|version| {
        vocabulary::commands(version).chain(vocabulary::sections(version)).collect::<Vec<_>>()
    });
    entries
        .flat_map(|entry| entry.options().flat_map(|option| option.names.iter().copied()).collect::<Vec<_>>())
        .collect()
}

fn joined(words: impl IntoIterator<Item = &'static str>, with: &str) -> String {
    words.into_iter().collect::<Vec<_>>().join(with)
}

/// Sections with a script; the others.
const SCRIPTS: [&str; 5] = ["pre-install", "pre", "post", "onerror", "traceback"];
const DATA: [&str; 4] = ["packages", "certificate", "addon", "anaconda"];

/// A syntax file of Vim.
pub fn vim() -> String {
    let (scripts, data) = (SCRIPTS.join("\\|"), DATA.join("\\|"));
    format!(
        "\" Kickstarts of Anaconda. Generated: ks-lint highlight vim\n\
         if exists('b:current_syntax')\n  finish\nendif\n\n\
         syntax include @kickstartShell syntax/sh.vim\nunlet! b:current_syntax\n\
         syntax include @kickstartPython syntax/python.vim\nunlet! b:current_syntax\n\n\
         syntax iskeyword @,48-57,-,%,_\n\
         syntax keyword kickstartCommand contained {}\n\
         syntax match kickstartLine /^\\s*[a-z]\\+\\>.*/ contains=kickstartCommand,kickstartOption,kickstartString,kickstartNumber,kickstartComment\n\
         syntax match kickstartOption contained /--\\%({}\\)\\>/\n\
         syntax match kickstartNumber contained /\\%(=\\|\\s\\)\\@<=\\d\\+\\>/\n\
         syntax region kickstartString contained start=/\"/ skip=/\\\\\"/ end=/\"/ oneline\n\
         syntax region kickstartString contained start=/'/ end=/'/ oneline\n\
         syntax match kickstartComment /#.*/\n\
         syntax match kickstartInclude /^\\s*%\\%(include\\|ksappend\\)\\>/\n\
         syntax region kickstartScript matchgroup=kickstartSection start=/^%\\%({scripts}\\)\\>.*$/ end=/^\\s*%end\\>.*$/ contains=@kickstartShell fold\n\
         syntax region kickstartPythonScript matchgroup=kickstartSection start=/^%\\%({scripts}\\)\\>.*--interpreter[= ]\\S*python.*$/ end=/^\\s*%end\\>.*$/ contains=@kickstartPython fold\n\
         syntax region kickstartOther matchgroup=kickstartSection start=/^%\\%({data}\\)\\>.*$/ end=/^\\s*%end\\>.*$/ contains=kickstartComment,kickstartInclude fold\n\n\
         highlight default link kickstartCommand Keyword\n\
         highlight default link kickstartOption Identifier\n\
         highlight default link kickstartNumber Number\n\
         highlight default link kickstartString String\n\
         highlight default link kickstartComment Comment\n\
         highlight default link kickstartInclude Include\n\
         highlight default link kickstartSection PreProc\n\n\
         let b:current_syntax = 'kickstart'\n",
        joined(commands(), " "),
        joined(options().into_iter().map(|option| option.trim_start_matches('-')), "\\|"),
    )
}

/// A syntax file of Kate and other editors with KSyntaxHighlighting.
pub fn kate() -> String {
    let items = |words: Vec<String>| {
        words.iter().map(|word| format!("      <item>{word}</item>\n")).collect::<String>()
    };
    let commands = items(commands().into_iter().map(str::to_owned).collect());
    let options = items(options().into_iter().map(str::to_owned).collect());
    let (scripts, data) = (SCRIPTS.join("|"), DATA.join("|"));
    let header = |name: &str, body: &str| {
        format!(
            "      <context name=\"{name}\" attribute=\"Normal\" lineEndContext=\"#pop!{body}\">\n        \
             <DetectChar attribute=\"Comment\" context=\"Comment\" char=\"#\"/>\n        <IncludeRules context=\"Words\"/>\n      </context>\n"
        )
    };
    let body = |name: &str, language: &str| {
        format!(
            "      <context name=\"{name}\" attribute=\"Normal\" lineEndContext=\"#stay\">\n        \
             <RegExpr attribute=\"Section\" context=\"#pop\" String=\"^\\s*%end\\b\" endRegion=\"section\"/>\n        \
             <IncludeRules context=\"##{language}\" includeAttrib=\"true\"/>\n      </context>\n"
        )
    };
    let headers =
        header("ScriptHeader", "Script") + &header("PythonHeader", "Python") + &header("Header", "Section");
    let bodies = body("Script", "Bash") + &body("Python", "Python");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE language>\n\
         <!-- Generated: ks-lint highlight kate -->\n\
         <language name=\"Kickstart\" version=\"1\" kateversion=\"5.0\" section=\"Configuration\" extensions=\"*.ks;ks.cfg;anaconda-ks.cfg\" mimetype=\"\" casesensitive=\"1\">\n\
         \x20 <highlighting>\n    <list name=\"commands\">\n{commands}    </list>\n    <list name=\"options\">\n{options}    </list>\n\
         \x20   <contexts>\n\
         \x20     <context name=\"Commands\" attribute=\"Normal\" lineEndContext=\"#stay\">\n\
         \x20       <DetectChar attribute=\"Comment\" context=\"Comment\" char=\"#\"/>\n\
         \x20       <RegExpr attribute=\"Section\" context=\"PythonHeader\" String=\"^%({scripts})\\b(?=.*--interpreter[= ]\\S*python)\" beginRegion=\"section\"/>\n\
         \x20       <RegExpr attribute=\"Section\" context=\"ScriptHeader\" String=\"^%({scripts})\\b\" beginRegion=\"section\"/>\n\
         \x20       <RegExpr attribute=\"Section\" context=\"Header\" String=\"^%({data})\\b\" beginRegion=\"section\"/>\n\
         \x20       <RegExpr attribute=\"Section\" context=\"#stay\" String=\"^\\s*%(include|ksappend)\\b\"/>\n\
         \x20       <keyword attribute=\"Command\" context=\"#stay\" String=\"commands\"/>\n\
         \x20       <IncludeRules context=\"Words\"/>\n\
         \x20     </context>\n\
         \x20     <context name=\"Words\" attribute=\"Normal\" lineEndContext=\"#stay\">\n\
         \x20       <keyword attribute=\"Option\" context=\"#stay\" String=\"options\"/>\n\
         \x20       <Int attribute=\"Number\" context=\"#stay\"/>\n\
         \x20       <RangeDetect attribute=\"String\" context=\"#stay\" char=\"&quot;\" char1=\"&quot;\"/>\n\
         \x20       <RangeDetect attribute=\"String\" context=\"#stay\" char=\"'\" char1=\"'\"/>\n\
         \x20     </context>\n\
         \x20     <context name=\"Comment\" attribute=\"Comment\" lineEndContext=\"#pop\"/>\n\
{headers}{bodies}\
         \x20     <context name=\"Section\" attribute=\"Normal\" lineEndContext=\"#stay\">\n\
         \x20       <RegExpr attribute=\"Section\" context=\"#pop\" String=\"^\\s*%end\\b\" endRegion=\"section\"/>\n\
         \x20       <DetectChar attribute=\"Comment\" context=\"Comment\" char=\"#\" firstNonSpace=\"true\"/>\n\
         \x20     </context>\n\
         \x20   </contexts>\n\
         \x20   <itemDatas>\n\
         \x20     <itemData name=\"Normal\" defStyleNum=\"dsNormal\"/>\n\
         \x20     <itemData name=\"Command\" defStyleNum=\"dsKeyword\"/>\n\
         \x20     <itemData name=\"Option\" defStyleNum=\"dsAttribute\"/>\n\
         \x20     <itemData name=\"Number\" defStyleNum=\"dsDecVal\"/>\n\
         \x20     <itemData name=\"String\" defStyleNum=\"dsString\"/>\n\
         \x20     <itemData name=\"Comment\" defStyleNum=\"dsComment\"/>\n\
         \x20     <itemData name=\"Section\" defStyleNum=\"dsPreprocessor\"/>\n\
         \x20   </itemDatas>\n  </highlighting>\n\
         \x20 <general>\n    <comments>\n      <comment name=\"singleLine\" start=\"#\"/>\n    </comments>\n\
         \x20   <keywords casesensitive=\"1\" weakDeliminator=\"-%\"/>\n  </general>\n</language>\n"
    )
}

/// A grammar of TextMate, which VS Code and others read.
pub fn textmate() -> String {
    let comment = json!({ "name": "comment.line.number-sign.kickstart", "match": "#.*$" });
    let strings = [
        json!({ "name": "string.quoted.double.kickstart", "begin": "\"", "end": "\"|$", "patterns": [{ "match": "\\\\." }] }),
        json!({ "name": "string.quoted.single.kickstart", "match": "'[^']*'?" }),
    ];
    let option = format!(
        "--(?:{})(?![A-Za-z0-9-])",
        joined(options().into_iter().map(|o| o.trim_start_matches('-')), "|")
    );
    let section = |names: &[&str], rest: &str, name: &str, patterns: serde_json::Value| {
        json!({
            "name": name,
            "begin": format!("^(%(?:{}))(?![A-Za-z-])({rest})$", names.join("|")),
            "beginCaptures": { "1": { "name": "keyword.control.section.kickstart" } },
            "end": "^\\s*(%end)\\b.*$",
            "endCaptures": { "1": { "name": "keyword.control.section.kickstart" } },
            "patterns": patterns,
        })
    };
    let shell = json!([{ "include": "source.shell" }]);
    let python = json!([{ "include": "source.python" }]);
    let include =
        json!({ "name": "keyword.control.include.kickstart", "match": "^\\s*%(?:include|ksappend)\\b" });
    let grammar = json!({
        "$comment": "Generated: ks-lint highlight textmate",
        "name": "Kickstart",
        "scopeName": "source.kickstart",
        "fileTypes": ["ks"],
        "patterns": [
            section(&SCRIPTS, ".*--interpreter[= ]\\S*python.*", "meta.embedded.block.python", python),
            section(&SCRIPTS, ".*", "meta.embedded.block.shellscript", shell),
            section(&DATA, ".*", "meta.section.kickstart", json!([comment, include])),
            comment,
            include,
            {
                "match": format!("^\\s*({})(?![A-Za-z0-9-])", joined(commands(), "|")),
                "captures": { "1": { "name": "keyword.other.command.kickstart" } },
            },
            { "name": "variable.parameter.option.kickstart", "match": option },
            { "name": "constant.numeric.kickstart", "match": "(?<=[=\\s])[0-9]+(?![A-Za-z0-9.])" },
            strings[0],
            strings[1],
        ],
    });
    format!("{grammar:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kickstart::syntax::SECTION_NAMES;

    #[test]
    fn every_section_has_a_script_or_data() {
        let mut ours: Vec<String> = SCRIPTS.iter().chain(&DATA).map(|name| format!("%{name}")).collect();
        let mut all = SECTION_NAMES.to_vec();
        ours.sort();
        all.sort_unstable();
        assert_eq!(ours, all);
    }
}
