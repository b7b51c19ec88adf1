/* The transaction that a statement runs in: its locks, how long they are waited for, and what is done under them.
 */
#include <string.h>

#include "hazard/state.h"

enum tri setting_now(const struct setting *setting)
{
	return setting->has_local ? setting->local : setting->session;
}

void transaction_begin(struct lint *lint, int line, bool wrapped)
{
	struct transaction *t = &lint->transaction;

	*t = (struct transaction){.open = true,
	                          .wrapped = wrapped,
	                          .number = t->number + 1,
	                          .line = line,
	                          .locks = t->locks,
	                          .lock_room = t->lock_room};
}

void transaction_end(struct lint *lint)
{
	struct transaction *t = &lint->transaction;

	*t = (struct transaction){.number = t->number + 1, .locks = t->locks, .lock_room = t->lock_room};
	lint->lock_timeout.has_local = lint->utc.has_local = false;
}

void transaction_statement_done(struct lint *lint)
{
	struct transaction *t = &lint->transaction;

	if (!t->open)
		transaction_end(lint);
	t->own_from = t->lock_count;
}

static void tell_timeout(struct lint *lint, const struct relation *relation, enum lock level)
{
	const struct effect effect = {
		.rule = "missing-lock-timeout",
		.severity = SEVERITY_WARNING,
		.help = "SET lock_timeout = '2s' before it, and try again when it runs out",
	};

	if (setting_now(&lint->lock_timeout) == TRI_YES)
		return;
	if (lint->waits_without_timeout++ > 0)
		return;
	lint->timeout_told = effect_add(lint, &effect, "waits for %s on %s with no lock_timeout", lock_name(level),
	                                named(lint, relation));
	effect_detail(lint, lint->timeout_told,
	              "while it waits behind one long query, everybody who comes later waits behind it");
}

static void tell_wide(struct lint *lint, const struct relation *relation)
{
	struct transaction *t = &lint->transaction;
	const struct effect effect = {.rule = "wide-lock-window",
	                              .severity = SEVERITY_WARNING,
	                              .help = "one transaction for each table, where nothing forces them together"};
	struct diag *diag;

	for (size_t i = 0; i < t->own_from && !t->wide_told; i++) {
		if (t->locks[i].relation == relation || t->locks[i].level < LOCK_SHARE_ROW_EXCLUSIVE)
			continue;
		t->wide_told = true;
		diag = effect_add(lint, &effect, "locks %s while line %d of the same transaction still holds %s",
		                  named(lint, relation), t->locks[i].line, named(lint, t->locks[i].relation));
		effect_detail(lint, diag,
		              "waiting for the second keeps everybody from the first; two such transactions can "
		              "deadlock");
	}
}

void takes_lock(struct lint *lint, struct relation *relation, enum lock level)
{
	struct transaction *t = &lint->transaction;

	if (!was_there(lint, relation))
		return;
	for (size_t i = 0; i < t->lock_count; i++) {
		if (t->locks[i].relation != relation)
			continue;
		if (t->locks[i].level >= level)
			return;
	}
	if (level >= LOCK_SHARE_ROW_EXCLUSIVE) {
		tell_timeout(lint, relation, level);
		tell_wide(lint, relation);
	}
	if (t->lock_count == t->lock_room) {
		struct held_lock *more = arena_array(&lint->arena, struct held_lock, t->lock_room * 2 + 16);

		if (t->lock_count > 0)
			memcpy(more, t->locks, t->lock_count * sizeof(*more));
		t->locks = more;
		t->lock_room = t->lock_room * 2 + 16;
	}
	t->locks[t->lock_count++] = (struct held_lock){relation, level, lint->statement->line};
}

/* Of the table itself the work is a finding of its own; here it is about what was locked before. */
void works_under_locks(struct lint *lint, const struct relation *on, const char *what)
{
	struct transaction *t = &lint->transaction;
	const struct effect effect = {.rule = "work-under-access-exclusive",
	                              .severity = SEVERITY_ERROR,
	                              .help = "commit before it: a transaction of its own for each"};
	struct diag *diag;

	for (size_t i = 0; i < t->own_from && !t->work_told; i++) {
		const struct held_lock *lock = &t->locks[i];

		if (lock->level != LOCK_ACCESS_EXCLUSIVE ||
		    (lock->relation == on && lint->node->node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_STMT))
			continue;
		t->work_told = true;
		diag =
			effect_add(lint, &effect, "%s%s%s while line %d of the same transaction holds ACCESS EXCLUSIVE on %s",
		               what, on ? " " : "", on ? named(lint, on) : "", lock->line, named(lint, lock->relation));
		effect_detail(lint, diag, "nobody reads or writes %s until the transaction ends",
		              named(lint, lock->relation));
	}
}
