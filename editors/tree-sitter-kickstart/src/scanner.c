// What depends on whole lines: where a script ends, which lines of a section are its own, and that a text may end
// without a newline. The rules are those of crates/kickstart/src/syntax/scanner.rs. There is no state.
#include "tree_sitter/parser.h"
#include <string.h>

enum Token { END_OF_LINE, SCRIPT, LINE, CUT, SCRIPT_NAME, PACKAGES_NAME, DATA_NAME, INCLUDE_NAME, ODD_SPACE, RECOVERY };

enum Word { OTHER, END, INCLUDE, APPEND, HEADER };

// The sections of the language, each with what its header begins.
static const struct {
    const char *name;
    enum Token token;
} HEADERS[] = {
    {"%pre", SCRIPT_NAME},     {"%pre-install", SCRIPT_NAME}, {"%post", SCRIPT_NAME},
    {"%onerror", SCRIPT_NAME}, {"%traceback", SCRIPT_NAME},   {"%packages", PACKAGES_NAME},
    {"%addon", DATA_NAME},     {"%anaconda", DATA_NAME},      {"%certificate", DATA_NAME},
};

// Longer than every name above.
enum { MOST = 16 };

static bool is_line_end(int32_t c) {
    return (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

// White space as Python's str.isspace, without line ends.
static bool is_white(int32_t c) {
    return c == ' ' || c == '\t' || c == 0x1f || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

static void take_line_end(TSLexer *lexer) {
    bool carriage_return = lexer->lookahead == '\r';
    lexer->advance(lexer, false);
    if (carriage_return && lexer->lookahead == '\n') lexer->advance(lexer, false);
}

// What a word is; of a header also what it begins.
static enum Word word_of(const char *word, enum Token *token) {
    if (strcmp(word, "%end") == 0) return END;
    if (strcmp(word, "%include") == 0) return INCLUDE;
    if (strcmp(word, "%ksappend") == 0) return APPEND;
    for (unsigned i = 0; i < sizeof HEADERS / sizeof *HEADERS; i++) {
        if (strcmp(word, HEADERS[i].name) != 0) continue;
        *token = HEADERS[i].token;
        return HEADER;
    }
    return OTHER;
}

// Reads a word that begins with a percent sign, up to a blank, a line end, or the quote that closes it; outside quotes and
// where there are comments also up to a number sign. A form feed and its like are a part of the word.
static enum Word read_word(TSLexer *lexer, int32_t quote, bool comments, enum Token *token) {
    char word[MOST + 1];
    unsigned length = 0;
    while (!lexer->eof(lexer)) {
        int32_t c = lexer->lookahead;
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') break;
        if (quote ? c == quote : comments && c == '#') break;
        if (length == MOST || c > '~' || c == 0 || is_line_end(c)) return OTHER;
        word[length++] = (char)c;
        lexer->advance(lexer, false);
    }
    word[length] = '\0';
    return word_of(word, token);
}

static bool found(TSLexer *lexer, enum Token token) {
    lexer->result_symbol = token;
    return true;
}

// The lines up to one that ends the script.
static bool scan_script(TSLexer *lexer) {
    bool any = false;
    enum Token token;
    lexer->mark_end(lexer);
    while (!lexer->eof(lexer)) {
        while (lexer->lookahead == ' ' || lexer->lookahead == '\t') lexer->advance(lexer, false);
        if (lexer->lookahead == '%') {
            enum Word word = read_word(lexer, 0, false, &token);
            if (word != OTHER && word != APPEND) return any ? found(lexer, SCRIPT) : word == HEADER && found(lexer, CUT);
        }
        while (!lexer->eof(lexer) && !is_line_end(lexer->lookahead)) lexer->advance(lexer, false);
        if (!lexer->eof(lexer)) take_line_end(lexer);
        lexer->mark_end(lexer);
        any = true;
    }
    return found(lexer, any ? SCRIPT : CUT);
}

// Before a line of another section.
static bool scan_line(TSLexer *lexer) {
    bool odd = false;
    while (!lexer->eof(lexer) && is_white(lexer->lookahead)) {
        odd |= lexer->lookahead != ' ' && lexer->lookahead != '\t';
        lexer->advance(lexer, true);
    }
    lexer->mark_end(lexer);
    if (lexer->eof(lexer)) return found(lexer, CUT);
    if (is_line_end(lexer->lookahead) || lexer->lookahead == '#') return odd && found(lexer, ODD_SPACE);
    if (lexer->lookahead != '%' || odd) return found(lexer, LINE);
    enum Token token;
    switch (read_word(lexer, 0, false, &token)) {
    case HEADER: return found(lexer, CUT);
    case END:
    case INCLUDE: return false;
    default: return found(lexer, LINE);
    }
}

// White space on a line without words, or the first word of a line of the command section, if it begins a section or includes a file.
static bool scan_first_word(TSLexer *lexer) {
    while (lexer->lookahead == ' ' || lexer->lookahead == '\t') lexer->advance(lexer, true);
    if (is_white(lexer->lookahead)) {
        while (is_white(lexer->lookahead)) lexer->advance(lexer, false);
        lexer->mark_end(lexer);
        bool ends = lexer->eof(lexer) || is_line_end(lexer->lookahead) || lexer->lookahead == '#';
        return ends && found(lexer, ODD_SPACE);
    }
    int32_t quote = lexer->lookahead == '\'' || lexer->lookahead == '"' ? lexer->lookahead : 0;
    if (quote) lexer->advance(lexer, false);
    if (lexer->lookahead != '%') return false;
    enum Token token = INCLUDE_NAME;
    enum Word word = read_word(lexer, quote, true, &token);
    if (quote) {
        if (word != HEADER || lexer->lookahead != quote) return false;
        lexer->advance(lexer, false);
        int32_t c = lexer->lookahead;
        bool ends = lexer->eof(lexer) || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '#';
        if (!ends) return false;
    }
    if (word == OTHER || word == END) return false;
    lexer->mark_end(lexer);
    return found(lexer, token);
}

static bool scan_end_of_line(TSLexer *lexer) {
    while (lexer->lookahead == ' ' || lexer->lookahead == '\t') lexer->advance(lexer, true);
    if (lexer->eof(lexer)) return found(lexer, END_OF_LINE);
    if (!is_line_end(lexer->lookahead)) return false;
    take_line_end(lexer);
    lexer->mark_end(lexer);
    return found(lexer, END_OF_LINE);
}

void *tree_sitter_kickstart_external_scanner_create(void) { return NULL; }

void tree_sitter_kickstart_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_kickstart_external_scanner_serialize(void *payload, char *buffer) {
    (void)payload;
    (void)buffer;
    return 0;
}

void tree_sitter_kickstart_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
    (void)payload;
    (void)buffer;
    (void)length;
}

bool tree_sitter_kickstart_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
    (void)payload;
    if (valid[RECOVERY]) return false;
    if (valid[SCRIPT]) return scan_script(lexer);
    if (valid[LINE]) return scan_line(lexer);
    if (valid[SCRIPT_NAME]) return scan_first_word(lexer);
    return valid[END_OF_LINE] && scan_end_of_line(lexer);
}
