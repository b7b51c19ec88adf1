/*
 * One spelling for each sequence of tokens.  The blanks between two tokens
 * depend on these two alone, and a blank is left out only where the scanner
 * finds the same two tokens without it.
 */
#include <string.h>

#include <pg_query/pg_query.pb-c.h>

#include "base/buf.h"
#include "sql/parse.h"
#include "sql/scan.h"

static bool is_word(const struct token *token)
{
	return token->keyword != PG_QUERY__KEYWORD_KIND__NO_KEYWORD || token->kind == PG_QUERY__TOKEN__IDENT ||
	       token->kind == PG_QUERY__TOKEN__UIDENT;
}

static bool is_closing(const struct token *token)
{
	return token->kind == ')' || token->kind == ']';
}

/* Words that are followed by the parenthesis of their arguments, as far as a token tells. */
static bool takes_arguments(const struct token *token)
{
	switch (token->kind) {
	case PG_QUERY__TOKEN__VALUES:
	case PG_QUERY__TOKEN__BETWEEN:
		return false;
	case PG_QUERY__TOKEN__IDENT:
	case PG_QUERY__TOKEN__UIDENT:
	case PG_QUERY__TOKEN__LEFT:
	case PG_QUERY__TOKEN__RIGHT:
	case PG_QUERY__TOKEN__REPLACE:
		return true;
	default:
		return token->keyword == PG_QUERY__KEYWORD_KIND__COL_NAME_KEYWORD;
	}
}

/* Is there a blank between these two? */
static bool apart(const struct token *left, const struct token *right)
{
	switch (right->kind) {
	case ',':
	case ';':
	case ')':
	case ']':
		return false;
	case '(':
		if (takes_arguments(left))
			return false;
		break;
	case '[':
	case '.':
	case PG_QUERY__TOKEN__TYPECAST:
		if (is_word(left) || is_closing(left))
			return false;
		if (right->kind == PG_QUERY__TOKEN__TYPECAST &&
		    (left->kind == PG_QUERY__TOKEN__SCONST || left->kind == PG_QUERY__TOKEN__ICONST))
			return false;
		break;
	}
	if (left->kind == '.')
		return !is_word(right) && right->kind != '*';
	if (left->kind == PG_QUERY__TOKEN__TYPECAST)
		return !is_word(right);
	return left->kind != '(' && left->kind != '[';
}

/* n'…' is a word and a literal to the scanner and means something else with a blank between them. */
static bool is_national(const struct token *left, const struct token *right)
{
	return left->kind == PG_QUERY__TOKEN__NCHAR && left->end - left->start == 1 &&
	       right->kind == PG_QUERY__TOKEN__SCONST && left->end == right->start;
}

static void add_blank(const char *text, const struct token *left, const struct token *right, struct buf *out)
{
	bool literals = left->kind == PG_QUERY__TOKEN__SCONST && right->kind == PG_QUERY__TOKEN__SCONST;

	if (is_national(left, right))
		return;
	if (literals && memchr(text + left->end, '\n', right->start - left->end))
		buf_add_char(out, '\n'); /* one literal to the server: a comment stood between its lines */
	else if (apart(left, right))
		buf_add_char(out, ' ');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* 'a' <newline> 'b' is one literal: its lines are put under each other without indentation. */
static void add_literal(const char *at, const char *end, bool escapes, struct buf *out)
{
	bool inside = false;

	for (char before = 0; at < end; before = *at++) {
		if (*at == '\'')
			inside = !inside;
		else if (!inside && before == '\'')
			buf_add_char(out, '\n');
		if (inside && escapes && *at == '\\' && at + 1 < end)
			buf_add_char(out, *at++);
		if (inside || *at == '\'')
			buf_add_char(out, *at);
	}
}

/* In lower case up to the first quote.  What begins with a dollar is a dollar quote or a number. */
static void add_token(const char *text, const struct token *token, struct buf *out)
{
	const char *at = text + token->start, *end = text + token->end;
	bool escapes = lower(*at) == 'e';

	while (at < end && *at != '"' && *at != '\'' && text[token->start] != '$')
		buf_add_char(out, lower(*at++));
	if (at < end && *at == '\'')
		add_literal(at, end, escapes, out);
	else
		buf_add_bytes(out, at, (size_t)(end - at));
}

const char *scan_join(const char *text, const struct token *tokens, size_t count, struct arena *arena)
{
	struct buf out = {0};
	const char *joined;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			add_blank(text, &tokens[i - 1], &tokens[i], &out);
		add_token(text, &tokens[i], &out);
	}
	joined = arena_strndup(arena, buf_text(&out), out.length);
	buf_release(&out);
	return joined;
}

const char *sql_normalize(const char *text, struct arena *arena)
{
	struct arena scratch = {0};
	struct err err = {0};
	struct tokens tokens;
	const char *normal;

	if (scan_tokens(text, &scratch, &tokens, &err)) {
		while (tokens.count > 0 && tokens.items[tokens.count - 1].kind == ';')
			tokens.count--;
		normal = scan_join(text, tokens.items, tokens.count, arena);
	} else {
		normal = arena_strdup(arena, text);
	}
	err_release(&err);
	arena_release(&scratch);
	return normal;
}
