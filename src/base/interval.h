/* Lengths of time as people write them: "50 ms", "1 hour", "30 days", "1h30m". */
#ifndef INTERLOCK_BASE_INTERVAL_H
#define INTERLOCK_BASE_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Reads one into milliseconds.  Units: ms, s, min, m, h, d, w and their names
 * in full, singular or plural; several parts add up.  Months and years have no
 * fixed length and are refused.  false: not a length of time.
 */
bool interval_parse(const char *text, int64_t *milliseconds);
/* Writes it for people, largest two units: "2 days 3 h", "1 min 5 s", "50 ms". */
void interval_format(int64_t milliseconds, struct buf *out);

#endif
