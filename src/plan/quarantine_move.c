/*
 * The function that moves one batch aside.  It gathers what goes, table after
 * table along ON DELETE CASCADE, under row locks: from then on nobody can refer
 * to any of it.  Then all of it leaves in one statement, so that whatever the
 * foreign keys do at its end finds nothing left to do.
 */
#include "plan/quarantine.h"

/* clang-format off */

static const char head[] =
	"FUNCTION interlock.quarantine_move_@(looks boolean) RETURNS TABLE (rows bigint, \"table\" text, why text)";

/* What goes, what leads there, and what is wrong; the foreign keys and triggers of locked tables stay what they are. */
#define GATHER_TABLES \
	"	CREATE TEMP TABLE interlock_going (id uuid DEFAULT pg_catalog.gen_random_uuid(), rel oid, tab oid, tid tid,\n" \
	"		depth integer, PRIMARY KEY (tab, tid)) ON COMMIT DROP;\n" \
	"	CREATE TEMP TABLE interlock_ways (oid oid, name text, action text, parent_rel oid, child_rel oid, child_oid oid,\n" \
	"		parent text, child text, match text, sets text[], key text[]) ON COMMIT DROP;\n" \
	"	CREATE TEMP TABLE interlock_wrong (rows bigint, \"table\" text, why text) ON COMMIT DROP;\n" \
	"	LOOP\n" \
	"		DELETE FROM pg_temp.interlock_ways;\n" \
	"		INSERT INTO pg_temp.interlock_ways WITH RECURSIVE " SQL_QUARANTINE_WAYS("the_root") " SELECT * FROM ways;\n" \
	"		SELECT coalesce(string_agg(w::text, ' ' ORDER BY w.oid), '') INTO seen FROM pg_temp.interlock_ways w;\n" \
	"		EXIT WHEN looks OR seen = was;\n" \
	"		was := seen;\n" \
	"		EXECUTE 'LOCK TABLE ' || (SELECT string_agg(l.name, ', ' ORDER BY l.name) FROM (SELECT " SQL_QUARANTINE_ONLY("the_root") \
	" UNION SELECT w.parent FROM pg_temp.interlock_ways w UNION SELECT w.child FROM pg_temp.interlock_ways w WHERE w.action = 'c') l(name))" \
	" || ' IN ROW EXCLUSIVE MODE';\n" \
	"	END LOOP;\n" \
	"	INSERT INTO pg_temp.interlock_wrong WITH tabs AS (SELECT the_root AS rel UNION SELECT w.child_rel FROM pg_temp.interlock_ways w" \
	" WHERE w.action = 'c'), ways AS (SELECT * FROM pg_temp.interlock_ways)\n" \
	"		SELECT NULL, t.at, 'trigger ' || t.name || ' would fire' FROM (" SQL_QUARANTINE_TRIGGERS ") t WHERE the_triggers IS NULL;\n"

/* The rows themselves, then the children that go with them, until there are no more. */
#define GATHER_ROWS \
	"	EXECUTE 'INSERT INTO pg_temp.interlock_going (rel, tab, tid, depth) SELECT ' || the_root || ', r.tableoid, r.ctid, 0 FROM ('\n" \
	"		|| the_query || CASE WHEN looks THEN '' ELSE ' LIMIT 5000 FOR UPDATE' END || ') r';\n" \
	"	LOOP\n" \
	"		ANALYZE pg_temp.interlock_going;\n" \
	"		more := 0;\n" \
	"		FOR way IN SELECT w.* FROM pg_temp.interlock_ways w WHERE w.action = 'c'\n" \
	"			AND w.parent_rel IN (SELECT g.rel FROM pg_temp.interlock_going g WHERE g.depth = level) ORDER BY w.child, w.oid\n" \
	"		LOOP\n" \
	"			EXECUTE format('INSERT INTO pg_temp.interlock_going (rel, tab, tid, depth) SELECT %s, r.tableoid, r.ctid, %s FROM ('\n" \
	"				'SELECT c.tableoid, c.ctid FROM pg_temp.interlock_going g JOIN %s p ON p.tableoid = g.tab AND p.ctid = g.tid'\n" \
	"				' JOIN %s c ON %s WHERE g.depth = %s%s) r ON CONFLICT DO NOTHING', way.child_rel, level + 1, way.parent, way.child,\n" \
	"				way.match, level, CASE WHEN looks THEN '' ELSE ' FOR UPDATE OF c' END);\n" \
	"			GET DIAGNOSTICS got = ROW_COUNT;\n" \
	"			more := more + got;\n" \
	"		END LOOP;\n" \
	"		EXIT WHEN more = 0;\n" \
	"		level := level + 1;\n" \
	"	END LOOP;\n" \
	"	SELECT count(*) INTO going FROM pg_temp.interlock_going;\n"

