/* A new name for a table; where asked a view keeps the old one alive. */
#include <string.h>

#include "plan/by_name.h"
#include "plan/family.h"
#include "plan/kept_view.h"

struct rename_table_args {
	struct relname table;
	const char *to;
	bool keep_view;
	struct text_list leaves;
};

static const struct option options[] = {
	{.name = "table",
     .kind = OPTION_TABLE,
     .required = true,
     .offset = offsetof(struct rename_table_args, table),
     .help = "the name that it has now, which the release that is live uses"},
	{.name = "to",
     .kind = OPTION_NAME,
     .required = true,
     .offset = offsetof(struct rename_table_args, to),
     .help = "its new name, in the schema where it is; its indexes, constraints and sequences keep theirs"},
	{.name = "keep_view",
     .kind = OPTION_BOOLEAN,
     .offset = offsetof(struct rename_table_args, keep_view),
     .help =
         "leaves a view of the old name, with the same rights, through which SELECT, INSERT, UPDATE and DELETE go "
         "on, RETURNING and ON CONFLICT (columns) included; not TRUNCATE, COPY, ON CONFLICT ON CONSTRAINT, "
         "REFERENCES, ctid, GROUP BY the key alone or pg_get_serial_sequence()"},
	{.name = "leaves",
     .kind = OPTION_TEXTS,
     .offset = offsetof(struct rename_table_args, leaves),
     .help = by_name_leaves_help},
	OPTION_END,
};

static struct relname new_name(const struct rename_table_args *args)
{
	return (struct relname){args->table.schema, args->to};
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct rename_table_args *args = step;

	if (strcmp(args->table.name, args->to) != 0)
		return true;
	diag_help(
		&diags->arena,
		option_error(place, diags, "bad-option", "to", "\"%s\" is the name that the table has already", args->to),
		"say what it shall be called; capitals count only inside double quotes, as in '\"Users\"'");
	return false;
}

static bool subject(const void *step, struct relname *table)
{
	*table = ((const struct rename_table_args *)step)->table;
	return true;
}

static bool other_subject(const void *step, struct relname *table)
{
	*table = new_name(step);
	return true;
}

/* clang-format off */

/* A row of the table that gives its trigger's function the table's name: what it does with it changes. */
#define READS_OWN_NAME \
	SQL_IS_TRIGGER_OF_FAMILY("p.oid") " AND p.prosrc ~* '[[:<:]]tg_(table_name|relname)[[:>:]]'"

#define BASE \
	"other AS (SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n" \
	" ON n.oid = c.relnamespace WHERE n.nspname = $1::text AND c.relname = $3::text)," \
	" base AS (SELECT rel.oid FROM rel WHERE rel.relkind IN ('r', 'p') UNION ALL SELECT other.oid FROM other" \
	" WHERE other.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM rel WHERE rel.relkind IN ('r', 'p')))," \
	" family AS (SELECT base.oid FROM base)"

#define OTHER_IS_A "pg_catalog.regexp_replace(" SQL_IS_A("other.relkind") ", '^.* is ', " SQL_NAME("$1", "$3") " || ' is ')"

/* The row type gets the new name too; array types make way. */
#define TYPE_TAKEN \
	"EXISTS (SELECT FROM home JOIN pg_catalog.pg_type t ON t.typnamespace = home.oid AND t.typname = $3::text" \
	" AND t.typrelid = 0 AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid))"

