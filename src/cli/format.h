/*
 * Findings in the forms that other programs read: SARIF for code scanning, GitHub's workflow commands, GitLab's
 * code quality, TAP.  Text and JSON lines are the report's own (cli/report.h).
 */
#ifndef INTERLOCK_CLI_FORMAT_H
#define INTERLOCK_CLI_FORMAT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/diag.h"
#include "base/err.h"

struct format {
	const char *name;
	/* All findings of a run; `files` are what was checked, NULL-terminated. */
	void (*write)(FILE *to, const char *const *files, const struct diags *diags);
};
/* NULL for text and JSON.  false with *err: there is no such form. */
bool format_find(const char *name, const struct format **format, struct err *err);

void format_sarif(FILE *to, const char *const *files, const struct diags *diags);
void format_github(FILE *to, const char *const *files, const struct diags *diags);
void format_gitlab(FILE *to, const char *const *files, const struct diags *diags);
void format_tap(FILE *to, const char *const *files, const struct diags *diags);

#endif
