/* One probe: a question, perhaps a scratch twin, an answer. */
#include "check/facts.h"

#include <string.h>

#include "base/xalloc.h"
#include "plan/dependents.h"
#include "plan/place.h"

enum { SCRATCH_MAX = 8 };

bool facts_has_probe(const struct step *step)
{
	return step->type->probe != NULL;
}

/* `before`: what the step's row said when it was done, where it is asked for undo. */
static struct probe probe_of(const struct step *step, const struct record *before, struct arena *arena)
{
	struct probe probe = {.arena = arena, .before = before};

	step->type->probe(step->args, &probe);
	return probe;
}

static struct query query_of(const struct probe_query *probe, struct arena *arena)
{
	const char **params = arena_array(arena, const char *, 12);

	memcpy(params, probe->params, sizeof(probe->params));
	return (struct query){.sql = probe->sql, .count = probe->count, .params = params, .prepare = true};
}

struct query facts_question(const struct step *step, const struct record *before, struct arena *arena)
{
	struct probe probe = probe_of(step, before, arena);

	return query_of(&probe.query, arena);
}

static enum step_state state_named(const char *name)
{
	for (int s = STATE_ABSENT; s <= STATE_MISSING; s++)
		if (name && strcmp(step_state_name((enum step_state)s), name) == 0)
			return (enum step_state)s;
	bug("a probe answered \"%s\"", name ? name : "NULL");
}

/* Columns of the first answer that the comparison does not give are kept. */
static const struct record *merged(const struct record *first, const struct record *second, struct arena *arena)
{
	size_t room = first->count + second->count, count = 0;
	const char **names = arena_array(arena, const char *, room), **values = arena_array(arena, const char *, room);
	struct record *result = arena_alloc(arena, sizeof(*result));

	for (size_t i = 0; i < second->count; i++, count++) {
		names[count] = second->names[i];
		values[count] = second->values[i];
	}
	for (size_t i = 0; i < first->count; i++) {
		bool again = false;

		for (size_t j = 0; j < second->count; j++)
			again |= strcmp(first->names[i], second->names[j]) == 0;
		if (again)
			continue;
		names[count] = first->names[i];
		values[count++] = first->values[i];
	}
	*result = (struct record){count, names, values};
	return result;
}

/* Opens the savepoint and builds the twin; gives the number of queries, at most SCRATCH_MAX + 3. */
static size_t add_scratch(const struct probe *probe, const char *const *path, struct query *queries)
{
	size_t n = 0;

	queries[n++] = *QUERY("SAVEPOINT interlock_scratch");
	queries[n++] = (struct query){.sql = "SELECT pg_catalog.set_config('search_path', $1, true)",
	                              .count = 1,
	                              .params = path,
	                              .prepare = true};
	for (size_t i = 0; i < probe->scratch_count; i++)
		queries[n++] = (struct query){.sql = probe->scratch[i]};
	queries[n++] = *QUERY("SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)");
	return n;
}

static size_t add_end(struct query *queries, size_t n)
{
	queries[n++] = *QUERY("ROLLBACK TO SAVEPOINT interlock_scratch");
	queries[n++] = *QUERY("RELEASE SAVEPOINT interlock_scratch");
	return n;
}

/* After an error of the server: the transaction is usable again. */
static void back_to_before(struct conn *conn)
{
	struct err ignored = {0};

	if (!conn_lost(conn))
		conn_query(conn, QUERY("ROLLBACK TO SAVEPOINT interlock_scratch"), NULL, &ignored);
	err_release(&ignored);
}

/* Builds the twin, compares, takes it away again. */
static bool compare(struct conn *conn, const struct plan *plan, struct probe *probe, struct rows **answer,
                    struct err *err)
{
	struct query queries[SCRATCH_MAX + 6];
	struct rows *rows[SCRATCH_MAX + 6] = {0};
	size_t wanted = add_scratch(probe, &plan->settings.search_path, queries), n, failed;
	bool ok;

	queries[wanted] = query_of(&probe->compare, probe->arena);
	queries[wanted].prepare = false; /* the twin's types are of this savepoint only */
	n = add_end(queries, wanted + 1);
	ok = conn_pipeline(conn, queries, n, 0, rows, &failed, err);
	for (size_t i = 0; i < n; i++)
		if (i != wanted || !ok)
			rows_free(rows[i]);
	*answer = ok ? rows[wanted] : NULL;
	if (ok)
		return true;
	probe->refused = queries[failed].sql;
	back_to_before(conn);
	return false;
}

bool facts_can_build(const struct step *step, struct arena *arena)
{
	return probe_of(step, NULL, arena).scratch_count > 0;
}

