/*
 * What a primitive is.  A primitive is one file in src/steps/ and one
 * `const struct step_type`; the list of all is generated from that directory.
 * A step describes, the executor acts: it gives statements and a probe, and
 * runs nothing.
 */
#ifndef INTERLOCK_PLAN_STEP_H
#define INTERLOCK_PLAN_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/record.h"
#include "plan/option.h"
#include "sql/ident.h"

enum step_class { CLASS_ADDITIVE, CLASS_DATA, CLASS_VERIFY, CLASS_SWITCH, CLASS_DESTRUCTIVE };

/* PostgreSQL's table lock modes that a statement can take, weakest first. */
enum lock_mode {
	LOCK_ACCESS_SHARE,
	LOCK_ROW_SHARE,
	LOCK_ROW_EXCLUSIVE,
	LOCK_SHARE_UPDATE_EXCLUSIVE,
	LOCK_SHARE,
	LOCK_SHARE_ROW_EXCLUSIVE,
	LOCK_EXCLUSIVE,
	LOCK_ACCESS_EXCLUSIVE
};
const char *lock_mode_name(enum lock_mode mode); /* "ACCESS EXCLUSIVE" */

struct table_lock {
	struct relname table;
	enum lock_mode mode;
	bool by_itself; /* its statement takes it: LOCK TABLE would also lock what is below a view */
};

enum stmt_mode {
	STMT_TOGETHER, /* in one transaction with its TOGETHER neighbours and the registry row */
	STMT_ALONE,    /* in a transaction of its own with the registry row */
	STMT_OUTSIDE,  /* in no transaction: CREATE INDEX CONCURRENTLY; must be safe to repeat after the probe */
	STMT_REPEAT,   /* in a transaction of its own, again and again until it touches no row */
	STMT_BATCHES   /* not sent as it stands: `filling` is cut into transactions (engine/fill.h) */
};

enum { VERIFY_ROWS = 20 }; /* a verification asks for no more rows than these */

/*
 * The rows that a statement may fail at (a class 23 error, or a verification
 * that is not empty): asked for only when it has.
 */
struct culprits {
	const char *query;           /* all of them: no LIMIT, what tells them apart comes first */
	const char *what;            /* what they are, in the plural: "rows with NULL in email" */
	const char *help;            /* what to do about them */
	const struct stmt *withdraw; /* takes away what must not stay when it has failed; may be NULL */
};

struct stmt {
	const char *sql;
	enum stmt_mode mode;
	const struct table_lock *locks; /* on tables that exist, strongest need first; taken before it runs */
	size_t lock_count;
	/* Of one that is repeated: rows that an earlier attempt did already, and about how many it will be in all; 0:
	 * nobody can say. */
	int64_t rows_before, rows_expected;
	bool slow;           /* takes time in proportion to the table: no hold limit */
	bool triggers_sleep; /* those of the tables, unless they fire always */
	bool must_be_empty;  /* a verification: each row that it returns is a thing that is wrong */
	const char *wrong;   /* of such: what it means that there are rows, instead of the usual words; may be NULL */
	bool verdict;        /* a verification that answers by itself: see plan/verdict.h */
	int64_t under; /* ms; a verification: the fastest of `runs` runs must take less; 0: its time does not matter */
	int runs;
	const char *tells;                 /* what the rows that it returns are, told when it is done; may be NULL */
	const char *note;                  /* for preview, may be NULL: "scan, readers and writers go on" */
	const char *help;                  /* what to do when the server does not understand it, may be NULL */
	const struct culprits *culprits;   /* of a statement that runs ALONE or OUTSIDE; may be NULL */
	const struct filling *filling;     /* of BATCHES: one of these says what (plan/filling.h) */
	const struct comparing *comparing; /* plan/comparing.h */
	const struct relname *copied_into; /* the shadow that rows of its live table are copied into (engine/copy.h) */
	const struct swapping *swapping;   /* plan/swapping.h */
	const struct importing *importing; /* plan/importing.h */
	struct stmt *next;
};

