/* Looking after each statement, and while one runs that no transaction holds. */
#include "engine/observe.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "engine/observe_look.h"

enum { LOOK_AGAIN = 5, HELD_UP_MAX = 1000 };

struct observer {
	struct loop *loop;
	struct arena arena;
	struct conn *eye, *holder;
	struct statement_watch watch;
	struct known_list known;
	struct sight *first, *last, *now; /* now: of the statement that was sent, not in the list yet */
	int tag;
	const char *pid;     /* of the session that runs something outside of a transaction */
	struct timer *timer; /* while it does */
	bool open, dirty;    /* in a transaction; it holds something, so that it may change something */
};

/* Is the statement's first word among these? */
static bool begins_with(const char *sql, const char *const *words)
{
	size_t length = strspn(sql, " \t\r\n(");
	const char *word = sql + length;

	length = strcspn(word, " \t\r\n(;");
	for (; *words; words++)
		if (strlen(*words) == length && strncasecmp(word, *words, length) == 0)
			return true;
	return false;
}

/* They do nothing to a table, and some want to come before any question. */
static const char *const controls[] = {"BEGIN",      "START",   "COMMIT", "END",    "ROLLBACK", "ABORT",
                                       "SAVEPOINT",  "RELEASE", "SET",    "RESET",  "SHOW",     "PREPARE",
                                       "DEALLOCATE", "DISCARD", "LISTEN", "NOTIFY", "UNLISTEN", "DECLARE",
                                       "FETCH",      "CLOSE",   NULL};
/* What they read of a table is the planner's affair, and another one where there are more rows. */
static const char *const of_rows[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY",    "WITH",
                                      "VALUES", "TABLE",  "LOCK",   "DO",     "CALL",  "EXPLAIN", NULL};
static const char *const that_empty[] = {"TRUNCATE", NULL};

static struct sight *new_sight(struct observer *o, const char *sql, bool outside)
{
	struct sight *sight = arena_alloc(&o->arena, sizeof(*sight));

	*sight = (struct sight){.sql = arena_strdup(&o->arena, sql), .tag = o->tag, .outside = outside};
	return sight;
}

/* Puts it into the list, if there is something in it. */
static void keep(struct observer *o, struct sight *sight)
{
	if (!sight || (!sight->locks && !sight->works))
		return;
	if (o->last)
		o->last->next = sight;
	else
		o->first = sight;
	o->last = sight;
}

static void add_lock(struct observer *o, struct sight *sight, const char *relation, enum lock_mode mode)
{
	struct seen_lock **at = &sight->locks;

	for (; *at; at = &(*at)->next)
		if (strcmp((*at)->relation, relation) == 0) {
			if ((*at)->mode < mode)
				(*at)->mode = mode;
			return;
		}
	*at = arena_alloc(&o->arena, sizeof(**at));
	(*at)->relation = arena_strdup(&o->arena, relation);
	(*at)->mode = mode;
}

static void add_work(struct observer *o, struct sight *sight, enum seen_kind kind, const struct known *table,
                     const char *index)
{
	struct seen_work **at = &sight->works;

	while (*at)
		at = &(*at)->next;
	*at = arena_alloc(&o->arena, sizeof(**at));
	(*at)->kind = kind;
	(*at)->relation = arena_strdup(&o->arena, table->name);
	(*at)->index = arena_strdup(&o->arena, index);
	(*at)->mode = table->held < 0 ? LOCK_ACCESS_SHARE : (enum lock_mode)table->held;
}

static bool is_index(char kind)
{
	return kind == 'i' || kind == 'I';
}

/* Does the sight tell that this table was rewritten? */
static bool was_rewritten(const struct sight *sight, const char *relation)
{
	for (const struct seen_work *work = sight->works; work; work = work->next)
		if (work->kind == SEEN_REWRITE && strcmp(work->relation, relation) == 0)
			return true;
	return false;
}

/* The relation of a row; one that is seen for the first time was made by this transaction. */
static struct known *take_known(struct observer *o, const struct rows *rows, size_t r, bool *is_new)
{
	struct known *known = known_find(&o->known, rows_get(rows, r, "oid"));
	const char *kind = rows_get(rows, r, "kind");

	*is_new = !known;
	if (known || !kind)
		return known;
	return known_add(&o->known, &(struct known){.kind = *kind,
	                                            .oid = rows_get(rows, r, "oid"),
	                                            .name = rows_get(rows, r, "name"),
	                                            .table = rows_get(rows, r, "table"),
	                                            .held = -1});
}

static void see_lock(struct observer *o, struct sight *sight, struct known *known, const char *mode_name)
{
	enum lock_mode mode = look_mode(mode_name);

	o->dirty |= mode > LOCK_ROW_EXCLUSIVE;
	if ((int)mode <= known->held)
		return;
	known->held = (int)mode;
	if (known->was_there && !is_index(known->kind))
		add_lock(o, sight, known->name, mode);
}

