/* interlock uninstall: the registry goes, and all that it keeps. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/report.h"
#include "engine/remove.h"

static void show(const struct holdings *h, const struct conn *conn)
{
	report_message("this removes the registry of database \"%s\" (schema interlock)", conn_database(conn));
	if (h->run_count > 0)
		report_message(
			"  what is known of %zu run%s, which can't be undone afterwards: journal, approvals, verifications",
			h->run_count, h->run_count == 1 ? "" : "s");
	if (h->asked)
		report_message("  interlock.in_rollout(): an application that still asks it gets an error from then on:");
	for (size_t i = 0; i < h->rollout_count; i++) {
		report_message("    %s", h->rollouts[i]);
		if (report_is_json())
			report_json(json_pack("{s:s, s:s}", "type", "rollout", "what", h->rollouts[i]));
	}
	if (h->kept_count > 0)
		report_message("  rows that exist nowhere else:");
	for (size_t i = 0; i < h->kept_count; i++) {
		report_message("    %s", h->kept[i]);
		if (report_is_json())
			report_json(json_pack("{s:s, s:s}", "type", "kept", "what", h->kept[i]));
	}
}

/* --yes is not enough where rows would be lost, wherever we are. */
static bool confirm(struct context *context, const struct holdings *h, struct conn *conn, struct err *err)
{
	const char *given = context->options.confirm, *name = conn_database(conn);

	if (given && strcmp(given, name) != 0) {
		err_set(err, EXIT_CONFIRM, "--confirm names \"%s\", this database is \"%s\"", given, name);
		err_help(err, "nothing was changed");
		return false;
	}
	if (h->kept_count == 0)
		return act_confirm(context, "remove it?", true, err);
	if (given)
		return true;
	err_set(err, EXIT_CONFIRM, "this loses rows for ever: --yes is not enough");
	for (size_t i = 0; i < h->kept_count; i++)
		err_detail(err, "%s", h->kept[i]);
	err_help(err, "interlock undo or restore puts them back; to lose them add --confirm %s; nothing was changed",
	         name);
	return false;
}

static void say_end(const struct context *context, const struct holdings *h, const struct conn *conn)
{
	if (context->options.json)
		report_json(json_pack("{s:s, s:s, s:b, s:i}", "type", "done", "database", conn_database(conn), "removed",
		                      h->registry, "runs", (int)h->run_count));
	else if (h->registry)
		printf("removed: database \"%s\" has no registry any more\n", conn_database(conn));
	else
		printf("nothing to remove: database \"%s\" has no registry\n", conn_database(conn));
}

static bool uninstall(struct context *context, struct conn *conn, struct err *err)
{
	struct holdings holdings;

	if (!remove_look(conn, &context->arena, &holdings, err))
		return false;
	if (holdings.registry) {
		if (!remove_allowed(&holdings, err))
			return false;
		show(&holdings, conn);
		if (context->options.dry_run)
			return true;
		if (!confirm(context, &holdings, conn, err) || !remove_registry(conn, &holdings, err))
			return false;
	}
	say_end(context, &holdings, conn);
	return true;
}

static enum exit_code run_uninstall(struct context *context, struct err *err)
{
	struct conn *conn = act_connect(context, err);
	bool ok = conn && uninstall(context, conn, err);

	conn_close(conn);
	return ok ? EXIT_DONE : err->code;
}

const struct command command_uninstall = {
	.name = "uninstall",
	.group = "maintain",
	.summary = "remove the registry from a database",
	.description =
		"Drops schema interlock with the runs, their journal and what they kept; the tables of the application stay as "
		"they are. It refuses while a run is not over, and names those (exit code 6); and where somebody has put "
		"something of his own into the schema, or made something that stands on it: nothing is dropped by CASCADE.\n\n"
		"Plans that ran can't be undone afterwards. Rows in archives or quarantine exist nowhere else: they are "
		"listed, and then it wants --confirm with the database's name. Otherwise it asks. -n only lists.\n\n"
		"interlock.in_rollout() goes too: take it out of the application first. Rollouts that let somebody in are listed.",
	.server = SERVER_REQUIRED,
	.operands_min = 0,
	.operands_max = 0,
	.run = run_uninstall,
};
