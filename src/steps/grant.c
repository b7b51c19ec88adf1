/* Privileges on one thing for some roles; undo takes back what was not there before, and no more. */
#include <ctype.h>
#include <jansson.h>
#include <string.h>

#include "base/suggest.h"
#include "plan/columns.h"
#include "plan/grants.h"
#include "plan/objects.h"
#include "plan/privileges.h"

struct grant_args {
	struct text_list privileges, to;
	struct sql_object on;
	struct column_list columns;
	bool with_grant_option;
};

static const struct option options[] = {
	{.name = "privileges",
     .kind = OPTION_TEXTS,
     .required = true,
     .offset = offsetof(struct grant_args, privileges),
     .help = "PostgreSQL's words, as \"select\", { \"select\", \"update\" } or \"all\""},
	{.name = "on",
     .kind = OPTION_THING,
     .required = true,
     .offset = offsetof(struct grant_args, on),
     .help = "one table or view, \"app.users\", or \"sequence app.s\", \"schema app\", \"function app.f(int)\", "
             "\"type app.status\"; for several a step each"},
	{.name = "to",
     .kind = OPTION_TEXTS,
     .required = true,
     .offset = offsetof(struct grant_args, to),
     .help = "a role or a list of roles; \"public\" is everybody"},
	{.name = "columns",
     .kind = OPTION_COLUMNS,
     .offset = offsetof(struct grant_args, columns),
     .help = "of a table or view, where not all of it is meant"},
	{.name = "with_grant_option",
     .kind = OPTION_BOOLEAN,
     .offset = offsetof(struct grant_args, with_grant_option),
     .help = "the roles may grant it on"},
	OPTION_END,
};

static const char *const *privileges_on(const struct grant_args *args)
{
	return privileges_of(args->on.kind, args->columns.count > 0);
}

static bool is_relation(const struct grant_args *args)
{
	return privileges_are_of_tables(privileges_on(args));
}

static const char *what_it_is(const struct grant_args *args)
{
	return args->columns.count ? "column" : is_relation(args) ? "table or view" : object_kind_name(args->on.kind);
}

/* ---- Checks of the plan alone ---- */

static void unknown_word(const struct grant_args *args, const char *word, const struct option_place *place,
                         struct diags *diags)
{
	const char *const *known = privileges_on(args);
	const char *names[PRIVILEGES_MAX + 1], *near, *where = privilege_is_on(word, known, &diags->arena);
	struct buf list = {0};
	struct diag *diag;
	size_t count = 0;

	for (; known[count]; count++) {
		names[count] = known[count];
		buf_addf(&list, "%s, ", known[count]);
	}
	names[count++] = "all";
	near = suggest(word, names, count);
	diag = option_error(place, diags, "bad-option", "privileges", "\"%s\" is no privilege on a %s", word,
	                    what_it_is(args));
	diag_detail(&diags->arena, diag, "PostgreSQL has %sor all", buf_text(&list));
	if (where && args->columns.count)
		diag_help(&diags->arena, diag, "it is for the whole of a table: give it in a step without columns");
	else if (where)
		diag_help(&diags->arena, diag, "%s", where);
	else if (near)
		diag_help(&diags->arena, diag, "did you mean \"%s\"?", near);
	buf_release(&list);
}

static void check_words(const struct grant_args *args, const struct option_place *place, struct diags *diags)
{
	struct privileges given = privileges_read(&args->privileges, &diags->arena);

	for (size_t i = 0; i < given.count; i++)
		if (!privilege_is_among(given.items[i], privileges_on(args)))
			unknown_word(args, given.items[i], place, diags);
	if (given.too_many)
		diag_help(&diags->arena,
		          option_error(place, diags, "bad-option", "privileges",
		                       "there are not so many privileges on a %s", what_it_is(args)),
		          "name each once, or \"all\"");
}

