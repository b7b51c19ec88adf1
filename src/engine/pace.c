/* Sizes from times. */
#include "engine/pace.h"

#include <stdlib.h>
#include <string.h>

static int64_t within(int64_t rows)
{
	return rows < PACE_FLOOR ? PACE_FLOOR : rows > PACE_CEILING ? PACE_CEILING : rows;
}

void pace_init(struct pace *pace, double target)
{
	*pace = (struct pace){.target = target, .rows = PACE_FIRST};
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The rate that nine tenths of the last batches did not exceed. */
static double slow_rate(const struct pace *pace)
{
	int count = pace->known < PACE_HISTORY ? pace->known : PACE_HISTORY;
	double sorted[PACE_HISTORY];

	memcpy(sorted, pace->rates, sizeof(sorted));
	qsort(sorted, (size_t)count, sizeof(*sorted), by_size);
	return sorted[count * 9 / 10 < count ? count * 9 / 10 : count - 1];
}

void pace_note(struct pace *pace, int64_t rows, double ms)
{
	double rate = rows > 0 ? ms / (double)rows : 0;
	int64_t next, size = pace->rows;

	if (rate <= 0) /* nothing to be learned */
		return;
	pace->rates[pace->known++ % PACE_HISTORY] = rate;
	next = (int64_t)(pace->target / slow_rate(pace));
	if (ms > 5 * pace->target)
		next = size / 10;
	else if (next > 2 * size)
		next = 2 * size;
	else if (next < size / 2)
		next = size / 2;
	pace->rows = within(next);
}

void pace_halve(struct pace *pace)
{
	pace->rows = within(pace->rows / 2);
}
