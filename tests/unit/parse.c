/* Texts of a plan: exactly one thing of a kind, or an error with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "sql/parse.h"

typedef bool (*check)(const char *text, struct err *err);

static void assert_accepted(check check_text, const char *const *texts)
{
	for (; *texts; texts++) {
		struct err err = {0};

		if (!check_text(*texts, &err))
			fail_msg("%s: %s", *texts, err.diag.summary);
		err_release(&err);
	}
}

static void assert_refused(check check_text, const char *const *texts)
{
	for (; *texts; texts++) {
		struct err err = {0};

		if (check_text(*texts, &err))
			fail_msg("accepted: %s", *texts);
		assert_non_null(err.diag.summary);
		assert_in_range(err.position, 0, strlen(*texts) + 1);
		err_release(&err);
	}
}

static void assert_error(check check_text, const char *text, const char *words, int position)
{
	struct err err = {0};

	assert_false(check_text(text, &err));
	if (!strstr(err.diag.summary, words))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, err.diag.summary, words);
	assert_int_equal(err.position, position);
	err_release(&err);
}

static void checks_expressions(void **state)
{
	static const char *const good[] = {
		"a",
		"lower(status)",
		"round(total * 100)::bigint",
		"(a, b)",
		"row(1, 2)",
		"'x' -- y",
		"a /* b */",
		"(SELECT max(x) FROM t)",
		"CASE WHEN a THEN 1 ELSE 2 END",
		"x IN (1, 2)",
		"NOT is_test",
		"a.b.c",
		"$1",
		"count(*) FILTER (WHERE a) OVER (PARTITION BY b)",
		"CURRENT_TIMESTAMP",
		"a ? 'b'",
		"\"order\"",
		NULL,
	};

	(void)state;
	assert_accepted(sql_check_expression, good);
}

static void refuses_what_is_more_than_an_expression(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"-- x",
		"a, b",
		"a AS y",
		"a y",
		"a FROM t",
		"a WHERE b",
		"a; DROP TABLE t",
		"a;",
		"a) + (b",
		"(a",
		"a)",
		"ALL a",
		"DISTINCT a",
		"a LIMIT ALL",
		"a FOR READ ONLY",
		"a UNION SELECT 1",
		"a THEN 1 WHEN b",
		"a THEN 0 END, CASE WHEN b",
		"a THEN 0 END + CASE WHEN b",
		"a THEN 0 END FROM t WHERE CASE WHEN b",
		"a THEN CASE WHEN b",
		"a THEN b ELSE CASE WHEN c",
		"a THEN 0 END; SELECT CASE WHEN b",
		"b WHEN a",
		"a INTO x",
		"SELECT 1",
		"a ORDER BY b",
		"'abc",
		"/* x",
		"$$ x",
		"a ]",
		"*",
		"?",
		NULL,
	};

	(void)state;
	assert_refused(sql_check_expression, bad);
}

static void checks_types(void **state)
{
	static const char *const good[] = {
		"text",
		"varchar(255)",
		"app.mood[]",
		"timestamptz(3)",
		"numeric(10, 2)",
		"double precision",
		"int[3][]",
		"timestamp with time zone",
		"\"My Type\"",
		"interval day to second",
		"bit varying(3)",
		"text -- x",
		NULL,
	};
	static const char *const bad[] = {
		"",
		"text, 1",
		"text AS y",
		"text FROM t",
		"text; drop table x",
		"text) + (1",
		"text + 1",
		"SETOF text",
		"text COLLATE \"C\"",
		"text NOT NULL",
		"text), CAST(NULL AS int",
		"text) AS x, (1",
		"text FOR READ ONLY",
		"a.b%TYPE",
		"1",
		"text DEFAULT 1",
		NULL,
	};

	(void)state;
	assert_accepted(sql_check_type, good);
	assert_refused(sql_check_type, bad);
}

static void checks_queries(void **state)
{
	static const char *const good[] = {
		"SELECT 1",
		"VALUES (1), (2)",
		"TABLE t",
		"WITH a AS (SELECT 1) SELECT * FROM a",
		"(SELECT 1) UNION SELECT 2",
		"SELECT count(*) FROM app.orders WHERE NOT is_test -- x",
		NULL,
	};
	static const char *const bad[] = {
		"",
		";",
		"SELECT 1;",
		"SELECT 1; SELECT 2",
		"SELECT 1 INTO t",
		"SELECT * FROM t FOR UPDATE",
		"SELECT * FROM (SELECT * FROM t FOR SHARE) q",
		"WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
		"DELETE FROM t",
		"a + 1",
		"EXPLAIN SELECT 1",
		"SELECT (",
		NULL,
	};

	(void)state;
	assert_accepted(sql_check_query, good);
	assert_refused(sql_check_query, bad);
}