/* "public", or the role's name as it is; NULL: it is none. */
static const char *role_of(const char *text, struct arena *arena, const char **why)
{
	const char *role = NULL;

	*why = ident_parse_name(text, arena, &role);
	return *why ? NULL : role;
}

static bool is_public(const char *role)
{
	return strcmp(role, "public") == 0;
}

static void check_roles(const struct grant_args *args, const struct option_place *place, struct diags *diags)
{
	for (size_t i = 0; i < args->to.count; i++) {
		const char *why, *role = role_of(args->to.items[i], &diags->arena, &why);

		if (!role)
			diag_help(&diags->arena,
			          option_error(place, diags, "bad-option", "to", "\"%s\" is not the name of a role: %s",
			                       args->to.items[i], why),
			          "several roles are a list: to = { \"a\", \"b\" }");
		else if (args->with_grant_option && is_public(role))
			diag_help(&diags->arena,
			          option_error(place, diags, "bad-option", "with_grant_option",
			                       "the grant option can't be given to public, only to roles"),
			          "leave it out, or name the roles");
	}
}

static void check_columns(const struct grant_args *args, const struct option_place *place, struct diags *diags)
{
	for (size_t i = 0; i < args->columns.count; i++)
		if (!args->columns.items[i].bare)
			diag_help(&diags->arena,
			          option_error(place, diags, "bad-option", "columns", "\"%s\" is not the name of a column",
			                       args->columns.items[i].text),
			          "for example columns = { \"id\", \"name\" }");
	if (args->columns.count && !is_relation(args))
		diag_help(&diags->arena,
		          option_error(place, diags, "bad-option", "columns", "a %s has no columns",
		                       object_kind_name(args->on.kind)),
		          "leave columns out");
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct grant_args *args = step;
	size_t before = diags->errors;

	if (!privileges_on(args)) {
		diag_help(
			&diags->arena,
			option_error(place, diags, "bad-option", "on", "there are no privileges to grant on \"%s\"",
		                 args->on.text),
			"a table, view, sequence, schema, function, procedure, type or domain; for some columns of a table: "
			"on = \"app.users\", columns = { … }");
		return false;
	}
	check_columns(args, place, diags);
	if (diags->errors == before)
		check_words(args, place, diags);
	check_roles(args, place, diags);
	return diags->errors == before;
}

static bool subject(const void *step, struct relname *relation)
{
	return object_relation(&((const struct grant_args *)step)->on, relation);
}

static bool stands_on_names(const void *step)
{
	return object_stands_on_names(&((const struct grant_args *)step)->on);
}

/* ---- What is there ---- */

/* clang-format off */