/* Another file than before: a table's rows, or an index, were written anew. */
static void see_file(struct observer *o, struct sight *sight, struct known *known, const char *file)
{
	bool same = known->file ? file && strcmp(known->file, file) == 0 : !file;
	bool kept = known_file(&o->known, file); /* an index may get another number and keep its file */
	const struct known *table = is_index(known->kind) ? known_find(&o->known, known->table) : known;

	if (same || !file)
		return;
	known->file = arena_strdup(&o->known.arena, file);
	o->dirty = true;
	if (kept || !table || !table->was_there || begins_with(sight->sql, that_empty))
		return;
	if (!is_index(known->kind))
		add_work(o, sight, SEEN_REWRITE, table, NULL);
	else if (!was_rewritten(sight, table->name))
		add_work(o, sight, SEEN_BUILD, table, known->name);
}

static void see_scan(struct observer *o, struct sight *sight, struct known *known, int64_t scans)
{
	bool more = scans > known->scans, gained = false;

	known->scans = scans;
	for (const struct seen_lock *lock = sight->locks; lock; lock = lock->next)
		gained |= strcmp(lock->relation, known->name) == 0 && lock->mode >= LOCK_SHARE_UPDATE_EXCLUSIVE;
	if (!more || !known->was_there || is_index(known->kind) || known->held < LOCK_SHARE_UPDATE_EXCLUSIVE ||
	    (!gained && begins_with(sight->sql, of_rows)) || was_rewritten(sight, known->name))
		return;
	for (const struct seen_work *work = sight->works; work; work = work->next)
		if (strcmp(work->relation, known->name) == 0)
			return;
	add_work(o, sight, SEEN_SCAN, known, NULL);
}

/* Locks first, then tables, then indexes: what is told of one depends on what was told of the other. */
static void see_rows(struct observer *o, struct sight *sight, const struct rows *rows)
{
	bool is_new;

	for (size_t r = 0; r < rows_count(rows); r++) {
		struct known *known = take_known(o, rows, r, &is_new);

		if (known)
			see_lock(o, sight, known, rows_get(rows, r, "mode"));
	}
	for (int indexes = 0; indexes < 2; indexes++)
		for (size_t r = 0; r < rows_count(rows); r++) {
			struct known *known = known_find(&o->known, rows_get(rows, r, "oid"));

			if (known && rows_get(rows, r, "kind") && is_index(known->kind) == (indexes == 1))
				see_file(o, sight, known, rows_get(rows, r, "file"));
		}
	for (size_t r = 0; r < rows_count(rows); r++) {
		struct known *known = known_find(&o->known, rows_get(rows, r, "oid"));

		if (known && rows_get(rows, r, "kind"))
			see_scan(o, sight, known, rows_integer(rows, r, "scans"));
	}
}

/* Everything as everybody sees it now. */
static void read_anew(struct observer *o)
{
	struct err ignored = {0};

	known_read(&o->known, o->eye, &ignored);
	err_release(&ignored);
	o->dirty = false;
}

/* How often each table was read before the first statement of a transaction. */
static void begin_counts(struct observer *o, struct conn *conn)
{
	static const char question[] =
		"SELECT c.oid::pg_catalog.text AS oid, pg_catalog.pg_stat_get_xact_numscans(c.oid) AS scans"
		" FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'm') AND pg_catalog.pg_stat_get_xact_numscans(c.oid) > 0";
	struct err ignored = {0};
	struct rows *rows = NULL;

	for (size_t i = 0; i < o->known.count; i++) {
		o->known.items[i].held = -1;
		o->known.items[i].scans = 0;
	}
	if (conn_query(conn, QUERY(question), &rows, &ignored))
		for (size_t r = 0; r < rows_count(rows); r++) {
			struct known *known = known_find(&o->known, rows_get(rows, r, "oid"));

			if (known)
				known->scans = rows_integer(rows, r, "scans");
		}
	rows_free(rows);
	err_release(&ignored);
	o->open = true;
}

/* While something runs outside: what it holds, or waits for; once it waits nobody has to hold it up any more. */
static void look_again(void *arg)
{
	struct observer *o = arg;
	struct err ignored = {0};
	struct rows *rows = NULL;
	bool waits = false;

	if (!conn_busy(o->eye) && look_outside(o->eye, o->pid, &rows, &waits, &ignored)) {
		for (size_t r = 0; r < rows_count(rows); r++) {
			const struct known *known = known_find(&o->known, rows_get(rows, r, "oid"));

			if (known && known->was_there && !is_index(known->kind))
				add_lock(o, o->now, known->name, look_mode(rows_get(rows, r, "mode")));
		}
		if (waits && conn_in_transaction(o->holder))
			conn_query(o->holder, QUERY("ROLLBACK"), NULL, &ignored);
	}
	rows_free(rows);
	err_release(&ignored);
}

