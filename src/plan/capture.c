/* The statements that begin and end the following of a table. */
#include "plan/capture.h"

#include <string.h>

#include "plan/again.h"
#include "plan/key_log.h"

/* Every key is in exactly one of them. */
static void add_ranges(const struct copying *c, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;

	stmts_add(
		stmts, STMT_TOGETHER,
		"CREATE TABLE %s (span integer NOT NULL, state text NOT NULL CHECK (state IN ('done', 'flight', 'todo')),"
		" %s, %s, epoch bigint, PRIMARY KEY (span, state)) WITH (fillfactor = 50)",
		c->ranges, copying_declared(c, COPYING_LIVE, "lo", arena), copying_declared(c, COPYING_LIVE, "hi", arena));
	stmts_add(stmts, STMT_TOGETHER, "INSERT INTO %s (span, state) VALUES (1, 'todo')", c->ranges);
}

static struct key_log log_of(const struct copying *c, struct arena *arena)
{
	return (struct key_log){.c = c,
	                        .side = COPYING_LIVE,
	                        .table = &c->live,
	                        .relation = c->log,
	                        .function = copying_function(c->run, c->number, arena),
	                        .trigger = c->trigger};
}

void capture_make(const struct copying *c, struct stmts *stmts)
{
	struct key_log log = log_of(c, stmts->arena);

	add_ranges(c, stmts);
	key_log_make(&log, stmts);
}

void capture_pause(const struct copying *c, struct stmts *stmts)
{
	key_log_drop_triggers(&c->live, c->trigger, stmts);
}

void capture_resume(const struct copying *c, struct stmts *stmts)
{
	struct key_log log = log_of(c, stmts->arena);

	key_log_add_triggers(&log, stmts);
}

bool capture_stands(const struct facts *facts, struct arena *arena)
{
	return again_holds(record_get(facts->now, "our_triggers"), copying_trigger(facts->run, facts->number, arena));
}

static void drop_trigger(const struct relname *live, const char *name, const struct facts *facts,
                         struct stmts *stmts)
{
	struct arena *arena = stmts->arena;

	if (again_holds(record_get(facts->now, "our_triggers"), name))
		stmt_lock(stmts,
		          stmts_add(stmts, STMT_TOGETHER, "DROP TRIGGER IF EXISTS %s ON %s", ident_quoted(arena, name),
		                    relname_quoted(arena, live)),
		          live, LOCK_ACCESS_EXCLUSIVE);
}

static void drop_table(const char *name, const struct facts *facts, struct stmts *stmts)
{
	if (again_holds(record_get(facts->now, "our_tables"), name + strlen("interlock.")))
		stmts_add(stmts, STMT_TOGETHER, "DROP TABLE IF EXISTS %s", name);
}

void capture_drop(const struct relname *live, const struct facts *facts, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *trigger = copying_trigger(facts->run, facts->number, arena);
	const char *function = copying_function(facts->run, facts->number, arena);

	drop_trigger(live, trigger, facts, stmts);
	drop_trigger(live, arena_printf(arena, "%s_t", trigger), facts, stmts);
	if (again_holds(record_get(facts->now, "our_functions"), function + strlen("interlock.")))
		stmts_add(stmts, STMT_TOGETHER, "DROP FUNCTION IF EXISTS %s()", function);
	drop_table(copying_log(facts->run, facts->number, arena), facts, stmts);
	drop_table(copying_ranges(facts->run, facts->number, arena), facts, stmts);
}
