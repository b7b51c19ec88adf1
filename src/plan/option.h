/*
 * Options: one row says name, kind, bounds, default, unit and the sentence for
 * people.  The compiler of plans, the help, the manual and the editor files
 * all read these rows.
 */
#ifndef INTERLOCK_PLAN_OPTION_H
#define INTERLOCK_PLAN_OPTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "sql/ident.h"
#include "sql/object.h"
#include "sql/parse.h"

/* Kind                  in the plan                         field of the args struct */
enum option_kind {
	OPTION_TABLE,      /* "app.orders", '"Order Items"'       struct relname */
	OPTION_TABLES,     /* one table, or a list of them         struct table_list */
	OPTION_OBJECT,     /* "app.status": a type, view, index  struct relname */
	OPTION_THING,      /* "column app.users.email", "app.users" struct sql_object */
	OPTION_COLUMN,     /* one column name                      const char * (unquoted) */
	OPTION_COLUMNS,    /* { "a", "b" } or "a, lower(b) DESC"   struct column_list */
	OPTION_NAME,       /* the name of an object, one part      const char * (unquoted) */
	OPTION_DEFINITION, /* columns as inside CREATE TABLE ( )   const char *, SQL */
	OPTION_REFERENCES, /* "app.orgs" or "app.orgs(id)"         const char *, SQL */
	OPTION_TYPE,       /* a type                               const char *, SQL */
	OPTION_EXPRESSION, /* an SQL expression                    const char *, SQL */
	OPTION_PREDICATE,  /* an SQL condition                     const char *, SQL */
	OPTION_SET,        /* { total = "price * amount" }         struct assignment_list */
	OPTION_QUERY,      /* one SELECT                           const char *, SQL */
	OPTION_STATEMENTS, /* SQL statements                       const char *, SQL */
	OPTION_UNDO,       /* SQL statements, or false             const char *, SQL; "" for false */
	OPTION_INTERVAL,   /* "50 ms", "30 days"                   int64_t, milliseconds */
	OPTION_INTEGER,    /* 3                                    int64_t */
	OPTION_NUMBER,     /* 0, -3; nothing is not 0              const int64_t *, NULL where it is left out */
	OPTION_BOOLEAN,    /* true, false                          bool */
	OPTION_CHOICE,     /* one of `choices`                     const char * (the static string) */
	OPTION_TEXT,       /* words for people                     const char * */
	OPTION_TEXTS,      /* one text, or a list of them          struct text_list */
	OPTION_VERSION,    /* "5.3.0"                              const char * */
	OPTION_FILE,       /* "export.csv", beside the plan        struct data_file (plan/data_file.h) */
	OPTION_ANY         /* anything; kept as it is              json_t * (borrowed) */
};

struct column_list {
	struct index_column *items;
	size_t count;
	const char *text; /* "a, b DESC", quoted where needed: ready for SQL */
};

/* Several tables. */
struct table_list {
	struct relname *items;
	size_t count;
};

/* Several texts. */
struct text_list {
	const char *const *items;
	size_t count;
};

/* What columns are set to, in the order of their names. */
struct assignment_list {
	struct assignment {
		const char *column;          /* unquoted */
		const char *value;           /* SQL; "" where it is looked up */
		const struct lookup *lookup; /* lookup { … }, only where the option says `lookups`; else NULL */
	} * items;
	size_t count;
};

/* lookup { … }: the value is in the row of another table whose columns equal what is derived from ours. */
struct lookup {
	struct relname table;
	struct assignment_list match;  /* its columns, and the SQL over our row that each equals */
	const char *value;             /* its column, unquoted */
	const char *missing;           /* "null", "error" or "create": where it has no such row */
	struct assignment_list create; /* its other columns in a row that is created, and the SQL over our row */
};

struct option {
	const char *name;
	enum option_kind kind;
	bool required;
	size_t offset;              /* of the field, offsetof(struct …_args, …) */
	const char *default_value;  /* as a plan would write it, but never of OPTION_ANY, OPTION_SET or OPTION_TEXTS;
	                               NULL: none  (field stays zero) */
	int64_t minimum, maximum;   /* of an integer or interval; both 0: no bounds */
	const char *const *choices; /* NULL-terminated */
	const char *help;           /* one sentence for people */
	bool lookups;               /* of OPTION_SET: lookup { … } may stand for the SQL */
};
#define OPTION_END                                                                                                \
	{                                                                                                             \
		.name = NULL                                                                                              \
	}

/* "table", "sql expression", "column list": the kind as messages and manual call it. */
const char *option_kind_name(enum option_kind kind);
bool option_kind_is_sql(enum option_kind kind);

/* Where the options were written. */
struct option_place {
	struct span span; /* of the step or block */
	const struct span *chain;
	size_t chain_length;
	const char *subject; /* "add_column_if_missing", for messages */
};

/*
 * Adds an error at the line of one option (plan/locate.h; NULL: at the place
 * itself), with the place's chain of callers.  The result is borrowed.
 */
struct diag *option_error(const struct option_place *place, struct diags *diags, const char *rule,
                          const char *option, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The tables of options that are accepted together, and the structs they fill (zeroed); both end with NULL. */
struct option_set {
	const struct option *options[3];
	void *args[3];
	bool parsed; /* the SQL texts were checked before: they are taken as they are */
};

/*
 * Looks for the files of data that `given` names, and puts what was found in
 * the place of each name (plan/data_file.h); what the registry gives holds that
 * already.  To be called before options_decode(), of a plan file alone.  true:
 * no error was added.
 */
bool options_find_files(const struct option_set *set, json_t *given, const struct option_place *place,
                        struct diags *diags);
/* What is hashed of a file leaves out where it lies: gives it back to what runs. */
void options_keep_files(const struct option_set *set, json_t *given, json_t *filled);

/*
 * Checks `given` (a JSON object) against the rows and fills the args.  Strings
 * are borrowed from `given` or live in the arena.  Problems go to diags:
 * unknown names first (with a suggestion), then mistyped and malformed values,
 * then missing ones.  true: no error was added.  Rules: unknown-option,
 * missing-option, bad-option, bad-sql.
 */
bool options_decode(const struct option_set *set, json_t *given, const struct option_place *place,
                    struct arena *arena, struct diags *diags);

/*
 * What the author wrote, ready for hashing: a new object with SQL texts as
 * normalised tokens (sql_normalize).  With `with_defaults` what was left out is
 * filled in.  The caller owns it.
 */
json_t *options_canonical(const struct option_set *set, json_t *given, bool with_defaults);
/* A copy of a canonical form with what was left out filled in.  The caller owns it. */
json_t *options_filled(const struct option_set *set, json_t *canonical);

#endif
