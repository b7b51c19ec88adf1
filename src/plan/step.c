/* Names of classes, locks and states; the lists of statements that steps fill. */
#include "plan/step.h"

#include <string.h>

const struct option common_options[] = {
	{.name = "timeout",
     .kind = OPTION_INTERVAL,
     .offset = offsetof(struct common_args, timeout),
     .minimum = 1,
     .maximum = INT64_C(30) * 86400000,
     .help = "how long one statement of the step may run"},
	{.name = "lock_timeout",
     .kind = OPTION_INTERVAL,
     .offset = offsetof(struct common_args, lock_timeout),
     .minimum = 1,
     .maximum = 60000,
     .help = "how long one attempt waits for a lock, and so the longest that others wait behind it"},
	{.name = "lock_attempts",
     .kind = OPTION_INTEGER,
     .offset = offsetof(struct common_args, lock_attempts),
     .minimum = 1,
     .maximum = 1000000,
     .help = "how often the lock is tried before the step gives up"},
	{.name = "loses",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct common_args, loses),
     .help = "why what a destructive step takes away may go; run then asks before it"},
	OPTION_END,
};

const struct step_type *step_type_find(const char *name)
{
	for (size_t i = 0; step_types[i]; i++)
		if (strcmp(step_types[i]->name, name) == 0)
			return step_types[i];
	return NULL;
}

bool step_type_changes(const struct step_type *type, const void *args, const struct relname *table)
{
	struct relname own;

	return (type->subject && type->subject(args, &own) && relname_equal(&own, table)) ||
	       (type->other_subject && type->other_subject(args, &own) && relname_equal(&own, table));
}

const char *step_class_name(enum step_class class)
{
	static const char *const names[] = {"additive", "data", "verify", "switch", "destructive"};

	return names[class];
}

const char *lock_mode_name(enum lock_mode mode)
{
	static const char *const names[] = {
		"ACCESS SHARE", "ROW SHARE",           "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE",
		"SHARE",        "SHARE ROW EXCLUSIVE", "EXCLUSIVE",     "ACCESS EXCLUSIVE",
	};

	return names[mode];
}

const char *step_state_name(enum step_state state)
{
	static const char *const names[] = {"absent", "partial", "done", "conflict", "missing"};

	return names[state];
}

struct stmt *stmts_add(struct stmts *stmts, enum stmt_mode mode, const char *format, ...)
{
	struct stmt *stmt = arena_alloc(stmts->arena, sizeof(*stmt));
	va_list args;

	va_start(args, format);
	stmt->sql = arena_vprintf(stmts->arena, format, args);
	va_end(args);
	stmt->mode = mode;
	if (stmts->last)
		stmts->last->next = stmt;
	else
		stmts->first = stmt;
	stmts->last = stmt;
	stmts->count++;
	return stmt;
}

static void claim(struct stmts *stmts, struct stmt *stmt, struct table_lock lock)
{
	struct table_lock *locks = arena_array(stmts->arena, struct table_lock, stmt->lock_count + 1);

	if (stmt->lock_count)
		memcpy(locks, stmt->locks, stmt->lock_count * sizeof(*locks));
	locks[stmt->lock_count++] = lock;
	stmt->locks = locks;
}

void stmt_lock(struct stmts *stmts, struct stmt *stmt, const struct relname *table, enum lock_mode mode)
{
	claim(stmts, stmt, (struct table_lock){*table, mode, false});
}

void stmt_takes(struct stmts *stmts, struct stmt *stmt, const struct relname *view, enum lock_mode mode)
{
	claim(stmts, stmt, (struct table_lock){*view, mode, true});
}

void stmts_refuse(struct stmts *stmts, const char *help, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	stmts->refusal = arena_vprintf(stmts->arena, format, args);
	va_end(args);
	stmts->refusal_help = arena_strdup(stmts->arena, help);
}
