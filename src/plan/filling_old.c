/* Earlier values out of rows, and back into them. */
#include "plan/filling_old.h"

#include <string.h>

#include "plan/again.h"

enum { BATCH = 1000 };

const char *filling_store(const struct facts *facts, struct arena *arena)
{
	return arena_printf(arena, "interlock.old_%lld_%d", (long long)facts->run, facts->number);
}

static bool is_there(const struct facts *facts, struct arena *arena)
{
	return again_holds(record_get(facts->now, "stores"), filling_store(facts, arena) + strlen("interlock."));
}

static const char *quoted(const struct fill_plan *plan, size_t i, struct arena *arena)
{
	return ident_quoted(arena, plan->set->items[i].column);
}

void filling_old_make(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	const char *keys = record_get(facts->now, "key_columns");
	struct buf columns = {0};

	if (!keys) {
		stmts_refuse(stmts, "leave keep_old out, or give the table a primary key first",
		             "%s has no key of columns that are NOT NULL and not set, by which old values could be kept",
		             relname_quoted(stmts->arena, &plan->of.table));
		stmts->refusal_option = "keep_old";
		return;
	}
	if (is_there(facts, stmts->arena))
		return;
	for (size_t i = 0; i < plan->set->count; i++) {
		const struct row_column *column = row_column_named(&plan->of, plan->set->items[i].column);

		buf_addf(&columns, ", \"~was_%zu\" %s, \"~became_%zu\" %s", i + 1, column->type, i + 1, column->type);
	}
	stmts_add(stmts, STMT_TOGETHER, "CREATE TABLE %s (%s%s, PRIMARY KEY (%s))", filling_store(facts, stmts->arena),
	          record_get(facts->now, "key_definition"), buf_text(&columns), keys);
	buf_release(&columns);
}

/* "cents AS "~was_1"", "cents AS "~became_1"": the columns under names that no column of the table has. */
static const char *renamed(const struct filling *filling, const char *as, struct arena *arena)
{
	struct buf out = {0};
	const char *result;

	for (size_t i = 0; i < filling->column_count; i++)
		buf_addf(&out, ", %s AS \"~%s_%zu\"", filling->quoted[i], as, i + 1);
	result = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return result;
}

/*
 * ""~was_1", "~became_1", …", and what replaces them where the row was kept
 * before: the value that it had first, unless somebody wrote another one since.
 */
static void add_pairs(size_t count, struct buf *names, struct buf *again)
{
	for (size_t i = 1; i <= count; i++) {
		buf_addf(names, ", \"~was_%zu\", \"~became_%zu\"", i, i);
		buf_addf(
			again,
			"%1$s\"~was_%2$zu\" = CASE WHEN s.\"~became_%2$zu\"::pg_catalog.text IS NOT DISTINCT FROM"
			" excluded.\"~was_%2$zu\"::pg_catalog.text THEN s.\"~was_%2$zu\" ELSE excluded.\"~was_%2$zu\" END,"
			" \"~became_%2$zu\" = excluded.\"~became_%2$zu\"",
			i > 1 ? ", " : "", i);
	}
}

const char *filling_old_update(const struct filling *filling, const char *part, const char *rows, const char *lock,
                               struct arena *arena)
{
	const char *alias = ident_quoted(arena, filling->table.name), *keys = filling->keys, *sql;
	struct buf names = {0}, again = {0};

	add_pairs(filling->column_count, &names, &again);
	sql = arena_printf(
		arena,
		"WITH was AS MATERIALIZED (SELECT %1$s.ctid AS \"~at\", %2$s%3$s FROM ONLY %4$s AS %1$s WHERE %5$s %6$s),"
		" put AS (UPDATE ONLY %4$s AS %1$s SET %7$s WHERE (%8$s) AND %1$s.ctid OPERATOR(pg_catalog.=)"
		" ANY (ARRAY(SELECT was.\"~at\" FROM was)) RETURNING %2$s%9$s)"
		" INSERT INTO %10$s AS s (%2$s%11$s) SELECT %2$s%11$s FROM was JOIN put USING (%2$s)"
		" ON CONFLICT (%2$s) DO UPDATE SET %12$s",
		alias, keys, renamed(filling, "was", arena), part, rows, lock, filling->set, filling->not_done,
		renamed(filling, "became", arena), filling->store, buf_text(&names), buf_text(&again));
	buf_release(&names);
	buf_release(&again);
	return sql;
}

/* Not of a row that is inserted: nobody knows yet whether it will be there; nor in a batch, which records it
 * itself. */
void filling_old_record(const struct fill_plan *plan, const struct facts *facts, struct buf *out)
{
	struct arena arena = {0};
	const char *keys = record_get(facts->now, "key_columns");
	struct buf names = {0}, again = {0};

	add_pairs(plan->set->count, &names, &again);
	buf_addf(out,
	         "\tIF filled AND TG_OP = 'UPDATE' AND pg_catalog.current_setting('" FILLING_RECORDS
	         "', true) IS DISTINCT FROM 'on' THEN\n\t\tINSERT INTO %s AS s (%s%s) SELECT %s",
	         filling_store(facts, &arena), keys, buf_text(&names), record_get(facts->now, "key_of_old"));
	for (size_t i = 0; i < plan->set->count; i++)
		buf_addf(out, ", \"~was_%zu\", NEW.%s", i + 1, quoted(plan, i, &arena));
	buf_addf(out, "\n\t\tON CONFLICT (%s) DO UPDATE SET %s;\n\tEND IF;\n", keys, buf_text(&again));
	buf_release(&names);
	buf_release(&again);
	arena_release(&arena);
}

void filling_old_back(const struct fill_plan *plan, const struct facts *facts, struct stmts *stmts)
{
	struct arena *arena = stmts->arena;
	const char *store = filling_store(facts, arena), *match = record_get(facts->now, "key_match");
	struct buf set = {0}, same = {0};
	struct stmt *stmt;

	if (!is_there(facts, arena))
		return;
	if (!match) {
		stmts_refuse(stmts, "add the key again", "%s lost the key by which old values are kept",
		             relname_quoted(arena, &plan->of.table));
		return;
	}
	for (size_t i = 0; i < plan->set->count; i++) {
		const struct row_column *column = row_column_named(&plan->of, plan->set->items[i].column);
		const char *name = quoted(plan, i, arena), *text = column && !column->comparable ? "::text" : "";

		buf_addf(&set, "%s%s = a.\"~was_%zu\"", i ? ", " : "", name, i + 1);
		buf_addf(&same, " AND t.%s%s IS NOT DISTINCT FROM a.\"~became_%zu\"%s", name, text, i + 1, text);
	}
	stmt =
		stmts_add(stmts, STMT_REPEAT,
	              "WITH a AS MATERIALIZED (SELECT * FROM %1$s LIMIT %2$d), put AS (UPDATE %3$s t SET %4$s FROM a"
	              " WHERE %5$s%6$s) DELETE FROM %1$s t USING a WHERE %5$s",
	              store, BATCH, relname_quoted(arena, &plan->of.table), buf_text(&set), match, buf_text(&same));
	stmt->slow = true;
	stmt->triggers_sleep = plan->triggers_sleep;
	stmt->note = "old values into rows that hold what they were filled with";
	stmts_add(stmts, STMT_TOGETHER, "DROP TABLE %s", store);
	buf_release(&set);
	buf_release(&same);
}

void filling_old_expire(const struct facts *facts, struct stmts *stmts)
{
	if (is_there(facts, stmts->arena))
		stmts_add(stmts, STMT_TOGETHER, "DROP TABLE %s", filling_store(facts, stmts->arena))->note =
			"its time is over";
}
