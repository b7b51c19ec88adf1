/* Which keys, what is to be done with each, and in which sets it is done. */
#include "engine/reverse_sql.h"

#include "engine/reverse_rows.h"
#include "plan/reverse.h"

#define FOUND "pg_temp.\"~interlock_found\""

/* clang-format off */

/* Rows noted in earlier rounds that fail again are so many in a round; the next one tries others. */
#define AGAIN_MAX "200"

/* Many keys are counted, so that they are not looked up one by one. */
#define COUNTED(table) "GET DIAGNOSTICS \"~no\" = ROW_COUNT;\nIF \"~no\" > 1000 THEN ANALYZE " table "; END IF;\n"

/* A value that does not fit; anything else ends the round. */
#define UNLESS_VALUE \
	"IF pg_catalog.left(SQLSTATE, 2) NOT IN ('22', '23', '54') AND SQLSTATE NOT IN ('42804', '42846', 'P0001') THEN" \
	" RAISE; END IF;\n"

#define TELL \
	"GET STACKED DIAGNOSTICS \"~text\" = MESSAGE_TEXT, \"~detail\" = PG_EXCEPTION_DETAIL;\n" \
	"\"~state\" := SQLSTATE;\n" \
	"IF \"~state\" IN ('23505', '23P01') THEN \"~text\" := pg_catalog.concat_ws(': ', \"~text\", nullif(\"~detail\", '')); END IF;\n" \
	"\"~states\" := \"~states\" || \"~state\"; \"~texts\" := \"~texts\" || \"~text\";\n"

/* clang-format on */

static const char declarations[] =
	"#variable_conflict use_column\n"
	"DECLARE\n"
	"\"~stack\" bigint[]; \"~lo\" bigint; \"~hi\" bigint; \"~no\" bigint; \"~new\" bigint; \"~last\" bigint;\n"
	"\"~upto\" bigint; \"~failed\" integer := 0; \"~list\" text; \"~state\" text; \"~text\" text; \"~detail\" text;\n"
	"\"~set\" bigint[] := '{}'; \"~found\" bigint[]; \"~bad\" bigint[] := '{}'; \"~states\" text[] := '{}';\n"
	"\"~texts\" text[] := '{}';\n"
	"BEGIN\n";

/* ---- Which keys ---- */

/* "(key[1])::bigint, …" */
static const char *noted_keys(const struct copying *c, struct arena *arena)
{
	struct buf out = {0};
	const char *text;

	for (size_t i = 0; i < c->key_count; i++)
		buf_addf(&out, "%s(key[%zu])::%s", i ? ", " : "", i + 1, c->keys[i].shadow_type);
	text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return text;
}

/* "ARRAY["~w".k1::text, …]" */
static const char *key_array(const struct copying *c, struct arena *arena)
{
	struct buf out = {0};
	const char *text;

	for (size_t i = 0; i < c->key_count; i++)
		buf_addf(&out, "%s\"~w\".k%zu::pg_catalog.text", i ? ", " : "ARRAY[", i + 1);
	buf_add_char(&out, ']');
	text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return text;
}

/* Of this pair. */
static const char *of_pair(const struct copying *c, struct arena *arena)
{
	return arena_printf(arena, "run = %lld AND pair = %d", (long long)c->run, c->number);
}

/*
 * The keys of the log, each once, with what is noted of them.  A number that
 * ends with the operation finds the first one.
 */
