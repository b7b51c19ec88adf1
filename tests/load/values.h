/* Random values for the columns of the load application's table, and new keys. */
#ifndef INTERLOCK_TESTS_LOAD_VALUES_H
#define INTERLOCK_TESTS_LOAD_VALUES_H

#include "load.h"

/* One process's random numbers, the numbers it gives to keys, and room for texts that live for one transaction. */
struct values {
	uint64_t state;
	int client;
	int64_t last_key, last_unique;
	char *room;
	size_t used;
};

void values_init(struct values *values, unsigned seed, int client);
/* Forgets the texts of the last transaction. */
void values_clear(struct values *values);
/* 0 … below - 1 */
uint32_t values_below(struct values *values, uint32_t below);
/* A text for a column of a row; NULL for SQL's NULL.  For a counter: by how much it grows. */
const char *values_column(struct values *values, const struct column *column);
/* A key that no client ever used, its columns by malloc. */
void values_key(struct values *values, const struct table *table, char **key);

#endif
