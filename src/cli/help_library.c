/*
 * The pages of the standard library, written out of its own files: the comment
 * at the head, whose first line is the summary; and for each function the
 * comment above it, and the rows of its options{}.
 */
#include <string.h>

#include "cli/help.h"

static const char folder[] = "lua/std/";

static bool is_library(const struct lua_source *source)
{
	return strncmp(source->path, folder, strlen(folder)) == 0;
}

/* "std.keys" for lua/std/keys.lua. */
static void add_name(const struct lua_source *source, struct buf *out)
{
	const char *file = source->path + strlen(folder);

	buf_addf(out, "std.%.*s", (int)strcspn(file, "."), file);
}

const char *help_library_name(size_t n, struct arena *arena)
{
	for (const struct lua_source *source = lua_sources; source->path; source++)
		if (is_library(source) && n-- == 0) {
			const char *file = source->path + strlen(folder);

			return arena_printf(arena, "std.%.*s", (int)strcspn(file, "."), file);
		}
	return NULL;
}

const struct lua_source *help_library_find(const char *name)
{
	struct buf known = {0};
	const struct lua_source *source;

	for (source = lua_sources; source->path; source++) {
		buf_clear(&known);
		if (!is_library(source))
			continue;
		add_name(source, &known);
		if (strcmp(buf_text(&known), name) == 0)
			break;
	}
	buf_release(&known);
	return source->path ? source : NULL;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* The comment that stands there, without its marks; where it ends. */
static const char *take_comment(const char *line, struct buf *out)
{
	for (; begins(line, "--"); line = next_line(line)) {
		const char *text = line + 2 + (line[2] == ' ');

		buf_addf(out, "%.*s\n", (int)strcspn(text, "\n"), text);
	}
	return line;
}

void help_library_summary(const struct lua_source *source, struct buf *out)
{
	const char *line = source->text + strlen("-- ");
	size_t length = strcspn(line, "\n"), colon = strcspn(line, ":");

	if (begins(line, "std.") && colon < length) { /* its name is said already */
		line += colon + 2;
		length -= colon + 2;
	}
	buf_addf(out, "%.*s", (int)length, line);
}

/* ---- Options ---- */

/* What stands behind `key = ` in a row, between quotes, braces or up to a comma; false: nothing does. */
static bool piece(const char *row, const char *key, struct buf *out)
{
	const char *at = strstr(row, key);
	char quote;

	buf_clear(out);
	if (!at)
		return false;
	at += strlen(key);
	quote = *at;
	if (quote == '{')
		buf_addf(out, "%.*s", (int)strcspn(at + 2, "}") - 1, at + 2);
	else if (quote == '"' || quote == '\'')
		buf_addf(out, "%.*s", (int)strcspn(at + 1, quote == '"' ? "\"" : "'"), at + 1);
	else
		buf_addf(out, "%.*s", (int)strcspn(at, ",} "), at);
	return true;
}

/* table = "table"   or   key = { "column", default = "key", help = "…" } */
static void print_row(struct page *page, const char *row)
{
	struct buf left = {0}, right = {0}, text = {0};
	const char *kind = row + strcspn(row, "\"") + 1;
	int length = (int)strcspn(kind, "\"?"), name = (int)strcspn(row, " ");
	bool optional = kind[length] == '?' || strstr(row, "default = ");

	buf_addf(&left, "%-*.*s  %-*.*s  %s", 10, name, row, 13, length, kind, optional ? "" : "required");
	if (piece(row, "help = ", &text))
		buf_add(&right, buf_text(&text));
	if (piece(row, "choices = ", &text))
		buf_addf(&right, "%sone of %s", right.length ? "; " : "", buf_text(&text));
	if (piece(row, "default = ", &text))
		buf_addf(&right, "%sdefault %s", right.length ? "; " : "", buf_text(&text));
	page_row(page, buf_text(&left), 39, buf_text(&right));
	buf_release(&left);
	buf_release(&right);
	buf_release(&text);
}

/* Rows begin four columns in; what is further in goes on with the row before. */
static const char *print_options(struct page *page, const char *line)
{
	struct buf row = {0};

	page_gap(page);
	page_part(page, "options");
	for (;; line = next_line(line)) {
		bool ends = !begins(line, "    ");

		if ((ends || line[4] != ' ') && row.length) {
			print_row(page, buf_text(&row));
			buf_clear(&row);
		}
		if (ends)
			break;
		buf_addf(&row, "%s%.*s", row.length ? " " : "", (int)strcspn(line, "\n") - (int)strspn(line, " "),
		         line + strspn(line, " "));
	}
	buf_release(&row);
	return line;
}

/* ---- Pages ---- */

/* `line` is that of its options. */
static const char *print_function(struct page *page, const char *name, const char *comment, const char *line)
{
	struct buf usage = {0};

	buf_addf(&usage, "%.*s { ... }", (int)strcspn(name, "("), name);
	page_gap(page);
	page_heading(page, buf_text(&usage));
	page_paragraphs(page, comment, 2);
	buf_release(&usage);
	return print_options(page, next_line(line));
}

/* The name of the function that begins there, or NULL. */
static const char *function_at(const char *line)
{
	line += begins(line, "local ") ? strlen("local ") : 0;
	return begins(line, "function ") ? line + strlen("function ") : NULL;
}

static bool opens_options(const char *line)
{
	const char *at = strstr(line, " = options(");

	return begins(line, "  local ") && at && at < next_line(line) && next_line(line)[-2] == '{';
}

void help_library(struct page *page, const struct lua_source *source)
{
	struct buf comment = {0}, name = {0};
	const char *line, *commented = NULL, *function = NULL;

	add_name(source, &name);
	page_heading(page, buf_text(&name));
	line = take_comment(source->text, &comment);
	page_gap(page);
	page_paragraphs(page, buf_text(&comment), 0);
	while (*line) {
		if (begins(line, "--")) {
			buf_clear(&comment);
			line = take_comment(line, &comment);
			commented = line;
		}
		if (function_at(line)) {
			function = function_at(line);
			if (commented != line)
				buf_clear(&comment);
		}
		line = function && opens_options(line) ? print_function(page, function, buf_text(&comment), line)
		                                       : next_line(line);
	}
	buf_release(&comment);
	buf_release(&name);
}

void help_libraries(struct page *page)
{
	struct buf name = {0}, summary = {0};

	for (const struct lua_source *source = lua_sources; source->path; source++) {
		if (!is_library(source))
			continue;
		buf_clear(&name);
		buf_clear(&summary);
		add_name(source, &name);
		help_library_summary(source, &summary);
		page_row(page, buf_text(&name), 34, buf_text(&summary));
	}
	page_gap(page);
	page_paragraphs(
		page,
		"In a plan: local keys = require \"std.keys\". What a function gives back is a fragment of phases, "
		"gates and safety periods: it stands in the plan as they would, and those of the same label are one. "
		"interlock show prints what comes of it.\n\ninterlock help LIBRARY: its functions and their options",
		0);
	buf_release(&name);
	buf_release(&summary);
}
