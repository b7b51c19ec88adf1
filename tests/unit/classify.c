/* What free statements are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "sql/classify.h"

/* "o" outside a transaction, "i" builds an index concurrently, "t" transaction control, "c" cascades */
struct expected {
	const char *sql, *verb;
	enum statement_kind kind;
	const char *flags, *tables;
};

static const struct expected expectations[] = {
	{"SELECT 1", "SELECT", STATEMENT_READ, "", ""},
	{"VALUES (1)", "VALUES", STATEMENT_READ, "", ""},
	{"SELECT count(*), lower(a) FROM app.t JOIN u USING (x)", "SELECT", STATEMENT_READ, "", "app.t u"},
	{"SELECT do_things(1)", "SELECT", STATEMENT_OPAQUE, "", ""},
	{"SELECT app.lower(a) FROM t", "SELECT", STATEMENT_OPAQUE, "", "t"},
	{"SELECT nextval('s')", "SELECT", STATEMENT_OPAQUE, "", ""},
	{"SELECT extract(year FROM x) FROM t WHERE a LIKE b ESCAPE 'c'", "SELECT", STATEMENT_READ, "", "t"},
	{"SELECT * FROM t x FOR UPDATE OF x", "SELECT", STATEMENT_READ, "", "t"},
	{"SELECT * INTO n FROM t", "SELECT INTO", STATEMENT_ADDITIVE, "", "n t"},
	{"WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", "WITH … INSERT, UPDATE or DELETE", STATEMENT_DATA,
     "", "t"},
	{"WITH t AS (SELECT * FROM t) SELECT * FROM t", "SELECT", STATEMENT_READ, "", "t"},
	{"WITH RECURSIVE t AS (SELECT 1 UNION SELECT * FROM t) SELECT * FROM t", "SELECT", STATEMENT_READ, "", ""},
	{"WITH o AS (SELECT 1) INSERT INTO o SELECT * FROM o", "INSERT", STATEMENT_DATA, "", "o"},
	{"INSERT INTO t SELECT f(x) FROM u", "INSERT", STATEMENT_DATA, "", "t u"},
	{"UPDATE t SET a = 1 FROM u", "UPDATE", STATEMENT_DATA, "", "t u"},
	{"DELETE FROM t USING u", "DELETE", STATEMENT_DATA, "", "t u"},
	{"MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE", "MERGE", STATEMENT_DATA, "", "t u"},
	{"COPY t FROM STDIN", "COPY FROM", STATEMENT_DATA, "", "t"},
	{"COPY t TO STDOUT", "COPY TO", STATEMENT_READ, "", "t"},
	{"COPY t FROM PROGRAM 'x'", "COPY FROM", STATEMENT_OPAQUE, "", "t"},
	{"COPY (DELETE FROM t RETURNING *) TO STDOUT", "COPY TO", STATEMENT_DATA, "", "t"},
	{"EXPLAIN DELETE FROM t", "EXPLAIN", STATEMENT_READ, "", "t"},
	{"EXPLAIN (ANALYZE) DELETE FROM t", "EXPLAIN ANALYZE DELETE", STATEMENT_DATA, "", "t"},
	{"EXPLAIN (ANALYZE off) DELETE FROM t", "EXPLAIN", STATEMENT_READ, "", "t"},
	{"DECLARE c CURSOR FOR SELECT f()", "DECLARE CURSOR", STATEMENT_OPAQUE, "", ""},
	{"SET search_path = a", "SET", STATEMENT_READ, "", ""},
	{"RESET ALL", "RESET", STATEMENT_READ, "", ""},
	{"SHOW x", "SHOW", STATEMENT_READ, "", ""},
	{"DISCARD ALL", "DISCARD", STATEMENT_READ, "o", ""},
	{"LOCK TABLE t", "LOCK", STATEMENT_READ, "", "t"},
	{"BEGIN", "BEGIN", STATEMENT_READ, "t", ""},
	{"END", "COMMIT", STATEMENT_READ, "t", ""},
	{"SAVEPOINT a", "SAVEPOINT", STATEMENT_READ, "t", ""},
	{"ROLLBACK TO a", "ROLLBACK TO", STATEMENT_READ, "t", ""},
	{"SET TRANSACTION READ ONLY", "SET TRANSACTION", STATEMENT_READ, "t", ""},
	{"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET", STATEMENT_READ, "", ""},
	{"COMMIT PREPARED 'x'", "COMMIT PREPARED", STATEMENT_READ, "ot", ""},
	{"CREATE TABLE t (a int REFERENCES u)", "CREATE TABLE", STATEMENT_ADDITIVE, "", "t u"},
	{"CREATE TABLE t AS SELECT f() FROM u", "CREATE TABLE AS", STATEMENT_ADDITIVE, "", "u t"},
	{"CREATE TABLE t AS EXECUTE p", "CREATE TABLE AS", STATEMENT_OPAQUE, "", "t"},
	{"CREATE MATERIALIZED VIEW m AS SELECT 1", "CREATE MATERIALIZED VIEW AS", STATEMENT_ADDITIVE, "", "m"},
	{"CREATE VIEW v AS SELECT * FROM t", "CREATE VIEW", STATEMENT_ADDITIVE, "", "v t"},
	{"CREATE OR REPLACE VIEW v AS SELECT 1", "CREATE OR REPLACE VIEW", STATEMENT_SWITCH, "", "v"},
	{"CREATE UNIQUE INDEX ON t (a)", "CREATE UNIQUE INDEX", STATEMENT_ADDITIVE, "", "t"},
	{"CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX CONCURRENTLY", STATEMENT_ADDITIVE, "oi", "t"},
	{"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE FUNCTION", STATEMENT_ADDITIVE, "", ""},
	{"CREATE OR REPLACE PROCEDURE f() LANGUAGE sql AS ''", "CREATE OR REPLACE PROCEDURE", STATEMENT_SWITCH, "",
     ""},
	{"CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f()", "CREATE TRIGGER", STATEMENT_ADDITIVE, "", "t"},
	{"CREATE TYPE e AS ENUM ('a')", "CREATE TYPE", STATEMENT_ADDITIVE, "", ""},
	{"CREATE TYPE c AS (a int)", "CREATE TYPE", STATEMENT_ADDITIVE, "", ""},
	{"CREATE AGGREGATE g (int) (sfunc = f, stype = int)", "CREATE AGGREGATE", STATEMENT_ADDITIVE, "", ""},
	{"CREATE SEQUENCE s", "CREATE SEQUENCE", STATEMENT_ADDITIVE, "", ""},
	{"CREATE SCHEMA s CREATE TABLE t (a int)", "CREATE SCHEMA", STATEMENT_ADDITIVE, "", "t"},
	{"CREATE EXTENSION x", "CREATE EXTENSION", STATEMENT_ADDITIVE, "", ""},
	{"CREATE DATABASE d", "CREATE DATABASE", STATEMENT_ADDITIVE, "o", ""},
	{"CREATE TABLESPACE s LOCATION '/x'", "CREATE TABLESPACE", STATEMENT_ADDITIVE, "o", ""},
	{"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "CREATE SUBSCRIPTION", STATEMENT_ADDITIVE, "o", ""},
	{"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = false)", "CREATE SUBSCRIPTION",
     STATEMENT_ADDITIVE, "", ""},
	{"CREATE PUBLICATION p FOR TABLE t, u", "CREATE PUBLICATION", STATEMENT_ADDITIVE, "", "t u"},
	{"COMMENT ON COLUMN app.t.a IS 'x'", "COMMENT ON COLUMN", STATEMENT_ADDITIVE, "", "app.t"},
	{"COMMENT ON TABLE t IS 'x'", "COMMENT ON TABLE", STATEMENT_ADDITIVE, "", "t"},
	{"GRANT SELECT ON t TO r", "GRANT", STATEMENT_ADDITIVE, "", "t"},
	{"GRANT USAGE ON SEQUENCE s TO r", "GRANT", STATEMENT_ADDITIVE, "", ""},
	{"REVOKE ALL ON t FROM r CASCADE", "REVOKE", STATEMENT_SWITCH, "c", "t"},
	{"REVOKE a FROM b", "REVOKE", STATEMENT_SWITCH, "", ""},
	{"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO r", "ALTER DEFAULT PRIVILEGES", STATEMENT_ADDITIVE, "",
     ""},
	{"ALTER TABLE t ADD COLUMN a int", "ALTER TABLE … ADD COLUMN", STATEMENT_ADDITIVE, "", "t"},
	{"ALTER TABLE t ADD a int, DROP b CASCADE, ALTER c TYPE int", "ALTER TABLE … DROP COLUMN",
     STATEMENT_DESTRUCTIVE, "c", "t"},
	{"ALTER TABLE t ALTER a SET DEFAULT 1", "ALTER TABLE … SET DEFAULT", STATEMENT_ADDITIVE, "", "t"},
	{"ALTER TABLE t ALTER a DROP DEFAULT", "ALTER TABLE … DROP DEFAULT", STATEMENT_SWITCH, "", "t"},
	{"ALTER TABLE t ALTER a SET NOT NULL", "ALTER TABLE … SET NOT NULL", STATEMENT_SWITCH, "", "t"},
	{"ALTER TABLE t ALTER a TYPE text", "ALTER TABLE … ALTER COLUMN TYPE", STATEMENT_SWITCH, "", "t"},
	{"ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES s.u", "ALTER TABLE … ADD CONSTRAINT", STATEMENT_ADDITIVE, "",
     "t s.u"},
	{"ALTER TABLE t VALIDATE CONSTRAINT c", "ALTER TABLE … VALIDATE CONSTRAINT", STATEMENT_ADDITIVE, "", "t"},
	{"ALTER TABLE t DROP CONSTRAINT c", "ALTER TABLE … DROP CONSTRAINT", STATEMENT_SWITCH, "", "t"},
	{"ALTER TABLE t ATTACH PARTITION u FOR VALUES IN (1)", "ALTER TABLE … ATTACH PARTITION", STATEMENT_SWITCH, "",
     "t u"},
	{"ALTER TABLE t DETACH PARTITION u CONCURRENTLY", "ALTER TABLE … DETACH PARTITION", STATEMENT_SWITCH, "o",
     "t u"},
	{"ALTER TABLE t RENAME TO u", "ALTER TABLE … RENAME", STATEMENT_SWITCH, "", "t"},
	{"ALTER TABLE t RENAME a TO b", "ALTER TABLE … RENAME COLUMN", STATEMENT_SWITCH, "", "t"},
	{"ALTER TABLE t RENAME CONSTRAINT a TO b", "ALTER TABLE … RENAME CONSTRAINT", STATEMENT_SWITCH, "", "t"},
	{"ALTER INDEX i RENAME TO j", "ALTER INDEX … RENAME", STATEMENT_SWITCH, "", ""},
	{"ALTER TABLE t SET SCHEMA s", "ALTER TABLE … SET SCHEMA", STATEMENT_SWITCH, "", "t"},
	{"ALTER VIEW v OWNER TO r", "ALTER VIEW … OWNER TO", STATEMENT_SWITCH, "", "v"},
	{"ALTER TYPE e ADD VALUE 'x'", "ALTER TYPE … ADD VALUE", STATEMENT_ADDITIVE, "", ""},
	{"ALTER TYPE e RENAME VALUE 'x' TO 'y'", "ALTER TYPE … RENAME VALUE", STATEMENT_SWITCH, "", ""},
	{"ALTER TYPE c DROP ATTRIBUTE a", "ALTER TYPE … DROP ATTRIBUTE", STATEMENT_DESTRUCTIVE, "", ""},
	{"ALTER DOMAIN d ADD CHECK (value > 0)", "ALTER DOMAIN", STATEMENT_ADDITIVE, "", ""},
	{"ALTER DOMAIN d SET NOT NULL", "ALTER DOMAIN", STATEMENT_SWITCH, "", ""},
	{"ALTER SEQUENCE s RESTART", "ALTER SEQUENCE", STATEMENT_SWITCH, "", ""},
	{"ALTER SYSTEM SET a = 1", "ALTER SYSTEM", STATEMENT_SWITCH, "o", ""},
	{"ALTER DATABASE d SET TABLESPACE s", "ALTER DATABASE", STATEMENT_SWITCH, "o", ""},
	{"DROP TABLE a, s.b CASCADE", "DROP TABLE", STATEMENT_DESTRUCTIVE, "c", "a s.b"},
	{"DROP VIEW v", "DROP VIEW", STATEMENT_DESTRUCTIVE, "", "v"},
	{"DROP INDEX i", "DROP INDEX", STATEMENT_DESTRUCTIVE, "", ""},
	{"DROP INDEX CONCURRENTLY i", "DROP INDEX CONCURRENTLY", STATEMENT_DESTRUCTIVE, "o", ""},
	{"DROP TRIGGER x ON s.t", "DROP TRIGGER", STATEMENT_DESTRUCTIVE, "", "s.t"},
	{"DROP FUNCTION f(int)", "DROP FUNCTION", STATEMENT_DESTRUCTIVE, "", ""},
	{"DROP TYPE e", "DROP TYPE", STATEMENT_DESTRUCTIVE, "", ""},
	{"DROP SCHEMA s CASCADE", "DROP SCHEMA", STATEMENT_DESTRUCTIVE, "c", ""},
	{"DROP DATABASE d", "DROP DATABASE", STATEMENT_DESTRUCTIVE, "o", ""},
	{"DROP OWNED BY r", "DROP OWNED", STATEMENT_DESTRUCTIVE, "", ""},
	{"TRUNCATE a, b CASCADE", "TRUNCATE", STATEMENT_DESTRUCTIVE, "c", "a b"},
	{"VACUUM t", "VACUUM", STATEMENT_ADDITIVE, "o", "t"},
	{"ANALYZE t", "ANALYZE", STATEMENT_ADDITIVE, "", "t"},
	{"CLUSTER", "CLUSTER", STATEMENT_ADDITIVE, "o", ""},
	{"CLUSTER t USING i", "CLUSTER", STATEMENT_ADDITIVE, "", "t"},
	{"REINDEX TABLE t", "REINDEX", STATEMENT_ADDITIVE, "", "t"},
	{"REINDEX INDEX CONCURRENTLY i", "REINDEX CONCURRENTLY", STATEMENT_ADDITIVE, "oi", ""},
	{"REINDEX (CONCURRENTLY off) TABLE t", "REINDEX", STATEMENT_ADDITIVE, "", "t"},
	{"REINDEX SCHEMA s", "REINDEX", STATEMENT_ADDITIVE, "o", ""},
	{"REFRESH MATERIALIZED VIEW m", "REFRESH MATERIALIZED VIEW", STATEMENT_DATA, "", "m"},
	{"DO $$ BEGIN END $$", "DO", STATEMENT_OPAQUE, "", ""},
	{"CALL p(1)", "CALL", STATEMENT_OPAQUE, "", ""},
	{"EXECUTE p", "EXECUTE", STATEMENT_OPAQUE, "", ""},
};

static void flags_and_tables(const struct statement *s, struct buf *flags, struct buf *tables)
{
	buf_add(flags, s->outside_transaction ? "o" : "");
	buf_add(flags, s->builds_index_concurrently ? "i" : "");
	buf_add(flags, s->transaction_control ? "t" : "");
	buf_add(flags, s->cascades ? "c" : "");
	for (size_t i = 0; i < s->table_count; i++)
		buf_addf(tables, "%s%s%s%s", i > 0 ? " " : "", s->tables[i].schema ? s->tables[i].schema : "",
		         s->tables[i].schema ? "." : "", s->tables[i].name);
}

static void knows_statements(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(expectations) / sizeof(*expectations); i++) {
		const struct expected *e = &expectations[i];
		struct arena arena = {0};
		struct err err = {0};
		struct buf flags = {0}, tables = {0};
		struct statement *s;
		size_t count;

		if (!sql_classify(e->sql, &arena, &s, &count, &err))
			fail_msg("%s: %s", e->sql, err.diag.summary);
		assert_int_equal(count, 1);
		flags_and_tables(s, &flags, &tables);
		if (strcmp(s->verb, e->verb) || s->kind != e->kind || strcmp(buf_text(&flags), e->flags) ||
		    strcmp(buf_text(&tables), e->tables))
			fail_msg("%s: %s, %s, \"%s\", \"%s\"", e->sql, s->verb, statement_kind_name(s->kind), buf_text(&flags),
			         buf_text(&tables));
		buf_release(&flags);
		buf_release(&tables);
		arena_release(&arena);
	}
}

