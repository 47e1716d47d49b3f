; Capture names as Neovim, Helix and Zed know them; later patterns win. A number has two names: Helix does not know the first.

(command_name) @keyword
(include (keyword) @keyword.import)
(section_name) @keyword.directive
(end (keyword) @keyword.directive)

(option_name) @attribute
(value) @string
(string) @string
(escape) @string.escape
(unclosed_string) @error

(command (word) @constant
  (#match? @constant "^/"))
(command (word) @number @constant.numeric
  (#match? @number "^[0-9]+$"))
(option value: (value) @number @constant.numeric
  (#match? @number "^[0-9]+$"))

(package) @string.special
(group) @type
(excluded) @string.special
(header (word) @string)

(comment) @comment
((comment) @keyword.directive
  (#match? @keyword.directive "^#version="))
