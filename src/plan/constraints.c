/* VALIDATE CONSTRAINT and DROP CONSTRAINT, with their locks. */
#include "plan/constraints.h"

struct stmt *constraint_validate(const struct relname *table, const char *name, struct stmts *stmts)
{
	struct stmt *stmt = stmts_add(stmts, STMT_ALONE, "ALTER TABLE %s VALIDATE CONSTRAINT %s",
	                              relname_quoted(stmts->arena, table), ident_quoted(stmts->arena, name));

	stmt_lock(stmts, stmt, table, LOCK_SHARE_UPDATE_EXCLUSIVE);
	stmt->slow = true;
	stmt->note = "reads the table; readers and writers go on";
	return stmt;
}

struct stmt *constraint_drop(const struct relname *table, const char *name, struct stmts *stmts)
{
	struct stmt *stmt = stmts_add(stmts, STMT_TOGETHER, "ALTER TABLE %s DROP CONSTRAINT %s",
	                              relname_quoted(stmts->arena, table), ident_quoted(stmts->arena, name));

	stmt_lock(stmts, stmt, table, LOCK_ACCESS_EXCLUSIVE);
	return stmt;
}

const struct stmt *constraint_withdrawal(const struct relname *table, const char *name, struct arena *arena)
{
	struct stmts alone = {.arena = arena};

	return constraint_drop(table, name, &alone);
}
