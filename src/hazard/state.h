/*
 * A migration while it is read: the model, the transaction, the settings, and
 * the words in which the files of this folder say what a statement does.
 */
#ifndef INTERLOCK_HAZARD_STATE_H
#define INTERLOCK_HAZARD_STATE_H

#include "base/diag.h"
#include "db/conn.h"
#include "hazard/lint.h"
#include "hazard/schema.h"
#include "sql/script.h"

enum lock {
	LOCK_NONE,
	LOCK_ROW_EXCLUSIVE,
	LOCK_SHARE_UPDATE_EXCLUSIVE,
	LOCK_SHARE,
	LOCK_SHARE_ROW_EXCLUSIVE,
	LOCK_EXCLUSIVE,
	LOCK_ACCESS_EXCLUSIVE
};
/* "ACCESS EXCLUSIVE" */
const char *lock_name(enum lock lock);

struct held_lock {
	struct relation *relation;
	enum lock level;
	int line;
};

/* What is about to be lost or used in one transaction: enum values that it added. */
struct enum_value {
	struct enum_value *next;
	const char *type, *value;
};

/* A change that the file makes, for telling whether it mixes concerns. */
enum concern { CONCERN_ADD, CONCERN_DATA, CONCERN_CHANGE, CONCERN_REMOVE };
struct change {
	struct change *next;
	enum concern concern;
	struct relation *relation;
	const char *words; /* "adds column image_urls to …" */
	int line;
};

struct transaction {
	bool open;    /* BEGIN was said, or the tool says it */
	bool wrapped; /* by the tool */
	long number;  /* counts up; a statement outside of BEGIN has one of its own */
	int line;     /* of BEGIN */
	struct held_lock *locks;
	size_t lock_count, lock_room;
	size_t own_from; /* the locks from here on are of the statement that is read */
	struct enum_value *enum_values;
	bool wide_told, work_told;
};

/* A setting such as lock_timeout: for the session, and for the transaction. */
struct setting {
	enum tri session, local;
	bool has_local;
};

struct lint {
	struct lint_options options;
	struct conn *conn;
	struct arena arena;
	struct schema schema;
	/* Told of each statement of the file before the model changes as it says; NULL: nobody listens. */
	void (*listener)(struct lint *lint, const PgQuery__Node *node, void *context);
	void *listener_context;
	struct diags *diags; /* where findings go */
	struct diags found;  /* those of the file, before comments ignore some */
	int server_version;

	const char *path;
	const struct script_statement *statement;
	const PgQuery__Node *node;
	struct transaction transaction;
	struct setting lock_timeout, utc;
	struct {
		struct setting lock_timeout, utc;
		const char *const *path;
	} begins;                   /* as the connection came; RESET goes back to it */
	long first_transaction;     /* of this file */
	long waits_without_timeout; /* statements that wait for a lock without a limit */
	struct diag *timeout_told;
	struct change *changes, *last_change;
	const char *const *added_constraints; /* names that ADD CONSTRAINT of this file gives */
	size_t added_constraint_count;
	const char *const *made_views; /* names of views that this file creates */
	size_t made_view_count;
	const char *const *made_policies; /* names of tables that this file gives policies to */
	size_t made_policy_count;
	const char *const *made_schemas;
	size_t made_schema_count;
	bool loaded; /* the catalogue was asked before */
	bool opaque; /* something that nobody could read has run */
	int inside;  /* the statements come from a DO block at this line; 0: they don't */
	struct {
		void **items;
		size_t count, room;
	} trees; /* what the model points into */
};

/* What a statement does to one relation. */
enum work { WORK_NONE, WORK_SCAN, WORK_BUILD, WORK_REWRITE };
struct effect {
	const char *rule;
	struct relation *relation; /* NULL: none */
	enum work work;
	enum lock lock;         /* that is held meanwhile */
	enum severity severity; /* with WORK_NONE; work is weighed by the size of the relation */
	enum tri certain;       /* TRI_UNKNOWN: it may */
	int location;           /* byte in the statement; 0: its first word */
	int line;               /* 0: of that location */
	const char *help;
};
/*
 * Adds a finding.  With work the sentence is: FORMAT "rewrites app.users (4.2 GB) under ACCESS EXCLUSIVE",
 * without it FORMAT alone.  NULL: work on a table that is new or empty is nothing to tell.
 */
struct diag *effect_add(struct lint *lint, const struct effect *effect, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The line of the file that a byte of the statement stands in. */
int line_of(const struct lint *lint, int location);
/* Adds a line to a finding; NULL is accepted. */
void effect_detail(struct lint *lint, struct diag *diag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "4.2 GB, 12 k reads/s"; NULL: nothing is known. */
const char *size_text(struct lint *lint, const struct relation *relation);

/* Was it there before this migration, as far as anybody knows? */
bool was_there(const struct lint *lint, const struct relation *relation);
/* Was it there, and may it hold rows? */
bool has_rows(const struct lint *lint, const struct relation *relation);
/* Is the catalogue's word on it complete? */
bool is_known(const struct lint *lint, const struct relation *relation);
/* "app.users" */
const char *named(struct lint *lint, const struct relation *relation);
/* A text of the statement's arena. */
const char *text_of(struct lint *lint, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The statement takes this lock: tells of missing timeouts and of wide windows. */
void takes_lock(struct lint *lint, struct relation *relation, enum lock level);
/* Size-proportional work by a statement of data (UPDATE, …) while the transaction holds locks. */
void works_under_locks(struct lint *lint, const struct relation *on, const char *what);
/* Ends the transaction: locks are gone. */
void transaction_end(struct lint *lint);
void transaction_begin(struct lint *lint, int line, bool wrapped);
void transaction_statement_done(struct lint *lint);

/* Notes a change for mixed-concerns and misleading-name. */
void change_add(struct lint *lint, enum concern concern, struct relation *relation, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Keeps a tree that the model points into. */
void lint_keep_tree(struct lint *lint, PgQuery__ParseResult *result);

/* A setting as it is now. */
enum tri setting_now(const struct setting *setting);

/* The text of an expression or a type: the statement's own words from a location on, cut short. */
const char *words_at(struct lint *lint, int location, size_t most);

#endif
