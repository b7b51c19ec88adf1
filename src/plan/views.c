/* The twin of a view that a plan wants, and the statement that makes it. */
#include "plan/views.h"

#include <string.h>

#include "plan/family.h"

enum { INVOKER_SINCE = 150000 };

const char *const view_check_options[] = {"local", "cascaded", "none", NULL};

bool view_check(const struct view_plan *plan, const struct option_place *place, struct diags *diags)
{
	size_t before = diags->errors;

	for (size_t i = 0; i < plan->columns.count; i++)
		if (!plan->columns.items[i].bare)
			diag_help(&diags->arena,
			          option_error(place, diags, "bad-option", "columns", "\"%s\" is not the name of a column",
			                       plan->columns.items[i].text),
			          "only names stand here: what they hold is said in the query");
	return diags->errors == before;
}

/* " (a, b)", or "" where the query gives the names. */
static const char *names_of(const struct view_plan *plan, struct arena *arena)
{
	return plan->columns.count ? arena_printf(arena, " (%s)", plan->columns.text) : "";
}

static bool has_check(const char *check)
{
	return check && strcmp(check, "none") != 0;
}

void view_probe(const struct view_plan *plan, const char *query, const char *compare, struct probe *probe)
{
	const char *check =
		has_check(plan->check) ? arena_printf(probe->arena, " WITH (check_option=%s)", plan->check) : "";

	probe->query = (struct probe_query){.sql = query, .params = {plan->view.schema, plan->view.name}, .count = 2};
	probe->compare = (struct probe_query){
		.sql = compare,
		.params = {plan->view.schema, plan->view.name, plan->barrier, plan->invoker, plan->check},
		.count = 5};
	probe->scratch[probe->scratch_count++] =
		arena_printf(probe->arena, "CREATE TEMPORARY VIEW " VIEW_TWIN "%s%s AS %s", names_of(plan, probe->arena),
	                 check, sql_normalize(plan->query, probe->arena));
}

bool view_refused(const struct view_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	if (plan->invoker && strcmp(plan->invoker, "true") == 0 && facts->server_version < INVOKER_SINCE) {
		stmts_refuse(stmts, "leave it out, or run the plan on PostgreSQL 15 or newer",
		             "security_invoker is for PostgreSQL 15 and newer, this server is %d",
		             facts->server_version / 10000);
		return true;
	}
	return owner_refused(facts, stmts) || creation_refused(&plan->view, facts, stmts);
}

static void add_option(struct buf *options, const char *name, const char *value, const char *none)
{
	if (!value || strcmp(value, none) == 0)
		return;
	buf_addf(options, "%s%s=%s", options->length ? ", " : " WITH (", name, value);
}

struct stmt *view_create(const struct view_plan *plan, const char *head, const struct record *now,
                         struct stmts *stmts)
{
	struct buf options = {0};
	struct stmt *stmt;

	add_option(&options, "check_option", plan->check ? plan->check : record_get(now, "check_option"), "none");
	add_option(&options, "security_barrier", plan->barrier ? plan->barrier : record_get(now, "security_barrier"),
	           "false");
	add_option(&options, "security_invoker", plan->invoker ? plan->invoker : record_get(now, "security_invoker"),
	           "false");
	stmt = stmts_add(stmts, STMT_TOGETHER, "%s %s%s%s%s AS %s", head, relname_quoted(stmts->arena, &plan->view),
	                 names_of(plan, stmts->arena), buf_text(&options), options.length ? ")" : "",
	                 sql_normalize(plan->query, stmts->arena));
	buf_release(&options);
	return stmt;
}