static const char query[] =
	"WITH " SQL_OBJECT ", " SQL_PAIRS ", " SQL_ACTING ","
	" nobody AS (SELECT w.name FROM who w WHERE w.oid IS NULL ORDER BY w.n LIMIT 1),"
	" nowhere AS (SELECT u.name FROM unit u WHERE u.attnum IS NULL ORDER BY u.name LIMIT 1)"
	" SELECT CASE" SQL_OBJECT_STATE " WHEN nobody.name IS NOT NULL OR nowhere.name IS NOT NULL THEN 'missing'"
	" WHEN NOT EXISTS (SELECT FROM pair p WHERE p.lacks) AND f.unsupported IS NULL THEN 'done'"
	" WHEN EXISTS (SELECT FROM pair p WHERE p.has) THEN 'partial' ELSE 'absent' END AS state,"
	" CASE" SQL_OBJECT_FOUND " WHEN nowhere.name IS NOT NULL THEN " SQL_NO_COLUMN("nowhere.name")
	" WHEN nobody.name IS NOT NULL THEN 'no role '"
	" || pg_catalog.quote_ident(nobody.name) || coalesce(' (there is ' || " SQL_ROLE_NEAR("nobody.name") " || ')', '')"
	" END AS found, CASE" SQL_OBJECT_EXPECTED " END AS expected,"
	" CASE WHEN seen.n <> 1 THEN 'on' WHEN nowhere.name IS NOT NULL THEN 'columns' WHEN nobody.name IS NOT NULL THEN 'to'"
	" ELSE 'on' END AS option, CASE" SQL_OBJECT_HELP " WHEN seen.n = 1 AND nowhere.name IS NULL"
	" AND nobody.name IS NOT NULL THEN 'correct the name; or create the role by hand, which is of the whole server'"
	" END AS help, CASE WHEN $4::text IN ('function', 'procedure')"
	" THEN pg_catalog.upper($4::text) || ' ' || obj.oid::regprocedure::text END AS target, f.*,"
	" current_user::text AS role, pg_catalog.pg_get_userbyid(acting.owner) AS owner,"
	" acting.oid IS NOT NULL AS may_grant FROM " SQL_OBJECT_SEEN " LEFT JOIN rel ON true LEFT JOIN obj ON seen.n = 1"
	" LEFT JOIN nobody ON true LEFT JOIN nowhere ON true LEFT JOIN acting ON true CROSS JOIN LATERAL (SELECT"
	" (SELECT pg_catalog.string_agg(pg_catalog.lower(u.name), ', ') FROM pg_catalog.unnest($9::text[]) u(name)"
	" WHERE seen.n = 1 AND NOT EXISTS (SELECT FROM known WHERE known.name = u.name)) AS unsupported,"
	" " SQL_LACKING_KEYS " AS lacking, " SQL_AS_GRANTS(SQL_LACKING_ROWS) " AS grants, " SQL_HOLDINGS " AS holdings, " SQL_COLUMNS_TOO " AS columns_too,"
	" " SQL_ONWARD " AS onward) f";

/* clang-format on */

static const char *roles_array(const struct grant_args *args, struct arena *arena)
{
	const char **roles = arena_array(arena, const char *, args->to.count), *why;

	for (size_t i = 0; i < args->to.count; i++) {
		roles[i] = role_of(args->to.items[i], arena, &why);
		if (roles[i] && is_public(roles[i]))
			roles[i] = "";
	}
	return array_literal(roles, args->to.count, arena);
}

