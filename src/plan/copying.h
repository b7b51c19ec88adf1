/*
 * A table that is copied into another shape while it is in use (engine.md 4):
 * live, shadow, and how one row of the first becomes one of the second.
 * parallel_table finds it out, and writes it into a row of interlock.pair in
 * the transaction that makes the triggers; whoever copies, follows, compares
 * or switches reads it from there.
 */
#ifndef INTERLOCK_PLAN_COPYING_H
#define INTERLOCK_PLAN_COPYING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/record.h"
#include "sql/ident.h"

/* A column of the key that tells rows of both apart; names are quoted. */
struct copied_key {
	const char *live, *shadow;      /* its name there */
	const char *type, *shadow_type; /* with collation, ready to declare or to cast to */
	const char *schema;             /* of its operators, quoted */
	const char *less, *less_equal, *equal, *greater_equal, *greater; /* their names: "<" … */
};

/* A column of the shadow that the copy writes; generated ones are not among them. */
struct copied_column {
	const char *name;        /* quoted */
	const char *value;       /* SQL over one row of live, by its bare name */
	const char *type;        /* that of the shadow's column, ready to cast to */
	bool comparable;         /* = tells apart what is to be told apart; else it is compared as text */
	bool is_always_identity; /* no UPDATE may set it */
};

/* A column of the live table that the shadow gives back: what is written behind a switch reaches the retired one.
 */
struct copied_back {
	const char *name;  /* quoted */
	const char *value; /* SQL over one row of the shadow, by its bare name */
	const char *plain; /* the column's type without length and domain: a cast to it cuts nothing */
	bool comparable;   /* as of copied_column */
	bool is_key, is_always_identity;
	const size_t *reads; /* numbers of columns[] that its SQL names */
	size_t read_count;
	bool reads_others; /* and it names what the copy does not write, or the whole row */
};

struct copying {
	int64_t run;
	int number; /* of the parallel_table step: the names of its log, ranges and triggers end with it */
	struct relname live, shadow;
	struct relname retired;                  /* what live is called behind a switch; no name before that */
	const char *live_quoted, *shadow_quoted; /* with their schemas */
	const char *retired_quoted;              /* NULL before a switch */
	const char *alias;        /* the bare quoted name of live, by which plan SQL may call a row; retired or not */
	const char *shadow_alias; /* likewise of the shadow */
	const char *log, *ranges; /* relations: "interlock.log_7_3" */
	const char *trigger;      /* "~interlock_7_3": how the triggers' names begin */
	struct copied_key *keys;  /* in the order of the index */
	size_t key_count;
	struct copied_column *columns; /* in the order of the shadow */
	size_t column_count;
	struct copied_back *back;
	size_t back_count;
	const char *only_rows; /* which live rows have an image; "true": all of them */
	int64_t log_limit;     /* bytes */
	const char *state;     /* of the pair: "new", "copying", "copied", "synced", "switched", "ended" */
	const char *guard;     /* what must not have changed meanwhile (engine/capture.h) */
	const struct copied_lookup *lookup; /* of one of the columns (plan/copied_lookup.h); NULL: of none */
};

/* The columns of a row of interlock.pair that copying_of() reads, for SELECT … FROM interlock.pair. */
#define SQL_COPYING                                                                                                     \
	"run, number, live_schema, live_name, shadow_schema, shadow_name, keys::pg_catalog.text, columns::pg_catalog.text," \
	" only_rows, log_limit, state, guard, back::pg_catalog.text, retired_schema, retired_name, lookup::pg_catalog.text"

/* Such a row, understood; in the arena. */
const struct copying *copying_of(const struct record *pair, struct arena *arena);

/* The names that belong to pair `number` of a run, for whoever makes or drops them. */
const char *copying_log(int64_t run, int number, struct arena *arena);      /* interlock.log_7_3 */
const char *copying_ranges(int64_t run, int number, struct arena *arena);   /* interlock.range_7_3 */
const char *copying_function(int64_t run, int number, struct arena *arena); /* interlock.capture_7_3 */
const char *copying_trigger(int64_t run, int number, struct arena *arena);  /* ~interlock_7_3, unquoted */
/* "~interlock_7_3_": how the names of the triggers on a table that is looked up begin. */
const char *copying_noting(const struct copying *c, struct arena *arena);

/* ---- Pieces of SQL; all of them are in the arena ---- */

enum copying_side { COPYING_LIVE, COPYING_SHADOW };

/* "id, total_cents": the columns that are written. */
const char *copying_names(const struct copying *c, struct arena *arena);
/*
 * "(id), (round(total * 100))": what they get, over a row of live by its bare name.  No casts: as an assignment
 * the server refuses a text that is too long, a cast would cut it.
 */
const char *copying_values(const struct copying *c, struct arena *arena);
/* "app.orders AS orders": what such SQL is over. */
const char *copying_from(const struct copying *c, struct arena *arena);
/* "orders.a, orders.b": the key of one side, each behind `row` and a dot. */
const char *copying_key(const struct copying *c, enum copying_side side, const char *row, struct arena *arena);
/* "k1, k2": the columns of log and ranges, each behind `prefix`: "k", "lo", "hi", "l.k". */
const char *copying_numbered(const struct copying *c, const char *prefix, struct arena *arena);
/* "k1 text, k2 …": the same, to declare them with the types of one side. */
const char *copying_declared(const struct copying *c, enum copying_side side, const char *prefix,
                             struct arena *arena);
/* "a.k1 = b.id AND …": are the keys of two rows the same?  Each side is a list of key_count expressions. */
const char *copying_same(const struct copying *c, const char *const *a, const char *const *b, struct arena *arena);
/* The expressions of one side: "orders.a"; and of numbered columns: "l.k1". */
const char *const *copying_key_items(const struct copying *c, enum copying_side side, const char *row,
                                     struct arena *arena);
const char *const *copying_numbered_items(const struct copying *c, const char *prefix, struct arena *arena);
/*
 * Is the key of a side in (lo, hi], in the order of the index?  The bounds are values as text, NULL for no bound;
 * "true" where there is neither.
 */
const char *copying_between(const struct copying *c, enum copying_side side, const char *row,
                            const char *const *lo, const char *const *hi, struct arena *arena);
/* Is key `a` greater than key `b`, both lists of expressions? */
const char *copying_after(const struct copying *c, const char *const *a, const char *const *b,
                          struct arena *arena);
/* "a OPERATOR(pg_catalog.<) …": for ORDER BY, the key of live. */
const char *copying_order(const struct copying *c, const char *row, struct arena *arena);
/*
 * "(s.a, s.b::text) IS DISTINCT FROM (d.a, d.b::text)": does one of the columns that are written differ between
 * two rows of the shadow's shape, so that people would call it another value?
 */
const char *copying_different(const struct copying *c, const char *a, const char *b, struct arena *arena);
/* "record_image_ne(ROW(s.a, s.b), ROW(d.a, d.b))": do they differ in a single byte (1.0 and 1.00 do)? */
const char *copying_changed(const struct copying *c, const char *a, const char *b, struct arena *arena);

#endif
