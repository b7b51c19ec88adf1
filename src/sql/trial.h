/*
 * Texts that nobody vouches for, parsed first in a child process: one that
 * brings the parser down brings down the child, and is then known.
 */
#ifndef INTERLOCK_SQL_TRIAL_H
#define INTERLOCK_SQL_TRIAL_H

#include <pg_query/pg_query.pb-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "sql/script.h"

/* crashes[i] says whether statement i must not be parsed.  false: there can be no child. */
bool trial_parse(const struct script *script, bool *crashes, struct err *err);

/*
 * The tree of one statement, of any length; the caller frees it with
 * pg_query__parse_result__free_unpacked().  NULL: *err as in sql/parse.h.
 */
PgQuery__ParseResult *statement_parse(const char *text, struct err *err);

#endif