static const char *find_keys(const struct copying *c, struct arena *arena)
{
	return arena_printf(
		arena,
		"CREATE TEMPORARY TABLE \"~interlock_found\" ON COMMIT DROP AS SELECT %1$s, pg_catalog.min(seq * 4 + code) %% 4"
		" AS first, pg_catalog.bool_or(deleted) AS deleted, pg_catalog.bool_and(recorded) AS again,"
		" pg_catalog.bool_or(recorded) AS recorded, pg_catalog.bool_or(is_left) AS is_left, pg_catalog.min(tried) AS"
		" tried FROM (SELECT %1$s, seq, CASE op WHEN 'I' THEN 0 WHEN 'U' THEN 1 ELSE 2 END AS code, op = 'D' AS deleted,"
		" false AS recorded, NULL::pg_catalog.timestamptz AS tried, false AS is_left FROM %2$s WHERE k1 IS NOT NULL"
		" UNION ALL SELECT %3$s, 0, CASE first_op WHEN 'I' THEN 0 WHEN 'U' THEN 1 ELSE 2 END, deleted, true, tried_at,"
		" kind = 'left' FROM interlock.undo_conflict WHERE %4$s AND kind <> 'truncate') x GROUP BY %1$s;\n" COUNTED(
			FOUND),
		copying_numbered(c, "k", arena), reverse_log(c->run, c->number, arena), noted_keys(c, arena),
		of_pair(c, arena));
}

/*
 * What is to be done with each: engine.md 8 has the table.  Those that were
 * noted alone are tried again, rows left behind are not.  A row that is gone
 * without having been deleted went by TRUNCATE, where nothing follows.
 */
static const char *classify(const struct copying *c, struct arena *arena)
{
	const char *const *items = copying_numbered_items(c, "\"~x\".k", arena);

	return arena_printf(
		arena,
		"CREATE TEMPORARY TABLE \"~interlock_keys\" (no bigint PRIMARY KEY, %1$s, first \"char\", deleted boolean,"
		" again boolean, recorded boolean, deed \"char\") ON COMMIT DROP;\n"
		"INSERT INTO " REVERSE_KEYS
		" SELECT pg_catalog.row_number() OVER (ORDER BY \"~x\".again, \"~x\".tried), %2$s,"
		" (CASE \"~x\".first WHEN 0 THEN 'I' WHEN 1 THEN 'U' ELSE 'D' END)::\"char\", \"~x\".deleted, \"~x\".again,"
		" \"~x\".recorded, (CASE WHEN \"~o\".%3$s IS NULL THEN CASE WHEN \"~n\".%4$s IS NULL THEN 'n' ELSE 'i' END WHEN"
		" \"~x\".first = 0 THEN CASE WHEN \"~n\".%4$s IS NULL THEN 'n' ELSE 'l' END WHEN \"~n\".%4$s IS NULL THEN CASE"
		" WHEN \"~x\".deleted THEN 'd' ELSE 'n' END WHEN \"~x\".deleted THEN 'r' ELSE 'u' END)::\"char\" FROM " FOUND
		" AS \"~x\" LEFT JOIN ONLY %5$s AS \"~o\" ON"
		" %6$s LEFT JOIN ONLY %7$s AS \"~n\" ON %8$s WHERE NOT (\"~x\".again AND \"~x\".is_left);\n" COUNTED(
			REVERSE_KEYS) "DROP TABLE " FOUND ";\n"
						  "SELECT pg_catalog.count(*) FILTER (WHERE NOT again), pg_catalog.count(*) INTO \"~new\", \"~last\" FROM"
						  " " REVERSE_KEYS ";\n",
		copying_declared(c, COPYING_SHADOW, "k", arena), copying_numbered(c, "\"~x\".k", arena), c->keys[0].live,
		c->keys[0].shadow, c->retired_quoted,
		copying_same(c, copying_key_items(c, COPYING_LIVE, "\"~o\"", arena), items, arena), c->live_quoted,
		copying_same(c, copying_key_items(c, COPYING_SHADOW, "\"~n\"", arena), items, arena));
}

/* ---- In which sets ---- */

/* All at once; where values move between rows it is done once more, in the other way. */
static const char *set(const struct copying *c, const char *which, const char *unless, struct arena *arena)
{
	const char *anew = arena_printf(arena, "%s%s%s", reverse_rows_list(c, arena),
	                                reverse_rows_take_out(c, which, arena), reverse_rows_put_all(c, which, arena));

	if (reverse_rows_only_anew(c))
		return anew;
	return arena_printf(arena, "BEGIN\n%sEXCEPTION WHEN unique_violation OR exclusion_violation THEN\n%s%sEND;\n",
	                    reverse_rows_plain(c, which, arena), unless, anew);
}