/* Too many, or into columns that can't hold them. */
#define JUDGE_ROWS \
	"	IF the_limit IS NOT NULL THEN\n" \
	"		SELECT count(*) INTO held FROM interlock.archive_@;\n" \
	"		INSERT INTO pg_temp.interlock_wrong SELECT count(*), " SQL_QUARANTINE_NAME("g.rel") ", 'at_most is ' || the_limit\n" \
	"			FROM pg_temp.interlock_going g WHERE going + held > the_limit GROUP BY g.rel ORDER BY g.rel <> the_root, 2;\n" \
	"		INSERT INTO pg_temp.interlock_wrong SELECT held, 'interlock.archive_@', 'were moved already'\n" \
	"			WHERE going > 0 AND held > 0 AND going + held > the_limit;\n" \
	"	END IF;\n" \
	"	INSERT INTO pg_temp.interlock_wrong SELECT NULL, x.name, x.clash || ' has a name that a quarantine needs itself'\n" \
	"		FROM (SELECT " SQL_QUARANTINE_NAME("g.rel") " AS name, " SQL_QUARANTINE_CLASH("g.rel") " AS clash\n" \
	"			FROM (SELECT DISTINCT y.rel FROM pg_temp.interlock_going y) g) x WHERE x.clash IS NOT NULL;\n" \
	"	INSERT INTO pg_temp.interlock_wrong SELECT NULL, x.source, d.found || ', not ' || d.expected FROM (SELECT l.source,\n" \
	"			to_regclass(l.store)::oid AS store, to_regclass(l.source)::oid AS rel FROM interlock.quarantine_list_@ l\n" \
	"			UNION SELECT " SQL_QUARANTINE_NAME("the_root") ", to_regclass(the_store)::oid, the_root) x\n" \
	"		CROSS JOIN LATERAL (" SQL_QUARANTINE_DIFFERENCE("x.store", "x.rel") ") d;\n"

