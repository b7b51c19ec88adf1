/*
 * The function that puts one batch back, the latest first, for a row can only
 * refer to rows that left with it or after it.  All tables of a batch are filled
 * in one statement, so that the order among them does not matter.
 *
 * It is told how: 'ask' moves nothing and gives the rows whose primary key is
 * there again; 'undo' puts all of a batch back or fails; 'restore' leaves what
 * can't go back, with the reason.
 */
#include <string.h>

#include "plan/quarantine.h"

/* clang-format off */

static const char head[] =
	"FUNCTION interlock.quarantine_restore_@(how text) RETURNS TABLE (rows bigint, \"table\" text, why text)";

/* "s.a::integer = t.a AND …" over a key: attribute numbers of a relation. */
#define SAME_KEY(relation, numbers) \
	"(SELECT string_agg(format('s.%1$I::%2$s = t.%1$I', a.attname, format_type(a.atttypid, a.atttypmod)), ' AND ') FROM pg_catalog.pg_attribute a" \
	" WHERE a.attrelid = " relation " AND a.attnum = ANY (" numbers "))"
/* Are all those columns kept? */
#define KEPT(store, relation, numbers) \
	"NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = " relation " AND a.attnum = ANY (" numbers ")" \
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute s WHERE s.attrelid = to_regclass(" store ") AND s.attname = a.attname))"

/* Columns that a row is put back with, of a table `rel` and where its rows are kept: the server computes the others. */
#define CARRIED(rel, store) \
	"FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_attribute s ON s.attrelid = to_regclass(" store ") AND s.attname = a.attname" \
	" AND NOT s.attisdropped WHERE a.attrelid = " rel " AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''"

#define ASK \
	"	IF how = 'ask' THEN\n" \
	"		FOR kept IN SELECT l.*, i.indrelid, i.indkey, " SAME_KEY("i.indrelid", "i.indkey") " AS same,\n" \
	"			(SELECT string_agg(replace(quote_ident(a.attname), '%', '%%') || ' = %s', ', ') FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indrelid\n" \
	"				AND a.attnum = ANY (i.indkey)) AS shape, (SELECT string_agg(format('t.%I', a.attname), ', ') FROM pg_catalog.pg_attribute a\n" \
	"				WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)) AS names\n" \
	"			FROM interlock.quarantine_list_@ l JOIN pg_catalog.pg_index i ON i.indrelid = to_regclass(l.source)::oid\n" \
	"			WHERE i.indisprimary AND to_regclass(l.store) IS NOT NULL AND " KEPT("l.store", "i.indrelid", "i.indkey") " ORDER BY l.source\n" \
	"		LOOP\n" \
	"			RETURN QUERY EXECUTE format('SELECT 1::bigint, %L::text, format(%L, %s) FROM %s s JOIN %s t ON %s WHERE s.quarantine_run = %s'\n" \
	"				' AND s.quarantine_step = %s LIMIT 20', kept.source, kept.shape, kept.names, kept.store, kept.source, kept.same, the_run, the_step);\n" \
	"		END LOOP;\n" \
	"		RETURN;\n" \
	"	END IF;\n"

#define GATHER \
	"		DELETE FROM pg_temp.interlock_back;\n" \
	"		FOR kept IN SELECT l.*, (SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid = to_regclass(l.source) AND c.relkind IN ('r', 'p')) AS rel\n" \
	"			FROM interlock.quarantine_list_@ l\n" \
	"		LOOP\n" \
	"			IF to_regclass(kept.store) IS NULL AND how = 'undo' THEN\n" \
	"				RAISE EXCEPTION USING MESSAGE = format('table %s, which held rows of %s, is gone', kept.store, kept.source);\n" \
	"			END IF;\n" \
	"			CONTINUE WHEN to_regclass(kept.store) IS NULL;\n" \
	"			EXECUTE format('INSERT INTO pg_temp.interlock_back SELECT quarantine_id, %L, %L::oid, %L, %L FROM %s WHERE quarantine_run = %s'\n" \
	"				' AND quarantine_step = %s AND quarantine_batch = %s', kept.source, kept.rel, kept.store,\n" \
	"				CASE WHEN kept.rel IS NULL THEN 'there is no table ' || kept.source END, kept.store, the_run, the_step, batch);\n" \
	"		END LOOP;\n" \
	"		CONTINUE WHEN NOT EXISTS (SELECT FROM pg_temp.interlock_back);\n" \
	"		ANALYZE pg_temp.interlock_back;\n"

