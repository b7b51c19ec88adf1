/* How a rehearsal looks: what it stands on, what each step did, how it ended. */
#ifndef INTERLOCK_CLI_REHEARSE_REPORT_H
#define INTERLOCK_CLI_REHEARSE_REPORT_H

#include "cli/command.h"
#include "engine/rehearse.h"

struct rehearse_report {
	struct context *context;
	struct scratch *scratch;
	enum rehearsal_pass pass;
	size_t steps; /* that were done on the way up */
	struct arena arena;
};

/* The listener of a rehearsal that shows itself; the report is borrowed. */
struct rehearsal_listener rehearse_listener(struct rehearse_report *report);
/* The end, without an error. */
void rehearse_say_end(struct rehearse_report *report, const struct rehearsal *rehearsal);
void rehearse_report_release(struct rehearse_report *report);

#endif
