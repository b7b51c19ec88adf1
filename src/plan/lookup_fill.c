/* A filling by lookup from its beginning to its end, and back. */
#include "plan/lookup_fill.h"

#include "plan/lookup.h"
#include "sql/columns.h"

/* In this order: an answer that nobody can know before all notes are worked off would be a wrong one. */
void lookup_apply(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	struct stmts withdraw = {.arena = stmts->arena};
	struct looking looking;
	struct stmt *stmt;

	if (!looking_of(plan, facts, stmts->arena,
	                &looking)) { /* for a preview, where an earlier step is to make it */
		stmts_add(stmts, STMT_BATCHES, "UPDATE %s SET %s = (SELECT … FROM %s)", looking.table, looking.column,
		          looking.theirs);
		return;
	}
	lookup_verify(&looking, stmts);
	lookup_begin(&looking, stmts);
	lookup_create_all(&looking, stmts);
	stmt = stmts_add(stmts, STMT_BATCHES, "UPDATE %s AS %s SET %s = %s FROM %s AS \"~l\" WHERE %s", looking.table,
	                 looking.alias, looking.column, looking.value, looking.theirs, looking.match);
	lookup_withdraw(&looking, &withdraw);
	stmt->filling = lookup_filling(&looking, withdraw.first);
	stmt->slow = true;
	stmt->note = "in short batches: readers and writers go on";
	lookup_work_off(&looking, false, stmts);
	lookup_verify(&looking, stmts);
	lookup_verify_noted(&looking, stmts);
}

/* Rows are NULL again, behind triggers that do the same. */
static void empty(const struct looking *l, struct stmts *stmts)
{
	struct stmt *stmt;

	if (!row_triggers_there(filling_triggers(l->facts, l->arena), l->facts, l->arena))
		return;
	if (!lookup_is_emptying(l)) {
		stmts_add(stmts, STMT_TOGETHER, "DELETE FROM interlock.chunk WHERE run = %lld AND step = %d",
		          (long long)l->facts->run, l->facts->number);
		lookup_empty_instead(l, stmts);
	}
	stmt = stmts_add(stmts, STMT_BATCHES, "UPDATE %s AS %s SET %s = NULL FROM %s AS \"~l\" WHERE %s", l->table,
	                 l->alias, l->column, l->theirs, l->match);
	stmt->filling = lookup_emptying(l);
	stmt->slow = true;
	stmt->note = "values that were looked up, in short batches; what somebody wrote stays";
}

/* As undo of what is derived from the row (plan/fill_back.c); what is not certain to be derived stays. */
void lookup_reverse(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	struct looking looking;
	bool empties = !plan->where && !record_true(facts->now, "synced");

	if (!looking_of(plan, facts, stmts->arena, &looking)) {
		stmts_refuse(
			stmts, "bring it back as it was, then undo again",
			"what is looked into, its unique index or a column is gone, and with it what tells which values were derived");
		stmts->refusal_option = "set";
		return;
	}
	if (!looking_has(&looking, looking.looked)) { /* the plan was done */
		lookup_take_back(&looking, stmts);
		return;
	}
	/* What a lock interrupts begins again: what is behind it is not done twice. */
	if (lookup_is_noting(&looking)) {
		if (empties)
			empty(&looking, stmts);
		lookup_drop_noting(&looking, stmts);
	}
	/* Nobody derives a value any more, and what was noted goes while a row still tells of its changes. */
	if (empties)
		lookup_work_off_all(&looking, true, stmts);
	lookup_drop_triggers(&looking, stmts);
	lookup_take_back(&looking, stmts);
	lookup_drop_rest(&looking, stmts);
}

/* Does the expression name a column that a later step has dropped? */
static bool names_gone(const struct looking *l, const char *expression)
{
	const char *const *names;
	size_t count = expression ? sql_columns(expression, l->arena, &names) : 0;

	for (size_t i = 0; i < count; i++)
		if (!row_column_named(&l->plan->of, names[i]))
			return true;
	return false;
}

/* Then nothing can be derived any more, and what was noted says nothing. */
static bool is_blind(const struct looking *l)
{
	for (size_t i = 0; i < l->lookup->match.count; i++)
		if (names_gone(l, l->lookup->match.items[i].value))
			return true;
	return names_gone(l, l->plan->where);
}

/* What was noted until the triggers are gone is still worked off. */
void lookup_finish(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	struct looking looking;

	if (!looking_of(plan, facts, stmts->arena, &looking)) {
		filling_drop_triggers(&plan->of.table, facts, stmts);
		return;
	}
	if (!looking_has(&looking, looking.looked))
		return;
	lookup_drop_triggers(&looking, stmts);
	if (!is_blind(&looking))
		lookup_work_off(&looking, false, stmts);
	lookup_drop_noting(&looking, stmts);
	if (!is_blind(&looking))
		lookup_work_off_all(&looking, false, stmts);
	lookup_drop_rest(&looking, stmts);
}

/* What was noted since. */
void lookup_follow(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	struct looking looking;

	if (looking_of(plan, facts, stmts->arena, &looking) && looking_has(&looking, looking.looked) &&
	    !is_blind(&looking))
		lookup_work_off(&looking, false, stmts);
}

void lookup_expire(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	struct looking looking;

	looking_of(plan, facts, stmts->arena, &looking);
	if (looking_has(&looking, looking.created))
		stmts_add(stmts, STMT_TOGETHER, "DROP TABLE %s", looking.created)->note =
			"its time is over; the rows stay";
}
