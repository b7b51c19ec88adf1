/*
 * Filling a column with values of another table, while both are written.
 *
 * Why each row ends right.  Ours is the table that is filled, theirs the one
 * that is looked into.  The trigger on ours looks the value up when a row is
 * written, but sees theirs as of its own snapshot: of two transactions at the
 * same moment neither sees the other.  So both leave a note in the registry,
 * in their own transaction:
 *
 *   looked_<run>_<n>   from a trigger on theirs: what was matched, and the value that it had there;
 *   refill_<run>_<n>   from the trigger on ours: the key of the row, and the value that it was given.
 *
 * Whichever of the two commits last has a note that nobody has read before, and
 * whoever reads it then sees both.  Notes of the first kind are turned into
 * notes of the second by one statement, hence with one snapshot: it finds each
 * dependant once, however rows move, and a row that moves to another key, or
 * whose match changes, while a note about it waits is told so by its trigger.
 * Notes of the second kind are worked off by key: a row that still has the value
 * that it was given gets what is to be found now.  A note is deleted by the
 * statement that does its work, so that what came later keeps its own.
 *
 * Nobody waits for us: a trigger only inserts a note.  Nothing of theirs is ever
 * locked by a trigger on ours, nor the other way round.
 *
 * A copy of a parallel_table looks up, too (plan/copied_lookup.h): of all this it
 * has the notes about theirs, and what creates rows there.
 */
#ifndef INTERLOCK_PLAN_LOOKUP_H
#define INTERLOCK_PLAN_LOOKUP_H

#include "plan/filling.h"

/* A filling by lookup, with the pieces of its SQL.  Names are quoted. */
struct looking {
	const struct fill_plan *plan;
	const struct lookup *lookup;
	const struct facts *facts;
	struct arena *arena;
	const char *table, *alias, *column; /* ours; the alias is its bare name */
	const char *type;                   /* of the column, with its collation */
	const char *text;                   /* "::text" where values have no = of their own, else "" */
	const char *theirs;
	const char *match;       /* "~l".email = (orders.email)::citext AND …, over the row of ours */
	const char *value;       /* "~l".id */
	const char *found;       /* (SELECT "~l".id FROM …), over the row of ours */
	bool only_lost;          /* a value that is new in theirs is not noted: whoever misses one looks again */
	const char *needed;      /* the row needs a value: orders.user_id IS NULL, or `where` */
	const char *const *keys; /* of ours */
	size_t key_count;
	struct row_table of_theirs;
	const char *looked, *refill, *wanted, *created; /* tables of the registry */
	const char *function, *noting;                  /* functions of the triggers on ours, and on theirs */
};

/* false: the facts do not say enough, as where an earlier step is yet to make something. */
bool looking_of(const struct fill_plan *plan, const struct facts *facts, struct arena *arena,
                struct looking *looking);
/* The same for a copy, whose column is not one of ours; plan->where says which rows are copied. */
bool looking_of_copy(const struct fill_plan *plan, const struct facts *facts, struct arena *arena,
                     struct looking *looking);
/* The lookup of a plan's `set`, which is then alone in it; NULL: none. */
const struct assignment *lookup_in(const struct assignment_list *set);

/* What derives the match from a row of that name, as "NEW": the n-th, cast to what it is compared with. */
const char *looking_match(const struct looking *l, size_t n, const char *row);
/* The columns "k1, k2" of refill, and "m1, m2" of looked. */
const char *looking_numbered(const char *letter, size_t count, const char *before, struct arena *arena);
/* "orders.id = g.k1 AND …" */
const char *looking_same_key(const struct looking *l, const char *row, const char *note);
/* "g.m1 = orders.email AND …" */
const char *looking_same_match(const struct looking *l, const char *row, const char *note);
/* Is the thing of the registry there, as the facts say? */
bool looking_has(const struct looking *l, const char *table);

/* What the engine needs; see filling_of(). */
struct filling *lookup_filling(const struct looking *l, const struct stmt *withdraw);
/* The same for undo: rows that hold what they were filled with are NULL again. */
struct filling *lookup_emptying(const struct looking *l);

/* Registry tables, functions and triggers on both tables, where they are not there yet. */
void lookup_begin(const struct looking *l, struct stmts *stmts);
/* The part of it that is about theirs: tables for notes and for what is created, triggers. */
void lookup_note_theirs(const struct looking *l, struct stmts *stmts);
/* Undo: the trigger on ours empties instead. */
void lookup_empty_instead(const struct looking *l, struct stmts *stmts);
/* Do the triggers on ours empty already?  Are there triggers on theirs? */
bool lookup_is_emptying(const struct looking *l);
bool lookup_is_noting(const struct looking *l);
/* The triggers on ours go; and those on theirs.  Without both there are no new notes. */
void lookup_drop_triggers(const struct looking *l, struct stmts *stmts);
void lookup_drop_noting(const struct looking *l, struct stmts *stmts);
/* Tables and functions. */
void lookup_drop_rest(const struct looking *l, struct stmts *stmts);
/* Whatever is there of the triggers on ours: where it turns out that no value can be had. */
void lookup_withdraw(const struct looking *l, struct stmts *stmts);

/*
 * Adds the work of the notes; `empties`: rows that hold what they were given
 * are NULL again.  Notes about rows that somebody has locked stay, but with _all.
 */
void lookup_work_off(const struct looking *l, bool empties, struct stmts *stmts);
void lookup_work_off_all(const struct looking *l, bool empties, struct stmts *stmts);
/* With missing = "create": rows of theirs for all that is there. */
void lookup_create_all(const struct looking *l, struct stmts *stmts);
/*
 * Of a row that is to have a value: nothing is found, and that is not to be;
 * NULL where it may.
 */
const char *looking_unmatched(const struct looking *l);
/*
 * The statement that writes down what is to be created, around the table (with
 * joins), and around conditions that begin with " AND "; and the one that
 * creates some of it, at most $1, to be repeated until it answers with no row.
 */
struct looking_creation {
	const char *before, *behind, *order, *create;
};
struct looking_creation looking_creation_of(const struct looking *l);
/* With missing = "error": rows of ours without a match; there must be none. */
void lookup_verify(const struct looking *l, struct stmts *stmts);
/* Nobody has touched the trigger on theirs. */
void lookup_verify_noted(const struct looking *l, struct stmts *stmts);
/* Undo: what was created goes, where nobody uses it. */
void lookup_take_back(const struct looking *l, struct stmts *stmts);
/* The same before all else goes, in a transaction of its own; what was written down of them stays. */
void lookup_take_back_first(const struct looking *l, struct stmts *stmts);
/* Takes away what lookup_note_theirs() made, where it is there. */
void lookup_forget_theirs(const struct looking *l, struct stmts *stmts);

#endif
