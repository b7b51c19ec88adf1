/* Tokens by libpg_query's scanner, and the questions that they answer. */
#include "sql/scan.h"

#include <string.h>

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include "sql/parse.h"

int scan_character(const char *text, size_t byte)
{
	int position = 1;

	for (size_t i = 0; i < byte && text[i]; i++)
		position += ((unsigned char)text[i + 1] & 0xC0) != 0x80;
	return position;
}

bool scan_syntax_error(const char *text, const struct token *token, struct err *err)
{
	err_set(err, EXIT_OWN, "syntax error at or near \"%.*s\"", (int)(token->end - token->start),
	        text + token->start);
	err->position = scan_character(text, token->start);
	return false;
}

static bool is_comment(const PgQuery__ScanToken *token)
{
	return token->token == PG_QUERY__TOKEN__SQL_COMMENT || token->token == PG_QUERY__TOKEN__C_COMMENT;
}

/* The scanner gives U&"…" and U&'…' no end: they reach to the next token, less the blanks before it. */
static size_t token_end(const char *text, size_t length, const PgQuery__ScanResult *scan, size_t i)
{
	size_t end = i + 1 < scan->n_tokens ? (size_t)scan->tokens[i + 1]->start : length;

	if (scan->tokens[i]->token != PG_QUERY__TOKEN__UIDENT && scan->tokens[i]->token != PG_QUERY__TOKEN__USCONST)
		return (size_t)scan->tokens[i]->end;
	while (end > (size_t)scan->tokens[i]->start && strchr(" \t\n\r\f\v", text[end - 1]))
		end--;
	return end;
}

static void keep_tokens(const char *text, const PgQueryProtobuf *packed, struct arena *arena, struct tokens *out)
{
	PgQuery__ScanResult *scan =
		pg_query__scan_result__unpack(NULL, packed->len, (const uint8_t *)(const void *)packed->data);
	size_t length = strlen(text);

	*out = (struct tokens){arena_array(arena, struct token, scan->n_tokens + 1), 0};
	for (size_t i = 0; i < scan->n_tokens; i++)
		if (!is_comment(scan->tokens[i]))
			out->items[out->count++] = (struct token){
				.start = (size_t)scan->tokens[i]->start,
				.end = token_end(text, length, scan, i),
				.kind = (int)scan->tokens[i]->token,
				.keyword = (int)scan->tokens[i]->keyword_kind,
			};
	pg_query__scan_result__free_unpacked(scan, NULL);
}

bool scan_tokens(const char *text, struct arena *arena, struct tokens *out, struct err *err)
{
	PgQueryScanResult result;
	size_t length = strlen(text);
	bool ok;

	if (length > SQL_TEXT_MAX)
		return err_set(err, EXIT_OWN, "the text has %zu bytes; %d is the most", length, SQL_TEXT_MAX);
	result = pg_query_scan(text);
	ok = !result.error;
	if (ok) {
		keep_tokens(text, &result.pbuf, arena, out);
	} else {
		err_set(err, EXIT_OWN, "%s", result.error->message);
		err->position = result.error->cursorpos > 0 ? result.error->cursorpos : 0;
	}
	pg_query_free_scan_result(result);
	return ok;
}

static int depth_change(int kind)
{
	return (kind == '(' || kind == '[') - (kind == ')' || kind == ']');
}

bool scan_check_closings(const char *text, const struct tokens *tokens, struct err *err)
{
	int depth = 0;

	for (size_t i = 0; i < tokens->count; i++) {
		depth += depth_change(tokens->items[i].kind);
		if (depth < 0)
			return scan_syntax_error(text, &tokens->items[i], err);
	}
	return true;
}

size_t scan_item_end(const struct tokens *tokens, size_t from)
{
	int depth = 0;
	size_t i;

	for (i = from; i < tokens->count; i++) {
		depth += depth_change(tokens->items[i].kind);
		if (depth == 0 && tokens->items[i].kind == ',')
			break;
	}
	return i;
}
