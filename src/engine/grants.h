/* What a role needs in a database to run plans there, as GRANT statements. */
#ifndef INTERLOCK_ENGINE_GRANTS_H
#define INTERLOCK_ENGINE_GRANTS_H

#include "base/arena.h"
#include "base/err.h"
#include "db/conn.h"

struct grant {
	const char *statement; /* without the semicolon; NULL: only `why` is to be said */
	const char *why;
	bool given; /* it has it already */
};

/* For that role, which need not exist; in an order in which the statements can be carried out. */
bool grants_list(struct conn *conn, const char *role, struct arena *arena, struct grant **grants, size_t *count,
                 struct err *err);

#endif
