/*
 * What goes over in a switch, as the queries of plan/carry.h tell it about one
 * pair: asked in a transaction, kept in interlock.pair for what follows later.
 */
#ifndef INTERLOCK_ENGINE_CARRIED_H
#define INTERLOCK_ENGINE_CARRIED_H

#include <jansson.h>

#include "engine/batch.h"
#include "plan/carry_question.h"

struct carried_item {
	enum carry_stage stage;
	size_t kind; /* index into carry_queries: the order of the items of one stage */
	const char *name, *statement, *help;
};
struct carried {
	struct carried_item *items;
	size_t count;
	const char *before, *after; /* of what was kept: the live table's portraits, JSON; NULL: not told */
};

/* How many kinds there are: so many statements carried_ask() adds. */
size_t carried_kinds(void);
/*
 * Adds a setting for the transaction: the questions are planned once a session, and not while the locks are held
 * if they were asked before.
 */
void carried_plan_once(struct batch *batch);
/* Adds the questions, to be asked with search_path = pg_catalog, pg_temp; gives the index of the first. */
size_t carried_ask(const struct carry_question *question, struct batch *batch);
/* Reads the answers, of which the first is given. */
void carried_take(struct rows *const *answers, struct arena *arena, struct carried *out);

/* Adds the question for the portrait of the live table, whose pair is called `other` now, quoted. */
size_t carried_ask_portrait(const struct carry_question *question, const char *other, struct batch *batch);
/* Adds the statement that keeps such a portrait as `after` of what interlock.pair.carried has of pair `number`. */
void carried_keep_portrait(int64_t run, int number, const char *portrait, struct batch *batch);
/* What of one portrait another lacks or has otherwise, a line each, in the arena; gives how many lines. */
size_t carried_lacks(const char *portrait, const char *other, struct arena *arena, const char *const **lines);

/*
 * JSON for interlock.pair.carried, and from it; in the arena.  Forwards: what is to be validated, locked, and done
 * for the way back, with the portrait `before`.  Backwards: what is to be validated then.
 */
const char *carried_to_json(const struct carried *carried, const char *before, bool back, struct arena *arena);
void carried_from_json(const char *text, struct arena *arena, struct carried *out);

#endif
