/* interlock gate: pass one, or list them. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/act.h"
#include "cli/decide.h"
#include "cli/report.h"
#include "engine/registry.h"

static bool pass(struct context *context, struct err *err)
{
	struct choice choice = {.kind = BLOCK_GATE, .evidence = context->options.evidence};

	if (context->operand_count < 2)
		return err_set(err, EXIT_USAGE, "gate pass needs a plan");
	if (!context->options.evidence || !*context->options.evidence) {
		err_set(err, EXIT_USAGE, "gate pass needs --evidence TEXT");
		err_help(err, "write down what tells that the gate may be passed; it is kept with the run");
		return false;
	}
	choice.label = context->operands[2];
	return decide(context, context->operands[1], &choice, err);
}

static void list_one(const struct context *context, const struct rows *rows, size_t r)
{
	const char *at = rows_get(rows, r, "satisfied_at");

	if (context->options.json)
		report_json(json_pack("{s:s, s:s, s:s, s:b, s:s?, s:s?, s:s?}", "type", "gate", "plan",
		                      rows_get(rows, r, "plan"), "label", rows_get(rows, r, "label"), "passed", at != NULL,
		                      "at", at, "by", rows_get(rows, r, "satisfied_by"), "evidence",
		                      rows_get(rows, r, "evidence")));
	else if (at)
		printf("%s  \"%s\"  passed at %s by %s: %s\n", rows_get(rows, r, "plan"), rows_get(rows, r, "label"), at,
		       rows_get(rows, r, "satisfied_by"),
		       rows_get(rows, r, "evidence") ? rows_get(rows, r, "evidence") : "");
	else
		printf("%s  \"%s\"  not passed\n", rows_get(rows, r, "plan"), rows_get(rows, r, "label"));
}

/* Every gate of the runs that are under way, reached or not: the compiled plans name them. */
static bool list(struct context *context, struct err *err)
{
	const char *plan = context->operand_count > 1 ? act_plan_name(context, context->operands[1], err) : NULL;
	const char *params[] = {plan};
	struct conn *conn = plan || context->operand_count < 2 ? act_connect(context, err) : NULL;
	struct rows *rows = NULL;
	bool exists, ok;

	ok = conn && registry_look(conn, &exists, err);
	if (ok && exists)
		ok = conn_query(
			conn,
			&(struct query){.sql = "SELECT r.plan, b.value ->> 'label' AS label, to_char(c.satisfied_at,"
		                           " 'YYYY-MM-DD HH24:MI') AS satisfied_at, c.satisfied_by, c.evidence"
		                           " FROM interlock.run r CROSS JOIN LATERAL"
		                           " jsonb_array_elements(r.compiled -> 'blocks') WITH ORDINALITY AS b(value, n)"
		                           " LEFT JOIN interlock.condition c ON c.run = r.id AND c.block = b.n - 1"
		                           " WHERE b.value ->> 'kind' = 'gate' AND r.plan = coalesce($1, r.plan)"
		                           " AND r.state NOT IN ('done', 'adopted', 'undone') ORDER BY r.id, b.n",
		                    .count = 1,
		                    .params = params},
			&rows, err);
	for (size_t r = 0; ok && rows && r < rows_count(rows); r++)
		list_one(context, rows, r);
	if (ok && (!rows || rows_count(rows) == 0) && !context->options.json)
		printf("no gates in the runs that are under way\n");
	rows_free(rows);
	conn_close(conn);
	return ok;
}

static enum exit_code run_gate(struct context *context, struct err *err)
{
	bool ok;

	if (strcmp(context->operands[0], "pass") == 0)
		ok = pass(context, err);
	else if (strcmp(context->operands[0], "list") == 0 && context->operand_count <= 2)
		ok = list(context, err);
	else
		ok = err_set(err, EXIT_USAGE, "\"gate %s\" is not known; there are gate pass and gate list",
		             context->operands[0]);
	return ok ? EXIT_DONE : err->code;
}

const struct command command_gate = {
	.name = "gate",
	.group = "decide",
	.summary = "pass a gate, or list the gates of the runs under way",
	.synopsis = "pass PLAN [LABEL] --evidence TEXT | list [PLAN]",
	.description =
		"A gate is passed by a person, who writes down what tells that it may be: a release number, a link "
		"to a dashboard. Gates with a query pass by themselves when it is true.",
	.accepts = "evidence",
	.server = SERVER_REQUIRED,
	.operands_min = 1,
	.operands_max = 3,
	.run = run_gate,
};
