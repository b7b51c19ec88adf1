/*
 * -- interlock:ignore RULE reason      for the statement that follows, or that it stands in or behind
 * -- interlock:ignore-file RULE reason for the whole file
 */
#ifndef INTERLOCK_HAZARD_IGNORE_H
#define INTERLOCK_HAZARD_IGNORE_H

#include "base/diag.h"
#include "sql/script.h"

/*
 * Findings of `found` that nobody asked to ignore go to `out`, with one for
 * each comment that lacks its reason, names no rule, or ignores nothing.
 */
void ignore_apply(const struct script *script, const char *path, const struct diags *found, struct diags *out);

#endif