static void splits(void **state)
{
	static const char text[] =
		" -- first\n DROP  TABLE é; ;\n/* x */ SELECT ';' ;CREATE RULE r AS ON INSERT TO t DO "
		"ALSO (DELETE FROM u; DELETE FROM v);;";
	struct arena arena = {0};
	struct err err = {0};
	struct statement *s;
	size_t count;

	(void)state;
	assert_true(sql_classify(text, &arena, &s, &count, &err));
	assert_int_equal(count, 3);
	assert_string_equal(s[0].text, "drop table é");
	assert_int_equal(s[0].offset, strstr(text, "DROP") - text);
	assert_string_equal(s[1].text, "select ';'");
	assert_int_equal(s[1].offset, strstr(text, "SELECT") - text);
	assert_string_equal(s[2].text, "create rule r as on insert to t do also (delete from u; delete from v)");
	assert_int_equal(s[2].table_count, 3);
	arena_release(&arena);
}

static void knows_what_has_no_place(void **state)
{
	static const struct {
		const char *sql, *name;
	} cases[] = {
		{"CREATE TABLE \"Visits\" (x int)", "\"Visits\""},
		{"CREATE TABLE IF NOT EXISTS a PARTITION OF app.b DEFAULT", "a"},
		{"CREATE UNLOGGED TABLE a AS SELECT 1", "a"},
		{"SELECT 1 AS x INTO a UNION SELECT 2 UNION SELECT 3", "a"},
		{"CREATE MATERIALIZED VIEW a AS SELECT 1", "a"},
		{"CREATE OR REPLACE VIEW a AS SELECT 1", "a"},
		{"CREATE SEQUENCE a", "a"},
		{"CREATE TYPE a AS (x int)", "a"},
		{"CREATE TYPE a AS ENUM ()", "a"},
		{"CREATE TYPE a AS RANGE (subtype = int)", "a"},
		{"CREATE TYPE a", "a"},
		{"CREATE DOMAIN a AS int", "a"},
		{"CREATE FUNCTION a() RETURNS int LANGUAGE sql AS 'SELECT 1'", "a"},
		{"CREATE PROCEDURE a() LANGUAGE sql AS 'SELECT 1'", "a"},
		{"CREATE AGGREGATE a (int) (sfunc = int4pl, stype = int)", "a"},
		{"CREATE OPERATOR === (function = int4eq, leftarg = int, rightarg = int)", "\"===\""},
		{"CREATE OPERATOR CLASS a FOR TYPE int USING btree AS OPERATOR 1 <", "a"},
		{"CREATE OPERATOR FAMILY a USING btree", "a"},
		{"CREATE COLLATION a FROM \"C\"", "a"},
		{"CREATE CONVERSION a FOR 'UTF8' TO 'LATIN1' FROM f", "a"},
		{"CREATE TEXT SEARCH CONFIGURATION a (copy = simple)", "a"},
		{"CREATE STATISTICS a ON x, y FROM app.t", "a"},
		{"CREATE FOREIGN TABLE a (x int) SERVER s", "a"},
		{"CREATE EXTENSION a", "a"},
		{"CREATE EXTENSION a SCHEMA app", NULL},
		{"CREATE TABLE app.a (x int)", NULL},
		{"CREATE TEMP TABLE a (x int)", NULL},
		{"CREATE TEMP VIEW a AS SELECT 1", NULL},
		{"CREATE TABLE pg_temp.a AS SELECT 1", NULL},
		{"SELECT 1 AS x INTO TEMP a", NULL},
		{"SELECT 1", NULL},
		{"CREATE TYPE app.a AS ENUM ()", NULL},
		{"CREATE FUNCTION app.a() RETURNS int LANGUAGE sql AS 'SELECT 1'", NULL},
		{"CREATE INDEX a ON t (x)", NULL},
		{"CREATE SCHEMA s CREATE TABLE a (x int)", NULL},
		{"CREATE TRIGGER a AFTER INSERT ON t EXECUTE FUNCTION f()", NULL},
		{"ALTER TABLE a ADD COLUMN x serial", NULL},
		{"DROP TABLE a", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena arena = {0};
		struct err err = {0};
		struct statement *s;
		size_t count;

		if (!sql_classify(cases[i].sql, &arena, &s, &count, &err))
			fail_msg("%s: %s", cases[i].sql, err.diag.summary);
		if (cases[i].name ? !s->unplaced || strcmp(s->unplaced, cases[i].name) != 0 : s->unplaced != NULL)
			fail_msg("%s: %s", cases[i].sql, s->unplaced ? s->unplaced : "nothing");
		arena_release(&arena);
	}
}

static void refuses(void **state)
{
	struct arena arena = {0};
	struct err err = {0};
	struct statement *s;
	size_t count;

	(void)state;
	assert_false(sql_classify("", &arena, &s, &count, &err));
	assert_false(sql_classify(" ; ", &arena, &s, &count, &err));
	assert_false(sql_classify("SELECT 1; SELEC 2", &arena, &s, &count, &err));
	assert_int_equal(err.position, 11);
	err_release(&err);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_statements),
		cmocka_unit_test(splits),
		cmocka_unit_test(knows_what_has_no_place),
		cmocka_unit_test(refuses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("classify", tests, NULL, NULL);
}
