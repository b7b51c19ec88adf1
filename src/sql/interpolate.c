/*
 * psql's variables in a text.  The reader knows just enough of SQL's lexical
 * structure to leave literals, quoted names, dollar quotes and comments alone.
 */
#include "sql/interpolate.h"

#include <string.h>

#include "base/buf.h"
#include "sql/ident.h"
#include "sql/scan.h"

struct reader {
	const char *text, *at;
	interpolate_lookup lookup;
	void *context;
	struct arena *arena;
	struct buf out;
	struct err *err;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* psql's characters of a variable's name, and SQL's first character of a name. */
static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
	return is_letter(c) || is_digit(c);
}

static const char *skip_word(const char *at)
{
	while (is_word(*at) || *at == '$')
		at++;
	return at;
}

/* Behind a literal or quoted name whose first quote is at `at`; the end of the text when it is not closed. */
static const char *skip_quoted(const char *at, bool escapes)
{
	const char quote = *at++;

	for (; *at && *at != quote; at++)
		if (escapes && *at == '\\' && at[1])
			at++;
	return *at ? at + 1 : at;
}

static const char *skip_line(const char *at)
{
	return at + strcspn(at, "\n");
}

static const char *skip_comment(const char *at)
{
	int depth = 0;

	while (*at) {
		if (at[0] == '/' && at[1] == '*')
			depth++, at += 2;
		else if (at[0] == '*' && at[1] == '/')
			depth--, at += 2;
		else
			at++;
		if (depth == 0)
			break;
	}
	return at;
}

/* Behind a dollar quote, or behind the dollar when it opens none. */
static const char *skip_dollar(const char *at)
{
	const char *tag = at++;
	size_t length;

	if (is_digit(*at))
		return at;
	while (is_word(*at))
		at++;
	if (*at != '$')
		return tag + 1;
	length = (size_t)(++at - tag);
	for (; *at; at++)
		if (strncmp(at, tag, length) == 0)
			return at + length;
	return at;
}

/* An E'…' goes on, with its escapes, at a doubled quote and behind blanks with a line break in them. */
static const char *skip_escapes(const char *at)
{
	const char *next = at;

	while (*next == '\'' && (next == at || memchr(at, '\n', (size_t)(next - at)))) {
		at = skip_quoted(next, true);
		next = at + strspn(at, " \t\r\n\f\v");
	}
	return at;
}

/* What may hold no variable; `at` itself when there is nothing of the kind. */
static const char *skip_opaque(const char *at)
{
	if (at[0] == '\'' || at[0] == '"')
		return skip_quoted(at, false);
	if ((at[0] == 'e' || at[0] == 'E') && at[1] == '\'')
		return skip_escapes(at + 1);
	if (is_word(*at))
		return skip_word(at);
	if (at[0] == '-' && at[1] == '-')
		return skip_line(at);
	if (at[0] == '/' && at[1] == '*')
		return skip_comment(at);
	if (at[0] == '$')
		return skip_dollar(at);
	if (at[0] == ':' && (at[1] == ':' || at[1] == '='))
		return at + 2;
	return at;
}

/* A value must not grow together with what stands before or behind it. */
static void keep_apart(struct buf *out, char next)
{
	char last = out->length > 0 ? out->data[out->length - 1] : ' ';

	if ((is_word(last) || strchr("'\"$&", last)) && (is_word(next) || strchr("'\"$", next)))
		buf_add_char(out, ' ');
}

static bool add_value(struct reader *r, const char *value)
{
	keep_apart(&r->out, *value);
	buf_add(&r->out, value);
	return true;
}

/* A variable as it stands in the text, its name, and its quote or NUL. */
struct variable {
	const char *shown, *name;
	char quote;
};

/* Is it written as SQL writes a name, with quotes of its own: "My Table", app."My Table"? */
static bool has_quotes(struct reader *r, const char *value)
{
	struct relname relation;

	return strchr(value, '"') && !ident_parse_relname(value, r->arena, &relation);
}

