/* interlock lint: the hazards of plain SQL migrations, as Drizzle, Prisma, Rails, Flyway or Sqitch write them. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/act.h"
#include "cli/format.h"
#include "cli/offline.h"
#include "cli/rehearse_copy.h"
#include "cli/report.h"
#include "cli/sql_file.h"
#include "engine/rehearse_lint.h"
#include "hazard/lint.h"

enum { VERSION_MIN = 10, VERSION_MAX = 19 };

static bool lint_file(struct lint *lint, const char *path, struct diags *diags, struct err *err)
{
	struct buf text = {0};
	bool ok = sql_file_read(path, &text, err) && lint_text(lint, path, buf_text(&text), diags, err);

	buf_release(&text);
	return ok;
}

static bool take_version(const struct context *context, int *version, struct err *err)
{
	const char *text = context->options.server_version;
	char *end;
	long major;

	*version = 0;
	if (!text)
		return true;
	major = strtol(text, &end, 10);
	if (end == text || (*end && *end != '.') || major < VERSION_MIN || major > VERSION_MAX)
		return err_set(err, EXIT_USAGE, "\"--server-version %s\" is not a version from %d to %d", text,
		               VERSION_MIN, VERSION_MAX);
	*version = (int)major * 10000;
	return true;
}

/* A line for each file that has neither error nor warning. */
static void say_fine(const struct context *context, const struct diags *diags, const char *how)
{
	for (size_t i = 0; i < context->operand_count; i++) {
		const char *path = context->operands[i];
		bool fine = true;

		for (const struct diag *diag = diags->first; diag; diag = diag->next)
			fine &= diag->severity == SEVERITY_NOTE || !diag->span.file || strcmp(diag->span.file, path) != 0;
		if (fine && !context->options.quiet)
			printf("%s: ok, %s\n", path, how);
	}
}

static void write_findings(const struct context *context, const struct format *format, const struct diags *diags,
                           bool online)
{
	if (format) {
		format->write(stdout, context->operands, diags);
		return;
	}
	if (diags->first || report_is_json())
		report_diags(stdout, diags);
	if (report_is_json())
		report_json(json_pack("{s:s, s:i, s:s}", "type", "lint", "files", (int)context->operand_count, "level",
		                      context->options.rehearse ? "rehearsal"
		                      : online                  ? "catalogue"
		                                                : "offline"));
	else
		say_fine(context, diags,
		         context->options.rehearse ? "rehearsed on a copy of this database"
		         : online                  ? "checked with this database"
		                                   : "checked offline");
}

/* A rehearsal needs a database to copy. */
static bool connect_wanted(struct context *context, struct conn **conn, struct err *err)
{
	if (!context->options.rehearse)
		return connect_or_offline(context, conn, err);
	if (context->options.offline)
		return err_set(err, EXIT_USAGE, "--rehearse needs a database, and --offline uses none");
	*conn = act_connect(context, err);
	return *conn != NULL;
}

static bool begin_rehearsal(struct context *context, struct lint_rehearsal *rehearsal, struct err *err)
{
	int64_t sample;

	rehearsal->assume_large = context->options.assume_large;
	if (!rehearse_sample(context, &sample, err) || !rehearse_copy(context, sample, &rehearsal->scratch, err))
		return false;
	rehearse_say_copy(&rehearsal->scratch);
	return lint_rehearsal_begin(rehearsal, context->loop, err);
}

static bool lint_all(struct context *context, const struct lint_options *given, const struct format *format,
                     struct diags *diags, struct err *err)
{
	struct lint_rehearsal rehearsal = {0};
	struct lint_options options = *given;
	struct conn *conn = NULL;
	struct lint *lint = NULL;
	bool ok = connect_wanted(context, &conn, err);

	if (ok && context->options.rehearse) {
		ok = begin_rehearsal(context, &rehearsal, err);
		options.trial = &rehearsal.trial;
	}
	if (ok)
		lint = lint_new(&options, conn);
	for (size_t i = 0; ok && i < context->operand_count; i++)
		ok = lint_file(lint, context->operands[i], diags, err);
	if (ok)
		write_findings(context, format, diags, conn != NULL);
	if (lint)
		lint_free(lint);
	conn_close(conn);
	lint_rehearsal_end(&rehearsal);
	return ok;
}

static enum exit_code run_lint(struct context *context, struct err *err)
{
	struct lint_options options = {.assume_large = context->options.assume_large,
	                               .assume_new = context->options.assume_new,
	                               .in_transaction = context->options.in_transaction};
	const struct format *format;
	struct diags diags = {0};
	enum exit_code code;

	if (!take_version(context, &options.server_version, err) ||
	    !format_find(context->options.format, &format, err) || !lint_all(context, &options, format, &diags, err)) {
		diags_release(&diags);
		return err->code;
	}
	code = diags.errors > 0 || (context->options.strict && diags.warnings > 0) ? EXIT_REJECTED : EXIT_DONE;
	diags_release(&diags);
	return code;
}

const struct command command_lint = {
	.name = "lint",
	.group = "write",
	.summary = "hazards of plain SQL migrations: what they lock, rewrite, scan, lose or break",
	.synopsis = "FILE.sql...",
	.description =
		"Reads migrations as Drizzle, Prisma, Rails, Flyway, Sqitch and others write them, in the order given, and says "
		"what each statement does to whoever uses the database meanwhile.  When a database is named, or libpq's default "
		"answers, its catalogue decides what the text leaves open: the types that columns have, the constraints that are "
		"valid, how large a table is.  Nothing is changed.  \"-\" is standard input.\n\n"
		"A statement runs in a transaction where the file says BEGIN, where the marks of dbmate, goose or Drizzle say so, "
		"or with --in-transaction.  DO blocks are looked into as far as their statements are written out; what can't be "
		"read is told as opaque-sql or cannot-check, never called fine.\n\n"
		"With --rehearse each file runs on a scratch copy of the database, as rehearse does it for plans, and what was seen "
		"is put beside what was read: work that nobody told of, a statement that fails, what DO blocks and functions "
		"really do.  What was feared and did not come becomes a note.\n\n"
		"A comment accepts a finding of the statement that follows it or that it stands behind:\n\n"
		"    -- interlock:ignore RULE reason\n\n"
		"and -- interlock:ignore-file RULE reason those of the whole file.  The reason is required, and a comment that "
		"ignores nothing is told.  Findings go to stdout; exit code 4 when there is an error, with --strict also for a "
		"warning.",
	.accepts = "offline strict format assume-large assume-new in-transaction server-version rehearse in sample "
			   "bindir",
	.server = SERVER_OPTIONAL,
	.operands_min = 1,
	.operands_max = 100000,
	.run = run_lint,
};
