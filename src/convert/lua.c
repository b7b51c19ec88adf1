/* Lua as a person would write it: one line where there is room, long brackets where SQL has quotes. */
#include "convert/lua.h"

#include <string.h>

#include "base/buf.h"

static void add_blanks(struct buf *out, size_t count)
{
	while (count-- > 0)
		buf_add_char(out, ' ');
}

/* With escapes, where nothing simpler holds it. */
static void add_escaped(struct buf *out, const char *text)
{
	buf_add_char(out, '"');
	for (const char *c = text; *c; c++) {
		if (*c == '\n')
			buf_add(out, "\\n");
		else if ((unsigned char)*c < 0x20 || *c == 0x7f)
			buf_addf(out, "\\%03d", (unsigned char)*c);
		else if (*c == '"' || *c == '\\')
			buf_addf(out, "\\%c", *c);
		else
			buf_add_char(out, *c);
	}
	buf_add_char(out, '"');
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f || *text == '\\')
			return false;
	return true;
}

void lua_text(struct buf *out, const char *text)
{
	if (is_plain(text) && !strchr(text, '"'))
		buf_addf(out, "\"%s\"", text);
	else if (is_plain(text) && !strchr(text, '\''))
		buf_addf(out, "'%s'", text);
	else
		add_escaped(out, text);
}

/* How many signs of equality the brackets need so that the text does not close them. */
static size_t bracket_level(const char *text)
{
	size_t level = 0;

	for (const char *at = text; (at = strchr(at, ']')); at++) {
		size_t signs = strspn(at + 1, "=");

		if (at[1 + signs] == ']' && signs >= level)
			level = signs + 1;
	}
	return level;
}

static void add_bracket(struct buf *out, char bracket, size_t level)
{
	buf_add_char(out, bracket);
	while (level-- > 0)
		buf_add_char(out, '=');
	buf_add_char(out, bracket);
}

/* The blanks that every line but the first, which begins behind a word, has in front; empty lines don't count. */
static size_t common_blanks(const char *text, bool with_first)
{
	size_t least = (size_t)-1;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		size_t blanks;

		if (line != text)
			line++;
		else if (!with_first)
			continue;
		blanks = strspn(line, " \t");
		if (line[blanks] && line[blanks] != '\n' && line[blanks] != '\r' && blanks < least)
			least = blanks;
	}
	return least == (size_t)-1 ? 0 : least;
}

/*
 * Does moving the lines change what the SQL means?  Not where no literal or
 * quoted name goes over the end of a line.
 */
static bool may_move(const char *text)
{
	char open = 0;

	if (strchr(text, '$') || strstr(text, "/*"))
		return false;
	for (const char *c = text; *c; c++) {
		if (!open && c[0] == '-' && c[1] == '-')
			c += strcspn(c, "\n");
		if (!*c)
			break;
		if (open ? *c == open : *c == '\'' || *c == '"')
			open = open ? 0 : *c;
		else if (open && *c == '\n')
			return false;
	}
	return true;
}

static void add_line(struct buf *out, const char *line, size_t length)
{
	while (length > 0 && strchr(" \t\r", line[length - 1]))
		length--;
	buf_add_bytes(out, line, length);
}

/* SQL of several lines, each moved to where the plan is. */
static void add_lines(struct buf *out, const char *text, size_t indent)
{
	const char *first = text + strspn(text, " \t\r");
	bool with_first = *first == '\n';
	size_t blanks;

	if (with_first) {
		text = first + 1;
		with_first = true;
	} else {
		text = first;
	}
	blanks = common_blanks(text, with_first);
	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n"), skip = line == text && !with_first ? 0 : blanks;

		skip = skip < strspn(line, " \t") ? skip : strspn(line, " \t");
		if (strspn(line, " \t\r") < length) {
			add_blanks(out, indent);
			add_line(out, line + skip, length - skip);
			buf_add_char(out, '\n');
		} else if (line[length] && line[length + 1 + strspn(line + length + 1, " \t\r\n")]) {
			buf_add_char(out, '\n');
		}
		line += length + (line[length] == '\n');
	}
}

