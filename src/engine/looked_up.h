/*
 * What following a pair needs besides the log, where a column of the shadow is
 * looked up (plan/copied_lookup.h): notes of the other table become keys of the
 * log, rows that find nothing are kept there, and what they miss is created in
 * short transactions of their own.  Of a pair without a lookup all of it does
 * nothing.
 */
#ifndef INTERLOCK_ENGINE_LOOKED_UP_H
#define INTERLOCK_ENGINE_LOOKED_UP_H

#include "engine/pair.h"
#include "engine/ranges.h"

/* Keys of live that a statement is over: what stands in FROM, and their columns. */
struct log_keys {
	const char *from;
	const char *const *items;
};

/* Adds the statement after which rows that depend on the notes are in the log, and the notes gone. */
void looked_up_add_spread(const struct pair *pair, struct batch *batch);

/* The notes go: nothing follows any more. */
bool looked_up_forget(const struct pair *pair, struct err *err);

/* Adds the statement that puts keys into the log whose rows can't be copied: of a range, or of those keys. */
void looked_up_add_stuck_in(const struct pair *pair, const struct key_range *range, struct batch *batch);
void looked_up_add_stuck(const struct pair *pair, const struct log_keys *keys, struct batch *batch);

/* Adds the one that empties the log, but for keys whose rows can't be copied. */
size_t looked_up_add_gone(const struct pair *pair, struct batch *batch);

/*
 * With missing = "create": what rows of the range miss; those of the log; and
 * those of the log with what the notes say, for which live may have to be read.
 */
bool looked_up_create_in(const struct pair *pair, const struct key_range *range, struct err *err);
bool looked_up_create_logged(const struct pair *pair, struct err *err);
bool looked_up_create_all(const struct pair *pair, struct err *err);
/* The same for the little that the log holds, in the transaction of a switch. */
void looked_up_add_create(const struct pair *pair, struct batch *batch);
/*
 * With missing = "error": no row is kept back because it finds nothing; else an
 * error names some.  `everywhere`: all of live is asked, before anything is
 * copied, and not only the log.
 */
bool looked_up_nothing_stuck(const struct pair *pair, bool everywhere, struct err *err);
/* Whatever is to be done with them: where a switch has tried to create what they miss, and they are there still.
 */
bool looked_up_nothing_left(const struct pair *pair, struct err *err);
/* The former as a sentence for people, in the arena; NULL: no row is. */
bool looked_up_sentence(const struct pair *pair, struct arena *arena, const char **sentence, struct err *err);
/* Adds the question behind the last round of a switch, as the column `stuck`; gives its index. */
size_t looked_up_add_question(const struct pair *pair, struct batch *batch);

#endif
