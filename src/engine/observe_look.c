/* Asking a server for relations, their files and their locks. */
#include "engine/observe_look.h"

#include <string.h>

#define OF_PEOPLE                                                                                                 \
	"n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'interlock')"                              \
	" AND n.nspname NOT LIKE 'pg\\_temp%' AND n.nspname NOT LIKE 'pg\\_toast%'"

static const char relations[] =
	"SELECT c.oid::pg_catalog.text AS oid, c.relkind::pg_catalog.text AS kind,"
	" pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,"
	" pg_catalog.pg_relation_filenode(c.oid)::pg_catalog.text AS file, i.indrelid::pg_catalog.text AS \"table\""
	" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'i', 'I')"
	" AND " OF_PEOPLE;

/* Of what was dropped only the lock is left; the outer join keeps it. */
#define LOCKED(pid, scans)                                                                                        \
	"SELECT l.relation::pg_catalog.text AS oid, c.relkind::pg_catalog.text AS kind,"                              \
	" CASE WHEN c.oid IS NOT NULL THEN pg_catalog.format('%I.%I', n.nspname, c.relname) END AS name,"             \
	" pg_catalog.pg_relation_filenode(c.oid)::pg_catalog.text AS file, i.indrelid::pg_catalog.text AS \"table\"," \
	" " scans " AS scans, l.mode, l.granted FROM pg_catalog.pg_locks l"                                           \
	" LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation"                                                      \
	" LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"                                              \
	" LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid"                                                    \
	" WHERE l.pid = " pid " AND l.locktype = 'relation' AND l.database = (SELECT d.oid FROM"                      \
	" pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) AND (c.oid IS NULL OR"            \
	" (c.relkind IN ('r', 'p', 'v', 'm', 'f', 'i', 'I') AND " OF_PEOPLE "))"

static const char locked_inside[] =
	LOCKED("pg_catalog.pg_backend_pid()", "pg_catalog.pg_stat_get_xact_numscans(c.oid)");
static const char locked_outside[] = LOCKED("$1::pg_catalog.int4", "0");
static const char waiting[] = "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE pid = $1::pg_catalog.int4"
							  " AND NOT granted) AS waits";

struct known *known_find(const struct known_list *list, const char *oid)
{
	for (size_t i = 0; oid && i < list->count; i++)
		if (strcmp(list->items[i].oid, oid) == 0)
			return &list->items[i];
	return NULL;
}

bool known_file(const struct known_list *list, const char *file)
{
	for (size_t i = 0; file && i < list->count; i++)
		if (list->items[i].file && strcmp(list->items[i].file, file) == 0)
			return true;
	return false;
}

struct known *known_add(struct known_list *list, const struct known *known)
{
	struct known *new;

	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		struct known *more = arena_array(&list->arena, struct known, room);

		if (list->count)
			memcpy(more, list->items, list->count * sizeof(*more));
		list->items = more;
		list->room = room;
	}
	new = &list->items[list->count++];
	*new = *known;
	new->oid = arena_strdup(&list->arena, known->oid);
	new->name = arena_strdup(&list->arena, known->name);
	new->file = arena_strdup(&list->arena, known->file);
	new->table = arena_strdup(&list->arena, known->table);
	return new;
}

void known_release(struct known_list *list)
{
	arena_release(&list->arena);
	*list = (struct known_list){0};
}

bool known_read(struct known_list *list, struct conn *eye, struct err *err)
{
	struct rows *rows;

	if (!conn_query(eye, QUERY(relations), &rows, err))
		return false;
	known_release(list);
	for (size_t r = 0; r < rows_count(rows); r++)
		known_add(list, &(struct known){.kind = *rows_get(rows, r, "kind"),
		                                .oid = rows_get(rows, r, "oid"),
		                                .name = rows_get(rows, r, "name"),
		                                .file = rows_get(rows, r, "file"),
		                                .table = rows_get(rows, r, "table"),
		                                .was_there = true,
		                                .held = -1});
	rows_free(rows);
	return true;
}

bool look_inside(struct conn *conn, struct rows **rows, struct err *err)
{
	return conn_query(conn, QUERY(locked_inside), rows, err);
}

bool look_outside(struct conn *eye, const char *pid, struct rows **rows, bool *waits, struct err *err)
{
	struct query question = {.sql = waiting, .count = 1, .params = &pid};
	struct rows *answer;

	if (!conn_query(eye, &question, &answer, err))
		return false;
	*waits = rows_true(answer, 0, "waits");
	rows_free(answer);
	question.sql = locked_outside;
	return conn_query(eye, &question, rows, err);
}

enum lock_mode look_mode(const char *name)
{
	static const char *const names[] = {
		"AccessShareLock", "RowShareLock",          "RowExclusiveLock", "ShareUpdateExclusiveLock",
		"ShareLock",       "ShareRowExclusiveLock", "ExclusiveLock",    "AccessExclusiveLock"};

	for (int mode = 0; mode < (int)(sizeof(names) / sizeof(names[0])); mode++)
		if (strcmp(name, names[mode]) == 0)
			return (enum lock_mode)mode;
	return LOCK_ACCESS_SHARE;
}