static void add_sql(struct buf *out, const char *text, size_t indent)
{
	size_t level = bracket_level(text);

	if (!strchr(text, '\n') && is_plain(text) && !(strchr(text, '"') || strchr(text, '\''))) {
		buf_addf(out, "\"%s\"", text);
		return;
	}
	if (!strchr(text, '\n') && is_plain(text) && !strchr(text, '"') && strlen(text) < 40) {
		buf_addf(out, "\"%s\"", text);
		return;
	}
	add_bracket(out, '[', level);
	if (!strchr(text, '\n')) {
		buf_addf(out, " %s ", text);
	} else if (may_move(text)) {
		buf_add_char(out, '\n');
		add_lines(out, text, indent + 2);
		add_blanks(out, indent);
	} else {
		buf_addf(out, "\n%s ", text);
	}
	add_bracket(out, ']', level);
}

/* ---- Options ---- */

static bool is_lua_name(const char *name)
{
	static const char *const words[] = {"and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
	                                    "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
	                                    "repeat",   "return", "then", "true", "until",  "while"};

	if (*name >= '0' && *name <= '9')
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(name, words[i]) == 0)
			return false;
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

static void add_map(struct buf *out, const struct draft_option *option, size_t indent)
{
	buf_add(out, "{ ");
	for (size_t i = 0; i < option->count; i++) {
		buf_add(out, i ? ", " : "");
		if (is_lua_name(option->keys[i])) {
			buf_add(out, option->keys[i]);
		} else {
			buf_add_char(out, '[');
			lua_text(out, option->keys[i]);
			buf_add_char(out, ']');
		}
		buf_add(out, " = ");
		add_sql(out, option->items[i], indent);
	}
	buf_add(out, " }");
}

static void add_list(struct buf *out, const struct draft_option *option)
{
	if (option->count == 1) {
		lua_text(out, option->items[0]);
		return;
	}
	buf_add(out, "{ ");
	for (size_t i = 0; i < option->count; i++) {
		buf_add(out, i ? ", " : "");
		lua_text(out, option->items[i]);
	}
	buf_add(out, " }");
}

static void add_value(struct buf *out, const struct draft_option *option, size_t indent)
{
	switch (option->kind) {
	case VALUE_TEXT:
		lua_text(out, option->text);
		break;
	case VALUE_SQL:
		add_sql(out, option->text, indent);
		break;
	case VALUE_WORD:
		buf_add(out, option->text);
		break;
	case VALUE_LIST:
		add_list(out, option);
		break;
	case VALUE_MAP:
		add_map(out, option, indent);
		break;
	}
}

static void add_on_lines(struct buf *out, const struct draft *draft, size_t indent)
{
	buf_addf(out, "%s {\n", draft->primitive);
	for (size_t i = 0; i < draft->option_count; i++) {
		add_blanks(out, indent + 2);
		buf_addf(out, "%s = ", draft->options[i].name);
		add_value(out, &draft->options[i], indent + 2);
		buf_add(out, ",\n");
	}
	add_blanks(out, indent);
	buf_add(out, "},\n");
}

void lua_step(struct buf *out, const struct draft *draft, size_t indent)
{
	struct buf line = {0};

	buf_addf(&line, "%s { ", draft->primitive);
	for (size_t i = 0; i < draft->option_count; i++) {
		buf_addf(&line, "%s%s = ", i ? ", " : "", draft->options[i].name);
		add_value(&line, &draft->options[i], indent);
	}
	buf_add(&line, " },");
	add_blanks(out, indent);
	if (line.length + indent <= LUA_WIDTH && !strchr(buf_text(&line), '\n'))
		buf_addf(out, "%s\n", buf_text(&line));
	else
		add_on_lines(out, draft, indent);
	buf_release(&line);
}

void lua_comment(struct buf *out, const char *text, size_t indent)
{
	size_t at = 0;

	while (*text) {
		size_t word = strcspn(text, " \t\r\n");

		if (word > 0 && (at == 0 || at + 1 + word > LUA_WIDTH)) {
			buf_add(out, at ? "\n" : "");
			add_blanks(out, indent);
			buf_add(out, at ? "--   " : "-- ");
			at = indent + (at ? 5 : 3);
		} else if (word > 0) {
			buf_add_char(out, ' ');
			at++;
		}
		buf_add_bytes(out, text, word);
		at += word;
		text += word + strspn(text + word, " \t\r\n");
	}
	buf_add_char(out, '\n');
}