/* NULL: all that there are. */
static const char *privileges_array(const struct grant_args *args, struct arena *arena)
{
	struct privileges words = privileges_read(&args->privileges, arena);

	for (size_t i = 0; i < words.count; i++) {
		char *upper = arena_strdup(arena, words.items[i]);

		for (char *c = upper; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		words.items[i] = upper;
	}
	return words.all ? NULL : array_literal(words.items, words.count, arena);
}

static const char *columns_array(const struct grant_args *args, struct arena *arena)
{
	const char **columns = arena_array(arena, const char *, args->columns.count);

	for (size_t i = 0; i < args->columns.count; i++)
		columns[i] = args->columns.items[i].column;
	return array_literal(columns, args->columns.count, arena);
}

static void probe(const void *step, struct probe *probe)
{
	const struct grant_args *args = step;

	probe->query = (struct probe_query){.sql = query, .count = 12};
	object_params(&args->on, probe);
	probe->query.params[8] = privileges_array(args, probe->arena);
	probe->query.params[9] = roles_array(args, probe->arena);
	probe->query.params[10] = columns_array(args, probe->arena);
	probe->query.params[11] = args->with_grant_option ? "t" : "f";
}

/* ---- There and back ---- */

/* "TABLE app.users": GRANT calls views and the like tables too. */
static const char *target(const struct grant_args *args, const struct facts *facts, struct arena *arena)
{
	const char *known = record_get(facts->now, "target");
	struct sql_object object = args->on;

	if (is_relation(args))
		object.kind = OBJECT_RELATION;
	return known ? known : object_written(arena, &object);
}

static const char *text_of(json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

enum how { GIVE, GIVE_AGAIN, TAKE_BACK };

/* The statements of a list that the probe gave. */
static void add_statements(const struct grant_args *args, enum how how, const char *list,
                           const struct facts *facts, struct stmts *stmts)
{
	json_t *array = list ? json_loads(list, 0, NULL) : NULL, *entry;
	const char *on = target(args, facts, stmts->arena);
	size_t i;

	json_array_foreach(array, i, entry)
	{
		const char *privileges = text_of(entry, "privileges"), *roles = text_of(entry, "roles");
		bool option = json_is_true(json_object_get(entry, "option"));

		if (how == TAKE_BACK)
			stmts_add(stmts, STMT_TOGETHER, "REVOKE %s%s ON %s FROM %s", option ? "GRANT OPTION FOR " : "",
			          privileges, on, roles);
		else
			stmts_add(stmts, STMT_TOGETHER, "GRANT %s ON %s TO %s%s", privileges, on, roles,
			          (how == GIVE ? args->with_grant_option : option) ? " WITH GRANT OPTION" : "");
	}
	json_decref(array);
}

/* "select, update" as the plan says them; in a statement with the columns behind each. */
static void add_privileges(const struct grant_args *args, bool with_columns, struct buf *out)
{
	struct arena arena = {0};
	struct privileges words = privileges_read(&args->privileges, &arena);
	const char *columns =
		with_columns && args->columns.count ? arena_printf(&arena, " (%s)", args->columns.text) : "";

	if (words.all)
		buf_addf(out, "all%s", columns);
	for (size_t i = 0; i < words.count && !words.all; i++)
		buf_addf(out, "%s%s%s", i ? ", " : "", words.items[i], columns);
	arena_release(&arena);
}

static void add_roles(const struct grant_args *args, struct buf *out)
{
	struct arena arena = {0};
	const char *why;

	for (size_t i = 0; i < args->to.count; i++) {
		const char *role = role_of(args->to.items[i], &arena, &why);

		buf_addf(out, "%s%s", i ? ", " : "", is_public(role) ? "public" : ident_quoted(&arena, role));
	}
	arena_release(&arena);
}

/* true, with the refusal set, where the server would say no, or only warn and grant less. */
static bool refused(const struct grant_args *args, const struct facts *facts, struct stmts *stmts)
{
	const char *unsupported = record_get(facts->now, "unsupported"), *role = record_get(facts->now, "role");
	const char *owner = record_get(facts->now, "owner");
	struct buf privileges = {0};

	if (unsupported)
		stmts_refuse(stmts, "it came with PostgreSQL 17: leave it out, or set min_server",
		             "this server, PostgreSQL %d, has no privilege %s", facts->server_version / 10000,
		             unsupported);
	if (!owner || record_true(facts->now, "may_grant") || stmts->refusal)
		return stmts->refusal != NULL;
	add_privileges(args, false, &privileges);
	stmts_refuse(stmts,
	             arena_printf(stmts->arena, "run the plan as a member of role %s, or as one that may grant it on",
	                          ident_quoted(stmts->arena, owner)),
	             "role \"%s\" may not grant %s on %s, which belongs to role \"%s\"", role, buf_text(&privileges),
	             args->on.text, owner);
	buf_release(&privileges);
	return true;
}

/* Before anything is known, for preview. */
static void give_all(const struct grant_args *args, const struct facts *facts, struct stmts *stmts)
{
	struct buf privileges = {0}, roles = {0};

	add_privileges(args, true, &privileges);
	add_roles(args, &roles);
	stmts_add(stmts, STMT_TOGETHER, "GRANT %s ON %s TO %s%s", buf_text(&privileges),
	          target(args, facts, stmts->arena), buf_text(&roles),
	          args->with_grant_option ? " WITH GRANT OPTION" : "");
	buf_release(&privileges);
	buf_release(&roles);
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct grant_args *args = step;

	if (refused(args, facts, stmts))
		return;
	if (facts->now)
		add_statements(args, GIVE, record_get(facts->now, "grants"), facts, stmts);
	else
		give_all(args, facts, stmts);
}

static json_t *list_of(const struct record *record, const char *column)
{
	const char *text = record_get(record, column);

	return text ? json_loads(text, 0, NULL) : NULL;
}

/* One thing that this run granted: is it there, and ours to take back? */
struct holding {
	bool there, ours;
	const char *grantor; /* somebody else who granted it too */
};

static struct holding find_holding(json_t *holdings, const char *key)
{
	struct holding found = {.there = false};
	json_t *entry;
	size_t i;

	json_array_foreach(holdings, i, entry)
	{
		if (strcmp(text_of(entry, "key"), key) != 0)
			continue;
		found.there = true;
		if (json_is_true(json_object_get(entry, "ours")))
			found.ours = true;
		else
			found.grantor = text_of(entry, "grantor");
	}
	return found;
}

/* Is anything of it left?  With the refusal set where only somebody else could take it back. */
static bool is_left(const struct grant_args *args, const struct facts *facts, struct stmts *stmts)
{
	json_t *keys = list_of(facts->before, "lacking"), *holdings = list_of(facts->now, "holdings"), *key;
	bool left = false;
	size_t i;

	json_array_foreach(keys, i, key)
	{
		struct holding holding = find_holding(holdings, json_string_value(key));

		left |= holding.ours;
		if (holding.there && !holding.ours)
			stmts_refuse(stmts,
			             arena_printf(stmts->arena, "undo as a member of role %s, or let it revoke them",
			                          ident_quoted(stmts->arena, holding.grantor)),
			             "\"%s\" on %s was granted by role \"%s\", for which role \"%s\" can't act",
			             json_string_value(key), args->on.text, holding.grantor, record_get(facts->now, "role"));
	}
	json_decref(keys);
	json_decref(holdings);
	return left;
}

/* true, with the refusal set: what would be taken from a role goes on to others. */
static bool refused_for_others(const struct grant_args *args, const struct facts *facts, struct stmts *stmts)
{
	bool before;
	const char *onward = grants_onward(facts, &before, stmts->arena);

	if (onward)
		stmts_refuse(stmts,
		             before ? "it was so before this run: revoke it by hand, undo, and grant it anew"
		                    : "revoke that by hand, then undo again",
		             "role %s on %s", onward, args->on.text);
	return onward != NULL;
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct grant_args *args = step;

	if (!is_left(args, facts, stmts) || stmts->refusal || refused_for_others(args, facts, stmts))
		return;
	add_statements(args, TAKE_BACK, record_get(facts->before, "grants"), facts, stmts);
	add_statements(args, GIVE_AGAIN, record_get(facts->now, "columns_too"), facts, stmts);
}

static void describe(const void *step, struct buf *out)
{
	const struct grant_args *args = step;

	buf_add(out, "grant ");
	add_privileges(args, false, out);
	buf_addf(out, " on %s", args->on.text);
	if (args->columns.count)
		buf_addf(out, " (%s)", args->columns.text);
	buf_add(out, " to ");
	add_roles(args, out);
}

const struct step_type step_grant = {
	.name = "grant",
	.summary = "grants privileges on a table, view, sequence, schema, function or type to roles",
	.example = "grant { privileges = { \"select\", \"insert\" }, on = \"app.orders\", to = \"pg_monitor\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.orders (id bigint PRIMARY KEY, total bigint);\n"
			 "INSERT INTO app.orders SELECT n, n FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.leaves_names = true,
	.size = sizeof(struct grant_args),
	.options = options,
	.locks = "none that readers or writers would notice",
	.way_back =
		"revokes what was not there before, never more and never with CASCADE: where a role has granted it on, "
		"undo refuses",
	.looks_again = true,
	.may_refuse_undo = true,
	.stands_on_names = stands_on_names,
	.check = check,
	.subject = subject,
	.probe = probe,
	.apply = apply,
	.reverse = reverse,
	.describe = describe,
};
