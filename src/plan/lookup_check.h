/* What the text of a filling by lookup shows to be wrong, before any server is asked. */
#ifndef INTERLOCK_PLAN_LOOKUP_CHECK_H
#define INTERLOCK_PLAN_LOOKUP_CHECK_H

#include "plan/option.h"

/* `set` holds a lookup; `unfit`: an option that does not go with one and was given, or NULL. */
bool lookup_check(const struct assignment_list *set, const char *where, const char *unfit,
                  const struct option_place *place, struct diags *diags);
/* The same of `copy` of a parallel_table, which holds a lookup. */
bool lookup_check_copy(const struct relname *live, const struct relname *shadow,
                       const struct assignment_list *copy, const struct option_place *place, struct diags *diags);

#endif
