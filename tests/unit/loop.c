/* The loop without a server: deadlines, descriptors, timers, signals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "db/loop.h"

static struct loop *loop;
static struct timer *timer;
static int fired, nested;

static int set_up(void **state)
{
	(void)state;
	loop = loop_new();
	fired = nested = 0;
	timer = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void count(void *arg)
{
	(void)arg;
	fired++;
}

static void count_once(void *arg)
{
	count(arg);
	timer_remove(timer);
}

/* Waits inside a timer: longer than the other timer's interval. */
static void wait_inside(void *arg)
{
	int before = fired;

	(void)arg;
	assert_true(loop_in_timer(loop));
	assert_int_equal(loop_wait(loop, -1, false, loop_now() + 30), LOOP_TIMEOUT);
	nested += fired - before;
}

static void sleeps_that_long(void **state)
{
	int64_t before = loop_now();

	(void)state;
	assert_true(loop_sleep(loop, 30));
	assert_true(loop_now() - before >= 30);
	assert_true(loop_now() - before < 1000);
}

static void a_pipe_is_ready_or_not(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(loop_wait(loop, ends[0], false, loop_now() + 10), LOOP_TIMEOUT);
	assert_int_equal(loop_wait(loop, ends[1], true, 0), LOOP_READY);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(loop_wait(loop, ends[0], false, 0), LOOP_READY);
	close(ends[1]);
	assert_int_equal(loop_wait(loop, ends[0], false, 0), LOOP_READY);
	close(ends[0]);
}

static void a_past_deadline_still_sees_what_is_ready(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(loop_wait(loop, ends[1], true, 1), LOOP_READY);
	assert_int_equal(loop_wait(loop, ends[0], false, 1), LOOP_TIMEOUT);
	close(ends[0]);
	close(ends[1]);
}

static void timers_fire_while_waiting(void **state)
{
	(void)state;
	timer = loop_add_timer(loop, 10, count, NULL);
	assert_true(loop_sleep(loop, 105));
	assert_in_range(fired, 3, 10);
	timer_remove(timer);
	fired = 0;
	assert_true(loop_sleep(loop, 25));
	assert_int_equal(fired, 0);
}

static void a_timer_removes_itself(void **state)
{
	(void)state;
	timer = loop_add_timer(loop, 5, count_once, NULL);
	assert_true(loop_sleep(loop, 40));
	assert_int_equal(fired, 1);
}

static void timers_do_not_nest(void **state)
{
	(void)state;
	loop_add_timer(loop, 5, count, NULL);
	loop_add_timer(loop, 5, wait_inside, NULL);
	assert_true(loop_sleep(loop, 100));
	assert_true(fired > 0);
	assert_int_equal(nested, 0);
	assert_false(loop_in_timer(loop));
}

static void interrupt_us(void *arg)
{
	(void)arg;
	timer_remove(timer);
	raise(SIGINT);
}

/* The last one: the count never goes back. */
static void a_signal_ends_a_wait(void **state)
{
	struct loop_interest interest = {-1, 0, loop_now() + 5000, 0};

	(void)state;
	timer = loop_add_timer(loop, 5, interrupt_us, NULL);
	assert_int_equal(loop_wait(loop, -1, false, loop_now() + 5000), LOOP_INTERRUPT);
	assert_int_equal(loop_wait_for(loop, &interest), LOOP_INTERRUPT);
	interest.interrupts = 1;
	interest.deadline = loop_now() + 10;
	assert_int_equal(loop_wait_for(loop, &interest), LOOP_TIMEOUT);
	assert_false(loop_sleep(loop, 5000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sleeps_that_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_pipe_is_ready_or_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_past_deadline_still_sees_what_is_ready, set_up, tear_down),
		cmocka_unit_test_setup_teardown(timers_fire_while_waiting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_timer_removes_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(timers_do_not_nest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_signal_ends_a_wait, set_up, tear_down),
	};

	interrupt_install();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
