/* JSON values as texts in an arena. */
#ifndef INTERLOCK_PLAN_JSON_TEXT_H
#define INTERLOCK_PLAN_JSON_TEXT_H

#include <jansson.h>

#include "base/arena.h"

/* The value as compact JSON; NULL for NULL. */
const char *json_text(const json_t *value, struct arena *arena);

/* The same of a value that nobody needs any more: it is released. */
const char *json_text_new(json_t *value, struct arena *arena);

/* The string of that name; NULL where there is none. */
const char *json_text_of(const json_t *object, const char *name, struct arena *arena);

#endif
