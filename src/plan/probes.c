/* Recipes that several primitives share; each gives statements, or says why there is none. */
#include "plan/probes.h"

#include <jansson.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"

enum { NAME_MAX_BYTES = 63, BATCH = 5000 };

static char *take(struct buf *buf, struct arena *arena)
{
	char *text = arena_strdup(arena, buf_text(buf));

	buf_release(buf);
	return text;
}

const char *array_literal(const char *const *names, size_t count, struct arena *arena)
{
	struct buf text = {0};

	if (count == 0)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		buf_add(&text, i ? ",\"" : "{\"");
		for (const char *c = names[i]; *c; c++) {
			if (*c == '"' || *c == '\\')
				buf_add_char(&text, '\\');
			buf_add_char(&text, *c);
		}
		buf_add_char(&text, '"');
	}
	buf_add_char(&text, '}');
	return take(&text, arena);
}

/* ---- Foreign keys ---- */

const char *const foreign_key_actions[] = {"no action", "restrict", "cascade", "set null", "set default", NULL};
static const char action_codes[] = "arcnd";

char foreign_key_action(const char *word)
{
	for (size_t i = 0; word && foreign_key_actions[i]; i++)
		if (strcmp(word, foreign_key_actions[i]) == 0)
			return action_codes[i];
	return 'a';
}

bool foreign_key_refer(struct foreign_key_plan *key, const char *references, struct arena *arena)
{
	struct foreign_key parsed = {0};
	struct err err = {0};
	bool ok = sql_parse_references(references, arena, &parsed, &err);

	err_release(&err);
	if (!ok)
		return false;
	key->parent = (struct relname){parsed.schema ? parsed.schema : "public", parsed.table};
	key->referenced = parsed.referenced;
	key->referenced_count = parsed.referenced_count;
	return true;
}

const char *foreign_key_name(const struct foreign_key_plan *key, struct arena *arena)
{
	struct buf columns = {0};
	const char *name;

	for (size_t i = 0; i < key->column_count; i++)
		buf_addf(&columns, "%s%s", i ? "_" : "", key->columns[i]);
	name = ident_derived(arena, key->table.name, buf_text(&columns), "fkey");
	buf_release(&columns);
	return name;
}

void foreign_key_columns(struct buf *out, const char *const *names, size_t count)
{
	buf_add_char(out, '(');
	for (size_t i = 0; i < count; i++) {
		buf_add(out, i ? ", " : "");
		ident_quote(out, names[i]);
	}
	buf_add_char(out, ')');
}

void foreign_key_on(struct buf *out, const char *event, char action)
{
	static const char *const words[] = {"", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"};

	if (action != 'a')
		buf_addf(out, " ON %s %s", event, words[strchr(action_codes, action) - action_codes]);
}

const char *foreign_key_text(const struct foreign_key_plan *key, struct arena *arena)
{
	struct buf text = {0};

	buf_add(&text, "FOREIGN KEY ");
	foreign_key_columns(&text, key->columns, key->column_count);
	buf_add(&text, " REFERENCES ");
	ident_quote_relname(&text, &key->parent);
	if (key->referenced_count)
		foreign_key_columns(&text, key->referenced, key->referenced_count);
	foreign_key_on(&text, "UPDATE", key->on_update);
	foreign_key_on(&text, "DELETE", key->on_delete);
	return take(&text, arena);
}

void foreign_key_add(const struct foreign_key_plan *key, const struct facts *facts, struct stmts *stmts)
{
	const char *kind = record_get(facts->now, "relkind");
	const char *table = relname_quoted(stmts->arena, &key->table);
	struct stmt *stmt;

	if (kind && *kind == 'p' && facts->server_version < 180000) {
		stmts_refuse(stmts, "add it to each partition first, then to the partitioned table with sql_step",
		             "%s is partitioned: before PostgreSQL 18 it takes no foreign key that is not yet validated",
		             table);
		stmts->refusal_rule = "not-valid-fk-partitioned";
		return;
	}
	stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ADD CONSTRAINT %s %s NOT VALID", table,
	                 ident_quoted(stmts->arena, key->name), foreign_key_text(key, stmts->arena));
	stmt_lock(stmts, stmt, &key->table, LOCK_SHARE_ROW_EXCLUSIVE);
	if (!relname_equal(&key->table, &key->parent))
		stmt_lock(stmts, stmt, &key->parent, LOCK_SHARE_ROW_EXCLUSIVE);
	stmt->note = "brief: existing rows are not looked at";
}

