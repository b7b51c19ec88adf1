/*
 * The manual, which is in the binary: pages written out of the tables that the
 * program itself reads (commands, options, primitives, rules), and a few
 * written by hand (help_topics.c).
 */
#ifndef INTERLOCK_CLI_HELP_H
#define INTERLOCK_CLI_HELP_H

#include <stdbool.h>
#include <stdio.h>

#include "check/rule.h"
#include "cli/command.h"
#include "plan/option.h"
#include "plan/step.h"

/* What `interlock` and `interlock help` print. */
void help_overview(FILE *to);
/* Prints every page of that name; false when there is none. */
bool help_print(FILE *to, const char *name);
/* The name of a page that is nearest, or NULL. */
const char *help_suggest(const char *name);

/* The pages that are generated (help_pages.c). */
void help_command(FILE *to, const struct command *command);
void help_commands(FILE *to);
void help_options(FILE *to);
void help_primitive(FILE *to, const struct step_type *type);
void help_primitives(FILE *to);
void help_rule(FILE *to, const struct rule *rule);
void help_rules(FILE *to);
/* The options of a block, or of a plan as a whole. */
void help_block(FILE *to, const char *usage, const char *summary, const struct option *options);

/* The pages that are written by hand (help_topics.c). */
struct help_topic {
	const char *name, *summary, *text;
};
extern const struct help_topic help_topics[]; /* ends with a NULL name */

/* Building blocks (help_layout.c).  A width is in columns; a page is at most HELP_WIDTH wide. */
enum { HELP_WIDTH = 100 };
int help_width(const char *text);
void help_heading(FILE *to, const char *text);
/* Words from column `at` (where the cursor is) on; later lines begin at `indent`. */
void help_words(FILE *to, const char *text, int at, int indent);
/* Paragraphs, parted by empty lines; lines that begin with a space stay as they are. */
void help_paragraphs(FILE *to, const char *text, int indent);
/* The lines as they are, indented. */
void help_code(FILE *to, const char *text, int indent);
/* "  left      right", the right side in words from that column on. */
void help_row(FILE *to, const char *left, int column, const char *right);

#endif
