/* Making the scratch copy that the command line asks for. */
#ifndef INTERLOCK_CLI_REHEARSE_COPY_H
#define INTERLOCK_CLI_REHEARSE_COPY_H

#include "cli/command.h"
#include "engine/scratch.h"

/* --sample, 1 without it.  EXIT_USAGE: it is no number. */
bool rehearse_sample(const struct context *context, int64_t *sample, struct err *err);
/* Of the database that is named, with --bindir or --in; the original is read on a session of its own. */
bool rehearse_copy(struct context *context, int64_t sample, struct scratch *scratch, struct err *err);
/* What it is and what it lacks, as messages. */
void rehearse_say_copy(struct scratch *scratch);
/* "the schema, statistics and 40 rows of 40 tables", in the arena. */
const char *rehearse_rests_on(const struct scratch *scratch, struct arena *arena);

#endif
