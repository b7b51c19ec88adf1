/*
 * From a statement back to the text that it was made of: what the server says
 * of a character of the one is to be shown in the other, whose spacing is
 * another and which may be only a part of it, or hold it as a part.
 */
#ifndef INTERLOCK_SQL_TRACE_H
#define INTERLOCK_SQL_TRACE_H

#include <stddef.h>

/*
 * The character of `text`, from 1, that stands at character `position` of
 * `sent`; with position 0 the one that all of `sent` begins at.  *common: how
 * many tokens there the two have in common.  0: it is not from this text.
 */
int sql_trace(const char *text, const char *sent, int position, size_t *common);

#endif
