/* What a client of the load application counts and remembers: times, failed statements, rows that were not as they
 * must be. */
#include "load.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void latency_note(struct latency *latency, int64_t us, const char *what)
{
	int bucket = 0;

	for (double limit = 10; bucket < BUCKETS - 1 && (double)us > limit; limit *= 1.1)
		bucket++;
	latency->buckets[bucket]++;
	if (us > latency->longest_us) {
		latency->longest_us = us;
		snprintf(latency->slowest, TEXT, "%s", what);
	}
}

void counts_failure(struct counts *counts, const char *sqlstate, const char *message, const char *statement)
{
	counts->errors++;
	for (int i = 0; i < MAX_ERRORS; i++) {
		struct failure *failure = &counts->failures[i];

		if (failure->count && strcmp(failure->sqlstate, sqlstate) != 0)
			continue;
		if (failure->count++ == 0) {
			snprintf(failure->sqlstate, sizeof failure->sqlstate, "%s", sqlstate);
			snprintf(failure->message, TEXT, "%s", message);
			snprintf(failure->statement, TEXT, "%s", statement);
		}
		return;
	}
}

void counts_mismatch(struct counts *counts, const char *what, const char *table, const char *account)
{
	if (counts->mismatches++ == 0)
		snprintf(counts->mismatch, TEXT, "%.60s: table %.110s, account %.110s", what, table, account);
}
