/* Gates that pass by themselves: by a query, by the release of the sessions that are there, by their absence. */
#include <string.h>

#include "base/interval.h"
#include "engine/look.h"
#include "engine/naming.h"
#include "engine/tx.h"

static const char query_limit[] = "30s";

/* One statement in a fenced transaction that leaves nothing behind; the caller frees the rows. */
static bool ask(struct look *l, struct batch *batch, struct rows **rows, struct err *err)
{
	*rows = NULL;
	if (!tx_begin(l->session, batch, rows, err))
		return false;
	tx_rollback(l->session);
	return true;
}

/* The server's refusal, in words about the gate. */
static bool query_failed(const struct look *l, struct err *err)
{
	if (err_is(err, "25006")) {
		err_set(err, EXIT_STEP, "the query of gate \"%s\" wants to write", l->block->label);
		err_help(err, "a gate only asks: take out of the query what changes something");
	} else if (err_is(err, "57014")) {
		err_set(err, EXIT_STEP, "the query of gate \"%s\" took longer than %s", l->block->label, query_limit);
		err_help(err, "it is asked again and again: make it faster");
	} else if (err->code == EXIT_STEP) {
		err_prefix(err, "the query of gate \"%s\" failed", l->block->label);
	}
	err_at(err, l->block->span);
	return false;
}

/* Exactly one boolean; NULL is not true. */
static bool take_answer(const struct look *l, const struct rows *rows, bool *passes, struct err *err)
{
	const char *value;

	if (rows_count(rows) != 1 || rows_columns(rows) != 1) {
		err_set(err, EXIT_STEP, "the query of gate \"%s\" gave %zu rows of %zu columns, not one boolean",
		        l->block->label, rows_count(rows), rows_columns(rows));
		err_at(err, l->block->span);
		return false;
	}
	value = rows_value(rows, 0, 0);
	*passes = value && strcmp(value, "t") == 0;
	if (!value || *passes || strcmp(value, "f") == 0)
		return true;
	err_set(err, EXIT_STEP, "the query of gate \"%s\" gave \"%.60s\", not true or false", l->block->label, value);
	err_at(err, l->block->span);
	return false;
}

/* With the plan's search_path, in a transaction that can't write. */
static bool ask_query(struct look *l, bool *passes, struct err *err)
{
	struct batch batch = {.arena = l->arena};
	struct rows *answers[4] = {0};
	bool ok;

	batch_add(&batch, "SET TRANSACTION READ ONLY", 0);
	batch_add(&batch, "SELECT pg_catalog.set_config('statement_timeout', $1, true)", 1, query_limit);
	batch_add(&batch, "SELECT pg_catalog.set_config('search_path', $1, true)", 1,
	          l->session->plan->settings.search_path);
	batch_add(&batch, l->block->wait.gate.query, 0);
	ok = tx_begin(l->session, &batch, answers, err);
	if (ok)
		tx_rollback(l->session);
	ok = ok ? take_answer(l, answers[3], passes, err) : query_failed(l, err);
	for (size_t i = 0; i < 4; i++)
		rows_free(answers[i]);
	return ok;
}

/*
 * Are there sessions named APP/VERSION, and none older?  A version that is not
 * numbers counts as older.
 */
static const char app_question[] =
	"SELECT count(*) AS there, count(*) FILTER (WHERE older) AS older, min(v) FILTER (WHERE older) AS example FROM"
	" (SELECT v, CASE WHEN v ~ '^[0-9]+([.][0-9]+)*$' THEN"
	"   string_to_array(regexp_replace(v, '([.]0+)+$', ''), '.')::numeric[]"
	"   < string_to_array(regexp_replace($2, '([.]0+)+$', ''), '.')::numeric[] ELSE true END AS older FROM"
	"  (SELECT substr(application_name, length($1) + 2) AS v FROM pg_catalog.pg_stat_activity"
	"   WHERE datname = current_database() AND starts_with(application_name, $1 || '/')) AS sessions) AS judged";

static bool ask_app(struct look *l, bool *passes, const char **why, struct err *err)
{
	const struct gate_args *gate = &l->block->wait.gate;
	struct batch batch = {.arena = l->arena};
	struct rows *rows;

	batch_add(&batch, app_question, 2, gate->app, gate->at_least);
	if (!ask(l, &batch, &rows, err))
		return false;
	*passes = rows_integer(rows, 0, "there") > 0 && rows_integer(rows, 0, "older") == 0;
	if (rows_integer(rows, 0, "there") == 0)
		*why = arena_printf(l->arena, "no session is named %s/VERSION", gate->app);
	else
		*why = arena_printf(l->arena, "%s session%s of %s %s older than %s, such as %s/%s",
		                    rows_get(rows, 0, "older"), rows_integer(rows, 0, "older") == 1 ? "" : "s", gate->app,
		                    rows_integer(rows, 0, "older") == 1 ? "is" : "are", gate->at_least, gate->app,
		                    rows_get(rows, 0, "example") ? rows_get(rows, 0, "example") : "?");
	rows_free(rows);
	return true;
}

