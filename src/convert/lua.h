/* Values as a plan writes them, and the lines that they take. */
#ifndef INTERLOCK_CONVERT_LUA_H
#define INTERLOCK_CONVERT_LUA_H

#include "base/buf.h"
#include "convert/draft.h"

/* A string in the quotes that need no escapes, else with escapes. */
void lua_text(struct buf *out, const char *text);
/* A call of a primitive, indented, with a comma behind it. */
void lua_step(struct buf *out, const struct draft *draft, size_t indent);
/* Words as comment lines; those after the first begin with `more`. */
void lua_comment(struct buf *out, const char *text, size_t indent);

enum { LUA_WIDTH = 110 };

#endif
