/*
 * A scratch copy of a database: its schema, roles, settings and statistics,
 * and some of its rows, on a throwaway server or as a database of its own on
 * a server that is named.  The original is only read.
 */
#ifndef INTERLOCK_ENGINE_SCRATCH_H
#define INTERLOCK_ENGINE_SCRATCH_H

#include "db/conn.h"
#include "db/server.h"
#include "plan/option.h"

struct scratch_wish {
	const char *bindir; /* programs of the throwaway server; NULL: they are looked for */
	const char *in;     /* connection string of a server that will hold the copy; NULL: a throwaway server */
	int64_t sample;     /* rows of each table; 0: none */
};

/* A table of the original, for telling how large it is. */
struct scratch_table {
	const char *name;    /* quoted, with its schema */
	int64_t bytes, rows; /* rows: -1 where nobody counted */
};

struct scratch {
	/* What it is, for people. */
	const char *version, *original_version;
	const char *role;              /* that the plan runs as, as on the original */
	int64_t row_count, row_tables; /* rows that were copied, and of how many tables */
	struct text_list notes;        /* what could not be copied, each a sentence */
	size_t more_notes;             /* of which nothing is said */
	struct scratch_table *tables;
	size_t table_count;

	/* How it is reached. */
	struct loop *loop;
	struct server *server; /* NULL: on a server of somebody's */
	const char *in, *database;
	const char *pg_dump;      /* that can read it */
	bool superuser;           /* we are one there */
	struct conn *maintenance; /* on another database of that server */
	struct text_list roles;   /* that were made for it there */
	struct arena arena;
};

/*
 * Makes the copy of the database that `original` is connected to; that session
 * is set to read only, and is the caller's.  *scratch is released in any case.
 */
bool scratch_make(struct scratch *scratch, struct loop *loop, struct conn *original,
                  const struct scratch_wish *wish, struct err *err);
/* Drops everything that was made; a zeroed one is fine. */
void scratch_release(struct scratch *scratch);

/* A session as the role that the plan runs as. */
struct conn *scratch_open(struct scratch *scratch, struct err *err);
/* A session of whoever made it. */
struct conn *scratch_open_as_owner(struct scratch *scratch, struct err *err);
/* Its schema as text; schema interlock is left out. */
bool scratch_dump(struct scratch *scratch, struct buf *text, struct err *err);

/* Takes every row away, of all tables; nobody may have a lock. */
bool scratch_empty(struct scratch *scratch, struct err *err);

/* NULL: no such table. */
const struct scratch_table *scratch_table_find(const struct scratch *scratch, const char *name);

/* Adds a note. */
void scratch_note(struct scratch *scratch, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* scratch_fill.c: rows, sequences, materialized views, statistics; and sizes. */
bool scratch_fill(struct scratch *scratch, struct conn *original, int64_t sample, struct err *err);

#endif
