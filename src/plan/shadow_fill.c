/* A question, a statement that stands for the work, and the way back. */
#include "plan/shadow_fill.h"

#include "plan/probes.h"

/* clang-format off */

static const char query[] =
	"WITH " SQL_REL " SELECT CASE WHEN rel.oid IS NULL THEN 'missing' WHEN rel.relkind <> 'r' THEN 'conflict'"
	" ELSE 'absent' END AS state, CASE WHEN rel.oid IS NULL THEN " SQL_NO_TABLE("$1", "$2") " ELSE " SQL_IS_A("rel.relkind")
	" END AS found, 'a shadow, as parallel_table makes it' AS expected, 'make it by parallel_table in an earlier phase,"
	" or correct the name' AS help, 'shadow' AS option FROM (SELECT) one LEFT JOIN rel ON true";

/* clang-format on */

void shadow_fill_probe(const struct relname *shadow, struct probe *probe)
{
	probe->query = (struct probe_query){.sql = query, .params = {shadow->schema, shadow->name}, .count = 2};
}

void shadow_fill_apply(const struct relname *shadow, const struct facts *facts, struct stmts *stmts)
{
	struct relname *copy = arena_alloc(stmts->arena, sizeof(*copy));
	struct stmt *stmt;

	(void)facts;
	*copy = *shadow;
	stmt = stmts_add(stmts, STMT_BATCHES,
	                 "-- copies into %s, key range by key range, what parallel_table said; then its indexes",
	                 relname_quoted(stmts->arena, shadow));
	stmt->copied_into = copy;
	stmt->slow = true;
	stmt->note = "in short batches: readers and writers of the live table go on";
}

/*
 * What was built behind the copy goes, what was set aside before it comes
 * back: both stand in the pair's row.  Nothing where the pair is gone.
 */
static const char back[] =
	"DO $interlock$ DECLARE pair interlock.pair; item jsonb; BEGIN\n"
	"\tSELECT * INTO pair FROM interlock.pair p WHERE p.run = %lld AND p.shadow_schema = %s AND p.shadow_name = %s;\n"
	"\tIF NOT FOUND THEN RETURN; END IF;\n"
	"\tTRUNCATE %s;\n"
	"\tEXECUTE format('DELETE FROM interlock.range_%%s_%%s', pair.run, pair.number);\n"
	"\tEXECUTE format('INSERT INTO interlock.range_%%s_%%s (span, state) VALUES (1, %%L)', pair.run, pair.number, 'todo');\n"
	"\tFOR item IN SELECT jsonb_array_elements(pair.aside) LOOP\n"
	"\t\tIF EXISTS (SELECT FROM pg_constraint WHERE conrelid = %s::regclass AND conname = item ->> 'name') THEN\n"
	"\t\t\tEXECUTE format('ALTER TABLE %%s DROP CONSTRAINT %%I', %s, item ->> 'name');\n"
	"\t\tELSIF EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = %s::regclass"
	" AND c.relname = item ->> 'name') THEN\n"
	"\t\t\tEXECUTE format('DROP INDEX %%I.%%I', pair.shadow_schema, item ->> 'name');\n"
	"\t\tEND IF;\n"
	"\t\tIF item ->> 'of' IS NULL THEN EXECUTE item ->> 'statement'; END IF;\n"
	"\tEND LOOP;\n"
	"\tUPDATE interlock.pair p SET state = 'new', aside = '[]', synced_at = NULL WHERE p.run = pair.run AND p.number ="
	" pair.number;\n"
	"END $interlock$";

void shadow_fill_reverse(const struct relname *shadow, const struct facts *facts, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *name = relname_quoted(arena, shadow), *literal = literal_quoted(arena, name);
	struct stmt *stmt;

	if (facts->state != STATE_ABSENT)
		return;
	stmt = stmts_add(stmts, STMT_TOGETHER, back, (long long)facts->run, literal_quoted(arena, shadow->schema),
	                 literal_quoted(arena, shadow->name), name, literal, literal, literal);
	stmt_lock(stmts, stmt, shadow, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "only copies go, the live table is not touched";
}