/*
 * From the whole of the keys down to single ones.  A single one that fails for
 * what another row holds may do so only because that other one is not in its
 * set.
 */
static const char *halving(const struct copying *c, struct arena *arena)
{
	const char *which = "no BETWEEN \"~lo\" AND \"~hi\"";

	return arena_printf(arena,
	                    "\"~upto\" := \"~last\";\n"
	                    "\"~stack\" := ARRAY[\"~new\" + 1, \"~last\", 1, \"~new\"];\n"
	                    "WHILE pg_catalog.cardinality(\"~stack\") > 0 LOOP\n"
	                    "\"~lo\" := \"~stack\"[pg_catalog.cardinality(\"~stack\") - 1];\n"
	                    "\"~hi\" := \"~stack\"[pg_catalog.cardinality(\"~stack\")];\n"
	                    "\"~stack\" := pg_catalog.trim_array(\"~stack\", 2);\n"
	                    "CONTINUE WHEN \"~lo\" > \"~hi\";\n"
	                    "IF \"~lo\" > \"~new\" AND \"~failed\" >= " AGAIN_MAX
	                    " THEN \"~upto\" := \"~lo\" - 1; EXIT; END IF;\n"
	                    "BEGIN\n%s"
	                    "EXCEPTION WHEN OTHERS THEN\n" UNLESS_VALUE "IF \"~lo\" < \"~hi\" THEN\n"
	                    "\"~no\" := (\"~lo\" + \"~hi\") / 2;\n"
	                    "\"~stack\" := \"~stack\" || ARRAY[\"~no\" + 1, \"~hi\", \"~lo\", \"~no\"];\n"
	                    "ELSE\n"
	                    "IF \"~lo\" > \"~new\" THEN \"~failed\" := \"~failed\" + 1; END IF;\n"
	                    "IF SQLSTATE IN ('23505', '23P01') THEN \"~set\" := \"~set\" || \"~lo\";\n"
	                    "ELSE\n\"~bad\" := \"~bad\" || \"~lo\";\n" TELL "END IF;\nEND IF;\nEND;\nEND LOOP;\n",
	                    set(c, which, "IF \"~lo\" = \"~hi\" THEN RAISE; END IF;\n", arena));
}

/*
 * Those together: all are taken out and put back one by one.  Who then finds
 * its value taken keeps the row that it had, so that others may find theirs
 * taken by that: once more without it, until nobody does.
 */
static const char *together(const struct copying *c, struct arena *arena)
{
	return arena_printf(
		arena,
		"WHILE pg_catalog.cardinality(\"~set\") > 0 LOOP\n"
		"\"~found\" := '{}';\n"
		"BEGIN\n%s%s"
		"FOREACH \"~no\" IN ARRAY \"~set\" LOOP\n"
		"BEGIN\n%s"
		"EXCEPTION WHEN OTHERS THEN\n" UNLESS_VALUE "\"~found\" := \"~found\" || \"~no\";\n" TELL "END;\n"
		"END LOOP;\n"
		"IF pg_catalog.cardinality(\"~found\") > 0 THEN RAISE EXCEPTION SQLSTATE 'IL001'; END IF;\n"
		"EXCEPTION WHEN SQLSTATE 'IL001' THEN NULL;\n"
		"END;\n"
		"EXIT WHEN pg_catalog.cardinality(\"~found\") = 0;\n"
		"\"~bad\" := \"~bad\" || \"~found\";\n"
		"\"~set\" := ARRAY(SELECT pg_catalog.unnest(\"~set\") EXCEPT SELECT pg_catalog.unnest(\"~found\"));\n"
		"END LOOP;\n",
		reverse_rows_list(c, arena), reverse_rows_take_out(c, "no = ANY (\"~set\")", arena),
		reverse_rows_put_one(c, arena));
}

/* ---- What is noted ---- */

