/* What a free SQL statement is and does, told from its parse tree alone. */
#ifndef INTERLOCK_SQL_CLASSIFY_H
#define INTERLOCK_SQL_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "sql/ident.h"

enum statement_kind {
	STATEMENT_READ,        /* SELECT and the like */
	STATEMENT_ADDITIVE,    /* CREATE, ADD COLUMN, COMMENT, GRANT, … */
	STATEMENT_DATA,        /* INSERT, UPDATE, DELETE, MERGE, COPY */
	STATEMENT_SWITCH,      /* RENAME, SET SCHEMA, ALTER TYPE, SET NOT NULL, … : the old release may notice */
	STATEMENT_DESTRUCTIVE, /* DROP, TRUNCATE */
	STATEMENT_OPAQUE       /* DO, CALL, EXECUTE: effects cannot be told from the text */
};

struct statement {
	const char *text; /* one statement, normalised, without a semicolon */
	size_t offset;    /* where it begins in the text, in bytes */
	enum statement_kind kind;
	const char *verb;         /* for people: "DROP TABLE", "UPDATE", "ALTER TABLE … DROP COLUMN" */
	bool outside_transaction; /* CREATE INDEX CONCURRENTLY, VACUUM, …: refused inside a transaction */
	bool builds_index_concurrently;
	bool transaction_control; /* BEGIN, COMMIT, SAVEPOINT, SET TRANSACTION, … */
	bool cascades;            /* DROP … CASCADE, TRUNCATE … CASCADE */
	const char *unplaced;     /* what it makes without saying in which schema, quoted; NULL: nothing of the kind */
	struct relname *tables;   /* the tables that it names; schema NULL where not written */
	size_t table_count;
};

/* Splits a text and tells what each statement is.  false: it does not parse (err as in sql/parse.h). */
bool sql_classify(const char *text, struct arena *arena, struct statement **statements, size_t *count,
                  struct err *err);

/* "read", "additive", "data", "switch", "destructive", "opaque" */
const char *statement_kind_name(enum statement_kind kind);

#endif
