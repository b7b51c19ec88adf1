/* The way out for what an option does not take, where what was written tells what was meant. */
#ifndef INTERLOCK_PLAN_OPTION_HINT_H
#define INTERLOCK_PLAN_OPTION_HINT_H

#include <jansson.h>

#include "plan/option.h"

/* "write default = "0"", for a value of the wrong kind; NULL: nothing better than the option's own help. */
const char *option_hint(const struct option *option, json_t *value, struct arena *arena);

/* The same for SQL that does not parse. */
const char *option_sql_hint(const struct option *option, const char *text, struct arena *arena);

/* An error about an option that there is not, with the one that may be meant. */
void option_unknown(const struct option_set *set, const char *name, const struct option_place *place,
                    struct diags *diags);
/* An error about one that is needed, and is not given or has no value. */
void option_missing(const struct option *option, const struct option_place *place, struct diags *diags);

#endif
