/* interlock log: the journal, oldest first. */
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interval.h"
#include "cli/act.h"
#include "cli/columns.h"
#include "cli/report.h"
#include "engine/naming.h"
#include "engine/registry.h"

enum { AT_ONCE = 2000, NARROWEST = 40 };

/* What happened: statements, and what the other tables say about when a run began, waited, went on, ended. */
static const char question[] =
	"WITH runs AS (SELECT * FROM interlock.run WHERE plan = coalesce($1, plan)"
	"  AND parameters = coalesce($2::jsonb, parameters)),"
	" withdrawn AS (SELECT c.run, c.block, c.kind || ' \"' || c.label || '\"' AS name, w.one FROM interlock.condition c"
	"  JOIN runs r ON r.id = c.run CROSS JOIN LATERAL jsonb_array_elements(c.data -> 'withdrawn') w(one)),"
	" entry AS ("
	"  SELECT r.started_at AS at, 0 AS part, r.id AS run, 0::bigint AS id, NULL::integer AS step, 'begin' AS kind,"
	"   NULL::float8 AS ms, NULL::integer AS tries, r.started_by AS role, 'attempt ' || r.attempt AS text FROM runs r"
	"  UNION ALL SELECT e.at, 1, e.run, e.id, e.step, e.kind, e.ms, e.lock_attempts, e.role,"
	"   e.statement || coalesce(' -- ' || (to_jsonb(e) ->> 'result'), '') FROM interlock.event e JOIN runs r ON r.id = e.run"
	"  UNION ALL SELECT c.reached_at, 2, c.run, c.block, NULL, 'waits', NULL, NULL, NULL,"
	"   c.kind || ' \"' || c.label || '\"' || coalesce(', until ' || to_char(c.due AT TIME ZONE 'UTC',"
	"   'YYYY-MM-DD HH24:MI') || ' UTC', '') FROM interlock.condition c JOIN runs r ON r.id = c.run"
	"   WHERE c.reached_at IS NOT NULL"
	"  UNION ALL SELECT c.satisfied_at, 3, c.run, c.block, NULL, 'passed', NULL, NULL, c.satisfied_by,"
	"   c.kind || ' \"' || c.label || '\"' || coalesce(': ' || c.evidence, '') FROM interlock.condition c"
	"   JOIN runs r ON r.id = c.run WHERE c.satisfied_at IS NOT NULL"
	"  UNION ALL SELECT (w.one ->> 'given_at')::timestamptz, 3, w.run, w.block, NULL, 'passed', NULL, NULL, w.one ->> 'given_by',"
	"   w.name || coalesce(': ' || (w.one ->> 'evidence'), '') FROM withdrawn w"
	"  UNION ALL SELECT (w.one ->> 'at')::timestamptz, 4, w.run, w.block, NULL, 'withdrawn', NULL, NULL, w.one ->> 'by',"
	"   w.name || coalesce(': ' || (w.one ->> 'reason'), '') FROM withdrawn w"
	"  UNION ALL SELECT r.finished_at, 5, r.id, 0, NULL, r.state, NULL, NULL, NULL, '' FROM runs r"
	"   WHERE r.finished_at IS NOT NULL)"
	" SELECT t.at::text AS exactly, t.part, t.run, t.id, to_char(t.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS') AS at,"
	"  r.plan, t.step, s.primitive, t.kind, t.ms, t.tries, t.role, t.text"
	" FROM entry t JOIN runs r ON r.id = t.run LEFT JOIN interlock.step s ON s.run = t.run AND s.number = t.step"
	" WHERE (t.at, t.part, t.run, t.id) > (coalesce($3::timestamptz, '-infinity'), $4::integer, $5::bigint, $6::bigint)"
	" ORDER BY t.at, t.part, t.run, t.id LIMIT $7::integer";

struct log {
	struct context *context;
	struct conn *conn;
	const char *plan;
	int width; /* of the terminal; 0: no limit */
	struct rows *rows;
	size_t row;
	size_t count; /* of entries so far */
};

static int terminal_width(void)
{
	int columns = columns_of(STDOUT_FILENO);

	return columns > 0 && columns < NARROWEST ? NARROWEST : columns;
}

static const char *get(const struct log *log, const char *name)
{
	const char *value = rows_get(log->rows, log->row, name);

	return value ? value : "";
}

static json_t *number_or_null(const char *text)
{
	if (!*text)
		return json_null();
	return strpbrk(text, ".e") ? json_real(strtod(text, NULL)) : json_integer(strtoll(text, NULL, 10));
}

static json_t *text_or_null(const char *text)
{
	json_t *json = *text ? json_string(text) : json_null();

	return json ? json : json_string("?"); /* no UTF-8 */
}

static void print_json(const struct log *log)
{
	const char *at = get(log, "at");

	report_json(json_pack("{s:s, s:o, s:s, s:I, s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "type", "log", "at",
	                      json_sprintf("%.10sT%sZ", at, at + 11), "plan", get(log, "plan"), "run",
	                      (json_int_t)rows_integer(log->rows, log->row, "run"), "step",
	                      number_or_null(get(log, "step")), "primitive", text_or_null(get(log, "primitive")),
	                      "kind", get(log, "kind"), "ms", number_or_null(get(log, "ms")), "attempts",
	                      number_or_null(get(log, "tries")), "role", text_or_null(get(log, "role")), "text",
	                      text_or_null(get(log, "text"))));
}

