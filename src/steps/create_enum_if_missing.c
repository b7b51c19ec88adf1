/* An enum type; one that exists must have the same labels in the same order. */
#include <jansson.h>
#include <string.h>

#include "plan/names.h"

struct create_enum_args {
	struct relname type;
	struct text_list values;
};

static const struct option options[] = {
	{.name = "type",
     .kind = OPTION_OBJECT,
     .required = true,
     .offset = offsetof(struct create_enum_args, type),
     .help = "the enum type to create"},
	{.name = "values",
     .kind = OPTION_TEXTS,
     .required = true,
     .offset = offsetof(struct create_enum_args, values),
     .help = "its labels in their order, { \"open\", \"paid\" }"},
	OPTION_END,
};

static bool is_again(const struct text_list *values, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(values->items[i], values->items[at]) == 0)
			return true;
	return false;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct create_enum_args *args = step;
	bool ok = true;

	for (size_t i = 0; i < args->values.count; i++) {
		const char *label = args->values.items[i];

		if (!label_fits(place, diags, "values", label))
			ok = false;
		else if (is_again(&args->values, i))
			ok = bad_option(place, diags, "values",
			                arena_printf(&diags->arena, "the label \"%s\" is there twice", label),
			                "name each label once; labels that differ in case are different ones");
	}
	return ok;
}

static bool subject(const void *step, struct relname *type)
{
	*type = ((const struct create_enum_args *)step)->type;
	return true;
}

/* clang-format off */

#define DEFINITION(labels) SQL_NAME("$1", "$2") " || ' AS ENUM (' || " SQL_LABELS_TEXT(labels) " || ')'"

/* What remains of the labels `these` without those that `those` hasn't, in their order. */
#define COMMON(these, those) \
	"(SELECT pg_catalog.array_agg(c.label ORDER BY c.n) FROM pg_catalog.unnest(" these ") WITH ORDINALITY c(label, n)" \
	" WHERE c.label = ANY (" those "))"

static const char query[] =
	"WITH " SQL_HOME ", " SQL_NAMED_TYPE ", own(classid, objid) AS (SELECT 'pg_catalog.pg_type'::regclass::oid, o.oid"
	" FROM named CROSS JOIN pg_catalog.unnest(ARRAY[named.oid, named.typarray]) o(oid) WHERE o.oid <> 0)"
	" SELECT CASE WHEN home.oid IS NULL THEN 'missing' WHEN named.oid IS NULL THEN 'absent'"
	" WHEN l.have = l.want THEN 'done' ELSE 'conflict' END AS state,"
	" CASE WHEN home.oid IS NULL THEN " SQL_NO_SCHEMA("$1")
	" WHEN named.typtype = 'e' THEN " DEFINITION("l.have") " ELSE " SQL_NAMED_IS_A " END AS found,"
	" " DEFINITION("l.want") " AS expected, CASE WHEN named.typtype = 'e' THEN 'values' ELSE 'type' END AS option,"
	" CASE WHEN named.typtype <> 'e' THEN NULL WHEN l.have = " COMMON("l.want", "l.have")
	" THEN 'add_enum_value, in place of this step, adds the labels that are missing'"
	" WHEN l.want = " COMMON("l.have", "l.want")
	" THEN 'somebody added labels; if they are meant, write them into values, in this order' END AS help,"
	" pg_catalog.to_json(l.have)::text AS labels, " SQL_CREATION_FACTS ", " SQL_USED_BY " AS used_by"
	" FROM (SELECT) one LEFT JOIN home ON true LEFT JOIN named ON true"
	" CROSS JOIN LATERAL (SELECT CASE WHEN named.typtype = 'e' THEN coalesce(" SQL_LABELS ", '{}') END,"
	" $3::text[]) l(have, want)";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct create_enum_args *args = step;

	probe->query =
		(struct probe_query){.sql = query,
	                         .params = {args->type.schema, args->type.name,
	                                    array_literal(args->values.items, args->values.count, probe->arena)},
	                         .count = 3};
}

/* "'open', 'paid'" */
static void add_labels(struct buf *out, const struct text_list *values)
{
	for (size_t i = 0; i < values->count; i++) {
		buf_add(out, i ? ", " : "");
		ident_quote_literal(out, values->items[i]);
	}
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct create_enum_args *args = step;
	struct buf labels = {0};

	if (creation_refused(&args->type, facts, stmts))
		return;
	add_labels(&labels, &args->values);
	stmts_add(stmts, STMT_TOGETHER, "CREATE TYPE %s AS ENUM (%s)", relname_quoted(stmts->arena, &args->type),
	          buf_text(&labels));
	buf_release(&labels);
}

static bool holds(const struct text_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

/* Without what later steps of the plan added, are its labels those that it was made with? */
static bool is_as_made(const struct create_enum_args *args, const struct facts *facts)
{
	const char *text = record_get(facts->now, "labels");
	json_t *labels = text ? json_loads(text, 0, NULL) : NULL, *entry;
	bool same = json_is_array(labels);
	size_t at = 0, i;

	json_array_foreach(labels, i, entry)
	{
		const char *label = json_string_value(entry);

		if (at < args->values.count && strcmp(label, args->values.items[at]) == 0)
			at++;
		else
			same = same && holds(&facts->added, label);
	}
	json_decref(labels);
	return same && at == args->values.count;
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct create_enum_args *args = step;
	const char *type = relname_quoted(stmts->arena, &args->type);
	struct facts as_made = *facts;

	if (facts->state == STATE_CONFLICT && is_as_made(args, facts))
		as_made.state = STATE_DONE;
	if (drop_allowed(arena_printf(stmts->arena, "type %s", type), &as_made, stmts))
		stmts_add(stmts, STMT_TOGETHER, "DROP TYPE %s", type);
}

static void describe(const void *step, struct buf *out)
{
	const struct create_enum_args *args = step;

	buf_add(out, "create enum type ");
	ident_quote_relname(out, &args->type);
	buf_add(out, " (");
	add_labels(out, &args->values);
	buf_add(out, ")");
}

const struct step_type step_create_enum_if_missing = {
	.name = "create_enum_if_missing",
	.summary = "creates an enum type; one of that name with other labels, or in another order, is a conflict",
	.example = "create_enum_if_missing { type = \"app.status\", values = { \"open\", \"paid\", \"sent back\" } }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, status text NOT NULL);\n"
			 "INSERT INTO app.orders SELECT n, 'open' FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.size = sizeof(struct create_enum_args),
	.options = options,
	.locks = "none",
	.way_back = "drops the type if this run created it and nothing uses it",
	.may_refuse_undo = true,
	.makes_names = true,
	.made_ahead = true,
	.check = check,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
