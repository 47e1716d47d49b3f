// Kickstarts of Anaconda: lines, words and sections, as grammar/kickstart.pest specifies them. Commands are not known here:
// which words a release accepts is said by the language server.

// Line ends of the reference parser; a form feed or U+2028 ends a line, too.
const END = '\\n\\r\\x0b\\x0c\\x1c-\\x1e\\x85\\u2028\\u2029'
// Any character of a line but these. A class without the last code point, which is no character, is written by the
// generator as ranges, and those have NUL.
const but = (characters) => `[^${END}\\u{10ffff}${characters}]`

const plain = new RegExp(`${but(' \\t#\'"\\\\')}+`)
const single = new RegExp(`'${but("'")}*'`)
const double = new RegExp(`"(${but('"\\\\')}|\\\\${but('')})*"`)
const unclosed = new RegExp(`'${but("'")}*|"(${but('"\\\\')}|\\\\${but('')})*\\\\?`)
const escape = new RegExp(`\\\\${but('')}?`)
const option = new RegExp(`--${but(' \\t=#\'"\\\\')}+`)
const comment = `#${but('')}*`

module.exports = grammar({
  name: 'kickstart',

  // What depends on the whole line is in src/scanner.c.
  externals: ($) => [
    // Newline, or the end of the text.
    $._end_of_line,
    // The lines of a script.
    $.script,
    // Before a line of another section that is not %end, %include or a header; it has no characters.
    $._line,
    // Before the header that ends a section without %end, or the end of the text; it has no characters.
    $._cut,
    // The first word of a line of the command section, which may be in quotes.
    $._script_name,
    $._packages_name,
    $._data_name,
    $._include_name,
    // White space other than blanks and tabs on a line that has at most a comment; elsewhere it is a part of words.
    $._odd_space,
    // Never valid: tells the scanner that the parser recovers from an error.
    $._recovery,
  ],

  extras: ($) => [/[ \t]/, $.comment],
  word: ($) => $._plain,

  rules: {
    kickstart: ($) =>
      repeat(choice($.script_section, $.packages_section, $.data_section, $.include, $.command, $._odd_space, $._blank)),

    _blank: () => token(new RegExp(`[${END}]`)),
    comment: () => token(prec(1, new RegExp(comment))),

    // ---- The command section
    command: ($) => seq(field('name', alias($._word, $.command_name)), repeat($._argument), $._end_of_line),
    include: ($) => seq(field('keyword', alias($._include_name, $.keyword)), $._included),
    // In a section the scanner leaves only the exact word to the lexer.
    _section_include: ($) => seq(field('keyword', alias('%include', $.keyword)), $._included),
    _included: ($) => seq(repeat(choice(field('path', $.word), $.option)), $._end_of_line),

    // ---- Sections
    script_section: ($) =>
      seq(
        alias($._script_header, $.header),
        repeat(choice($.script, alias($._section_include, $.include))),
        choice($.end, $._cut),
      ),
    _script_header: ($) =>
      seq(
        field('name', alias($._script_name, $.section_name)),
        repeat(choice(field('interpreter', $.interpreter), $._argument)),
        $._end_of_line,
      ),
    interpreter: ($) =>
      seq(
        alias($._interpreter_name, $.option_name),
        choice(seq(token.immediate(prec(1, '=')), field('value', optional(alias($._rest, $.value)))), field('value', alias($._word, $.value))),
      ),

    packages_section: ($) =>
      seq(
        alias($._packages_header, $.header),
        repeat(choice($._package_line, alias($._section_include, $.include), $._odd_space, $._blank)),
        choice($.end, $._cut),
      ),
    _packages_header: ($) => seq(field('name', alias($._packages_name, $.section_name)), repeat($._argument), $._end_of_line),
    _package_line: ($) =>
      seq(
        $._line,
        choice(field('group', $.group), field('excluded', $.excluded), field('package', $.package)),
        repeat(choice(alias($._package_option, $.option_name), alias($._package_word, $.word))),
        $._end_of_line,
      ),
    group: () => token(new RegExp(`@${but(' \\t#')}*`)),
    excluded: () => token(new RegExp(`-${but(' \\t#')}*`)),
    package: () => token(new RegExp(`${but(' \\t#@-')}${but(' \\t#')}*`)),
    _package_option: () => token(prec(1, new RegExp(`--${but(' \\t#')}+`))),
    _package_word: () => token(new RegExp(`${but(' \\t#')}+`)),

    data_section: ($) =>
      seq(
        alias($._data_header, $.header),
        repeat(choice($.line, alias($._section_include, $.include), $._odd_space, $._blank)),
        choice($.end, $._cut),
      ),
    _data_header: ($) => seq(field('name', alias($._data_name, $.section_name)), repeat($._argument), $._end_of_line),
    // What a line says is up to the add-on.
    line: ($) => seq($._line, repeat1(choice(alias($._data_option, $.option_name), alias($._data_word, $.word))), $._end_of_line),
    _data_option: () => token(prec(1, new RegExp(`--${but(' \\t=')}+`))),
    _data_word: () => token(new RegExp(`${but(' \\t')}+`)),

    end: ($) => seq(alias('%end', $.keyword), repeat($.word), $._end_of_line),

    // ---- Words
    _argument: ($) => choice($.option, $.word),
    option: ($) =>
      prec.right(seq(
        alias($._option_name, $.option_name),
        optional(seq(token.immediate(prec(1, '=')), optional(field('value', alias($._rest, $.value))))),
      )),
    word: ($) => $._word,

    _word: ($) => prec.right(seq(choice($._plain, $.string, $.unclosed_string, alias($._escape, $.escape)), optional($._rest))),
    // The pieces of a word after the first; pieces join without a space between them.
    _rest: ($) =>
      prec.right(
        repeat1(
          choice(
            // Before options, which must not begin inside a word.
            token.immediate(prec(2, plain)),
            alias(token.immediate(single), $.string),
            alias(token.immediate(double), $.string),
            alias(token.immediate(unclosed), $.unclosed_string),
            alias(token.immediate(escape), $.escape),
          ),
        ),
      ),
    _plain: () => token(plain),
    string: () => token(choice(single, double)),
    // A quote that does not close on its line. The language refuses it.
    unclosed_string: () => token(unclosed),
    _escape: () => token(escape),
    _interpreter_name: () => token(prec(1, /--i(n(t(e(r(p(r(e(t(er?)?)?)?)?)?)?)?)?)?/)),
    _option_name: () => token(prec(1, option)),
  },
})