/* Children that stay: those that forbid it, and those that ON DELETE writes to, which are noted with what they hold. */
#define JUDGE_CHILDREN \
	"	FOR way IN SELECT w.* FROM pg_temp.interlock_ways w WHERE w.action <> 'c'\n" \
	"		AND w.parent_rel IN (SELECT g.rel FROM pg_temp.interlock_going g) ORDER BY w.child, w.oid\n" \
	"	LOOP\n" \
	"		body := format(' FROM pg_temp.interlock_going g JOIN %s p ON p.tableoid = g.tab AND p.ctid = g.tid JOIN %s c ON %s'\n" \
	"			' WHERE NOT EXISTS (SELECT FROM pg_temp.interlock_going x WHERE x.tab = c.tableoid AND x.tid = c.ctid)',\n" \
	"			way.parent, way.child, way.match);\n" \
	"		IF way.action IN ('a', 'r') OR way.key IS NULL THEN\n" \
	"			EXECUTE 'SELECT count(*)' || body INTO got;\n" \
	"			INSERT INTO pg_temp.interlock_wrong SELECT got, " SQL_QUARANTINE_NAME("way.child_oid") ", CASE WHEN way.action IN ('a', 'r')\n" \
	"				THEN 'refer to them by ' || way.name || ', ON DELETE ' || CASE way.action WHEN 'a' THEN 'NO ACTION' ELSE 'RESTRICT' END\n" \
	"				ELSE 'no key to find them by, for undo; see ' || way.name END WHERE got > 0;\n" \
	"		ELSIF NOT looks THEN\n" \
	"			EXECUTE format('INSERT INTO interlock.quarantine_keys_@ SELECT * FROM (SELECT g.id, %L, %L, %L::text[], ARRAY[%s],'\n" \
	"				' %L::text[], ARRAY[%s]', " SQL_QUARANTINE_NAME("way.child_oid") ", way.name, way.key,\n" \
	"				(SELECT string_agg(format('c.%I::text', x.name), ', ' ORDER BY x.n) FROM unnest(way.key) WITH ORDINALITY x(name, n)), way.sets,\n" \
	"				(SELECT string_agg(format('c.%I::text', x.name), ', ' ORDER BY x.n) FROM unnest(way.sets) WITH ORDINALITY x(name, n)))\n" \
	"				|| body || ' FOR UPDATE OF c) r';\n" \
	"		END IF;\n" \
	"	END LOOP;\n" \
	"	IF looks THEN\n" \
	"		RETURN QUERY SELECT w.* FROM pg_temp.interlock_wrong w LIMIT 20;\n" \
	"		RETURN;\n" \
	"	ELSIF EXISTS (SELECT FROM pg_temp.interlock_wrong) THEN\n" \
	"		RAISE EXCEPTION USING ERRCODE = '23503', MESSAGE = 'rows can''t be moved aside', DETAIL = (SELECT string_agg(\n" \
	"			concat_ws(' ', w.rows, w.\"table\", w.why), '; ') FROM pg_temp.interlock_wrong w);\n" \
	"	ELSIF going = 0 THEN\n" \
	"		RETURN;\n" \
	"	END IF;\n"

/* Where they are kept, with the columns that the table has by now. */
#define STORES \
	"	SELECT coalesce(max(l.batches), 0) + 1 INTO this FROM interlock.quarantine_list_@ l;\n" \
	"	FOR kept IN SELECT g.rel, " SQL_QUARANTINE_NAME("g.rel") " AS source, l.store FROM (SELECT DISTINCT x.rel FROM pg_temp.interlock_going x) g\n" \
	"		LEFT JOIN interlock.quarantine_list_@ l ON l.source = " SQL_QUARANTINE_NAME("g.rel") " ORDER BY g.rel <> the_root, 2\n" \
	"	LOOP\n" \
	"		IF kept.store IS NULL THEN\n" \
	"			kept.store := CASE WHEN kept.rel = the_root THEN the_store ELSE 'interlock.quarantine_@_' || (SELECT count(*)\n" \
	"				FROM interlock.quarantine_list_@ l WHERE l.store <> the_store) + 1 END;\n" \
	"			INSERT INTO interlock.quarantine_list_@ (source, store, batches) VALUES (kept.source, kept.store, 0);\n" \
	"			IF to_regclass(kept.store) IS NULL THEN\n" \
	"				EXECUTE 'CREATE TABLE ' || kept.store || ' (" SQL_QUARANTINE_COLUMNS ")';\n" \
	"				EXECUTE format('COMMENT ON TABLE %s IS %L', kept.store, 'rows of ' || kept.source || ', set aside');\n" \
	"			END IF;\n" \
	"		END IF;\n" \
	"		SELECT 'ALTER TABLE ' || kept.store || string_agg(' ADD COLUMN ' || quote_ident(a.attname) || ' ' || " SQL_TYPE("a") ", ',' ORDER BY a.attnum)\n" \
	"			INTO body FROM pg_catalog.pg_attribute a WHERE a.attrelid = kept.rel AND a.attnum > 0 AND NOT a.attisdropped AND NOT EXISTS (SELECT\n" \
	"			FROM pg_catalog.pg_attribute s WHERE s.attrelid = to_regclass(kept.store) AND s.attname = a.attname AND NOT s.attisdropped);\n" \
	"		IF body IS NOT NULL THEN\n" \
	"			EXECUTE body;\n" \
	"		END IF;\n" \
	"		UPDATE interlock.quarantine_list_@ l SET batches = this WHERE l.source = kept.source;\n" \
	"	END LOOP;\n"

