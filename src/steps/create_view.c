/* A view; one that is there is compared in full. */
#include "plan/views.h"

struct create_view_args {
	struct view_plan plan;
	bool barrier, invoker;
};

static const struct option options[] = {
	{.name = "view",
     .kind = OPTION_OBJECT,
     .required = true,
     .offset = offsetof(struct create_view_args, plan.view),
     .help = "the view to create"},
	{.name = "query",
     .kind = OPTION_QUERY,
     .required = true,
     .offset = offsetof(struct create_view_args, plan.query),
     .help = "what it shows; a * in it is the columns of that moment"},
	{.name = "columns",
     .kind = OPTION_COLUMNS,
     .offset = offsetof(struct create_view_args, plan.columns),
     .help = "the names of its columns; those that the query gives where it is left out"},
	{.name = "security_barrier",
     .kind = OPTION_BOOLEAN,
     .offset = offsetof(struct create_view_args, barrier),
     .help = "no function of a user may see rows that the view hides"},
	{.name = "security_invoker",
     .kind = OPTION_BOOLEAN,
     .offset = offsetof(struct create_view_args, invoker),
     .help = "whoever reads it needs the rights on what it reads (PostgreSQL 15)"},
	{.name = "check_option",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct create_view_args, plan.check),
     .choices = view_check_options,
     .default_value = "none",
     .help = "whether rows that are written through it must be seen through it"},
	OPTION_END,
};

static struct view_plan plan_of(const struct create_view_args *args)
{
	struct view_plan plan = args->plan;

	plan.barrier = args->barrier ? "true" : "false";
	plan.invoker = args->invoker ? "true" : "false";
	return plan;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	return view_check(&((const struct create_view_args *)step)->plan, place, diags);
}

static bool subject(const void *step, struct relname *view)
{
	*view = ((const struct create_view_args *)step)->plan.view;
	return true;
}

static bool stands_on_names(const void *step)
{
	(void)step;
	return true;
}

/* clang-format off */

/* A type of that name is in its way too, for a view is a type as well. */
static const char query[] =
	"WITH " SQL_REL ", " SQL_HOME ", " SQL_NAMED_TYPE ", " SQL_VIEW ", own(classid, objid) AS (" SQL_VIEW_ITSELF ")"
	" SELECT CASE WHEN home.oid IS NULL THEN 'missing' WHEN has.oid IS NULL AND named.oid IS NOT NULL THEN 'conflict'"
	" WHEN has.oid IS NULL AND rel.oid IS NOT NULL THEN 'conflict' ELSE 'compare' END AS state,"
	" CASE WHEN home.oid IS NULL THEN " SQL_NO_SCHEMA("$1")
	" WHEN rel.oid IS NOT NULL THEN " SQL_IS_A("rel.relkind")
	" WHEN named.oid IS NOT NULL THEN " SQL_NAMED_IS_A " END AS found, 'a view' AS expected, 'view' AS option,"
	" " SQL_VIEW_ANSWERS ", " SQL_USED_BY " AS used_by"
	" FROM (SELECT) one LEFT JOIN home ON true LEFT JOIN rel ON true LEFT JOIN named ON true LEFT JOIN has ON true";

/* Also where there is none: what its query is not understood for is found before the run. */
static const char compare[] =
	"WITH " SQL_REL ", " SQL_VIEW ", " SQL_VIEW_TWIN("false")
	" SELECT CASE WHEN pair.oid IS NULL THEN 'absent' WHEN " SQL_VIEW_EQUAL " THEN 'done' ELSE 'conflict' END AS state,"
	" " SQL_VIEW_FOUND " AS found, " SQL_VIEW_EXPECTED " AS expected, 'query' AS option"
	" FROM first LEFT JOIN pair ON true LEFT JOIN wrong ON true";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	struct view_plan plan = plan_of(step);

	view_probe(&plan, query, compare, probe);
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	struct view_plan plan = plan_of(step);

	if (!view_refused(&plan, facts, stmts))
		view_create(&plan, "CREATE VIEW", NULL, stmts);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct relname *view = &((const struct create_view_args *)step)->plan.view;
	const char *name = relname_quoted(stmts->arena, view);

	if (drop_allowed(arena_printf(stmts->arena, "view %s", name), facts, stmts))
		stmt_takes(stmts, stmts_add(stmts, STMT_TOGETHER, "DROP VIEW %s", name), view, LOCK_ACCESS_EXCLUSIVE);
}

static void describe(const void *step, struct buf *out)
{
	buf_add(out, "create view ");
	ident_quote_relname(out, &((const struct create_view_args *)step)->plan.view);
}

const struct step_type step_create_view = {
	.name = "create_view",
	.summary = "creates a view; one of that name with another query, other columns or options is a conflict",
	.example = "create_view { view = \"app.open_orders\", query = [[\n"
			   "  SELECT id, customer_id, total FROM app.orders WHERE status = 'open'\n"
			   "]] }",
	.setup =
		"CREATE SCHEMA app;\n"
		"CREATE TABLE app.orders (id bigint PRIMARY KEY, customer_id bigint, total numeric(10,2), status text);\n"
		"INSERT INTO app.orders SELECT n, n % 10, n, 'open' FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct create_view_args),
	.options = options,
	.locks = "ACCESS SHARE on what it reads",
	.way_back = "drops the view if this run created it and nothing depends on it; takes ACCESS EXCLUSIVE on it, "
				"briefly, and nothing on what it reads",
	.may_refuse_undo = true,
	.stands_on_names = stands_on_names,
	.check = check,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
