/*
 * A file of data that a plan reads: where it is, and what is in it.  Its
 * SHA-256 is part of the compiled plan, so that what was approved is what is
 * read; where it lies is not.
 */
#ifndef INTERLOCK_PLAN_DATA_FILE_H
#define INTERLOCK_PLAN_DATA_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "plan/option.h"

struct data_file {
	const char *path; /* as the plan says, seen from its folder */
	const char *real; /* absolute, when the plan was compiled; NULL: nobody has looked for it */
	const char *sha256;
	int64_t bytes, lines;
};

/*
 * Looks for the file that an option names, in the plan's folder or below its
 * root, and reads it through.  Gives the JSON that data_file_read() reads; the
 * caller owns it.  NULL: the reason is in diags.
 */
json_t *data_file_find(json_t *name, const struct option *option, const struct option_place *place,
                       struct diags *diags);

/* From that JSON, or from the bare name; strings are borrowed from it.  false: it is neither. */
bool data_file_read(json_t *value, struct data_file *file);

struct plan;
/* Where the files of a plan lie now: another compilation of the same plan tells. */
void data_files_move(struct plan *plan, const struct plan *now);

/* What is hashed of it; the caller owns it. */
json_t *data_file_canonical(json_t *value);

#endif
