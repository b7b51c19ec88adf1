/* One more label of an enum type; it can be used from the next step on, and never taken out again. */
#include <string.h>

#include "plan/names.h"

struct add_enum_value_args {
	struct relname type;
	const char *value, *before, *after;
};

static const struct option options[] = {
	{.name = "type",
     .kind = OPTION_OBJECT,
     .required = true,
     .offset = offsetof(struct add_enum_value_args, type),
     .help = "the enum type that gets the label"},
	{.name = "value",
     .kind = OPTION_TEXT,
     .required = true,
     .offset = offsetof(struct add_enum_value_args, value),
     .help = "the new label"},
	{.name = "before",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct add_enum_value_args, before),
     .help = "the label that it stands directly before; at the end where neither is given"},
	{.name = "after",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct add_enum_value_args, after),
     .help = "the label that it stands directly behind"},
	OPTION_END,
};

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct add_enum_value_args *args = step;
	const char *beside = args->before ? args->before : args->after;

	if (!label_fits(place, diags, "value", args->value))
		return false;
	if (args->before && args->after)
		return bad_option(place, diags, "after", "before and after both say where the label stands",
		                  "give one of them; the new label stands directly beside it");
	if (beside && strcmp(beside, args->value) == 0)
		return bad_option(place, diags, args->before ? "before" : "after", "a label can't stand beside itself",
		                  "name the label that is there already");
	return true;
}

static bool subject(const void *step, struct relname *type)
{
	*type = ((const struct add_enum_value_args *)step)->type;
	return true;
}

/* clang-format off */

/* The labels as the plan would have them: $3 moved directly before $4 or behind $5. */
#define WANTED \
	"(SELECT pg_catalog.array_agg(w.label ORDER BY w.n, (w.label = $3::text) = ($5::text IS NOT NULL))" \
	" FROM (SELECT h.label, CASE WHEN h.label <> $3::text THEN h.n" \
	" ELSE pg_catalog.array_position(have.labels, coalesce($4::text, $5::text)) END" \
	" FROM pg_catalog.unnest(have.labels) WITH ORDINALITY h(label, n)) w(label, n))"

#define SAME_NAME \
	"(SELECT " SQL_NAME("n.nspname", "t.typname") " FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n" \
	" ON n.oid = t.typnamespace WHERE t.typtype = 'e' AND pg_catalog.lower(t.typname) = pg_catalog.lower($2::text)" \
	" ORDER BY n.nspname LIMIT 1)"

static const char query[] =
	"WITH " SQL_HOME ", " SQL_NAMED_TYPE ", have AS (SELECT coalesce(" SQL_LABELS ", '{}') AS labels FROM named)"
	" SELECT s.state, CASE WHEN named.oid IS NULL THEN 'no type ' || " SQL_NAME("$1", "$2")
	" || coalesce(' (there is ' || " SAME_NAME " || ')', '') WHEN named.typtype <> 'e' THEN " SQL_NAMED_IS_A
	" WHEN s.state = 'missing' THEN 'no label ' || pg_catalog.quote_literal(coalesce($4::text, $5::text)) || ' in '"
	" || " SQL_NAME("$1", "$2") " || ' (' || " SQL_LABELS_TEXT("have.labels") " || ')'"
	" ELSE " SQL_LABELS_TEXT("have.labels") " END AS found,"
	" CASE WHEN s.state = 'conflict' THEN CASE WHEN named.typtype <> 'e' THEN 'an enum type'"
	" ELSE " SQL_LABELS_TEXT("wanted.labels") " END END AS expected,"
	" CASE WHEN named.oid IS NULL OR named.typtype <> 'e' THEN 'type' WHEN $4::text IS NULL THEN 'after' ELSE 'before' END"
	" AS option,"
	" CASE WHEN s.state = 'conflict' AND named.typtype = 'e' THEN 'PostgreSQL can''t move a label: leave out '"
	" || CASE WHEN $4::text IS NULL THEN 'after' ELSE 'before' END || ' if its place does not matter' END AS help,"
	" pg_catalog.pg_has_role(named.typowner, 'USAGE') AS may_alter,"
	" pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(named.typowner)) AS owner, current_user::text AS role"
	" FROM (SELECT) one LEFT JOIN named ON true LEFT JOIN have ON true"
	" CROSS JOIN LATERAL (SELECT coalesce($4::text, $5::text), $3::text = ANY (have.labels)) b(label, there)"
	" CROSS JOIN LATERAL (SELECT " WANTED ") wanted(labels)"
	" CROSS JOIN LATERAL (SELECT CASE WHEN named.oid IS NULL THEN 'missing' WHEN named.typtype <> 'e' THEN 'conflict'"
	" WHEN b.label IS NOT NULL AND b.label <> ALL (have.labels) THEN 'missing' WHEN NOT b.there THEN 'absent'"
	" WHEN b.label IS NULL OR have.labels = wanted.labels THEN 'done' ELSE 'conflict' END) s(state)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct add_enum_value_args *args = step;

	probe->query = (struct probe_query){
		.sql = query,
		.params = {args->type.schema, args->type.name, args->value, args->before, args->after},
		.count = 5};
}

