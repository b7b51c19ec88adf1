/*
 * Rows of a file on their way into a table, as import_rows says it and
 * engine/import.c does it: the lines go to a table of the registry, each is
 * tried, then all are inserted that can be.
 *
 * A function in the registry turns lines into rows; it has the same name as
 * the table that holds them.
 */
#ifndef INTERLOCK_PLAN_IMPORTING_H
#define INTERLOCK_PLAN_IMPORTING_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/data_file.h"
#include "plan/step.h"

/* A column of the table that gets rows, and the field of the file that is for it. */
struct import_column {
	const char *name, *quoted; /* as it is; ready for SQL */
	const char *field;
	const char *type;     /* ready to declare */
	const char *value;    /* SQL for a row without that field; NULL: none */
	bool is_json, in_key; /* holds JSON; with others of these it tells whether a row is there already */
};

struct importing {
	const struct data_file *file;
	bool csv;
	bool skips;               /* a row that is there already is left out; else it is rejected */
	int64_t rejects;          /* so many lines may be of no use */
	struct text_list ignored; /* fields that are for no column */
	const char *into;         /* the table, quoted */
	const char *lines;        /* "interlock.import_7_3": lines that are not rejected; and the function */
	const char *rejected;     /* "interlock.rejected_7_3": the others, with the reason */
	const char *store;        /* "interlock.inserted_7_3": a copy of each row (plan/inserted.h) */
	const struct import_column *columns;
	size_t column_count;
};

/* Their names. */
const char *importing_lines(const struct facts *facts, struct arena *arena);
const char *importing_rejected(const struct facts *facts, struct arena *arena);

/* The statements that make both tables and the function, to run together. */
void importing_make(const struct importing *importing, struct stmts *stmts);
/* "INSERT INTO app.t (a, b) SELECT … FROM interlock.import_7_3 …": all lines at once, for people. */
const char *importing_insertion(const struct importing *importing, struct arena *arena);

#endif
