/* What is told of queries and of their plans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/explain.h"
#include "plan/verdict.h"
#include "sql/tables.h"

#define SCAN(more)                                                                                                \
	"{\"Node Type\": \"Seq Scan\", \"Relation Name\": \"Order Items\", \"Schema\": \"app\", " more "}"
#define INDEX(name, more)                                                                                         \
	"{\"Node Type\": \"Index Scan\", \"Index Name\": \"" name                                                     \
	"\", \"Relation Name\": \"users\", \"Schema\": \"app\", " more "}"

static void assert_served(const char *plan, const char *want)
{
	struct arena arena = {0};
	const char *json = arena_printf(&arena, "[{\"Plan\": %s}]", plan), *got = explain_served_by(json, &arena);

	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	arena_release(&arena);
}

static void names_what_served(void **state)
{
	(void)state;
	assert_served("{\"Node Type\": \"Result\", \"Total Cost\": 0.01}", NULL);
	assert_served(SCAN("\"Total Cost\": 1"), "Seq Scan on app.\"Order Items\"");
	assert_served("{\"Node Type\": \"Limit\", \"Plans\": [" INDEX("users_pkey", "\"Total Cost\": 1") "]}",
	              "index users_pkey");
	/* The heap of a bitmap is read by its index. */
	assert_served(
		"{\"Node Type\": \"Bitmap Heap Scan\", \"Relation Name\": \"users\", \"Schema\": \"app\", \"Plans\": ["
		"{\"Node Type\": \"Bitmap Index Scan\", \"Index Name\": \"By Nick\"}]}",
		"index \"By Nick\"");
	assert_served("{\"Node Type\": \"Hash Join\", \"Plans\": [" SCAN("\"a\": 1") ", " INDEX(
					  "a", "\"a\": 1") ", " INDEX("a", "\"a\": 1") "]}",
	              "Seq Scan on app.\"Order Items\" and index a");
	assert_served(
		"{\"Node Type\": \"Append\", \"Plans\": [" INDEX("a", "\"a\": 1") ", " INDEX("b", "\"a\": 1") ", " INDEX(
			"c", "\"a\": 1") ", " INDEX("d", "\"a\": 1") ", " INDEX("e", "\"a\": 1") ", " INDEX("f",
	                                                                                            "\"a\": 1") "]}",
		"index a, index b, index c, index d and 2 more");
	assert_served("null", NULL);
}

static void assert_slowest(const char *plan, const char *want, bool scans_wanted)
{
	struct arena arena = {0};
	bool scans;
	const char *json = arena_printf(&arena, "[{\"Plan\": %s}]", plan),
			   *got = explain_slowest(json, &arena, &scans);

	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	assert_int_equal(scans, scans_wanted);
	arena_release(&arena);
}

static void names_what_took_the_time(void **state)
{
	(void)state;
	/* By cost, each less what is below it. */
	assert_slowest("{\"Node Type\": \"Sort\", \"Total Cost\": 100, \"Plans\": [" SCAN("\"Total Cost\": 90") "]}",
	               "Seq Scan on app.\"Order Items\"", true);
	assert_slowest("{\"Node Type\": \"Sort\", \"Total Cost\": 100, \"Plans\": [" SCAN("\"Total Cost\": 30") "]}",
	               "Sort", false);
	/* By time, that of all loops, with the rows that a filter threw away. */
	assert_slowest(
		"{\"Node Type\": \"Nested Loop\", \"Actual Total Time\": 100, \"Actual Loops\": 1, \"Plans\": [" SCAN(
			"\"Actual Total Time\": 20, \"Actual Loops\": 1, \"Actual Rows\": 1, \"Rows Removed by Filter\": 1234566") ", " INDEX("users_pkey",
	                                                                                                                              "\"Actual Total Time\": 0.7, \"Actual Loops\": 100, \"Actual Rows\": 1.00") "]}",
		"Index Scan of users_pkey on app.users, 100 rows", false);
	assert_slowest(
		SCAN(
			"\"Actual Total Time\": 20, \"Actual Loops\": 1, \"Actual Rows\": 1, \"Rows Removed by Filter\": 1234566"),
		"Seq Scan on app.\"Order Items\", 1,234,567 rows", true);
	assert_slowest("{\"Node Type\": \"Function Scan\", \"Function Name\": \"generate_series\", \"Total Cost\": 1}",
	               "Function Scan on generate_series", false);
	assert_slowest("null", NULL, false);
}

static void assert_tables(const char *query, const char *want)
{
	struct arena arena = {0};
	const struct relname *tables;
	size_t count = sql_tables(query, &arena, &tables);
	struct buf text = {0};

	for (size_t i = 0; i < count; i++)
		buf_addf(&text, "%s%s|%s", i ? " " : "", tables[i].schema ? tables[i].schema : "", tables[i].name);
	assert_string_equal(buf_text(&text), want);
	buf_release(&text);
	arena_release(&arena);
}

static void finds_tables(void **state)
{
	(void)state;
	assert_tables("SELECT 1", "");
	assert_tables("SELECT * FROM app.users u JOIN \"Order Items\" USING (id), app.users v",
	              "app|users |Order Items");
	assert_tables(
		"SELECT (SELECT max(id) FROM a), EXISTS (TABLE b) FROM (SELECT * FROM c UNION SELECT * FROM d) x",
		"|a |b |c |d");
	assert_tables("not a query", "");
}

static void assert_shown(const char *query, const char *want)
{
	struct arena arena = {0};

	assert_string_equal(query_shown(query, &arena), want);
	arena_release(&arena);
}

static void shows_a_query_in_a_few_words(void **state)
{
	(void)state;
	assert_shown("  SELECT id -- all\n  FROM app.users ", "select id from app.users");
	assert_shown("SELECT id FROM app.orders WHERE total > 100 AND total < 200",
	             "select id from app.orders where total > 100 ...");
	/* Forty-three bytes, then a letter of two: it is left out whole. */
	assert_shown("SELECT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaä'",
	             "select 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_what_served),
		cmocka_unit_test(names_what_took_the_time),
		cmocka_unit_test(finds_tables),
		cmocka_unit_test(shows_a_query_in_a_few_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