/* " AFTER 'paid'" or nothing. */
static void add_place(struct buf *out, const struct add_enum_value_args *args, const char *before,
                      const char *after)
{
	const char *beside = args->before ? args->before : args->after;

	if (!beside)
		return;
	buf_add(out, args->before ? before : after);
	ident_quote_literal(out, beside);
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct add_enum_value_args *args = step;
	const char *type = relname_quoted(stmts->arena, &args->type);
	const char *may_alter = record_get(facts->now, "may_alter");
	struct buf place = {0};

	if (may_alter && !record_true(facts->now, "may_alter")) {
		stmts_refuse(stmts, "run the plan as its owner",
		             "type %s belongs to %s, and role \"%s\" may not change it", type,
		             record_get(facts->now, "owner"), record_get(facts->now, "role"));
		return;
	}
	add_place(&place, args, " BEFORE ", " AFTER ");
	stmts_add(stmts, STMT_ALONE, "ALTER TYPE %s ADD VALUE %s%s", type, literal_quoted(stmts->arena, args->value),
	          buf_text(&place))
		->note = "no way back by itself: PostgreSQL can't take a label out again";
	buf_release(&place);
}

/* To a type that the same plan makes. */
static const char *adds_to(const void *step, const struct step_type *earlier, const void *earlier_args)
{
	const struct add_enum_value_args *args = step;
	struct relname type;

	if (strcmp(earlier->name, "create_enum_if_missing") != 0 || !earlier->subject(earlier_args, &type) ||
	    !relname_equal(&type, &args->type))
		return NULL;
	return args->value;
}

static void describe(const void *step, struct buf *out)
{
	const struct add_enum_value_args *args = step;

	buf_add(out, "add value ");
	ident_quote_literal(out, args->value);
	buf_add(out, " to enum type ");
	ident_quote_relname(out, &args->type);
	add_place(out, args, " before ", " after ");
}

const struct step_type step_add_enum_value = {
	.name = "add_enum_value",
	.summary = "adds a label to an enum type; one that is there at another place is a conflict",
	.example = "add_enum_value { type = \"app.status\", value = \"sent back\", after = \"paid\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TYPE app.status AS ENUM ('open', 'paid', 'archived');\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, status app.status NOT NULL DEFAULT 'open');\n"
			 "INSERT INTO app.orders SELECT n FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct add_enum_value_args),
	.options = options,
	.locks = "none; whoever alters the type at the same time waits",
	.way_back =
		"none: PostgreSQL can't take a label out of an enum type, so undo stops before this step, unless the "
		"same run made the type and takes it back as well",
	.makes_names = true,
	.made_ahead = true,
	.check = check,
	.subject = subject,
	.adds_to = adds_to,
	.probe = probe,
	.apply = apply,
	.describe = describe,
};
