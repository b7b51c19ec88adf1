/* Names and literals: read, quoted, and made up. */
#include "sql/ident.h"

#include <string.h>

#include <pg_query/pg_query.pb-c.h>

#include "sql/scan.h"

enum { NAME_MAX_BYTES = 63 };

static const char blanks[] = " \t\r\n\f\v";

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_bare(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_letter(name[i]) && (i == 0 || !((name[i] >= '0' && name[i] <= '9') || name[i] == '$')))
			return false;
	return length > 0;
}

static void add_quoted(struct buf *out, const char *name, size_t length)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < length; i++) {
		if (name[i] == '"')
			buf_add_char(out, '"');
		buf_add_char(out, name[i]);
	}
	buf_add_char(out, '"');
}

/* One part of a name as it was written. */
struct part {
	const char *start;
	size_t length;
	bool quoted;
};

/* Reads one part and moves *at behind it, to a dot, the end, or what should not be there. */
static const char *read_part(const char **at, struct part *part)
{
	const char *end = *at + strspn(*at, blanks);

	*part = (struct part){.start = end, .quoted = *end == '"'};
	if (part->quoted) {
		for (end++; *end && (*end != '"' || end[1] == '"'); end++)
			end += *end == '"';
		if (!*end)
			return "a double quote is not closed";
		part->length = (size_t)(++end - part->start);
		end += strspn(end, blanks);
		*at = end;
		return *end && *end != '.' ? "something follows a closing double quote" : NULL;
	}
	end += strcspn(end, ".");
	*at = end;
	while (end > part->start && strchr(blanks, end[-1]))
		end--;
	part->length = (size_t)(end - part->start);
	return NULL;
}

/* Splits at the dots; NULL, or what is wrong. */
static const char *read_parts(const char *text, struct part *parts, size_t max, size_t *count)
{
	const char *problem = NULL;

	*count = 0;
	do {
		struct part part;

		text += *count > 0; /* the dot */
		problem = read_part(&text, &part);
		if (!problem && part.length == (part.quoted ? 2 : 0))
			problem = "a part of the name is empty";
		if (!problem && *count == max)
			problem = max == 1 ? "one name is expected, without a dot" : "the name has more than two parts";
		if (problem)
			return problem;
		parts[(*count)++] = part;
	} while (*text == '.');
	return NULL;
}

/* The name without its quotes, or folded. */
static char *fold(const struct part *part, struct arena *arena)
{
	char *name = arena_strndup(arena, part->start + part->quoted, part->length - 2 * part->quoted);
	char *to = name;

	for (const char *from = name; *from; from++) {
		if (part->quoted && *from == '"')
			from++;
		*to++ = !part->quoted && *from >= 'A' && *from <= 'Z' ? (char)(*from - 'A' + 'a') : *from;
	}
	*to = '\0';
	return name;
}

static const char *needs_quotes(const struct part *parts, size_t count, struct arena *arena)
{
	struct buf shown = {0};
	const char *sentence;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&shown, '.');
		if (parts[i].quoted || is_bare(parts[i].start, parts[i].length))
			buf_add_bytes(&shown, parts[i].start, parts[i].length);
		else
			add_quoted(&shown, parts[i].start, parts[i].length);
	}
	sentence = arena_printf(arena, "the name needs double quotes: %s", buf_text(&shown));
	buf_release(&shown);
	return sentence;
}

static const char *read_names(const char *text, struct arena *arena, const char **names, size_t max, size_t *count)
{
	struct part parts[2];
	const char *problem = read_parts(text, parts, max, count);

	if (problem)
		return problem;
	for (size_t i = 0; i < *count; i++)
		if (!parts[i].quoted && !is_bare(parts[i].start, parts[i].length))
			return needs_quotes(parts, *count, arena);
	for (size_t i = 0; i < *count; i++) {
		names[i] = fold(&parts[i], arena);
		if (strlen(names[i]) > NAME_MAX_BYTES)
			return arena_printf(arena, "the name is longer than %d bytes: %s", NAME_MAX_BYTES, names[i]);
	}
	return NULL;
}

const char *ident_parse_relname(const char *text, struct arena *arena, struct relname *out)
{
	const char *names[2];
	size_t count;
	const char *problem = read_names(text, arena, names, 2, &count);

	if (problem)
		return problem;
	*out = (struct relname){count == 2 ? names[0] : "public", names[count - 1]};
	return NULL;
}

const char *ident_parse_name(const char *text, struct arena *arena, const char **out)
{
	size_t count;

	return read_names(text, arena, out, 1, &count);
}

/* Would the name be read back as itself without quotes?  Keywords only where the grammar takes them as any name.
 */
static bool is_plain(const char *name)
{
	struct arena scratch = {0};
	struct err err = {0};
	struct tokens tokens;
	bool plain;

	if (!(*name == '_' || (*name >= 'a' && *name <= 'z')) ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_$")])
		return false;
	plain = scan_tokens(name, &scratch, &tokens, &err) && tokens.count == 1 &&
	        tokens.items[0].keyword <= PG_QUERY__KEYWORD_KIND__UNRESERVED_KEYWORD;
	err_release(&err);
	arena_release(&scratch);
	return plain;
}

void ident_quote(struct buf *out, const char *name)
{
	if (is_plain(name))
		buf_add(out, name);
	else
		add_quoted(out, name, strlen(name));
}

void ident_quote_relname(struct buf *out, const struct relname *name)
{
	ident_quote(out, name->schema ? name->schema : "public");
	buf_add_char(out, '.');
	ident_quote(out, name->name);
}

void ident_quote_literal(struct buf *out, const char *text)
{
	if (strchr(text, '\\'))
		buf_add_char(out, 'E');
	buf_add_char(out, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			buf_add_char(out, *text);
		buf_add_char(out, *text);
	}
	buf_add_char(out, '\'');
}

static const char *keep(struct arena *arena, struct buf *text)
{
	const char *kept = arena_strndup(arena, buf_text(text), text->length);

	buf_release(text);
	return kept;
}

const char *ident_quoted(struct arena *arena, const char *name)
{
	struct buf out = {0};

	ident_quote(&out, name);
	return keep(arena, &out);
}

const char *relname_quoted(struct arena *arena, const struct relname *name)
{
	struct buf out = {0};

	ident_quote_relname(&out, name);
	return keep(arena, &out);
}

const char *literal_quoted(struct arena *arena, const char *text)
{
	struct buf out = {0};

	ident_quote_literal(&out, text);
	return keep(arena, &out);
}

bool relname_equal(const struct relname *a, const struct relname *b)
{
	const char *left = a->schema ? a->schema : "public", *right = b->schema ? b->schema : "public";

	return strcmp(left, right) == 0 && strcmp(a->name, b->name) == 0;
}

/* At most that many bytes of the text, without a torn character at the end. */
static size_t whole_characters(const char *text, size_t length)
{
	while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
		length--;
	return length;
}

const char *ident_derived(struct arena *arena, const char *first, const char *second, const char *label)
{
	size_t a = strlen(first), b = second ? strlen(second) : 0;
	size_t rest = (second ? 1 : 0) + (label ? strlen(label) + 1 : 0);
	size_t room = rest < NAME_MAX_BYTES ? NAME_MAX_BYTES - rest : 0;

	while (a + b > room) {
		if (a > b)
			a--;
		else
			b--;
	}
	return arena_printf(arena, "%.*s%s%.*s%s%s", (int)whole_characters(first, a), first, second ? "_" : "",
	                    (int)(second ? whole_characters(second, b) : 0), second ? second : "", label ? "_" : "",
	                    label ? label : "");
}
