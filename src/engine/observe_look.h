/* What the observer knows of relations: those that were there, and how a session stands to them now. */
#ifndef INTERLOCK_ENGINE_OBSERVE_LOOK_H
#define INTERLOCK_ENGINE_OBSERVE_LOOK_H

#include "db/conn.h"
#include "plan/step.h"

/* A relation, by its OID as text. */
struct known {
	char kind;              /* pg_class.relkind */
	const char *oid, *name; /* quoted, with its schema */
	const char *file;       /* where its rows are; NULL: it has none */
	const char *table;      /* of an index: the OID of its table */
	bool was_there;         /* before the transaction that is under way */
	int64_t scans;          /* that its session counted so far */
	int held;               /* the strongest lock_mode of the transaction; -1: none */
};

struct known_list {
	struct arena arena;
	struct known *items;
	size_t count, room;
};

/* The relations of people, as everybody sees them; what the list held is dropped. */
bool known_read(struct known_list *list, struct conn *eye, struct err *err);
struct known *known_find(const struct known_list *list, const char *oid);
struct known *known_add(struct known_list *list, const struct known *known);
void known_release(struct known_list *list);
/* Is that file one that a relation had all along? */
bool known_file(const struct known_list *list, const char *file);

/* The relations that a session has locked, as it sees them itself: rows of oid, name, kind, file, table, scans,
 * mode. */
bool look_inside(struct conn *conn, struct rows **rows, struct err *err);
/* The same of another process, as far as others see it; `waits`: is any of its locks not granted yet? */
bool look_outside(struct conn *eye, const char *pid, struct rows **rows, bool *waits, struct err *err);

/* "AccessExclusiveLock", as the server names it. */
enum lock_mode look_mode(const char *name);

#endif
