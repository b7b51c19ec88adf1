/*
 * The manual, which is in the binary: pages written out of the tables that the
 * program itself reads (commands, options, primitives, rules), and a few
 * written by hand (help_topics.c).
 */
#ifndef INTERLOCK_CLI_HELP_H
#define INTERLOCK_CLI_HELP_H

#include <stdbool.h>

#include "check/rule.h"
#include "cli/command.h"
#include "cli/page.h"
#include "hazard/hazard.h"
#include "plan/lua_sources.h"
#include "plan/option.h"
#include "plan/step.h"

/* What `interlock` and `interlock help` print. */
void help_overview(struct page *page);
/* Prints every page of that name; false when there is none. */
bool help_print(struct page *page, const char *name);
/* The name of a page that is nearest, in the arena or not, or NULL. */
const char *help_suggest(const char *name, struct arena *arena);

/* The pages that are generated (help_pages.c). */
void help_command(struct page *page, const struct command *command);
void help_commands(struct page *page);
void help_options(struct page *page);
void help_primitive(struct page *page, const struct step_type *type);
void help_primitives(struct page *page);
/* What a plan file is made of besides steps: the plan itself, and its blocks. */
struct help_block_page {
	const char *name, *usage, *summary;
	const struct option *options;
};
extern const struct help_block_page help_blocks[]; /* ends with a NULL name */
/* Adds everything about an option that is not its name and kind. */
void help_option(const struct option *option, struct buf *out);
/* The options of a block, or of a plan as a whole. */
void help_block(struct page *page, const struct help_block_page *block);

/* The pages of rules (help_rules.c): what plans break, and what plain SQL does; one of both or either. */
struct rule_page {
	const char *id, *title, *why;
	const struct rule *rule;     /* NULL: no rule of plans */
	const struct hazard *hazard; /* NULL: none of plain SQL */
};
/* All of them by name; ends with a NULL id. */
const struct rule_page *rule_pages(void);
const struct rule_page *rule_page_find(const char *id);
void help_rule(struct page *page, const struct rule_page *rule);
void help_rules(struct page *page);

/* The pages of the standard library, "std.keys" (help_library.c). */
const struct lua_source *help_library_find(const char *name);
void help_library(struct page *page, const struct lua_source *source);
void help_library_summary(const struct lua_source *source, struct buf *out);
/* The n-th of them, from 0; NULL: there are no more.  And a list of all. */
const char *help_library_name(size_t n, struct arena *arena);
void help_libraries(struct page *page);

/* The pages that are written by hand (help_topics.c). */
struct help_topic {
	const char *name, *summary, *text;
};
extern const struct help_topic help_topics[]; /* ends with a NULL name */

/* Is there a page of that name? */
bool help_knows(const char *name);
/* Writes the whole manual as one HTML page. */
void help_html(FILE *to);
/* Writes the whole manual as man pages into that folder, which is made; EXIT_OWN. */
bool help_write_man(const char *folder, struct err *err);

#endif