static const char *note_values(const struct copying *c, struct arena *arena)
{
	return arena_printf(
		arena,
		"INSERT INTO interlock.undo_conflict (run, pair, key, kind, first_op, deleted, sqlstate, message)"
		" SELECT %1$lld, %2$d, %3$s, 'value', \"~w\".first, \"~w\".deleted, b.state, b.words FROM"
		" ROWS FROM (pg_catalog.unnest(\"~bad\"), pg_catalog.unnest(\"~states\"), pg_catalog.unnest(\"~texts\"))"
		" b(no, state, words) JOIN " REVERSE_KEYS
		" AS \"~w\" ON \"~w\".no = b.no ON CONFLICT (run, pair, key) DO UPDATE SET kind = excluded.kind, first_op ="
		" excluded.first_op, deleted = excluded.deleted, sqlstate = excluded.sqlstate, message = excluded.message,"
		" tried_at = pg_catalog.clock_timestamp();\n"
		"UPDATE " REVERSE_KEYS " SET deed = 'x' WHERE no = ANY (\"~bad\");\n",
		(long long)c->run, c->number, key_array(c, arena));
}

static const char *note_left(const struct copying *c, struct arena *arena)
{
	return arena_printf(
		arena,
		"INSERT INTO interlock.undo_conflict (run, pair, key, kind, first_op, message)"
		" SELECT %lld, %d, %s, 'left', 'I', 'only_rows had left a row of that key behind' FROM " REVERSE_KEYS
		" AS \"~w\" WHERE deed = 'l' ON CONFLICT (run, pair, key) DO NOTHING;\n",
		(long long)c->run, c->number, key_array(c, arena));
}

/* What is over, and the keys whose rows the other direction is to look at when the tables are switched back. */
static const char *ending(const struct copying *c, struct arena *arena)
{
	const char *const *old = copying_key_items(c, COPYING_LIVE, "\"~o\"", arena);

	return arena_printf(
		arena,
		"DELETE FROM interlock.undo_conflict \"~c\" USING " REVERSE_KEYS
		" AS \"~w\" WHERE %1$s AND \"~w\".recorded"
		" AND \"~w\".no <= \"~upto\" AND \"~c\".key = %2$s AND (\"~c\".kind = 'value' AND \"~w\".deed <> 'x' OR"
		" \"~c\".kind = 'left' AND \"~w\".deed <> 'l');\n"
		"INSERT INTO %3$s (%4$s) SELECT %5$s FROM " REVERSE_KEYS
		" AS \"~w\" JOIN ONLY %6$s AS \"~o\" ON %7$s ON CONFLICT"
		" DO NOTHING;\n"
		"DROP TABLE " REVERSE_KEYS ";\n",
		of_pair(c, arena), key_array(c, arena), c->log, copying_numbered(c, "k", arena),
		copying_key(c, COPYING_LIVE, "\"~o\"", arena), c->retired_quoted,
		copying_same(c, old, copying_numbered_items(c, "\"~w\".k", arena), arena));
}

const char *reverse_sql_round(const struct copying *c, struct arena *arena)
{
	const char *body = arena_printf(arena, "%s%s%s%s%s%s%s%sEND", declarations, find_keys(c, arena),
	                                classify(c, arena), halving(c, arena), together(c, arena),
	                                note_values(c, arena), note_left(c, arena), ending(c, arena));

	return arena_printf(arena, "DO %s", literal_quoted(arena, body));
}

const char *reverse_sql_last(const struct copying *c, struct arena *arena)
{
	const char *words = arena_printf(arena, "%s was emptied (TRUNCATE) since the switch", c->live_quoted);
	const char *body = arena_printf(
		arena,
		"%sIF EXISTS (SELECT FROM %s WHERE k1 IS NULL) THEN RAISE EXCEPTION USING ERRCODE = '23000', MESSAGE = %s;"
		" END IF;\n%s%s\"~upto\" := \"~last\";\n%s%s%sEND",
		declarations, reverse_log(c->run, c->number, arena), literal_quoted(arena, words), find_keys(c, arena),
		classify(c, arena), set(c, "true", "", arena), note_left(c, arena), ending(c, arena));

	return arena_printf(arena, "DO %s", literal_quoted(arena, body));
}
