/* Two texts of pg_dump compared: which objects differ, and in which lines. */
#ifndef INTERLOCK_ENGINE_SCHEMA_DIFFERENCE_H
#define INTERLOCK_ENGINE_SCHEMA_DIFFERENCE_H

#include "base/arena.h"
#include "plan/option.h"

/*
 * Lines for people, in the arena: "table app.users" and below it the lines that
 * one text alone has, with "-" those that are gone, with "+" those that are
 * new.  No line: they are the same.
 */
struct text_list schema_difference(const char *before, const char *after, struct arena *arena);

#endif