static const char query[] =
	"WITH " SQL_REL ", " SQL_HOME ", " BASE ", " SQL_REL_OWNER ", " SQL_OWN_VIEW ", going AS ("
	SQL_FUNCTIONS_GOING("NOT $4::boolean AND " SQL_MENTIONS("p.prosrc", "$2") " OR " READS_OWN_NAME)
	" UNION " SQL_PUBLICATIONS_GOING ")"
	" SELECT s.state, CASE WHEN s.state = 'missing' THEN " SQL_NO_TABLE("$1", "$2")
	" || ', and no ' || " SQL_NAME("$1", "$3") " WHEN s.state <> 'conflict' THEN NULL"
	" WHEN rel.relkind NOT IN ('r', 'p') THEN " SQL_IS_A("rel.relkind")
	" WHEN other.oid IS NOT NULL THEN " OTHER_IS_A
	" ELSE " SQL_NAME("$1", "$3") " || ' is a type' END AS found,"
	" CASE WHEN s.state = 'conflict' THEN 'a table ' || " SQL_NAME("$1", "$2") " || ', and nothing called '"
	" || " SQL_NAME("$1", "$3") " END AS expected,"
	" CASE WHEN rel.relkind IN ('r', 'p') THEN 'to' ELSE 'table' END AS option,"
	" rel.relkind AS old_kind, other.relkind AS new_kind, " SQL_CREATION_FACTS ", " SQL_OWNER_FACTS ", g.*,"
	" " SQL_VIEW_FACTS ", " SQL_USED_BY " AS used_by"
	" FROM (SELECT) one LEFT JOIN rel ON true LEFT JOIN other ON true LEFT JOIN home ON true CROSS JOIN " SQL_GOING("$5::text[]")
	" CROSS JOIN LATERAL (SELECT CASE WHEN rel.oid IS NULL AND other.oid IS NULL THEN 'missing'"
	" WHEN rel.relkind IN ('r', 'p') THEN CASE WHEN other.oid IS NOT NULL OR " TYPE_TAKEN " THEN 'conflict' ELSE 'absent' END"
	" WHEN other.relkind IS NULL OR other.relkind NOT IN ('r', 'p') THEN 'conflict'"
	" WHEN rel.oid IS NULL THEN CASE WHEN $4::boolean THEN 'partial' ELSE 'done' END"
	" WHEN rel.relkind = 'v' THEN 'compare' ELSE 'conflict' END) s(state)";

static const char compare[] =
	"WITH " SQL_REL ", " BASE " SELECT CASE WHEN o.ours AND NOT o.passes THEN 'done' ELSE 'conflict' END AS state,"
	" CASE WHEN o.ours AND o.passes THEN 'view ' || " SQL_NAME("$1", "$2") " || ' passes by the row security of '"
	" || " SQL_NAME("$1", "$3") " WHEN NOT o.ours THEN 'view ' || " SQL_NAME("$1", "$2") " || ' AS '"
	" || pg_catalog.btrim(pg_catalog.regexp_replace(pg_catalog.pg_get_viewdef(rel.oid), '[[:space:]]+', ' ', 'g'), ' ;') END"
	" AS found, CASE WHEN o.ours AND o.passes THEN 'a view WITH (security_invoker = true)' ELSE 'a view of all columns of '"
	" || " SQL_NAME("$1", "$3") " END AS expected, o.ours AS view_is_ours"
	" FROM rel CROSS JOIN LATERAL (SELECT " SQL_VIEW_IS_OURS " AS ours, EXISTS (SELECT FROM base JOIN pg_catalog.pg_class c"
	" ON c.oid = base.oid AND c.relrowsecurity CROSS JOIN pg_catalog.pg_class v WHERE v.oid = rel.oid"
	" AND NOT coalesce(v.reloptions, '{}') && ARRAY['security_invoker=true', 'security_invoker=on', 'security_invoker=1'])"
	" AS passes) o";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct rename_table_args *args = step;

	probe->query =
		(struct probe_query){.sql = query,
	                         .params = {args->table.schema, args->table.name, args->to,
	                                    args->keep_view ? "t" : "f", by_name_leaves(&args->leaves, probe->arena)},
	                         .count = 5};
	probe->scratch[probe->scratch_count++] = kept_view_twin(&args->table, args->to, probe->arena);
	probe->compare = probe->query;
	probe->compare.sql = compare;
	probe->compare.count = 3;
}

