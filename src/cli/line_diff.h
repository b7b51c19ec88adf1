/* Two texts, line by line: what is gone and what is new, with a few lines around. */
#ifndef INTERLOCK_CLI_LINE_DIFF_H
#define INTERLOCK_CLI_LINE_DIFF_H

#include <stddef.h>
#include <stdio.h>

/*
 * Prints "- old", "+ new" and "  same", and "  ..." where same lines are left
 * out; each line is led by `indent` spaces.  Returns how many lines differ.
 */
size_t line_diff(FILE *to, const char *before, const char *after, int indent);

#endif
