/* A command that looks at a database where it can, and says so where it can't. */
#include "cli/offline.h"

#include "cli/act.h"
#include "cli/report.h"

bool connect_or_offline(struct context *context, struct conn **conn, struct err *err)
{
	*conn = NULL;
	if (context->options.offline)
		return true;
	*conn = act_connect(context, err);
	if (*conn)
		return true;
	if (context->target.named)
		return false;
	err_release(err);
	if (!context->options.json)
		report_message("no database named, and none answers: checking offline");
	return true;
}
