/*
 * Types as SQL writes them, and what it costs to change a column from one to
 * another: is the table written anew, are indexes built anew?  Facts of
 * PostgreSQL 12 to 18, found by trying; nothing here asks a server.
 */
#ifndef INTERLOCK_HAZARD_TYPE_H
#define INTERLOCK_HAZARD_TYPE_H

#include <pg_query/pg_query.pb-c.h>

#include "base/arena.h"
#include "hazard/tri.h"

enum { TYPE_MODS_MAX = 2 };

/* A zeroed struct is a type that is not known. */
struct type {
	const char *schema; /* NULL: not written, or pg_catalog */
	const char *name;   /* as pg_type has it: int4, varchar, bpchar, timestamptz, or the user's own */
	int mods[TYPE_MODS_MAX];
	int mod_count;
	bool is_array;
	bool built_in;
};

/* From the tree; serial and its like keep their names. */
struct type type_read(const PgQuery__TypeName *name, struct arena *arena);
/* From a text such as format_type() gives; unknown where it does not parse. */
struct type type_parse(const char *text, struct arena *arena);
/* For people: "varchar(20)[]". */
const char *type_text(const struct type *type, struct arena *arena);
bool type_is(const struct type *type, const char *name);
bool type_is_serial(const struct type *type);
/* Same name and schema, modifiers aside. */
bool type_same_base(const struct type *a, const struct type *b);

struct type_change {
	enum tri rewrites;
	enum tri rebuilds_indexes; /* where the table is not written anew */
	enum tri loses;            /* a value may be cut, rounded or refused */
	bool by_timezone;          /* it hangs on the session's TimeZone */
};
/* Domains must have been replaced by what they stand for; `utc`: is the session's TimeZone UTC? */
struct type_change type_change(const struct type *from, const struct type *to, enum tri utc, int server_version);

#endif
