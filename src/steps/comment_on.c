/* The comment of anything that COMMENT ON knows in a schema; undo brings the earlier words back. */
#include <jansson.h>
#include <string.h>

#include "plan/family.h"
#include "plan/objects.h"

struct comment_on_args {
	struct sql_object object;
	json_t *comment; /* a text, or false */
};

static const struct option options[] = {
	{.name = "object",
     .kind = OPTION_THING,
     .required = true,
     .offset = offsetof(struct comment_on_args, object),
     .help = "what it is about, as after COMMENT ON: \"table app.users\", \"column app.users.email\", "
             "\"constraint c on app.users\", \"function app.f(int)\""},
	{.name = "comment",
     .kind = OPTION_ANY,
     .required = true,
     .offset = offsetof(struct comment_on_args, comment),
     .help = "the words; \"\" or false to take the comment away"},
	OPTION_END,
};

/* NULL: there shall be none. */
static const char *words_of(const struct comment_on_args *args)
{
	const char *words = json_string_value(args->comment);

	return words && *words ? words : NULL;
}

static bool check_object(const struct comment_on_args *args, const struct option_place *place, struct diags *diags)
{
	struct diag *diag;

	if (args->object.kind != OBJECT_RELATION)
		return true;
	diag = option_error(place, diags, "bad-option", "object",
	                    "\"object\" of comment_on must say what it is about, not only its name");
	diag_help(&diags->arena, diag, "for example object = \"table %s\", or view, index, sequence, type, schema",
	          args->object.text);
	return false;
}

static bool check(const void *step, const struct option_place *place, struct diags *diags)
{
	const struct comment_on_args *args = step;
	bool ok = check_object(args, place, diags);

	if (json_is_string(args->comment) || json_is_false(args->comment))
		return ok;
	diag_help(&diags->arena,
	          option_error(place, diags, "bad-option", "comment",
	                       "\"comment\" of comment_on must be a text, or false to take the comment away"),
	          "for example comment = \"one row for each person that may log in\"");
	return false;
}

static bool subject(const void *step, struct relname *relation)
{
	return object_relation(&((const struct comment_on_args *)step)->object, relation);
}

/* clang-format off */

static const char query[] =
	"WITH " SQL_OBJECT ", said AS (SELECT d.description FROM obj JOIN pg_catalog.pg_description d"
	" ON d.classoid = obj.class AND d.objoid = obj.oid AND d.objsubid = obj.sub)"
	" SELECT CASE" SQL_OBJECT_STATE " WHEN said.description IS NOT DISTINCT FROM $9::text THEN 'done'"
	" ELSE 'absent' END AS state, CASE" SQL_OBJECT_FOUND " ELSE said.description END AS found,"
	" CASE" SQL_OBJECT_EXPECTED " ELSE $9::text END AS expected, 'object' AS option, CASE" SQL_OBJECT_HELP " END AS help,"
	" said.description AS comment,"
	" CASE WHEN $4::text IN ('function', 'procedure')"
	" THEN pg_catalog.upper($4::text) || ' ' || obj.oid::regprocedure::text END AS target,"
	" CASE WHEN NOT pg_catalog.pg_has_role(obj.owner, 'USAGE')"
	" THEN pg_catalog.json_build_array($8::text, pg_catalog.pg_get_userbyid(obj.owner))::text END AS other_owner"
	" FROM " SQL_OBJECT_SEEN " LEFT JOIN rel ON true LEFT JOIN obj ON seen.n = 1 LEFT JOIN said ON seen.n = 1";

/* clang-format on */

static void probe(const void *step, struct probe *probe)
{
	const struct comment_on_args *args = step;

	probe->query = (struct probe_query){.sql = query, .count = 9};
	object_params(&args->object, probe);
	probe->query.params[8] = words_of(args);
}

static struct stmt *say(const struct comment_on_args *args, const char *words, const struct facts *facts,
                        struct stmts *stmts)
{
	const char *target = record_get(facts->now, "target");
	struct relname relation;
	struct stmt *stmt;

	stmt = stmts_add(stmts, STMT_TOGETHER, "COMMENT ON %s IS %s",
	                 target ? target : object_written(stmts->arena, &args->object),
	                 words ? literal_quoted(stmts->arena, words) : "NULL");
	if (*object_relkinds(args->object.kind) && object_relation(&args->object, &relation))
		stmt_takes(stmts, stmt, &relation, LOCK_SHARE_UPDATE_EXCLUSIVE);
	return stmt;
}

static void apply(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct comment_on_args *args = step;
	struct stmt *stmt;

	if (owner_refused(facts, stmts))
		return;
	stmt = say(args, words_of(args), facts, stmts);
	if (record_get(facts->now, "comment"))
		stmt->note = "there is another comment, which undo brings back";
}

static bool equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void reverse(const void *step, const struct facts *facts, struct stmts *stmts)
{
	const struct comment_on_args *args = step;
	const char *earlier = record_get(facts->before, "comment"), *now = record_get(facts->now, "comment");

	if (facts->state == STATE_MISSING || facts->state == STATE_CONFLICT || equal(earlier, now))
		return;
	if (facts->state == STATE_DONE)
		say(args, earlier, facts, stmts);
	else
		stmts_refuse(stmts,
		             arena_printf(stmts->arena,
		                          "keep those words elsewhere, say COMMENT ON … IS %s, then undo again",
		                          earlier ? literal_quoted(stmts->arena, earlier) : "NULL"),
		             "the comment on %s is no longer what this run wrote: %s", args->object.text,
		             now ? literal_quoted(stmts->arena, now) : "there is none");
}

static void describe(const void *step, struct buf *out)
{
	const struct comment_on_args *args = step;

	buf_addf(out, words_of(args) ? "comment on %s" : "take away the comment on %s", args->object.text);
}

static bool stands_on_names(const void *step)
{
	return object_stands_on_names(&((const struct comment_on_args *)step)->object);
}

const struct step_type step_comment_on = {
	.name = "comment_on",
	.summary =
		"writes the comment of a table, column, view, index, type, constraint, function, schema and the like",
	.example = "comment_on { object = \"column app.users.email\",\n"
			   "             comment = \"lower case; unique for each tenant\" }",
	.setup = "CREATE SCHEMA app;\n"
			 "CREATE TABLE app.users (id bigint PRIMARY KEY, email text);\n"
			 "COMMENT ON COLUMN app.users.email IS 'the address';\n"
			 "INSERT INTO app.users SELECT n, 'u' || n FROM generate_series(1, 100) n",
	.class = CLASS_ADDITIVE,
	.leaves_names = true,
	.size = sizeof(struct comment_on_args),
	.options = options,
	.locks = "SHARE UPDATE EXCLUSIVE on the table, view, index or sequence that it is about, briefly: readers and "
			 "writers go on",
	.way_back = "the earlier comment, or none; words that somebody wrote since are kept: undo then refuses",
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