void foreign_key_validate(const struct foreign_key_plan *key, const char *name, struct stmts *stmts)
{
	struct stmt *stmt = stmts_add(stmts, STMT_ALONE, "ALTER TABLE %s VALIDATE CONSTRAINT %s",
	                              relname_quoted(stmts->arena, &key->table), ident_quoted(stmts->arena, name));

	stmt_lock(stmts, stmt, &key->table, LOCK_SHARE_UPDATE_EXCLUSIVE);
	if (!relname_equal(&key->table, &key->parent))
		stmt_lock(stmts, stmt, &key->parent, LOCK_ROW_SHARE);
	stmt->slow = true;
	stmt->note = "reads the table; readers and writers go on";
}

void foreign_key_drop(const struct foreign_key_plan *key, const char *name, struct stmts *stmts)
{
	struct stmt *stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s DROP CONSTRAINT %s",
	                              relname_quoted(stmts->arena, &key->table), ident_quoted(stmts->arena, name));

	stmt_lock(stmts, stmt, &key->table, LOCK_ACCESS_EXCLUSIVE);
	if (!relname_equal(&key->table, &key->parent))
		stmt_lock(stmts, stmt, &key->parent, LOCK_ACCESS_EXCLUSIVE);
}

/* ---- NOT NULL ---- */

void set_not_null(const struct relname *table, const char *column, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *on = relname_quoted(arena, table), *name = ident_quoted(arena, column);
	const char *check = ident_quoted(arena, ident_derived(arena, "__il", column, "not_null"));
	struct stmt *stmt;

	stmt = stmts_add(
		stmts, STMT_TOGETHER,
		"ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s, ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID", on,
		check, check, name);
	stmt_lock(stmts, stmt, table, LOCK_ACCESS_EXCLUSIVE);
	stmt = stmts_add(stmts, STMT_ALONE, "ALTER TABLE %s VALIDATE CONSTRAINT %s", on, check);
	stmt_lock(stmts, stmt, table, LOCK_SHARE_UPDATE_EXCLUSIVE);
	stmt->slow = true;
	stmt->note = "reads the table; readers and writers go on";
	stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ALTER COLUMN %s SET NOT NULL, DROP CONSTRAINT %s", on,
	                 name, check);
	stmt_lock(stmts, stmt, table, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: the validated check proves it";
}

/* ---- The archive of a column ---- */

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
	if (facts->archive_rows < 0)
		stmts_add(stmts, STMT_TOGETHER, "CREATE TABLE %s (%s, %s %s, PRIMARY KEY (%s))", archive->store,
		          record_get(facts->now, "key_definition"), archive->column, record_get(facts->now, "column_type"),
		          archive->keys);
}

static void copy(const struct archive *archive)
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
	stmt = stmts_add(archive->stmts, STMT_REPEAT,
	                 "INSERT INTO %s (%s, %s) SELECT %s, t.%s FROM %s t LEFT JOIN %s a USING (%s) WHERE %s"
	                 " AND a.tableoid IS NULL LIMIT %d",
	                 archive->store, archive->keys, archive->column, archive->keys, archive->source,
	                 archive->table, archive->store, archive->keys, own, BATCH);
	stmt->slow = true;
	stmt->note = "rows whose key changed meanwhile";
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

	if (dependents)
		stmts_refuse(stmts, "change or drop that first", "column %s of %s is used by %s", archive->column,
		             archive->table, dependents);
	else if (aside && !archive->keys)
		stmts_refuse(stmts, "add the primary key again", "%s lost the key by which values of column %s are kept",
		             archive->table, archive->column);
	else if (!aside && record_true(facts->now, "column_primary"))
		stmts_refuse(stmts, NULL, "column %s is in the primary key of %s, which must be replaced first",
		             archive->column, archive->table);
	else if (!aside && facts->archive_rows > 0)
		stmts_refuse(stmts, "put them back with interlock restore, or drop that table",
		             "%s still holds %lld values that were archived before", archive->store,
		             (long long)facts->archive_rows);
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
	copy(&archive);
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
