/* The statements around the functions that move rows aside and put them back: what they stand on, and its end. */
#include "plan/quarantine.h"

#include <string.h>

/* The text with what is to be found of the run in place of each "@". */
static const char *numbered(const char *text, const struct facts *facts, struct arena *arena)
{
	struct buf out = {0};
	const char *copy;

	for (; *text; text++)
		if (*text == '@')
			buf_addf(&out, "%lld_%d", (long long)facts->run, facts->number);
		else
			buf_add_char(&out, *text);
	copy = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return copy;
}

const char *quarantine_function(const char *head, const char *constants, const char *body,
                                const struct facts *facts, struct arena *arena)
{
	const char *inside = arena_printf(arena, "#variable_conflict use_column\nDECLARE\n%s%s", constants,
	                                  numbered(body, facts, arena));
	const char *tag = "$quarantine$";

	while (strstr(inside, tag))
		tag = arena_printf(arena, "%.*s_$", (int)strlen(tag) - 1, tag);
	return arena_printf(arena, "CREATE OR REPLACE %s LANGUAGE plpgsql SET jit = off AS %s\n%s%s",
	                    numbered(head, facts, arena), tag, inside, tag);
}

/* A statement with those numbers. */
static struct stmt *add(enum stmt_mode mode, const char *text, const struct facts *facts, struct stmts *stmts)
{
	return stmts_add(stmts, mode, "%s", numbered(text, facts, stmts->arena));
}

/* clang-format off */

static const char left_function[] =
	"CREATE OR REPLACE FUNCTION interlock.quarantine_left_@() RETURNS TABLE (source text, store text, id uuid, note text)"
	" LANGUAGE plpgsql AS $quarantine$\nDECLARE\n	kept record;\nBEGIN\n"
	"	FOR kept IN SELECT l.source AS name, l.store AS place FROM interlock.quarantine_list_@ l ORDER BY 1 LOOP\n"
	"		CONTINUE WHEN pg_catalog.to_regclass(kept.place) IS NULL;\n"
	"		RETURN QUERY EXECUTE pg_catalog.format('SELECT %L::text, %L::text, q.quarantine_id, q.quarantine_note FROM %s q"
	" WHERE (q.quarantine_run || ''_'' || q.quarantine_step) = ''@''', kept.name, kept.place, kept.place);\n"
	"	END LOOP;\nEND$quarantine$";

/* The rows that are kept are counted before it goes. */
static const char close[] =
	"DO $$DECLARE name text; BEGIN"
	" IF EXISTS (SELECT FROM interlock.archive_@) THEN RETURN; END IF;"
	" FOR name IN SELECT l.store FROM interlock.quarantine_list_@ l WHERE l.store ~ '^interlock\\.quarantine_@(_[0-9]+)?$'"
	" LOOP EXECUTE 'DROP TABLE IF EXISTS ' || name; END LOOP;"
	" DROP VIEW interlock.archive_@; DROP FUNCTION interlock.quarantine_left_@();"
	" DROP FUNCTION interlock.quarantine_restore_@(text); DROP TABLE interlock.quarantine_keys_@, interlock.quarantine_list_@;"
	" END$$";

/* clang-format on */

/* What the functions stand on. */
static void prepare(const struct facts *facts, struct stmts *stmts)
{
	struct stmt *stmt =
		add(STMT_TOGETHER,
	        "CREATE TABLE IF NOT EXISTS interlock.quarantine_list_@ (source text PRIMARY KEY, store text NOT NULL,"
	        " batches integer NOT NULL)",
	        facts, stmts);

	stmt->slow = true; /* the first question looks at all rows */
	stmt->note = "looks first how many rows it is, and who refers to them";
	add(STMT_TOGETHER,
	    "CREATE TABLE IF NOT EXISTS interlock.quarantine_keys_@ (parent uuid, child text, way text, key_names text[],"
	    " key_values text[], names text[], old_values text[], new_values text[])",
	    facts, stmts);
	add(STMT_TOGETHER,
	    "CREATE INDEX IF NOT EXISTS quarantine_keys_@_parent_idx ON interlock.quarantine_keys_@ (parent)", facts,
	    stmts);
	add(STMT_TOGETHER, left_function, facts, stmts);
	add(STMT_TOGETHER, "CREATE OR REPLACE VIEW interlock.archive_@ AS SELECT * FROM interlock.quarantine_left_@()",
	    facts, stmts);
}

