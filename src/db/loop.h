/*
 * The one poll(2) loop.  While a function of db/conn.h waits for a server, the
 * loop also fires timers and notices signals; nothing else ever waits.
 */
#ifndef INTERLOCK_DB_LOOP_H
#define INTERLOCK_DB_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct timer;

struct loop *loop_new(void);
void loop_free(struct loop *loop);

/*
 * Calls fn(arg) every `interval` ms while anything waits on this loop.  The
 * function may run short queries on a connection that is not the one waiting.
 * A timer never fires inside a timer.
 */
struct timer *loop_add_timer(struct loop *loop, int64_t interval, void (*fn)(void *), void *arg);
/* Accepts NULL; a timer may remove itself while it fires.  loop_free() removes those that are left. */
void timer_remove(struct timer *timer);
/* Is a timer's function running now? */
bool loop_in_timer(const struct loop *loop);

/* Milliseconds of the monotonic clock. */
int64_t loop_now(void);

/* Waits that long, timers firing; returns early (false) when the person asked us to stop, also before the call. */
bool loop_sleep(struct loop *loop, int64_t milliseconds);

enum loop_event { LOOP_READY, LOOP_TIMEOUT, LOOP_INTERRUPT };
/*
 * Waits until the descriptor is readable (or writable, if asked), or until
 * `deadline` (loop_now() scale, 0 for never).  LOOP_INTERRUPT: a signal arrived
 * since the call began.
 */
enum loop_event loop_wait(struct loop *loop, int descriptor, bool for_write, int64_t deadline);

/* The same with every word said, for a wait that is made of several calls and must not miss a signal between two.
 */
struct loop_interest {
	int descriptor;   /* -1: none */
	short events;     /* POLLIN, POLLOUT or both */
	int64_t deadline; /* as above */
	int interrupts; /* the interrupt_count() that the caller knows of: LOOP_INTERRUPT when it is no longer that */
};
enum loop_event loop_wait_for(struct loop *loop, const struct loop_interest *interest);

#endif
