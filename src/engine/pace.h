/*
 * How many rows a batch takes: as many as fit into a length of time, told from
 * the batches before.  Never a number of rows alone: a batch holds the locks
 * of its rows, and the same number may take forty times as long (performance.md 1).
 */
#ifndef INTERLOCK_ENGINE_PACE_H
#define INTERLOCK_ENGINE_PACE_H

#include <stdint.h>

enum { PACE_HISTORY = 8, PACE_FLOOR = 10, PACE_CEILING = 100000, PACE_FIRST = 1000 };

struct pace {
	double target;              /* ms that a batch is to take */
	double rates[PACE_HISTORY]; /* ms a row, of the last batches */
	int known;                  /* how many of them there ever were */
	int64_t rows;               /* that the next batch takes */
};

void pace_init(struct pace *pace, double target);
/*
 * A batch of `rows` rows took `ms`, without waits: the next is as the slowest
 * but one tenth of the last suggest, at most doubled or halved; one that took
 * five times too long is followed by a tenth of it.
 */
void pace_note(struct pace *pace, int64_t rows, double ms);
/* It failed at a lock, a deadlock or a limit: half of it. */
void pace_halve(struct pace *pace);

#endif
