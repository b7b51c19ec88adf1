/* Answers made by hand, the cache of prepared statements, connection strings, and libpq's texts as errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "db/session.h"

static struct rows *made_by_hand(void)
{
	static char id[] = "id", name[] = "Name", one[] = "-7", word[] = "w\xc3\xb6rt", two[] = "9000000000";
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc columns[] = {{id, 0, 0, 0, 20, 8, -1}, {name, 0, 0, 0, 25, -1, -1}};

	assert_true(PQsetResultAttrs(result, 2, columns));
	assert_true(PQsetvalue(result, 0, 0, one, 2));
	assert_true(PQsetvalue(result, 0, 1, word, 5));
	assert_true(PQsetvalue(result, 1, 0, two, 10));
	assert_true(PQsetvalue(result, 1, 1, NULL, -1));
	return rows_new(result);
}

static void values_are_found(void **state)
{
	struct rows *rows = made_by_hand();

	(void)state;
	assert_int_equal(rows_count(rows), 2);
	assert_int_equal(rows_columns(rows), 2);
	assert_string_equal(rows_name(rows, 1), "Name");
	assert_string_equal(rows_value(rows, 0, 0), "-7");
	assert_string_equal(rows_get(rows, 0, "Name"), "w\xc3\xb6rt");
	assert_null(rows_get(rows, 1, "Name"));
	assert_true(rows_integer(rows, 0, "id") == -7);
	assert_true(rows_integer(rows, 1, "id") == 9000000000);
	assert_true(rows_integer(rows, 1, "Name") == 0);
	assert_true(rows_affected(rows) == 0);
	rows_free(rows);
	rows_free(NULL);
}

static void a_record_outlives_the_rows(void **state)
{
	struct arena arena = {0};
	struct rows *rows = made_by_hand();
	struct record *first = rows_record(rows, 0, &arena), *second = rows_record(rows, 1, &arena);

	(void)state;
	rows_free(rows);
	assert_string_equal(record_get(first, "id"), "-7");
	assert_string_equal(record_get(first, "Name"), "w\xc3\xb6rt");
	assert_null(record_get(second, "Name"));
	arena_release(&arena);
}

static void statements_are_kept_by_text(void **state)
{
	struct statements statements = {0};
	char sql[32];

	(void)state;
	assert_null(statements_find(&statements, "a"));
	for (int i = 0; i < 100; i++) {
		snprintf(sql, sizeof(sql), "SELECT %d", i * 37 % 100);
		statements_add(&statements, sql)->known = i % 2 == 0;
	}
	assert_string_equal(statements_find(&statements, "SELECT 37")->name, "il_2");
	statements_forget_unknown(&statements);
	assert_int_equal(statements.count, 50);
	assert_null(statements_find(&statements, "SELECT 37"));
	assert_string_equal(statements_find(&statements, "SELECT 0")->name, "il_1");
	assert_string_equal(statements_add(&statements, "SELECT 37")->name, "il_101");
	statements_forget(&statements, "SELECT 0");
	statements_forget(&statements, "SELECT 0");
	assert_null(statements_find(&statements, "SELECT 0"));
	statements_release(&statements);
}

static void readable_strings(void **state)
{
	static const char *const strings[] = {
		"shop",
		"a@b/c",
		"host=db1 password=x@y/z dbname=shop",
		"postgresql://u:p%40ss@db1:5432/shop?sslmode=require&application_name=x@y",
		"postgres://db1/shop?ssl=true",
		"postgresql:///shop?host=/tmp&port=5433",
		"postgresql://u:a?b@db1/shop",
	};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (!conninfo_check(strings[i], &err))
			fail_msg("%s: %s", strings[i], err.diag.summary);
}

/* Every one has "hush" or "sec" in its password. */
static void unreadable_strings_stay_secret(void **state)
{
	static const char *const strings[] = {
		"host=db1 password=my hush",       "host=db1 password='hush",
		"postgresql://u:hush@sec@db1/x",   "postgresql://u:hush/sec@db1/x",
		"postgresql://u:hush%zz@db1/x",    "postgresql://u:hush%zz@db1/x?sslmode=require",
		"postgresql://u:h?ush@sec@db1/x",  "postgresql://u:hush@db1:x y/shop?schema=public",
		"postgresql://u:hush@[::1/x?port", "host=db1 password=hush sec=1",
	};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		assert_false(conninfo_check(strings[i], &err));
		assert_int_equal(err.code, EXIT_CONNECTION);
		if (strstr(err.diag.summary, "ush") || strstr(err.diag.summary, "sec"))
			fail_msg("%s: %s", strings[i], err.diag.summary);
		assert_non_null(err.diag.help);
	}
	assert_false(conninfo_check("postgresql://u:hush@db1/shop?schema=public", &err));
	assert_string_equal(err.diag.summary, "unknown parameter \"schema\" in the connection URI");
	assert_false(conninfo_check("host=db1 password=my hush", &err));
	assert_string_equal(err.diag.summary, "cannot read the connection string: missing \"=\"");
	err_release(&err);
}

static void refusals_say_why(void **state)
{
	struct err err = {0};

	(void)state;
	connect_err(
		"connection to server at \"db1\", port 5432 failed: FATAL:  28P01: password authentication failed\n"
		"LOCATION:  auth_failed, auth.c:324\n"
		"connection to server at \"db1\", port 5432 failed: FATAL:  28P01: password authentication failed\n"
		"LOCATION:  auth_failed, auth.c:324\n",
		&err);
	assert_int_equal(err.code, EXIT_CONNECTION);
	assert_true(err_is(&err, "28P01"));
	assert_string_equal(
		err.diag.summary,
		"connection to server at \"db1\", port 5432 failed: FATAL:  password authentication failed");
	assert_int_equal(err.diag.detail_count, 0);
	assert_non_null(strstr(err.diag.help, "PGPASSWORD"));

	connect_err("connection to server at \"a\" (10.0.0.1), port 5432 failed: Connection refused\n"
	            "\tIs the server running on that host and accepting TCP/IP connections?\n"
	            "connection to server at \"b\", port 1 failed: FATAL:  3D000: database \"x\" does not exist\n",
	            &err);
	assert_string_equal(err.diag.summary,
	                    "connection to server at \"a\" (10.0.0.1), port 5432 failed: Connection refused");
	assert_int_equal(err.diag.detail_count, 1);
	assert_string_equal(err.diag.details[0],
	                    "connection to server at \"b\", port 1 failed: FATAL:  database \"x\" does not exist");
	assert_true(err_is(&err, "3D000"));

	connect_err("\n", &err);
	assert_string_equal(err.diag.summary, "no connection to the server");
	assert_string_equal(err.sqlstate, "");
	err_release(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found),
		cmocka_unit_test(a_record_outlives_the_rows),
		cmocka_unit_test(statements_are_kept_by_text),
		cmocka_unit_test(readable_strings),
		cmocka_unit_test(unreadable_strings_stay_secret),
		cmocka_unit_test(refusals_say_why),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
