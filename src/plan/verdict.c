/* Statements of verifications, and their queries in a few words. */
#include "plan/verdict.h"

#include <stdarg.h>
#include <string.h>

#include "sql/parse.h"
#include "sql/tables.h"

enum { SHOWN_BYTES = 44, READS_MAX = 16 };

struct stmt *verdict_add(struct stmts *stmts, const char *format, ...)
{
	struct stmt *stmt;
	va_list args;

	va_start(args, format);
	stmt = stmts_add(stmts, STMT_ALONE, "%s", arena_vprintf(stmts->arena, format, args));
	va_end(args);
	stmt->verdict = true;
	stmt->slow = true;
	return stmt;
}

void verdict_reads(struct stmts *stmts, struct stmt *stmt, const char *query)
{
	const struct relname *tables;
	size_t count = sql_tables(query, stmts->arena, &tables);

	for (size_t i = 0; i < count && i < READS_MAX; i++) {
		struct relname table = {tables[i].schema ? tables[i].schema : "public", tables[i].name};

		stmt_takes(stmts, stmt, &table, LOCK_ACCESS_SHARE);
	}
}

bool verdict_stands_on_names(const void *args)
{
	(void)args;
	return true;
}

const char *query_shown(const char *query, struct arena *arena)
{
	const char *text = sql_normalize(query, arena);
	size_t length = strlen(text);

	if (length <= SHOWN_BYTES)
		return text;
	/* Not in the middle of a UTF-8 character, nor behind a space. */
	for (length = SHOWN_BYTES; length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80;)
		length--;
	while (length > 0 && text[length - 1] == ' ')
		length--;
	return arena_printf(arena, "%.*s ...", (int)length, text);
}
