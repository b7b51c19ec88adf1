/* interlock upgrade-registry: a registry of an older version becomes one of ours. */
#include <jansson.h>
#include <stdio.h>

#include "cli/act.h"
#include "cli/report.h"
#include "engine/registry.h"

static void say_end(const struct context *context, const struct conn *conn, int from)
{
	if (context->options.json)
		report_json(json_pack("{s:s, s:s, s:i, s:i}", "type", "done", "database", conn_database(conn), "from",
		                      from, "to", from ? (int)REGISTRY_VERSION : 0));
	else if (from == 0)
		printf("nothing to upgrade: database \"%s\" has no registry\n", conn_database(conn));
	else if (from == REGISTRY_VERSION)
		printf("nothing to upgrade: the registry is of version %d\n", from);
	else
		printf("%supgraded%s: the registry was of version %d, is of version %d\n",
		       report_color(stdout, COLOR_GREEN), report_color(stdout, COLOR_PLAIN), from, (int)REGISTRY_VERSION);
}

static bool upgrade(struct context *context, struct conn *conn, struct err *err)
{
	bool exists;
	int from;

	/* registry_look() refuses one that is newer than we are. */
	if (!registry_look(conn, &exists, err) || !registry_version(conn, &from, err))
		return false;
	if (from > 0 && from < REGISTRY_VERSION) {
		if (!registry_at_rest(conn, err))
			return false;
		report_message("the registry of database \"%s\" is of version %d; interlock works with version %d",
		               conn_database(conn), from, (int)REGISTRY_VERSION);
		report_message("  every run stays as it is; an older interlock can't work with it afterwards");
		if (context->options.dry_run)
			return true;
		if (!act_confirm(context, "upgrade it?", false, err) || !registry_upgrade(conn, &from, err))
			return false;
	}
	say_end(context, conn, from);
	return true;
}

static enum exit_code run_upgrade(struct context *context, struct err *err)
{
	struct conn *conn = act_connect(context, err);
	bool ok = conn && upgrade(context, conn, err);

	conn_close(conn);
	return ok ? EXIT_DONE : err->code;
}

const struct command command_upgrade_registry = {
	.name = "upgrade-registry",
	.group = "maintain",
	.summary = "bring a registry that an older interlock made up to this version",
	.description =
		"A registry keeps its version. An older one is only read (status, log), and run says so; this brings it up, in "
		"one transaction, and every run goes on as before. An older interlock can't work with it afterwards, so bring "
		"up the program everywhere first. It asks, and refuses while a run is being run. -n only says what it would do.",
	.server = SERVER_REQUIRED,
	.operands_min = 0,
	.operands_max = 0,
	.run = run_upgrade,
};