static void refuse_to_nobody(const char *signature, const struct facts *facts, struct stmts *stmts)
{
	add(STMT_TOGETHER, arena_printf(stmts->arena, "REVOKE ALL ON FUNCTION interlock.%s FROM PUBLIC", signature),
	    facts, stmts);
}

void quarantine_move(const struct quarantine *it, const struct facts *facts, struct stmts *stmts)
{
	const char *followers = record_get(facts->now, "followers");
	struct stmt *stmt;

	prepare(facts, stmts);
	stmts_add(stmts, STMT_TOGETHER, "%s", quarantine_move_function(it, facts, stmts->arena));
	stmts_add(stmts, STMT_TOGETHER, "%s", quarantine_back_function(it, facts, stmts->arena));
	refuse_to_nobody("quarantine_move_@(boolean)", facts, stmts);
	refuse_to_nobody("quarantine_restore_@(text)", facts, stmts);
	if (it->triggers && strcmp(it->triggers, "skip") == 0) {
		stmt = stmts_add(stmts, STMT_TOGETHER,
		                 "SELECT pg_catalog.set_config('session_replication_role', 'replica', true),"
		                 " pg_catalog.set_config('session_replication_role', 'origin', true)");
		stmt->note = "needs the right to set session_replication_role";
	}
	stmt = add(STMT_TOGETHER, "SELECT * FROM interlock.quarantine_move_@(true)", facts, stmts);
	stmt->must_be_empty = true;
	stmt->wrong = "these rows can't be moved aside";
	stmt->help = "nothing was moved: change where, at_most or the rows in the way, then run again";
	stmt = add(STMT_REPEAT, "SELECT FROM interlock.quarantine_move_@(false)", facts, stmts);
	stmt->slow = true;
	stmt->note = followers ? arena_printf(stmts->arena, "5000 rows in each transaction, and with them those of %s",
	                                      followers)
	                       : "5000 rows in each transaction";
	add(STMT_TOGETHER, "DROP FUNCTION interlock.quarantine_move_@(boolean)", facts, stmts);
	add(STMT_TOGETHER, close, facts, stmts);
}

/* Batch after batch, and the end. */
static void put_back(const struct quarantine *it, const char *how, const struct facts *facts, struct stmts *stmts)
{
	struct stmt *stmt;

	stmts_add(stmts, STMT_TOGETHER, "%s", quarantine_back_function(it, facts, stmts->arena));
	stmt = add(STMT_REPEAT, arena_printf(stmts->arena, "SELECT FROM interlock.quarantine_restore_@('%s')", how),
	           facts, stmts);
	stmt->slow = true;
	stmt->note = "parents first, and each row compared with what is kept of it";
	add(STMT_TOGETHER, "DROP FUNCTION IF EXISTS interlock.quarantine_move_@(boolean)", facts, stmts);
	add(STMT_TOGETHER, close, facts, stmts);
}

void quarantine_undo(const struct quarantine *it, const struct facts *facts, struct stmts *stmts)
{
	struct stmt *stmt;

	if (facts->archive_rows < 0)
		return; /* there was nothing, or it is back already */
	stmt = add(STMT_ALONE, "SELECT * FROM interlock.quarantine_restore_@('ask')", facts, stmts);
	stmt->must_be_empty = true;
	stmt->slow = true;
	stmt->wrong = "rows that were set aside can't come back: their keys are there again";
	stmt->help =
		"undo overwrites nothing: change the keys that are there now, or delete from the quarantine what shall "
		"not come back; then undo again";
	put_back(it, "undo", facts, stmts);
}

void quarantine_restore(const struct quarantine *it, const struct facts *facts, struct stmts *stmts)
{
	if (facts->archive_rows < 0)
		stmts_refuse(stmts, NULL, "no rows of %s are kept", relname_quoted(stmts->arena, &it->table));
	else
		put_back(it, "restore", facts, stmts);
}
