/* interlock doctor: what is to be known before something goes wrong. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/report.h"
#include "engine/doctor.h"
#include "engine/grants.h"
#include "engine/registry.h"

enum { LABEL_MAX = 48, SUBJECT_WIDTH = 21 };

/* ---- The checkup ---- */

static void show(const struct remark *remark)
{
	static const enum report_color colors[] = {COLOR_GREEN, COLOR_YELLOW, COLOR_RED};

	if (report_is_json()) {
		report_json(json_pack("{s:s, s:s, s:s, s:s, s:s?}", "type", "check", "subject", remark->subject, "level",
		                      level_name(remark->level), "text", remark->text, "help", remark->help));
		return;
	}
	printf("%s%-7s%s  %-*s  %s\n", report_color(stdout, colors[remark->level]), level_name(remark->level),
	       report_color(stdout, COLOR_PLAIN), SUBJECT_WIDTH, remark->subject, remark->text);
	if (remark->help)
		printf("%-*s  help: %s\n", 9 + SUBJECT_WIDTH, "", remark->help);
}

static void show_count(const struct checkup *checkup)
{
	if (report_is_json())
		report_json(json_pack("{s:s, s:I, s:I}", "type", "summary", "problems", (json_int_t)checkup->problems,
		                      "warnings", (json_int_t)checkup->warnings));
	else
		printf("%zu problem%s, %zu warning%s\n", checkup->problems, checkup->problems == 1 ? "" : "s",
		       checkup->warnings, checkup->warnings == 1 ? "" : "s");
}

static bool examine(struct context *context, bool *problems, struct err *err)
{
	struct checkup checkup = {.arena = &context->arena};
	bool ok;

	checkup.conn = act_connect(context, err);
	checkup.other = checkup.conn ? act_connect(context, err) : NULL;
	ok = checkup.other && doctor_examine(&checkup, err);
	for (const struct remark *remark = checkup.first; ok && remark; remark = remark->next)
		if (remark->level != LEVEL_OK || !context->options.quiet)
			show(remark);
	if (ok)
		show_count(&checkup);
	*problems = checkup.problems > 0;
	conn_close(checkup.other);
	conn_close(checkup.conn);
	return ok;
}

/* ---- Grants ---- */

static void show_grant(const struct grant *grant)
{
	if (report_is_json())
		report_json(json_pack("{s:s, s:s?, s:s, s:b}", "type", "grant", "statement", grant->statement, "why",
		                      grant->why, "given", grant->given));
	else if (!grant->statement && !grant->given)
		printf("-- %s\n", grant->why);
	else if (grant->statement && grant->given)
		printf("-- given: %s\n", grant->statement);
	else if (grant->statement)
		printf("%s; -- %s\n", grant->statement, grant->why);
}

static bool list_grants(struct context *context, struct err *err)
{
	struct conn *conn = act_connect(context, err);
	struct grant *grants;
	size_t count;
	bool ok;

	ok = conn && grants_list(conn, context->operands[0] ? context->operands[0] : conn_user(conn), &context->arena,
	                         &grants, &count, err);
	for (size_t i = 0; ok && i < count; i++)
		show_grant(&grants[i]);
	conn_close(conn);
	return ok;
}

/* ---- The label ---- */

static bool check_label(const char *label, struct err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

	if (strlen(label) <= LABEL_MAX && strspn(label, letters) == strlen(label))
		return true;
	err_set(err, EXIT_USAGE, "\"%s\" is no name for an environment", label);
	err_help(err, "at most %d letters, digits, \"_\", \"-\" and \".\"; as production, staging, development",
	         LABEL_MAX);
	return false;
}

static bool label(struct context *context, struct err *err)
{
	const char *name = *context->options.environment ? context->options.environment : NULL;
	const char *own = context->target.environment;
	struct conn *conn = check_label(context->options.environment, err) ? act_connect(context, err) : NULL;
	bool ok = conn && registry_label(conn, name, err);

	if (ok && context->options.json)
		report_json(
			json_pack("{s:s, s:s, s:s?}", "type", "done", "database", conn_database(conn), "environment", name));
	else if (ok && name)
		printf("database \"%s\" is labelled %s\n", conn_database(conn), name);
	else if (ok)
		printf("database \"%s\" has no label\n", conn_database(conn));
	if (ok && own && (!name || strcmp(own, name) != 0))
		report_message("interlock.conf says %s of target \"%s\", which counts before the label", own,
		               context->target.name ? context->target.name : "default");
	conn_close(conn);
	return ok;
}

static enum exit_code run_doctor(struct context *context, struct err *err)
{
	const struct cli_options *options = &context->options;
	bool problems = false, ok;

	if (options->grants && options->environment)
		ok = err_set(err, EXIT_USAGE, "\"--grants\" and \"--environment\" exclude each other");
	else if (context->operand_count > 0 && !options->grants)
		ok = err_set(err, EXIT_USAGE, "\"%s\": a role is only named with --grants", context->operands[0]);
	else if (options->grants)
		ok = list_grants(context, err);
	else if (options->environment)
		ok = label(context, err);
	else
		ok = examine(context, &problems, err);
	return !ok ? err->code : problems ? EXIT_STEP : EXIT_DONE;
}

const struct command command_doctor = {
	.name = "doctor",
	.group = "maintain",
	.summary = "versions, privileges, pooler, settings, lag, stale leases, leftovers",
	.synopsis = "[--grants [ROLE] | --environment NAME]",
	.description =
		"Looks at the server, the role, the other sessions and the registry, and says of each thing whether it is ok, "
		"a warning or a problem, with what to do: a pooler in transaction mode, missing privileges, settings that "
		"would cut work short, standbys that lag, transactions that are open for long, prepared ones that nobody "
		"ends, runs that were left in the middle or that nobody looks at, tables, triggers, columns and indexes "
		"that an interrupted piece of work left behind. It changes nothing. Exit code 0 when there is no problem, 3 "
		"when there is one; warnings don't count.\n\n"
		"--grants: the statements that give a role what it needs here (without ROLE: the one that connects), and the "
		"roles that approve; what they have already is a comment, so that the output can be given to psql.\n\n"
		"--environment NAME labels the database in its registry, which is made where it is missing; in one that is "
		"labelled production, run wants --confirm before every destructive block. An empty NAME takes the label away.",
	.accepts = "grants environment",
	.server = SERVER_REQUIRED,
	.operands_min = 0,
	.operands_max = 1,
	.run = run_doctor,
};
