/* One row of CSV as a JSON object, by the names in its header. */
#ifndef INTERLOCK_PLAN_CSV_H
#define INTERLOCK_PLAN_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* A zeroed struct is none; whoever reads one releases it. */
struct csv_header {
	char **names; /* each ready for JSON, with its quotes */
	size_t count;
};

/*
 * Reads the names of the columns from valid UTF-8.  false: *problem says what
 * is wrong, as "names no column 3".
 */
bool csv_header(struct csv_header *header, const char *text, size_t length, struct buf *problem);
void csv_header_release(struct csv_header *header);

/*
 * Appends {"id": "7", "note": null}.  Where there are more or fewer values
 * than names, *problem gets the reason, and *out is of no use.
 */
void csv_object(const struct csv_header *header, const char *text, size_t length, struct buf *out,
                struct buf *problem);

#endif