/* Values that the table has no column for any more, and unique keys that are there again. */
#define JUDGE_ROWS \
	"		FOR kept IN SELECT b.*, x.what, x.test FROM (SELECT DISTINCT y.source, y.rel, y.store FROM pg_temp.interlock_back y WHERE y.rel IS NOT NULL) b\n" \
	"			CROSS JOIN LATERAL (SELECT 'there is no column ' || quote_ident(s.attname) AS what, format('s.%I IS NOT NULL', s.attname) AS test\n" \
	"				FROM pg_catalog.pg_attribute s WHERE s.attrelid = to_regclass(b.store) AND s.attnum > 0 AND NOT s.attisdropped\n" \
	"				AND s.attname <> ALL (" SQL_QUARANTINE_NAMES ") AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = b.rel\n" \
	"				AND a.attname = s.attname AND NOT a.attisdropped)\n" \
	"			UNION ALL SELECT 'a row with its key is there again, see ' || quote_ident(c.relname), format('EXISTS (SELECT FROM %s t WHERE %s)', b.source,\n" \
	"				" SAME_KEY("i.indrelid", "k.numbers") ") FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid\n" \
	"				CROSS JOIN LATERAL (SELECT ARRAY(SELECT u.n FROM unnest(i.indkey) WITH ORDINALITY u(n, o) WHERE u.o <= i.indnkeyatts)) k(numbers)\n" \
	"				WHERE i.indrelid = b.rel AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AND " KEPT("b.store", "i.indrelid", "k.numbers") ") x\n" \
	"		LOOP\n" \
	"			EXECUTE format('UPDATE pg_temp.interlock_back b SET why = %L FROM %s s WHERE s.quarantine_id = b.id AND b.why IS NULL AND %s',\n" \
	"				kept.what, kept.store, kept.test);\n" \
	"		END LOOP;\n"

/* Rows that refer to none: neither one that is there, and stays, nor one that comes back with them. */
#define JUDGE_PARENTS \
	"		LOOP\n" \
	"			more := 0;\n" \
	"			FOR way IN SELECT b.store, " SQL_QUARANTINE_NAME("k.confrelid") " AS name, " SQL_QUARANTINE_ONLY("k.confrelid") " AS parent,\n" \
	"				" SQL_QUARANTINE_MATCH " AS match, l.store AS parent_store, (SELECT string_agg(format('c.%I IS NOT NULL', a.attname), ' AND ')\n" \
	"				FROM pg_catalog.pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) AS refers\n" \
	"				FROM (SELECT DISTINCT y.rel, y.store FROM pg_temp.interlock_back y WHERE y.why IS NULL) b\n" \
	"				JOIN pg_catalog.pg_constraint k ON k.conrelid = b.rel AND k.conparentid = 0 AND " SQL_QUARANTINE_ENFORCED "\n" \
	"				AND pg_catalog.to_jsonb(k) ->> 'conperiod' IS DISTINCT FROM 'true' AND (k.convalidated OR NOT skips)\n" \
	"				AND " KEPT("b.store", "k.conrelid", "k.conkey") "\n" \
	"				LEFT JOIN interlock.quarantine_list_@ l ON l.source = " SQL_QUARANTINE_NAME(SQL_QUARANTINE_TOP("k.confrelid")) "\n" \
	"				AND to_regclass(l.store) IS NOT NULL AND " KEPT("l.store", "k.confrelid", "k.confkey") "\n" \
	"			LOOP\n" \
	"				EXECUTE format('SELECT FROM pg_temp.interlock_back b JOIN %s c ON c.quarantine_id = b.id JOIN %s p ON %s WHERE b.why IS NULL'\n" \
	"					' FOR KEY SHARE OF p', way.store, way.parent, way.match);\n" \
	"				body := CASE WHEN way.parent_store IS NULL THEN 'false' ELSE format('EXISTS (SELECT FROM %s p LEFT JOIN pg_temp.interlock_back x'\n" \
	"					' ON x.id = p.quarantine_id WHERE %s AND p.quarantine_run = %s AND p.quarantine_step = %s AND p.quarantine_batch >= %s AND %%s)',\n" \
	"					replace(way.parent_store, '%', '%%'), replace(way.match, '%', '%%'), the_run, the_step, batch) END;\n" \
	"				EXECUTE format('UPDATE pg_temp.interlock_back b SET why = %L FROM %s c WHERE c.quarantine_id = b.id AND b.why IS NULL AND %s AND ('\n" \
	"					'NOT EXISTS (SELECT FROM %s p WHERE %s) AND NOT %s OR %s)', format('it refers to a row of %s that is not there', way.name), way.store,\n" \
	"					way.refers, way.parent, way.match, format(body, 'x.id IS NOT NULL AND x.why IS NULL'),\n" \
	"					format(body, '(x.id IS NULL OR x.why IS NOT NULL)'));\n" \
	"				GET DIAGNOSTICS got = ROW_COUNT;\n" \
	"				more := more + got;\n" \
	"			END LOOP;\n" \
	"			EXIT WHEN more = 0;\n" \
	"		END LOOP;\n" \
	"		IF how = 'undo' AND EXISTS (SELECT FROM pg_temp.interlock_back b WHERE b.why IS NOT NULL) THEN\n" \
	"			RAISE EXCEPTION USING ERRCODE = '23000', MESSAGE = 'rows can''t be put back', DETAIL = (SELECT string_agg(format('%s of %s: %s',\n" \
	"				x.n, x.source, x.why), '; ') FROM (SELECT b.source, b.why, count(*) AS n FROM pg_temp.interlock_back b WHERE b.why IS NOT NULL\n" \
	"				GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 10) x), HINT = 'make room for them, or delete from the quarantine what shall not come back';\n" \
	"		END IF;\n"

