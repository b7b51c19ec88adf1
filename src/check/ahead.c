/* Makes the names of earlier steps, and takes them away again. */
#include "check/ahead.h"

enum { STATEMENTS_MAX = 4 };

/* After an error of the server: as it was at the savepoint. */
static void back_to(struct conn *conn, const char *rollback)
{
	struct err ignored = {0};

	if (!conn_lost(conn))
		conn_query(conn, QUERY(rollback), NULL, &ignored);
	err_release(&ignored);
}

/* The statements of one step; false: they can't be run here and now. */
static bool make(const struct catalogue_check *g, const struct step *maker, struct err *err)
{
	struct query queries[STATEMENTS_MAX + 2];
	struct stmts stmts = {.arena = g->arena};
	size_t n = 0;

	maker->type->apply(maker->args, &g->facts[maker->number - 1], &stmts);
	if (stmts.refusal || stmts.count > STATEMENTS_MAX)
		return false;
	queries[n++] = *QUERY("SAVEPOINT interlock_name");
	for (const struct stmt *stmt = stmts.first; stmt; stmt = stmt->next)
		queries[n++] = (struct query){.sql = stmt->sql};
	queries[n++] = *QUERY("RELEASE SAVEPOINT interlock_name");
	if (conn_pipeline(g->conn, queries, n, 0, NULL, NULL, err))
		return true;
	back_to(g->conn, "ROLLBACK TO SAVEPOINT interlock_name");
	return false;
}

/* Is it still to run, and not there already? */
static bool is_to_come(const struct catalogue_check *g, const struct step *maker)
{
	const struct facts *facts = &g->facts[maker->number - 1];

	return !(g->done && g->done[maker->number - 1]) && !(facts->now && facts->state == STATE_DONE);
}

static bool makes_its_table(const struct catalogue_check *g, const struct step *maker, const struct step *step)
{
	struct relname table;

	for (size_t n = 0; maker->type->creates && step->type->stands_on; n++) {
		if (!step->type->stands_on(step->args, n, g->arena, &table))
			return false;
		if (maker->type->creates(maker->args, &table))
			return true;
	}
	return false;
}

bool ahead_brings(const struct catalogue_check *check, const struct step *maker, const struct step *step)
{
	return is_to_come(check, maker) && (maker->type->makes_names || makes_its_table(check, maker, step));
}

bool ahead_excuses(const struct ahead *ahead, const struct err *err)
{
	return !ahead->names || err_is(err, "55P04") || (!ahead->relations && err_is(err, "42P01"));
}

/* Whoever makes the same name at this moment is not waited for. */
static bool open_savepoint(struct conn *conn, struct err *err)
{
	const struct query queries[] = {
		{.sql = "SAVEPOINT interlock_ahead"},
		{.sql = "SELECT pg_catalog.set_config('lock_timeout', '200ms', true)"},
	};

	return conn_pipeline(conn, queries, sizeof(queries) / sizeof(queries[0]), 0, NULL, NULL, err);
}

static bool changes_the_same(const struct step *maker, const struct step *step)
{
	struct relname table;

	return step->type->subject && step->type->subject(step->args, &table) &&
	       step_type_changes(maker->type, maker->args, &table);
}

/* Makes what one step is to bring, or notes that it can't be made here. */
static void bring(const struct catalogue_check *g, const struct step *maker, const struct step *step,
                  struct ahead *ahead)
{
	struct err refusal = {0};
	bool made = maker->type->made_ahead && make(g, maker, &refusal);

	err_release(&refusal);
	if (made)
		return;
	if (maker->type->creates)
		ahead->relations = false;
	if (!maker->type->creates || makes_its_table(g, maker, step) || changes_the_same(maker, step))
		ahead->names = false;
}

bool ahead_begin(const struct catalogue_check *check, const struct step *step, struct ahead *ahead,
                 struct err *err)
{
	*ahead = (struct ahead){true, true};
	if (!open_savepoint(check->conn, err))
		return false;
	for (int n = 1; n < step->number && !conn_lost(check->conn); n++) {
		const struct step *maker = plan_step(check->plan, n);

		if (is_to_come(check, maker) && (maker->type->makes_names || maker->type->creates))
			bring(check, maker, step, ahead);
	}
	if (conn_lost(check->conn))
		return err_set(err, EXIT_CONNECTION, "the connection to the server was lost");
	return true;
}

void ahead_end(struct conn *conn)
{
	back_to(conn, "ROLLBACK TO SAVEPOINT interlock_ahead");
	back_to(conn, "RELEASE SAVEPOINT interlock_ahead");
}
