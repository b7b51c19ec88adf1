/* The tables and views that a query names. */
#ifndef INTERLOCK_SQL_TABLES_H
#define INTERLOCK_SQL_TABLES_H

#include <stddef.h>

#include "base/arena.h"
#include "sql/ident.h"

/*
 * Each once, as written: schema NULL where none was.  What WITH defines counts
 * as well; nobody but a catalogue could tell.  A text that does not parse names
 * none.  Returns how many; they live in the arena.
 */
size_t sql_tables(const char *query, struct arena *arena, const struct relname **tables);

#endif
