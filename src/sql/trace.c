/* The longest run of equal tokens around one of them. */
#include "sql/trace.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "sql/scan.h"

/* A text and its tokens. */
struct scanned {
	const char *text;
	struct tokens tokens;
};

static bool scan(const char *text, struct arena *arena, struct scanned *out)
{
	struct err err = {0};
	bool ok = scan_tokens(text, arena, &out->tokens, &err);

	out->text = text;
	err_release(&err);
	return ok;
}

/* The text of a token, of a name in double quotes what is inside them. */
static const char *bare(const struct scanned *s, size_t i, size_t *length)
{
	const struct token *token = &s->tokens.items[i];
	bool quoted = s->text[token->start] == '"' && token->end - token->start > 2;

	*length = token->end - token->start - (quoted ? 2 : 0);
	return s->text + token->start + (quoted ? 1 : 0);
}

/* But for case, which keywords are spelt in differently, and for quotes that a name can do without. */
static bool equal(const struct scanned *a, size_t i, const struct scanned *b, size_t j)
{
	size_t x_length, y_length;
	const char *x = bare(a, i, &x_length), *y = bare(b, j, &y_length);

	return x_length == y_length && strncasecmp(x, y, x_length) == 0;
}

/* How many tokens around a[i] and b[j] are equal, themselves included. */
static size_t run_around(const struct scanned *a, size_t i, const struct scanned *b, size_t j)
{
	size_t before = 0, from = 0;

	while (before < i && before < j && equal(a, i - before - 1, b, j - before - 1))
		before++;
	while (i + from < a->tokens.count && j + from < b->tokens.count && equal(a, i + from, b, j + from))
		from++;
	return from ? before + from : 0;
}

/* The token at a character, or the last one before it. */
static size_t token_at(const struct scanned *s, int position)
{
	size_t at = 0;

	while (at + 1 < s->tokens.count && scan_character(s->text, s->tokens.items[at + 1].start) <= position)
		at++;
	return at;
}

/* One word that both have may be there by chance, unless it is all that the text has. */
static bool is_enough(size_t run, int position, const struct scanned *text, const struct scanned *sent)
{
	return position ? run > 1 || (run == 1 && text->tokens.count == 1) : run == sent->tokens.count;
}

int sql_trace(const char *text, const char *sent, int position, size_t *common)
{
	struct arena arena = {0};
	struct scanned own, other;
	int found = 0;

	*common = 0;
	if (scan(text, &arena, &own) && scan(sent, &arena, &other) && other.tokens.count > 0) {
		size_t at = token_at(&other, position);

		for (size_t i = 0; i < own.tokens.count; i++) {
			size_t run = run_around(&own, i, &other, at);

			if (run <= *common || !is_enough(run, position, &own, &other))
				continue;
			*common = run;
			found = scan_character(text, own.tokens.items[i].start);
		}
	}
	arena_release(&arena);
	return found;
}
