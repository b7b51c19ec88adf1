/* Sizes of batches, from how long the last ones took. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/pace.h"

static void test_grows_slowly(void **state)
{
	struct pace pace;

	(void)state;
	pace_init(&pace, 25);
	assert_int_equal(pace.rows, PACE_FIRST);
	pace_note(&pace, pace.rows, 1); /* 25 times as many would fit */
	assert_int_equal(pace.rows, 2 * PACE_FIRST);
	for (int i = 0; i < 20; i++)
		pace_note(&pace, pace.rows, 0.001);
	assert_int_equal(pace.rows, PACE_CEILING);
}

static void test_shrinks(void **state)
{
	struct pace pace;

	(void)state;
	pace_init(&pace, 25);
	pace_note(&pace, pace.rows, 60);
	assert_int_equal(pace.rows, PACE_FIRST / 2);
	pace_note(&pace, pace.rows, 200); /* far too long */
	assert_int_equal(pace.rows, PACE_FIRST / 20);
	pace_halve(&pace);
	assert_int_equal(pace.rows, PACE_FIRST / 40);
	for (int i = 0; i < 20; i++)
		pace_halve(&pace);
	assert_int_equal(pace.rows, PACE_FLOOR);
}

/* One slow batch among many decides, until it is forgotten. */
static void test_heeds_the_slowest(void **state)
{
	struct pace pace;

	(void)state;
	pace_init(&pace, 100);
	pace_note(&pace, 1000, 200); /* 0.2 ms a row */
	for (int i = 0; i < PACE_HISTORY - 1; i++)
		pace_note(&pace, 1000, 50);
	assert_int_equal(pace.rows, 500);
	pace_note(&pace, 1000, 50);
	assert_int_equal(pace.rows, 1000);
}

static void test_nothing_learned(void **state)
{
	struct pace pace;

	(void)state;
	pace_init(&pace, 25);
	pace_note(&pace, 0, 10);
	pace_note(&pace, 100, 0);
	assert_int_equal(pace.rows, PACE_FIRST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_slowly),
		cmocka_unit_test(test_shrinks),
		cmocka_unit_test(test_heeds_the_slowest),
		cmocka_unit_test(test_nothing_learned),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
