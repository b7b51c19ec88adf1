/* A safety period while it is looked at: what engine/safety.c and engine/readers.c share. */
#ifndef INTERLOCK_ENGINE_PERIOD_H
#define INTERLOCK_ENGINE_PERIOD_H

#include "engine/look.h"
#include "engine/reads.h"

/*
 * The data of such a row:
 *   here      the last sample of the primary (engine/reads.h)
 *   standbys  by address: the last sample
 *   own       what our own transactions read since (engine/own_reads.h)
 *   looked    when, in seconds of the epoch
 *   reads, dumped   scans by others since the period was reached; of them while pg_dump was there
 *   allowed   [seconds, scans] that `allow` let pass, of late
 *   again     {at, why}: when it last began anew
 *   unknown   why it can't be told whether the tables are used; absent when it can
 *   notes     what was written into comments (engine/notes.h)
 *   without   why nothing could be written there
 */
struct period {
	struct look *look;
	const struct safety_args *args;
	struct read_tables tables;
	json_t *data;        /* the row's, changed as we go */
	json_t *here;        /* the sample of now */
	bool first;          /* it begins only now */
	const char *again;   /* why it begins anew; NULL: it does not */
	const char *unknown; /* why it can't end; NULL: nothing is in the way */
	bool satisfied;
	int64_t scans; /* by others since the last look, beyond what pg_dump read */
};

/* Who used the tables since the last look, here and on the standbys?  Fills data, again and unknown. */
bool period_readers(struct period *period, struct err *err);

/* "app.a, app.b" */
const char *period_names(const struct safety_args *args, struct arena *arena);
/* The first step from block `from` on that changes that table; NULL: there is none. */
const struct step *period_step_on(const struct plan *plan, const struct relname *table, int from);

#endif
