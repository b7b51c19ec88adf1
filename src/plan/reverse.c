/* The statements that begin and end the following of the table that was switched in. */
#include "plan/reverse.h"

#include "plan/key_log.h"

const char *reverse_trigger(int64_t run, int number, struct arena *arena)
{
	return arena_printf(arena, "%s_r", copying_trigger(run, number, arena));
}

const char *reverse_log(int64_t run, int number, struct arena *arena)
{
	return arena_printf(arena, "interlock.rlog_%lld_%d", (long long)run, number);
}

const char *reverse_function(int64_t run, int number, struct arena *arena)
{
	return arena_printf(arena, "interlock.reverse_%lld_%d", (long long)run, number);
}

/* By it each key is only once in the log of the other direction, which nothing else fills; without its schema. */
static const char *index_name(int64_t run, int number, struct arena *arena)
{
	return arena_printf(arena, "log_%lld_%d_key", (long long)run, number);
}

void reverse_make(const struct copying *c, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	struct key_log log = {.c = c,
	                      .side = COPYING_SHADOW,
	                      .table = &c->live,
	                      .relation = reverse_log(c->run, c->number, arena),
	                      .function = reverse_function(c->run, c->number, arena),
	                      .trigger = reverse_trigger(c->run, c->number, arena),
	                      .tells_operations = true};

	key_log_make(&log, stmts);
	stmts_add(stmts, STMT_TOGETHER, "CREATE UNIQUE INDEX %s ON %s (%s)", index_name(c->run, c->number, arena),
	          c->log, copying_numbered(c, "k", arena));
}

void reverse_drop(const struct relname *live, int64_t run, int number, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;

	key_log_drop_triggers(live, reverse_trigger(run, number, arena), stmts);
	stmts_add(stmts, STMT_TOGETHER, "DROP FUNCTION IF EXISTS %s()", reverse_function(run, number, arena));
	stmts_add(stmts, STMT_TOGETHER, "DROP TABLE IF EXISTS %s", reverse_log(run, number, arena));
	stmts_add(stmts, STMT_TOGETHER, "DROP INDEX IF EXISTS interlock.%s", index_name(run, number, arena));
}
