/* Set aside, copied by key, dropped; and the way back. */
#include "plan/archive.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 63, BATCH = 5000 };

/* The pieces of which the statements are made. */
struct archive {
	const struct kept_column *kept;
	struct stmts *stmts;
	const char *table, *store; /* the table and its archive, quoted */
	const char *column;        /* as the archive calls it */
	const char *source;        /* as the table calls it now */
	const char *keys, *match, *descending;
};

const char *archive_table(const struct facts *facts, struct arena *arena)
{
	return arena_printf(arena, "interlock.archive_%lld_%d", (long long)facts->run, facts->number);
}

const char *archive_name(const struct kept_column *kept, const struct facts *facts, struct arena *arena)
{
	char *name = arena_printf(arena, "__il_%lld_%s", (long long)facts->run, kept->column);
	size_t end = strlen(name);

	if (end > NAME_MAX_BYTES) {
		end = NAME_MAX_BYTES;
		while ((name[end] & 0xc0) == 0x80)
			end--;
		name[end] = '\0';
	}
	return name;
}

bool archive_is_aside(const struct kept_column *kept, const struct facts *facts, struct arena *arena)
{
	const char *list = record_get(facts->now, "archived_as");
	const char *name = archive_name(kept, facts, arena);
	json_t *names = list ? json_loads(list, 0, NULL) : NULL, *entry;
	bool found = false;
	size_t i;

	json_array_foreach(names, i, entry)
	{
		if (json_is_string(entry) && strcmp(json_string_value(entry), name) == 0)
			found = true;
	}
	json_decref(names);
	return found;
}

static struct archive archive_of(const struct kept_column *kept, const struct facts *facts, struct stmts *stmts)
{
	struct archive archive = {.kept = kept, .stmts = stmts};

	archive.table = relname_quoted(stmts->arena, &kept->table);
	archive.store = archive_table(facts, stmts->arena);
	archive.column = ident_quoted(stmts->arena, kept->column);
	archive.source = archive.column;
	archive.keys = record_get(facts->now, "key_columns");
	archive.match = record_get(facts->now, "key_match");
	archive.descending = record_get(facts->now, "key_descending");
	return archive;
}

/* The condition that column t.<name> holds something that somebody wrote. */
static const char *holds_own(const struct archive *archive, const char *name)
{
	if (!archive->kept->filler)
		return arena_printf(archive->stmts->arena, "t.%s IS NOT NULL", name);
	return arena_printf(archive->stmts->arena, "t.%s::text IS DISTINCT FROM (%s)::text", name,
	                    archive->kept->filler);
}

/* The condition that it doesn't, and may be filled. */
static const char *holds_none(const struct archive *archive, const char *name)
{
	if (!archive->kept->filler)
		return arena_printf(archive->stmts->arena, "t.%s IS NULL", name);
	return arena_printf(archive->stmts->arena, "(t.%s IS NULL OR t.%s::text = (%s)::text)", name, name,
	                    archive->kept->filler);
}

/* An identity column loses that in words of its own. */
static const char *drop_default(const struct facts *facts)
{
	const char *identity = record_get(facts->now, "column_identity");

	return identity && *identity ? "DROP IDENTITY" : "DROP DEFAULT";
}

/* From now on nobody can write to it, or read it under its name. */
static void move_aside(const struct archive *archive, const struct facts *facts)
{
	struct stmts *stmts = archive->stmts;
	struct stmt *stmt;

	stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s RENAME COLUMN %s TO %s", archive->table,
	                 archive->column, archive->source);
	stmt_lock(stmts, stmt, &archive->kept->table, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: from here on nobody writes to it";
	/* Where a default is what nobody wrote, rows to come shall hold it too. */
	stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s %sALTER COLUMN %s DROP NOT NULL", archive->table,
	                 archive->kept->filler ? ""
	                                       : arena_printf(stmts->arena, "ALTER COLUMN %s %s, ", archive->source,
	                                                      drop_default(facts)),
	                 archive->source);
	stmt_lock(stmts, stmt, &archive->kept->table, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: and rows to come need no value in it";
	if (facts->archive_rows < 0)
		stmts_add(stmts, STMT_TOGETHER, "CREATE TABLE %s (%s, %s %s, PRIMARY KEY (%s))", archive->store,
		          record_get(facts->now, "key_definition"), archive->column, record_get(facts->now, "column_type"),
		          archive->keys);
}