bool facts_build(struct conn *conn, const struct plan *plan, const struct step *step, struct arena *arena,
                 struct err *err)
{
	struct probe probe = probe_of(step, NULL, arena);
	struct query queries[SCRATCH_MAX + 7];
	size_t n = add_scratch(&probe, &plan->settings.search_path, queries), failed;

	memmove(queries + 2, queries + 1, (n - 1) * sizeof(*queries)); /* behind the savepoint, which takes it back */
	queries[1] = *QUERY("SELECT pg_catalog.set_config('lock_timeout', '2s', true)");
	n = add_end(queries, n + 1);
	if (probe.scratch_count == 0 || conn_pipeline(conn, queries, n, 0, NULL, &failed, err))
		return true;
	err_at(err, place_of_sql(step, queries[failed].sql, err->position));
	back_to_before(conn);
	return false;
}

/* A later step took away what this one was made of; what it left is there all the same. */
static bool first_alone(const struct conn *conn, const struct record *row, struct facts *facts, struct err *err)
{
	err_release(err);
	*err = (struct err){0};
	facts->server_version = conn_server_version(conn);
	facts->now = row;
	facts->state = STATE_CONFLICT;
	return true;
}

bool facts_take(struct conn *conn, const struct plan *plan, const struct step *step, const struct rows *answer,
                struct arena *arena, struct facts *facts, struct err *err)
{
	const struct record *row;
	struct probe probe;
	struct rows *second;

	if (rows_count(answer) != 1)
		bug("the probe of %s gave %zu rows", step->type->name, rows_count(answer));
	row = rows_record(answer, 0, arena);
	if (strcmp(record_get(row, "state"), "compare") == 0) {
		probe = probe_of(step, facts->undoing ? facts->before : NULL, arena);
		if (!compare(conn, plan, &probe, &second, err)) {
			if (facts->afterwards && !conn_lost(conn))
				return first_alone(conn, row, facts, err);
			err_at(err, place_of_sql(step, probe.refused, err->position));
			return false;
		}
		if (rows_count(second) != 1)
			bug("the comparison of %s gave %zu rows", step->type->name, rows_count(second));
		row = merged(row, rows_record(second, 0, arena), arena);
		rows_free(second);
	}
	facts->server_version = conn_server_version(conn);
	facts->now = row;
	facts->state = state_named(record_get(row, "state"));
	return true;
}

bool facts_of_step(struct conn *conn, const struct plan *plan, const struct step *step, struct arena *arena,
                   struct facts *facts, struct err *err)
{
	struct query question = facts_question(step, facts->undoing ? facts->before : NULL, arena);
	struct rows *answer;
	bool ok;

	if (!conn_query(conn, &question, &answer, err))
		return false;
	ok = facts_take(conn, plan, step, answer, arena, facts, err);
	rows_free(answer);
	return ok;
}

/* The way out where the step knows no better one. */
static const char *usual_help(const struct step *step, const struct facts *facts)
{
	enum step_class class = step_class_of(step);

	if (dependents_only(facts))
		return "take that away, or let it do without, in an earlier step: nothing is dropped along with something else";
	if (facts->state == STATE_CONFLICT)
		return "nothing was changed; correct the plan, or bring the database to what the plan expects";
	if (class == CLASS_DESTRUCTIVE || class == CLASS_VERIFY)
		return "nothing was changed; correct the name, or find out why it is not there";
	return "create it in an earlier step, or correct the name";
}

bool facts_conflict(const struct step *step, const struct facts *facts, enum exit_code code, struct err *err)
{
	const char *found = record_get(facts->now, "found"), *expected = record_get(facts->now, "expected");
	const char *help = record_get(facts->now, "help");
	struct arena arena = {0};
	const char *what = step_text(step, &arena);

	if (facts->state == STATE_MISSING)
		err_set(err, code, "%s: %s", what, found ? found : "what it stands on is not there");
	else
		err_set(err, code, "%s: %s", what,
		        dependents_only(facts) ? "something depends on it" : "the database has something else");
	arena_release(&arena);
	if (facts->state == STATE_CONFLICT && expected)
		err_detail(err, "expected: %s", expected);
	if (facts->state == STATE_CONFLICT && found)
		err_detail(err, "found:    %s", found);
	err_at(err, place_of_piece(step, record_get(facts->now, "option"), record_get(facts->now, "piece")));
	diag_chain(&err->arena, &err->diag, step->chain, step->chain_length);
	err->diag.rule = facts->state == STATE_MISSING ? "missing-object" : "conflict";
	err_help(err, "%s", help ? help : usual_help(step, facts));
	return false;
}
