/* Windows: what can be read, what is refused and why, and when one is open by the clock of its zone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "plan/window.h"

enum { MON, TUE, WED, THU, FRI, SAT, SUN };

static struct arena arena;

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static struct window one(const char *text)
{
	struct text_list texts = {&text, 1};
	struct window_problem problem = {0};
	struct window_list list;

	if (!windows_parse(&texts, &arena, &list, &problem))
		fail_msg("%s", problem.what);
	assert_int_equal(list.count, 1);
	return list.items[0];
}

static void assert_window(const char *text, unsigned days, int from, int to)
{
	struct window window = one(text);

	assert_int_equal(window.days, days);
	assert_int_equal(window.from, from);
	assert_int_equal(window.to, to);
}

static void days_hours_and_zones_are_read(void **state)
{
	(void)state;
	assert_window("22:00-06:00 Europe/Berlin", 127, 1320, 360);
	assert_window("sat,sun UTC", 3 << SAT, 0, 1440);
	assert_window("  Saturday, Sunday   UTC ", 3 << SAT, 0, 1440);
	assert_window("mon-fri 9:30-17:00 America/Argentina/Buenos_Aires", 31, 570, 1020);
	assert_window("Mon - Fri 09:30 \xe2\x80\x93 17:00 utc", 31, 570, 1020);
	assert_window("fri-mon UTC", 1 << FRI | 1 << SAT | 1 << SUN | 1 << MON, 0, 1440);
	assert_window("mon,wed-fri,sun 00:00-24:00 UTC", 1 << MON | 7 << WED | 1 << SUN, 0, 1440);
	assert_window("tue 20:00-00:00 UTC", 1 << TUE, 1200, 1440);
	assert_string_equal(one("22:00-06:00 Europe/Berlin").zone, "Europe/Berlin");
}

static void assert_refused(const char *text, const char *why)
{
	struct text_list texts = {&text, 1};
	struct window_problem problem = {0};
	struct window_list list;

	assert_false(windows_parse(&texts, &arena, &list, &problem));
	if (!strstr(problem.what, why))
		fail_msg("\"%s\" is not in \"%s\"", why, problem.what);
	assert_non_null(strstr(problem.what, text));
	assert_true(strlen(problem.help) > 10);
}

static void what_could_mean_two_things_is_refused(void **state)
{
	(void)state;
	assert_refused("22:00-06:00", "does not say in which time zone");
	assert_refused("sat,sun", "does not say in which time zone");
	assert_refused("22:00-06:00 CET", "has \"CET\" where a time zone is wanted");
	assert_refused("22:00-06:00 +02:00", "has \"+02:00\" where a time zone is wanted");
	assert_refused("22-06 Europe/Berlin", "hours that can't be read");
	assert_refused("10pm-6am Europe/Berlin", "hours that can't be read");
	assert_refused("22:00 Europe/Berlin", "hours that can't be read");
	assert_refused("22:00-25:00 UTC", "hours that can't be read");
	assert_refused("22:60-23:00 UTC", "hours that can't be read");
	assert_refused("22:00-6:00am UTC", "hours that can't be read");
	assert_refused("24:00-06:00 UTC", "begins at 24:00");
	assert_refused("22:00-22:00 UTC", "ends when it begins");
	assert_refused("Europe/Berlin", "names neither days nor hours");
	assert_refused("", "names neither days nor hours");
	assert_refused("mon-someday UTC", "no last one");
	assert_refused("sat, UTC", "behind a comma");
	assert_refused("mo-fr UTC", "has \"mo-fr\" where a time zone is wanted");
	assert_refused("22:00-06:00 mon-fri UTC", "has \"mon-fri\" where a time zone is wanted");
	assert_refused("mon 22:00-06:00 Europe/Berlin tue", "behind its time zone");
}

static void a_zone_said_once_is_for_all(void **state)
{
	const char *same[] = {"sat,sun", "22:00-06:00 Europe/Berlin", "12:00-13:00 Europe/Berlin"};
	const char *two[] = {"sat,sun", "22:00-06:00 Europe/Berlin", "12:00-13:00 Asia/Tokyo"};
	struct window_problem problem = {0};
	struct window_list list;

	(void)state;
	assert_true(windows_parse(&(struct text_list){same, 3}, &arena, &list, &problem));
	assert_string_equal(list.items[0].zone, "Europe/Berlin");
	assert_false(windows_parse(&(struct text_list){two, 3}, &arena, &list, &problem));
	assert_string_equal(problem.what, "window \"sat,sun\" does not say in which time zone");
	assert_true(windows_parse(&(struct text_list){NULL, 0}, &arena, &list, &problem));
	assert_int_equal(list.count, 0);
}

static void a_window_within_a_day(void **state)
{
	struct window window = one("mon-fri 09:00-17:00 UTC");

	(void)state;
	assert_false(window_is_open(&window, MON, 539));
	assert_true(window_is_open(&window, MON, 540));
	assert_true(window_is_open(&window, FRI, 1019));
	assert_false(window_is_open(&window, FRI, 1020));
	assert_false(window_is_open(&window, SAT, 600));
	assert_int_equal(window_opens_after(&window, MON, 539), 0);
	assert_int_equal(window_opens_after(&window, MON, 1100), 1);
	assert_int_equal(window_opens_after(&window, FRI, 1100), 3);
	assert_int_equal(window_opens_after(&window, SUN, 0), 1);
}

static void a_window_past_midnight_belongs_to_the_day_on_which_it_begins(void **state)
{
	struct window window = one("sat 22:00-06:00 UTC"), nights = one("22:00-06:00 UTC");

	(void)state;
	assert_false(window_is_open(&window, SAT, 0));
	assert_false(window_is_open(&window, SAT, 1319));
	assert_true(window_is_open(&window, SAT, 1320));
	assert_true(window_is_open(&window, SAT, 1439));
	assert_true(window_is_open(&window, SUN, 0));
	assert_true(window_is_open(&window, SUN, 359));
	assert_false(window_is_open(&window, SUN, 360));
	assert_false(window_is_open(&window, SUN, 1320));
	assert_int_equal(window_opens_after(&window, SAT, 0), 0);
	assert_int_equal(window_opens_after(&window, SUN, 360), 6);
	assert_int_equal(window_opens_after(&window, SAT, 1330), 7);
	assert_true(window_is_open(&nights, MON, 100));
	assert_false(window_is_open(&nights, MON, 720));
	assert_int_equal(window_opens_after(&nights, MON, 720), 0);
}

static void a_window_to_midnight_ends_there(void **state)
{
	struct window window = one("sun 20:00-24:00 UTC"), days = one("sun UTC");

	(void)state;
	assert_true(window_is_open(&window, SUN, 1439));
	assert_false(window_is_open(&window, MON, 0));
	assert_true(window_is_open(&days, SUN, 0));
	assert_true(window_is_open(&days, SUN, 1439));
	assert_false(window_is_open(&days, MON, 0));
	assert_false(window_is_open(&days, SAT, 1439));
	assert_int_equal(window_opens_after(&days, SAT, 1439), 1);
	assert_int_equal(window_opens_after(&days, MON, 0), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(days_hours_and_zones_are_read, release),
		cmocka_unit_test_teardown(what_could_mean_two_things_is_refused, release),
		cmocka_unit_test_teardown(a_zone_said_once_is_for_all, release),
		cmocka_unit_test_teardown(a_window_within_a_day, release),
		cmocka_unit_test_teardown(a_window_past_midnight_belongs_to_the_day_on_which_it_begins, release),
		cmocka_unit_test_teardown(a_window_to_midnight_ends_there, release),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
