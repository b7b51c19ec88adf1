/*
 * The SQL that brings rows of the table that was switched in back into the
 * retired one (engine.md 8): plpgsql statements over keys of the relation
 * REVERSE_KEYS, of which `which` is a condition.
 *
 * A round makes that relation: no, k1 … (of the new table's types), first and
 * deleted (of the key's operations), again (it comes from an earlier round
 * alone), recorded (in interlock.undo_conflict), and deed, what is to be done
 * with the row: 'i' insert, 'u' update, 'r' delete and insert, 'd' delete, 'l'
 * nothing, since only_rows had left it behind, 'n' nothing, 'x' it failed.
 */
#ifndef INTERLOCK_ENGINE_REVERSE_ROWS_H
#define INTERLOCK_ENGINE_REVERSE_ROWS_H

#include "plan/copying.h"

#define REVERSE_KEYS "pg_temp.\"~interlock_keys\""

/* "(k1, k2) AS "~w"("~1", "~2")" and the like: keys of those deeds, for FROM; the items of its columns. */
const char *reverse_keys(const struct copying *c, const char *deeds, const char *which, struct arena *arena);
const char *const *reverse_key_items(const struct copying *c, const char *row, struct arena *arena);

/* DELETE, UPDATE and INSERT, as far as that is enough. */
const char *reverse_rows_plain(const struct copying *c, const char *which, struct arena *arena);
/* Can't UPDATE do it? */
bool reverse_rows_only_anew(const struct copying *c);

/*
 * The same where values move between rows that an index wants unique at each
 * moment: all rows are taken out, and put back as they are to be.  The second
 * half may be done key by key.  The plpgsql variable "~list" names the
 * columns of the retired table, reverse_rows_list() finds them.
 */
const char *reverse_rows_take_out(const struct copying *c, const char *which, struct arena *arena);
const char *reverse_rows_put_all(const struct copying *c, const char *which, struct arena *arena);
/* That of key number "~no". */
const char *reverse_rows_put_one(const struct copying *c, struct arena *arena);
const char *reverse_rows_list(const struct copying *c, struct arena *arena);

#endif