/* A list that a step fills; a zeroed struct with an arena is an empty list. */
struct stmts {
	struct arena *arena;
	struct stmt *first, *last;
	size_t count;
	const char *refusal; /* set by stmts_refuse(): why this step can't be done or undone, for people */
	const char *refusal_help;
	const char *refusal_rule;   /* the rule behind it, if there is one; may be set after stmts_refuse() */
	const char *refusal_option; /* the option of the plan that it is about, likewise */
	bool refusal_stays;         /* of undo: nothing that is taken back before it will change that */
};
/* Appends one statement; the result is borrowed for setting its other fields. */
struct stmt *stmts_add(struct stmts *stmts, enum stmt_mode mode, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Adds a lock to a statement. */
void stmt_lock(struct stmts *stmts, struct stmt *stmt, const struct relname *table, enum lock_mode mode);
/* The same for a view: the statement takes the lock by itself, and waits for it no longer than LOCK TABLE would.
 */
void stmt_takes(struct stmts *stmts, struct stmt *stmt, const struct relname *view, enum lock_mode mode);
/* Says that there is no way, and why; the statements are then ignored. */
void stmts_refuse(struct stmts *stmts, const char *help, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * What a probe answers: its query gives exactly one row with the columns
 *   state     'absent' 'partial' 'done' 'conflict' 'missing' 'compare'
 *   found     for people, what is there ("column image_urls text"), or NULL
 *   expected  for people, what the plan says, or NULL
 *   help      for people, the way out of a conflict or to what is missing, or NULL for the usual words;
 *             the column may be left out
 *   option    the option of the plan that a conflict, or what is missing, is about, or NULL for the whole step;
 *             the column may be left out
 *   piece     SQL that stands in that option's text and is meant, or NULL; the column may be left out
 * and whatever else apply and reverse want to know.  'missing' means that what
 * the step stands on (its table) isn't there.  'compare' means: the object is
 * there; build the wanted one in pg_temp with the scratch statements, in a
 * transaction that is rolled back, and let the second query decide.
 */
enum step_state { STATE_ABSENT, STATE_PARTIAL, STATE_DONE, STATE_CONFLICT, STATE_MISSING };
const char *step_state_name(enum step_state state);

struct probe_query {
	const char *sql;
	const char *params[12];
	int count;
};
struct probe {
	struct arena *arena;
	const struct record *before; /* asked for undo: the probe's row when this run first did the step; else NULL */
	struct probe_query query; /* read only; sql is the same static text for all steps of a type: it is prepared */
	const char *scratch[8];   /* statements that build the wanted object in pg_temp, with the plan's search_path */
	size_t scratch_count;
	const char *refused;        /* set by whoever asks: of all these the statement that the server said no to */
	struct probe_query compare; /* after them: one row of the same columns */
};

/* What apply and reverse may know. */
struct facts {
	int server_version;          /* as 150020 */
	enum step_state state;       /* what the probe says now */
	const struct record *now;    /* the probe's row now */
	const struct record *before; /* the probe's row when this run first did the step; NULL if it never did */
	int64_t run;                 /* the run's number; 0 in preview of a plan that never ran */
	bool undoing;                /* asked in order to take it back */
	bool afterwards;        /* asked about what a step that is done left: what it would make may be unheard of */
	struct text_list added; /* to take back: what later steps of the plan add to it (step_type.adds_to) */
	int number;             /* of the step in its plan, from 1 */
	int64_t archive_rows;   /* rows in archive_<run>_<number>; -1: there is no such table */
};

/* What every step accepts besides its own options. */
struct common_args {
	int64_t timeout;       /* ms; 0: none */
	int64_t lock_timeout;  /* ms; 0: the plan's */
	int64_t lock_attempts; /* 0: the plan's */
	const char *loses;     /* why what a destructive step takes away may go */
};
extern const struct option common_options[];

/* Something that goes to the first schema of search_path. */
struct unplaced {
	const char *option, *sql; /* the option of the plan, and its statement */
	const char *verb, *name;  /* "CREATE TABLE"; quoted */
};

struct shadow_shape;

struct step_type {
	const char *name, *summary; /* as called in a plan; one sentence for people */
	const char *example;        /* a complete call; its tables are made by `setup` */
	const char *setup;          /* SQL that makes the example's world */
	const char *example_file; /* a file that the example reads: its name, a line end, what is in it; NULL: none */
	enum step_class class;
	int min_server; /* as 140000; 0: any that is supported */
	size_t size;    /* of the args struct that the options fill */
	const struct option *options;
	const char *locks;    /* for the manual: which lock on what, for how long */
	const char *way_back; /* for the manual: what undo does */
	/* Its statements succeed whatever somebody did meanwhile, so the probe is asked again just before them. */
	bool looks_again;
	/* Its probe only tells whether it can be done; that it was done nothing but the registry's row tells. */
	bool only_registry_tells;
	/* undo may turn out to be impossible, though there is a way back: asked before anything is taken back. */
	bool may_refuse_undo;
	bool scans_first; /* expect_column and the like: also evaluated before the first statement of a run */
	/* A verification by what rows say: a probe can only tell whether it can be asked, and `apply` asks. */
	bool judges_rows;
	bool makes_names; /* a schema, type or the like that later steps may stand on: what they miss may come from it
	                   */
	/* It can be made for a moment by a check, in a transaction that is rolled back: no table is locked, nothing
	 * runs long. */
	bool made_ahead;

	/* It makes, renames and removes nothing, so that what stands on names can be judged before it runs. */
	bool leaves_names;

	/*
	 * Does it stand on things that its subject does not tell, as a view's query does, so that any earlier step may
	 * make or change them?  NULL: no.
	 */
	bool (*stands_on_names)(const void *args);
	/* On a table that the same run has just made, is what it adds surely absent, with nothing to ask?  NULL: ask.
	 */
	bool (*absent_on_new_table)(const void *args);
	/* Problems that the args alone show; may be NULL. */
	bool (*check)(const void *args, const struct option_place *place, struct diags *diags);
	/* The n-th thing, from 0, that SQL of the author's own makes without saying in which schema; NULL: none. */
	bool (*unplaced)(const void *args, size_t n, struct unplaced *thing, struct arena *arena);
	/* The class of one step where it depends on the args (sql_step); NULL: `class`. */
	enum step_class (*class_of)(const void *args);
	/* Which table (or none: false) it changes; a run claims it. */
	bool (*subject)(const void *args, struct relname *table);
	/* A second name that it changes, as the new one of a table that is renamed; claimed too.  NULL: none. */
	bool (*other_subject)(const void *args, struct relname *table);
	/* The n-th other table, from 0, that must be there, and whose making may be an earlier step's; NULL: none. */
	bool (*stands_on)(const void *args, size_t n, struct arena *arena, struct relname *table);
	/*
	 * What it adds to the thing that this earlier step makes, if PostgreSQL can't take it out again alone; undo of
	 * both takes it back with that thing.  NULL, or answering NULL: nothing of the kind.
	 */
	const char *(*adds_to)(const void *args, const struct step_type *earlier, const void *earlier_args);
	/* The tables that it puts in the place of others, in the arena (plan/swapping.h); NULL: none. */
	const struct swapping *(*swaps)(const void *args, struct arena *arena);
	/*
	 * Of the shadow that it makes, as far as the facts tell: what it is to hold (plan/shadow.h); false: nothing is
	 * known.  NULL: it makes none.
	 */
	bool (*shadows)(const void *args, const struct facts *facts, struct arena *arena, struct shadow_shape *shape);
	/* Does this step create that table?  NULL: no. */
	bool (*creates)(const void *args, const struct relname *table);
	/* NULL: nothing in the catalogue tells; the registry's row alone says whether it was done. */
	void (*probe)(const void *args, struct probe *probe);
	/* Statements from facts->state (absent or partial) to done.  Never called for done, conflict, missing. */
	void (*apply)(const void *args, const struct facts *facts, struct stmts *stmts);
	/* Statements back; called when this run did the step.  NULL: undo has nothing to do (verify) */
	void (*reverse)(const void *args, const struct facts *facts, struct stmts *stmts);
	/* Puts archived rows back (`interlock restore`); NULL: it keeps none. */
	void (*restore)(const void *args, const struct facts *facts, struct stmts *stmts);
	/* Takes away what the step keeps up until its plan is done, as triggers; there may be nothing.  NULL: nothing.
	 */
	void (*finish)(const void *args, const struct facts *facts, struct stmts *stmts);
	/* Works off what was noted since the step was done, whenever somebody looks after the run.  NULL: nothing is.
	 */
	void (*follow)(const void *args, const struct facts *facts, struct stmts *stmts);
	/*
	 * How long what undo would need is kept, in ms; after that `expire` takes it away.  NULL: it keeps nothing.
	 * What undo left in an archive is kept for as long; with undo_keeps there is nothing else.
	 */
	int64_t (*kept_for)(const void *args);
	bool undo_keeps;
	/* Statements that take away what was kept (`interlock sync`). */
	void (*expire)(const void *args, const struct facts *facts, struct stmts *stmts);
	/* One line for people: "add column image_urls jsonb to app.messages". */
	void (*describe)(const void *args, struct buf *out);
};

extern const struct step_type *const step_types[]; /* NULL-terminated, by name; generated */
const struct step_type *step_type_find(const char *name);
/* Is this table one of those that a step of that type and args changes? */
bool step_type_changes(const struct step_type *type, const void *args, const struct relname *table);
const char *step_class_name(enum step_class class);

#endif