/* As one line: white space is a space, and nothing reaches the terminal that would not be shown. */
static void add_line(struct buf *out, const char *text)
{
	bool space = true;

	for (; *text; text++) {
		bool blank = *text == ' ' || (*text >= '\t' && *text <= '\r');

		if (!blank)
			buf_add_char(out, (unsigned char)*text < ' ' || *text == 0x7F ? '?' : *text);
		else if (!space)
			buf_add_char(out, ' ');
		space = blank;
	}
}

/* Its lines as they are, indented. */
static void print_whole(const char *text)
{
	printf("    ");
	for (; *text; text++)
		if (*text == '\n')
			printf("\n    ");
		else if (*text == '\t')
			printf("    ");
		else if (*text != '\r')
			putchar((unsigned char)*text < ' ' || *text == 0x7F ? '?' : *text);
	putchar('\n');
}

static void add_time(const struct log *log, struct buf *line)
{
	struct buf time = {0};

	if (*get(log, "ms"))
		interval_format((int64_t)(strtod(get(log, "ms"), NULL) + 0.5), &time);
	buf_addf(line, "%9s", buf_text(&time));
	buf_release(&time);
}

static void print_text(const struct log *log)
{
	bool verbose = log->context->options.verbose;
	struct buf line = {0}, shown = {0};

	buf_addf(&line, "%s  ", get(log, "at"));
	if (!log->plan)
		buf_addf(&line, "%-20s ", get(log, "plan"));
	buf_addf(&line, "%-8s%s%-4s", get(log, "kind"), *get(log, "step") ? " step " : "      ", get(log, "step"));
	add_time(log, &line);
	buf_addf(&line, "  %s", *get(log, "role") ? get(log, "role") : "-");
	if (atoi(get(log, "tries")) > 1)
		buf_addf(&line, "  %s tries", get(log, "tries"));
	if (!verbose && *get(log, "text")) {
		buf_add(&line, "  ");
		add_line(&line, get(log, "text"));
	}
	columns_add(buf_text(&line), !verbose && log->width > 0 ? log->width : INT_MAX, &shown);
	printf("%s\n", buf_text(&shown));
	if (verbose && *get(log, "text"))
		print_whole(get(log, "text"));
	buf_release(&line);
	buf_release(&shown);
}

/* Pages, so that no transaction stays open while somebody reads them. */
static bool print_page(struct log *log, const struct rows *before, struct err *err)
{
	size_t last = before ? rows_count(before) - 1 : 0;
	char at_once[12];
	const char *params[] = {log->plan,
	                        log->plan ? act_parameters(log->context) : NULL,
	                        before ? rows_get(before, last, "exactly") : NULL,
	                        before ? rows_get(before, last, "part") : "-1",
	                        before ? rows_get(before, last, "run") : "-1",
	                        before ? rows_get(before, last, "id") : "-1",
	                        at_once};

	snprintf(at_once, sizeof(at_once), "%d", AT_ONCE);
	if (!conn_query(log->conn, &(struct query){.sql = question, .count = 7, .params = params}, &log->rows, err))
		return false;
	for (log->row = 0; log->row < rows_count(log->rows); log->row++, log->count++)
		if (log->context->options.json)
			print_json(log);
		else
			print_text(log);
	return true;
}

static bool print_all(struct log *log, struct err *err)
{
	struct rows *before = NULL;
	bool ok;

	do {
		ok = print_page(log, before, err);
		rows_free(before);
		before = log->rows;
		log->rows = NULL;
	} while (ok && rows_count(before) == AT_ONCE);
	rows_free(before);
	return ok;
}

static bool no_such_run(const struct log *log, struct err *err)
{
	err_set(err, EXIT_OWN, "no run of plan \"%s\" in this database", log->plan);
	err_help(err, "interlock run %s begins one",
	         plan_named(log->context->operands[0], act_parameters(log->context), &err->arena));
	return false;
}

static enum exit_code run_log(struct context *context, struct err *err)
{
	struct log log = {.context = context, .width = terminal_width()};
	const char *operand = context->operands[0];
	bool exists = false, ok;

	ok = (!operand || (log.plan = act_plan_name(context, operand, err))) &&
	     (log.conn = act_connect(context, err)) && registry_look(log.conn, &exists, err) &&
	     (!exists || print_all(&log, err));
	if (ok && log.count == 0 && log.plan)
		ok = no_such_run(&log, err);
	else if (ok && log.count == 0 && !context->options.json)
		printf("no plan has run in this database\n");
	conn_close(log.conn);
	return ok ? EXIT_DONE : err->code;
}

const struct command command_log = {
	.name = "log",
	.group = "look",
	.summary = "what was done, statement by statement, oldest first",
	.synopsis = "[PLAN]",
	.description =
		"The journal of one plan, or of all: when a run began, each statement that it sent and committed with the time "
		"that it took, how often its locks were tried, and by which role; when it came to a gate, approval or safety "
		"period, who passed it and with which words; who moved a rollout; when it ended. Times are UTC.\n\n"
		"A line each, cut to the width of the terminal; whole where the output is no terminal. -v writes statements as "
		"they were sent, on lines of their own. --json: one object a line. It reads the registry and changes nothing.",
	.server = SERVER_REQUIRED,
	.operands_min = 0,
	.operands_max = 1,
	.run = run_log,
};