static void checks_statements(void **state)
{
	static const char *const good[] = {"DROP TABLE t", "SELECT 1; SELECT 2;", ";; SELECT 1", "BEGIN; COMMIT",
	                                   NULL};
	static const char *const bad[] = {"", "  ", ";", "-- x", "SELEC 1", "CREATE TABLE", NULL};

	(void)state;
	assert_accepted(sql_check_statements, good);
	assert_refused(sql_check_statements, bad);
}

static void says_where(void **state)
{
	(void)state;
	assert_error(sql_check_expression, "", "empty", 0);
	assert_error(sql_check_expression, "a, b", "at or near \",\"", 2);
	assert_error(sql_check_expression, "'é' b", "at or near \"b\"", 5);
	assert_error(sql_check_expression, "a +", "at end of input", 4);
	assert_error(sql_check_expression, "é)", "at or near \")\"", 2);
	assert_error(sql_check_expression, "a = 'x", "unterminated quoted string", 5);
	assert_error(sql_check_type, "numeric(10", "at end of input", 11);
	assert_error(sql_check_type, "text text", "at or near \"text\"", 6);
	assert_error(sql_check_query, "SELECT 1;", "at or near \";\"", 9);
	assert_error(sql_check_statements, "SELECT 1;\nDROP TBLE x", "at or near \"TBLE\"", 16);
}

static void stays_within_limits(void **state)
{
	const struct rlimit big = {64 << 20, RLIM_INFINITY};
	struct buf text = {0};
	struct err err = {0};
	struct rlimit before, wanted = big;

	(void)state;
	getrlimit(RLIMIT_STACK, &before);
	wanted.rlim_max = before.rlim_max;
	if (setrlimit(RLIMIT_STACK, &wanted) != 0)
		skip();
	buf_add(&text, "a");
	while (text.length < 4 * 4900)
		buf_add(&text, " + b");
	if (!sql_check_expression(buf_text(&text), &err))
		fail_msg("%s", err.diag.summary);
	while (text.length < 4 * 50000)
		buf_add(&text, " + b");
	assert_error(sql_check_expression, buf_text(&text), "tokens", 0);
	assert_error(sql_check_statements, buf_text(&text), "tokens", 0);
	buf_clear(&text);
	while (text.length < 8 * 9000)
		buf_add(&text, "NOT NOT ");
	assert_error(sql_check_expression, buf_text(&text), "tokens", 0);
	while (text.length <= SQL_TEXT_MAX)
		buf_add(&text, "                ");
	assert_error(sql_check_expression, buf_text(&text), "bytes", 0);
	setrlimit(RLIMIT_STACK, &before); /* with less stack, fewer tokens */
	buf_release(&text);
}

static void reads_index_columns(void **state)
{
	static const char *const bad[] = {"",       "a,",    "a) WHERE (b", "a) INCLUDE (b", "a; b",
	                                  "a AS b", "a) (b", "a, , b",      "a FROM b",      NULL};
	struct arena arena = {0};
	struct err err = {0};
	struct index_column *columns;
	size_t count;

	(void)state;
	assert_true(sql_parse_index_columns("A, lower(b), \"C d\" DESC  NULLS LAST, (x + 1), (e), f[1,2] -- y", &arena,
	                                    &columns, &count, &err) == false); /* f[1,2] is no column list */
	err_release(&err);
	assert_true(sql_parse_index_columns("A, lower(B ,1), \"C d\" DESC  NULLS LAST, (x + 1), (e) text_ops -- y",
	                                    &arena, &columns, &count, &err));
	assert_int_equal(count, 5);
	assert_string_equal(columns[0].text, "a");
	assert_string_equal(columns[0].column, "a");
	assert_string_equal(columns[1].text, "lower(b, 1)");
	assert_null(columns[1].column);
	assert_string_equal(columns[2].text, "\"C d\" desc nulls last");
	assert_string_equal(columns[2].column, "C d");
	assert_string_equal(columns[3].text, "(x + 1)");
	assert_null(columns[3].column);
	assert_string_equal(columns[4].text, "(e) text_ops");
	assert_string_equal(columns[4].column, "e");
	for (size_t i = 0; bad[i]; i++) {
		if (sql_parse_index_columns(bad[i], &arena, &columns, &count, &err))
			fail_msg("accepted: %s", bad[i]);
		err_release(&err);
	}
	arena_release(&arena);
}

