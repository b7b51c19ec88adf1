/* Claims on tables, and their columns, constraints, indexes, triggers, policies as one JSON object each. */
#include "engine/fingerprint.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tx.h"

/*
 * For every claimed relation of run $1 that exists: a JSON object from
 * "column a" to "integer NOT NULL", and so on.  Sets, not one query a table.
 */
#define FINGERPRINTS                                                                                                         \
	"WITH claimed AS (SELECT c.relation, pg_catalog.to_regclass(c.relation)::oid AS oid FROM interlock.claim c"              \
	"  WHERE c.run = $1::bigint),"                                                                                           \
	" part AS ("                                                                                                             \
	"  SELECT k.oid, 'column ' || a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod)"                        \
	"   || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END"                                                              \
	"   || CASE WHEN a.attidentity <> '' THEN ' IDENTITY ' || a.attidentity::text ELSE '' END"                               \
	"   || coalesce(' DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') AS what"                                  \
	"  FROM claimed k JOIN pg_catalog.pg_attribute a ON a.attrelid = k.oid AND a.attnum > 0 AND NOT a.attisdropped"          \
	"  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"                                   \
	"  UNION ALL SELECT k.oid, 'constraint ' || o.conname, pg_catalog.pg_get_constraintdef(o.oid)"                           \
	"  FROM claimed k JOIN pg_catalog.pg_constraint o ON o.conrelid = k.oid AND o.contype <> 'n'"                            \
	"   AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint u WHERE u.oid = o.conparentid AND u.conrelid = o.conrelid)"     \
	"  UNION ALL SELECT k.oid, 'index ' || i.relname, pg_catalog.pg_get_indexdef(x.indexrelid)"                              \
	"   || CASE WHEN x.indisvalid THEN '' ELSE ' INVALID' END"                                                               \
	"  FROM claimed k JOIN pg_catalog.pg_index x ON x.indrelid = k.oid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid"   \
	"  UNION ALL SELECT k.oid, 'trigger ' || t.tgname, pg_catalog.pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text"      \
	"  FROM claimed k JOIN pg_catalog.pg_trigger t ON t.tgrelid = k.oid AND NOT t.tgisinternal"                              \
	"  UNION ALL SELECT k.oid, 'policy ' || p.polname, p.polcmd::text || coalesce(' ' ||"                                    \
	"   pg_catalog.pg_get_expr(p.polqual, p.polrelid), '') FROM claimed k JOIN pg_catalog.pg_policy p ON p.polrelid = k.oid" \
	"  UNION ALL SELECT k.oid, 'owner', pg_catalog.pg_get_userbyid(c.relowner) || CASE WHEN c.relrowsecurity"                \
	"   THEN ', row security' ELSE '' END FROM claimed k JOIN pg_catalog.pg_class c ON c.oid = k.oid),"                      \
	" now AS (SELECT k.relation, coalesce(pg_catalog.jsonb_object_agg(p.name, p.what) FILTER (WHERE p.name IS NOT NULL),"    \
	"  '{}'::jsonb) AS fingerprint FROM claimed k LEFT JOIN part p ON p.oid = k.oid GROUP BY k.relation)"

static char *subjects_json(const struct plan *plan)
{
	struct arena arena = {0};
	json_t *array = json_array();
	char *text;

	for (size_t n = 1; n <= plan->step_count; n++) {
		const struct step *step = plan_step(plan, (int)n);
		struct relname table;

		if (step->type->subject && step->type->class != CLASS_VERIFY && step->type->subject(step->args, &table))
			json_array_append_new(array, json_string(relname_quoted(&arena, &table)));
	}
	text = json_dumps(array, JSON_COMPACT);
	json_decref(array);
	arena_release(&arena);
	return text;
}

static bool say_held(const struct rows *rows, struct err *err)
{
	err_set(err, EXIT_HELD, "table %s is claimed by plan \"%s\"", rows_get(rows, 0, "relation"),
	        rows_get(rows, 0, "plan"));
	err_detail(err, "run %s, %s, started by %s at %s", rows_get(rows, 0, "run"), rows_get(rows, 0, "state"),
	           rows_get(rows, 0, "started_by"), rows_get(rows, 0, "started_at"));
	err_help(err, "finish or undo that plan first; nothing was changed");
	return false;
}