/* What stays says why, and what it needs no more is forgotten. */
#define SAY_WHY \
	"		FOR kept IN SELECT DISTINCT b.store FROM pg_temp.interlock_back b LOOP\n" \
	"			EXECUTE format('UPDATE %s s SET quarantine_note = b.why FROM pg_temp.interlock_back b WHERE b.id = s.quarantine_id'\n" \
	"				' AND s.quarantine_note IS DISTINCT FROM b.why AND b.why IS NOT NULL', kept.store);\n" \
	"		END LOOP;\n" \
	"		DELETE FROM pg_temp.interlock_back b WHERE b.why IS NOT NULL;\n" \
	"		whole := whole AND NOT FOUND;\n" \
	"		SELECT count(*) INTO back FROM pg_temp.interlock_back;\n" \
	"		CONTINUE WHEN back = 0;\n"

#define PUT \
	"		IF skips THEN\n" \
	"			PERFORM set_config('session_replication_role', 'replica', true);\n" \
	"		END IF;\n" \
	"		SELECT 'WITH ' || string_agg(format('i%1$s AS (INSERT INTO %2$s (%3$s) OVERRIDING SYSTEM VALUE SELECT %4$s FROM %5$s s'\n" \
	"			' JOIN pg_temp.interlock_back b ON b.id = s.quarantine_id RETURNING tableoid, ctid)', x.n, x.source, a.names, a.expressions, x.store), ', ')\n" \
	"			|| ' INSERT INTO pg_temp.interlock_put ' || string_agg(format('SELECT %s::oid, tableoid, ctid FROM i%s', x.rel, x.n), ' UNION ALL ') INTO body\n" \
	"		FROM (SELECT y.*, row_number() OVER (ORDER BY y.source) AS n FROM (SELECT DISTINCT b.source, b.rel, b.store FROM pg_temp.interlock_back b) y) x\n" \
	"		CROSS JOIN LATERAL (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS names, string_agg(format('s.%I', a.attname) || CASE\n" \
	"			WHEN (a.atttypid, a.atttypmod) = (s.atttypid, s.atttypmod) THEN '' ELSE '::' || format_type(a.atttypid, a.atttypmod) END, ', ' ORDER BY a.attnum)\n" \
	"			AS expressions " CARRIED("x.rel", "x.store") ") a;\n" \
	"		EXECUTE body;\n"

/* Read back: row by row the same text, also where there is no key to find them by. */
#define COMPARE \
	"		FOR kept IN SELECT x.*, a.kept, a.there FROM (SELECT DISTINCT b.source, b.rel, b.store FROM pg_temp.interlock_back b) x\n" \
	"			CROSS JOIN LATERAL (SELECT string_agg(format('s.%I::text', a.attname), ', ' ORDER BY a.attnum) AS kept,\n" \
	"			string_agg(format('t.%I::text', a.attname), ', ' ORDER BY a.attnum) AS there " CARRIED("x.rel", "x.store") ") a\n" \
	"		LOOP\n" \
	"			EXECUTE format('SELECT count(*) FROM (SELECT ROW(%s)::text COLLATE \"C\" FROM %s s JOIN pg_temp.interlock_back b ON b.id = s.quarantine_id'\n" \
	"				' EXCEPT ALL SELECT ROW(%s)::text COLLATE \"C\" FROM %s t JOIN pg_temp.interlock_put p ON p.rel = %s AND p.tab = t.tableoid AND p.tid = t.ctid) x',\n" \
	"				kept.kept, kept.store, kept.there, kept.source, kept.rel) INTO got;\n" \
	"			IF got > 0 THEN\n" \
	"				RAISE EXCEPTION USING MESSAGE = format('%s rows of %s were not what they had been once they were back', got, kept.source),\n" \
	"					HINT = 'a trigger or a rule of the table, or another type of a column, has changed them';\n" \
	"			END IF;\n" \
	"		END LOOP;\n"