static void reads_table_definitions(void **state)
{
	struct arena arena = {0};
	struct err err = {0};
	struct table_definition t;

	(void)state;
	assert_true(sql_parse_table_definition("id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, -- the key\n"
	                                       "total numeric(10,2) NOT NULL CHECK (total > 0),\n"
	                                       "UNIQUE (id, total)",
	                                       &arena, &t, &err));
	assert_int_equal(t.element_count, 3);
	assert_int_equal(t.foreign_key_count, 0);
	assert_false(t.has_like_or_inherits);
	assert_string_equal(t.elements[0].column, "id");
	assert_string_equal(t.elements[0].text, "id bigint generated by default as identity primary key");
	assert_string_equal(t.elements[1].text, "total numeric(10, 2) not null check (total > 0)");
	assert_null(t.elements[2].column);
	assert_string_equal(t.elements[2].text, "unique (id, total)");
	assert_true(sql_parse_table_definition("a int, LIKE other INCLUDING ALL", &arena, &t, &err));
	assert_true(t.has_like_or_inherits);
	arena_release(&arena);
}

static void takes_foreign_keys_out(void **state)
{
	struct arena arena = {0};
	struct err err = {0};
	struct table_definition t;

	(void)state;
	assert_true(sql_parse_table_definition(
		"a int NOT NULL CONSTRAINT fk REFERENCES app.\"O\" (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED "
		"DEFAULT 1 CHECK (a > 0), b text REFERENCES p COLLATE \"C\" UNIQUE DEFERRABLE, é text references q, "
		"CONSTRAINT two FOREIGN KEY (a, b) REFERENCES s.r (x, y) MATCH FULL ON UPDATE SET NULL, "
		"FOREIGN KEY (b) REFERENCES r ON DELETE SET NULL (b)",
		&arena, &t, &err));
	assert_int_equal(t.element_count, 3);
	assert_string_equal(t.elements[0].text, "a int not null default 1 check (a > 0)");
	assert_string_equal(t.elements[1].text, "b text collate \"C\" unique deferrable");
	assert_string_equal(t.elements[2].text, "é text");
	assert_int_equal(t.foreign_key_count, 5);
	assert_string_equal(t.foreign_keys[0].name, "fk");
	assert_string_equal(t.foreign_keys[0].columns[0], "a");
	assert_string_equal(t.foreign_keys[0].schema, "app");
	assert_string_equal(t.foreign_keys[0].table, "O");
	assert_string_equal(t.foreign_keys[0].referenced[0], "id");
	assert_int_equal(t.foreign_keys[0].on_delete, 'c');
	assert_int_equal(t.foreign_keys[0].on_update, 'a');
	assert_true(t.foreign_keys[0].deferrable && t.foreign_keys[0].initially_deferred);
	assert_null(t.foreign_keys[1].name);
	assert_null(t.foreign_keys[1].schema);
	assert_false(t.foreign_keys[1].deferrable);
	assert_int_equal(t.foreign_keys[1].referenced_count, 0);
	assert_string_equal(t.foreign_keys[2].columns[0], "é");
	assert_string_equal(t.foreign_keys[3].name, "two");
	assert_int_equal(t.foreign_keys[3].column_count, 2);
	assert_string_equal(t.foreign_keys[3].columns[1], "b");
	assert_string_equal(t.foreign_keys[3].referenced[1], "y");
	assert_int_equal(t.foreign_keys[3].on_update, 'n');
	assert_true(t.foreign_keys[3].match_full);
	assert_int_equal(t.foreign_keys[4].set_column_count, 1);
	arena_release(&arena);
}

static void refuses_other_definitions(void **state)
{
	static const char *const bad[] = {"",
	                                  "a",
	                                  "a int,",
	                                  "a int) INHERITS (b",
	                                  "a int); DROP TABLE x; CREATE TABLE y (b int",
	                                  "a int; b",
	                                  "a int) AS (",
	                                  "a int) WITH (f=1",
	                                  "a int, (",
	                                  NULL};
	struct arena arena = {0};
	struct err err = {0};
	struct table_definition t;

	(void)state;
	for (size_t i = 0; bad[i]; i++) {
		if (sql_parse_table_definition(bad[i], &arena, &t, &err))
			fail_msg("accepted: %s", bad[i]);
		err_release(&err);
	}
	arena_release(&arena);
}