/* All of it leaves. */
#define LEAVE \
	"	SELECT 'WITH ' || string_agg(format('d%1$s AS (DELETE FROM %2$s t USING pg_temp.interlock_going g WHERE g.rel = %3$s'\n" \
	"			' AND t.tableoid = g.tab AND t.ctid = g.tid RETURNING g.id AS quarantine_id%4$s), i%1$s AS (INSERT INTO %5$s (quarantine_id,'\n" \
	"			' quarantine_plan, quarantine_run, quarantine_step, quarantine_batch, quarantine_reason, quarantine_at%6$s) SELECT d.quarantine_id,'\n" \
	"			' %7$L, %8$s, %9$s, %10$s, %11$L, pg_catalog.now()%12$s FROM d%1$s d RETURNING 1)', x.n, " SQL_QUARANTINE_ONLY("x.rel") ", x.rel,\n" \
	"			a.of_table, x.store, a.names, the_plan, the_run, the_step, this, the_reason, a.of_gone), ', ' ORDER BY x.n)\n" \
	"		|| ' SELECT ' || string_agg(format('(SELECT count(*) FROM i%s)', x.n), ' + ') INTO body\n" \
	"	FROM (SELECT g.rel, l.store, row_number() OVER (ORDER BY g.rel) AS n FROM (SELECT DISTINCT y.rel FROM pg_temp.interlock_going y) g\n" \
	"		JOIN interlock.quarantine_list_@ l ON l.source = " SQL_QUARANTINE_NAME("g.rel") ") x\n" \
	"	CROSS JOIN LATERAL (SELECT string_agg(format(', t.%I', a.attname), '' ORDER BY a.attnum) AS of_table,\n" \
	"		string_agg(format(', d.%I', a.attname), '' ORDER BY a.attnum) AS of_gone, string_agg(format(', %I', a.attname), '' ORDER BY a.attnum) AS names\n" \
	"		FROM pg_catalog.pg_attribute a WHERE a.attrelid = x.rel AND a.attnum > 0 AND NOT a.attisdropped) a;\n" \
	"	IF the_triggers = 'skip' THEN\n" \
	"		PERFORM set_config('session_replication_role', 'replica', true);\n" \
	"	END IF;\n" \
	"	EXECUTE body INTO got;\n" \
	"	IF got <> going THEN\n" \
	"		RAISE EXCEPTION USING MESSAGE = format('%s of %s rows did not leave: a trigger or a rule kept them', going - got, going);\n" \
	"	END IF;\n"

