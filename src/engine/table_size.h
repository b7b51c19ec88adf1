/* How large tables are, as the catalogue has it: nothing is counted, and nobody is waited for. */
#ifndef INTERLOCK_ENGINE_TABLE_SIZE_H
#define INTERLOCK_ENGINE_TABLE_SIZE_H

#include "base/arena.h"
#include "db/conn.h"
#include "sql/ident.h"

struct table_size {
	struct relname table;
	bool known;    /* it is there, and has rows of its own or below it */
	int64_t rows;  /* an estimate, of all partitions and of what inherits; -1: never analysed */
	bool or_more;  /* some of them were never analysed */
	int64_t bytes; /* of these, without indexes; -1: somebody has one locked */
};

/* Fills in everything but `table`. */
bool table_sizes_read(struct conn *conn, struct table_size *sizes, size_t count, struct err *err);

/* "1.2 M rows, 310 MB", "never analysed, 310 MB". */
const char *table_size_text(const struct table_size *size, struct arena *arena);

#endif
