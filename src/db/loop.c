/* The poll(2) loop: timers in a list, one descriptor at a time, and the pipe that signals write to. */
#include "db/loop.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "base/interrupt.h"
#include "base/xalloc.h"

struct timer {
	struct loop *loop;
	struct timer *next;
	int64_t interval, due;
	void (*fn)(void *);
	void *arg;
	bool removed; /* freed once nothing fires */
};

struct loop {
	struct timer *timers;
	bool firing; /* a timer's function runs; waits inside it fire no timers */
};

struct loop *loop_new(void)
{
	return xcalloc(1, sizeof(struct loop));
}

/* Frees the timers that were removed, or all of them. */
static void sweep(struct loop *loop, bool all)
{
	struct timer **at = &loop->timers;

	while (*at) {
		struct timer *timer = *at;

		if (!all && !timer->removed) {
			at = &timer->next;
			continue;
		}
		*at = timer->next;
		free(timer);
	}
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	sweep(loop, true);
	free(loop);
}

struct timer *loop_add_timer(struct loop *loop, int64_t interval, void (*fn)(void *), void *arg)
{
	struct timer *timer = xcalloc(1, sizeof(*timer));

	*timer = (struct timer){loop, loop->timers, interval, loop_now() + interval, fn, arg, false};
	loop->timers = timer;
	return timer;
}

void timer_remove(struct timer *timer)
{
	if (!timer)
		return;
	timer->removed = true;
	if (!timer->loop->firing)
		sweep(timer->loop, false);
}

bool loop_in_timer(const struct loop *loop)
{
	return loop->firing;
}

int64_t loop_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Fires what is due.  A late timer fires once, and its next time counts from its end. */
static void fire_timers(struct loop *loop)
{
	if (loop->firing)
		return;
	loop->firing = true;
	for (struct timer *timer = loop->timers; timer; timer = timer->next) {
		if (timer->removed || timer->due > loop_now())
			continue;
		timer->fn(timer->arg);
		timer->due = loop_now() + timer->interval;
	}
	loop->firing = false;
	sweep(loop, false);
}

/* Milliseconds until the deadline or the next timer, for poll(2); -1 for never. */
static int patience(const struct loop *loop, int64_t deadline)
{
	int64_t until = deadline ? deadline : INT64_MAX, now;

	for (const struct timer *timer = loop->firing ? NULL : loop->timers; timer; timer = timer->next)
		if (timer->due < until)
			until = timer->due;
	if (until == INT64_MAX)
		return -1;
	now = loop_now();
	if (until <= now)
		return 0;
	return until - now > INT_MAX ? INT_MAX : (int)(until - now);
}

enum loop_event loop_wait_for(struct loop *loop, const struct loop_interest *interest)
{
	for (;;) {
		struct pollfd fds[] = {{interest->descriptor, interest->events, 0}, {interrupt_descriptor(), POLLIN, 0}};

		fire_timers(loop);
		if (interrupt_count() != interest->interrupts)
			return LOOP_INTERRUPT;
		if (poll(fds, 2, patience(loop, interest->deadline)) > 0) {
			if (fds[1].revents)
				interrupt_drain(); /* the count is looked at in the next round */
			if (fds[0].revents)
				return LOOP_READY;
		} else if (interest->deadline && loop_now() >= interest->deadline) {
			return LOOP_TIMEOUT;
		}
	}
}

enum loop_event loop_wait(struct loop *loop, int descriptor, bool for_write, int64_t deadline)
{
	struct loop_interest interest = {descriptor, for_write ? POLLOUT : POLLIN, deadline, interrupt_count()};

	return loop_wait_for(loop, &interest);
}

bool loop_sleep(struct loop *loop, int64_t milliseconds)
{
	struct loop_interest interest = {-1, 0, loop_now() + milliseconds, 0};

	return loop_wait_for(loop, &interest) == LOOP_TIMEOUT;
}
