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
#include "db/loop.h"

/* Set once by main from --json, --color, --plain, the terminal, NO_COLOR and PG_COLOR. */
struct report_style {
	bool json;
	bool color;         /* on stdout */
	bool color_err;     /* on stderr */
	bool quiet;         /* report_message() goes to the log alone */
	const char *target; /* for JSON: which database; see report_target() */
	FILE *log;          /* --log-file: all messages as text as well; NULL: none */
};
void report_init(const struct report_style *style);
/* Closes the log. */
void report_finish(void);
/* Once it is known; the text stays the caller's. */
void report_target(const char *target);
bool report_is_json(void);
/*
 * Are colours wanted on a stream?  The first that says something decides:
 * --plain and --color, NO_COLOR, PG_COLOR, and then whether it is a terminal.
 */
struct cli_options;
bool report_wants_color(const struct cli_options *options, bool terminal);

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
/*
 * Why the program ends: to stderr as text ("failed: …" for a step, else
 * "error: …"), or to stdout as a "failed" line of JSON with exit_code and
 * sqlstate.  An err without a summary was reported already: nothing is printed.
 */
void report_err(const struct err *err);

/* A line for people on stderr, and in the log; in JSON mode and with --quiet in the log alone. */
void report_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* {"type":"version","format":1,…}, once: the first line of --json. */
void report_json_begin(void);
/* One JSON object as a line on stdout, after that; adds "target"; takes over the reference. */
void report_json(json_t *line);

enum report_color { COLOR_PLAIN, COLOR_BOLD, COLOR_DIM, COLOR_RED, COLOR_GREEN, COLOR_YELLOW, COLOR_BLUE };
/* The escape sequence, or "" when that stream has no colours; COLOR_PLAIN resets. */
const char *report_color(FILE *to, enum report_color color);

/*
 * Asks on the terminal, timers going on meanwhile; true for yes.  Anything else is false with *err
 * filled: EXIT_CONFIRM for "no" and where there is no terminal or --no-input
 * (then the help is "add HINT": what the command line lacks, as "--yes");
 * EXIT_INTERRUPTED for no answer.
 */
bool report_ask(struct loop *loop, const char *question, const char *hint_without_terminal, bool no_input,
                struct err *err);

#endif
