/* UTF-8 as jansson and PostgreSQL accept it: shortest forms only, no surrogates, at most U+10FFFF. */
#ifndef INTERLOCK_PLAN_UTF8_H
#define INTERLOCK_PLAN_UTF8_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* How many bytes the character takes that begins at text; 0 when no valid one begins there. */
size_t utf8_step(const char *text, size_t length);
bool utf8_valid(const char *text, size_t length);
/* A JSON string in any case: what is not valid, and NUL, becomes "?".  The caller owns it. */
json_t *utf8_json(const char *text, size_t length);

#endif