/* About how many values there are to keep; 0: nobody can say, as where the rows that nobody wrote to hold a
 * filler. */
static int64_t about(const struct archive *archive, const struct facts *facts)
{
	const char *estimate = record_get(facts->now, "archive_estimate");

	return estimate && !archive->kept->filler ? strtoll(estimate, NULL, 10) : 0;
}

static void copy(const struct archive *archive, const struct facts *facts)
{
	const char *own = holds_own(archive, archive->source);
	struct stmt *stmt;

	/* The first batch has no greatest key to go on from; an OR of the two would not use the index. */
	stmt = stmts_add(archive->stmts, STMT_REPEAT,
	                 "INSERT INTO %1$s (%2$s, %3$s) (SELECT %2$s, %4$s FROM %5$s t WHERE %6$s"
	                 " AND NOT EXISTS (SELECT FROM %1$s) ORDER BY %2$s LIMIT %8$d) UNION ALL"
	                 " (SELECT %2$s, %4$s FROM %5$s t WHERE %6$s AND (%2$s) >"
	                 " (SELECT %2$s FROM %1$s ORDER BY %7$s LIMIT 1) ORDER BY %2$s LIMIT %8$d)",
	                 archive->store, archive->keys, archive->column, archive->source, archive->table, own,
	                 archive->descending, BATCH);
	stmt->slow = true;
	stmt->note = "values into the archive, in the order of the key";
	stmt->rows_before = facts->archive_rows > 0 ? facts->archive_rows : 0;
	stmt->rows_expected = about(archive, facts);
	stmt = stmts_add(archive->stmts, STMT_REPEAT,
	                 "INSERT INTO %s (%s, %s) SELECT %s, t.%s FROM %s t LEFT JOIN %s a USING (%s) WHERE %s"
	                 " AND a.tableoid IS NULL LIMIT %d",
	                 archive->store, archive->keys, archive->column, archive->keys, archive->source,
	                 archive->table, archive->store, archive->keys, own, BATCH);
	stmt->slow = true;
	stmt->note = "rows whose key changed meanwhile";
	stmt->rows_expected = about(archive, facts);
}