/* Writes to every table, as an application would: what conflicts with that has to wait. */
static void hold_up(struct observer *o)
{
	struct err ignored = {0};
	struct buf list = {0};
	size_t count = 0;

	for (size_t i = 0; i < o->known.count && count < HELD_UP_MAX; i++)
		if (o->known.items[i].kind == 'r' || o->known.items[i].kind == 'p')
			buf_addf(&list, "%s%s", count++ ? ", ONLY " : "LOCK TABLE ONLY ", o->known.items[i].name);
	buf_add(&list, " IN ROW EXCLUSIVE MODE");
	if (count && conn_query(o->holder, QUERY("BEGIN"), NULL, &ignored) &&
	    !conn_query(o->holder, QUERY(buf_text(&list)), NULL, &ignored))
		conn_query(o->holder, QUERY("ROLLBACK"), NULL, &ignored);
	buf_release(&list);
	err_release(&ignored);
}

static void begin_outside(struct observer *o, struct conn *conn, const char *sql)
{
	struct err ignored = {0};
	struct rows *rows = NULL;

	if (!conn_query(conn, QUERY("SELECT pg_catalog.pg_backend_pid()::text AS pid"), &rows, &ignored)) {
		err_release(&ignored);
		return;
	}
	o->pid = arena_strdup(&o->arena, rows_get(rows, 0, "pid"));
	rows_free(rows);
	read_anew(o);
	o->now = new_sight(o, sql, true);
	hold_up(o);
	o->timer = loop_add_timer(o->loop, LOOK_AGAIN, look_again, o);
}

/* What changed is compared with what was there before the statement. */
static void see_changes(struct observer *o, struct sight *sight)
{
	struct known_list after = {0};
	struct err ignored = {0};

	if (known_read(&after, o->eye, &ignored))
		for (int indexes = 0; indexes < 2; indexes++)
			for (size_t i = 0; i < after.count; i++) {
				const struct known *now = &after.items[i];
				struct known *known = known_find(&o->known, now->oid);

				if (is_index(now->kind) != (indexes == 1))
					continue;
				if (!known)
					known = known_add(&o->known, &(struct known){.kind = now->kind,
					                                             .oid = now->oid,
					                                             .name = now->name,
					                                             .table = now->table,
					                                             .held = -1});
				see_file(o, sight, known, now->file);
			}
	known_release(&after);
	err_release(&ignored);
}

/* Of work outside of a transaction the lock is known from those who watched. */
static void fill_modes(const struct sight *sight)
{
	for (struct seen_work *work = sight->works; work; work = work->next)
		for (const struct seen_lock *lock = sight->locks; lock; lock = lock->next)
			if (strcmp(work->relation, lock->relation) == 0)
				work->mode = lock->mode;
}

static void end_outside(struct observer *o)
{
	struct err ignored = {0};

	timer_remove(o->timer);
	o->timer = NULL;
	if (conn_in_transaction(o->holder))
		conn_query(o->holder, QUERY("ROLLBACK"), NULL, &ignored);
	err_release(&ignored);
	see_changes(o, o->now);
	fill_modes(o->now);
	keep(o, o->now);
	o->now = NULL;
	read_anew(o);
}

static void before(void *arg, struct conn *conn, const char *sql)
{
	struct observer *o = arg;

	if (begins_with(sql, controls))
		return;
	if (conn_in_transaction(conn)) {
		if (!o->open)
			begin_counts(o, conn);
	} else if (!begins_with(sql, of_rows)) {
		begin_outside(o, conn, sql);
	}
}

static void after(void *arg, struct conn *conn, const char *sql, const struct err *failure)
{
	struct observer *o = arg;
	struct err ignored = {0};
	struct rows *rows = NULL;
	struct sight *sight;

	if (o->now) {
		end_outside(o);
	} else if (!conn_in_transaction(conn)) {
		if (o->open && o->dirty)
			read_anew(o);
		o->open = false;
	} else if (!failure && o->open && !begins_with(sql, controls) && look_inside(conn, &rows, &ignored)) {
		sight = new_sight(o, sql, false);
		see_rows(o, sight, rows);
		keep(o, sight);
	}
	rows_free(rows);
	err_release(&ignored);
}

struct observer *observer_new(struct loop *loop, struct conn *eye, struct conn *holder, struct err *err)
{
	struct observer *o = xcalloc(1, sizeof(*o));

	o->loop = loop;
	o->eye = eye;
	o->holder = holder;
	o->watch = (struct statement_watch){o, before, after};
	if (known_read(&o->known, eye, err))
		return o;
	observer_free(o);
	return NULL;
}

void observer_free(struct observer *o)
{
	if (!o)
		return;
	timer_remove(o->timer);
	conn_close(o->eye);
	conn_close(o->holder);
	known_release(&o->known);
	arena_release(&o->arena);
	free(o);
}

void observer_watch(struct observer *o, struct conn *conn)
{
	conn_watch(conn, &o->watch);
}

void observer_tag(struct observer *o, int tag)
{
	o->tag = tag;
}

const struct sight *observer_sights(const struct observer *o)
{
	return o->first;
}
