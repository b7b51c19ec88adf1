/* Expressions that are made to speak of NEW, and those that no row can make fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sql/row.h"

static void says(const char *expression, const char *wanted)
{
	struct arena arena = {0};
	const char *got = sql_on_row(expression, "NEW", &arena);

	if (wanted)
		assert_string_equal(got, wanted);
	else
		assert_null(got);
	arena_release(&arena);
}

static void test_columns(void **state)
{
	(void)state;
	says("total", "NEW.total");
	says("lower(orders.status) = state", "lower(NEW.status) = NEW.state");
	says("app.orders.total * 2 -- twice", "NEW.total * 2 -- twice");
	says("\"Old Doc\"->>'a' || note", "NEW.\"Old Doc\"->>'a' || NEW.note");
	says("'total' = $$total$$", "'total' = $$total$$");
	says("(a, b) = (1, c)", "(NEW.a, NEW.b) = (1, NEW.c)");
	says("CASE WHEN total IS NULL THEN 0 ELSE total::int END",
	     "CASE WHEN NEW.total IS NULL THEN 0 ELSE NEW.total::int END");
}

static void test_beyond_words(void **state)
{
	(void)state;
	says("EXISTS (SELECT 1)", NULL);
	says("orders.*", NULL);
	says("total +", NULL);
	assert_true(sql_has_query("a IN (SELECT 1)"));
	assert_false(sql_has_query("a IN (1, 2)"));
	assert_true(sql_has_star("row_to_json(t.*)"));
	assert_false(sql_has_star("count(a)"));
}

static void test_cannot_fail(void **state)
{
	static const char *const safe[] = {
		"a", "a IS NULL", "a = 1 AND NOT b", "status IN ('x', 'y')", "a <> b OR c IS TRUE", "orders.a >= 2.5"};
	static const char *const risky[] = {"a / b > 1", "a::int = 1",     "length(a) = 2", "a ~ '('",
	                                    "-a = 1",    "a = (SELECT 1)", "a ||"};

	(void)state;
	for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++)
		assert_true(sql_cannot_fail(safe[i]));
	for (size_t i = 0; i < sizeof(risky) / sizeof(risky[0]); i++)
		assert_false(sql_cannot_fail(risky[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_beyond_words),
		cmocka_unit_test(test_cannot_fail),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