/* Notes when such a session was last seen, and tells how long ago that is. */
static const char quiet_question[] =
	"WITH now AS (SELECT count(*) AS there FROM pg_catalog.pg_stat_activity"
	"  WHERE datname = current_database() AND application_name LIKE $3)"
	" UPDATE interlock.condition c SET data = CASE WHEN now.there > 0 THEN"
	"  coalesce(c.data, '{}'::jsonb) || jsonb_build_object('seen', clock_timestamp()) ELSE c.data END FROM now"
	" WHERE c.run = $1::bigint AND c.block = $2::integer RETURNING now.there, (extract(epoch FROM clock_timestamp() -"
	" coalesce((c.data ->> 'seen')::timestamptz, c.reached_at)) * 1000)::bigint AS quiet,"
	" to_char((c.data ->> 'seen')::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS seen,"
	" to_char(c.reached_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since";

static const char *quiet_words(struct look *l, const struct rows *rows)
{
	const struct gate_args *gate = &l->block->wait.gate;
	struct buf quiet = {0};
	const char *words;

	interval_format(gate->quiet, &quiet);
	if (rows_integer(rows, 0, "there") > 0)
		words = arena_printf(l->arena, "%s session%s like \"%s\" %s there", rows_get(rows, 0, "there"),
		                     rows_integer(rows, 0, "there") == 1 ? "" : "s", gate->no_sessions,
		                     rows_integer(rows, 0, "there") == 1 ? "is" : "are");
	else if (rows_get(rows, 0, "seen"))
		words = arena_printf(l->arena, "sessions like \"%s\" were last seen at %s UTC; they must be away for %s",
		                     gate->no_sessions, rows_get(rows, 0, "seen"), buf_text(&quiet));
	else
		words = arena_printf(l->arena, "no session like \"%s\" was seen since %s UTC; they must be away for %s",
		                     gate->no_sessions, rows_get(rows, 0, "since"), buf_text(&quiet));
	buf_release(&quiet);
	return words;
}

static bool ask_quiet(struct look *l, bool *passes, const char **why, struct err *err)
{
	struct batch batch = {.arena = l->arena};
	struct rows *rows = NULL;
	bool ok;

	batch_add(&batch, quiet_question, 3, l->run, l->index, l->block->wait.gate.no_sessions);
	ok = tx_begin(l->session, &batch, &rows, err) && tx_commit(l->session, err);
	if (ok) {
		*passes =
			rows_integer(rows, 0, "there") == 0 && rows_integer(rows, 0, "quiet") >= l->block->wait.gate.quiet;
		*why = quiet_words(l, rows);
	}
	rows_free(rows);
	return ok;
}

static bool passes_by_itself(const struct gate_args *gate)
{
	return gate->query || (gate->app && gate->at_least) || gate->no_sessions;
}

/* What the gate says, with what was seen where something was. */
static const char *words_of(const struct gate_args *gate, const char *seen, struct arena *arena)
{
	if (gate->text && seen)
		return arena_printf(arena, "%s (%s)", gate->text, seen);
	return seen ? seen : gate->text ? gate->text : "somebody has to say that it may go on";
}

void gate_tell(const struct block *block, const char *named, struct arena *arena, struct stop *stop)
{
	const struct gate_args *gate = &block->wait.gate;
	const char *rule = NULL;

	if (gate->query)
		rule = arena_printf(arena, "its query is not true yet: %s", gate->query);
	else if (gate->app && gate->at_least)
		rule = arena_printf(arena, "sessions of %s are to be %s or newer", gate->app, gate->at_least);
	else if (gate->no_sessions)
		rule = arena_printf(arena, "sessions like \"%s\" are to be away", gate->no_sessions);
	stop->why = words_of(gate, rule, arena);
	stop->command = passes_by_itself(gate) ? arena_printf(arena, "interlock run %s", named)
	                                       : arena_printf(arena, "interlock gate pass %s %s --evidence TEXT",
	                                                      named, label_named(block->label, arena));
}

bool gate_look(struct look *l, struct stop *stop, struct err *err)
{
	const struct gate_args *gate = &l->block->wait.gate;
	const char *why = NULL, *evidence = NULL;
	bool passes = false, ok = true;

	if (gate->query) {
		evidence = gate->query;
		ok = ask_query(l, &passes, err);
	} else if (gate->app && gate->at_least) {
		evidence = arena_printf(l->arena, "only sessions of %s %s and newer", gate->app, gate->at_least);
		ok = ask_app(l, &passes, &why, err);
	} else if (gate->no_sessions) {
		evidence = arena_printf(l->arena, "no sessions like %s", gate->no_sessions);
		ok = ask_quiet(l, &passes, &why, err);
	}
	if (!ok)
		return false;
	gate_tell(l->block, run_named(&l->session->run, l->arena), l->arena, stop);
	if (why)
		stop->why = words_of(gate, why, l->arena);
	stop->open = passes;
	return !passes || look_satisfied(l, "interlock", evidence, err);
}
