/*
 * How often tables are used, by the statistics of a server: scans of the table
 * and of its indexes, and rows inserted, those of its partitions and heirs
 * included.  A sample is a JSON object; two of them tell what happened between.
 */
#ifndef INTERLOCK_ENGINE_READS_H
#define INTERLOCK_ENGINE_READS_H

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "db/conn.h"
#include "sql/ident.h"

/* Which tables: array literals of their names, and of their oids where the name may not tell yet (else NULL). */
struct read_tables {
	const char *names, *oids;
};

/* The caller owns *sample.  The session must be in no transaction. */
bool reads_sample(struct conn *conn, const struct read_tables *tables, json_t **sample, struct err *err);

/* The oid of a table in a sample, "16385"; NULL: it is not there. */
const char *reads_oid(const json_t *sample, const char *name);
/* The kind of relation as pg_class says it, "r"; NULL: it is not there. */
const char *reads_kind(const json_t *sample, const char *name);

/* What happened between two samples. */
struct reads {
	int64_t scans;       /* by others than us */
	int64_t dumped;      /* of them, scans of tables while a session named pg_dump was seen */
	int64_t inserted;    /* rows */
	const char *unknown; /* why nothing is known, "statistics were reset"; NULL */
	const char *tables;  /* "app.a, app.b": those that were used; NULL: none was */
};

/*
 * Compares.  `own` (may be NULL) is what our own transactions noted
 * (engine/own_reads.h); what of it is in the later sample is taken off.
 */
struct reads reads_between(const json_t *before, const json_t *now, json_t *own, struct arena *arena);

/* "app.a was read (3 scans), app.a was written to (1 row)" */
const char *reads_sentence(const struct reads *reads, struct arena *arena);

#endif