static void drop_column(const struct archive *archive)
{
	struct stmt *stmt =
		stmts_add(archive->stmts, STMT_TOGETHER, "ALTER TABLE %s DROP COLUMN %s", archive->table, archive->source);

	stmt_lock(archive->stmts, stmt, &archive->kept->table, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: the rows are not rewritten";
}

/* Without a key the values can't be kept: it goes only if there are none, which is seen once before the lock. */
static void drop_if_unused(const struct archive *archive)
{
	static const enum stmt_mode modes[] = {STMT_ALONE, STMT_TOGETHER};

	for (size_t i = 0; i < 2; i++) {
		struct stmt *stmt = stmts_add(archive->stmts, modes[i], "SELECT t.%s FROM %s t WHERE %s LIMIT 1",
		                              archive->source, archive->table, holds_own(archive, archive->source));

		if (modes[i] == STMT_TOGETHER)
			stmt_lock(archive->stmts, stmt, &archive->kept->table, LOCK_ACCESS_EXCLUSIVE);
		stmt->must_be_empty = true;
		stmt->slow = true;
		stmt->note = "the table has no key to keep values by, so there must be none";
	}
	drop_column(archive);
}

/* true, with the refusal set, when the column must not or cannot be taken away. */
static bool refused(const struct archive *archive, const struct facts *facts, bool aside)
{
	const char *dependents = record_get(facts->now, "dependents");
	struct stmts *stmts = archive->stmts;

	if (!aside && facts->archive_rows > 0) {
		stmts_refuse(stmts, "put them back with interlock restore, or drop that table",
		             "%s still holds %lld values that were archived before", archive->store,
		             (long long)facts->archive_rows);
		stmts->refusal_stays = true;
	} else if (dependents)
		stmts_refuse(stmts, "change or drop that first", "column %s of %s is used by %s", archive->column,
		             archive->table, dependents);
	else if (aside && !archive->keys)
		stmts_refuse(stmts, "add the primary key again", "%s lost the key by which values of column %s are kept",
		             archive->table, archive->column);
	else if (!aside && record_true(facts->now, "column_primary"))
		stmts_refuse(stmts, NULL, "column %s is in the primary key of %s, which must be replaced first",
		             archive->column, archive->table);
	return stmts->refusal != NULL;
}

void archive_away(const struct kept_column *kept, const struct facts *facts, struct stmts *stmts)
{
	struct archive archive = archive_of(kept, facts, stmts);
	bool aside = archive_is_aside(kept, facts, stmts->arena);

	if (refused(&archive, facts, aside))
		return;
	if (!aside && !archive.keys) {
		drop_if_unused(&archive);
		return;
	}
	archive.source = ident_quoted(stmts->arena, archive_name(kept, facts, stmts->arena));
	if (!aside)
		move_aside(&archive, facts);
	copy(&archive, facts);
	drop_column(&archive);
	archive_close(facts, stmts);
}

void archive_bring_back(const struct kept_column *kept, const struct facts *facts, struct stmts *stmts)
{
	struct archive archive = archive_of(kept, facts, stmts);
	struct stmt *stmt;

	stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s RENAME COLUMN %s TO %s", archive.table,
	                 ident_quoted(stmts->arena, archive_name(kept, facts, stmts->arena)), archive.column);
	stmt_lock(stmts, stmt, &kept->table, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: the column gets its name back";
	if (facts->archive_rows >= 0)
		stmts_add(stmts, STMT_TOGETHER, "DROP TABLE %s", archive.store);
}

void archive_refill(const struct kept_column *kept, const struct facts *facts, struct stmts *stmts)
{
	struct archive archive = archive_of(kept, facts, stmts);
	const char *none = holds_none(&archive, archive.column);
	struct stmt *stmt;

	if (!archive.keys) {
		stmts_refuse(stmts, "add the primary key again", "%s lost the key by which values of column %s are kept",
		             archive.table, archive.column);
		return;
	}
	stmt =
		stmts_add(stmts, STMT_REPEAT,
	              "WITH put AS (UPDATE %1$s t SET %2$s = a.%2$s FROM (SELECT a.* FROM %3$s a JOIN %1$s t ON %4$s"
	              " WHERE %5$s LIMIT %6$d) a WHERE %4$s AND %5$s RETURNING a.*)"
	              " DELETE FROM %3$s a USING put t WHERE %4$s",
	              archive.table, archive.column, archive.store, archive.match, none, BATCH);
	stmt->slow = true;
	stmt->note = "values out of the archive, into rows that hold none";
	stmt->rows_expected = facts->archive_rows;
}

void archive_restore(const struct kept_column *kept, const struct facts *facts, struct stmts *stmts)
{
	const char *column = ident_quoted(stmts->arena, kept->column);

	if (facts->archive_rows < 0)
		stmts_refuse(stmts, NULL, "no values of column %s were archived", column);
	else if (!record_get(facts->now, "column_type"))
		stmts_refuse(stmts, "add the column first", "%s has no column %s to put the archived values into",
		             relname_quoted(stmts->arena, &kept->table), column);
	else {
		archive_refill(kept, facts, stmts);
		archive_close(facts, stmts);
	}
}

void archive_close(const struct facts *facts, struct stmts *stmts)
{
	const char *store = archive_table(facts, stmts->arena);

	stmts_add(stmts, STMT_TOGETHER, "DO $$BEGIN IF NOT EXISTS (SELECT FROM %s) THEN DROP TABLE %s; END IF; END$$",
	          store, store);
}

void archive_expire(const struct facts *facts, struct stmts *stmts)
{
	const char *store = archive_table(facts, stmts->arena);

	if (facts->archive_rows >= 0)
		stmts_add(stmts, STMT_TOGETHER, "DROP TABLE %s", store)->note = "its time is over";
}