static void rename_to(const struct relname *from, const struct relname *to, struct stmts *stmts)
{
	struct stmt *stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s RENAME TO %s",
	                              relname_quoted(stmts->arena, from), ident_quoted(stmts->arena, to->name));

	stmt_lock(stmts, stmt, from, LOCK_ACCESS_EXCLUSIVE);
	stmt->note = "brief: only the catalogue";
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct rename_table_args *args = step;
	const char *table = relname_quoted(stmts->arena, &args->table);
	struct relname to = new_name(args);
	bool renames = facts->state == STATE_ABSENT;

	if (owner_refused(facts, stmts) || creation_refused(&args->table, facts, stmts) ||
	    (renames && by_name_refused(arena_printf(stmts->arena, "table %s", table), facts, stmts)) ||
	    (args->keep_view && kept_view_refused(renames ? &args->table : &to, facts, stmts)))
		return;
	if (renames)
		rename_to(&args->table, &to, stmts);
	if (args->keep_view)
		kept_view_make(&args->table, &to, facts, stmts);
}

/* ---- The way back ---- */

static bool is_table(const char *kind)
{
	return kind && strchr("rp", *kind);
}

/* true, with the refusal set, where what has the old name now must not be taken away. */
static bool old_name_taken(const struct rename_table_args *args, const struct facts *facts, struct stmts *stmts)
{
	const char *old = relname_quoted(stmts->arena, &args->table), *users = record_get(facts->now, "used_by");

	if (!args->keep_view)
		stmts_refuse(stmts, "drop or rename that first, then undo again",
		             "something else has the name %s meanwhile", old);
	else if (!record_true(facts->now, "view_is_ours"))
		stmts_refuse(stmts, "undo by hand what was changed since, then undo again",
		             "%s is no longer the view that this run made: %s", old, record_get(facts->now, "found"));
	else if (users)
		stmts_refuse(stmts, "let them use the table itself, or drop them; then undo again",
		             "view %s is used by %s", old, users);
	return stmts->refusal != NULL;
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct rename_table_args *args = step;
	const char *old = record_get(facts->now, "old_kind"), *new = record_get(facts->now, "new_kind");
	const char *before = record_get(facts->before, "state");
	struct relname to = new_name(args);

	if (is_table(old) && !new)
		return;
	if (!is_table(new)) {
		stmts_refuse(stmts, "bring it back under that name, then undo again", "table %s is gone",
		             relname_quoted(stmts->arena, &to));
		return;
	}
	if ((old && old_name_taken(args, facts, stmts)) || owner_refused(facts, stmts))
		return;
	if (old)
		kept_view_drop(&args->table, &to, stmts);
	if (before && strcmp(before, step_state_name(STATE_PARTIAL)) != 0)
		rename_to(&to, &args->table, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct rename_table_args *args = step;

	buf_add(out, "rename table ");
	ident_quote_relname(out, &args->table);
	buf_add(out, " to ");
	ident_quote(out, args->to);
	if (args->keep_view)
		buf_add(out, ", with a view of the old name");
}

const struct step_type step_rename_table = {
	.name = "rename_table",
	.summary = "renames a table, and leaves a view of the old name for the release that is live where asked",
	.example = "rename_table { table = \"app.users\", to = \"people\", keep_view = true }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
			 "                        email text NOT NULL, seen_at timestamptz DEFAULT now());\n"
			 "CREATE VIEW app.addresses AS SELECT email FROM app.users;\n"
			 "GRANT SELECT ON app.users TO PUBLIC;\n"
			 "INSERT INTO app.users (email, seen_at) SELECT 'u' || n, NULL FROM generate_series(1, 100) n",
	.class = CLASS_SWITCH,
	.size = sizeof(struct rename_table_args),
	.options = options,
	.locks = "ACCESS EXCLUSIVE on the table, briefly",
	.way_back = "renames it back, if this run renamed it; drops the view first, if nothing uses it",
	.may_refuse_undo = true,
	.check = check,
	.subject = subject,
	.other_subject = other_subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