/* Keys of children that ON DELETE wrote to, where nobody wrote to them since; then the rows leave the quarantine. */
#define FINISH \
	"		FOR way IN SELECT DISTINCT k.child, k.way, k.key_names, k.names, c.oid FROM interlock.quarantine_keys_@ k\n" \
	"			JOIN pg_catalog.pg_class c ON c.oid = to_regclass(k.child) AND c.relkind IN ('r', 'p')\n" \
	"			WHERE k.parent IN (SELECT b.id FROM pg_temp.interlock_back b) AND NOT EXISTS (SELECT FROM unnest(k.key_names || k.names) x(name)\n" \
	"			WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = x.name AND NOT a.attisdropped))\n" \
	"		LOOP\n" \
	"			SELECT string_agg(format('c.%I = (k.key_values[%s])::%s', a.attname, u.n, format_type(a.atttypid, a.atttypmod)), ' AND ') INTO body\n" \
	"				FROM unnest(way.key_names) WITH ORDINALITY u(name, n) JOIN pg_catalog.pg_attribute a ON a.attrelid = way.oid AND a.attname = u.name;\n" \
	"			EXECUTE (SELECT format('UPDATE %s c SET %s FROM interlock.quarantine_keys_@ k JOIN pg_temp.interlock_back b ON b.id = k.parent'\n" \
	"				' WHERE k.child = %L AND k.way = %L AND %s AND %s', " SQL_QUARANTINE_ONLY("way.oid") ",\n" \
	"				string_agg(format('%I = (k.old_values[%s])::%s', a.attname, u.n, format_type(a.atttypid, a.atttypmod)), ', '), way.child, way.way, body,\n" \
	"				string_agg(format('(c.%1$I::text IS NOT DISTINCT FROM k.new_values[%2$s] OR c.%1$I::text = k.old_values[%2$s])', a.attname, u.n), ' AND '))\n" \
	"				FROM unnest(way.names) WITH ORDINALITY u(name, n) JOIN pg_catalog.pg_attribute a ON a.attrelid = way.oid AND a.attname = u.name);\n" \
	"		END LOOP;\n" \
	"		PERFORM set_config('session_replication_role', 'origin', true);\n" \
	"		DELETE FROM interlock.quarantine_keys_@ k WHERE k.parent IN (SELECT b.id FROM pg_temp.interlock_back b);\n" \
	"		FOR kept IN SELECT DISTINCT b.store FROM pg_temp.interlock_back b LOOP\n" \
	"			EXECUTE format('DELETE FROM %s s USING pg_temp.interlock_back b WHERE b.id = s.quarantine_id', kept.store);\n" \
	"		END LOOP;\n" \
	"		IF whole THEN\n" \
	"			UPDATE interlock.quarantine_list_@ l SET batches = least(l.batches, batch - 1);\n" \
	"		END IF;\n" \
	"		RETURN QUERY SELECT NULL::bigint, NULL::text, NULL::text FROM generate_series(1, back);\n" \
	"		RETURN;\n"

static const char body[] =
	"	way record;\n"
	"	kept record;\n"
	"	body text;\n"
	"	got bigint;\n"
	"	more bigint;\n"
	"	back bigint;\n"
	"	whole boolean := true;\n"
	"BEGIN\n"
	ASK
	"	CREATE TEMP TABLE interlock_back (id uuid PRIMARY KEY, source text, rel oid, store text, why text) ON COMMIT DROP;\n"
	"	CREATE TEMP TABLE interlock_put (rel oid, tab oid, tid tid) ON COMMIT DROP;\n"
	"	FOR batch IN REVERSE (SELECT coalesce(max(l.batches), 0) FROM interlock.quarantine_list_@ l)..1 LOOP\n"
	GATHER JUDGE_ROWS JUDGE_PARENTS SAY_WHY PUT COMPARE FINISH
	"	END LOOP;\n"
	"END\n";

/* clang-format on */

const char *quarantine_back_function(const struct quarantine *it, const struct facts *facts, struct arena *arena)
{
	const char *constants = arena_printf(
		arena,
		"\tthe_run constant bigint := %lld;\n\tthe_step constant integer := %d;\n\tskips constant boolean := %s;\n",
		(long long)facts->run, facts->number,
		it->triggers && strcmp(it->triggers, "skip") == 0 ? "true" : "false");

	return quarantine_function(head, constants, body, facts, arena);
}
