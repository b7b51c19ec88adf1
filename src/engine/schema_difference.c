/* Objects of pg_dump's text, one by one: each begins with a comment that names it. */
#include "engine/schema_difference.h"

#include <ctype.h>
#include <string.h>

enum { LINES_MAX = 40 };

static const char mark[] = "-- Name: ";

/* One object: its line of names, and what follows up to the next. */
struct entry {
	const char *head, *body;
	size_t head_length, body_length;
};

struct dump {
	struct entry *entries;
	size_t count;
};

static const char *next_mark(const char *text)
{
	while (text && strncmp(text, mark, strlen(mark)) != 0) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return text;
}

static struct dump read_dump(const char *text, struct arena *arena)
{
	struct dump dump = {0};
	size_t count = 0;

	for (const char *at = next_mark(text); at; at = next_mark(at + 1))
		count++;
	dump.entries = arena_array(arena, struct entry, count + 1);
	for (const char *at = next_mark(text), *next; at; at = next) {
		struct entry *entry = &dump.entries[dump.count++];
		size_t length = strcspn(at, "\n");

		next = next_mark(at + 1);
		*entry = (struct entry){at + strlen(mark), at + length, length - strlen(mark), 0};
		entry->body_length = next ? (size_t)(next - entry->body) : strlen(entry->body);
	}
	return dump;
}

static bool same_head(const struct entry *a, const struct entry *b)
{
	return a->head_length == b->head_length && memcmp(a->head, b->head, a->head_length) == 0;
}

/* The next line of a text that says something: comments, blanks and words to psql do not. */
static const char *next_line(const char **at, const char *end, size_t *length)
{
	while (*at < end) {
		const char *line = *at;

		*length = strcspn(line, "\n");
		if (line + *length > end)
			*length = (size_t)(end - line);
		*at = line + *length + 1;
		if (*length > 0 && strncmp(line, "--", 2) != 0 && *line != '\\' && strncmp(line, "SET default_t", 13) != 0)
			return line;
	}
	return NULL;
}

static bool has_line(const struct entry *entry, const char *line, size_t length)
{
	const char *at = entry->body, *end = entry->body + entry->body_length, *other;
	size_t other_length;

	while ((other = next_line(&at, end, &other_length)))
		if (other_length == length && memcmp(other, line, length) == 0)
			return true;
	return false;
}

struct lines {
	struct arena *arena;
	const char **items;
	size_t count;
};

static void add(struct lines *lines, const char *text)
{
	if (lines->count < LINES_MAX)
		lines->items[lines->count++] = text;
	else
		lines->items[LINES_MAX - 1] = "… and more";
}

/* "table app.users", from "users; Type: TABLE; Schema: app; Owner: postgres". */
static const char *name_of(const struct entry *entry, struct arena *arena)
{
	char *head = arena_strndup(arena, entry->head, entry->head_length);
	char *type = strstr(head, "; Type: "), *schema = strstr(head, "; Schema: "),
		 *owner = strstr(head, "; Owner: ");

	if (!type || !schema)
		return head;
	*type = *schema = '\0';
	if (owner)
		*owner = '\0';
	type += strlen("; Type: ");
	schema += strlen("; Schema: ");
	for (char *c = type; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (strcmp(schema, "-") == 0)
		return arena_printf(arena, "%s %s", type, head);
	return arena_printf(arena, "%s %s.%s", type, schema, head);
}

/* Lines of `of` that `other` lacks. */
static void add_lines(struct lines *lines, const struct entry *of, const struct entry *other, const char *sign)
{
	const char *at = of->body, *end = of->body + of->body_length, *line;
	size_t length;

	while ((line = next_line(&at, end, &length)))
		if (!other || !has_line(other, line, length))
			add(lines, arena_printf(lines->arena, "  %s %.*s", sign, (int)length, line));
}

static size_t count_lines(const struct entry *entry)
{
	const char *at = entry->body, *end = entry->body + entry->body_length;
	size_t count = 0, length;

	while (next_line(&at, end, &length))
		count++;
	return count;
}

static void compare(struct lines *lines, const struct entry *before, const struct entry *after)
{
	size_t first = lines->count;

	add(lines, name_of(before, lines->arena));
	add_lines(lines, before, after, "-");
	add_lines(lines, after, before, "+");
	if (lines->count > first + 1 || count_lines(before) != count_lines(after))
		return;
	lines->count = first; /* nothing but the title */
}

struct text_list schema_difference(const char *before, const char *after, struct arena *arena)
{
	struct lines lines = {arena, arena_array(arena, const char *, LINES_MAX), 0};
	struct dump old = read_dump(before, arena), new = read_dump(after, arena);
	bool *met = arena_array(arena, bool, new.count + 1);
	size_t from = 0; /* both are in about the same order */

	for (size_t i = 0; i < old.count; i++) {
		size_t found = new.count;

		for (size_t n = 0; n < new.count &&found == new.count; n++) {
			size_t k = (from + n) % new.count;

			if (!met[k] && same_head(&old.entries[i], &new.entries[k]))
				found = k;
		}
		if (found < new.count) {
			met[found] = true;
			from = found + 1;
			compare(&lines, &old.entries[i], &new.entries[found]);
		} else {
			add(&lines, arena_printf(arena, "gone: %s", name_of(&old.entries[i], arena)));
			add_lines(&lines, &old.entries[i], NULL, "-");
		}
	}
	for (size_t k = 0; k < new.count; k++)
		if (!met[k]) {
			add(&lines, arena_printf(arena, "left over: %s", name_of(&new.entries[k], arena)));
			add_lines(&lines, &new.entries[k], NULL, "+");
		}
	return (struct text_list){lines.items, lines.count};
}
