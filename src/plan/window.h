/*
 * Hours of the week in which long steps may work: "mon-fri 22:00-06:00
 * Europe/Berlin", "sat,sun".  Only wall clocks here; what a clock says at a
 * moment, summer time and all, the server knows (engine/windows.h).
 */
#ifndef INTERLOCK_PLAN_WINDOW_H
#define INTERLOCK_PLAN_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "plan/option.h"

/* Minutes of a day; `to` not above `from`: it ends on the day after. */
struct window {
	unsigned days; /* on which it begins; bit 0 is Monday; never none */
	int from, to;  /* 0..1439, 1..1440 */
	const char *zone;
};

struct window_list {
	struct window *items;
	size_t count;
};

/* Why a text is no window, for a person. */
struct window_problem {
	const char *what, *help;
};

/*
 * Reads all of them into the arena.  A window without a time zone takes the one
 * that the others name, when they all name the same.  Whether the server knows
 * the zone is not looked at.
 */
bool windows_parse(const struct text_list *texts, struct arena *arena, struct window_list *out,
                   struct window_problem *problem);

/* Is it open when the clock of its zone says so: day 0 is Monday, minute of the day? */
bool window_is_open(const struct window *window, int day, int minute);

/* Days from today (0 to 7) until it opens the next time, at window->from. */
int window_opens_after(const struct window *window, int day, int minute);

#endif