bool claims_take(struct session *s, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	const char *run = arena_printf(&arena, "%lld", (long long)s->run.id);
	char *subjects = subjects_json(s->plan);
	struct rows **answers;
	bool ok;

	batch_add(&batch,
	          "INSERT INTO interlock.claim (relation, run) SELECT DISTINCT r, $1::bigint"
	          " FROM pg_catalog.jsonb_array_elements_text($2::jsonb) AS r ORDER BY 1 ON CONFLICT DO NOTHING",
	          2, run, subjects);
	batch_add(
		&batch,
		"SELECT c.relation, c.run, r.plan, r.state, r.started_by, to_char(r.started_at, 'YYYY-MM-DD HH24:MI') AS"
		" started_at FROM interlock.claim c JOIN interlock.run r ON r.id = c.run WHERE c.run <> $1::bigint"
		" AND c.relation IN (SELECT pg_catalog.jsonb_array_elements_text($2::jsonb)) ORDER BY 1",
		2, run, subjects);
	free(subjects);
	answers = batch_results(&batch);
	ok = tx_begin(s, &batch, answers, err);
	if (ok && rows_count(answers[1]) > 0) {
		tx_rollback(s);
		ok = say_held(answers[1], err);
	}
	ok = ok && tx_commit(s, err);
	batch_free_results(&batch, answers);
	arena_release(&arena);
	return ok;
}

void claims_drop(struct session *s, struct batch *batch)
{
	batch_add(batch, "DELETE FROM interlock.claim WHERE run = $1::bigint", 1,
	          arena_printf(batch->arena, "%lld", (long long)s->run.id));
}

void fingerprint_store(struct session *s, struct batch *batch)
{
	batch_add(batch,
	          FINGERPRINTS " UPDATE interlock.claim c SET fingerprint = n.fingerprint FROM now n"
	                       " WHERE c.relation = n.relation AND c.run = $1::bigint",
	          1, arena_printf(batch->arena, "%lld", (long long)s->run.id));
}

/* What differs in one table, each as a detail. */
static void tell_difference(const char *relation, json_t *before, json_t *now, struct err *err)
{
	const char *name;
	json_t *value;

	json_object_foreach(before, name, value)
	{
		const char *other = json_string_value(json_object_get(now, name));

		if (!other)
			err_detail(err, "%s: %s is gone (%s)", relation, name, json_string_value(value));
		else if (strcmp(other, json_string_value(value)) != 0)
			err_detail(err, "%s: %s was %s, is %s", relation, name, json_string_value(value), other);
	}
	json_object_foreach(now, name, value) if (!json_object_get(before, name))
		err_detail(err, "%s: %s is new (%s)", relation, name, json_string_value(value));
}

static bool say_drift(const struct rows *rows, struct err *err)
{
	err_set(err, EXIT_CHANGED, "%s changed since the last phase, and not by this plan",
	        rows_count(rows) == 1 ? rows_get(rows, 0, "relation") : "tables");
	for (size_t r = 0; r < rows_count(rows); r++) {
		json_t *before = json_loads(rows_get(rows, r, "before"), 0, NULL);
		json_t *now = json_loads(rows_get(rows, r, "now"), 0, NULL);

		tell_difference(rows_get(rows, r, "relation"), before, now, err);
		json_decref(before);
		json_decref(now);
	}
	err_help(err, "take the change back, or undo the plan; nothing was changed now");
	return false;
}

bool fingerprint_compare(struct session *s, struct err *err)
{
	struct arena arena = {0};
	struct batch batch = {.arena = &arena};
	struct rows *rows = NULL;
	bool ok;

	batch_add(&batch,
	          FINGERPRINTS
	          " SELECT c.relation, c.fingerprint AS before, n.fingerprint AS now FROM interlock.claim c"
	          " JOIN now n ON n.relation = c.relation WHERE c.run = $1::bigint"
	          " AND c.fingerprint IS DISTINCT FROM n.fingerprint AND c.fingerprint IS NOT NULL ORDER BY 1",
	          1, arena_printf(&arena, "%lld", (long long)s->run.id));
	ok = tx_begin(s, &batch, &rows, err);
	if (ok) {
		tx_rollback(s);
		ok = rows_count(rows) == 0 || say_drift(rows, err);
	}
	rows_free(rows);
	arena_release(&arena);
	return ok;
}
