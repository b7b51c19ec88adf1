/*
 * How things look: diagnostics in the one layout of the program, as text or as
 * JSON lines.  Results go to stdout, messages to stderr.
 */
#ifndef INTERLOCK_CLI_REPORT_H
#define INTERLOCK_CLI_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/diag.h"
#include "base/err.h"

/* Set once by main from --json, --color, --plain, the terminal, NO_COLOR and PG_COLOR. */
struct report_style {
	bool json;
	bool color;         /* on stdout */
	bool color_err;     /* on stderr */
	const char *target; /* for JSON: which database */
};
void report_init(const struct report_style *style);
bool report_is_json(void);

/*
 *   error[rule]: summary
 *     --> file:line
 *      |
 *   12 |       default = "now()",
 *      = detail
 *      = help: what to do
 *     called from file:line
 */
void report_diag(FILE *to, const struct diag *diag);
/* All of them, and a last line that counts; findings of check and lint go to stdout. */
void report_diags(FILE *to, const struct diags *diags);
/* Why the program ends: to stderr as text, or to stdout as a "failed" line of JSON. */
void report_err(const struct err *err);

/* One JSON object as a line on stdout; adds "target"; takes over the reference.  The first call writes
 * {"type":"version","format":1,…} before it. */
void report_json(json_t *line);

enum report_color { COLOR_PLAIN, COLOR_BOLD, COLOR_DIM, COLOR_RED, COLOR_GREEN, COLOR_YELLOW, COLOR_BLUE };
/* The escape sequence, or "" when that stream has no colours; COLOR_PLAIN resets. */
const char *report_color(FILE *to, enum report_color color);

/*
 * Asks on the terminal; true for yes.  Without a terminal, or with --no-input:
 * *err is filled with EXIT_CONFIRM and what to add to the command line.
 */
bool report_ask(const char *question, const char *hint_without_terminal, bool no_input, struct err *err);

#endif
