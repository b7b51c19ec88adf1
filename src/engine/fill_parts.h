/* The tables that a filling goes over: the table itself, or its partitions. */
#ifndef INTERLOCK_ENGINE_FILL_PARTS_H
#define INTERLOCK_ENGINE_FILL_PARTS_H

#include "engine/work.h"
#include "plan/filling.h"

struct part {
	const char *oid, *name; /* the name is quoted */
	int64_t pages;
	double rows_per_page; /* an estimate, at least 1 */
	bool indexed;         /* a column that is set is in an index: no update stays on its page */
};

/* As they are now, in the order of their oids; in the work's arena. */
bool fill_parts(struct work *work, const struct filling *filling, struct part **parts, size_t *count,
                struct err *err);

#endif