/* The value of :"name" as a name in quotes, if it can be one. */
static bool add_name(struct reader *r, const struct variable *variable, const char *value)
{
	if (has_quotes(r, value)) {
		err_set(r->err, EXIT_OWN, "the value of %s has quotes already: %s", variable->shown, value);
		err_help(
			r->err,
			"write :%s, which takes a name as SQL writes it; :\"%s\" quotes a bare one, so this would become %s",
			variable->name, variable->name, ident_quoted(r->arena, value));
		return false;
	}
	if (*value && strlen(value) <= 63)
		return add_value(r, ident_quoted(r->arena, value));
	err_set(r->err, EXIT_OWN, "the value of %s cannot be a name: \"%s\"", variable->shown, value);
	err_detail(r->err, "a name has 1 to 63 bytes");
	return false;
}

/* The value of :name as the name of a table or column, if it reads as one. */
static bool add_checked(struct reader *r, const struct variable *variable, const char *value)
{
	const char *column, *problem;
	struct relname relation;

	if (!ident_parse_name(value, r->arena, &column))
		return add_value(r, ident_quoted(r->arena, column));
	problem = ident_parse_relname(value, r->arena, &relation);
	if (!problem)
		return add_value(r, relname_quoted(r->arena, &relation));
	err_set(r->err, EXIT_OWN, "the value of %s is no table or column: \"%s\"", variable->shown, value);
	err_detail(r->err, "%s", problem);
	err_help(r->err, "write :'%s' for a literal, or :\"%s\" for a name that is quoted as it is", variable->name,
	         variable->name);
	return false;
}

static bool replace(struct reader *r, const struct variable *variable)
{
	const char *value = r->lookup(variable->name, r->context);

	if (!value)
		return err_set(r->err, EXIT_OWN, "no value for %s", variable->shown);
	if (variable->quote == '\'')
		return add_value(r, literal_quoted(r->arena, value));
	return variable->quote ? add_name(r, variable, value) : add_checked(r, variable, value);
}

/* Reads the variable at a colon; `taken` says whether there was one. */
static bool read_variable(struct reader *r, bool *taken)
{
	const char *colon = r->at, *name = r->at + 1, *end;
	struct variable variable = {0};

	if (*name == '\'' || *name == '"')
		variable.quote = *name++;
	for (end = name; is_word(*end); end++)
		continue;
	*taken = variable.quote ? end > name && *end == variable.quote : is_letter(*name);
	if (!*taken)
		return true;
	r->at = end + (variable.quote != '\0');
	variable.name = arena_strndup(r->arena, name, (size_t)(end - name));
	variable.shown = arena_strndup(r->arena, colon, (size_t)(r->at - colon));
	if (replace(r, &variable))
		return true;
	r->err->position = scan_character(r->text, (size_t)(colon - r->text));
	return false;
}

static bool read_text(struct reader *r)
{
	bool after_value = false;

	while (*r->at) {
		const char *end = skip_opaque(r->at);
		bool taken = false;

		if (end == r->at && *r->at == ':' && !read_variable(r, &taken))
			return false;
		if (!taken) {
			if (end == r->at)
				end++;
			if (after_value)
				keep_apart(&r->out, *r->at);
			buf_add_bytes(&r->out, r->at, (size_t)(end - r->at));
			r->at = end;
		}
		after_value = taken;
	}
	return true;
}

bool sql_interpolate(const char *text, interpolate_lookup lookup, void *context, struct arena *arena,
                     const char **out, struct err *err)
{
	struct reader r = {.text = text, .at = text, .lookup = lookup, .context = context, .arena = arena, .err = err};
	bool ok = read_text(&r);

	if (ok)
		*out = arena_strndup(arena, buf_text(&r.out), r.out.length);
	buf_release(&r.out);
	return ok;
}
