/*
 * What is known of the schema while a migration is read: what the catalogue
 * said, and what the statements so far have made of it.  What nobody said is
 * not known, and every question has three answers.
 *
 * Things that were taken away stay, marked as dropped: what a foreign key
 * that an earlier statement dropped pointed at still matters to the type of
 * that column.
 */
#ifndef INTERLOCK_HAZARD_SCHEMA_H
#define INTERLOCK_HAZARD_SCHEMA_H

#include <stdint.h>

#include "base/arena.h"
#include "hazard/tri.h"
#include "hazard/type.h"

struct relation;

struct column {
	struct column *next;
	const char *name;
	struct type type; /* as declared; a domain is not replaced */
	enum tri not_null, has_default;
	enum tri generated; /* GENERATED … STORED */
	enum tri identity;
	bool dropped;
	bool added;         /* by a statement of this file, to a table that was there */
	bool added_default; /* with NOT NULL and a default, which keeps the old release's INSERT alive */
	const PgQuery__Node *default_expr; /* NULL: not known, or none */
};

enum constraint_kind {
	CONSTRAINT_CHECK,
	CONSTRAINT_FOREIGN,
	CONSTRAINT_UNIQUE,
	CONSTRAINT_PRIMARY,
	CONSTRAINT_EXCLUDE,
	CONSTRAINT_NOT_NULL
};

struct constraint {
	struct constraint *next;
	enum constraint_kind kind;
	const char *name; /* NULL: PostgreSQL will choose one */
	const char *const *columns;
	size_t column_count;
	enum tri valid;
	bool dropped;
	bool here;                   /* added by a statement of this file */
	long transaction;            /* in which it was added by this file */
	int line;                    /* where that was */
	bool deferred;               /* INITIALLY DEFERRED */
	const PgQuery__Node *expr;   /* of a CHECK; NULL where it can't be read */
	struct relation *referenced; /* of a foreign key */
	const char *const *referenced_columns;
	size_t referenced_count;
	const char *index; /* behind a unique constraint or primary key */
};

struct index {
	struct index *next;
	const char *name;
	struct relation *table;
	const char *const *columns; /* plain ones of its key; NULL stands for an expression */
	size_t column_count;
	const char *const *mentioned; /* by its expressions and its WHERE */
	size_t mentioned_count;
	enum tri unique, valid;
	bool partial, has_expressions, unusual_order; /* unusual: DESC, NULLS FIRST, another operator class */
	bool primary, of_constraint, dropped;
	bool here; /* made by this file */
	bool concurrently;
	long transaction;
};

enum relation_kind {
	RELATION_TABLE,
	RELATION_PARTITIONED,
	RELATION_VIEW,
	RELATION_MATVIEW,
	RELATION_SEQUENCE,
	RELATION_FOREIGN,
	RELATION_INDEX,
	RELATION_UNKNOWN
};

/* What hangs on a column or on a table as a whole (column NULL). */
struct dependent {
	struct dependent *next;
	const char *column;
	const char *what; /* "view app.users_now", "policy p of app.users" */
	bool blocks_type; /* ALTER COLUMN … TYPE is refused because of it */
	bool blocks_drop; /* DROP … without CASCADE is refused because of it */
};

struct trigger {
	struct trigger *next;
	const char *name, *function;
	bool on_update, on_insert, on_delete;
};

struct relation {
	struct relation *next;       /* in the schema */
	struct relation *next_named; /* of the same hash */
	const char *schema, *name;
	enum relation_kind kind;
	uint32_t oid;
	enum tri exists;
	bool here; /* created by this file, so it is new */
	bool dropped;
	bool temporary;
	enum tri unlogged;
	bool filled;       /* new, but rows were put in since */
	bool known;        /* every column, constraint and index is listed */
	const char *place; /* tablespace, "" for the default; NULL: not known */
	const char *access_method;
	const char *view_options; /* WITH (…) of a view: security_barrier and the like; NULL: none */
	struct column *columns;
	struct constraint *constraints;
	struct index *indexes;
	struct dependent *dependents;
	struct trigger *triggers;
	struct relation *parent;            /* of a partition */
	struct relation *default_partition; /* of a partitioned table */
	bool is_default;                    /* it is one */
	const char *const *partition_keys;  /* plain columns */
	size_t partition_key_count;
	bool row_security, has_policy;
	bool populated; /* a materialized view */
	bool published;
	int64_t rows, bytes;       /* -1: not known */
	int64_t reads, writes;     /* since the statistics were reset */
	double statistics_seconds; /* how long ago that was; 0: not known */
	unsigned concerns;         /* that the file has shown so far with it, a bit each */
};