/* What became of the children that stay: where the server's triggers sleep, ON DELETE SET … is done here. */
#define LEFT \
	"	ANALYZE interlock.quarantine_keys_@;\n" \
	"	FOR way IN SELECT w.* FROM pg_temp.interlock_ways w WHERE w.action IN ('n', 'd') AND w.key IS NOT NULL\n" \
	"		AND w.parent_rel IN (SELECT g.rel FROM pg_temp.interlock_going g) ORDER BY w.child, w.oid\n" \
	"	LOOP\n" \
	"		SELECT format('k.parent IN (SELECT g.id FROM pg_temp.interlock_going g) AND k.child = %L AND k.way = %L AND ',\n" \
	"				" SQL_QUARANTINE_NAME("way.child_oid") ", way.name)\n" \
	"			|| string_agg(format('c.%I = (k.key_values[%s])::%s', a.attname, u.n, format_type(a.atttypid, a.atttypmod)), ' AND ')\n" \
	"			INTO body FROM unnest(way.key) WITH ORDINALITY u(name, n)\n" \
	"			JOIN pg_catalog.pg_attribute a ON a.attrelid = way.child_oid AND a.attname = u.name;\n" \
	"		IF the_triggers = 'skip' THEN\n" \
	"			EXECUTE format('UPDATE %s c SET %s FROM interlock.quarantine_keys_@ k WHERE %s', way.child, (SELECT string_agg(format('%I = %s',\n" \
	"				x.name, CASE way.action WHEN 'n' THEN 'NULL' ELSE 'DEFAULT' END), ', ') FROM unnest(way.sets) x(name)), body);\n" \
	"			EXECUTE format('SELECT count(*) FROM %s c JOIN interlock.quarantine_keys_@ k ON %s WHERE ROW(%s) IS NOT NULL'\n" \
	"				' AND NOT EXISTS (SELECT FROM %s p WHERE %s)', way.child, body, (SELECT string_agg(format('c.%I', a.attname), ', ')\n" \
	"				FROM pg_catalog.pg_constraint f JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = ANY (f.conkey)\n" \
	"				WHERE f.oid = way.oid), way.parent, way.match) INTO got;\n" \
	"			IF got > 0 THEN\n" \
	"				RAISE EXCEPTION USING ERRCODE = '23503', MESSAGE = format('the default of %s rows of %s, by %s ON DELETE SET DEFAULT,'\n" \
	"					' refers to no row', got, way.child, way.name);\n" \
	"			END IF;\n" \
	"		END IF;\n" \
	"		EXECUTE format('UPDATE interlock.quarantine_keys_@ k SET new_values = ARRAY[%s] FROM %s c WHERE %s',\n" \
	"			(SELECT string_agg(format('c.%I::text', x.name), ', ' ORDER BY x.n) FROM unnest(way.sets) WITH ORDINALITY x(name, n)), way.child, body);\n" \
	"	END LOOP;\n" \
	"	PERFORM set_config('session_replication_role', 'origin', true);\n" \
	"	RETURN QUERY SELECT NULL::bigint, NULL::text, NULL::text FROM generate_series(1, going);\n"

static const char body[] =
	"	way record;\n"
	"	kept record;\n"
	"	seen text;\n"
	"	was text;\n"
	"	body text;\n"
	"	level integer := 0;\n"
	"	this integer;\n"
	"	got bigint;\n"
	"	more bigint;\n"
	"	going bigint;\n"
	"	held bigint := 0;\n"
	"BEGIN\n"
	GATHER_TABLES GATHER_ROWS JUDGE_ROWS JUDGE_CHILDREN STORES LEAVE LEFT
	"END\n";

/* clang-format on */

/* "app.orders_quarantine", or the registry's own. */
static const char *store(const struct quarantine *it, const struct facts *facts, struct arena *arena)
{
	if (it->into.name)
		return relname_quoted(arena, &it->into);
	return arena_printf(arena, "interlock.quarantine_%lld_%d", (long long)facts->run, facts->number);
}

const char *quarantine_move_function(const struct quarantine *it, const struct facts *facts, struct arena *arena)
{
	const char *table = relname_quoted(arena, &it->table), *kind = record_get(facts->now, "relkind");
	const char *search = arena_printf(arena, "SELECT tableoid, ctid FROM %s%s WHERE (%s)",
	                                  kind && *kind == 'p' ? "" : "ONLY ", table, sql_normalize(it->where, arena));
	const char *constants = arena_printf(
		arena,
		"\tthe_root constant oid := (SELECT " SQL_QUARANTINE_TOP(
			"t.oid") " FROM (SELECT to_regclass(%s)::oid) t(oid));\n"
					 "\tthe_query constant text := %s;\n\tthe_store constant text := %s;\n\tthe_limit constant bigint := %s;\n"
					 "\tthe_triggers constant text := %s;\n\tthe_run constant bigint := %lld;\n\tthe_step constant integer := %d;\n"
					 "\tthe_plan constant text := coalesce((SELECT r.plan FROM interlock.run r WHERE r.id = the_run), '');\n"
					 "\tthe_reason constant text := %s;\n",
		literal_quoted(arena, table), literal_quoted(arena, search),
		literal_quoted(arena, store(it, facts, arena)),
		it->at_most ? arena_printf(arena, "%lld", (long long)it->at_most) : "NULL",
		it->triggers ? literal_quoted(arena, it->triggers) : "NULL", (long long)facts->run, facts->number,
		literal_quoted(arena, it->reason));

	return quarantine_function(head, constants, body, facts, arena);
}