static void reads_references(void **state)
{
	static const char *const bad[] = {"",
	                                  "a b",
	                                  "a(id) ON DELETE CASCADE",
	                                  "a NOT NULL",
	                                  "a, b int",
	                                  "a)",
	                                  "a(id), UNIQUE (c)",
	                                  "a(id",
	                                  "a()",
	                                  "a ON DELETE NO ACTION",
	                                  "a MATCH SIMPLE",
	                                  "a(id) REFERENCES b",
	                                  "a(lower(x))",
	                                  "a DEFERRABLE",
	                                  NULL};
	struct arena arena = {0};
	struct err err = {0};
	struct foreign_key key;

	(void)state;
	assert_true(sql_parse_references("app.Orgs", &arena, &key, &err));
	assert_string_equal(key.schema, "app");
	assert_string_equal(key.table, "orgs");
	assert_int_equal(key.referenced_count, 0);
	assert_true(sql_parse_references("orgs (id, \"X\") -- y", &arena, &key, &err));
	assert_null(key.schema);
	assert_int_equal(key.referenced_count, 2);
	assert_string_equal(key.referenced[1], "X");
	for (size_t i = 0; bad[i]; i++) {
		if (sql_parse_references(bad[i], &arena, &key, &err))
			fail_msg("accepted: %s", bad[i]);
		err_release(&err);
	}
	arena_release(&arena);
}

static void normalizes(void **state)
{
	static const char *const pairs[][2] = {
		{"SELECT  A . b ,\"C\"FROM T -- x\n;", "select a.b, \"C\" from t"},
		{"lower( B )::TEXT", "lower(b)::text"},
		{"'It''s' || E'\\'X'", "'It''s' || e'\\'X'"},
		{"'a'  \n   'B'", "'a'\n'B'"},
		{"e'a\\''\n\n'B'", "e'a\\''\n'B'"},
		{"a - - b -/**/- c", "a - - b - - c"},
		{"$Tag$ X $Tag$ /* /* y */ */ , Foo$Bar", "$Tag$ X $Tag$, foo$bar"},
		{"U&\"\\0041b\" , U&'X'  ;", "u&\"\\0041b\", u&'X'"},
		{"N'x' n 'x'", "n'x' n 'x'"},
		{"x[ 1 : 2 ] . y", "x[1 : 2].y"},
		{"count( * ), t . *", "count(*), t.*"},
		{"x IN (1) VALUES (2)", "x in (1) values (2)"},
		{"1 . 5", "1 . 5"},
		{"ÄB \"ÄB\"", "Äb \"ÄB\""},
		{"'not closed", "'not closed"},
		{"", ""},
		{";;", ""},
		{"B'01' X'1F' 1E5", "b'01' x'1F' 1e5"},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		const char *once = sql_normalize(pairs[i][0], &arena);

		assert_string_equal(once, pairs[i][1]);
		assert_string_equal(sql_normalize(once, &arena), once);
	}
	arena_release(&arena);
}

static void finds_functions(void **state)
{
	struct arena arena = {0};
	struct err err = {0};
	struct function_call *calls;
	size_t count;

	(void)state;
	assert_true(sql_functions("lower(app.F(x)) || lower(y)", &arena, &calls, &count, &err));
	assert_int_equal(count, 2);
	assert_string_equal(calls[0].name, "lower");
	assert_null(calls[0].schema);
	assert_string_equal(calls[1].name, "f");
	assert_string_equal(calls[1].schema, "app");
	assert_true(sql_functions("SELECT max(x) FROM g(1) WHERE (SELECT h(2)) > CURRENT_TIMESTAMP", &arena, &calls,
	                          &count, &err));
	assert_int_equal(count, 4);
	assert_true(sql_functions("a + 1", &arena, &calls, &count, &err));
	assert_int_equal(count, 0);
	assert_true(sql_functions("current_timestamp", &arena, &calls, &count, &err));
	assert_int_equal(count, 1);
	assert_string_equal(calls[0].name, "now");
	assert_false(sql_functions("a +", &arena, &calls, &count, &err));
	assert_int_equal(err.position, 4);
	err_release(&err);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_expressions),
		cmocka_unit_test(refuses_what_is_more_than_an_expression),
		cmocka_unit_test(checks_types),
		cmocka_unit_test(checks_queries),
		cmocka_unit_test(checks_statements),
		cmocka_unit_test(says_where),
		cmocka_unit_test(stays_within_limits),
		cmocka_unit_test(reads_index_columns),
		cmocka_unit_test(reads_table_definitions),
		cmocka_unit_test(takes_foreign_keys_out),
		cmocka_unit_test(refuses_other_definitions),
		cmocka_unit_test(reads_references),
		cmocka_unit_test(normalizes),
		cmocka_unit_test(finds_functions),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