struct domain {
	struct domain *next;
	const char *schema, *name;
	struct type base;
	enum tri constrained;
	bool here;
	struct relation *const *users; /* tables that use it, from the catalogue */
	size_t user_count;
	bool users_known;
};

struct user_type {
	struct user_type *next;
	const char *schema, *name;
	bool here;
	long transaction; /* in which this file made it */
	const char *const *columns_of;
};

struct function {
	struct function *next;
	const char *schema, *name;
	char volatility;           /* i s v */
	const PgQuery__Node *body; /* of a function in SQL that is one expression; else NULL */
	bool here;
};

enum { SCHEMA_BUCKETS = 1024 };

struct schema {
	struct arena *arena;
	bool complete; /* what is not in it does not exist: the catalogue was asked */
	struct relation *relations, *last;
	struct relation *buckets[SCHEMA_BUCKETS];
	struct domain *domains;
	struct user_type *types;
	struct function *functions;
	const char *const *path; /* search_path; NULL-terminated */
};

void schema_init(struct schema *schema, struct arena *arena);
/* NULL: nothing of that name is known.  `schema_name` NULL or "": by the search path. */
struct relation *schema_find(const struct schema *schema, const char *schema_name, const char *name);
/* The same; one that nobody knows of is added: it exists if the catalogue was never asked. */
struct relation *schema_relation(struct schema *schema, const PgQuery__RangeVar *range);
struct relation *schema_relation_named(struct schema *schema, const char *schema_name, const char *name);
/* Adds one, whatever is there of that name. */
struct relation *schema_add(struct schema *schema, const char *schema_name, const char *name);
/* The schema that a bare name is created in. */
const char *schema_creates_in(const struct schema *schema);
void schema_rename(struct schema *schema, struct relation *relation, const char *schema_name, const char *name);

/* NULL: not known (or, of a relation that is known whole, not there). */
struct column *relation_column(const struct relation *relation, const char *name);
/* The same; one that is not known is added, with nothing known of it. */
struct column *relation_column_known(struct schema *schema, struct relation *relation, const char *name);
struct constraint *relation_constraint(const struct relation *relation, const char *name);
struct constraint *relation_add_constraint(struct schema *schema, struct relation *relation,
                                           enum constraint_kind kind, const char *name);
struct index *schema_index(const struct schema *schema, const char *schema_name, const char *name);
struct index *relation_add_index(struct schema *schema, struct relation *relation, const char *name);
struct column *relation_add_column(struct schema *schema, struct relation *relation, const char *name);

struct domain *schema_domain(const struct schema *schema, const struct type *type);
struct user_type *schema_type(const struct schema *schema, const char *schema_name, const char *name);
struct function *schema_function(const struct schema *schema, const char *schema_name, const char *name);
/* The type that a domain stands for, through domains of domains; else the type itself. */
struct type schema_base_type(const struct schema *schema, const struct type *type);

/* The names in a list of String nodes, in the arena. */
const char *const *names_of(struct arena *arena, PgQuery__Node *const *nodes, size_t count);
bool has_name(const char *const *names, size_t count, const char *name);
/* A name written as a list of words: the schema (NULL: none) and the name. */
const char *list_name(PgQuery__Node *const *nodes, size_t count, const char **schema);
/* "app.users", quoted where SQL needs it; a schema of the search path's head is left out. */
const char *relation_text(const struct schema *schema, const struct relation *relation);

#endif
