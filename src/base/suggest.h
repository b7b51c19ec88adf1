/* "Did you mean …": the known word that is nearest to what was written. */
#ifndef INTERLOCK_BASE_SUGGEST_H
#define INTERLOCK_BASE_SUGGEST_H

#include <stddef.h>

/*
 * The nearest of `count` candidates by Damerau-Levenshtein distance (optimal
 * string alignment), or NULL when none is near enough to be meant: at most a
 * third of the word's length, and at least 1.
 */
const char *suggest(const char *word, const char *const *candidates, size_t count);

#endif
