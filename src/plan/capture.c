/* The statements that begin and end the following of a table. */
#include "plan/capture.h"

#include <string.h>

#include "plan/again.h"

/* "OLD.id, OLD.part" */
static const char *key_of(const struct copying *c, const char *row, struct arena *arena)
{
	return copying_key(c, COPYING_LIVE, row, arena);
}

/* An UPDATE that moves a row to another key touches both; NULL in all of them says "everything". */
static void add_function(const struct copying *c, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *name = copying_function(c->run, c->number, arena), *columns = copying_numbered(c, "k", arena);
	const char *same = copying_same(c, copying_key_items(c, COPYING_LIVE, "NEW", arena),
	                                copying_key_items(c, COPYING_LIVE, "OLD", arena), arena);

	stmts_add(
		stmts, STMT_TOGETHER,
		"CREATE OR REPLACE FUNCTION %1$s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
		" SET search_path = pg_catalog, pg_temp AS $interlock$\nBEGIN\n"
		"\tIF TG_OP = 'TRUNCATE' THEN\n\t\tINSERT INTO %2$s DEFAULT VALUES;\n\t\tRETURN NULL;\n\tEND IF;\n"
		"\tIF TG_OP <> 'INSERT' THEN\n\t\tINSERT INTO %2$s (%3$s) VALUES (%4$s);\n\tEND IF;\n"
		"\tIF TG_OP = 'INSERT' THEN\n\t\tINSERT INTO %2$s (%3$s) VALUES (%5$s);\n"
		"\tELSIF TG_OP = 'UPDATE' AND NOT (%6$s) THEN\n\t\tINSERT INTO %2$s (%3$s) VALUES (%5$s);\n\tEND IF;\n"
		"\tRETURN NULL;\nEND $interlock$",
		name, c->log, columns, key_of(c, "OLD", arena), key_of(c, "NEW", arena), same);
	stmts_add(stmts, STMT_TOGETHER, "REVOKE EXECUTE ON FUNCTION %s() FROM PUBLIC", name);
}

static void add_trigger(const struct copying *c, const char *name, const char *event, const char *each,
                        struct stmts *stmts)
{
	const char *quoted = ident_quoted(stmts->arena, name);

	stmt_lock(stmts,
	          stmts_add(stmts, STMT_TOGETHER, "CREATE TRIGGER %s AFTER %s ON %s FOR EACH %s EXECUTE FUNCTION %s()",
	                    quoted, event, c->live_quoted, each, copying_function(c->run, c->number, stmts->arena)),
	          &c->live, LOCK_SHARE_ROW_EXCLUSIVE);
	/* Also for what is replayed from another server. */
	stmt_lock(stmts,
	          stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", c->live_quoted, quoted),
	          &c->live, LOCK_SHARE_ROW_EXCLUSIVE);
}

/* A crash must not lose a change: the log is an ordinary table.  Its rows live for a moment only. */
static void add_log(const struct copying *c, struct stmts *stmts)
{
	const char *keys = copying_declared(c, "k", stmts->arena);

	stmts_add(stmts, STMT_TOGETHER,
	          "CREATE TABLE %s (seq bigint GENERATED ALWAYS AS IDENTITY (CACHE 1), %s)"
	          " WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)",
	          c->log, keys);
	stmts_add(stmts, STMT_TOGETHER, "CREATE INDEX ON %s (seq)", c->log);
	stmts_add(stmts, STMT_TOGETHER, "CREATE INDEX ON %s (seq) WHERE k1 IS NULL", c->log);
}

/* Every key is in exactly one of them. */
static void add_ranges(const struct copying *c, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;

	stmts_add(
		stmts, STMT_TOGETHER,
		"CREATE TABLE %s (span integer NOT NULL, state text NOT NULL CHECK (state IN ('done', 'flight', 'todo')),"
		" %s, %s, epoch bigint, PRIMARY KEY (span, state)) WITH (fillfactor = 50)",
		c->ranges, copying_declared(c, "lo", arena), copying_declared(c, "hi", arena));
	stmts_add(stmts, STMT_TOGETHER, "INSERT INTO %s (span, state) VALUES (1, 'todo')", c->ranges);
}

void capture_make(const struct copying *c, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *name = copying_trigger(c->run, c->number, arena);

	add_log(c, stmts);
	add_ranges(c, stmts);
	add_function(c, stmts);
	add_trigger(c, name, "INSERT OR UPDATE OR DELETE", "ROW", stmts);
	stmts->last->note = "brief: readers go on; from here on every write to it is noted by its key";
	add_trigger(c, arena_printf(arena, "%s_t", name), "TRUNCATE", "STATEMENT", stmts);
}

bool capture_stands(const struct facts *facts, struct arena *arena)
{
	return again_holds(record_get(facts->now, "our_triggers"), copying_trigger(facts->run, facts->number, arena));
}

static void drop_trigger(const struct relname *live, const char *name, const struct facts *facts,
                         struct stmts *stmts)
{
	struct arena *arena = stmts->arena;

	if (again_holds(record_get(facts->now, "our_triggers"), name))
		stmt_lock(stmts,
		          stmts_add(stmts, STMT_TOGETHER, "DROP TRIGGER IF EXISTS %s ON %s", ident_quoted(arena, name),
		                    relname_quoted(arena, live)),
		          live, LOCK_ACCESS_EXCLUSIVE);
}

static void drop_table(const char *name, const struct facts *facts, struct stmts *stmts)
{
	if (again_holds(record_get(facts->now, "our_tables"), name + strlen("interlock.")))
		stmts_add(stmts, STMT_TOGETHER, "DROP TABLE IF EXISTS %s", name);
}

void capture_drop(const struct relname *live, const struct facts *facts, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *trigger = copying_trigger(facts->run, facts->number, arena);
	const char *function = copying_function(facts->run, facts->number, arena);

	drop_trigger(live, trigger, facts, stmts);
	drop_trigger(live, arena_printf(arena, "%s_t", trigger), facts, stmts);
	if (again_holds(record_get(facts->now, "our_functions"), function + strlen("interlock.")))
		stmts_add(stmts, STMT_TOGETHER, "DROP FUNCTION IF EXISTS %s()", function);
	drop_table(copying_log(facts->run, facts->number, arena), facts, stmts);
	drop_table(copying_ranges(facts->run, facts->number, arena), facts, stmts);
}
