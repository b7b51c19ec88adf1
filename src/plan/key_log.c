/* The statements that make the relation, the function and the two triggers. */
#include "plan/key_log.h"

/* A crash must not lose a change: it is an ordinary table.  Its rows live for a moment only. */
static void add_relation(const struct key_log *l, struct stmts *stmts)
{
	stmts_add(stmts, STMT_TOGETHER,
	          "CREATE TABLE %s (seq bigint GENERATED ALWAYS AS IDENTITY (CACHE 1), %s%s)"
	          " WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)",
	          l->relation, copying_declared(l->c, l->side, "k", stmts->arena),
	          l->tells_operations ? ", op pg_catalog.\"char\"" : "");
	stmts_add(stmts, STMT_TOGETHER, "CREATE INDEX ON %s (seq)", l->relation);
	stmts_add(stmts, STMT_TOGETHER, "CREATE INDEX ON %s (seq) WHERE k1 IS NULL", l->relation);
}

/* "(OLD.id, OLD.part, 'U')" */
static const char *noted(const struct key_log *l, const char *row, const char *operation, struct arena *arena)
{
	const char *key = copying_key(l->c, l->side, row, arena);

	return l->tells_operations ? arena_printf(arena, "(%s, '%s')", key, operation)
	                           : arena_printf(arena, "(%s)", key);
}

/* An UPDATE that moves a row to another key touches both; NULL in all of them says "everything". */
static void add_function(const struct key_log *l, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *columns = copying_numbered(l->c, "k", arena);
	const char *into = arena_printf(arena, "INSERT INTO %s (%s%s) VALUES", l->relation, columns,
	                                l->tells_operations ? ", op" : "");
	const char *same = copying_same(l->c, copying_key_items(l->c, l->side, "NEW", arena),
	                                copying_key_items(l->c, l->side, "OLD", arena), arena);

	stmts_add(stmts, STMT_TOGETHER,
	          "CREATE OR REPLACE FUNCTION %1$s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
	          " SET search_path = pg_catalog, pg_temp AS $interlock$\nBEGIN\n"
	          "\tIF TG_OP = 'TRUNCATE' THEN\n\t\tINSERT INTO %2$s DEFAULT VALUES;\n"
	          "\tELSIF TG_OP = 'INSERT' THEN\n\t\t%3$s %4$s;\n"
	          "\tELSIF TG_OP = 'DELETE' THEN\n\t\t%3$s %5$s;\n"
	          "\tELSIF %6$s THEN\n\t\t%3$s %7$s;\n"
	          "\tELSE\n\t\t%3$s %5$s, %4$s;\n\tEND IF;\n"
	          "\tRETURN NULL;\nEND $interlock$",
	          l->function, l->relation, into, noted(l, "NEW", "I", arena), noted(l, "OLD", "D", arena), same,
	          noted(l, "OLD", "U", arena));
	stmts_add(stmts, STMT_TOGETHER, "REVOKE EXECUTE ON FUNCTION %s() FROM PUBLIC", l->function);
}

static void add_trigger(const struct key_log *l, const char *name, const char *event, const char *each,
                        struct stmts *stmts)
{
	const char *quoted = ident_quoted(stmts->arena, name), *table = relname_quoted(stmts->arena, l->table);
	struct stmt *stmt =
		stmts_add(stmts, STMT_TOGETHER, "CREATE TRIGGER %s AFTER %s ON %s FOR EACH %s EXECUTE FUNCTION %s()",
	              quoted, event, table, each, l->function);

	stmt_lock(stmts, stmt, l->table, LOCK_SHARE_ROW_EXCLUSIVE);
	/* Also for what is replayed from another server. */
	stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", table, quoted);
	stmt_lock(stmts, stmt, l->table, LOCK_SHARE_ROW_EXCLUSIVE);
}

void key_log_add_triggers(const struct key_log *l, struct stmts *stmts)
{
	add_trigger(l, l->trigger, "INSERT OR UPDATE OR DELETE", "ROW", stmts);
	stmts->last->note = "brief: readers go on; from here on every write to it is noted by its key";
	add_trigger(l, arena_printf(stmts->arena, "%s_t", l->trigger), "TRUNCATE", "STATEMENT", stmts);
}

void key_log_make(const struct key_log *l, struct stmts *stmts)
{
	add_relation(l, stmts);
	add_function(l, stmts);
	key_log_add_triggers(l, stmts);
}

static void drop_trigger(const struct relname *table, const char *name, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	struct stmt *stmt = stmts_add(stmts, STMT_TOGETHER, "DROP TRIGGER IF EXISTS %s ON %s",
	                              ident_quoted(arena, name), relname_quoted(arena, table));

	stmt_lock(stmts, stmt, table, LOCK_ACCESS_EXCLUSIVE);
}

void key_log_drop_triggers(const struct relname *table, const char *trigger, struct stmts *stmts)
{
	drop_trigger(table, trigger, stmts);
	drop_trigger(table, arena_printf(stmts->arena, "%s_t", trigger), stmts);
}
